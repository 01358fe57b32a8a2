/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_inside.h"

#include <math.h>
#include <string.h>

enum { PER_INCH = 1000 };

static bool has_key(const struct libevdev *dev, unsigned code)
{
	return libevdev_has_event_code(dev, EV_KEY, code);
}

bool decode_is_key(unsigned code)
{
	return code > KEY_RESERVED && (code < BTN_MISC || (code >= KEY_OK && code < BTN_DPAD_UP) ||
				       (code > BTN_DPAD_RIGHT && code < BTN_TRIGGER_HAPPY));
}

bool decode_is_button(unsigned code)
{
	return (code >= BTN_MISC && code < BTN_JOYSTICK) || code == BTN_STYLUS || code == BTN_STYLUS2 || code == BTN_STYLUS3;
}

int64_t decode_scaled(const struct decode *d, unsigned axis, int value)
{
	return llround(value * d->scale[axis]);
}

static bool any_of(const struct libevdev *dev, bool (*is)(unsigned))
{
	for (unsigned code = 1; code < KEY_CNT; code++)
		if (is(code) && has_key(dev, code))
			return true;
	return false;
}

/* The order of udev's input_id, so that the classes are those that libinput and hence X11 see. */
static enum device_class classify(const struct libevdev *dev, bool *pointer)
{
	bool keyboard = has_key(dev, KEY_A) && has_key(dev, KEY_Z) && has_key(dev, KEY_SPACE);
	bool absolute = libevdev_has_event_code(dev, EV_ABS, ABS_X) && libevdev_has_event_code(dev, EV_ABS, ABS_Y);
	bool relative = libevdev_has_event_code(dev, EV_REL, REL_X) && libevdev_has_event_code(dev, EV_REL, REL_Y);
	bool touches = libevdev_has_event_code(dev, EV_ABS, ABS_MT_SLOT) &&
		       libevdev_has_event_code(dev, EV_ABS, ABS_MT_POSITION_X);
	bool direct = libevdev_has_property(dev, INPUT_PROP_DIRECT);
	bool pen = has_key(dev, BTN_TOOL_PEN) || has_key(dev, BTN_STYLUS);

	*pointer = true;
	if ((absolute || touches) && !keyboard) {
		if (pen)
			return DEVICE_TABLET;
		if (has_key(dev, BTN_TOOL_FINGER) && !direct)
			return DEVICE_TOUCHPAD;
		if (has_key(dev, BTN_LEFT) && !direct)
			return DEVICE_MOUSE;
		if (has_key(dev, BTN_TOUCH) || direct || touches)
			return DEVICE_TOUCHSCREEN;
	}
	if (relative && has_key(dev, BTN_LEFT))
		return keyboard ? DEVICE_KEYBOARD : DEVICE_MOUSE;
	*pointer = false;
	return keyboard || any_of(dev, decode_is_key) ? DEVICE_KEYBOARD : DEVICE_OTHER;
}

static bool is_of_a_game(const struct libevdev *dev)
{
	bool stick = has_key(dev, BTN_JOYSTICK) || has_key(dev, BTN_GAMEPAD);
	return libevdev_has_property(dev, INPUT_PROP_ACCELEROMETER) || (stick && !has_key(dev, KEY_A) && !has_key(dev, BTN_LEFT));
}

static void learn_positions(struct decode *d, const struct libevdev *dev)
{
	for (unsigned axis = 0; axis < 2; axis++) {
		int per_mm = libevdev_get_abs_resolution(dev, axis ? ABS_Y : ABS_X);
		if (d->multitouch && libevdev_get_abs_resolution(dev, axis ? ABS_MT_POSITION_Y : ABS_MT_POSITION_X) > 0)
			per_mm = libevdev_get_abs_resolution(dev, axis ? ABS_MT_POSITION_Y : ABS_MT_POSITION_X);
		d->scale[axis] = per_mm > 0 ? STREAM_UNIT * (PER_INCH / 25.4) / per_mm : STREAM_UNIT;
	}
}

/* Fingers that touch already are not told: where they began is not known. They count from their next touch. */
static void learn_slots(struct decode *d, const struct libevdev *dev)
{
	int count = d->multitouch ? libevdev_get_num_slots(dev) : 0, current = d->multitouch ? libevdev_get_current_slot(dev) : 0;
	d->slot = current >= 0 ? current : 0;
	for (int i = 0; i < STREAM_SLOTS_MAX; i++) {
		struct decode_slot *s = &d->slots[i];
		s->id = -1;
		for (unsigned axis = 0; axis < 2 && i < count; axis++)
			s->at[axis] = s->told_at[axis] =
				decode_scaled(d, axis, libevdev_get_slot_value(dev, (unsigned)i, axis ? ABS_MT_POSITION_Y : ABS_MT_POSITION_X));
	}
}

bool decode_init(struct decode *d, const struct libevdev *dev, const struct stream_terms *terms, struct decode_seat *seat,
		 int16_t ordinal, bool synthetic)
{
	bool pointer;
	memset(d, 0, sizeof *d);
	d->seat = seat;
	d->terms = *terms;
	d->ordinal = ordinal;
	d->synthetic = synthetic;
	d->klass = classify(dev, &pointer);
	if (is_of_a_game(dev))
		return false;
	bool keys = any_of(dev, decode_is_key);
	bool buttons = pointer || any_of(dev, decode_is_button);
	bool wheel = libevdev_has_event_code(dev, EV_REL, REL_WHEEL) || libevdev_has_event_code(dev, EV_REL, REL_HWHEEL);
	if (!(keys && terms->keys != DETAIL_NONE) && !(buttons && terms->pointer != POINTER_NONE) && !(wheel && terms->scroll))
		return false;

	d->hires[0] = libevdev_has_event_code(dev, EV_REL, REL_HWHEEL_HI_RES);
	d->hires[1] = libevdev_has_event_code(dev, EV_REL, REL_WHEEL_HI_RES);
	d->pen = d->klass == DEVICE_TABLET;
	d->multitouch = (d->klass == DEVICE_TOUCHPAD || d->klass == DEVICE_TOUCHSCREEN) &&
			libevdev_has_event_code(dev, EV_ABS, ABS_MT_SLOT);
	d->absolute = pointer && libevdev_has_event_code(dev, EV_ABS, ABS_X);
	d->numlock = libevdev_get_event_value(dev, EV_LED, LED_NUML) != 0;
	learn_positions(d, dev);
	d->at[0] = decode_scaled(d, 0, libevdev_get_event_value(dev, EV_ABS, ABS_X));
	d->at[1] = decode_scaled(d, 1, libevdev_get_event_value(dev, EV_ABS, ABS_Y));
	d->near = d->pen ? has_key(dev, BTN_TOOL_PEN) && libevdev_get_event_value(dev, EV_KEY, BTN_TOOL_PEN) :
		  d->klass == DEVICE_MOUSE;
	d->has_base = d->near;
	d->base[0] = d->at[0];
	d->base[1] = d->at[1];
	learn_slots(d, dev);
	for (unsigned code = 1; code < KEY_CNT; code++)
		if ((decode_is_key(code) || decode_is_button(code)) && libevdev_get_event_value(dev, EV_KEY, code) != 0)
			decode_hold(d, code);
	return true;
}
