/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Programs that show ptys in windows of their own, by the name of the executable. Not those that can also speak to another
 * machine themselves (wezterm, mlterm, contour): such a window has no terminal that could be looked at. */
static const char *const built_in[] = {
	"xterm", "uxterm", "lxterm", "koi8rxterm", "rxvt", "urxvt", "rxvt-unicode", "rxvt-unicode-256color", "urxvtd", "mrxvt",
	"aterm", "eterm", "Eterm", "st", "gnome-terminal-server", "gnome-terminal", "kgx", "gnome-console", "ptyxis",
	"ptyxis-agent", "xfce4-terminal", "mate-terminal", "lxterminal", "qterminal", "konsole", "yakuake", "tilda", "tilix",
	"terminology", "sakura", "roxterm", "termite", "alacritty", "kitty",
	"foot", "footclient", "ghostty", "rio", "cool-retro-term", "deepin-terminal", "pantheon-terminal",
	"io.elementary.terminal", "blackbox", "zutty", "pterm", "evilvte", "vala-terminal", "lilyterm",
};

static bool matches(const struct pattern_list *list, const char *path, const char *name)
{
	for (int i = 0; list && i < list->count; i++) {
		if (!fnmatch(list->pattern[i], name, 0) || !fnmatch(list->pattern[i], path, 0))
			return true;
	}
	return false;
}

/* Terminals that are written in Python are told by their script. */
static const char *const scripted[] = { "terminator", "guake" };

static bool is_scripted(int pid)
{
	char path[64], line[512];
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, line, sizeof line - 1);
	close(fd);
	if (n <= 0)
		return false;
	line[n] = 0;
	const char *script = line + strlen(line) + 1;
	/* Only as a package installs it: anything else may be any program of that name. */
	if (script >= line + n || strncmp(script, "/usr/bin/", 9) != 0)
		return false;
	for (size_t i = 0; i < sizeof scripted / sizeof *scripted; i++) {
		if (!strcmp(script + 9, scripted[i]))
			return true;
	}
	return false;
}

static bool is_terminal(int pid, const char *exe, const struct pattern_list *terminals)
{
	const char *name = strrchr(exe, '/');
	name = name ? name + 1 : exe;
	if (!name[0])
		return false;
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
		if (!strcmp(name, built_in[i]))
			return true;
	}
	return matches(terminals, exe, name) || (!strncmp(exe, "/usr/bin/python3", 16) && is_scripted(pid));
}

static bool same_mounts(int pid)
{
	char path[64];
	struct stat ours, theirs;
	snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/mnt", &ours) == 0 && ours.st_ino == theirs.st_ino &&
		ours.st_dev == theirs.st_dev;
}

/* "name=org.example.App" under [Application] of the sandbox's own description. */
static bool flatpak_id(int pid, char *out, size_t size)
{
	char path[64], text[2048];
	snprintf(path, sizeof path, "/proc/%d/root/.flatpak-info", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	const char *at = strstr(text, "\nname=");
	if (!at)
		return false;
	at += strlen("\nname=");
	size_t length = strcspn(at, "\r\n");
	if (!length || length >= size)
		return false;
	memcpy(out, at, length);
	out[length] = 0;
	return true;
}

/* "snap.firefox.firefox-…scope" in the path of the control group. */
static bool snap_id(int pid, char *out, size_t size)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	const char *at = strstr(text, "/snap.");
	if (!at)
		return false;
	at += strlen("/snap.");
	size_t length = strcspn(at, ".-/\n");
	if (!length || length + strlen("snap.") >= size)
		return false;
	snprintf(out, size, "snap.%.*s", (int)length, at);
	return true;
}

static void read_exe(struct raw_app *app)
{
	static const char deleted[] = " (deleted)";
	char path[64], exe[4096];

	snprintf(path, sizeof path, "/proc/%d/exe", app->pid);
	ssize_t n = readlink(path, exe, sizeof exe - 1);
	if (n <= 0)
		return;
	exe[n] = 0;
	/* A program that was upgraded while it runs is still that program. */
	size_t length = (size_t)n, tail = sizeof deleted - 1;
	if (length > tail && !strcmp(exe + length - tail, deleted))
		exe[length - tail] = 0;
	/* Of a path that is too long the end, by which it is excluded or known. */
	const char *from = exe;
	while (from && strlen(from) >= sizeof app->exe)
		from = strchr(from + 1, '/');
	if (from)
		snprintf(app->exe, sizeof app->exe, "%s", from);
}

void app_identify(struct raw_app *app, const struct pattern_list *terminals)
{
	app->exe[0] = app->sandbox[0] = 0;
	app->terminal = false;
	app->foreign = true;
	if (app->pid <= 0)
		return;
	read_exe(app);
	app->foreign = !same_mounts(app->pid);
	app->terminal = is_terminal(app->pid, app->exe, terminals);
	if (app->foreign && !flatpak_id(app->pid, app->sandbox, sizeof app->sandbox))
		snap_id(app->pid, app->sandbox, sizeof app->sandbox);
}
