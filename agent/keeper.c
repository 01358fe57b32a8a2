/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/settings.h"
#include "error.h"
#include "store/keep.h"
#include "store/later.h"
#include "store/outbox.h"

#define SECOND_US INT64_C(1000000)

bool keeper_believes(struct keeper_clock *k, int64_t utc_us, int64_t boot_us, bool *news)
{
	int64_t offset = utc_us - boot_us;
	*news = false;
	if (k->known && offset > k->offset_us + KEEPER_STEP_S * SECOND_US) {
		if (!k->doubtful) {
			k->doubtful = *news = true;
			k->doubt_us = boot_us;
		}
		if (boot_us - k->doubt_us < KEEPER_DOUBT_S * SECOND_US)
			return false;
	}
	k->doubtful = false;
	k->known = true;
	k->offset_us = offset;
	return true;
}

void keeper_plan(struct keeper_clock *k, int64_t now_us, int64_t utc_us, int64_t due_us, bool failed)
{
	int64_t wait = KEEPER_EVERY_S * SECOND_US, soonest = KEEPER_SOONEST_S * SECOND_US;
	/* What failed is due still: not at once again. */
	if (!failed && due_us < utc_us + wait)
		wait = due_us > utc_us + soonest ? due_us - utc_us : soonest;
	k->next_us = now_us + wait;
}

static void complain(const char *segment, const char *what)
{
	log_warn("%s was not released: %s", segment, what);
}

static const char *text_of(int error)
{
	return error == ERROR_IO ? strerror(errno) : error_text(error);
}

static int64_t release(const struct places *places, const struct identity *identity, const struct settings *policy,
	const struct settings *participant, bool *failed)
{
	struct outbox_request request = { .now_us = clock_utc_us(), .before_us = INT64_MAX, .policy = policy, .participant = participant,
					  .complain = complain };
	struct outbox_report report = { .next_us = INT64_MAX };
	int error = outbox_release(places, identity, NULL, &request, &report);
	if (error)
		log_warn("nothing was released: %s", text_of(error));
	if (report.released)
		log_info("%d segment%s released after the time for review", report.released, report.released == 1 ? "" : "s");
	*failed = *failed || error || report.failed;
	return report.next_us;
}

static int work(const struct places *places, struct stats *stats, const struct settings *policy, const struct settings *participant, bool readable)
{
	struct identity *identity = NULL;
	struct keep_report report;
	bool failed = false;
	int64_t next = INT64_MAX;
	char later[LATER_TEXT];
	if (later_find(places, later)) {
		log_warn("nothing is deleted or released: %s", later);
		return KEEPER_DONE;
	}
	int error = identity_load(places->identity, &identity);
	/* Who was never asked has none, and nothing to keep either. */
	if (error && !(error == ERROR_IO && errno == ENOENT))
		log_warn("%s: %s; what is due is deleted all the same", places->identity, text_of(error));
	if (error)
		identity = NULL;
	else
		identity_close(identity);
	error = keep_expire(places, identity, settings_retention_us(policy, participant), clock_utc_us(), &report);
	if (error)
		log_error("%s: what was kept as long as it may be cannot be deleted: %s", places->spool, text_of(error));
	if (report.removed)
		log_info("%d segment%s kept as long as it may be: deleted", report.removed, report.removed == 1 ? " was" : "s were");
	if (report.failed)
		log_error("%s: %d segments are due and cannot be deleted, or their recipients not be told: it is tried again", places->spool,
			  report.failed);
	failed = error || report.failed;
	/* Nothing is released under settings that cannot be read: they may forbid it. */
	if (identity && readable)
		next = release(places, identity, policy, participant, &failed);
	identity_free(identity);
	atomic_store(&stats->keep_next_us, report.next_us < next ? report.next_us : next);
	atomic_store(&stats->keep_under_way, report.under_way);
	return failed ? KEEPER_FAILED : KEEPER_DONE;
}

static int run(const struct places *places, struct stats *stats, struct settings *policy, struct settings *participant)
{
	struct config_error error;
	const char *what = "";
	bool readable = true;
	/* At any instant it may be ended: what it does is whole or is done again. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (settings_load(places->policy, true, policy, &error) || settings_load(places->config, false, participant, &error)) {
		log_warn("%s; nothing is released", error.text);
		policy->has_retention = participant->has_retention = false;
		readable = false;
	}
	if (access(places->data, F_OK))
		return KEEPER_DONE;
	/* Where IT has it collected from may be elsewhere: to be known before the sandbox. */
	char path[PLACE_MAX + 16];
	struct stat st;
	snprintf(path, sizeof path, "%s/outbox", places->data);
	bool elsewhere = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (sandbox_begin(&what) || sandbox_keeper(places->data, elsewhere ? path : NULL, &what)) {
		log_error("sandbox: %s", what);
		return KEEPER_FAILED;
	}
	return work(places, stats, policy, participant, readable);
}

int keeper_run(const struct places *places, struct stats *stats)
{
	/* Not static: capture would lock them, too. */
	struct settings *policy = calloc(1, sizeof *policy), *participant = calloc(1, sizeof *participant);
	log_name("assentd[keeper]");
	int result = policy && participant ? run(places, stats, policy, participant) : KEEPER_FAILED;
	free(policy);
	free(participant);
	return result;
}
