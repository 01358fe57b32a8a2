/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the X11 source share. Xlib makes the connection and speaks XInput, XKB and XRes; the events come
 * from xcb as they stand on the wire: one allocation each, made and freed by xcb, and each with the full number of
 * the request it follows, by which it is told exactly what came before a reply and what after.
 */
#ifndef ASSENT_X11_PRIVATE_H
#define ASSENT_X11_PRIVATE_H

#include <X11/Xlib.h>
#include <xcb/xcb.h>

#include "../error.h"
#include "keymap.h"
#include "x11.h"

enum {
	X11_BATCH = 4096,        /* input events handed on together */
	X11_DEVICES = 64,
	X11_TOUCHES = 16,
	X11_DEPTH = 3            /* how deep below the root windows are watched for focus */
};

struct x11_device {
	int id;                  /* the server's */
	int16_t ordinal;
	bool present, synthetic;
	bool absolute;           /* says so itself */
	bool fits_absolute;      /* a device that may be either: how its last movements fitted */
	enum device_class klass;
	double low[2], high[2];  /* of the valuators 0 and 1 */
	int scroll_axis[2];      /* the valuator that scrolls horizontally, vertically; -1: none */
	double scroll_step[2], scroll_rest[2];
	uint8_t down[32];        /* keys, by X key code */
};

enum x11_item_kind { ITEM_KEY, ITEM_BUTTON, ITEM_MOTION, ITEM_TOUCH, ITEM_OTHER };
enum { AXIS_X = 1, AXIS_Y = 2, AXIS_SCROLL_X = 4, AXIS_SCROLL_Y = 8, AXIS_MOVE = AXIS_X | AXIS_Y,
	AXIS_SCROLL = AXIS_SCROLL_X | AXIS_SCROLL_Y };

/* One event of a batch, decoded. */
struct x11_item {
	uint8_t kind, action, axes;
	bool positioned, relative;
	int16_t device;                  /* index into x11.device, or -1 */
	uint32_t time, detail;
	float raw[2], value[2], scroll[2];
	int32_t x, y;
	xcb_generic_event_t *other;      /* ITEM_OTHER: owned */
};

/* The focus as the order of FocusIn and FocusOut tells it. */
struct x11_tracked {
	xcb_window_t window;             /* 0: none */
	bool lost;                       /* it went where it could not be seen */
};

struct x11 {
	Display *display;
	xcb_connection_t *c;
	xcb_window_t root, probe;
	struct x11_options options;
	source_emit *emit;
	void *user;
	int xi_opcode, xkb_event;

	struct x11_device device[X11_DEVICES];
	int devices, next_ordinal;
	int keyboards;                   /* master keyboards: each has a focus of its own */
	Atom xtest, tapping, synaptics;
	uint32_t touch[X11_TOUCHES];     /* touch id + 1 by slot; 0: free */

	int32_t width, height;
	double pointer_x, pointer_y;     /* after the last batch */

	struct x11_item *batch;          /* X11_BATCH places */
	int items;
	bool has_pointer;                /* the batch has something with a position */
	bool chopped;                    /* the batch before was handed on without positions */
	xcb_generic_event_t *held;       /* read, but belongs to the next batch */
	size_t bytes;

	struct x11_tracked ahead;        /* after all that was collected */
	struct x11_tracked focus;        /* after all that was emitted */
	bool focus_changed;              /* RAW_FOCUS is due before the next input */
	uint32_t focus_since;            /* FocusIn and FocusOut before this request are history */
	bool probe_grabbed;              /* as the last probe said */
	bool stream_grabbed;             /* as the order of events says */
	int64_t input_us;                /* when the last input happened that was emitted */
	xcb_window_t titled;             /* the window whose title is followed */
	struct raw_app app;              /* as it was emitted last */
	xcb_atom_t net_wm_name;

	struct keymap *keymap;
	struct xkb_context *xkb;
	int xkb_device;
	bool keymap_stale;
	char layout[EVENT_TEXT_MAX + 1]; /* as it was emitted last */
};

/* x11.c: a round trip. Wanted before each run of Xlib's requests: with something unsent on a dead connection these crash. */
bool x11_alive(struct x11 *x);

/* x11_device.c: the table of devices. */
int x11_device_refresh(struct x11 *x);                     /* emits RAW_DEVICE for what came and went */
int x11_device_find(struct x11 *x, int id);                /* index, or -1 */

/* x11_input.c: decodes what was read. */
int x11_input_select(struct x11 *x);
/* Takes an event into the batch (there must be room); owns it. */
void x11_input_take(struct x11 *x, xcb_generic_event_t *event);
bool x11_input_is_history(const xcb_generic_event_t *event, uint32_t request);

/* x11_pointer.c: positions. */
int x11_pointer_now(struct x11 *x);                        /* asks once, at the start */
/* Gives the batch's items their positions; the pointer was at (x, y) after the last of them. */
void x11_pointer_fit(struct x11 *x, int32_t root_x, int32_t root_y);
bool x11_pointer_scaled(const struct x11 *x, const struct x11_device *d, const struct x11_item *i, double *px, double *py);

/* x11_emit.c: hands the batch on and wipes it. */
void x11_emit_batch(struct x11 *x);

/* x11_focus.c: where the focus is. */
int x11_focus_select(struct x11 *x);
void x11_focus_track(struct x11 *x, struct x11_tracked *t, const xcb_generic_event_t *event);
/* A grab of the keyboard that began or ended at this place in the stream: emits RAW_GRAB. True: the event was about one. */
bool x11_focus_grab(struct x11 *x, const xcb_generic_event_t *event);
void x11_focus_adopt(struct x11 *x, xcb_window_t window, int depth); /* watches a window and those below it */
void x11_focus_settle(struct x11 *x);                      /* emits RAW_FOCUS if it is due */
void x11_focus_retitle(struct x11 *x, xcb_window_t window);
/* Is actual, which the server named, the tracked window or below it? */
bool x11_focus_agrees(struct x11 *x, const struct x11_tracked *t, xcb_window_t actual);
/* Where the server says it is, when the order of events does not tell. */
void x11_focus_found(struct x11 *x, xcb_window_t actual);

/* x11_window.c: whose window it is. */
void x11_window_identify(struct x11 *x, xcb_window_t window, struct raw_app *app, xcb_window_t *titled);
/* Fills title and private_window; instance must be known. */
void x11_window_title(struct x11 *x, xcb_window_t window, struct raw_app *app);

/* x11_layout.c: keyboard layout. */
int x11_layout_select(struct x11 *x);
void x11_layout_event(struct x11 *x, const xcb_generic_event_t *event);
void x11_layout_fresh(struct x11 *x);                      /* fetches the keymap if it is stale */
void x11_layout_release(struct x11 *x);

#endif
