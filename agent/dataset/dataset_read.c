/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_parse(): line by line and token by token, just as dataset_write() made it; anything else is refused, as it says what may be removed. No JSON parser:
 * it is read at every append, and may name a million segments. */
#include "dataset.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "../base/clock.h"
#include "../error.h"
#include "hive.h"

/* ---- Tokens: each false if it is not there; then the place is of no use ---- */

static bool is(const char **p, const char *literal)
{
	size_t n = strlen(literal);
	if (strncmp(*p, literal, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Names hold no control characters, so nothing is escaped in them but these two. */
static bool string(const char **p, char *out, size_t size)
{
	size_t n = 0;
	if (*(*p)++ != '"')
		return false;
	for (; **p != '"'; ++*p) {
		if (**p == '\\' && *++*p != '"' && **p != '\\')
			return false;
		if ((unsigned char)**p < 0x20 || n + 1 >= size)
			return false;
		out[n++] = **p;
	}
	++*p;
	out[n] = 0;
	return true;
}

static bool number(const char **p, uint64_t most, uint64_t *out)
{
	const char *begin = *p;
	*out = 0;
	for (; **p >= '0' && **p <= '9'; ++*p) {
		uint64_t digit = (uint64_t)(**p - '0');
		if (*out > (most - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	return *p > begin && (*begin != '0' || *p == begin + 1);
}

static bool hex(const char **p, uint8_t out[32])
{
	char s[65];
	size_t length;
	return string(p, s, sizeof s) && strlen(s) == 64 && sodium_hex2bin(out, 32, s, 64, NULL, &length, NULL) == 0 && length == 32;
}

/* null, and all zeros, in a participant's own copy. */
static bool hex_unless(bool own, const char **p, uint8_t out[32])
{
	return own ? is(p, "null") : hex(p, out);
}

static bool when(const char **p, bool *known, int64_t *t_us)
{
	char s[28];
	*known = !is(p, "null");
	return !*known || (string(p, s, sizeof s) && strlen(s) == sizeof s - 1 && clock_parse(s, t_us) == 0);
}

static bool place(const char **p, struct dataset_place *at)
{
	return is(p, "{\"segment\":") && string(p, at->segment, sizeof at->segment) && is(p, ",\"study\":") && string(p, at->study, sizeof at->study) &&
	       is(p, ",\"participant\":") && string(p, at->participant, sizeof at->participant);
}

/* ---- Entries ---- */

static int file(struct dataset *d, const char *p)
{
	struct dataset_file *f = dataset_add_file(d);
	if (!f)
		return ERROR_MEMORY;
	if (!is(&p, "{\"file\":") || !string(&p, f->name, sizeof f->name) || !is(&p, ",\"rows\":") || !number(&p, INT64_MAX, &f->rows) || !is(&p, ",\"bytes\":") ||
	    !number(&p, INT64_MAX, &f->bytes) || !is(&p, ",\"sha256\":") || !hex(&p, f->sha256) || !is(&p, ",\"segments\":["))
		return ERROR_INVALID;
	/* It will be removed by this name. */
	struct hive_path parts;
	bool is_hive = hive_parse(f->name, &parts) == 0;
	if (!is_hive && (!f->name[0] || f->name[0] == '.' || strchr(f->name, '/')))
		return ERROR_INVALID;
	for (int i = 0; *p != ']'; i++) {
		struct dataset_member *m = dataset_add_member(d);
		if (!m)
			return ERROR_MEMORY;
		if ((i && !is(&p, ",")) || !string(&p, m->segment, sizeof m->segment))
			return ERROR_INVALID;
	}
	return is(&p, "]}") && !*p && is_hive == (d->file[d->files - 1].members > 0) ? 0 : ERROR_INVALID;
}

static bool set(const char **p, const char *(*of)(int i), uint8_t *bits)
{
	char name[32];
	int i;
	for (bool first = true; !is(p, "]"); first = false) {
		if ((!first && !is(p, ",")) || !string(p, name, sizeof name))
			return false;
		for (i = 0; of(i) && strcmp(name, of(i)) != 0;)
			i++;
		if (!of(i))
			return false;
		*bits |= (uint8_t)(1 << i);
	}
	return true;
}

static bool counts(const char **p, struct dataset_counts *c)
{
	char name[32];
	bool first = true;
	if (!is(p, ",\"detail\":[") || !set(p, dataset_detail_name, &c->detail) || !is(p, ",\"apps\":[") || !set(p, dataset_apps_name, &c->apps) ||
	    !is(p, ",\"kinds\":{"))
		return false;
	for (; !is(p, "}"); first = false) {
		int kind = (first || is(p, ",")) && string(p, name, sizeof name) ? event_kind_of(name) : -1;
		if (kind < 0 || !is(p, ":") || !number(p, INT64_MAX, &c->kind[kind]))
			return false;
	}
	if (!is(p, ",\"reasons\":{"))
		return false;
	for (first = true; !is(p, "}"); first = false) {
		int r = (first || is(p, ",")) && string(p, name, sizeof name) ? event_reason_of(name) : -1;
		if (r < 0 || !is(p, ":[") || !number(p, INT64_MAX, &c->reason[r].n) || !is(p, ",") || !number(p, INT64_MAX, &c->reason[r].us) ||
		    !is(p, ",") || !number(p, INT64_MAX, &c->reason[r].lost) || !is(p, "]"))
			return false;
	}
	return true;
}

static bool rows(const char **p, struct dataset_rows *r)
{
	bool first, last, expires;
	return is(p, ",\"rows\":") && number(p, INT64_MAX, &r->rows) && is(p, ",\"dropped\":") && number(p, INT64_MAX, &r->dropped) && is(p, ",\"first\":") &&
	       when(p, &first, &r->first_us) && is(p, ",\"last\":") && when(p, &last, &r->last_us) && is(p, ",\"expires\":") &&
	       when(p, &expires, &r->expires_us) && expires && first == (r->rows > 0) && last == first && counts(p, &r->counts) && is(p, "}") && !**p;
}

static int segment(struct dataset *d, const char *p)
{
	struct dataset_segment *s = dataset_add_segment(d);
	if (!s)
		return ERROR_MEMORY;
	return place(&p, &s->at) && is(&p, ",\"hash\":") && hex(&p, s->hash) && is(&p, ",\"receipt\":") && hex(&p, s->receipt) && rows(&p, &s->has) ? 0 :
		ERROR_INVALID;
}

static int participant(struct dataset *d, const char *p)
{
	struct dataset_participant *x = dataset_add_participant(d);
	if (!x)
		return ERROR_MEMORY;
	if (!is(&p, "{\"study\":") || !string(&p, x->study, sizeof x->study) || !is(&p, ",\"participant\":") ||
	    !string(&p, x->participant, sizeof x->participant) || !is(&p, ",\"agent\":") || !hex_unless(d->own, &p, x->agent) || !is(&p, ",\"receipts_bytes\":") ||
	    !number(&p, INT64_MAX, &x->receipts_bytes) || !is(&p, ",\"receipts\":") || !hex_unless(d->own, &p, x->receipts) || !is(&p, ",\"description\":"))
		return ERROR_INVALID;
	x->loaded = is(&p, "null,\"sha256\":null");
	/* It will be opened, and removed, by this name. */
	if (!x->loaded && (!string(&p, x->description, sizeof x->description) || !hive_is_description_of(x->description, x->study, x->participant) ||
	    !is(&p, ",\"sha256\":") || !hex(&p, x->sha256)))
		return ERROR_INVALID;
	return is(&p, ",\"files\":") && number(&p, INT64_MAX, &x->files) && is(&p, ",\"bytes\":") && number(&p, INT64_MAX, &x->bytes) &&
		is(&p, ",\"segments\":") && number(&p, INT64_MAX, &x->segments) && rows(&p, &x->has) ? 0 : ERROR_INVALID;
}

static int tombstone(struct dataset *d, const char *p)
{
	bool known;
	struct dataset_tombstone *t = dataset_add_tombstone(d);
	if (!t)
		return ERROR_MEMORY;
	return place(&p, &t->at) && is(&p, ",\"hash\":") && hex(&p, t->hash) && is(&p, ",\"tombstone\":") && string(&p, t->id, sizeof t->id) &&
		is(&p, ",\"reason\":") && string(&p, t->reason, sizeof t->reason) && is(&p, ",\"time\":") && when(&p, &known, &t->t_us) && known &&
		is(&p, ",\"agent\":") && hex(&p, t->agent) && is(&p, "}") && !*p ? 0 : ERROR_INVALID;
}

static bool names(const char **p)
{
	char name[41];
	for (bool first = true; !is(p, "]"); first = false)
		if ((!first && !is(p, ",")) || !string(p, name, sizeof name))
			return false;
	return true;
}

/* The names are those of the file's segments, and of the others: they are found anew. */
static int pending(struct dataset *d, const char *p)
{
	struct hive_path parts;
	struct dataset_pending *x = dataset_add_pending(d);
	if (!x)
		return ERROR_MEMORY;
	return is(&p, "{\"file\":") && string(&p, x->file, sizeof x->file) && hive_parse(x->file, &parts) == 0 && is(&p, ",\"leave\":[") && names(&p) &&
		is(&p, ",\"needs\":[") && names(&p) && is(&p, "}") && !*p ? 0 : ERROR_INVALID;
}

static int other(struct dataset *d, const char *p)
{
	(void)d;
	return *p == '{' ? 0 : ERROR_INVALID;
}

/* ---- The whole ---- */

/* The lines of the head, in their order. */
static bool dataset_head(struct dataset *d, int line, const char *p)
{
	char made[28], program[64];
	uint64_t v;
	switch (line) {
	case 0:
		return is(&p, "{") && !*p;
	case 1:
		return is(&p, "\"assent_dataset\": 1") && !*p;
	case 2:
		if (!is(&p, "\"version\": ") || !number(&p, INT32_MAX, &v) || v < 1)
			return false;
		d->version = (int64_t)v;
		return !*p;
	case 3:
		return is(&p, "\"made\": ") && string(&p, made, sizeof made) && !*p && clock_parse(made, &d->made_us) == 0;
	case 4:
		return is(&p, "\"program\": ") && string(&p, program, sizeof program) && !*p;
	case 5:
		return is(&p, "\"format\": ") && string(&p, d->format, sizeof d->format) && !*p && d->format[0];
	case 6:
		d->own = is(&p, "\"purposes\": null");
		if (d->own)
			return !*p;
		if (!is(&p, "\"purposes\": ["))
			return false;
		for (; *p != ']'; d->purposes++)
			if (d->purposes == DATASET_PURPOSES_MAX || (d->purposes && !is(&p, ",")) ||
			    !string(&p, d->purpose[d->purposes], sizeof d->purpose[0]))
				return false;
		return is(&p, "]") && !*p;
	case 7:
		return is(&p, "\"rows\": ") && number(&p, INT64_MAX, &v) && !*p;
	default:
		return is(&p, "\"rows_dropped\": ") && number(&p, INT64_MAX, &v) && !*p;
	}
}

/* Of a participant's description: the names are those of the last participant of d, which was added for it. */
static bool description_head(struct dataset *d, int line, const char *p)
{
	const struct dataset_participant *of = &d->participant[d->participants - 1];
	char name[65];
	switch (line) {
	case 0:
		return is(&p, "{") && !*p;
	case 1:
		return is(&p, "\"assent_participant\": 1") && !*p;
	case 2:
		return is(&p, "\"study\": ") && string(&p, name, sizeof name) && !*p && strcmp(name, of->study) == 0;
	default:
		return is(&p, "\"participant\": ") && string(&p, name, sizeof name) && !*p && strcmp(name, of->participant) == 0;
	}
}

struct list { const char *begin; int (*entry)(struct dataset *d, const char *line); };
struct grammar {
	bool (*head)(struct dataset *d, int line, const char *p);
	int head_lines, lists;
	uint64_t most;                   /* bytes */
	struct list list[8];
};
static const struct grammar of_dataset = {dataset_head, 9, 8, DATASET_BYTES_MAX, {
	{"\"files\": [", file}, {"\"segments\": [", segment}, {"\"participants\": [", participant}, {"\"left_out\": [", other},
	{"\"tombstones\": [", tombstone}, {"\"pending\": [", pending}, {"\"added\": [", other}, {"\"removed\": [", other},
}};
static const struct grammar of_description = {description_head, 4, 2, DATASET_DESCRIPTION_MAX, {{"\"files\": [", file}, {"\"segments\": [", segment}}};

struct position {
	int head, list;                  /* lines, and lists, that began */
	bool inside, comma, last, whole; /* of the list's entry before: another one must follow; none may */
};

static int one_line(const struct grammar *g, struct dataset *d, struct position *at, char *line, size_t n)
{
	bool comma = n && line[n - 1] == ',';
	if (at->whole)
		return ERROR_INVALID;
	if (comma)
		line[--n] = 0;
	if (at->head < g->head_lines) {
		bool good = comma == (at->head > 0) && g->head(d, at->head, line);
		at->head++;
		return good ? 0 : ERROR_INVALID;
	}
	if (at->inside && strcmp(line, "]") == 0) {
		at->inside = false;
		return at->comma || comma != (at->list < g->lists) ? ERROR_INVALID : 0;
	}
	if (at->inside) {
		if (at->last)
			return ERROR_INVALID;
		at->comma = comma;
		at->last = !comma;
		return g->list[at->list - 1].entry(d, line);
	}
	if (at->list == g->lists) {
		at->whole = strcmp(line, "}") == 0 && !comma;
		return at->whole ? 0 : ERROR_INVALID;
	}
	at->comma = at->last = false;
	at->inside = !comma && strcmp(line, g->list[at->list++].begin) == 0;
	return at->inside ? 0 : ERROR_INVALID;
}

/* One line, its end taken off, and a 0 behind it. 1; 0: there is none; ERROR_LIMIT: longer than that. */
static int read_line(FILE *f, size_t most, char **line, size_t *room, size_t *length)
{
	int c;
	*length = 0;
	while ((c = getc_unlocked(f)) != EOF && c != '\n') {
		if (*length == most)
			return ERROR_LIMIT;
		/* Room for the 0, too. */
		if (*length + 1 >= *room) {
			size_t more = *room ? *room * 2 : 4096;
			char *grown = realloc(*line, more);
			if (!grown)
				return ERROR_MEMORY;
			*line = grown;
			*room = more;
		}
		(*line)[(*length)++] = (char)c;
	}
	if (c == EOF && *length == 0)
		return 0;
	if (!*line && !(*line = malloc(*room = 4096)))
		return ERROR_MEMORY;
	(*line)[*length] = 0;
	return 1;
}

static int parse(const struct grammar *g, FILE *f, struct dataset *d, int *number_of_line)
{
	char *line = NULL;
	size_t room = 0, n;
	uint64_t bytes = 0;
	int e = 0, more = 0;
	struct position at = {0};
	*number_of_line = 0;
	while (e == 0 && (more = read_line(f, DATASET_LINE_MAX, &line, &room, &n)) == 1) {
		++*number_of_line;
		bytes += n + 1;
		/* A NUL would hide the rest of the line. */
		e = bytes > g->most ? ERROR_LIMIT : strlen(line) != n ? ERROR_INVALID : one_line(g, d, &at, line, n);
	}
	if (e == 0 && more < 0) {
		++*number_of_line;
		e = more == ERROR_LIMIT ? ERROR_INVALID : more;
	}
	if (e == 0 && ferror(f))
		e = ERROR_IO;
	else if (e == 0 && !at.whole)
		e = ERROR_INVALID;
	int saved = errno;
	free(line);
	errno = saved;
	return e;
}

int dataset_parse(FILE *f, struct dataset *d, int *number_of_line)
{
	memset(d, 0, sizeof *d);
	int e = parse(&of_dataset, f, d, number_of_line);
	if (e == 0)
		dataset_sort(d);
	return e;
}

int dataset_parse_description(FILE *f, const char *study, const char *of, struct dataset *d, int *number_of_line)
{
	memset(d, 0, sizeof *d);
	struct dataset_participant *p = dataset_add_participant(d);
	if (!p)
		return ERROR_MEMORY;
	snprintf(p->study, sizeof p->study, "%s", study);
	snprintf(p->participant, sizeof p->participant, "%s", of);
	int e = parse(&of_description, f, d, number_of_line);
	/* Nothing of anybody else. */
	for (int i = 0; i < d->files && !e; i++) {
		struct hive_path at;
		if (hive_parse(d->file[i].name, &at) || strcmp(at.study, study) != 0 || strcmp(at.participant, of) != 0)
			e = ERROR_INVALID;
	}
	for (int i = 0; i < d->segments && !e; i++)
		if (strcmp(d->segment[i].at.study, study) != 0 || strcmp(d->segment[i].at.participant, of) != 0)
			e = ERROR_INVALID;
	if (e == 0)
		dataset_sort(d);
	return e;
}
