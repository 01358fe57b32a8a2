/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw events do not say where the pointer is. One question per batch does, for its end; the places before it are
 * computed forwards from the end of the batch before, and believed only if they arrive at the answer. Whether an
 * injected movement was relative or absolute is not in the event either: whichever arrives is right.
 */
#include "x11_private.h"

#include <math.h>
#include <stdlib.h>

int x11_pointer_now(struct x11 *x)
{
	xcb_query_pointer_reply_t *at = xcb_query_pointer_reply(x->c, xcb_query_pointer(x->c, x->root), NULL);
	if (!at)
		return ERROR_GONE;
	x->pointer_x = at->root_x + 0.5;
	x->pointer_y = at->root_y + 0.5;
	free(at);
	return 0;
}

static double clamp(double v, int32_t size)
{
	/* Just inside the last pixel, as the server does. */
	return v < 0 ? 0 : v >= size ? size - 0.001 : v;
}

/* A device that calls itself absolute has its own range; one that does not means pixels. */
bool x11_pointer_scaled(const struct x11 *x, const struct x11_device *d, const struct x11_item *i, double *px, double *py)
{
	const int32_t size[2] = { x->width, x->height };
	double *out[2] = { px, py };

	for (int axis = 0; axis < 2; axis++) {
		if (!(i->axes & AXIS_X << axis))
			continue;
		double range = d->high[axis] - d->low[axis];
		*out[axis] = d->absolute && range > 0
			? (i->value[axis] - d->low[axis]) / (range + 1) * size[axis]
			: i->value[axis];
		*out[axis] = clamp(*out[axis], size[axis]);
	}
	return (i->axes & AXIS_MOVE) == AXIS_MOVE;
}

enum guess { GUESS_LAST, GUESS_OTHER, GUESS_ALL_ABSOLUTE, GUESSES };

static bool is_absolute(const struct x11_device *d, enum guess guess)
{
	if (d->absolute || guess == GUESS_ALL_ABSOLUTE)
		return true;
	/* Only what is injected may be either; real hardware is asked last whether it lied. */
	return d->synthetic ? d->fits_absolute != (guess == GUESS_OTHER) : d->fits_absolute && guess == GUESS_LAST;
}

/* Walks the batch; true if it arrives at (tx, ty). */
static bool walk(struct x11 *x, enum guess guess, int32_t tx, int32_t ty, double *px, double *py)
{
	*px = x->pointer_x;
	*py = x->pointer_y;
	for (int n = 0; n < x->items; n++) {
		struct x11_item *i = &x->batch[n];
		if (i->kind != ITEM_MOTION && i->kind != ITEM_BUTTON)
			continue;
		if (i->kind == ITEM_MOTION && i->axes & AXIS_MOVE && i->device >= 0) {
			const struct x11_device *d = &x->device[i->device];
			i->relative = !is_absolute(d, guess);
			if (i->relative) {
				*px = clamp(*px + i->value[0], x->width);
				*py = clamp(*py + i->value[1], x->height);
			} else {
				x11_pointer_scaled(x, d, i, px, py);
			}
		}
		i->x = (int32_t)*px;
		i->y = (int32_t)*py;
		i->positioned = true;
	}
	return fabs(floor(*px) - tx) <= 1 && fabs(floor(*py) - ty) <= 1;
}

/* Nothing arrives: the pointer was warped, or its way is not a rectangle. Only the end is certain. */
static void give_up(struct x11 *x, int32_t root_x, int32_t root_y)
{
	bool moved = false;
	for (int n = x->items - 1; n >= 0; n--) {
		struct x11_item *i = &x->batch[n];
		if (i->kind != ITEM_MOTION && i->kind != ITEM_BUTTON)
			continue;
		i->positioned = !moved;
		i->x = root_x;
		i->y = root_y;
		if (i->kind == ITEM_MOTION && i->axes & AXIS_MOVE) {
			moved = true; /* what is before it was elsewhere */
			const struct x11_device *d = i->device >= 0 ? &x->device[i->device] : NULL;
			i->relative = d && !d->absolute && !d->synthetic;
		}
	}
}

void x11_pointer_fit(struct x11 *x, int32_t root_x, int32_t root_y)
{
	double px = 0, py = 0;
	enum guess guess = GUESS_LAST;

	/* After a batch without positions the beginning is not known: only absolute movements can be followed. */
	if (x->chopped)
		guess = GUESS_ALL_ABSOLUTE;
	while (guess < GUESSES && !walk(x, guess, root_x, root_y, &px, &py))
		guess++;
	x->chopped = false;
	if (guess == GUESSES) {
		give_up(x, root_x, root_y);
		px = root_x + 0.5;
		py = root_y + 0.5;
	}
	bool last = true;
	for (int n = x->items - 1; n >= 0 && guess < GUESSES; n--) {
		struct x11_item *i = &x->batch[n];
		if (i->kind != ITEM_MOTION || !(i->axes & AXIS_MOVE) || i->device < 0)
			continue;
		if (last) {
			i->x = root_x;
			i->y = root_y;
			last = false;
		}
		x->device[i->device].fits_absolute = !i->relative;
	}
	/* The fraction of a pixel is kept while it agrees. */
	x->pointer_x = floor(px) == root_x ? px : root_x + 0.5;
	x->pointer_y = floor(py) == root_y ? py : root_y + 0.5;
}
