/* SPDX-License-Identifier: Apache-2.0 */
#include "consent.h"

#include <string.h>

#include "../error.h"

void consent_init(struct consent *c, const struct limits *limits)
{
	memset(c, 0, sizeof *c);
	c->permit = (struct permit){
		.keys = limits->keys, .key_grid_us = limits->key_grid_us, .pointer = limits->pointer,
		.scroll = limits->scroll, .apps = limits->apps,
	};
}

void consent_apply(struct consent *c, const struct raw_event *raw)
{
	c->state = raw->as.consent.state;
	c->given_us = raw->as.consent.given_us;
	c->until_us = raw->as.consent.until_us;
	c->paused_us = raw->as.consent.paused_us;
}

int consent_permit(const struct consent *c, int64_t utc_us, int64_t now_us, struct permit *permit)
{
	if (c->state != CONSENT_GIVEN)
		return ERROR_DENIED;
	/* Both times: an event must have been agreed to when it happened, and still be when it is kept. A clock
	 * that was set back behind the decision ends it here, too. */
	if (utc_us < c->given_us || utc_us >= c->until_us || now_us < c->given_us || now_us >= c->until_us)
		return ERROR_DENIED;
	*permit = c->permit;
	return 0;
}
