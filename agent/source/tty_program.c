/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_program.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* What asks for secrets by drawing on the screen, and what runs or shows another program out of sight: elsewhere, as somebody
 * else, or on a pty of its own. */
static const char *const never[] = {
	"ssh", "slogin", "ssh-*", "sshpass", "mosh", "mosh-client", "et", "autossh", "dbclient", "plink", "rsh", "rlogin",
	"telnet", "telnet.*", "ftp", "tnftp", "lftp", "sftp", "ncftp", "nc", "nc.*", "ncat", "netcat", "socat", "cu", "tip",
	"minicom", "picocom", "microcom", "su", "sudo", "sudo-rs", "sudoedit", "doas", "pkexec", "pkttyagent", "run0",
	"runuser", "sg", "newgrp", "login", "passwd", "chpasswd", "chsh", "chfn", "gpasswd", "sulogin", "vlock", "physlock",
	"docker", "docker-*", "podman", "buildah", "nerdctl", "crictl", "ctr", "runc", "crun", "kubectl", "oc", "k9s",
	"lxc", "lxc-*", "incus", "machinectl", "systemd-nspawn", "systemd-run", "nsenter", "unshare", "chroot", "bwrap",
	"toolbox", "distrobox*", "flatpak-spawn", "virsh", "adb", "dialog", "whiptail", "pinentry*", "gpg*", "pass",
	"passage", "gopass", "age", "rage", "openssl", "cryptsetup", "keepassxc-cli", "kpcli", "bw", "op", "vault", "kinit",
	"kpasswd", "systemd-ask-pas*", "systemd-tty-ask*", "expect", "script", "unbuffer", "tmate", "abduco", "dtach",
	"dvtm", "ttyd",
	NULL
};

/* Editors, pagers, viewers, and what runs a pager for its output. Not here: what takes passwords in raw mode itself (text
 * browsers and mailers, emacs with its TRAMP). */
static const char *const shows[] = {
	"vim", "vi", "vim.*", "nvim", "view", "nano", "pico", "micro", "hx", "helix", "kak", "joe", "jed", "ne", "mg",
	"less", "more", "most", "man", "pg", "info", "bat", "batcat", "git", "tig", "journalctl", "systemctl", "htop",
	"top", "btop", "fzf", "nnn", "lf", "gdb", "sqlite3", "bc", "psql", "ghci",
	NULL
};

/* Shells and interpreters: typed into, unless they run a script or a command. Not fish, nu, ksh93 and
 * julia: when they read a password (`read -s`, `input -s`, getpass) it looks from outside as their prompt does. */
static const char *const edits[] = {
	"bash", "dash", "zsh", "zsh[-.0-9]*", "mksh", "lksh", "tcsh", "csh", "bsd-csh", "sh", "ash", "hush", "elvish",
	"osh", "rc", "python", "python[23]", "python[23].*", "pypy", "pypy3*", "node", "nodejs", "deno", "ruby",
	"ruby[23]*", "perl", "perl5*", "php", "php[78]*", "lua", "lua5*", "luajit", "R", "octave-cli*", "guile",
	"guile-*", "racket", "sbcl", "maxima",
	NULL
};

/* Those of configuration that run scripts, too. */
static const char *const interpreters[] = {
	"fish", "nu", "ksh", "ksh93", "julia", "pwsh", "xonsh", "tclsh*", "wish*", "awk", "gawk", "mawk", "java",
	NULL
};

/* Scripts that are such programs themselves. */
static const char *const scripts[] = { "ipython", "ipython3", "bpython", "ptpython", "irb", "pry", "xonsh", "ranger", NULL };

/* What stands before a pager in a pipeline. */
static const char *const feeds[] = {
	"cat", "grep", "sed", "awk", "gawk", "mawk", "sort", "uniq", "head", "tail", "tr", "cut", "paste", "join", "comm",
	"tac", "nl", "wc", "fold", "fmt", "pr", "column", "find", "ls", "ps", "dmesg", "df", "du", "lsof", "diff",
	"colordiff", "jq", "yq", "rg", "ag", "fd", "fdfind", "hexdump", "xxd", "od", "strings", "gzip", "bzip2", "xz",
	"zstd", "tar", "tee", "pdftotext", "dpkg", "dpkg-query", "apt-cache", "rpm", "ip", "env", "objdump", "readelf",
	"nm",
	NULL
};

/* One file, many programs: which one it is stands first on its command line. */
static const char *const many[] = { "busybox", "busybox.*", "toybox", "toybox-*", NULL };

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
		/* Most are told by their first letter. */
		if (**list == *name && !fnmatch(*list, name, 0))
			return true;
	}
	return false;
}

/* No script and no command on its command line; or one of the known scripts. */
static bool is_interactive(const char *text, const char *end)
{
	bool skip = true;                /* its own name */
	for (const char *word = text; word < end; word += strlen(word) + 1) {
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

/* What it has been started as: of "busybox sh" the second word, of "-sh" without the mark of a login. Moves *text to it. */
static const char *applet(const char **text, const char *end)
{
	const char *name = base(*text);
	if (in(many, name) && name + strlen(name) + 1 < end) {
		*text = name + strlen(name) + 1;
		name = *text;
	}
	return *name == '-' ? name + 1 : name;
}

/* The file it runs as a script, as far as it can be told, or "". */
static const char *script(const char *text, const char *end)
{
	for (const char *word = text + strlen(text) + 1; word < end; word += strlen(word) + 1)
		if (word[0] != '-' && word[0] != '+')
			return base(word);
	return "";
}

static bool configured(const struct pattern_list *more, const char *exe)
{
	for (int i = 0; more && i < more->count; i++) {
		if (!fnmatch(more->pattern[i], base(exe), 0) || !fnmatch(more->pattern[i], exe, 0))
			return true;
	}
	return false;
}

enum tty_kind tty_program_kind(const struct tty_process *p, const struct pattern_list *more)
{
	char exe[512], line[2048];

	if (in(never, p->name))
		return TTY_KIND_NEVER;
	if (!tty_process_exe(p->pid, exe, sizeof exe))
		return TTY_KIND_UNKNOWN;
	const char *name = base(exe);
	if (in(never, name))
		return TTY_KIND_NEVER;
	if (!strcmp(name, "tmux"))
		return TTY_KIND_TMUX;
	if (!strcmp(name, "screen"))
		return TTY_KIND_SCREEN;
	bool multiple = in(many, name);
	if (in(shows, name))
		return TTY_KIND_SHOWS;
	if (in(feeds, name) && !configured(more, exe))
		return TTY_KIND_FEEDS;
	bool runs_scripts = multiple || in(edits, name) || in(interpreters, name);
	if (!runs_scripts)
		return configured(more, exe) ? TTY_KIND_SHOWS : TTY_KIND_UNKNOWN;

	ssize_t n = tty_process_file(p->pid, "cmdline", line, sizeof line);
	if (n <= 0)
		return TTY_KIND_UNKNOWN;
	const char *text = line, *end = line + n;
	if (multiple) {
		name = applet(&text, end);
		if (in(never, name))
			return TTY_KIND_NEVER;
		if (in(shows, name))
			return TTY_KIND_SHOWS;
		if (in(feeds, name))
			return TTY_KIND_FEEDS;
	}
	if (in(never, script(text, end)))
		return TTY_KIND_NEVER;
	if (!in(edits, name) && !configured(more, exe))
		return TTY_KIND_UNKNOWN;
	return is_interactive(text, end) ? TTY_KIND_EDITS : TTY_KIND_UNKNOWN;
}

bool tty_program_never(const struct tty_process *p)
{
	char exe[512], line[2048];

	if (in(never, p->name) || !tty_process_exe(p->pid, exe, sizeof exe))
		return true;
	const char *name = base(exe);
	if (in(never, name))
		return true;
	bool multiple = in(many, name);
	if (!multiple && !in(edits, name) && !in(interpreters, name))
		return false;
	ssize_t n = tty_process_file(p->pid, "cmdline", line, sizeof line);
	if (n <= 0)
		return false;                    /* more words than fit: a script's own */
	const char *text = line;
	return (multiple && in(never, applet(&text, line + n))) || in(never, script(text, line + n));
}
