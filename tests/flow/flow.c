/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one flow test: the lines above "--" are raw events (README.md), those below the events that must come out. The
 * whole path is real: pipeline, outlet, socketpair, wire. --accept rewrites what is expected.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../agent/error.h"
#include "../../agent/outlet.h"
#include "../../agent/pipeline.h"
#include "../../agent/source/replay.h"

static const int64_t start_mono = 1000000000, start_utc = 1700000000000000;

struct flow {
	struct pipeline pipeline;
	struct outlet outlet;
	struct replay *world;
	struct limits limits;
	int64_t jitter_us;                /* the same for all edges; 0: none */
	struct wire_decoder decoder;
	int reader, writer, full[2];      /* full: a socketpair that takes nothing any more */
	bool reading;
	FILE *out;
	char last[256];                   /* equal lines are printed once, with their number */
	int times;
};

static struct held ring[AIRLOCK_CAPACITY];

static double ms(int64_t utc_us) { return (double)(utc_us - start_utc) / 1000; }

static void flush_line(struct flow *f)
{
	if (f->times > 1)
		fprintf(f->out, "%s (%d times)\n", f->last, f->times);
	else if (f->times)
		fprintf(f->out, "%s\n", f->last);
	f->times = 0;
}

static void print(struct flow *f, const struct event *e)
{
	char line[sizeof f->last];
	FILE *all = f->out;
	f->out = fmemopen(line, sizeof line, "w");
	fprintf(f->out, "%g", ms(e->t_us));
	if (e->has & HAS_END)
		fprintf(f->out, "..%g", ms(e->end_us));
	fprintf(f->out, " %s", event_kind_name(e->kind));
	if (e->has & HAS_REASON)
		fprintf(f->out, " %s", event_reason_name(e->reason));
	if (e->has & HAS_LOST)
		fprintf(f->out, " lost=%d", e->lost);
	if (e->has & HAS_CLASS)
		fprintf(f->out, " %s", event_class_name(e->key_class));
	if (e->has & HAS_CODE)
		fprintf(f->out, " code=%d", e->code);
	if (e->has & HAS_TEXT)
		fprintf(f->out, " text=%s", e->text);
	if (e->has & HAS_POSITION)
		fprintf(f->out, " at=%d,%d", e->x, e->y);
	if (e->has & HAS_DELTA)
		fprintf(f->out, " by=%g,%g", (double)e->dx, (double)e->dy);
	if (e->has & HAS_SCROLL)
		fprintf(f->out, " scroll=%d,%d", e->scroll_x, e->scroll_y);
	if (e->kind == EVENT_FOCUS && e->has & HAS_APP)
		fprintf(f->out, " app=%s", e->app);
	if (e->kind == EVENT_FOCUS && e->has & HAS_TITLE)
		fprintf(f->out, " title=%s", e->title);
	if (e->has & HAS_SYNTHETIC && e->synthetic)
		fprintf(f->out, " synthetic");
	if (e->kind == EVENT_CLOCK)
		fprintf(f->out, " mono=%g", (double)(e->mono_us - start_mono) / 1000);
	fputc(0, f->out);
	fclose(f->out);
	f->out = all;
	if (f->times && strcmp(line, f->last) == 0) {
		f->times++;
		return;
	}
	flush_line(f);
	memcpy(f->last, line, sizeof line);
	f->times = 1;
}

static void receive(struct flow *f)
{
	static uint8_t message[WIRE_MESSAGE_MAX];
	ssize_t n;
	while (f->reading && (n = recv(f->reader, message, sizeof message, MSG_DONTWAIT)) > 0) {
		struct bytes_reader in = { .at = message, .end = message + n };
		struct wire_item item;
		int got;
		while ((got = wire_get(&f->decoder, &in, &item)) > 0)
			if (item.record == WIRE_EVENT)
				print(f, &item.event);
		if (got < 0)
			fprintf(f->out, "wire: %s\n", error_text(got));
	}
}

static void push(struct flow *f)
{
	for (int i = 0; i < 1000; i++) {
		int behind = outlet_flush(&f->outlet);
		receive(f);
		if (behind != 1 || !f->reading)
			break;
	}
}

static void feed(void *user, const struct raw_event *raw) { pipeline_feed(&((struct flow *)user)->pipeline, raw); }

static void settled(void *user, int64_t now_us)
{
	struct flow *f = user;
	pipeline_release(&f->pipeline, now_us);
	push(f);
}

static int64_t deadline(void *user) { return pipeline_deadline(&((struct flow *)user)->pipeline); }
static void check(void *user, int64_t now_us) { pipeline_check(&((struct flow *)user)->pipeline, now_us); }

static void ask(void *user, const struct question *q)
{
	struct flow *f = user;
	replay_ask(f->world, (int)q->kind, q->window, q->object, replay_now(f->world));
}

static int choice(const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	fprintf(stderr, "'%s' is not known\n", value);
	exit(2);
}

/* [Ctrl+][Alt+][Shift+][Super+]CODE, the Linux key code */
static struct hotkey_chord hotkey(const char *value)
{
	static const char *const names[] = { "Ctrl+", "Alt+", "Shift+", "Super+" };
	struct hotkey_chord chord = { 0 };
	for (int i = 0; i < 4; i++) {
		if (strncmp(value, names[i], strlen(names[i])) == 0) {
			chord.modifiers |= (uint8_t)(1 << i);
			value += strlen(names[i]);
		}
	}
	chord.code = (int16_t)atoi(value);
	return chord;
}

static int64_t jitter(void *user, uint64_t what)
{
	(void)what;
	return ((struct flow *)user)->jitter_us;
}

static void study(struct flow *f, char *rest)
{
	static const char *const details[] = { "none", "class", "code", "text", NULL };
	static const char *const pointers[] = { "none", "buttons", "full", NULL };
	static const char *const apps[] = { "none", "id", "title", NULL };
	for (char *word = strtok(rest, " "); word; word = strtok(NULL, " ")) {
		char *value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = 0;
		if (strcmp(word, "keys") == 0)
			f->limits.keys = (enum detail)choice(value, details);
		else if (strcmp(word, "pointer") == 0)
			f->limits.pointer = (enum pointer_detail)choice(value, pointers);
		else if (strcmp(word, "apps") == 0)
			f->limits.apps = (enum app_detail)choice(value, apps);
		else if (strcmp(word, "key_time") == 0)
			f->limits.key_grid_us = strcmp(value, "exact") == 0 ? 0 : atoi(value) * 1000;
		else if (strcmp(word, "scroll") == 0)
			f->limits.scroll = strcmp(value, "on") == 0;
		else if (strcmp(word, "exclude") == 0)
			snprintf(f->limits.exclude_apps.pattern[f->limits.exclude_apps.count++], 128, "%s", value);
		else if (strcmp(word, "hotkey") == 0)
			f->limits.private_hotkey = hotkey(value);
		else if (strcmp(word, "jitter") == 0)
			f->jitter_us = atoi(value) * 1000;
		else if (strcmp(word, "only") == 0)
			snprintf(f->limits.only_apps.pattern[f->limits.only_apps.count++], 128, "%s", value);
	}
	pipeline_init(&f->pipeline, &f->limits, ring, outlet_keep, ask, f);
	f->pipeline.redact.user = &f->outlet;
	if (f->jitter_us) {
		f->pipeline.redact.jitter = jitter;
		f->pipeline.redact.jitter_user = f;
	}
	/* The world told its clocks before the study was known. */
	struct raw_event raw = { .kind = RAW_CLOCK, .mono_us = replay_now(f->world) };
	raw.as.clock.utc_us = raw.mono_us - start_mono + start_utc;
	raw.as.clock.boot_us = raw.mono_us;
	pipeline_feed(&f->pipeline, &raw);
}

static void command(void *user, const char *word, const char *rest, int64_t now_us)
{
	struct flow *f = user;
	(void)now_us;
	char copy[1024];
	snprintf(copy, sizeof copy, "%s", rest);
	if (strcmp(word, "study") == 0) {
		study(f, copy);
	} else if (strcmp(word, "writer") == 0) {
		f->reading = strcmp(rest, "go") == 0;
		f->outlet.fd = f->reading ? f->writer : f->full[0];
		push(f);
	} else if (strcmp(word, "stop") == 0) {
		pipeline_stop(&f->pipeline, now_us);
	} else if (strcmp(word, "decided") == 0) {
		/* So many ms ago, and it is known only now. */
		int64_t end_us = now_us - strtol(rest, NULL, 10) * 1000;
		pipeline_end_at(&f->pipeline, end_us);
		pipeline_finish(&f->pipeline, now_us);
		pipeline_stop(&f->pipeline, end_us);
	} else {
		fprintf(stderr, "unknown word '%s'\n", word);
		exit(2);
	}
}

static char *after_dashes(const char *path, long *offset)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(2);
	}
	size_t n = fread(text, 1, sizeof text - 1, file);
	text[n] = 0;
	fclose(file);
	char *at = strncmp(text, "--\n", 3) == 0 ? text : strstr(text, "\n--\n");
	*offset = at ? at - text + (at == text ? 3 : 4) : (long)n;
	return text + *offset;
}

static int one(const char *path, bool accept)
{
	static struct flow f;
	memset(&f, 0, sizeof f);
	int pair[2];
	static const char filler[4096];
	char *got = NULL;
	size_t length = 0;
	FILE *in = fopen(path, "r");
	if (!in || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair)) {
		perror(path);
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, f.full)) {
		perror(path);
		return 2;
	}
	while (send(f.full[0], filler, sizeof filler, MSG_DONTWAIT) > 0)
		;
	f.out = open_memstream(&got, &length);
	f.reader = pair[1];
	f.writer = pair[0];
	f.reading = true;
	f.limits = (struct limits){ .keys = DETAIL_CODE, .pointer = POINTER_FULL, .scroll = true, .apps = APPS_ID };
	outlet_init(&f.outlet, pair[0]);
	pipeline_init(&f.pipeline, &f.limits, ring, outlet_keep, ask, &f);
	f.pipeline.redact.user = &f.outlet;
	struct replay_hooks hooks = { feed, settled, deadline, check, command, &f };
	struct replay_error error;
	int failed = replay_run(in, start_mono, start_utc, &hooks, &f.world, &error);
	fclose(in);
	f.reading = true;
	f.outlet.fd = f.writer;
	push(&f);
	flush_line(&f);
	fclose(f.out);
	outlet_release(&f.outlet);
	close(pair[0]);
	close(pair[1]);
	close(f.full[0]);
	close(f.full[1]);
	if (failed) {
		fprintf(stderr, "%s: %s\n", path, error.text);
		free(got);
		return 2;
	}
	long offset;
	char *expected = after_dashes(path, &offset);
	int result = 0;
	if (accept) {
		FILE *file = fopen(path, "r+");
		if (!file || ftruncate(fileno(file), offset) || fseek(file, offset, SEEK_SET)) {
			perror(path);
			return 2;
		}
		fputs(got, file);
		fclose(file);
	} else if (strcmp(got, expected) != 0) {
		printf("%s: expected\n%s\nbut got\n%s\n", path, expected, got);
		result = 1;
	}
	free(got);
	return result;
}

int main(int argc, char **argv)
{
	bool accept = argc > 1 && strcmp(argv[1], "--accept") == 0;
	int worst = 0;
	for (int i = accept ? 2 : 1; i < argc; i++) {
		int result = one(argv[i], accept);
		if (result > worst)
			worst = result;
	}
	return worst;
}
