/* SPDX-License-Identifier: Apache-2.0 */
#include "exclude.h"

#include <fnmatch.h>
#include <string.h>

static const char *const builtin[] = {
	/* password managers */
	"keepass*", "org.keepass*", "1password*", "bitwarden*", "com.bitwarden*", "enpass*", "seahorse*",
	"org.gnome.seahorse*", "org.gnome.world.secrets", "gnome-passwordsafe", "secrets", "kwalletmanager*",
	"qtpass*", "lastpass*", "dashlane*", "protonpass*", "proton-pass*", "authenticator*", "gpa", "kleopatra*",
	"buttercup*", "passwordsafe*", "pwsafe*", "revelation*", "figaro*", "gopass*", "rofi-pass*", "veracrypt*",
	/* prompts for a secret */
	"pinentry*", "*ssh-askpass*", "*askpass*", "gcr-prompter*", "gcr4-*prompter*", "gnome-keyring*",
	"kwalletd*", "polkit-*", "*-polkit-*", "*polkit*agent*", "lxpolkit*", "lxqt-policykit*", "mate-polkit*",
	"xfce-polkit*", "deepin-polkit*", "gksu*", "gksudo*", "kdesu*", "kdesudo*", "lxqt-sudo*", "lxsu*",
	"gnome-shell-portal-helper", "nm-applet-secret*", "gnome-online-accounts*",
	/* lockers and greeters */
	"i3lock*", "xtrlock*", "xsecurelock*", "auth_x11", "saver_*", "xscreensaver*", "light-locker*",
	"gnome-screensaver*", "mate-screensaver*", "cinnamon-screensaver*", "xfce4-screensaver*", "kscreenlocker*",
	"slock*", "physlock*", "vlock*", "swaylock*", "gtklock*", "waylock*", "hyprlock*", "betterlockscreen*",
	"alock*", "xlock*", "sflock*", "lightdm*greeter*", "sddm*", "gdm-*",
};

static bool glob(const char *pattern, const char *text)
{
	return text[0] && fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool one(const char *pattern, const struct raw_app *app)
{
	return glob(pattern, app->exe) || glob(pattern, last_part(app->exe)) || glob(pattern, app->sandbox) ||
	       glob(pattern, app->klass) || glob(pattern, app->instance);
}

const char *exclude_which(const struct pattern_list *list, const struct raw_app *app)
{
	for (size_t i = 0; !list && i < sizeof builtin / sizeof builtin[0]; i++)
		if (one(builtin[i], app))
			return builtin[i];
	for (int i = 0; list && i < list->count; i++)
		if (one(list->pattern[i], app))
			return list->pattern[i];
	return NULL;
}

bool exclude_matches(const struct pattern_list *list, const struct raw_app *app)
{
	return exclude_which(list, app) != NULL;
}

bool exclude_builtin(const struct raw_app *app)
{
	return exclude_which(NULL, app) != NULL;
}

void exclude_app_id(const struct raw_app *app, char out[EVENT_APP_MAX + 1])
{
	const char *id = app->sandbox[0] ? app->sandbox : app->exe[0] ? last_part(app->exe) : app->klass;
	size_t n = strnlen(id, EVENT_APP_MAX);
	memcpy(out, id, n);
	out[n] = 0;
}
