/* SPDX-License-Identifier: Apache-2.0 */
/* What `assent status` found out, and its two ways to say it. */
#ifndef ASSENT_STATUS_H
#define ASSENT_STATUS_H

#include <stdio.h>

#include "session.h"

struct status {
	struct session session;          /* its ledger is read; study: NULL unless has_limits */
	struct merged merged;
	bool has_limits;                 /* merged is filled */
	bool recording, agent_silent, is_private;
	const char *state;
	char why[2048];
	struct config *agent;            /* the agent's answer; NULL: none */
	char raw[SESSION_ANSWER_MAX];
	int64_t private_us;              /* UTC: since when is_private */
	char agent_state[64], agent_why[2048];
};

void status_text(const struct status *t, FILE *out);
/* One object on one line. */
void status_json(const struct status *t, FILE *out);

#endif
