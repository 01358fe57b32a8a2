/* SPDX-License-Identifier: Apache-2.0 */
#include "receipts.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "cli.h"

struct listing {
	struct session *session;
	bool json, kantara;
	const char *wanted;              /* an id, a study, or NULL: all */
	int shown;
};

static bool is_wanted(const struct listing *l, const struct receipt *r)
{
	/* The beginning of an id is enough, as long as it is not the name of a study. */
	return !l->wanted || strcmp(l->wanted, r->study) == 0 || (strlen(l->wanted) >= 6 && strncmp(l->wanted, r->id, strlen(l->wanted)) == 0);
}

static const char *in_words(enum ledger_state state)
{
	static const char *const words[LEDGER_STATE_COUNT] = {
		[LEDGER_REQUESTED] = "you were asked", [LEDGER_GIVEN] = "you agreed", [LEDGER_REFUSED] = "you refused",
		[LEDGER_WITHDRAWN] = "you withdrew", [LEDGER_PAUSED] = "you paused", [LEDGER_RESUMED] = "you went on",
		[LEDGER_EXPIRED] = "your consent ran out", [LEDGER_INVALIDATED] = "your consent ended, as the study's terms were changed",
		[LEDGER_RENEWED] = "you agreed anew", [LEDGER_DEFERRED] = "you decided nothing",
	};
	return words[state];
}

static void list_one(const struct receipt *r)
{
	char time[32], until[32];
	printf("%s  %s  %.12s  %s", session_time(r->t_us, time), r->study, r->id, in_words(r->state));
	if (r->until_us)
		printf(" until %s", session_time(r->until_us, until));
	putchar('\n');
	for (int i = 0; i < r->purposes; i++)
		printf("%21s%s %s\n", "", r->purpose[i].agreed ? "agreed: " : "refused:", r->purpose[i].id);
	if (receipt_is_yes(r))
		printf("%21syou are %s in this study; the notice was shown in: %s\n", "", r->pseudonym, r->language);
}

/* A line of the ledger, whose signatures session_ledger checked. */
static int take(struct listing *l, const char *line, size_t n, int number)
{
	struct receipt *r = malloc(sizeof *r);
	uint8_t prev[RECEIPT_HASH];
	const char *what;
	int result = EXIT_DONE;
	int e = r ? receipt_parse(line, n, r, prev, &what) : ERROR_MEMORY;
	if (e) {
		fflush(stdout);
		cli_complain("%s: line %d: %s", l->session->places.ledger, number, e == ERROR_MEMORY ? error_text(e) : what);
		result = EXIT_FAILED;
	} else if (is_wanted(l, r) && l->kantara) {
		if (receipt_is_yes(r)) {
			result = receipts_kantara(l->session, r, line, n);
			l->shown++;
		}
	} else if (is_wanted(l, r)) {
		if (l->json)
			printf("%.*s\n", (int)n, line);
		else
			list_one(r);
		l->shown++;
	}
	free(r);
	return result;
}

/* What can be no ledger (a pipe that nobody writes, a device that never ends) is not read. */
static FILE *open_ledger(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *f = NULL;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > LEDGER_BYTES_MAX))
		errno = EINVAL;
	else
		f = fdopen(fd, "r");
	if (!f) {
		int saved = errno;
		close(fd);
		errno = saved;
	}
	return f;
}

static int walk(struct listing *l)
{
	FILE *f = open_ledger(l->session->places.ledger);
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int result = EXIT_DONE;
	if (!f && errno == ENOENT)
		return EXIT_NOTHING;
	if (!f) {
		cli_complain("%s: %s", l->session->places.ledger, strerror(errno));
		return EXIT_FAILED;
	}
	for (int number = 1; result == EXIT_DONE && (n = getline(&line, &room, f)) > 0; number++)
		result = take(l, line, (size_t)n - (line[n - 1] == '\n'), number);
	free(line);
	fclose(f);
	return result;
}

static int receipts(struct listing *l)
{
	struct session *s = l->session;
	int r = session_ledger(s);
	if (r)
		return r;
	bool damaged = s->view.damaged;
	r = walk(l);
	if (r == EXIT_FAILED || damaged) {
		fflush(stdout);
		if (damaged)
			cli_complain("receipts: do not rely on these: %s", s->view.why);
		return EXIT_FAILED;
	}
	if (l->shown)
		return EXIT_DONE;
	if (l->wanted)
		cli_complain("receipts: there is no %s of \"%s\"", l->kantara ? "yes" : "receipt", l->wanted);
	else
		cli_complain(l->kantara ? "receipts: you agreed to no study" : "receipts: you were never asked");
	return EXIT_NOTHING;
}

int cli_receipts(int argc, char **argv)
{
	struct session *s = calloc(1, sizeof *s);
	struct listing l = {.session = s};
	const struct input_option options[] = {{"json", NULL, &l.json}, {"kantara", NULL, &l.kantara}, {NULL, NULL, NULL}};
	int rest, r = EXIT_FAILED;
	if (!s)
		return r;
	r = session_begin(s, "receipts", argc, argv, options, 1, &rest);
	if (r == EXIT_DONE) {
		l.wanted = rest ? argv[0] : NULL;
		r = input_flush_stdout(receipts(&l), 0);
	}
	session_end(s);
	free(s);
	return r;
}
