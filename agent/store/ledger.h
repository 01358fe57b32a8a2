/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: one receipt a line (receipt.h), append-only. Each line holds the hash of the line before it and the agent's signature;
 * each yes the participant's, too. Beside it is its head (data/ledger.head, head.h), which says under a signature how many lines there are
 * and which is the last: it is replaced after each line, so that lines cannot be cut off unseen. A ledger that goes further than its head
 * is one whose writer was interrupted between the two: lines behind the head count by their own signature.
 *
 * What it cannot show: that folder, head and all were put back to what they were before while nothing of this program ran.
 */
#ifndef ASSENT_LEDGER_H
#define ASSENT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/study.h"
#include "identity.h"

enum ledger_state { LEDGER_REQUESTED, LEDGER_GIVEN, LEDGER_REFUSED, LEDGER_WITHDRAWN, LEDGER_PAUSED, LEDGER_RESUMED,
	LEDGER_EXPIRED, LEDGER_INVALIDATED, LEDGER_RENEWED, LEDGER_DEFERRED, LEDGER_STATE_COUNT };

enum { LEDGER_BYTES_MAX = 16 << 20 };

struct receipt {
	enum ledger_state state;
	char id[33];                     /* random, hex */
	char study[65];
	int64_t t_us;                    /* UTC, when it was decided */
	int64_t until_us;                /* GIVEN, RENEWED: valid until; PAUSED: resumes then, 0 = until resumed */
	uint8_t manifest_hash[32];       /* study.hash: the manifest's canonical form */
	uint8_t terms_hash[32];          /* study.terms_hash: what the decision is about */
	uint8_t notice_hash[32];         /* of the notice's text; a yes has it, and the next; else they may be zeros */
	uint8_t shown_hash[32];          /* of all that was printed before the last answer */
	uint8_t policy_hash[32];         /* merged.hash: policy and participant's settings together with the study */
	char language[12];               /* in which it was shown; of a yes: needed */
	char pseudonym[IDENTITY_PSEUDONYM]; /* of a yes: filled by ledger_append; else as the last yes had it, or empty */
	uint8_t participant_key[IDENTITY_KEY], agent_key[IDENTITY_KEY]; /* of a yes: filled by ledger_append; else zeros */
	int purposes;                    /* of GIVEN, RENEWED and REFUSED: every purpose that was asked */
	struct { char id[65]; bool agreed; } purpose[STUDY_PURPOSES_MAX];
	const struct study *about;       /* of a yes that is written: borrowed; the rest of the receipt is told from it. NULL when read */
};

/* What the ledger says now. */
enum standing { STANDING_NEVER, STANDING_GIVEN, STANDING_PAUSED, STANDING_WITHDRAWN, STANDING_REFUSED, STANDING_EXPIRED,
	STANDING_INVALID };

struct ledger_view {
	enum standing standing;
	char why[256];                   /* for people, when it is not GIVEN */
	bool damaged;                    /* INVALID, and the file itself is at fault */
	bool clock_wrong;                /* INVALID, only because the clock is behind the newest receipt in force */
	bool lapsed;                     /* EXPIRED by the clock alone: no line says so yet */
	struct receipt given;            /* the last that was given; in force only if the standing is GIVEN or PAUSED */
	uint8_t receipt_hash[32];        /* of its line */
	char epoch[33];                  /* hex: names the epoch; first 16 bytes of receipt_hash */
	int64_t paused_us, paused_until_us;  /* PAUSED: since when, until when (0 = open) */
	int64_t resumed_from_us;         /* GIVEN: when the last pause before now began; 0 = none */
	int64_t newest_us;               /* newest time of any line */
};

/* Whose signatures count, and what was verified already: that is not verified again, and must not change. */
struct ledger_trust {
	const struct identity *identity; /* borrowed, or NULL after ledger_trust_narrow */
	uint8_t head_key[IDENTITY_KEY];  /* public, of what signs the head */
	char study[65];                  /* without an identity: the one study whose key is known, */
	uint8_t study_key[IDENTITY_KEY]; /* which is this */
	/* The ledger's own. */
	int error;                       /* its keys cannot be made (no memory to lock): every reading is this */
	bool known;
	size_t length;                   /* bytes that were verified, */
	uint8_t digest[32];              /* their hash, */
	int lines;
	uint8_t hash[32];                /* and that of the last line */
	int64_t force_us, newest_us;     /* newest: of all that was ever read, also of lines that are gone */
	struct ledger_view view;         /* before it is judged */
};

/* The identity has to outlive it, and need not be open. */
void ledger_trust_init(struct ledger_trust *trust, const struct identity *identity);
/* Forgets the identity, and keeps the public keys that a capture process of this study needs, and what is verified already. */
void ledger_trust_narrow(struct ledger_trust *trust, const char *study);

/*
 * Reads and judges at time now_us (UTC). 0 even when the standing is NEVER (no file) or INVALID (a broken or
 * incomplete line, a broken chain, a bad signature, fewer lines than the head knows, a head that is missing, a yes in other lines than were read before that is no newer than these,
 * the decision in force or anything after it more than a second in the future,
 * not owned by us, writable by others): invalid never permits capture. trust NULL (there is no identity): a ledger that is there is
 * INVALID, signed by another. ERROR_IO/ERROR_MEMORY only for the
 * machine's faults: then capture must not run. Takes no lock and makes no other system calls than
 * openat, fstat, pread, geteuid, close (and the allocator's).
 */
int ledger_read(const char *path, struct ledger_trust *trust, int64_t now_us, struct ledger_view *view);

/* Appends under a lock, in one write, fsyncs, and replaces the head. Creates the file (0600) in a folder that exists. Fills id if it is
 * empty, t_us if it is 0, and of a yes pseudonym and keys. ERROR_IO; ERROR_DENIED: a yes, and the identity is not open; ERROR_LIMIT;
 * ERROR_INVALID: a receipt that makes no sense (a yes without about, language, notice_hash or shown_hash, too), or a ledger that is
 * damaged or another's: refuses to add. Only an incomplete last line is mended, by WITHDRAWN alone, which takes its place. */
int ledger_append(const char *path, const struct identity *identity, struct receipt *receipt);

/* The same for who has read it: what trust holds already is not verified again. only_next: ERROR_AGAIN if a line was added since. */
int ledger_append_known(const char *path, struct ledger_trust *trust, bool only_next, struct receipt *receipt);

/* For a withdrawal from a ledger that is damaged: moves it (and its head) to LEDGER.damaged-TIME, and begins a new one with this receipt.
 * moved: where it is now (size bytes). ERROR_IO, ERROR_LIMIT, or as ledger_append. */
int ledger_begin_anew(const char *path, const struct identity *identity, struct receipt *receipt, char *moved, size_t size);

/* Cheap: has the file changed since the last call (inode, size, mtime)? One fstatat. Also true when it cannot be looked at. */
struct ledger_watch { uint64_t inode; int64_t size, mtime_ns, ctime_ns; bool seen; };
bool ledger_changed(const char *path, struct ledger_watch *watch);

#endif
