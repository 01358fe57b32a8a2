/* SPDX-License-Identifier: Apache-2.0 */
#include "tombstone.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../error.h"

static const char *const reasons[TOMBSTONE_REASON_COUNT] = {
	[TOMBSTONE_WITHDRAWN] = "withdrawn", [TOMBSTONE_FORGOTTEN] = "forgotten", [TOMBSTONE_EXPIRED] = "expired",
};

const char *tombstone_reason_name(enum tombstone_reason reason)
{
	return (unsigned)reason < TOMBSTONE_REASON_COUNT ? reasons[reason] : "?";
}

/* ---- Reading: there is one way to write it, and no other is read ---- */

struct cursor { const char *at, *end; };

static bool take(struct cursor *c, const char *literal)
{
	size_t n = strlen(literal);
	if ((size_t)(c->end - c->at) < n || memcmp(c->at, literal, n) != 0)
		return false;
	c->at += n;
	return true;
}

/* Up to the quote that ends it: characters of `of`, least to most of them. */
static bool take_word(struct cursor *c, const char *of, size_t least, size_t most, char *out)
{
	size_t n = 0;
	while (c->at + n < c->end && n <= most && c->at[n] && strchr(of, c->at[n]))
		n++;
	if (n < least || n > most)
		return false;
	memcpy(out, c->at, n);
	out[n] = 0;
	c->at += n;
	return true;
}

static const char hex_digits[] = "0123456789abcdef";

static bool take_hex(struct cursor *c, uint8_t *out, size_t bytes)
{
	size_t n = 0;
	const char *end;
	if ((size_t)(c->end - c->at) < 2 * bytes)
		return false;
	for (size_t i = 0; i < 2 * bytes; i++)
		if (!c->at[i] || !strchr(hex_digits, c->at[i]))
			return false;
	if (sodium_hex2bin(out, bytes, c->at, 2 * bytes, NULL, &n, &end) || n != bytes)
		return false;
	c->at += 2 * bytes;
	return true;
}

static bool take_time(struct cursor *c, int64_t *t_us)
{
	if (c->end - c->at < 27 || clock_parse(c->at, t_us))
		return false;
	c->at += 27;
	return true;
}

static bool take_reason(struct cursor *c, enum tombstone_reason *reason)
{
	for (int i = 0; i < TOMBSTONE_REASON_COUNT; i++) {
		if (take(c, reasons[i])) {
			*reason = (enum tombstone_reason)i;
			return true;
		}
	}
	return false;
}

bool tombstone_segment_is(const char *name)
{
	/* 20260501T123456Z-0f3a9c11 */
	static const char shape[] = "ddddddddTddddddZ-xxxxxxxx";
	for (size_t i = 0; i < sizeof shape; i++) {
		bool digit = name[i] >= '0' && name[i] <= '9', hex = digit || (name[i] >= 'a' && name[i] <= 'f');
		if (shape[i] == 'd' ? !digit : shape[i] == 'x' ? !hex : name[i] != shape[i])
			return false;
	}
	return true;
}

/* The list, with its brackets. */
static const char *take_segments(struct cursor *c, struct tombstone *t)
{
	int room = 0;
	if (!take(c, "["))
		return "it has no list of segments";
	while (t->count == 0 || take(c, ",")) {
		if (t->count == TOMBSTONE_SEGMENTS_MAX)
			return "it names too many segments";
		if (t->count == room) {
			room = room ? 2 * room : 16;
			void *more = realloc(t->segment, (size_t)room * sizeof *t->segment);
			if (!more)
				return "";
			t->segment = more;
		}
		memset(&t->segment[t->count], 0, sizeof *t->segment);
		if (!take(c, "{\"segment\":\"") ||
		    !take_word(c, "0123456789TZ-abcdef", 1, sizeof t->segment->segment - 1, t->segment[t->count].segment) ||
		    !tombstone_segment_is(t->segment[t->count].segment) || !take(c, "\",\"hash\":\"") ||
		    !take_hex(c, t->segment[t->count].hash, sizeof t->segment->hash) || !take(c, "\"}"))
			return "one of its segments is not one";
		t->count++;
	}
	return take(c, "]") ? NULL : "its list of segments does not end";
}

/* NULL, what is wrong, or "" for want of memory. *signed_length: what the signature signs. */
static const char *read_all(const char *text, size_t length, struct tombstone *t, size_t *signed_length)
{
	struct cursor c = {text, text + length};
	if (!take(&c, "{\"version\":1,\"id\":\""))
		return "it is no tombstone of version 1";
	if (!take_word(&c, hex_digits, 32, 32, t->id))
		return "its id is not one";
	if (!take(&c, "\",\"time\":\"") || !take_time(&c, &t->t_us))
		return "its time is not one";
	if (!take(&c, "\",\"reason\":\"") || !take_reason(&c, &t->reason))
		return "its reason is not one";
	if (!take(&c, "\",\"study\":\"") || !take_word(&c, "abcdefghijklmnopqrstuvwxyz0123456789-", 3, sizeof t->study - 1, t->study))
		return "its study is not one";
	if (!take(&c, "\",\"pseudonym\":\"") || !take_word(&c, hex_digits, 32, 32, t->pseudonym))
		return "its pseudonym is not one";
	if (!take(&c, "\",\"segments\":"))
		return "it has no list of segments";
	const char *wrong = take_segments(&c, t);
	if (wrong)
		return wrong;
	if (!take(&c, ",\"agent_key\":\"") || !take_hex(&c, t->agent_key, sizeof t->agent_key) || !take(&c, "\""))
		return "its agent_key is not one";
	*signed_length = (size_t)(c.at - text);
	if (!take(&c, ",\"signature\":\"") || !take_hex(&c, t->signature, sizeof t->signature) || !take(&c, "\"}"))
		return "its signature is not one";
	take(&c, "\n");
	return c.at == c.end ? NULL : "something follows behind it";
}

int tombstone_parse(const char *text, size_t length, struct tombstone *t, const char **what)
{
	size_t signed_length = 0;
	int e = 0;
	*what = "";
	memset(t, 0, sizeof *t);
	if (!length || length > TOMBSTONE_BYTES_MAX) {
		*what = length ? "it is too large" : "it is empty";
		return ERROR_INVALID;
	}
	const char *wrong = read_all(text, length, t, &signed_length);
	if (wrong) {
		*what = wrong;
		e = *wrong ? ERROR_INVALID : ERROR_MEMORY;
	} else if (identity_verify(t->agent_key, text, signed_length, t->signature)) {
		*what = "its signature is not of what it says";
		e = ERROR_CORRUPT;
	}
	if (e)
		tombstone_release(t);
	return e;
}

/* ---- Writing ---- */

struct text { char *at; size_t used, size; bool full; };

__attribute__((format(printf, 2, 3)))
static void put(struct text *o, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(o->at + o->used, o->size - o->used, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= o->size - o->used)
		o->full = true;
	else
		o->used += (size_t)n;
}

static void put_hex(struct text *o, const uint8_t *bytes, size_t n)
{
	char hex[2 * IDENTITY_SIGNATURE + 1];
	sodium_bin2hex(hex, sizeof hex, bytes, n);
	put(o, "%s", hex);
}

int tombstone_format(const struct identity *identity, struct tombstone *t, char **out, size_t *length)
{
	struct tombstone again;
	char time[28];
	const char *what;
	struct text o = {.size = 1024 + 128 * (size_t)(t->count > 0 ? t->count : 0)};
	if (t->count < 1 || t->count > TOMBSTONE_SEGMENTS_MAX || (unsigned)t->reason >= TOMBSTONE_REASON_COUNT)
		return ERROR_INVALID;
	if (!*t->id) {
		uint8_t id[16];
		randombytes_buf(id, sizeof id);
		sodium_bin2hex(t->id, sizeof t->id, id, sizeof id);
	}
	if (!t->t_us)
		t->t_us = clock_utc_us();
	int e = identity_agent_key(identity, t->study, t->agent_key);
	if (e)
		return e;
	if (!(o.at = malloc(o.size)))
		return ERROR_MEMORY;
	put(&o, "{\"version\":1,\"id\":\"%s\",\"time\":\"%s\",\"reason\":\"%s\",\"study\":\"%s\",\"pseudonym\":\"%s\",\"segments\":[", t->id,
	    clock_format(t->t_us, time), reasons[t->reason], t->study, t->pseudonym);
	for (int i = 0; i < t->count; i++) {
		put(&o, "%s{\"segment\":\"%s\",\"hash\":\"", i ? "," : "", t->segment[i].segment);
		put_hex(&o, t->segment[i].hash, sizeof t->segment[i].hash);
		put(&o, "\"}");
	}
	put(&o, "],\"agent_key\":\"");
	put_hex(&o, t->agent_key, sizeof t->agent_key);
	put(&o, "\"");
	e = o.full ? ERROR_LIMIT : identity_agent_sign(identity, t->study, o.at, o.used, t->signature);
	if (e)
		goto out;
	put(&o, ",\"signature\":\"");
	put_hex(&o, t->signature, sizeof t->signature);
	put(&o, "\"}\n");
	/* What nobody could read must not be written: it would tell nobody. */
	e = o.full ? ERROR_LIMIT : tombstone_parse(o.at, o.used, &again, &what);
	if (e)
		goto out;
	tombstone_release(&again);
	*out = o.at;
	*length = o.used;
	o.at = NULL;
out:
	free(o.at);
	return e;
}

void tombstone_release(struct tombstone *t)
{
	free(t->segment);
	t->segment = NULL;
	t->count = 0;
}
