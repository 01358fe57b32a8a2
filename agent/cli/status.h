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
	bool has_policy;                 /* there is one, and session.policy holds it */
	char policy_problem[512];        /* there is one that cannot be used: why */
	bool recording, agent_silent, is_private;
	bool agent_later;                /* it speaks a later protocol */
	const char *state;
	char why[2048];
	struct config *agent;            /* the agent's answer; NULL: none */
	char raw[SESSION_ANSWER_MAX];
	int64_t private_us;              /* UTC: since when is_private */
	char agent_state[64], agent_why[2048];
	char agent_version[32], agent_program[16]; /* empty: it does not say, being older */
	char disk_problem[160], disk_remedy[160];  /* empty: there is none */
	char agent_source[32];           /* what the agent records; empty: it does not say */
};

/* Does an agent run that is another program than the installed one? */
bool status_outdated(const struct status *t);

void status_text(const struct status *t, FILE *out);
/* One object on one line. */
void status_json(const struct status *t, FILE *out);

/* Their parts about limits, references and policy, with where each comes from. status_limits_json begins with a comma. */
void status_limits_text(const struct status *t, FILE *out);
void status_limits_json(const struct status *t, FILE *out);
/* Their parts about what is held, released and collected. status_kept_json begins with a comma. */
void status_kept_text(const struct status *t, FILE *out);
void status_kept_json(const struct status *t, FILE *out);
/* The policy alone, as an object. */
void status_policy_json(const struct status *t, FILE *out);
/* Reads the policy, also for who takes part in nothing: has_policy, policy_problem. */
void status_read_policy(struct status *t);
/* What IT may know, whatever was decided: one object on one line. Its exit code. */
int status_inventory(struct status *t, FILE *out);
/* In JSON: quoted, or null. */
void status_string(FILE *out, const char *s);

#endif
