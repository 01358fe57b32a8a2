/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "../error.h"

/* Which strings stand in this record; the others are as they were. */
enum { NEW_APP = 1 << 0, NEW_TITLE = 1 << 1, NEW_ALL = NEW_APP | NEW_TITLE };

static void put_string(struct bytes *out, const char *text)
{
	size_t length = strlen(text);
	bytes_put_u8(out, (uint8_t)length);
	bytes_put(out, text, length);
}

static void put_float(struct bytes *out, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	bytes_put_u32(out, bits);
}

void wire_encoder_reset(struct wire_encoder *e)
{
	*e = (struct wire_encoder){0};
}

void wire_put_event(struct wire_encoder *e, const struct event *event, struct bytes *out)
{
	if (event->kind >= EVENT_KIND_COUNT || !bytes_reserve(out, WIRE_RECORD_MAX))
		return;
	uint16_t has = check_has(event);
	uint8_t fresh = 0;
	if (has & HAS_APP && !(e->has_app && strcmp(e->app, event->app) == 0))
		fresh |= NEW_APP;
	if (has & HAS_TITLE && !(e->has_title && strcmp(e->title, event->title) == 0))
		fresh |= NEW_TITLE;

	bytes_put_u8(out, WIRE_EVENT);
	bytes_put_u8(out, event->kind);
	bytes_put_u16(out, has);
	bytes_put_u8(out, fresh);
	bytes_put_u64(out, (uint64_t)event->mono_us);
	bytes_put_u64(out, (uint64_t)event->t_us);
	if (has & HAS_DEVICE)
		bytes_put_u16(out, (uint16_t)event->device);
	if (has & HAS_CLASS)
		bytes_put_u8(out, event->key_class);
	if (has & HAS_CODE)
		bytes_put_u16(out, (uint16_t)event->code);
	if (has & HAS_TEXT)
		put_string(out, event->text);
	if (has & HAS_POSITION) {
		bytes_put_u32(out, (uint32_t)event->x);
		bytes_put_u32(out, (uint32_t)event->y);
	}
	if (has & HAS_DELTA) {
		put_float(out, event->dx);
		put_float(out, event->dy);
	}
	if (has & HAS_SCROLL) {
		bytes_put_u16(out, (uint16_t)event->scroll_x);
		bytes_put_u16(out, (uint16_t)event->scroll_y);
	}
	if (fresh & NEW_APP) {
		put_string(out, event->app);
		strcpy(e->app, event->app);
		e->has_app = true;
	}
	if (fresh & NEW_TITLE) {
		put_string(out, event->title);
		strcpy(e->title, event->title);
		e->has_title = true;
	}
	if (has & HAS_REASON)
		bytes_put_u8(out, event->reason);
	if (has & HAS_END)
		bytes_put_u64(out, (uint64_t)event->end_us);
	if (has & HAS_LOST)
		bytes_put_u32(out, (uint32_t)event->lost);
	if (has & HAS_SYNTHETIC)
		bytes_put_u8(out, event->synthetic);
}

void wire_put_device(int16_t device, enum device_class klass, struct bytes *out)
{
	if ((unsigned)klass >= DEVICE_CLASS_COUNT || !bytes_reserve(out, WIRE_RECORD_MAX))
		return;
	bytes_put_u8(out, WIRE_DEVICE);
	bytes_put_u16(out, (uint16_t)device);
	bytes_put_u8(out, (uint8_t)klass);
}

static bool get_string(struct bytes_reader *in, char *text, size_t max)
{
	size_t length = bytes_get_u8(in);
	const uint8_t *data = length <= max ? bytes_get(in, length) : NULL;
	if (in->failed || !data || !check_text(data, length))
		return false;
	memcpy(text, data, length);
	text[length] = 0;
	return true;
}

static float get_float(struct bytes_reader *in)
{
	uint32_t bits = bytes_get_u32(in);
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static int get_event(struct wire_decoder *d, struct bytes_reader *in, struct event *event)
{
	event->kind = bytes_get_u8(in);
	uint16_t has = event->has = bytes_get_u16(in);
	uint8_t fresh = bytes_get_u8(in);
	if (in->failed || event->kind >= EVENT_KIND_COUNT || has & ~HAS_ALL || fresh & ~NEW_ALL)
		return ERROR_CORRUPT;
	if ((fresh & NEW_APP && !(has & HAS_APP)) || (fresh & NEW_TITLE && !(has & HAS_TITLE)))
		return ERROR_CORRUPT;
	event->mono_us = (int64_t)bytes_get_u64(in);
	event->t_us = (int64_t)bytes_get_u64(in);
	if (has & HAS_DEVICE)
		event->device = (int16_t)bytes_get_u16(in);
	if (has & HAS_CLASS && (event->key_class = bytes_get_u8(in)) >= CLASS_COUNT)
		return ERROR_CORRUPT;
	if (has & HAS_CODE)
		event->code = (int16_t)bytes_get_u16(in);
	if (has & HAS_TEXT && !get_string(in, event->text, EVENT_TEXT_MAX))
		return ERROR_CORRUPT;
	if (has & HAS_POSITION) {
		event->x = (int32_t)bytes_get_u32(in);
		event->y = (int32_t)bytes_get_u32(in);
	}
	if (has & HAS_DELTA) {
		event->dx = get_float(in);
		event->dy = get_float(in);
		if (!isfinite(event->dx) || !isfinite(event->dy))
			return ERROR_CORRUPT;
	}
	if (has & HAS_SCROLL) {
		event->scroll_x = (int16_t)bytes_get_u16(in);
		event->scroll_y = (int16_t)bytes_get_u16(in);
	}
	if (fresh & NEW_APP && !(d->has_app = get_string(in, d->app, EVENT_APP_MAX)))
		return ERROR_CORRUPT;
	if (fresh & NEW_TITLE && !(d->has_title = get_string(in, d->title, EVENT_TITLE_MAX)))
		return ERROR_CORRUPT;
	if ((has & HAS_APP && !d->has_app) || (has & HAS_TITLE && !d->has_title))
		return ERROR_CORRUPT;
	event->app = has & HAS_APP ? d->app : NULL;
	event->title = has & HAS_TITLE ? d->title : NULL;
	if (has & HAS_REASON && (event->reason = bytes_get_u8(in)) >= REASON_COUNT)
		return ERROR_CORRUPT;
	if (has & HAS_END)
		event->end_us = (int64_t)bytes_get_u64(in);
	if (has & HAS_LOST)
		event->lost = (int32_t)bytes_get_u32(in);
	if (has & HAS_SYNTHETIC) {
		uint8_t synthetic = bytes_get_u8(in);
		if (synthetic > 1)
			return ERROR_CORRUPT;
		event->synthetic = synthetic;
	}
	return in->failed ? ERROR_CORRUPT : 0;
}

int wire_get(struct wire_decoder *d, struct bytes_reader *in, struct wire_item *item)
{
	if (in->failed)
		return ERROR_CORRUPT;
	if (in->at == in->end)
		return 0;
	memset(item, 0, sizeof *item);
	switch (bytes_get_u8(in)) {
	case WIRE_EVENT:
		item->record = WIRE_EVENT;
		if (get_event(d, in, &item->event)) {
			in->failed = true;
			return ERROR_CORRUPT;
		}
		return 1;
	case WIRE_DEVICE:
		item->record = WIRE_DEVICE;
		item->device = (int16_t)bytes_get_u16(in);
		uint8_t klass = bytes_get_u8(in);
		if (in->failed || klass >= DEVICE_CLASS_COUNT)
			break;
		item->klass = klass;
		return 1;
	}
	in->failed = true;
	return ERROR_CORRUPT;
}
