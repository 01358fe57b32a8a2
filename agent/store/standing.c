/* SPDX-License-Identifier: Apache-2.0 */
#include "standing.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"

static void give(struct ledger_view *v, int64_t *force_us, const struct receipt *r, const uint8_t hash[RECEIPT_HASH])
{
	v->standing = STANDING_GIVEN;
	v->given = *r;
	memcpy(v->receipt_hash, hash, RECEIPT_HASH);
	sodium_bin2hex(v->epoch, sizeof v->epoch, hash, 16);
	v->paused_us = v->paused_until_us = v->resumed_from_us = 0;
	*force_us = 0;
}

void standing_apply(struct ledger_view *v, int64_t *force_us, const struct receipt *r, const uint8_t hash[RECEIPT_HASH])
{
	bool in_force = v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED;
	switch (r->state) {
	case LEDGER_GIVEN:
	case LEDGER_RENEWED:
		give(v, force_us, r, hash);
		break;
	case LEDGER_REFUSED:
		/* A no to one study is no answer to another. */
		if (!in_force || strcmp(r->study, v->given.study) == 0)
			v->standing = STANDING_REFUSED;
		break;
	case LEDGER_WITHDRAWN: v->standing = STANDING_WITHDRAWN; break;
	case LEDGER_EXPIRED: v->standing = STANDING_EXPIRED; break;
	case LEDGER_INVALIDATED: v->standing = STANDING_INVALID; break;
	case LEDGER_PAUSED:
		if (!in_force)
			break;
		/* Pausing in a pause prolongs it. */
		if (v->standing == STANDING_GIVEN || (v->paused_until_us && v->paused_until_us <= r->t_us))
			v->paused_us = r->t_us;
		v->paused_until_us = r->until_us;
		v->standing = STANDING_PAUSED;
		break;
	case LEDGER_RESUMED:
		if (v->standing == STANDING_PAUSED) {
			v->standing = STANDING_GIVEN;
			v->resumed_from_us = v->paused_us;
		}
		/* Who resumes says that it is now: what was noted by a clock that was ahead does not count against that. The decision itself does. */
		if (in_force && r->t_us >= v->given.t_us && r->t_us < *force_us)
			*force_us = r->t_us;
		break;
	case LEDGER_REQUESTED:
	case LEDGER_DEFERRED:
	case LEDGER_STATE_COUNT:
		break;
	}
	if (r->t_us > v->newest_us)
		v->newest_us = r->t_us;
	if (r->t_us > *force_us)
		*force_us = r->t_us;
}

void standing_judge(struct ledger_view *v, int64_t force_us, int64_t now_us)
{
	static const char *const whys[] = {
		[STANDING_NEVER] = "nobody has agreed to a study",
		[STANDING_WITHDRAWN] = "consent was withdrawn",
		[STANDING_REFUSED] = "it was asked, and refused",
		[STANDING_EXPIRED] = "consent has expired",
		[STANDING_INVALID] = "consent was invalidated, since the terms of the study changed; it must be asked again (assent join)",
	};
	char time[28];
	if (v->damaged)
		return;
	if (v->standing == STANDING_GIVEN || v->standing == STANDING_PAUSED) {
		if (force_us - STANDING_SLACK_US > now_us || v->given.t_us > now_us) {
			v->standing = STANDING_INVALID;
			v->clock_wrong = true;
			snprintf(v->why, sizeof v->why, "the clock is behind the newest receipt, of %s: nothing is recorded until it is past that (remedy: set the "
				 "clock; if that receipt's time is wrong, %s)", clock_format(force_us, time),
				 v->given.t_us > now_us ? "withdraw and join again" : "assent resume");
			return;
		}
		if (now_us >= v->given.until_us) {
			v->standing = STANDING_EXPIRED;
			v->lapsed = true;
		} else if (v->standing == STANDING_PAUSED && v->paused_until_us && now_us >= v->paused_until_us) {
			v->standing = STANDING_GIVEN;
			v->resumed_from_us = v->paused_us;
		}
	}
	if (v->standing == STANDING_PAUSED && v->paused_until_us)
		snprintf(v->why, sizeof v->why, "paused until %s", clock_format(v->paused_until_us, time));
	else if (v->standing == STANDING_PAUSED)
		snprintf(v->why, sizeof v->why, "paused until it is resumed");
	else if (v->standing != STANDING_GIVEN)
		snprintf(v->why, sizeof v->why, "%s", whys[v->standing]);
	if (v->standing != STANDING_PAUSED)
		v->paused_us = v->paused_until_us = 0;
}
