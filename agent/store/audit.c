/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "receipt.h"

struct decision {
	uint8_t hash[RECEIPT_HASH];
	char study[65];
	bool yes;
	int64_t from_us, until_us;
	int64_t ended_us;                /* INT64_MAX: nothing ended it before until_us */
	const char *ended;               /* what did, for people */
};

struct pause {
	int decision;
	int64_t from_us, until_us;       /* INT64_MAX: still paused */
};

struct audit {
	char why[256];
	struct decision *decisions;
	struct pause *pauses;
	int count, pause_count;
	int current;                     /* the yes in force while reading, or -1 */
	bool paused;                     /* the last pause is open */
};

static int damage(struct audit *a, int line, const char *what)
{
	snprintf(a->why, sizeof a->why, "line %d of the ledger: %s", line, what);
	return ERROR_INVALID;
}

/* Room for one more in an array that doubles: NULL when memory is out. */
static void *grow(void *array, int count, size_t size)
{
	if (count && (count & (count - 1)))
		return array;
	return realloc(array, (size_t)(count ? count * 2 : 1) * size);
}

static void end_current(struct audit *a, int64_t t_us, const char *what)
{
	if (a->current >= 0) {
		a->decisions[a->current].ended_us = t_us;
		a->decisions[a->current].ended = what;
	}
	a->current = -1;
	a->paused = false;
}

static int add_decision(struct audit *a, const struct receipt *r, const uint8_t hash[RECEIPT_HASH], bool yes)
{
	void *room = grow(a->decisions, a->count, sizeof *a->decisions);
	if (!room)
		return ERROR_MEMORY;
	a->decisions = room;
	struct decision *d = &a->decisions[a->count];
	memset(d, 0, sizeof *d);
	memcpy(d->hash, hash, sizeof d->hash);
	memcpy(d->study, r->study, sizeof d->study);
	d->yes = yes;
	d->from_us = r->t_us;
	d->until_us = r->until_us;
	d->ended_us = INT64_MAX;
	if (yes)
		a->current = a->count;
	a->count++;
	return 0;
}

static int add_pause(struct audit *a, const struct receipt *r)
{
	int64_t until = r->until_us ? r->until_us : INT64_MAX;
	if (a->current < 0)
		return 0;
	/* Pausing in a pause prolongs it, or shortens it from then on. */
	if (a->paused && a->pauses[a->pause_count - 1].until_us > r->t_us) {
		a->pauses[a->pause_count - 1].until_us = until;
		return 0;
	}
	void *room = grow(a->pauses, a->pause_count, sizeof *a->pauses);
	if (!room)
		return ERROR_MEMORY;
	a->pauses = room;
	a->pauses[a->pause_count++] = (struct pause){ a->current, r->t_us, until };
	a->paused = true;
	return 0;
}

/* The same meaning of each line as ledger_read gives it. */
static int apply(struct audit *a, const struct receipt *r, const uint8_t hash[RECEIPT_HASH])
{
	switch (r->state) {
	case LEDGER_GIVEN:
	case LEDGER_RENEWED:
		end_current(a, r->t_us, "after another decision took its place");
		return add_decision(a, r, hash, true);
	case LEDGER_REFUSED:
		if (a->current >= 0 && strcmp(r->study, a->decisions[a->current].study) == 0)
			end_current(a, r->t_us, "after it was refused");
		break;
	case LEDGER_WITHDRAWN:
		end_current(a, r->t_us, "after consent was withdrawn");
		break;
	case LEDGER_EXPIRED:
		end_current(a, r->t_us, "after consent expired");
		break;
	case LEDGER_INVALIDATED:
		end_current(a, r->t_us, "after consent became invalid");
		break;
	case LEDGER_PAUSED:
		return add_pause(a, r);
	case LEDGER_RESUMED:
		if (a->paused && a->pauses[a->pause_count - 1].until_us > r->t_us)
			a->pauses[a->pause_count - 1].until_us = r->t_us;
		a->paused = false;
		break;
	case LEDGER_REQUESTED:
	case LEDGER_STATE_COUNT:
		break;
	}
	return add_decision(a, r, hash, false);
}

static int read_lines(struct audit *a, const char *text, size_t length)
{
	uint8_t last[RECEIPT_HASH] = { 0 }, prev[RECEIPT_HASH];
	int number = 0, error = 0;
	for (size_t at = 0; at < length && error == 0;) {
		const char *line = text + at, *end = memchr(line, '\n', length - at), *what;
		struct receipt r;
		number++;
		if (!end)
			return damage(a, number, "it is incomplete");
		size_t n = (size_t)(end - line);
		error = receipt_parse(line, n, &r, prev, &what);
		if (error == ERROR_MEMORY)
			return error;
		if (error)
			return damage(a, number, what);
		if (memcmp(prev, last, sizeof last) != 0)
			return damage(a, number, "it does not follow the line before it: a line was changed, added or removed");
		receipt_hash(line, n, last);
		error = apply(a, &r, last);
		at += n + 1;
	}
	return error;
}

int audit_new(const char *ledger_path, struct audit **audit, const char **why)
{
	struct stat st;
	char *text = NULL;
	size_t length = 0;
	int error = 0, fd = -1;
	struct audit *a = *audit = calloc(1, sizeof *a);
	if (!a)
		return ERROR_MEMORY;
	a->current = -1;
	fd = open(ledger_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		goto io;
	if (!S_ISREG(st.st_mode) || st.st_size > LEDGER_BYTES_MAX) {
		snprintf(a->why, sizeof a->why, "it is no ledger: not a regular file, or larger than %d bytes", LEDGER_BYTES_MAX);
		error = ERROR_INVALID;
		goto out;
	}
	text = malloc((size_t)st.st_size + 1);
	if (!text) {
		error = ERROR_MEMORY;
		goto out;
	}
	while (length < (size_t)st.st_size) {
		ssize_t n = read(fd, text + length, (size_t)st.st_size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto io;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	error = read_lines(a, text, length);
	goto out;
io:
	snprintf(a->why, sizeof a->why, "%s", strerror(errno));
	error = ERROR_IO;
out:
	free(text);
	if (fd >= 0)
		close(fd);
	*why = a->why[0] ? a->why : NULL;
	return error;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	free(a->decisions);
	free(a->pauses);
	free(a);
}

int audit_find(const struct audit *a, const uint8_t hash[32], const char *study, const char **why)
{
	for (int i = 0; i < a->count; i++) {
		const struct decision *d = &a->decisions[i];
		if (memcmp(d->hash, hash, sizeof d->hash) != 0)
			continue;
		if (!d->yes) {
			*why = "the receipt that it names is not a yes";
			return -1;
		}
		if (strcmp(d->study, study) != 0) {
			*why = "the receipt that it names is of another study";
			return -1;
		}
		return i;
	}
	*why = "the receipt that it names is not in the ledger";
	return -1;
}

bool audit_permits(const struct audit *a, int decision, int64_t t_us, const char **why)
{
	const struct decision *d = &a->decisions[decision];
	*why = NULL;
	if (t_us < d->from_us - AUDIT_GRID_US)
		*why = "before consent was given";
	else if (t_us > d->until_us)
		*why = "after consent had expired";
	else if (t_us - AUDIT_SLACK_US > d->ended_us)
		*why = d->ended;
	for (int i = 0; i < a->pause_count && !*why; i++) {
		const struct pause *p = &a->pauses[i];
		if (p->decision == decision && t_us > p->from_us + AUDIT_SLACK_US && t_us < p->until_us - AUDIT_GRID_US)
			*why = "while recording was paused";
	}
	return !*why;
}
