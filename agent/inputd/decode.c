/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_inside.h"

#include "keyclass.h"

enum { HELD_NONE = 0 };

/* ---- What is held ------------------------------------------------------------------------ */

static uint16_t *modifier(struct decode_seat *seat, unsigned code)
{
	switch (code) {
	case KEY_LEFTSHIFT: case KEY_RIGHTSHIFT:
		return &seat->shift;
	/* Not the right Alt: in most layouts it makes characters, and taking those for shortcuts would mask less. */
	case KEY_LEFTCTRL: case KEY_RIGHTCTRL: case KEY_LEFTALT: case KEY_LEFTMETA: case KEY_RIGHTMETA:
		return &seat->chord;
	default:
		return NULL;
	}
}

void decode_hold(struct decode *d, unsigned code)
{
	struct decode_key *k = &d->keys[code];
	uint16_t *m = modifier(d->seat, code);
	k->down = (uint8_t)(1 + (decode_is_key(code) ? keyclass((int)code, d->seat->shift > 0, d->numlock) : 0));
	k->place = STREAM_HELD_MAX;
	for (uint8_t i = 0; decode_is_key(code) && i < STREAM_HELD_MAX; i++) {
		if (!(d->seat->places >> i & 1)) {
			d->seat->places |= UINT32_C(1) << i;
			k->place = (uint8_t)(i + 1);
			break;
		}
	}
	if (m)
		++*m;
}

static void let_go(struct decode *d, unsigned code)
{
	struct decode_key *k = &d->keys[code];
	uint16_t *m = modifier(d->seat, code);
	if (decode_is_key(code))
		d->seat->places &= ~(UINT32_C(1) << (k->place - 1));
	k->down = HELD_NONE;
	if (m)
		--*m;
}

void decode_end(struct decode *d)
{
	for (unsigned code = 1; code < KEY_CNT; code++)
		if (d->keys[code].down)
			let_go(d, code);
}

/* ---- Records ----------------------------------------------------------------------------- */

static struct stream_record record(const struct decode *d, enum stream_kind kind, int64_t at_us)
{
	struct stream_record r = { .mono_us = at_us, .device = d->ordinal, .kind = (uint8_t)kind };
	if (d->synthetic)
		r.flags = STREAM_SYNTHETIC;
	return r;
}

static struct stream_record key_record(const struct decode *d, unsigned code, enum key_action action, uint8_t as, uint8_t place,
				       bool chord, int64_t at_us)
{
	struct stream_record r = record(d, decode_is_key(code) ? STREAM_KEY : STREAM_BUTTON, at_us);
	r.action = (uint8_t)action;
	r.code = (int16_t)code;
	if (r.kind == STREAM_KEY) {
		r.klass = (uint8_t)(as - 1);
		r.x = place;
		if (chord)
			r.flags |= STREAM_CHORD;
	}
	return r;
}

static bool wants(const struct decode *d, unsigned code)
{
	return decode_is_key(code) ? d->terms.keys != DETAIL_NONE : d->terms.pointer != POINTER_NONE;
}

void decode_begin(struct decode *d, int64_t now_us, decode_emit *emit, void *user)
{
	for (unsigned code = 1; code < KEY_CNT; code++) {
		const struct decode_key *k = &d->keys[code];
		if (!k->down || !wants(d, code))
			continue;
		struct stream_record r = key_record(d, code, KEY_PRESS, k->down, k->place, false, now_us);
		r.flags |= STREAM_RESYNC;
		emit(user, d, &r);
	}
}

/* The tip of a pen is the first button, as X11 has it. */
static unsigned meant(const struct decode *d, unsigned code)
{
	return d->pen && code == BTN_TOUCH ? BTN_LEFT : code;
}

static void key(struct decode *d, const struct input_event *e, int64_t at_us, decode_emit *emit, void *user)
{
	unsigned code = meant(d, e->code);
	if (code >= KEY_CNT || (!decode_is_key(code) && !decode_is_button(code)))
		return;
	struct decode_key *k = &d->keys[code];
	uint8_t as = k->down, place = k->place;
	/* As the layout's own state has it: before this key. */
	bool chord = d->seat->chord > 0;
	/* What is down cannot go down; if it was let go in a hole, libevdev has said so. */
	if (e->value == KEY_PRESS && !k->down) {
		decode_hold(d, code);
		as = k->down;
		place = k->place;
	} else if (e->value == KEY_RELEASE && k->down) {
		let_go(d, code);
	} else if (e->value != KEY_REPEAT || !k->down || !decode_is_key(code)) {
		return;
	}
	if (!wants(d, code))
		return;
	struct stream_record r = key_record(d, code, (enum key_action)e->value, as, place, chord, at_us);
	if (d->resync)
		r.flags |= STREAM_RESYNC;
	emit(user, d, &r);
}

static int32_t clamp(int64_t v, int32_t most)
{
	return v > most ? most : v < -most ? -most : (int32_t)v;
}

static void motion(struct decode *d, int64_t dx, int64_t dy, int64_t at_us, decode_emit *emit, void *user)
{
	/* Where the pointer is after a hole is no movement. */
	if ((dx == 0 && dy == 0) || d->resync || d->terms.pointer != POINTER_FULL)
		return;
	struct stream_record r = record(d, STREAM_MOTION, at_us);
	r.x = clamp(dx, 1 << 30);
	r.y = clamp(dy, 1 << 30);
	emit(user, d, &r);
}

static void touch(struct decode *d, int slot, enum touch_action action, int64_t dx, int64_t dy, int64_t at_us, decode_emit *emit,
		  void *user)
{
	if (d->terms.pointer == POINTER_NONE || (action == TOUCH_UPDATE && (d->resync || d->terms.pointer != POINTER_FULL)))
		return;
	struct stream_record r = record(d, STREAM_TOUCH, at_us);
	r.action = (uint8_t)action;
	r.code = (int16_t)slot;
	r.x = clamp(dx, 1 << 30);
	r.y = clamp(dy, 1 << 30);
	if (d->resync)
		r.flags |= STREAM_RESYNC;
	emit(user, d, &r);
}

static void frame_of_slot(struct decode *d, int i, bool alone, int64_t at_us, decode_emit *emit, void *user)
{
	struct decode_slot *s = &d->slots[i];
	int64_t dx = s->at[0] - s->told_at[0], dy = s->at[1] - s->told_at[1];
	if (s->ended && s->down) {
		s->down = false;
		touch(d, i, TOUCH_END, 0, 0, at_us, emit, user);
	}
	if (s->began && s->id >= 0) {
		s->down = true;
		touch(d, i, TOUCH_BEGIN, 0, 0, at_us, emit, user);
		s->moved = true;
	} else if (s->down && s->moved && (dx || dy)) {
		if (alone)
			motion(d, dx, dy, at_us, emit, user);
		else
			touch(d, i, TOUCH_UPDATE, dx, dy, at_us, emit, user);
	}
	if (s->moved) {
		s->told_at[0] = s->at[0];
		s->told_at[1] = s->at[1];
	}
	s->began = s->ended = s->moved = false;
}

/* Of devices that tell one position: pens, absolute mice, screens and pads without slots. */
static void frame_of_position(struct decode *d, int64_t at_us, decode_emit *emit, void *user)
{
	bool finger = d->klass == DEVICE_TOUCHPAD || d->klass == DEVICE_TOUCHSCREEN;
	struct decode_slot *s = &d->slots[0];
	if (finger && s->down != d->near) {
		s->down = d->near;
		touch(d, 0, d->near ? TOUCH_BEGIN : TOUCH_END, 0, 0, at_us, emit, user);
	}
	if (d->near && d->has_base) {
		int64_t dx = d->at[0] - d->base[0], dy = d->at[1] - d->base[1];
		if (d->klass != DEVICE_TOUCHSCREEN)
			motion(d, dx, dy, at_us, emit, user);
		else if (dx || dy)
			touch(d, 0, TOUCH_UPDATE, dx, dy, at_us, emit, user);
	}
	d->has_base = d->near;
	d->base[0] = d->at[0];
	d->base[1] = d->at[1];
}

static void frame(struct decode *d, int64_t at_us, decode_emit *emit, void *user)
{
	motion(d, d->move[0] * STREAM_UNIT, d->move[1] * STREAM_UNIT, at_us, emit, user);
	if (d->multitouch) {
		int fingers = 0;
		for (int i = 0; i < STREAM_SLOTS_MAX; i++)
			fingers += d->slots[i].id >= 0;
		for (int i = 0; i < STREAM_SLOTS_MAX; i++)
			frame_of_slot(d, i, d->klass == DEVICE_TOUCHPAD && fingers == 1, at_us, emit, user);
	} else if (d->absolute) {
		frame_of_position(d, at_us, emit, user);
	}
	if (d->terms.scroll && (d->wheel[0] || d->wheel[1])) {
		struct stream_record r = record(d, STREAM_SCROLL, at_us);
		r.x = clamp(d->wheel[0], INT16_MAX);
		r.y = clamp(-d->wheel[1], INT16_MAX); /* the kernel's up is positive */
		emit(user, d, &r);
	}
	d->move[0] = d->move[1] = d->wheel[0] = d->wheel[1] = 0;
	d->resync = false;
}

static void relative(struct decode *d, const struct input_event *e)
{
	switch (e->code) {
	case REL_X: d->move[0] += e->value; break;
	case REL_Y: d->move[1] += e->value; break;
	case REL_HWHEEL: d->wheel[0] += d->hires[0] ? 0 : (int64_t)e->value * 120; break;
	case REL_WHEEL: d->wheel[1] += d->hires[1] ? 0 : (int64_t)e->value * 120; break;
	case REL_HWHEEL_HI_RES: d->wheel[0] += e->value; break;
	case REL_WHEEL_HI_RES: d->wheel[1] += e->value; break;
	default: break;
	}
}

static void position(struct decode *d, const struct input_event *e)
{
	struct decode_slot *s = d->slot >= 0 && d->slot < STREAM_SLOTS_MAX ? &d->slots[d->slot] : NULL;
	switch (e->code) {
	case ABS_X: d->at[0] = decode_scaled(d, 0, e->value); break;
	case ABS_Y: d->at[1] = decode_scaled(d, 1, e->value); break;
	case ABS_MT_SLOT: d->slot = e->value; break;
	case ABS_MT_TRACKING_ID:
		if (!s)
			break;
		s->ended = s->ended || s->down;
		s->began = e->value >= 0;
		s->id = e->value >= 0 ? e->value : -1;
		break;
	case ABS_MT_POSITION_X: case ABS_MT_POSITION_Y:
		if (!s)
			break;
		s->at[e->code == ABS_MT_POSITION_Y] = decode_scaled(d, e->code == ABS_MT_POSITION_Y, e->value);
		s->moved = true;
		break;
	default: break;
	}
}

static void reach(struct decode *d, const struct input_event *e)
{
	bool tool = e->code == BTN_TOOL_PEN || e->code == BTN_TOOL_RUBBER || e->code == BTN_TOOL_BRUSH || e->code == BTN_TOOL_PENCIL ||
		    e->code == BTN_TOOL_AIRBRUSH || e->code == BTN_TOOL_MOUSE || e->code == BTN_TOOL_LENS;
	if (d->pen ? tool : e->code == BTN_TOUCH && d->klass != DEVICE_MOUSE)
		d->near = e->value != 0;
}

void decode_event(struct decode *d, const struct input_event *e, bool resync, decode_emit *emit, void *user)
{
	int64_t at_us = (int64_t)e->input_event_sec * 1000000 + e->input_event_usec;
	d->resync = d->resync || resync;
	switch (e->type) {
	case EV_KEY:
		reach(d, e);
		key(d, e, at_us, emit, user);
		break;
	case EV_REL:
		relative(d, e);
		break;
	case EV_ABS:
		position(d, e);
		break;
	case EV_LED:
		if (e->code == LED_NUML)
			d->numlock = e->value != 0;
		break;
	case EV_SYN:
		if (e->code == SYN_REPORT) {
			frame(d, at_us, emit, user);
		} else if (e->code == SYN_DROPPED) {
			/* Its half frame is part of what was lost. */
			struct stream_record r = { .mono_us = at_us, .device = d->ordinal, .kind = STREAM_LOST, .x = -1 };
			d->move[0] = d->move[1] = d->wheel[0] = d->wheel[1] = 0;
			emit(user, d, &r);
		}
		break;
	default:
		break;
	}
}

/* ---- What the client knows --------------------------------------------------------------- */

void decode_told(struct decode *d, const struct stream_record *r)
{
	if (r->kind == STREAM_KEY || r->kind == STREAM_BUTTON) {
		struct decode_key *k = &d->keys[r->code];
		if (r->action == KEY_RELEASE) {
			k->told = HELD_NONE;
		} else if (r->action == KEY_PRESS) {
			k->told = (uint8_t)(1 + r->klass);
			k->told_place = (uint8_t)r->x;
		}
	} else if (r->kind == STREAM_TOUCH && r->action != TOUCH_UPDATE) {
		d->slots[r->code].told = r->action == TOUCH_BEGIN;
	}
}

void decode_mend(struct decode *d, int64_t now_us, bool presses, decode_emit *emit, void *user)
{
	for (unsigned code = 1; code < KEY_CNT; code++) {
		const struct decode_key *k = &d->keys[code];
		bool release = k->told && (!k->down || k->place != k->told_place), press = k->down && (!k->told || k->place != k->told_place);
		if (!wants(d, code) || !(presses ? press : release))
			continue;
		struct stream_record r = presses ? key_record(d, code, KEY_PRESS, k->down, k->place, false, now_us) :
			key_record(d, code, KEY_RELEASE, k->told, k->told_place, false, now_us);
		r.flags |= STREAM_RESYNC;
		emit(user, d, &r);
	}
	for (int i = 0; i < STREAM_SLOTS_MAX; i++) {
		struct decode_slot *s = &d->slots[i];
		if (s->told == s->down || s->down != presses)
			continue;
		bool before = d->resync;
		d->resync = true;
		touch(d, i, presses ? TOUCH_BEGIN : TOUCH_END, 0, 0, now_us, emit, user);
		d->resync = before;
	}
}
