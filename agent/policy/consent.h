/* SPDX-License-Identifier: Apache-2.0 */
/* What may be kept, and when: the only maker of permits. */
#ifndef ASSENT_CONSENT_H
#define ASSENT_CONSENT_H

#include "../event.h"
#include "../limits.h"

/* Leave to keep events of one moment in this detail. Made by consent_permit only; redaction wants one. */
struct permit {
	enum detail keys;
	int64_t key_grid_us;
	enum pointer_detail pointer;
	bool scroll;
	enum app_detail apps;
};

struct consent {
	enum consent_state state;
	int64_t given_us, until_us;       /* UTC */
	int64_t paused_us;                /* UTC: when the pause began that is over now; 0: none */
	struct permit permit;
};

void consent_init(struct consent *c, const struct limits *limits);
/* Takes in a RAW_CONSENT. */
void consent_apply(struct consent *c, const struct raw_event *raw);
/* 0 and a permit for what happened at utc_us, judged at now_us (both UTC); ERROR_DENIED otherwise. */
int consent_permit(const struct consent *c, int64_t utc_us, int64_t now_us, struct permit *permit);

#endif
