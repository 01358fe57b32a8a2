/* SPDX-License-Identifier: Apache-2.0 */
#include "receipt.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/clock.h"
#include "../error.h"

static const char *const states[LEDGER_STATE_COUNT + 1] = {"requested", "given", "refused", "withdrawn", "paused", "resumed",
	"expired", "invalidated", "renewed", NULL};

const char *receipt_state_name(enum ledger_state state)
{
	return (unsigned)state < LEDGER_STATE_COUNT ? states[state] : "?";
}

void receipt_hash(const char *line, size_t length, uint8_t hash[RECEIPT_HASH])
{
	crypto_generichash(hash, RECEIPT_HASH, (const unsigned char *)line, length, NULL, 0);
}

/* Ids are written without escapes, so nothing that needs one may be in them. */
static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n >= 3 && n <= 64 && !s[n];
}

static bool is_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

/* What holds for every receipt, read or to be written. */
static const char *fault(const struct receipt *r)
{
	bool decides = r->state == LEDGER_GIVEN || r->state == LEDGER_RENEWED, agreed = false;
	if (!is_hex(r->id, 32))
		return "its id is not one";
	if (!is_id(r->study))
		return "its study is not one";
	if (r->until_us && r->until_us <= r->t_us)
		return "it ends before it begins";
	if (r->until_us && !decides && r->state != LEDGER_PAUSED)
		return "it has an end where none belongs";
	if (r->purposes && !decides && r->state != LEDGER_REFUSED)
		return "it has purposes where none belong";
	if (r->purposes < 0 || r->purposes > STUDY_PURPOSES_MAX)
		return "it has too many purposes";
	for (int i = 0; i < r->purposes; i++) {
		if (!is_id(r->purpose[i].id))
			return "one of its purposes is not one";
		agreed |= r->purpose[i].agreed;
	}
	if (decides && !agreed)
		return "it is given for no purpose";
	if (decides && !r->until_us)
		return "it is given without an end";
	if (r->state == LEDGER_REFUSED && agreed)
		return "it is refused and agrees to a purpose";
	return NULL;
}

struct line { char *text; size_t used; };

__attribute__((format(printf, 2, 3)))
static void put(struct line *l, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(l->text + l->used, RECEIPT_LINE_MAX - l->used, format, args);
	va_end(args);
	if (n > 0)
		l->used = l->used + (size_t)n < RECEIPT_LINE_MAX ? l->used + (size_t)n : RECEIPT_LINE_MAX - 1;
}

static void put_hash(struct line *l, const char *key, const uint8_t hash[RECEIPT_HASH])
{
	char hex[2 * RECEIPT_HASH + 1];
	sodium_bin2hex(hex, sizeof hex, hash, RECEIPT_HASH);
	put(l, ",\"%s\":\"%s\"", key, hex);
}

int receipt_format(const struct receipt *r, const uint8_t prev[RECEIPT_HASH], char out[RECEIPT_LINE_MAX])
{
	struct line l = {out, 0};
	char time[28];
	if ((unsigned)r->state >= LEDGER_STATE_COUNT || fault(r))
		return ERROR_INVALID;
	put(&l, "{\"version\":1,\"id\":\"%s\",\"state\":\"%s\",\"study\":\"%s\"", r->id, states[r->state], r->study);
	put(&l, ",\"time\":\"%s\"", clock_format(r->t_us, time));
	if (r->until_us)
		put(&l, ",\"until\":\"%s\"", clock_format(r->until_us, time));
	put_hash(&l, "manifest_hash", r->manifest_hash);
	if (r->purposes) {
		put(&l, ",\"purposes\":{");
		for (int i = 0; i < r->purposes; i++)
			put(&l, "%s\"%s\":%s", i ? "," : "", r->purpose[i].id, r->purpose[i].agreed ? "true" : "false");
		put(&l, "}");
	}
	put_hash(&l, "prev", prev);
	put(&l, "}");
	return l.used < RECEIPT_LINE_MAX - 1 ? (int)l.used : ERROR_INVALID;
}

/* "2026-05-01T12:34:56.123456Z", exactly. */
static int parse_time(const char *s, int64_t *us)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	int v[7] = {0}, field = 0;
	for (size_t i = 0; i < sizeof shape; i++) {
		if (shape[i] == 'd') {
			if (s[i] < '0' || s[i] > '9')
				return ERROR_INVALID;
			v[field] = v[field] * 10 + (s[i] - '0');
		} else if (s[i] != shape[i]) {
			return ERROR_INVALID;
		} else {
			field++;
		}
	}
	struct tm tm = {.tm_year = v[0] - 1900, .tm_mon = v[1] - 1, .tm_mday = v[2], .tm_hour = v[3], .tm_min = v[4], .tm_sec = v[5]};
	time_t t = timegm(&tm);
	/* timegm carries a 31st of February over: then the day is another. */
	if (v[0] < 1970 || t < 0 || tm.tm_mon != v[1] - 1 || tm.tm_mday != v[2] || tm.tm_hour != v[3] || tm.tm_min != v[4] || tm.tm_sec != v[5])
		return ERROR_INVALID;
	*us = (int64_t)t * 1000000 + v[6];
	return 0;
}

struct reader { const struct config *c; const struct config_node *root; struct config_error error; };

static int text(struct reader *r, const char *key, char *out, size_t size)
{
	const struct config_node *n = config_get(r->root, key);
	return n && n->quoted ? config_text(r->c, n, out, size, &r->error) : ERROR_INVALID;
}

static int time_of(struct reader *r, const char *key, int64_t *us)
{
	char t[28];
	int e = text(r, key, t, sizeof t);
	return e ? e : parse_time(t, us);
}

static int hash_of(struct reader *r, const char *key, uint8_t hash[RECEIPT_HASH])
{
	char hex[2 * RECEIPT_HASH + 1];
	size_t n;
	int e = text(r, key, hex, sizeof hex);
	if (e)
		return e;
	if (!is_hex(hex, sizeof hex - 1) || sodium_hex2bin(hash, RECEIPT_HASH, hex, sizeof hex - 1, NULL, &n, NULL) || n != RECEIPT_HASH)
		return ERROR_INVALID;
	return 0;
}

static int purposes(struct reader *r, struct receipt *out)
{
	const struct config_node *map = config_get(r->root, "purposes");
	if (!map)
		return 0;
	if (map->type != CONFIG_MAP)
		return ERROR_INVALID;
	for (const struct config_node *n = map->first; n; n = n->next) {
		if (out->purposes == STUDY_PURPOSES_MAX || strlen(n->key) >= sizeof out->purpose[0].id)
			return ERROR_INVALID;
		memcpy(out->purpose[out->purposes].id, n->key, strlen(n->key) + 1);
		int e = config_bool(r->c, n, &out->purpose[out->purposes++].agreed, &r->error);
		if (e)
			return e;
	}
	return 0;
}

int receipt_parse(const char *line, size_t length, struct receipt *out, uint8_t prev[RECEIPT_HASH], const char **what)
{
	static const char *const known[] = {"version", "id", "state", "study", "time", "until", "manifest_hash", "purposes", "prev", NULL};
	struct config *c;
	struct reader r;
	int64_t version = 1;
	int state = -1, e;
	memset(out, 0, sizeof *out);
	*what = "it is not JSON";
	if (length == 0 || line[0] != '{' || length >= RECEIPT_LINE_MAX)
		return ERROR_INVALID;
	if ((e = config_parse("", line, length, &c, &r.error)))
		return e == ERROR_MEMORY ? e : ERROR_INVALID;
	r.c = c;
	r.root = config_root(c);
	*what = "it has a field that does not belong there, or is of a newer version";
	if (config_known(c, r.root, known, &r.error)) {
		e = ERROR_INVALID;
		goto out;
	}
	*what = "it is of another version of this program";
	if (!config_get(r.root, "version") || config_integer(c, config_get(r.root, "version"), 1, 1, &version, &r.error)) {
		e = ERROR_UNSUPPORTED;
		goto out;
	}
	*what = "a field is missing or not what it should be";
	if ((e = text(&r, "id", out->id, sizeof out->id)) ||
	    (e = config_choice(c, config_get(r.root, "state"), states, &state, &r.error)) ||
	    (e = text(&r, "study", out->study, sizeof out->study)) ||
	    (e = time_of(&r, "time", &out->t_us)) ||
	    (config_get(r.root, "until") && (e = time_of(&r, "until", &out->until_us))) ||
	    (e = hash_of(&r, "manifest_hash", out->manifest_hash)) || (e = hash_of(&r, "prev", prev)) ||
	    (e = purposes(&r, out)))
		goto out;
	if (state < 0) {
		e = ERROR_INVALID;
		goto out;
	}
	out->state = (enum ledger_state)state;
	const char *wrong = fault(out);
	if (wrong) {
		*what = wrong;
		e = ERROR_INVALID;
	}
out:
	config_free(c);
	return e;
}
