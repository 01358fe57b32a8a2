/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	STEP_MAX = 64,            /* so many new processes are looked at one by one; more by reading all of /proc */
	YOUNG_MS = 2000,          /* after its birth a process may yet leave its terminal, and become another program */
	SCAN_MS = 2000            /* and some do later: a script that becomes pinentry at its end */
};

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The id that the kernel gave away last, also to threads. -1: not told. */
static int newest(void)
{
	char text[128];
	/* "0.20 0.18 0.12 1/80 11206" */
	if (tty_process_file(0, "loadavg", text, sizeof text) < 0)
		return -1;
	const char *at = strrchr(text, ' ');
	return at ? atoi(at + 1) : -1;
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Takes a look at one process; false if there is no room for it. */
static bool consider(struct tty_servers *s, int pid, long long now)
{
	struct tty_process p;
	enum tty_server_kind kind;
	char exe[512];

	/* Most of /proc are the kernel's own threads. */
	if (!tty_process_read(pid, &p) || p.kernel)
		return true;
	/* A pinentry that may lock memory by its file's capabilities hides its owner. */
	if (!starts(p.name, "pinentry") && !tty_process_ours(pid))
		return true;
	const char *name = "";
	if (!p.tty && tty_process_exe(pid, exe, sizeof exe))
		name = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
	if (starts(p.name, "pinentry")) {
		kind = TTY_SERVER_PINENTRY;
	} else if (!p.tty && (starts(p.name, "tmux") || !strcmp(name, "tmux"))) {
		kind = TTY_SERVER_TMUX;
	} else if (!p.tty && (starts(p.name, "screen") || !strcmp(name, "screen"))) {
		kind = TTY_SERVER_SCREEN;
	} else if (!starts(p.name, "tmux") && !starts(p.name, "screen") && !starts(p.name, "gpg-agent")) {
		return true;
	} else {
		/* On its way: forked, but still on the client's terminal, or not yet the program that it is going to be. */
		long long tick = sysconf(_SC_CLK_TCK);
		if (now - (long long)p.start * 1000 / (tick > 0 ? tick : 100) >= YOUNG_MS)
			return true;
		if (s->youngs == TTY_SERVERS_YOUNG)
			return false;
		s->young[s->youngs++] = pid;
		return true;
	}
	for (int i = 0; i < s->count; i++) {
		if (s->server[i].pid == pid) {
			s->server[i].kind = kind;
			return true;
		}
	}
	if (s->count == TTY_SERVERS_MAX)
		return false;
	s->server[s->count].pid = pid;
	s->server[s->count++].kind = kind;
	return true;
}

static bool scan(struct tty_servers *s, int last, long long now)
{
	const int *all;
	int n = tty_process_all(&all);
	bool whole = n >= 0;

	s->count = s->youngs = 0;
	for (int i = 0; i < n; i++)
		whole &= consider(s, all[i], now);
	s->last = last;
	/* One that does not fit may be a server: then nothing is known until there is room. Too many young ones: scan again. */
	bool servers_fit = n >= 0 && s->count < TTY_SERVERS_MAX;
	s->scanned_ms = whole ? now : 0;
	return servers_fit;
}

bool tty_servers_refresh(struct tty_servers *s)
{
	long long now = now_ms();
	int last = newest();

	/* Where the kernel does not tell of new ones (subset=pid), every look is a scan. */
	if (last < 0 || !s->scanned_ms || now - s->scanned_ms >= SCAN_MS || last < s->last || last - s->last > STEP_MAX)
		return scan(s, last, now);
	int young[TTY_SERVERS_YOUNG], youngs = s->youngs;
	memcpy(young, s->young, sizeof young);
	s->youngs = 0;
	bool whole = true;
	for (int i = 0; i < youngs; i++)
		whole &= consider(s, young[i], now);
	for (int pid = s->last + 1; pid <= last; pid++)
		whole &= consider(s, pid, now);
	s->last = last;
	return whole || scan(s, last, now);
}

bool tty_servers_own(int client)
{
	char line[2048];
	struct stat st;

	ssize_t n = tty_process_file(client, "cmdline", line, sizeof line);
	if (n <= 0)
		return false;
	/* tmux keeps its sockets where only the user can reach, unless it is told another place by -S. */
	for (const char *word = line + strlen(line) + 1; word < line + n; word += strlen(word) + 1) {
		if (word[0] != '-' || !word[1])
			break;
		const char *flag = strpbrk(word + 1, "cfLST");
		if (!flag)
			continue;
		const char *value = flag + 1;
		if (!*value) {
			word += strlen(word) + 1;
			value = word;
			if (word >= line + n)
				break;
		}
		if (*flag == 'S' && (value[0] != '/' || stat(value, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid()))
			return false;
	}
	return true;
}
