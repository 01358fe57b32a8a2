/* SPDX-License-Identifier: Apache-2.0 */
#include "sensitive.h"

#include <string.h>

#include "sensitive_check.h"
#include "sensitive_machine.h"

enum { DROP = SENSITIVE_STRETCH / 4 };

/* Physical keys that erase forward, and hence nothing of the stretch; every other key of class erase goes back. */
enum { CODE_TAB = 15, CODE_KP_DOT = 83, CODE_DELETE = 111 };

void sensitive_init(struct sensitive *s, const struct sensitive_rules *rules, sensitive_phrase *is_phrase, void *user, int longest)
{
	memset(s, 0, sizeof *s);
	s->rules = rules;
	s->is_phrase = is_phrase;
	s->user = user;
	s->longest = !is_phrase || longest < 0 ? 0 : longest > SENSITIVE_PHRASE_MAX ? SENSITIVE_PHRASE_MAX : longest;
	s->following = -1;
	s->newest_us = INT64_MIN;
	for (int i = 0; rules && i < rules->patterns; i++)
		sensitive_machine_build(&s->machine[i], &rules->pattern[i]);
}

/* ---- What must be masked ---- */

static void mask(struct sensitive *s, uint32_t first, uint32_t last)
{
	if (first > last)
		return;
	for (int i = 0; i < s->ranges; i++) {
		struct sensitive_range *r = &s->range[i];
		bool full = i == SENSITIVE_RANGES - 1;
		if (!full && (first > r->last + 1 || last + 1 < r->first))
			continue;
		/* With no room for another one, what lies between is masked, too. */
		r->first = first < r->first ? first : r->first;
		r->last = last > r->last ? last : r->last;
		return;
	}
	s->range[s->ranges++] = (struct sensitive_range){ first, last };
}

/* The first press that belongs to the character: with what was erased before it, and the Shift that made it. */
static uint32_t first_press(const struct sensitive *s, int index)
{
	uint32_t after = index > 0 ? s->press[index - 1] + 1 : s->begin;
	return after && after < s->press[index] ? after : s->press[index];
}

static const struct sensitive_pattern *pattern_of(const struct sensitive *s, const struct sensitive_begun *b)
{
	return &s->rules->pattern[b->pattern];
}

/* Are the characters up to before `end` the whole of it, and what it claims to be? */
static bool is_match(const struct sensitive *s, const struct sensitive_begun *b, int end)
{
	const struct sensitive_pattern *p = pattern_of(s, b);
	return sensitive_machine_is_whole(&s->machine[b->pattern], p, b) &&
	       sensitive_check_holds(p->check, s->seen + b->start, end - b->start);
}

static bool is_strong(const struct sensitive *s, const struct sensitive_begun *b)
{
	return !b->found && sensitive_machine_is_strong(&s->machine[b->pattern], b);
}

static bool needs_end(const struct sensitive_pattern *p)
{
	return p->no_after.bits[0] || p->no_after.bits[1] || p->no_after.bits[2];
}

/* No more is expected of the stretch now: masks what it is, or what it looks like when that counts. */
static void decide(struct sensitive *s, int upto, bool unfinished)
{
	for (int i = 0; i < s->begun_count; i++) {
		const struct sensitive_begun *b = &s->begun[i];
		if (b->start <= upto && (is_match(s, b, s->length) || (unfinished && is_strong(s, b))))
			mask(s, first_press(s, b->start), s->press[s->length - 1 - sensitive_machine_in_gap(b)]);
	}
}

/* ---- The stretch ---- */

static void clear(struct sensitive *s)
{
	explicit_bzero(s->point, sizeof s->point);
	explicit_bzero(s->seen, sizeof s->seen);
	explicit_bzero(s->begun, sizeof s->begun);
	explicit_bzero(s->press, sizeof s->press);
	explicit_bzero(s->when, sizeof s->when);
	s->length = s->begun_count = 0;
	s->erased = false;
	s->begin = 0;
	s->hold_from = s->linger_from = 0;
}

static void end_stretch(struct sensitive *s, bool unfinished)
{
	if (s->length)
		decide(s, s->length, unfinished);
	clear(s);
}

/* Makes room. A pattern is shorter than what stays: none that is begun loses its beginning. */
static void drop_oldest(struct sensitive *s)
{
	size_t left = SENSITIVE_STRETCH - DROP;
	int kept = 0;
	s->begin = s->press[DROP - 1] + 1;
	memmove(s->point, s->point + DROP, left * sizeof s->point[0]);
	memmove(s->press, s->press + DROP, left * sizeof s->press[0]);
	memmove(s->when, s->when + DROP, left * sizeof s->when[0]);
	memmove(s->seen, s->seen + DROP, left * sizeof s->seen[0]);
	memmove(s->fresh, s->fresh + DROP, left * sizeof s->fresh[0]);
	s->length -= DROP;
	for (int i = 0; i < s->begun_count; i++) {
		if (s->begun[i].start < DROP)
			continue;
		s->begun[kept] = s->begun[i];
		s->begun[kept++].start -= DROP;
	}
	s->begun_count = kept;
}

static void linger(struct sensitive *s, uint32_t first, int64_t now)
{
	if (!s->linger_from || s->linger_until_us <= now || s->linger_us + SENSITIVE_LONGEST_US <= now) {
		s->linger_from = first;
		s->linger_us = now;
	}
	s->linger_until_us = now + SENSITIVE_HOLD_US;
}

static bool may_begin(const struct sensitive *s, const struct sensitive_pattern *p, int i)
{
	/* After a correction the text before may be another one than we believe: a held Backspace may not repeat here. */
	return i == 0 || s->fresh[i] || !sensitive_set_has(&p->no_before, s->seen[i - 1]);
}

/* Something whole begins at start: what began in it is a part of it. */
static void set_found(struct sensitive *s, int start)
{
	for (int k = 0; k < s->begun_count; k++)
		s->begun[k].found |= s->begun[k].start >= start;
}

/* Takes in the character at index i, which is stored. quiet: it was judged before. */
static void advance(struct sensitive *s, int i, bool quiet)
{
	uint8_t c = s->seen[i];
	int kept = 0;
	for (int k = 0; k < s->begun_count; k++) {
		struct sensitive_begun *b = &s->begun[k];
		const struct sensitive_pattern *p = pattern_of(s, b);
		if (needs_end(p) && !sensitive_set_has(&p->no_after, c) && is_match(s, b, i)) {
			set_found(s, b->start);
			if (!quiet)
				mask(s, first_press(s, b->start), s->press[i - 1]);
		}
		bool strong = is_strong(s, b);
		if (sensitive_machine_step(&s->machine[b->pattern], p, c, b))
			s->begun[kept++] = *b;
		else if (strong && !quiet)
			linger(s, first_press(s, b->start), s->when[i]);
	}
	s->begun_count = kept;
	for (int k = 0; s->rules && k < s->rules->patterns; k++) {
		const struct sensitive_pattern *p = &s->rules->pattern[k];
		struct sensitive_begun b = { .start = (uint16_t)i, .pattern = (uint8_t)k };
		if ((s->following >= 0 ? k != s->following : p->is_end) || !may_begin(s, p, i) ||
		    !sensitive_machine_begin(&s->machine[k], p, c, &b))
			continue;
		if (s->begun_count == SENSITIVE_BEGUN) {
			/* Patterns so wide that they cannot be followed: all of it. */
			mask(s, s->begin, s->press[i]);
			s->begun_count = 0;
		}
		s->begun[s->begun_count++] = b;
	}
}

/* What is whole with the character just taken in, and needs no look at the next one. */
static void look_at_whole(struct sensitive *s)
{
	int until = -1;
	bool ended = false;
	for (int k = 0; k < s->begun_count; k++) {
		const struct sensitive_begun *b = &s->begun[k];
		const struct sensitive_pattern *p = pattern_of(s, b);
		if (needs_end(p) || !is_match(s, b, s->length))
			continue;
		mask(s, first_press(s, b->start), s->press[s->length - 1]);
		ended |= p->is_end;
		if (p->until >= 0)
			until = p->until;
	}
	if (ended || until >= 0) {
		clear(s);
		s->following = until;
		s->follow_left = SENSITIVE_FOLLOW;
	}
}

/* A code point as patterns see it. */
static uint8_t see(uint32_t u)
{
	static const uint32_t zeros[] = { 0x660, 0x6f0, 0x966 };
	for (int i = 0; i < 3; i++)
		if (u >= zeros[i] && u < zeros[i] + 10)
			return (uint8_t)('0' + (u - zeros[i]));
	if (u >= 0xff01 && u <= 0xff5e)
		u -= 0xfee0;
	if (u >= 'a' && u <= 'z')
		return (uint8_t)(u - 'a' + 'A');
	if (u < 0x80)
		return (uint8_t)u;
	if (u == 0xa0 || (u >= 0x2000 && u <= 0x200a) || u == 0x202f || u == 0x205f || u == 0x3000)
		return ' ';
	if ((u >= 0x2010 && u <= 0x2015) || u == 0x2212 || u == 0xad)
		return '-';
	if ((u < 0xc0 && u != 0xaa && u != 0xb5 && u != 0xba) || u == 0xd7 || u == 0xf7 || (u >= 0x2016 && u < 0x2c00) ||
	    (u > 0x3000 && u < 0x3040))
		return SENSITIVE_SIGN;
	return SENSITIVE_LETTER;
}

static void append(struct sensitive *s, uint32_t press, int64_t mono_us, uint32_t point)
{
	if (s->length == SENSITIVE_STRETCH)
		drop_oldest(s);
	int i = s->length++;
	s->point[i] = point;
	s->press[i] = press;
	s->when[i] = mono_us;
	s->seen[i] = see(point);
	s->fresh[i] = s->erased;
	s->erased = false;
	advance(s, i, false);
	if (s->longest && s->following < 0) {
		int n = s->length < s->longest ? s->length : s->longest;
		int found = s->is_phrase(s->user, s->point + s->length - n, n);
		if (found > 0 && found <= n)
			mask(s, first_press(s, s->length - found), press);
	}
	look_at_whole(s);
}

static void erase_one(struct sensitive *s)
{
	s->erased = true;
	if (!s->length)
		return;
	int i = --s->length;
	/* What follows erased text may follow anything. */
	s->point[i] = 0;
	s->seen[i] = 0;
}

static void erase(struct sensitive *s, bool word)
{
	erase_one(s);
	while (word && s->length && s->seen[s->length - 1] == ' ')
		erase_one(s);
	while (word && s->length && s->seen[s->length - 1] != ' ')
		erase_one(s);
	s->begun_count = 0;
	for (int i = 0; i < s->length; i++)
		advance(s, i, true);
}

/* One code point of UTF-8; what is no UTF-8 is U+FFFD. */
static const char *decode(const char *text, uint32_t *point)
{
	const unsigned char *p = (const unsigned char *)text;
	int more = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : -1;
	*point = more == 0 ? p[0] : more > 0 ? p[0] & (0x3fu >> more) : 0xfffd;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*point = 0xfffd;
			return text + i;
		}
		*point = *point << 6 | (p[i] & 0x3f);
	}
	return text + (more > 0 ? more + 1 : 1);
}

/* ---- Holding ---- */

static void update_hold(struct sensitive *s)
{
	uint32_t from = UINT32_MAX;
	for (int i = 0; i < s->begun_count; i++) {
		uint32_t first = first_press(s, s->begun[i].start);
		from = first < from ? first : from;
	}
	if (s->erased) {
		uint32_t first = s->length ? s->press[s->length - 1] + 1 : s->begin;
		from = first < from ? first : from;
	}
	if (s->longest && s->length) {
		uint32_t first = first_press(s, s->length < s->longest ? 0 : s->length - s->longest + 1);
		from = first < from ? first : from;
	}
	if (s->linger_from && s->linger_until_us > s->newest_us && s->linger_from < from)
		from = s->linger_from;
	s->hold_from = from == UINT32_MAX ? 0 : from;
}

/* Ends the holds that have lasted long enough. */
static void lapse(struct sensitive *s, int64_t now_us)
{
	if (s->following >= 0 || s->newest <= s->decided)
		return;
	if (s->newest_us <= now_us - SENSITIVE_HOLD_US) {
		if (s->length)
			decide(s, s->length, true);
		s->decided = s->newest;
		s->linger_from = 0;
		return;
	}
	for (int i = 0; i < s->length && s->when[i] <= now_us - SENSITIVE_LONGEST_US; i++) {
		if (s->press[i] <= s->decided)
			continue;
		decide(s, i, true);
		s->decided = s->press[i];
	}
}

bool sensitive_holds(const struct sensitive *s, uint32_t press, int64_t now_us)
{
	return s->hold_from && press >= s->hold_from && press > s->decided && s->newest_us > now_us - SENSITIVE_HOLD_US;
}

int64_t sensitive_deadline(const struct sensitive *s)
{
	if (!s->hold_from || s->newest <= s->decided)
		return INT64_MAX;
	int64_t due = s->newest_us + SENSITIVE_HOLD_US;
	for (int i = 0; i < s->length; i++) {
		if (s->press[i] <= s->decided)
			continue;
		int64_t longest = s->when[i] + SENSITIVE_LONGEST_US;
		return longest < due ? longest : due;
	}
	return due;
}

/* ---- From outside ---- */

/* In what belongs to a private key everything is masked, whatever it is; only its end is looked for. */
static void follow(struct sensitive *s, uint32_t press, int64_t mono_us, const struct raw_input *in)
{
	mask(s, press, press);
	if (--s->follow_left <= 0)
		s->following = -1;
	if (in->key_class == CLASS_ENTER || s->following < 0) {
		clear(s);
	} else if (in->key_class == CLASS_ERASE) {
		erase(s, in->chord);
	} else if (!in->chord) {
		uint32_t point;
		for (const char *p = in->text; *p && s->following >= 0;) {
			p = decode(p, &point);
			append(s, press, mono_us, point);
		}
	}
	s->hold_from = 0;
	s->decided = press;
}

void sensitive_key(struct sensitive *s, uint32_t press, int64_t mono_us, const struct raw_input *in)
{
	if (in->action == KEY_RELEASE)
		return;
	lapse(s, mono_us);
	if (s->following < 0 && s->newest_us != INT64_MIN && s->newest_us <= mono_us - SENSITIVE_REMEMBER_US)
		clear(s);
	s->newest = press;
	s->newest_us = mono_us > s->newest_us ? mono_us : s->newest_us;
	if (!s->begin)
		s->begin = press;
	if (s->following >= 0) {
		follow(s, press, mono_us, in);
		return;
	}
	if (in->key_class == CLASS_ERASE) {
		if (in->code != CODE_DELETE && in->code != CODE_KP_DOT)
			erase(s, in->chord);
	} else if (in->key_class == CLASS_MODIFIER) {
		return;
	} else if (in->chord || in->key_class == CLASS_FUNCTION || (in->key_class == CLASS_NAVIGATION && in->code != CODE_TAB)) {
		end_stretch(s, true);
	} else if (in->key_class == CLASS_ENTER || in->key_class == CLASS_NAVIGATION) {
		end_stretch(s, false);
	} else {
		/* A key without text (dead, Compose) adds nothing yet, and moves nothing. */
		uint32_t point;
		for (const char *p = in->text; *p && s->following < 0;) {
			p = decode(p, &point);
			append(s, press, mono_us, point);
		}
	}
	update_hold(s);
}

void sensitive_break(struct sensitive *s)
{
	end_stretch(s, true);
	s->following = -1;
}

bool sensitive_match(struct sensitive *s, int64_t now_us, uint32_t *first, uint32_t *last)
{
	lapse(s, now_us);
	if (!s->ranges)
		return false;
	*first = s->range[0].first;
	*last = s->range[0].last;
	s->ranges--;
	memmove(s->range, s->range + 1, (size_t)s->ranges * sizeof s->range[0]);
	return true;
}

void sensitive_forget(struct sensitive *s)
{
	clear(s);
	s->following = -1;
	s->ranges = 0;
	s->decided = s->newest;
}
