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
#include "audit_inside.h"
#include "head.h"

enum { NO_LINE = 0 };

static int damage(struct audit *a, int line, const char *what)
{
	if (line == NO_LINE)
		snprintf(a->why, sizeof a->why, "%s", what);
	else
		snprintf(a->why, sizeof a->why, "line %d of the %s: %s", line, a->released ? "receipts" : "ledger", what);
	return ERROR_INVALID;
}

/* ---- whose signatures count ---- */

/* The keys of a study that an earlier yes named. */
static const struct decision *anchor(const struct audit *a, const char *study)
{
	for (int i = 0; i < a->count; i++)
		if (a->decisions[i].yes && strcmp(a->decisions[i].receipt.study, study) == 0)
			return &a->decisions[i];
	return NULL;
}

static int check_signatures(struct audit *a, const struct identity *identity, int number, const char *line, size_t n, const struct receipt *r)
{
	const struct decision *first = anchor(a, r->study);
	uint8_t key[IDENTITY_KEY];
	bool yes = receipt_is_yes(r), known = true;
	if (identity) {
		int e = identity_agent_key(identity, r->study, key);
		if (e)
			return e;
		if (yes && memcmp(key, r->agent_key, sizeof key) != 0)
			return damage(a, number, "it names another agent than yours");
	} else if (first) {
		memcpy(key, first->receipt.agent_key, sizeof key);
	} else if (yes) {
		memcpy(key, r->agent_key, sizeof key);
	} else {
		known = false;
	}
	if (yes && first && (memcmp(r->participant_key, first->receipt.participant_key, sizeof key) != 0 ||
			     memcmp(r->agent_key, first->receipt.agent_key, sizeof key) != 0))
		return damage(a, number, "it is a yes of another participant than those before it");
	if (known && receipt_verify_agent(line, n, key))
		return damage(a, number, "its agent_signature is not that of the participant's agent: it was changed, or made by another");
	a->signatures += known;
	if (!yes)
		return 0;
	if (receipt_verify_participant(line, n, r))
		return damage(a, number, "its participant_signature or pseudonym is not that of its participant_key: it was changed, or made by another");
	a->signatures++;
	return 0;
}

/* What a recipient may be given: lines of this study and participant, from a yes on. */
static int check_released(struct audit *a, int number, const struct receipt *r, const char *study, const char *pseudonym)
{
	if (strcmp(r->study, study) != 0)
		return damage(a, number, "it is of another study");
	if (*r->pseudonym && strcmp(r->pseudonym, pseudonym) != 0)
		return damage(a, number, "it is of another participant");
	if (number == 1 && !receipt_is_yes(r))
		return damage(a, number, "the first has to be a yes");
	return 0;
}

struct source { const struct identity *identity; const char *study, *pseudonym; };

static int read_lines(struct audit *a, const struct source *s, const struct head *head, const char *text, size_t length)
{
	uint8_t last[RECEIPT_HASH] = { 0 }, prev[RECEIPT_HASH];
	int error = 0;
	for (size_t at = 0; at < length && error == 0;) {
		const char *line = text + at, *end = memchr(line, '\n', length - at), *what;
		struct receipt r;
		int number = ++a->lines;
		if (!end)
			return damage(a, number, "it is incomplete");
		size_t n = (size_t)(end - line);
		error = receipt_parse(line, n, &r, prev, &what);
		if (error == ERROR_MEMORY)
			return error;
		if (error)
			return damage(a, number, what);
		if (a->released && (error = check_released(a, number, &r, s->study, s->pseudonym)))
			return error;
		if (!a->released && memcmp(prev, last, sizeof last) != 0)
			return damage(a, number, "it does not follow the line before it: a line was changed, added or removed");
		if ((error = check_signatures(a, s->identity, number, line, n, &r)))
			return error;
		receipt_hash(line, n, last);
		if (head && number == head->lines && memcmp(last, head->hash, sizeof last) != 0)
			return damage(a, number, "it is not the line that the ledger's head knows");
		error = audit_apply(a, &r, last);
		at += n + 1;
	}
	if (!error && head && a->lines < head->lines)
		return damage(a, a->lines + 1, "it is missing: the last lines were cut off");
	return error;
}

/* ---- files ---- */

static int slurp(struct audit *a, const char *path, char **text, size_t *length)
{
	struct stat st;
	int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	*length = 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		goto io;
	if (!S_ISREG(st.st_mode) || st.st_size > LEDGER_BYTES_MAX) {
		error = damage(a, NO_LINE, "it holds no receipts: not a regular file, or too large");
		goto out;
	}
	*text = malloc((size_t)st.st_size + 1);
	if (!*text) {
		error = ERROR_MEMORY;
		goto out;
	}
	while (*length < (size_t)st.st_size) {
		ssize_t n = read(fd, *text + *length, (size_t)st.st_size - *length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto io;
		if (n == 0)
			break;
		*length += (size_t)n;
	}
	goto out;
io:
	snprintf(a->why, sizeof a->why, "%s", strerror(errno));
	error = ERROR_IO;
out:
	if (fd >= 0)
		close(fd);
	return error;
}

/* The head first, as ledger_read does. *found: there is one. */
static int find_head(struct audit *a, const char *path, const struct identity *identity, struct head *head, bool *found)
{
	uint8_t key[IDENTITY_KEY];
	int e = identity_agent_key(identity, HEAD_STUDY, key);
	*found = false;
	if (e)
		return e;
	e = head_read(path, key, head);
	*found = !e;
	if (!e || (e == ERROR_IO && errno == ENOENT))
		return 0;
	return damage(a, NO_LINE, "the ledger's head is damaged, or is another's");
}

static int begin(struct audit **audit)
{
	*audit = calloc(1, sizeof **audit);
	if (!*audit)
		return ERROR_MEMORY;
	(*audit)->current = -1;
	return 0;
}

int audit_new(const char *ledger_path, const struct identity *identity, struct audit **audit, const char **why)
{
	char *text = NULL;
	size_t length;
	struct head head;
	struct source source = { .identity = identity };
	bool found = false;
	*why = NULL;
	int error = begin(audit);
	if (error)
		return error;
	struct audit *a = *audit;
	if (identity)
		error = find_head(a, ledger_path, identity, &head, &found);
	if (!error)
		error = slurp(a, ledger_path, &text, &length);
	if (!error)
		error = read_lines(a, &source, found ? &head : NULL, text, length);
	if (!error && identity && !found && (a->lines > 1 || (a->count && a->decisions[0].yes)))
		error = damage(a, NO_LINE, "the ledger's head is missing: nobody can tell whether lines were cut off");
	free(text);
	*why = a->why[0] ? a->why : NULL;
	return error;
}

int audit_new_released(const char *receipts_path, const char *study, const char *pseudonym, struct audit **audit, const char **why)
{
	char *text = NULL;
	size_t length;
	struct source source = { NULL, study, pseudonym };
	*why = NULL;
	int error = begin(audit);
	if (error)
		return error;
	struct audit *a = *audit;
	a->released = true;
	error = slurp(a, receipts_path, &text, &length);
	if (!error && length == 0)
		error = damage(a, NO_LINE, "there is no receipt in it");
	if (!error)
		error = read_lines(a, &source, NULL, text, length);
	free(text);
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
