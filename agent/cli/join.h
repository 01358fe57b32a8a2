/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `assent join` share. */
#ifndef ASSENT_JOIN_H
#define ASSENT_JOIN_H

#include "../base/notice.h"
#include "prompt.h"
#include "session.h"

/* Why it is asked. */
enum join_reason {
	JOIN_NEW,
	JOIN_EXPIRED,                    /* it was agreed to, and is over: renewed */
	JOIN_CHANGED                     /* it was agreed to, and has other terms now: renewed */
};

struct join {
	struct session session;
	char path[PLACE_MAX];
	bool again;                      /* --again: also within 30 days of a refusal */
	char *manifest;                  /* its bytes, as they are kept */
	size_t length;
	struct merged merged;
	bool corrected;                  /* the same terms: the manifest was kept, there is nothing to ask */
	enum join_reason reason;
	struct study *before;            /* JOIN_CHANGED: what was agreed to; NULL if it is not there any more: then all is shown */
	const char *language;
	const char *const *words;
	struct notice *notice;
};

/* Not asked again for so long. */
#define JOIN_SILENCE_US (INT64_C(30) * 86400 * 1000000)

/* The newest decision about the study, if it was a refusal: true, and *refused. The ledger was found whole. */
bool join_refused(const char *ledger, const char *study, struct receipt *refused);

/* Shows what is to be decided about, up to the questions. ERROR_GONE: stopped; nothing is decided. */
int join_show(struct join *j, struct prompt *p);
/* Asks about each purpose, in the study's order; fills the purposes of r. The number of purposes agreed to; ERROR_GONE: stopped, put off, or no clear
 * answer: nothing is decided. */
int join_ask(struct join *j, struct prompt *p, struct receipt *r);
/* Says what came of it. r: GIVEN, RENEWED, REFUSED or DEFERRED. */
void join_tell(struct join *j, struct prompt *p, const struct receipt *r);

#endif
