/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_program.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Editors, pagers, viewers, and what runs a pager for its output. Not here: what takes passwords in raw mode (pinentry-curses,
 * dialog, text browsers, password managers), and what hides a program that cannot be seen (ssh, su, sudo, screen, tmux, docker). */
static const char *const programs[] = {
	"vim", "vi", "vim.*", "nvim", "view", "nano", "pico", "emacs", "emacs-*", "micro", "hx", "helix", "kak", "joe", "jed", "ne", "mg",
	"less", "more", "most", "man", "pg", "info", "bat", "batcat", "git", "tig", "journalctl", "systemctl",
	"htop", "top", "btop", "fzf", "nnn", "lf", "gdb", "sqlite3", "bc", "psql", "ghci",
	NULL
};

/* Shells and interpreters: typed into, unless they run a script or a command. */
static const char *const interpreters[] = {
	"bash", "dash", "zsh", "zsh-*", "fish", "ksh", "ksh93", "mksh", "tcsh", "csh", "bsd-csh", "busybox", "nu", "elvish", "osh", "rc",
	"python", "python[23]", "python[23].*", "pypy", "pypy3*", "node", "nodejs", "deno", "ruby", "ruby[23]*", "perl", "perl5*", "php", "php[78]*",
	"lua", "lua5*", "luajit", "R", "julia", "octave-cli*", "guile", "guile-*", "racket", "sbcl", "maxima",
	NULL
};

/* Scripts that are such programs themselves. */
static const char *const scripts[] = {
	"ipython", "ipython3", "bpython", "ptpython", "irb", "pry", "xonsh", "ranger", NULL
};

/* Options of shells that are followed by a word of their own. */
static const char *const followed[] = { "--rcfile", "--init-file", "-o", "+o", "-O", "+O", "-C", NULL };

static const char *base(const char *path)
{
	const char *name = strrchr(path, '/');
	return name ? name + 1 : path;
}

static bool in(const char *const *list, const char *name)
{
	for (; *list; list++) {
		if (!fnmatch(*list, name, 0))
			return true;
	}
	return false;
}

/* No script and no command on its command line; or one of the known scripts. */
static bool is_interactive(int pid)
{
	char path[64], text[2048];
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0 || n == (ssize_t)sizeof text - 1)
		return false;
	text[n] = 0;
	bool skip = true;                /* its own name */
	for (const char *word = text; word < text + n; word += strlen(word) + 1) {
		if (skip) {
			skip = false;
			continue;
		}
		if ((word[0] != '-' && word[0] != '+') || !word[1])
			return in(scripts, base(word));
		/* Letters together too: bash -ic COMMAND. Python's -m, perl's -e and node's -p run something as well. */
		if (word[0] == '-' && word[1] != '-' && strpbrk(word + 1, "cemp"))
			return false;
		if (!strncmp(word, "--eval", 6) || !strncmp(word, "--command", 9) || !strncmp(word, "--print", 7))
			return false;
		skip = in(followed, word);
	}
	return true;
}

bool tty_program_known(int pid, const struct pattern_list *more)
{
	char path[64], exe[512];

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	ssize_t n = readlink(path, exe, sizeof exe - 1);
	if (n <= 0 || n == (ssize_t)sizeof exe - 1)
		return false;
	exe[n] = 0;
	char *deleted = strstr(exe, " (deleted)");
	if (deleted)
		*deleted = 0;
	if (in(programs, base(exe)))
		return true;
	for (int i = 0; more && i < more->count; i++) {
		if (!fnmatch(more->pattern[i], base(exe), 0) || !fnmatch(more->pattern[i], exe, 0))
			return true;
	}
	return in(interpreters, base(exe)) && is_interactive(pid);
}
