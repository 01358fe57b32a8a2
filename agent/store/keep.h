/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing what is in a spool already: retention, forgetting, erasing. Whoever does holds the lock data/spool/.keep (flock). A writer that
 * records needs it not, and its .part is let alone: what is done to files under way is done under the writer's own lock (.lock), when it is free.
 *
 * Forgetting is one step for all segments that it touches, of all studies: the new ones are written beside the old (NEW.new, NEW.key), then the
 * plan data/spool/.forget is put in place: that is the moment. What follows (old keys destroyed, old segments removed, new ones renamed,
 * recipients told, the plan removed) is done again by whoever takes the lock next, if it was interrupted; without a plan, .new files are removed.
 * Hence a reader calls keep_settle first. The plan is text:
 *
 *   assent forget 1
 *   segment STUDY OLD NEW            NEW is - if nothing of it could be read, and nothing takes its place
 *   end
 *
 * Lock order: this lock, then that of the outbox (outbox.h).
 */
#ifndef ASSENT_KEEP_H
#define ASSENT_KEEP_H

#include "../base/places.h"
#include "identity.h"
#include "keyring.h"
#include "spool.h"

/* Takes the lock (waits for it) and finishes what was interrupted. A descriptor to keep_unlock; ERROR_GONE: there is no spool, and nothing in it to
 * change; ERROR_IO. That recipients could not be told yet is no error: it is tried again by the next. */
int keep_lock(const struct places *places);
void keep_unlock(int lock);
/* For readers of a data directory (its path): finishes a deletion that was interrupted, or says that it cannot: ERROR_IO, ERROR_DENIED (not ours to
 * write). 0 in all other cases, and fast. */
int keep_settle(const char *data);

struct keep_report {
	int removed, failed;
	int64_t next_us;                 /* when the next segment is due; INT64_MAX: none */
	bool under_way;                  /* a segment that a writer has in hand is due: it must be finished first */
};
/* Removes what is due: finished segments whose key file says so at now_us, or that are older than most_us (the policy's; 0: none). Recipients of
 * those that were released are told first (expired); then the key goes, then the segment. What a crash left in a folder that no
 * writer uses is completed before. Segments without a key file, and key files without a segment, go too. ERROR_IO, ERROR_MEMORY. */
int keep_expire(const struct places *places, const struct identity *identity, int64_t most_us, int64_t now_us, struct keep_report *report);

struct keep_choice {
	int64_t since_us, until_us;      /* UTC, both inclusive; INT64_MIN, INT64_MAX: open */
	const char *app;                 /* glob as `assent show --app`; NULL: all */
	const char *segment;             /* this one (a name without suffix); NULL: all */
	const char *study;               /* NULL: all */
	int64_t asked_us;                /* segments that were begun between this and now are not meant: somebody thought before he said yes */
	void (*progress)(void *user, int done, int of); /* may be NULL */
	void *user;
};
struct keep_forgotten {
	int segments;
	uint64_t events;
	int released;                    /* of them were released; after keep_forget a tombstone names them */
	bool untold;                     /* it is done here, but the tombstones could not be written yet: whoever takes the lock next tries again */
	int64_t first_us, last_us;       /* of what is chosen; INT64_MAX, INT64_MIN: nothing */
	char where[SPOOL_PATH_MAX];      /* on an error: the segment that it is about, or "" */
	struct spool_list again;         /* STUDY/NEW of those whose old ones were released: to be released again. spool_list_release */
};
/* Counts what the choice names, also in segments under way, and changes nothing. Errors as below. */
int keep_look(const struct places *places, const struct keyring *keyring, const struct keep_choice *choice, struct keep_forgotten *found);
/*
 * Forgets what the choice names: every row that overlaps it; spans and gaps are cut down to what is outside. Rows of kind start, stop, clock, screen and
 * layout stay, as they say nothing of what was done. In its place stands a gap of reason forgotten from the first to the last second touched,
 * without a number: one for a stretch, one for each run of rows of an application.
 *
 * On an error nothing is changed: ERROR_DENIED (the keyring cannot open a segment that may be meant), ERROR_CORRUPT (one is damaged, and what is
 * in the damage may be meant: only by its name it can be deleted), ERROR_AGAIN (one is under way), ERROR_IO, ERROR_MEMORY. But for
 * one case: ERROR_IO after the plan was put in place, with done->segments not 0: then it is decided, and the next who takes the lock completes it.
 */
int keep_forget(const struct places *places, const struct identity *identity, const struct keyring *keyring, const struct keep_choice *choice,
	struct keep_forgotten *done);

/* Erases all of a study, or (NULL) everything: keys first. The folder itself goes too, so that a writer that was stopped in the middle can write
 * nothing any more. A lock that cannot be taken by anybody (it is no file) does not stand in the way. Also what an interrupted forget left. What cannot be removed is counted, the rest goes on: 0, or ERROR_IO if anything failed. */
struct keep_erased { int keys, segments; int64_t bytes; int failed; };
int keep_erase(const struct places *places, const char *study, struct keep_erased *done);

#endif
