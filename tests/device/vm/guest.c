/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t ended;

_Noreturn void guest_die(const char *what, const char *detail)
{
	fprintf(stderr, "guest: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
	exit(1);
}

long guest_number(const char *text)
{
	char *end;
	errno = 0;
	long n = strtol(text ? text : "", &end, 0);
	if (errno || !text || end == text || *end)
		guest_die("not a number", text);
	return n;
}

int64_t guest_now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

void guest_sleep_us(long us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};
	while (us > 0 && nanosleep(&t, &t) && errno == EINTR && !ended)
		;
}

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

void guest_catch_end(void)
{
	struct sigaction act = {.sa_handler = end}; /* without SA_RESTART */
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
}

bool guest_ended(void) { return ended; }

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(char **words); } commands[] = {
		{"serve", guest_serve}, {"inject", guest_inject}, {"watch", guest_watch},
		{"client", guest_client}, {"session", guest_session},
		{"switch", guest_switch}, {"lock", guest_lock}, {"steal", guest_steal},
		{"console", guest_console},
	};
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argv + 2);
	guest_die("usage: guest serve|inject|watch|client|session|switch|lock|steal|console ...", NULL);
}
