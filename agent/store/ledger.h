/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: one JSON object a line (JSON Lines), append-only, each with the hash of the line
 * before it. In this version it is neither signed nor encrypted; `version` says so.
 */
#ifndef ASSENT_LEDGER_H
#define ASSENT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/study.h"

enum ledger_state { LEDGER_REQUESTED, LEDGER_GIVEN, LEDGER_REFUSED, LEDGER_WITHDRAWN, LEDGER_PAUSED, LEDGER_RESUMED,
	LEDGER_EXPIRED, LEDGER_INVALIDATED, LEDGER_RENEWED, LEDGER_STATE_COUNT };

enum { LEDGER_BYTES_MAX = 16 << 20 };

struct receipt {
	enum ledger_state state;
	char id[33];                     /* random, hex */
	char study[65];
	int64_t t_us;                    /* UTC, when it was decided */
	int64_t until_us;                /* GIVEN: valid until; PAUSED: resumes then, 0 = until resumed */
	uint8_t manifest_hash[32];
	int purposes;                    /* of GIVEN and REFUSED: every purpose that was asked */
	struct { char id[65]; bool agreed; } purpose[STUDY_PURPOSES_MAX];
};

/* What the ledger says now. */
enum standing { STANDING_NEVER, STANDING_GIVEN, STANDING_PAUSED, STANDING_WITHDRAWN, STANDING_REFUSED, STANDING_EXPIRED,
	STANDING_INVALID };

struct ledger_view {
	enum standing standing;
	char why[256];                   /* for people, when it is not GIVEN */
	bool damaged;                    /* INVALID, and the file itself is at fault */
	bool clock_wrong;                /* INVALID, only because the clock is behind the newest receipt in force */
	struct receipt given;            /* the last that was given; in force only if the standing is GIVEN or PAUSED */
	uint8_t receipt_hash[32];        /* of its line */
	char epoch[33];                  /* hex: names the epoch; first 16 bytes of receipt_hash */
	int64_t paused_us, paused_until_us;  /* PAUSED: since when, until when (0 = open) */
	int64_t resumed_from_us;         /* GIVEN: when the last pause before now began; 0 = none */
	int64_t newest_us;               /* newest time of any line */
};

/*
 * Reads and judges at time now_us (UTC). 0 even when the standing is NEVER (no file) or INVALID (a broken or
 * incomplete line, a broken chain, the decision in force or anything after it more than a minute in the future,
 * not owned by us, writable by others): invalid never permits capture. ERROR_IO/ERROR_MEMORY only for the
 * machine's faults: then capture must not run. Takes no lock and makes no other system calls than
 * openat, fstat, pread, geteuid, close (and the allocator's).
 */
int ledger_read(const char *path, int64_t now_us, struct ledger_view *view);

/* Appends under a lock, in one write, and fsyncs. Creates the file (0600) in a folder that exists. Fills id if it is
 * empty and t_us if it is 0. ERROR_IO; ERROR_INVALID: a receipt that makes no sense, or a ledger that is damaged:
 * refuses to add. Only an incomplete last line is mended, by WITHDRAWN alone, which takes its place. */
int ledger_append(const char *path, struct receipt *receipt);

/* Cheap: has the file changed since the last call (inode, size, mtime)? One fstatat. Also true when it cannot be looked at. */
struct ledger_watch { uint64_t inode; int64_t size, mtime_ns, ctime_ns; bool seen; };
bool ledger_changed(const char *path, struct ledger_watch *watch);

#endif
