/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "obstacle.h"

static size_t json_text(char *out, size_t size, const char *text)
{
	size_t n = 0;
	for (; *text && n + 8 < size; text++) {
		unsigned char ch = (unsigned char)*text;
		if (ch == '"' || ch == '\\')
			out[n++] = '\\';
		if (ch < 0x20)
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", ch);
		else
			out[n++] = (char)ch;
	}
	out[n] = 0;
	return n;
}

static size_t json_reasons(char *out, size_t size, _Atomic uint64_t *counts, unsigned from, unsigned to)
{
	size_t n = 0;
	out[n++] = '{';
	bool first = true;
	for (unsigned i = from; i < to; i++) {
		uint64_t v = atomic_load(&counts[i]);
		if (!v)
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s\"%s\":%llu", first ? "" : ",", event_reason_name(i),
				      (unsigned long long)v);
		first = false;
	}
	out[n++] = '}';
	out[n] = 0;
	return n;
}

/* null where nothing was noted. */
static void json_obstacle(char *out, size_t size, struct stats *stats)
{
	char text[2 * STATS_TEXT_MAX + 16], remedy[2 * STATS_TEXT_MAX + 16];
	struct obstacle o;
	if (!obstacle_read(stats, &o)) {
		snprintf(out, size, "null");
		return;
	}
	json_text(text, sizeof text, o.text);
	json_text(remedy, sizeof remedy, o.remedy);
	snprintf(out, size, "{\"part\":\"%s\",\"refusal\":%s%s%s,\"text\":\"%s\",\"remedy\":\"%s\"}", o.part, o.refusal ? "\"" : "",
		 o.refusal ? o.refusal : "null", o.refusal ? "\"" : "", text, remedy);
}

void supervisor_answer(void *user, const char *request, char *out, size_t size)
{
	struct supervisor *s = user;
	if (strcmp(request, "sync") == 0) {
		supervisor_judge(s);
	} else if (strcmp(request, "private on") == 0 || strcmp(request, "private off") == 0) {
		private_ask(&s->private_mode, request[9] == 'n', s->capture != 0);
	} else if (strcmp(request, "hurry") == 0) {
		supervisor_hurry(s);
	} else if (strcmp(request, "rotate") == 0 && !supervisor_rotate(s)) {
		snprintf(out, size, "{\"error\":\"a replay is not interrupted\"}");
		return;
	} else if (strcmp(request, "rotate") == 0 || strcmp(request, "rotating") == 0) {
		snprintf(out, size, "{\"rotating\":%s}", s->rotating ? "true" : "false");
		return;
	} else if (strcmp(request, "status") != 0) {
		snprintf(out, size, "{\"error\":\"unknown request\"}");
		return;
	}
	struct stats *t = s->stats;
	bool recording = s->capture && atomic_load(&t->capture_ready) && s->kill_at_us == INT64_MAX;
	const char *state = recording ? "recording" : s->capture && s->kill_at_us == INT64_MAX ? "starting" :
			    s->capture ? "ending" : "waiting";
	char why[1700], spans[600], gaps[600], masked[64], pids[96], since[32] = "null", time[28], obstacle[1200];
	json_text(why, sizeof why, recording ? "" : s->why);
	json_reasons(spans, sizeof spans, t->spans, 0, REASON_PAUSED);
	json_reasons(gaps, sizeof gaps, t->gaps, REASON_PAUSED, REASON_COUNT);
	int now = atomic_load(&t->masked_now);
	if (recording && now > 0)
		snprintf(masked, sizeof masked, "\"%s\"", event_reason_name((unsigned)now - 1));
	else
		snprintf(masked, sizeof masked, "null");
	snprintf(pids, sizeof pids, "{\"supervisor\":%d,\"capture\":%d,\"writer\":%d}", (int)getpid(), (int)s->capture,
		 (int)s->writer);
	bool private_on = atomic_load(&t->private_on);
	if (private_on)
		snprintf(since, sizeof since, "\"%s\"", clock_format(atomic_load(&t->private_since_us), time));
	json_obstacle(obstacle, sizeof obstacle, t);
	snprintf(out, size,
		 "{\"recording\":%s,\"state\":\"%s\",\"why\":\"%s\",\"study\":\"%s\",\"epoch\":\"%s\",\"masked_now\":%s,"
		 "\"private\":%s,\"private_since\":%s,\"private_pending\":%s,"
		 "\"source\":\"%.16s\",\"obstacle\":%s,\"sandbox\":\"%s\",\"pids\":%s,\"counters\":{\"kept\":%llu,\"written\":%llu,"
		 "\"bytes\":%llu,\"flushes\":%llu,\"segments\":%llu,\"recovered\":%llu,\"lost\":%llu,"
		 "\"airlock_ms\":{\"p50\":%lld,\"p99\":%lld},\"spans\":%s,\"gaps\":%s}}",
		 recording ? "true" : "false", state, why, s->study ? s->study->id : "", recording ? s->view.epoch : "",
		 masked, private_on ? "true" : "false", since, private_pending(&s->private_mode) ? "true" : "false", s->once ? "replay" : s->source, obstacle, sandbox_features(), pids,
		 (unsigned long long)atomic_load(&t->kept), (unsigned long long)atomic_load(&t->written),
		 (unsigned long long)atomic_load(&t->bytes), (unsigned long long)atomic_load(&t->flushes),
		 (unsigned long long)atomic_load(&t->segments), (unsigned long long)atomic_load(&t->recovered),
		 (unsigned long long)atomic_load(&t->lost), (long long)atomic_load(&t->airlock_p50_us) / 1000,
		 (long long)atomic_load(&t->airlock_p99_us) / 1000, spans, gaps);
}
