/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "audit_inside.h"

/* Room for one more in an array that doubles: NULL when memory is out. */
static void *grow(void *array, int count, size_t size)
{
	if (count && (count & (count - 1)))
		return array;
	return realloc(array, (size_t)(count ? count * 2 : 1) * size);
}

static void end_current(struct audit *a, int64_t t_us, const char *what)
{
	if (a->current >= 0) {
		a->decisions[a->current].ended_us = t_us;
		a->decisions[a->current].ended = what;
	}
	a->current = -1;
	a->paused = false;
}

static int add_decision(struct audit *a, const struct receipt *r, const uint8_t hash[RECEIPT_HASH], bool yes)
{
	void *room = grow(a->decisions, a->count, sizeof *a->decisions);
	if (!room)
		return ERROR_MEMORY;
	a->decisions = room;
	struct decision *d = &a->decisions[a->count];
	memset(d, 0, sizeof *d);
	memcpy(d->hash, hash, sizeof d->hash);
	d->receipt = *r;
	d->yes = yes;
	d->ended_us = INT64_MAX;
	if (yes)
		a->current = a->count;
	a->count++;
	return 0;
}

static int add_pause(struct audit *a, const struct receipt *r)
{
	int64_t until = r->until_us ? r->until_us : INT64_MAX;
	if (a->current < 0)
		return 0;
	/* Pausing in a pause prolongs it, or shortens it from then on. */
	if (a->paused && a->pauses[a->pause_count - 1].until_us > r->t_us) {
		a->pauses[a->pause_count - 1].until_us = until;
		return 0;
	}
	void *room = grow(a->pauses, a->pause_count, sizeof *a->pauses);
	if (!room)
		return ERROR_MEMORY;
	a->pauses = room;
	a->pauses[a->pause_count++] = (struct pause){ a->current, r->t_us, until };
	a->paused = true;
	return 0;
}

int audit_apply(struct audit *a, const struct receipt *r, const uint8_t hash[RECEIPT_HASH])
{
	switch (r->state) {
	case LEDGER_GIVEN:
	case LEDGER_RENEWED:
		end_current(a, r->t_us, "after another decision took its place");
		return add_decision(a, r, hash, true);
	case LEDGER_REFUSED:
		if (a->current >= 0 && strcmp(r->study, a->decisions[a->current].receipt.study) == 0)
			end_current(a, r->t_us, "after it was refused");
		break;
	case LEDGER_WITHDRAWN:
		end_current(a, r->t_us, "after consent was withdrawn");
		break;
	case LEDGER_EXPIRED:
		end_current(a, r->t_us, "after consent expired");
		break;
	case LEDGER_INVALIDATED:
		end_current(a, r->t_us, "after consent became invalid");
		break;
	case LEDGER_PAUSED:
		return add_pause(a, r);
	case LEDGER_RESUMED:
		if (a->paused && a->pauses[a->pause_count - 1].until_us > r->t_us)
			a->pauses[a->pause_count - 1].until_us = r->t_us;
		a->paused = false;
		return 0;
	case LEDGER_REQUESTED:
	case LEDGER_DEFERRED:
	case LEDGER_STATE_COUNT:
		break;
	}
	return add_decision(a, r, hash, false);
}

int audit_find(const struct audit *a, const uint8_t hash[32], const char *study, const char **why)
{
	for (int i = 0; i < a->count; i++) {
		const struct decision *d = &a->decisions[i];
		if (memcmp(d->hash, hash, sizeof d->hash) != 0)
			continue;
		if (!d->yes) {
			*why = "the receipt that it names is not a yes";
			return -1;
		}
		if (strcmp(d->receipt.study, study) != 0) {
			*why = "the receipt that it names is of another study";
			return -1;
		}
		return i;
	}
	*why = a->released ? "the yes that it names is not among the receipts" : "the yes that it names is not in the ledger";
	return -1;
}

bool audit_permits(const struct audit *a, int decision, int64_t t_us, const char **why)
{
	const struct decision *d = &a->decisions[decision];
	*why = NULL;
	if (t_us < d->receipt.t_us - AUDIT_GRID_US)
		*why = "before consent was given";
	else if (t_us > d->receipt.until_us)
		*why = "after consent had expired";
	else if (t_us - AUDIT_SLACK_US > d->ended_us)
		*why = d->ended;
	for (int i = 0; i < a->pause_count && !*why; i++) {
		const struct pause *p = &a->pauses[i];
		if (p->decision == decision && t_us > p->from_us + AUDIT_SLACK_US && t_us < p->until_us - AUDIT_GRID_US)
			*why = "while recording was paused";
	}
	return !*why;
}

bool audit_permits_all(const struct audit *a, int decision, int64_t from_us, int64_t to_us)
{
	const char *why;
	if (!audit_permits(a, decision, from_us, &why) || !audit_permits(a, decision, to_us, &why))
		return false;
	/* A pause in between. */
	for (int i = 0; i < a->pause_count; i++) {
		const struct pause *p = &a->pauses[i];
		if (p->decision == decision && to_us > p->from_us + AUDIT_SLACK_US && from_us < p->until_us - AUDIT_GRID_US)
			return false;
	}
	return true;
}

static bool agrees(const struct receipt *r, const char *purpose_id)
{
	for (int i = 0; i < r->purposes; i++)
		if (strcmp(r->purpose[i].id, purpose_id) == 0)
			return r->purpose[i].agreed;
	return false;
}

bool audit_agrees(const struct audit *a, int decision, const char *purpose_id)
{
	return a->decisions[decision].yes && agrees(&a->decisions[decision].receipt, purpose_id);
}

bool audit_refused_since(const struct audit *a, int decision, const char *purpose_id)
{
	for (int i = decision + 1; i < a->count; i++) {
		const struct decision *d = &a->decisions[i];
		if (strcmp(d->receipt.study, a->decisions[decision].receipt.study) == 0 &&
		    (d->yes || d->receipt.state == LEDGER_REFUSED) && !agrees(&d->receipt, purpose_id))
			return true;
	}
	return false;
}

bool audit_withdrawn_since(const struct audit *a, int decision)
{
	for (int i = decision + 1; i < a->count; i++)
		if (a->decisions[i].receipt.state == LEDGER_WITHDRAWN && strcmp(a->decisions[i].receipt.study, a->decisions[decision].receipt.study) == 0)
			return true;
	return false;
}

int audit_decisions(const struct audit *a) { return a->count; }

const char *audit_purpose(const struct audit *a, int decision, int i, bool *agreed)
{
	const struct decision *d = &a->decisions[decision];
	if (!d->yes || i < 0 || i >= d->receipt.purposes)
		return NULL;
	*agreed = d->receipt.purpose[i].agreed;
	return d->receipt.purpose[i].id;
}

const uint8_t *audit_agent_key(const struct audit *a, int decision) { return a->decisions[decision].receipt.agent_key; }


const char *audit_pseudonym(const struct audit *a, int decision) { return a->decisions[decision].receipt.pseudonym; }

int audit_lines(const struct audit *a, int *signatures)
{
	*signatures = a->signatures;
	return a->lines;
}
