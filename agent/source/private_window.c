/* SPDX-License-Identifier: Apache-2.0 */
#include "private_window.h"

#include <string.h>
#include <strings.h>

/* As the browsers translate it. Another language than these is not known as private: docs/LIMITS.md says so. */
static const char *const titles[] = {
	"Private Browsing", "(Private Browsing)", "Privater Modus", "Navigation privée", "Navegación privada",
	"Navigazione anonima", "Navigazione privata", "Privénavigatie", "Navegação privativa", "Navegação privada",
	"Tryb prywatny", "Приватный просмотр", "Приватний перегляд", "Privat surfning", "Privat browsing",
	"Privat nettlesing", "Yksityinen selaus", "Anonymní prohlížení", "Súkromné prehliadanie", "Privát böngészés",
	"Gizli gezinti", "Navigare privată", "Ιδιωτική περιήγηση", "プライベートブラウジング", "隐私浏览", "隱私瀏覽",
	"사생활 보호 모드", "Navegació privada",
};

static const char *const frames[] = {
	"(Incognito)", "(InPrivate)", "(Private)", "(Inkognito)", "(Navigation privée)", "(Incógnito)", "(In incognito)",
	"(Navigazione in incognito)", "(Modalità di navigazione in incognito)", "(Incognitomodus)", "(Navegação anônima)",
	"(Navegação privada)", "(Anonymní režim)", "(Incognito-modus)", "(Инкогнито)", "(режим инкогнито)", "(Режим инкогнито)",
	"(Режим анонімного перегляду)", "(Inkognitoläge)", "(Inkognitotilstand)", "(Incognito-tila)", "(Inkognitó)", "(Gizli)",
	"(シークレット モード)", "(シークレット)", "(无痕模式)", "(隱身)", "(無痕模式)", "(시크릿)", "(Guest)", "(Gast)",
};

static bool ends(const char *text, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list[i]);
		if (n >= length && !strncasecmp(text + n - length, list[i], length))
			return true;
	}
	return false;
}

bool private_window_title(const char *title, size_t n)
{
	return ends(title, n, titles, sizeof titles / sizeof *titles);
}

bool private_window_frame(const char *name, size_t n)
{
	return ends(name, n, frames, sizeof frames / sizeof *frames);
}
