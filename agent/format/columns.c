/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <string.h>

#include "check.h"
#include "columns_inside.h"
#include "../error.h"

const uint16_t columns_has[COLUMN_COUNT] = {
	[COLUMN_SHAPE] = 0, [COLUMN_MONO] = 0, [COLUMN_UTC] = 0,
	[COLUMN_KEY] = HAS_KEY,
	[COLUMN_X] = HAS_POSITION, [COLUMN_Y] = HAS_POSITION,
	[COLUMN_DX] = HAS_DELTA, [COLUMN_DY] = HAS_DELTA,
	[COLUMN_SCROLL_X] = HAS_SCROLL, [COLUMN_SCROLL_Y] = HAS_SCROLL,
	[COLUMN_APP] = HAS_APP, [COLUMN_TITLE] = HAS_TITLE,
	[COLUMN_END] = HAS_END, [COLUMN_LOST] = HAS_LOST,
};

void columns_release(struct columns *c)
{
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		numbers_release(&c->column[i]);
	for (unsigned i = 0; i < WORDS_COUNT; i++)
		dictionary_release(&c->words[i]);
	c->rows = 0;
}

void columns_clear(struct columns *c)
{
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		numbers_clear(&c->column[i]);
	for (unsigned i = 0; i < WORDS_COUNT; i++)
		dictionary_clear(&c->words[i]);
	c->rows = 0;
}

static size_t shape_write(const struct event *event, uint16_t has, uint8_t shape[SHAPE_BYTES])
{
	uint16_t device = has & HAS_DEVICE ? (uint16_t)event->device : 0;
	shape[0] = event->kind;
	shape[1] = (uint8_t)has;
	shape[2] = (uint8_t)(has >> 8);
	shape[3] = (uint8_t)device;
	shape[4] = (uint8_t)(device >> 8);
	shape[5] = has & HAS_SYNTHETIC && event->synthetic;
	shape[6] = has & HAS_REASON ? event->reason : 0;
	return SHAPE_BYTES;
}

static size_t key_write(const struct event *event, uint16_t has, uint8_t key[KEY_BYTES_MAX])
{
	size_t n = 0;
	key[n++] = (uint8_t)((has & HAS_KEY) / HAS_CLASS);
	if (has & HAS_CLASS)
		key[n++] = event->key_class;
	if (has & HAS_CODE) {
		key[n++] = (uint8_t)event->code;
		key[n++] = (uint8_t)((uint16_t)event->code >> 8);
	}
	if (has & HAS_TEXT) {
		size_t length = strlen(event->text);
		memcpy(key + n, event->text, length);
		n += length;
	}
	return n;
}

static int64_t float_bits(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static int64_t difference(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static int64_t sum(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

/* The number of the word that this row has; most rows have the one of the row before. */
static int64_t number(struct columns *c, enum words which, enum column column, const void *word, size_t length)
{
	const struct numbers *known = &c->column[column];
	if (known->count > 0) {
		int64_t last = known->data[known->count - 1];
		size_t n;
		const uint8_t *text = dictionary_word(&c->words[which], (uint32_t)last, &n);
		if (n == length && dictionary_same(text, word, n))
			return last;
	}
	return dictionary_number(&c->words[which], word, length);
}

/* Is there room for one more row, whatever it is? */
static bool fits(const struct columns *c)
{
	size_t words = 0;
	for (unsigned i = 0; i < WORDS_COUNT; i++)
		words += c->words[i].text.length + 3 * (size_t)c->words[i].count;
	return c->rows < SEGMENT_BLOCK_EVENTS_MAX
		&& (size_t)(c->rows + 1) * COLUMNS_ROW_BYTES + words + 8192 <= SEGMENT_BLOCK_BYTES_MAX;
}

static bool has_room(struct columns *c, enum column column)
{
	struct numbers *n = &c->column[column];
	return n->count < n->capacity || numbers_reserve(n, 1);
}

/* For a value in each column in which this row has one. */
static bool has_rooms(struct columns *c, uint16_t has)
{
	bool room = has_room(c, COLUMN_SHAPE) && has_room(c, COLUMN_MONO) && has_room(c, COLUMN_UTC);
	for (unsigned i = COLUMN_UTC + 1; i < COLUMN_COUNT && room; i++)
		room = !(columns_has[i] & has) || has_room(c, i);
	return room;
}

static void push(struct columns *c, enum column column, int64_t value)
{
	c->column[column].data[c->column[column].count++] = value;
}

int columns_add(struct columns *c, const struct event *event)
{
	uint16_t has = event->has & HAS_ALL;
	if (event->kind >= EVENT_KIND_COUNT || check_has(event) != has)
		return ERROR_INVALID;
	if (!fits(c))
		return ERROR_LIMIT;

	uint8_t shape[SHAPE_BYTES], key[KEY_BYTES_MAX];
	int64_t key_number = 0, app = 0, title = 0;
	int64_t shape_number = number(c, WORDS_SHAPE, COLUMN_SHAPE, shape, shape_write(event, has, shape));
	if (has & HAS_KEY)
		key_number = number(c, WORDS_KEY, COLUMN_KEY, key, key_write(event, has, key));
	if (has & HAS_APP)
		app = number(c, WORDS_APP, COLUMN_APP, event->app, strlen(event->app));
	if (has & HAS_TITLE)
		title = number(c, WORDS_TITLE, COLUMN_TITLE, event->title, strlen(event->title));
	if (shape_number < 0 || key_number < 0 || app < 0 || title < 0 || !has_rooms(c, has))
		return ERROR_MEMORY;

	int64_t mono = difference(event->mono_us, c->mono_base);
	push(c, COLUMN_SHAPE, shape_number);
	push(c, COLUMN_MONO, mono);
	push(c, COLUMN_UTC, difference(difference(event->t_us, c->utc_base), mono));
	if (has & HAS_KEY)
		push(c, COLUMN_KEY, key_number);
	if (has & HAS_POSITION) {
		push(c, COLUMN_X, event->x);
		push(c, COLUMN_Y, event->y);
	}
	if (has & HAS_DELTA) {
		push(c, COLUMN_DX, float_bits(event->dx));
		push(c, COLUMN_DY, float_bits(event->dy));
	}
	if (has & HAS_SCROLL) {
		push(c, COLUMN_SCROLL_X, event->scroll_x);
		push(c, COLUMN_SCROLL_Y, event->scroll_y);
	}
	if (has & HAS_APP)
		push(c, COLUMN_APP, app);
	if (has & HAS_TITLE)
		push(c, COLUMN_TITLE, title);
	if (has & HAS_END)
		push(c, COLUMN_END, difference(event->end_us, event->t_us));
	if (has & HAS_LOST)
		push(c, COLUMN_LOST, event->lost);

	if (c->rows == 0 || event->t_us < c->t_first)
		c->t_first = event->t_us;
	if (c->rows == 0 || event->t_us > c->t_last)
		c->t_last = event->t_us;
	if (c->rows == 0 || event->mono_us > c->mono_last)
		c->mono_last = event->mono_us;
	c->rows++;
	return 0;
}

static int16_t get_i16(const uint8_t *le)
{
	return (int16_t)(uint16_t)(le[0] | le[1] << 8);
}

static void read_key(const struct columns *c, uint32_t which, struct event *event)
{
	size_t length;
	const uint8_t *key = dictionary_word(&c->words[WORDS_KEY], which, &length);
	const uint8_t *end = key + length;
	uint16_t has = (uint16_t)(*key++ * HAS_CLASS);
	if (has & HAS_CLASS)
		event->key_class = *key++;
	if (has & HAS_CODE) {
		event->code = get_i16(key);
		key += 2;
	}
	if (has & HAS_TEXT)
		memcpy(event->text, key, (size_t)(end - key));
}

static const char *read_text(const struct dictionary *words, uint32_t which, char *text)
{
	size_t length;
	const uint8_t *word = dictionary_word(words, which, &length);
	memcpy(text, word, length);
	text[length] = 0;
	return text;
}

static float read_float(int64_t value)
{
	uint32_t bits = (uint32_t)value;
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

static int64_t next(const struct columns *c, struct cursor *at, enum column column)
{
	return c->column[column].data[at->at[column]++];
}

bool columns_times(const struct columns *c, struct row_times *at)
{
	if (at->row == c->rows)
		return false;
	size_t length;
	const uint8_t *shape = dictionary_word(&c->words[WORDS_SHAPE], (uint32_t)c->column[COLUMN_SHAPE].data[at->row], &length);
	at->kind = shape[0];
	at->has = (uint16_t)(shape[1] | shape[2] << 8);
	at->reason = shape[6];
	int64_t mono = c->column[COLUMN_MONO].data[at->row];
	at->mono_us = sum(mono, c->mono_base);
	at->t_us = sum(sum(c->column[COLUMN_UTC].data[at->row], mono), c->utc_base);
	if (at->has & HAS_END)
		at->end_us = sum(c->column[COLUMN_END].data[at->ends++], at->t_us);
	at->row++;
	return true;
}

bool columns_next(const struct columns *c, struct cursor *at, struct event *event)
{
	if (at->row == c->rows)
		return false;
	memset(event, 0, sizeof *event);
	size_t length;
	const uint8_t *shape = dictionary_word(&c->words[WORDS_SHAPE],
		(uint32_t)next(c, at, COLUMN_SHAPE), &length);
	event->kind = shape[0];
	event->has = (uint16_t)(shape[1] | shape[2] << 8);
	event->device = get_i16(shape + 3);
	event->synthetic = shape[5];
	event->reason = shape[6];

	int64_t mono = next(c, at, COLUMN_MONO);
	uint16_t has = event->has;
	event->mono_us = sum(mono, c->mono_base);
	event->t_us = sum(sum(next(c, at, COLUMN_UTC), mono), c->utc_base);
	if (has & HAS_KEY)
		read_key(c, (uint32_t)next(c, at, COLUMN_KEY), event);
	if (has & HAS_POSITION) {
		event->x = (int32_t)next(c, at, COLUMN_X);
		event->y = (int32_t)next(c, at, COLUMN_Y);
	}
	if (has & HAS_DELTA) {
		event->dx = read_float(next(c, at, COLUMN_DX));
		event->dy = read_float(next(c, at, COLUMN_DY));
	}
	if (has & HAS_SCROLL) {
		event->scroll_x = (int16_t)next(c, at, COLUMN_SCROLL_X);
		event->scroll_y = (int16_t)next(c, at, COLUMN_SCROLL_Y);
	}
	if (has & HAS_APP)
		event->app = read_text(&c->words[WORDS_APP], (uint32_t)next(c, at, COLUMN_APP), at->app);
	if (has & HAS_TITLE)
		event->title = read_text(&c->words[WORDS_TITLE], (uint32_t)next(c, at, COLUMN_TITLE), at->title);
	if (has & HAS_END)
		event->end_us = sum(next(c, at, COLUMN_END), event->t_us);
	if (has & HAS_LOST)
		event->lost = (int32_t)next(c, at, COLUMN_LOST);
	at->row++;
	return true;
}
