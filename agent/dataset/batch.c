/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

const struct batch_field batch_fields[BATCH_COLUMNS] = {
	[BATCH_T_US] = {"t_us", BATCH_INT64, 0, "UTC, microseconds since 1970"},
	[BATCH_MONO_US] = {"mono_us", BATCH_INT64, 0, "the source's monotonic clock, microseconds: use this for intervals"},
	[BATCH_KIND] = {"kind", BATCH_STRING, 0, "what happened"},
	[BATCH_DEVICE] = {"device", BATCH_INT16, HAS_DEVICE, "ordinal in this segment"},
	[BATCH_CLASS] = {"class", BATCH_STRING, HAS_CLASS, "class of the key"},
	[BATCH_CODE] = {"code", BATCH_INT16, HAS_CODE, "Linux key code (KEY_*), or the button's (BTN_*)"},
	[BATCH_TEXT] = {"text", BATCH_STRING, HAS_TEXT, "what the key produced"},
	[BATCH_X] = {"x", BATCH_INT32, HAS_POSITION, "pointer on the screen, pixels"},
	[BATCH_Y] = {"y", BATCH_INT32, HAS_POSITION, "pointer on the screen, pixels"},
	[BATCH_DX] = {"dx", BATCH_FLOAT, HAS_DELTA, "movement of the device, before acceleration"},
	[BATCH_DY] = {"dy", BATCH_FLOAT, BATCH_HAS_DY, "movement of the device, before acceleration"},
	[BATCH_SCROLL_X] = {"scroll_x", BATCH_INT16, HAS_SCROLL, "1/120 of a notch"},
	[BATCH_SCROLL_Y] = {"scroll_y", BATCH_INT16, HAS_SCROLL, "1/120 of a notch"},
	[BATCH_APP] = {"app", BATCH_STRING, HAS_APP, "the focused application's id"},
	[BATCH_TITLE] = {"title", BATCH_STRING, HAS_TITLE, "window title"},
	[BATCH_REASON] = {"reason", BATCH_STRING, HAS_REASON, "of a span: why it was masked; of a gap: why it was lost"},
	[BATCH_END_US] = {"end_us", BATCH_INT64, HAS_END, "end of a span or gap, UTC, microseconds since 1970"},
	[BATCH_LOST] = {"lost", BATCH_INT32, HAS_LOST, "of a gap: events lost, where known"},
	[BATCH_SYNTHETIC] = {"synthetic", BATCH_BOOL, HAS_SYNTHETIC, "injected by software"},
	[BATCH_STUDY] = {"study", BATCH_STRING, 0, "the study's id"},
	[BATCH_EPOCH] = {"epoch", BATCH_STRING, 0, "the stretch of capture under one unchanged receipt"},
	[BATCH_PARTICIPANT] = {"participant", BATCH_STRING, 0, "pseudonym, of this study only"},
	[BATCH_SEGMENT] = {"segment", BATCH_STRING, 0, "the segment that it was recorded in"},
};

static const uint8_t sizes[] = {
	[BATCH_INT64] = 8, [BATCH_INT32] = 4, [BATCH_INT16] = 2, [BATCH_FLOAT] = 4, [BATCH_BOOL] = 1, [BATCH_STRING] = 2,
};

int batch_init(struct batch *b)
{
	memset(b, 0, sizeof *b);
	for (int i = 0; i < BATCH_COLUMNS; i++)
		lexicon_init(&b->words[i]);
	b->presence = malloc((BATCH_ROWS + 8) * sizeof *b->presence);
	if (!b->presence)
		return ERROR_MEMORY;
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		b->values[i].any = malloc((size_t)BATCH_ROWS * sizes[batch_fields[i].type]);
		if (!b->values[i].any)
			return ERROR_MEMORY;
	}
	return 0;
}

void batch_release(struct batch *b)
{
	free(b->presence);
	for (int i = 0; i < BATCH_COLUMNS; i++) {
		free(b->values[i].any);
		lexicon_release(&b->words[i]);
	}
	memset(b, 0, sizeof *b);
}

void batch_clear(struct batch *b)
{
	b->rows = 0;
	b->placed = false;
	memset(b->count, 0, sizeof b->count);
	for (int i = 0; i < BATCH_COLUMNS; i++)
		lexicon_clear(&b->words[i]);
}

static bool same_place(const struct segment_meta *a, const struct segment_meta *b)
{
	return memcmp(a->segment, b->segment, sizeof a->segment) == 0 && memcmp(a->epoch, b->epoch, sizeof a->epoch) == 0 &&
	       memcmp(a->participant, b->participant, sizeof a->participant) == 0 && memcmp(a->study, b->study, sizeof a->study) == 0;
}

/* The words of where a row belongs: the same for all rows of a segment. */
static int place(struct batch *b, const struct segment_meta *meta)
{
	if (b->placed && same_place(&b->meta, meta))
		return 0;
	const char *const of[4] = {meta->study, meta->epoch, meta->participant, meta->segment};
	uint16_t number[4];
	for (int i = 0; i < 4; i++) {
		int e = lexicon_add(&b->words[BATCH_STUDY + i], of[i], &number[i]);
		if (e)
			return e;
	}
	memcpy(b->place, number, sizeof number);
	b->meta = *meta;
	b->placed = true;
	return 0;
}

int batch_add(struct batch *b, const struct segment_meta *meta, const struct event *e)
{
	uint16_t has = e->has & HAS_ALL, text = 0, app = 0, title = 0;
	if (b->rows == BATCH_ROWS)
		return ERROR_LIMIT;
	if (e->kind >= EVENT_KIND_COUNT || ((has & HAS_CLASS) && e->key_class >= CLASS_COUNT) || ((has & HAS_REASON) && e->reason >= REASON_COUNT))
		return ERROR_INVALID;
	if (has & HAS_DELTA) {
		has = (uint16_t)(has & ~HAS_DELTA);
		has |= isfinite(e->dx) ? HAS_DELTA : 0;
		has |= isfinite(e->dy) ? BATCH_HAS_DY : 0;
	}
	if (!e->app)
		has = (uint16_t)(has & ~HAS_APP);
	if (!e->title)
		has = (uint16_t)(has & ~HAS_TITLE);
	int error = place(b, meta);
	if (error == 0 && (has & HAS_TEXT))
		error = lexicon_add(&b->words[BATCH_TEXT], e->text, &text);
	if (error == 0 && (has & HAS_APP))
		error = lexicon_add(&b->words[BATCH_APP], e->app, &app);
	if (error == 0 && (has & HAS_TITLE))
		error = lexicon_add(&b->words[BATCH_TITLE], e->title, &title);
	if (error)
		return error;
	uint32_t row = b->rows++;
	b->presence[row] = has;
#define ALWAYS(column, as, v) b->values[column].as[row] = (v)
#define WHERE(bit, column, as, v) \
	do { \
		if (has & (bit)) \
			b->values[column].as[b->count[column]++] = (v); \
	} while (0)
	ALWAYS(BATCH_T_US, i64, e->t_us);
	ALWAYS(BATCH_MONO_US, i64, e->mono_us);
	ALWAYS(BATCH_KIND, word, e->kind);
	WHERE(HAS_DEVICE, BATCH_DEVICE, i16, e->device);
	WHERE(HAS_CLASS, BATCH_CLASS, word, e->key_class);
	WHERE(HAS_CODE, BATCH_CODE, i16, e->code);
	WHERE(HAS_TEXT, BATCH_TEXT, word, text);
	WHERE(HAS_POSITION, BATCH_X, i32, e->x);
	WHERE(HAS_POSITION, BATCH_Y, i32, e->y);
	WHERE(HAS_DELTA, BATCH_DX, f32, e->dx);
	WHERE(BATCH_HAS_DY, BATCH_DY, f32, e->dy);
	WHERE(HAS_SCROLL, BATCH_SCROLL_X, i16, e->scroll_x);
	WHERE(HAS_SCROLL, BATCH_SCROLL_Y, i16, e->scroll_y);
	WHERE(HAS_APP, BATCH_APP, word, app);
	WHERE(HAS_TITLE, BATCH_TITLE, word, title);
	WHERE(HAS_REASON, BATCH_REASON, word, e->reason);
	WHERE(HAS_END, BATCH_END_US, i64, e->end_us);
	WHERE(HAS_LOST, BATCH_LOST, i32, e->lost);
	WHERE(HAS_SYNTHETIC, BATCH_SYNTHETIC, u8, e->synthetic);
	for (int i = 0; i < 4; i++)
		ALWAYS(BATCH_STUDY + i, word, b->place[i]);
#undef ALWAYS
#undef WHERE
	return 0;
}

uint32_t batch_count(const struct batch *b, enum batch_column column)
{
	return batch_fields[column].presence ? b->count[column] : b->rows;
}

static const char *enum_name(enum batch_column column, uint32_t number)
{
	return column == BATCH_KIND ? event_kind_name(number) : column == BATCH_CLASS ? event_class_name(number) : event_reason_name(number);
}

uint32_t batch_words(const struct batch *b, enum batch_column column)
{
	switch (column) {
	case BATCH_KIND: return EVENT_KIND_COUNT;
	case BATCH_CLASS: return CLASS_COUNT;
	case BATCH_REASON: return REASON_COUNT;
	default: return b->words[column].count;
	}
}

const uint8_t *batch_word(const struct batch *b, enum batch_column column, uint32_t number, uint32_t *length)
{
	if (column != BATCH_KIND && column != BATCH_CLASS && column != BATCH_REASON)
		return lexicon_word(&b->words[column], number, length);
	const char *name = enum_name(column, number);
	*length = (uint32_t)strlen(name);
	return (const uint8_t *)name;
}

void batch_bitmap(const struct batch *b, uint16_t presence, uint8_t *bitmap)
{
	uint32_t i = 0;
	for (; i + 8 <= b->rows; i += 8) {
		unsigned bits = 0;
		for (unsigned k = 0; k < 8; k++)
			bits |= (unsigned)((b->presence[i + k] & presence) != 0) << k;
		bitmap[i / 8] = (uint8_t)bits;
	}
	if (i < b->rows) {
		unsigned bits = 0;
		for (unsigned k = 0; i + k < b->rows; k++)
			bits |= (unsigned)((b->presence[i + k] & presence) != 0) << k;
		bitmap[i / 8] = (uint8_t)bits;
	}
}
