/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "control/protocol.h"
#include "obstacle.h"
#include "status_counters.h"

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

/* What a package's upgrade leaves running is the program from before. */
static const char *program(void)
{
	static const char gone[] = " (deleted)";
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);
	if (n < 0)
		return "unknown";
	return (size_t)n >= sizeof gone - 1 && memcmp(path + n - (sizeof gone - 1), gone, sizeof gone - 1) == 0 ? "replaced" : "current";
}

/*
 * What is masked now, for the participant to see. Who asks a thousand times a second is not to learn how long a password was typed, which a span
 * does not tell either: it is looked at once in each SUPERVISOR_LOOK_US, except for private mode, which was asked for.
 */
static int masked_now(struct supervisor *s, bool recording)
{
	struct stats *t = s->stats;
	int64_t place = clock_mono_us() / SUPERVISOR_LOOK_US;
	if (!recording)
		return 0;
	if (atomic_load(&t->private_on))
		return 1 + REASON_PRIVATE;
	if (place != s->masked_place || s->masked_shown == 1 + REASON_PRIVATE)
		s->masked_shown = atomic_load(&t->masked_now);
	s->masked_place = place;
	return s->masked_shown;
}

static void json_disk(char *out, size_t size, struct stats *t)
{
	int e = atomic_load(&t->disk_error);
	char text[160];
	if (e == 0) {
		snprintf(out, size, "null");
		return;
	}
	json_text(text, sizeof text, strerror(e));
	snprintf(out, size, "{\"problem\":\"%s\",\"remedy\":\"%s\"}", text, supervisor_remedy(e));
}

static void answer_status(struct supervisor *s, char *out, size_t size)
{
	struct stats *t = s->stats;
	bool recording = s->capture && atomic_load(&t->capture_ready) && s->kill_at_us == INT64_MAX;
	const char *state = recording ? "recording" : s->capture && s->kill_at_us == INT64_MAX ? "starting" :
			    s->capture ? "ending" : "waiting";
	char why[1700], masked[64] = "null", pids[96], since[32] = "null", time[28], obstacle[1200], disk[512];
	char all[STATUS_COUNTERS_MAX], recent[STATUS_COUNTERS_MAX] = "null";
	json_text(why, sizeof why, recording ? "" : s->why);
	int now = masked_now(s, recording);
	if (now > 0)
		snprintf(masked, sizeof masked, "\"%s\"", event_reason_name((unsigned)now - 1));
	snprintf(pids, sizeof pids, "{\"supervisor\":%d,\"capture\":%d,\"writer\":%d}", (int)getpid(), (int)s->capture,
		 (int)s->writer);
	/* First whether capture has done what it was asked for: if it has, what it has now is that. The other way round an answer could join the old state to the new word. */
	bool pending = private_pending(&s->private_mode);
	bool private_on = atomic_load(&t->private_on);
	if (private_on)
		snprintf(since, sizeof since, "\"%s\"", clock_format(atomic_load(&t->private_since_us), time));
	json_obstacle(obstacle, sizeof obstacle, t);
	json_disk(disk, sizeof disk, t);
	int64_t flushed_us = atomic_load(&t->last_flush_us);
	counters_json(all, &t->count, NULL, s->begun_us, flushed_us);
	if (s->recording_us)
		counters_json(recent, &t->count, &s->before, s->recording_us, flushed_us);
	snprintf(out, size,
		 "{\"recording\":%s,\"state\":\"%s\",\"why\":\"%s\",\"study\":\"%s\",\"epoch\":\"%s\",\"masked_now\":%s,"
		 "\"private\":%s,\"private_since\":%s,\"private_pending\":%s,"
		 "\"source\":\"%.16s\",\"obstacle\":%s,\"disk\":%s,\"version\":\"" ASSENT_VERSION "\",\"protocol\":%d,\"program\":\"%s\","
		 "\"sandbox\":\"%s\",\"pids\":%s,\"counters\":%s,\"counters_recording\":%s}",
		 recording ? "true" : "false", state, why, s->study ? s->study->id : "", recording ? s->view.epoch : "",
		 masked, private_on ? "true" : "false", since, pending ? "true" : "false", s->once ? "replay" : s->source,
		 obstacle, disk, CONTROL_PROTOCOL, program(), sandbox_features(), pids, all, recent);
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
	} else if (strcmp(request, "version") == 0) {
		/* For IT's inventory: nothing in it may hang on what the participant decided. */
		snprintf(out, size, "{\"version\":\"" ASSENT_VERSION "\",\"protocol\":%d,\"program\":\"%s\"}", CONTROL_PROTOCOL, program());
		return;
	} else if (strcmp(request, "status") != 0) {
		snprintf(out, size, "{\"error\":\"unknown request\",\"version\":\"" ASSENT_VERSION "\",\"protocol\":%d}", CONTROL_PROTOCOL);
		return;
	}
	answer_status(s, out, size);
}
