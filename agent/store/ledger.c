/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "ledger_inside.h"
#include "standing.h"

enum { TORN_TRIES = 100, HEAD_TRIES = 3 };

void ledger_trust_init(struct ledger_trust *trust, const struct identity *identity)
{
	memset(trust, 0, sizeof *trust);
	trust->identity = identity;
	trust->error = identity_agent_key(identity, HEAD_STUDY, trust->head_key);
}

void ledger_trust_narrow(struct ledger_trust *trust, const char *study)
{
	snprintf(trust->study, sizeof trust->study, "%s", study);
	if (!trust->identity || identity_agent_key(trust->identity, study, trust->study_key))
		trust->study[0] = 0;
	trust->identity = NULL;
}

__attribute__((format(printf, 2, 3)))
static void damage(struct ledger_view *v, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(v->why, sizeof v->why, format, args);
	va_end(args);
	v->standing = STANDING_INVALID;
	v->damaged = true;
}

/* A line that the head does not vouch for. */
static bool signed_well(const struct ledger_trust *t, const char *line, size_t n, const struct receipt *r)
{
	uint8_t key[IDENTITY_KEY];
	if (t->identity)
		return !identity_agent_key(t->identity, r->study, key) && !receipt_verify_agent(line, n, key);
	if (strcmp(r->study, t->study) == 0)
		return !receipt_verify_agent(line, n, t->study_key);
	/* Capture has no key of another study. Soon the head will tell; until then such a line can end things, and begin none. */
	return !receipt_is_yes(r) && r->state != LEDGER_RESUMED;
}

static int take_line(struct ledger_pass *p, const char *line, size_t n)
{
	struct ledger_view *v = p->view;
	struct receipt r;
	uint8_t prev[RECEIPT_HASH], hash[RECEIPT_HASH];
	const char *what;
	p->lines++;
	int e = receipt_parse(line, n, &r, prev, &what);
	if (e == ERROR_MEMORY)
		return e;
	if (e) {
		damage(v, "line %d of the ledger is no receipt: %s", p->lines, what);
		return 0;
	}
	if (memcmp(prev, p->last, RECEIPT_HASH) != 0) {
		damage(v, "line %d of the ledger does not follow the line before it: a line was changed, added or removed", p->lines);
		return 0;
	}
	receipt_hash(line, n, hash);
	bool vouched = p->found == HEAD_GOOD && p->lines <= p->head.lines;
	if (p->found == HEAD_GOOD && p->lines == p->head.lines) {
		p->passed = memcmp(hash, p->head.hash, RECEIPT_HASH) == 0;
		if (!p->passed) {
			damage(v, "line %d of the ledger is not the one that its head knows: it was changed, or replaced by another's", p->lines);
			return 0;
		}
	}
	if (!vouched && !signed_well(p->trust, line, n, &r)) {
		damage(v, "line %d of the ledger is not signed by your identity: it was changed, or made by another", p->lines);
		return 0;
	}
	if (receipt_is_yes(&r) && receipt_verify_participant(line, n, &r)) {
		damage(v, "line %d of the ledger is a yes without the participant's signature", p->lines);
		return 0;
	}
	/* One's key of a study does not change. */
	if (receipt_is_yes(&r) && strcmp(v->given.study, r.study) == 0 && memcmp(v->given.participant_key, r.participant_key, IDENTITY_KEY) != 0) {
		damage(v, "line %d of the ledger is a yes of another participant", p->lines);
		return 0;
	}
	if (p->lines == 1)
		p->first_is_yes = receipt_is_yes(&r);
	standing_apply(v, &p->force_us, &r, hash);
	memcpy(p->last, hash, RECEIPT_HASH);
	p->whole += n + 1;
	return 0;
}

/* 0, also when what it finds is damaged (the view says so); ERROR_MEMORY. */
static int take_lines(struct ledger_pass *p, const char *text, size_t length)
{
	while (p->whole < length && !p->view->damaged) {
		const char *line = text + p->whole, *end = memchr(line, '\n', length - p->whole);
		if (!end) {
			p->torn = true;
			return 0;
		}
		int e = take_line(p, line, (size_t)(end - line));
		if (e)
			return e;
	}
	return 0;
}

/* Goes on where an earlier reading stopped, if all before that is as it was. */
static void resume(struct ledger_pass *p, const char *text, size_t length)
{
	const struct ledger_trust *t = p->trust;
	uint8_t digest[32];
	if (!t->known)
		return;
	p->other = true;
	if (t->length > length)
		return;
	crypto_generichash(digest, sizeof digest, (const unsigned char *)text, t->length, NULL, 0);
	if (memcmp(digest, t->digest, sizeof digest) != 0)
		return;
	p->other = false;
	/* A head behind what was read says nothing of where its line is: all over again. */
	if (p->found != HEAD_GOOD || p->head.lines < t->lines)
		return;
	if (p->head.lines == t->lines && memcmp(p->head.hash, t->hash, sizeof t->hash) != 0)
		return;
	*p->view = t->view;
	p->passed = p->head.lines == t->lines;
	p->force_us = t->force_us;
	p->whole = t->length;
	p->lines = t->lines;
	memcpy(p->last, t->hash, sizeof p->last);
}

static void remember(const struct ledger_pass *p, const char *text)
{
	struct ledger_trust *t = p->trust;
	if (t->known && t->length == p->whole && !p->other)
		return;
	crypto_generichash(t->digest, sizeof t->digest, (const unsigned char *)text, p->whole, NULL, 0);
	t->known = true;
	t->length = p->whole;
	t->lines = p->lines;
	t->force_us = p->force_us;
	t->view = *p->view;
	if (t->newest_us < p->view->newest_us)
		t->newest_us = p->view->newest_us;
	memcpy(t->hash, p->last, sizeof t->hash);
}

/* Other lines than were read before may say no. They may say yes if that is newer than all that was read: an old yes put back is not. */
static void judge_other(struct ledger_pass *p)
{
	struct ledger_view *v = p->view;
	if (!v->damaged && p->other && (v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED) && v->given.t_us <= p->trust->newest_us)
		damage(v, "the ledger was replaced by another, or by an older one, while it was in use (remedy: assent withdraw, and join again)");
}

/* Does the head agree with the lines? */
static void judge_head(struct ledger_pass *p)
{
	if (p->view->damaged)
		return;
	p->by_head = true;
	if (p->found == HEAD_GOOD && p->lines < p->head.lines)
		damage(p->view, "the ledger has %d lines, and had %d: the last ones were cut off, or it was replaced by an older one", p->lines, p->head.lines);
	else if (p->found == HEAD_BAD)
		damage(p->view, "the head of the ledger is damaged, or is another's");
	else if (p->found == HEAD_NONE && (p->lines > 1 || p->first_is_yes))
		damage(p->view, "the head of the ledger is missing: nobody can tell whether lines were cut off");
	else
		p->by_head = false;
}

static void foreign(struct ledger_view *v, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		damage(v, "the ledger is not a regular file");
	else if (st->st_uid != geteuid())
		damage(v, "the ledger belongs to another user (uid %u)", (unsigned)st->st_uid);
	else if (st->st_mode & 022)
		damage(v, "others may write to the ledger (remedy: chmod 600)");
	else if (st->st_size > LEDGER_BYTES_MAX)
		damage(v, "the ledger is larger than %d bytes", LEDGER_BYTES_MAX);
}

static int slurp(int fd, size_t size, char **text, size_t *length)
{
	size_t n = 0;
	*text = malloc(size + 1);
	if (!*text)
		return ERROR_MEMORY;
	while (n < size) {
		ssize_t got = pread(fd, *text + n, size - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERROR_IO;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*length = n;
	return 0;
}

/* The head first: what is appended meanwhile is behind it, and not missing. */
static int find_head(const char *path, struct ledger_pass *p)
{
	int e = head_read(path, p->trust->head_key, &p->head);
	p->found = !e ? HEAD_GOOD : e == ERROR_IO && errno == ENOENT ? HEAD_NONE : HEAD_BAD;
	return e == ERROR_IO && p->found == HEAD_BAD ? e : 0;
}

int ledger_pass(const char *path, int fd, struct ledger_trust *trust, struct ledger_view *v, struct ledger_pass *p)
{
	struct stat st;
	char *text = NULL;
	size_t length = 0;
	memset(v, 0, sizeof *v);
	memset(p, 0, sizeof *p);
	p->view = v;
	p->trust = trust;
	int e = trust ? find_head(path, p) : 0;
	if (e)
		return e;
	if (fstat(fd, &st))
		return ERROR_IO;
	foreign(v, &st);
	if (v->damaged)
		return 0;
	if (!trust) {
		if (st.st_size)
			damage(v, "the ledger is signed by an identity that is not here any more");
		return 0;
	}
	e = slurp(fd, (size_t)st.st_size, &text, &length);
	if (!e) {
		resume(p, text, length);
		e = take_lines(p, text, length);
	}
	if (!e)
		judge_head(p);
	if (!e)
		judge_other(p);
	if (!e && !v->damaged)
		remember(p, text);
	free(text);
	return e;
}

static int absent(const char *path, struct ledger_trust *trust, struct ledger_view *view)
{
	struct ledger_pass p = {.trust = trust};
	int e = trust ? find_head(path, &p) : 0;
	if (e)
		return e;
	if (trust && p.found != HEAD_NONE)
		damage(view, "the ledger is gone, and its head is there");
	return 0;
}

int ledger_read(const char *path, struct ledger_trust *trust, int64_t now_us, struct ledger_view *view)
{
	struct ledger_pass p = {0};
	memset(view, 0, sizeof *view);
	if (sodium_init() < 0)
		return ERROR_IO;
	if (trust && trust->error)
		return trust->error;
	int e = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		e = absent(path, trust, view);
		if (!e)
			standing_judge(view, 0, now_us);
		return e;
	}
	if (fd < 0)
		return ERROR_IO;
	/* No lock: the capture process must not be held up, nor hold up a withdrawal. A line in the middle
	 * of being appended looks torn for some microseconds, a head that is made at the same time missing; what stays so is. */
	for (int torn = 0, head = 0; torn < TORN_TRIES && head < HEAD_TRIES; torn += p.torn, head += p.by_head) {
		e = ledger_pass(path, fd, trust, view, &p);
		if (e || (!p.torn && !p.by_head))
			break;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	if (!e && !view->damaged && p.torn)
		damage(view, "the last line of the ledger is incomplete, as after a crash while it was written "
		       "(remedy: assent withdraw, which removes it, and join again)");
	if (!e)
		standing_judge(view, p.force_us, now_us);
	return e;
}

bool ledger_changed(const char *path, struct ledger_watch *watch)
{
	struct stat st;
	if (fstatat(AT_FDCWD, path, &st, 0)) {
		watch->seen = false;
		return true;
	}
	struct ledger_watch now = {
		.inode = st.st_ino, .size = st.st_size, .seen = true,
		.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
	};
	bool changed = !watch->seen || now.inode != watch->inode || now.size != watch->size ||
		       now.mtime_ns != watch->mtime_ns || now.ctime_ns != watch->ctime_ns;
	*watch = now;
	return changed;
}
