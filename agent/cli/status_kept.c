/* SPDX-License-Identifier: Apache-2.0 */
/* What of the recordings is held, released, collected and called back, in both ways of `assent status`. */
#include "../base/clock.h"
#include "../store/outbox.h"
#include "status.h"

static int count(const struct status *t, struct outbox_counts *n)
{
	const struct session *s = &t->session;
	return outbox_count(&s->places, NULL, t->has_limits ? &t->merged : NULL, settings_retention_us(&s->policy, &s->participant), n);
}

void status_kept_text(const struct status *t, FILE *out)
{
	struct outbox_counts n;
	char time[32];
	if (count(t, &n)) {
		fprintf(out, "Kept:       cannot be looked at (%s)\n", t->session.places.data);
		return;
	}
	if (!n.held && !n.released && !n.tombstones)
		return;
	fprintf(out, "Held:       %d segment%s, which nobody else has yet", n.held, n.held == 1 ? "" : "s");
	if (n.held_never)
		fprintf(out, "; %d of them never leave%s", n.held_never, n.held_never == 1 ? "s" : "");
	if (n.next_release_us != INT64_MAX)
		fprintf(out, "; the next is released %s\n", session_time(n.next_release_us, time));
	else
		fprintf(out, n.held > n.held_never ? "; released only by hand (assent release)\n" : "\n");
	fprintf(out, "Released:   %d, of which %d collected\n", n.released, n.collected);
	if (n.tombstones)
		fprintf(out, "Tombstones: %d, of which %d collected: recipients are told to delete\n", n.tombstones, n.tombstones_collected);
	if (n.next_expiry_us != INT64_MAX)
		fprintf(out, "Retention:  the next segment is deleted %s\n", session_time(n.next_expiry_us, time));
}

static void moment(FILE *out, const char *key, int64_t t_us)
{
	char time[28];
	fprintf(out, ",\"%s\":", key);
	if (t_us == INT64_MAX)
		fputs("null", out);
	else
		fprintf(out, "\"%s\"", clock_format(t_us, time));
}

void status_kept_json(const struct status *t, FILE *out)
{
	struct outbox_counts n;
	if (count(t, &n)) {
		fputs(",\"segments\":null", out);
		return;
	}
	fprintf(out, ",\"segments\":{\"held\":%d,\"held_for_good\":%d,\"released\":%d,\"collected\":%d,\"tombstones\":%d,\"tombstones_collected\":%d",
		n.held, n.held_never, n.released, n.collected, n.tombstones, n.tombstones_collected);
	moment(out, "next_release", n.next_release_us);
	moment(out, "next_expiry", n.next_expiry_us);
	fputc('}', out);
}
