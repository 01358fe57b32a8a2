/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the folders, and whose it is. */
#include "collected.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "../store/receipt.h"
#include "../store/tombstone.h"
#include "cli.h"

/* Outboxes, machines and dates above STUDY/PSEUDONYM: more than anybody nests. */
enum { DEPTH_MAX = 16 };

/* Room for one more in an array that doubles; NULL: out of memory, and it is as it was. */
static void *room(void *array, int count, size_t size)
{
	if (count && (count & (count - 1)))
		return array;
	return realloc(array, (size_t)(count ? count * 2 : 1) * size);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);
	return n > m && strcmp(name + n - m, suffix) == 0;
}

static int no_memory(void)
{
	cli_complain("out of memory");
	return EXIT_FAILED;
}

static int unreadable(const char *path)
{
	cli_complain("%s: %s", path, strerror(errno));
	return EXIT_FAILED;
}

/* A whole file, with a 0 after it. ERROR_IO, ERROR_LIMIT, ERROR_MEMORY. */
static int slurp(const char *path, size_t most, char **text, size_t *length)
{
	struct stat st;
	int error = ERROR_IO;
	char *bytes = NULL;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		goto out;
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uintmax_t)st.st_size > most) {
		error = ERROR_LIMIT;
		goto out;
	}
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes) {
		error = ERROR_MEMORY;
		goto out;
	}
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, bytes + n, (size_t)st.st_size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto out;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	bytes[n] = 0;
	*text = bytes;
	*length = n;
	bytes = NULL;
	error = 0;
out:;
	int saved = errno;
	free(bytes);
	if (fd >= 0)
		close(fd);
	errno = saved;
	return error;
}

/* ---- Participants ---- */

static struct collected_participant *participant(struct collected *c, const char *study, const char *pseudonym)
{
	for (int i = 0; i < c->participants; i++)
		if (strcmp(c->participant[i].pseudonym, pseudonym) == 0 && strcmp(c->participant[i].study, study) == 0)
			return &c->participant[i];
	void *array = room(c->participant, c->participants, sizeof *c->participant);
	if (!array)
		return NULL;
	c->participant = array;
	struct collected_participant *p = &c->participant[c->participants++];
	memset(p, 0, sizeof *p);
	snprintf(p->study, sizeof p->study, "%s", study);
	snprintf(p->pseudonym, sizeof p->pseudonym, "%s", pseudonym);
	return p;
}

static void forget_receipts(struct collected_participant *p)
{
	audit_free(p->audit);
	free(p->path);
	free(p->text);
	p->audit = NULL;
	p->path = p->text = NULL;
	p->length = 0;
}

/* Of several copies the longest counts, as receipts are only ever added. Takes text. */
static int take_receipts(struct collected *c, const char *path, char *text, size_t length)
{
	struct receipt *first = malloc(sizeof *first);
	uint8_t prev[RECEIPT_HASH];
	const char *what = NULL, *end = memchr(text, '\n', length);
	int result = EXIT_FAILED;
	if (!first) {
		free(text);
		return no_memory();
	}
	if (!end || receipt_parse(text, (size_t)(end - text), first, prev, &what)) {
		cli_complain("%s: line 1: %s", path, what ? what : "is incomplete");
		c->damaged++;
		result = EXIT_DONE;
		goto out;
	}
	struct collected_participant *p = participant(c, first->study, first->pseudonym);
	if (!p) {
		no_memory();
		goto out;
	}
	result = EXIT_DONE;
	if (p->contradicted)
		goto out;
	bool differs = p->audit && memcmp(p->text, text, length < p->length ? length : p->length) != 0;
	if (p->audit && !differs && length <= p->length)
		goto out;
	/* Theirs, before it may speak against theirs: anybody can write their pseudonym into a file. */
	struct audit *audit = NULL;
	int error = audit_new_released(path, first->study, first->pseudonym, &audit, &what);
	if (!error && differs) {
		audit_free(audit);
		cli_complain("%s and %s: contradict each other: nothing of this participant is used", p->path, path);
		forget_receipts(p);
		snprintf(p->why, sizeof p->why, "there are two receipts.jsonl of this participant that contradict each other");
		p->contradicted = true;
		c->damaged++;
		goto out;
	}
	if (error) {
		cli_complain("%s: %s", path, what ? what : error_text(error));
		if (!p->audit)
			snprintf(p->why, sizeof p->why, "its receipts.jsonl cannot be used: %.140s", what ? what : error_text(error));
		audit_free(audit);
		c->damaged++;
		goto out;
	}
	forget_receipts(p);
	p->audit = audit;
	p->why[0] = 0;
	p->text = text;
	p->length = length;
	text = NULL;
	p->path = strdup(path);
	if (!p->path)
		result = no_memory();
out:
	free(first);
	free(text);
	return result;
}

static int found_receipts(struct collected *c, const char *path)
{
	char *text;
	size_t length;
	int error = slurp(path, LEDGER_BYTES_MAX, &text, &length);
	if (error == ERROR_LIMIT) {
		cli_complain("%s: is no list of receipts", path);
		c->damaged++;
		return EXIT_DONE;
	}
	return error == ERROR_IO ? unreadable(path) : error ? no_memory() : take_receipts(c, path, text, length);
}

/* ---- Segments ---- */

static int found_segment(struct collected *c, int directory, const char *name, const char *path)
{
	struct keyfile k;
	const char *what;
	char key_name[NAME_MAX + 8];
	void *array = room(c->segment, c->segments, sizeof *c->segment);
	if (!array)
		return no_memory();
	c->segment = array;
	struct collected_segment *s = &c->segment[c->segments];
	memset(s, 0, sizeof *s);
	s->path = strdup(path);
	if (!s->path)
		return no_memory();
	c->segments++;
	int n = (int)(strlen(name) - strlen(".seg"));
	snprintf(s->at.segment, sizeof s->at.segment, "%.*s", n < 40 ? n : 40, name);
	snprintf(s->at.study, sizeof s->at.study, "unknown");
	snprintf(s->at.participant, sizeof s->at.participant, "unknown");
	snprintf(key_name, sizeof key_name, "%.*s.key", n, name);
	if (keyfile_read(directory, key_name, &k, &what) == 0) {
		memcpy(s->at.study, k.study, sizeof k.study);
		memcpy(s->at.participant, k.pseudonym, sizeof k.pseudonym);
		memcpy(s->hash, k.hash, sizeof s->hash);
	}
	return EXIT_DONE;
}

static int found_tombstone(struct collected *c, const char *path)
{
	void *array = room(c->tombstone, c->tombstones, sizeof *c->tombstone);
	if (!array)
		return no_memory();
	c->tombstone = array;
	c->tombstone[c->tombstones] = strdup(path);
	if (!c->tombstone[c->tombstones])
		return no_memory();
	c->tombstones++;
	return EXIT_DONE;
}

static int scan(struct collected *c, const char *folder, int depth, bool only_tombstones)
{
	char path[SPOOL_PATH_MAX];
	int result = EXIT_DONE, fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		unreadable(folder);
		if (fd >= 0)
			close(fd);
		return EXIT_FAILED;
	}
	for (struct dirent *e; result == EXIT_DONE && (errno = 0, e = readdir(dir));) {
		struct stat st;
		size_t end = strlen(folder);
		if (e->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s%s%s", folder, end && folder[end - 1] == '/' ? "" : "/", e->d_name) >= (int)sizeof path) {
			cli_complain("%s: too deep", folder);
			result = EXIT_FAILED;
		} else if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			continue; /* moved away meanwhile */
		} else if (S_ISDIR(st.st_mode)) {
			if (depth == DEPTH_MAX) {
				/* There may be a tombstone in it. */
				cli_complain("%s: too deep, not looked into", path);
				c->damaged++;
			} else {
				result = scan(c, path, depth + 1, only_tombstones);
			}
		} else if (has_suffix(e->d_name, ".tombstone") && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))) {
			/* Also one that is a link (as git-annex makes them): it can only take away, and only what its signature allows. */
			result = found_tombstone(c, path);
		} else if (!S_ISREG(st.st_mode)) {
			continue;
		} else if (!only_tombstones && strcmp(e->d_name, "receipts.jsonl") == 0) {
			result = found_receipts(c, path);
		} else if (!only_tombstones && has_suffix(e->d_name, ".seg")) {
			result = found_segment(c, fd, e->d_name, path);
		}
	}
	closedir(dir);
	return result;
}

static int by_segment(const void *a, const void *b)
{
	const struct collected_segment *x = a, *y = b;
	int order = dataset_compare(&x->at, &y->at);
	return order ? order : strcmp(x->path, y->path);
}

static int by_participant(const void *a, const void *b)
{
	const struct collected_participant *x = a, *y = b;
	int order = strcmp(x->study, y->study);
	return order ? order : strcmp(x->pseudonym, y->pseudonym);
}

int collected_find(struct collected *c, const char *const *inputs, int count, const char *tombstones)
{
	int result = EXIT_DONE;
	memset(c, 0, sizeof *c);
	for (int i = 0; i < count && result == EXIT_DONE; i++) {
		struct stat st;
		if (stat(inputs[i], &st))
			result = unreadable(inputs[i]);
		else if (!S_ISDIR(st.st_mode)) {
			cli_complain("%s: is no folder (with --key, name the folders that were collected from outboxes)", inputs[i]);
			result = EXIT_USAGE;
		} else
			result = scan(c, inputs[i], 0, false);
	}
	if (tombstones && result == EXIT_DONE)
		result = scan(c, tombstones, 0, true);
	if (c->segments)
		qsort(c->segment, (size_t)c->segments, sizeof *c->segment, by_segment);
	if (c->participants)
		qsort(c->participant, (size_t)c->participants, sizeof *c->participant, by_participant);
	return result;
}

void collected_release(struct collected *c)
{
	for (int i = 0; i < c->segments; i++)
		free(c->segment[i].path);
	for (int i = 0; i < c->participants; i++)
		forget_receipts(&c->participant[i]);
	for (int i = 0; i < c->tombstones; i++)
		free(c->tombstone[i]);
	free(c->segment);
	free(c->participant);
	free(c->tombstone);
}

struct collected_participant *collected_person(struct collected *c, const char *study, const char *pseudonym)
{
	int low = 0, high = c->participants;
	while (low < high) {
		int middle = low + (high - low) / 2, order = strcmp(study, c->participant[middle].study);
		order = order ? order : strcmp(pseudonym, c->participant[middle].pseudonym);
		if (order == 0)
			return &c->participant[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct collected_participant *collected_participant(const struct collected *c, const char *study, const char *pseudonym)
{
	struct collected list = {.participant = c->participant, .participants = c->participants};
	return collected_person(&list, study, pseudonym);
}

/* ---- Tombstones ---- */

static int add_tombstone(struct dataset *d, const struct tombstone *t)
{
	for (int i = 0; i < t->count; i++) {
		struct dataset_tombstone *n = dataset_add_tombstone(d);
		if (!n)
			return no_memory();
		memcpy(n->at.segment, t->segment[i].segment, sizeof n->at.segment);
		memcpy(n->at.study, t->study, sizeof t->study);
		memcpy(n->at.participant, t->pseudonym, sizeof t->pseudonym);
		memcpy(n->id, t->id, sizeof n->id);
		snprintf(n->reason, sizeof n->reason, "%s", tombstone_reason_name(t->reason));
		n->t_us = t->t_us;
		memcpy(n->hash, t->segment[i].hash, sizeof n->hash);
		memcpy(n->agent, t->agent_key, sizeof n->agent);
	}
	return EXIT_DONE;
}

const uint8_t *collected_agent(const struct collected *c, const struct dataset *before, const char *study, const char *pseudonym)
{
	const struct collected_participant *p = collected_participant(c, study, pseudonym);
	const struct dataset_participant *known = before ? dataset_participant_at(before, study, pseudonym) : NULL;
	return p && p->audit ? audit_agent_key(p->audit, 0) : known ? known->agent : NULL;
}

static int read_tombstone(const struct collected *c, const char *path, const struct dataset *before, struct dataset *d, int *bad)
{
	struct tombstone t;
	char *text;
	size_t length;
	const char *what = NULL;
	int error = slurp(path, TOMBSTONE_BYTES_MAX, &text, &length), result = EXIT_DONE;
	if (error == ERROR_MEMORY)
		return no_memory();
	if (error == ERROR_IO)
		return unreadable(path);
	if (error == 0) {
		memset(&t, 0, sizeof t);
		error = tombstone_parse(text, length, &t, &what);
		free(text);
	}
	if (error == ERROR_MEMORY)
		return no_memory();
	if (error) {
		cli_complain("%s: is no tombstone: %s", path, error == ERROR_CORRUPT ? "its signature is wrong" : what ? what : error_text(error));
		++*bad;
		return EXIT_DONE;
	}
	const uint8_t *agent = collected_agent(c, before, t.study, t.pseudonym);
	if (agent && memcmp(agent, t.agent_key, sizeof t.agent_key) != 0) {
		cli_complain("%s: was not signed by the participant that it names: it removes nothing", path);
		++*bad;
	} else {
		/* Nothing of theirs can be used without their receipts; when these come, this file may be lost. */
		result = add_tombstone(d, &t);
	}
	tombstone_release(&t);
	return result;
}

int collected_tombstones(const struct collected *c, const struct dataset *before, struct dataset *d, int *bad)
{
	int result = EXIT_DONE;
	*bad = 0;
	for (int i = 0; i < c->tombstones && result == EXIT_DONE; i++)
		result = read_tombstone(c, c->tombstone[i], before, d, bad);
	return result;
}
