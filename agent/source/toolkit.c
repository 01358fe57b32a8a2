/* SPDX-License-Identifier: Apache-2.0 */
#include "toolkit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 131072 };

/* Part of a mapped file's name, and what it tells. An earlier line is stronger: Firefox loads GTK, too. */
static const struct { const char *part; enum toolkit toolkit; } signs[] = {
	{ "/libxul.so", TOOLKIT_FIREFOX },
	{ "/libjvm.so", TOOLKIT_JAVA },
	{ "/libQt6Gui.so", TOOLKIT_QT6 }, { "/libQt5Gui.so", TOOLKIT_QT5 }, { "/libQtGui.so.4", TOOLKIT_QT4 },
	{ "/libgtk-4.so", TOOLKIT_GTK4 }, { "/libgtk-3.so", TOOLKIT_GTK3 }, { "/libgtk-x11-2.0.so", TOOLKIT_GTK2 },
};

static const char *const chromiums[] = { "chromium", "chrome", "google-chrome", "brave", "brave-browser", "msedge",
	"microsoft-edge", "opera", "vivaldi", "vivaldi-bin", "ungoogled-chromium", "chromium-browser", NULL };

/* Files of Chromium's own that whatever is made of it brings along, mapped while it runs. */
static const char *const chromium_files[] = { "/v8_context_snapshot.bin", "/snapshot_blob.bin", "/chrome_100_percent.pak",
	"/resources.pak", "/icudtl.dat", NULL };

static bool is_chromium(int32_t pid)
{
	char path[64], exe[1024];
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	ssize_t n = readlink(path, exe, sizeof exe - 1);
	if (n <= 0)
		return false;
	exe[n] = 0;
	const char *slash = strrchr(exe, '/'), *name = slash ? slash + 1 : exe;
	for (int i = 0; chromiums[i]; i++) {
		if (!strcmp(name, chromiums[i]))
			return true;
	}
	return false;
}

enum toolkit toolkit_of(int32_t pid)
{
	char path[64], line[4352];
	size_t best = sizeof signs / sizeof *signs;
	bool chromium = false, any = false;

	if (is_chromium(pid))
		return TOOLKIT_CHROMIUM;
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return TOOLKIT_UNKNOWN;
	while (fgets(line, sizeof line, f)) {
		const char *file = strchr(line, '/');
		if (!file)
			continue;
		any = true;
		for (size_t i = 0; i < best; i++) {
			if (strstr(file, signs[i].part))
				best = i;
		}
		for (int i = 0; chromium_files[i] && !chromium; i++)
			chromium = strstr(file, chromium_files[i]) != NULL;
	}
	fclose(f);
	/* Electron loads GTK for its menus, and speaks for itself. */
	if (chromium && (best == sizeof signs / sizeof *signs || signs[best].toolkit >= TOOLKIT_GTK2))
		return TOOLKIT_ELECTRON;
	if (best < sizeof signs / sizeof *signs)
		return signs[best].toolkit;
	return any ? TOOLKIT_SILENT : TOOLKIT_UNKNOWN;
}

const char *toolkit_switched_off(int32_t pid)
{
	static const char *const variables[] = { "NO_AT_BRIDGE=1", "GTK_A11Y=none", "GTK_A11Y=test", "QT_ACCESSIBILITY=0",
		"GNOME_ACCESSIBILITY=0", NULL };
	char *text = malloc(ENVIRONMENT_MAX + 1);
	const char *found = NULL;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/environ", pid);
	int fd = text ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		free(text);
		return NULL;
	}
	ssize_t n, used = 0;
	while (used < ENVIRONMENT_MAX && (n = read(fd, text + used, (size_t)(ENVIRONMENT_MAX - used))) > 0)
		used += n;
	close(fd);
	text[used] = 0;
	for (const char *at = text; at < text + used && !found; at += strlen(at) + 1) {
		for (int i = 0; variables[i] && !found; i++)
			found = strcmp(at, variables[i]) ? NULL : variables[i];
	}
	explicit_bzero(text, ENVIRONMENT_MAX + 1);
	free(text);
	return found;
}
