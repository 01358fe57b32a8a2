/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The currency of the agent. Three types, never interchangeable:
 *
 *   struct raw_event   what a source saw. Exists only in the capture process, in locked memory.
 *   struct permit      what consent allows to be kept of it right now (policy/consent.h).
 *   struct event       what is left after consent and redaction. The only thing that is ever encoded.
 *
 * Only policy/redact.c turns a raw_event into an event, and it wants a permit for that.
 *
 * Times: mono_us is CLOCK_MONOTONIC, microseconds; t_us is UTC, microseconds since 1970.
 */
#ifndef ASSENT_EVENT_H
#define ASSENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* ---- What is recorded ------------------------------------------------------------------- */

/* The order is part of the segment format: append only. */
enum event_kind {
	EVENT_KEY_DOWN, EVENT_KEY_UP, EVENT_KEY_REPEAT,
	EVENT_BUTTON_DOWN, EVENT_BUTTON_UP, EVENT_MOTION, EVENT_SCROLL,
	EVENT_TOUCH_DOWN, EVENT_TOUCH_MOVE, EVENT_TOUCH_UP,
	EVENT_FOCUS, EVENT_SPAN, EVENT_GAP, EVENT_START, EVENT_STOP, EVENT_CLOCK,
	EVENT_SCREEN,            /* x, y: size of the screen, px */
	EVENT_LAYOUT,            /* text: the keyboard layout's name, e.g. "de" */
	EVENT_SKEW,              /* of the rows since the last such row: the display's times less the kernel's, µs: x the least, y the most, dx the mean;
	                          * dy: the share of them that kept the display's time, as the kernel's is not known */
	EVENT_KIND_COUNT
};

enum key_class {
	CLASS_LETTER, CLASS_DIGIT, CLASS_PUNCTUATION, CLASS_SPACE, CLASS_ENTER, CLASS_ERASE,
	CLASS_MODIFIER, CLASS_NAVIGATION, CLASS_FUNCTION, CLASS_OTHER,
	CLASS_COUNT
};

/* Reasons of spans first, of gaps from REASON_PAUSED on. Part of the format: append only. */
enum reason {
	REASON_PASSWORD, REASON_ECHO_OFF, REASON_EXCLUDED, REASON_LOCKED, REASON_GRAB, REASON_PRIVATE,
	REASON_UNKNOWN, REASON_SENSITIVE,
	REASON_PAUSED, REASON_OVERFLOW, REASON_DEVICE_LOST, REASON_SUSPEND, REASON_CRASH,
	REASON_FORGOTTEN, REASON_DISK_FULL, REASON_INACTIVE,
	REASON_COUNT
};

/* Which columns of an event are not null. mono_us, t_us and kind always are. */
enum {
	HAS_DEVICE = 1 << 0, HAS_CLASS = 1 << 1, HAS_CODE = 1 << 2, HAS_TEXT = 1 << 3,
	HAS_POSITION = 1 << 4,   /* x, y */
	HAS_DELTA = 1 << 5,      /* dx, dy */
	HAS_SCROLL = 1 << 6,     /* scroll_x, scroll_y */
	HAS_APP = 1 << 7, HAS_TITLE = 1 << 8,
	HAS_REASON = 1 << 9, HAS_END = 1 << 10, HAS_LOST = 1 << 11,
	HAS_SYNTHETIC = 1 << 12,
	HAS_ALL = (1 << 13) - 1
};

enum {
	EVENT_TEXT_MAX = 31,     /* bytes of UTF-8, without the terminating 0 */
	EVENT_APP_MAX = 127,
	EVENT_TITLE_MAX = 255
};

struct event {
	int64_t mono_us, t_us;
	int64_t end_us;          /* UTC; of a span or gap */
	int32_t x, y, lost;
	float dx, dy;
	uint16_t has;            /* HAS_* */
	int16_t device, code, scroll_x, scroll_y;
	uint8_t kind, key_class, reason;
	bool synthetic;
	char text[EVENT_TEXT_MAX + 1];
	const char *app, *title; /* borrowed: valid until the next call on whoever handed the event out */
};

/* The same row: equal in every column that is not null, floats bit by bit. */
bool event_same(const struct event *a, const struct event *b);

/* Names as they stand in every export ("key_down", "letter", "terminal-echo-off"), or NULL. */
const char *event_kind_name(unsigned kind);
const char *event_class_name(unsigned key_class);
const char *event_reason_name(unsigned reason);
/* The reverse, or -1. */
int event_kind_of(const char *name);
int event_class_of(const char *name);
int event_reason_of(const char *name);

/* Classes of devices, as the segment names them. */
enum device_class { DEVICE_KEYBOARD, DEVICE_MOUSE, DEVICE_TOUCHPAD, DEVICE_TOUCHSCREEN, DEVICE_TABLET,
	DEVICE_OTHER, DEVICE_CLASS_COUNT };
const char *event_device_name(unsigned device_class);

/* ---- What a source saw ------------------------------------------------------------------- */

enum raw_kind {
	/* Input: goes through the airlock. */
	RAW_KEY, RAW_BUTTON, RAW_MOTION, RAW_SCROLL, RAW_TOUCH,
	/* The world around the input. */
	RAW_FOCUS,               /* the focused window changed, at this place in the stream */
	RAW_FIELD,               /* the focused accessible object: news, or the answer to a question */
	RAW_CARET,               /* the caret of an accessible object moved: it took a key, or a click */
	RAW_TTY,                 /* the terminals of a window were looked at */
	RAW_GRAB,                /* the keyboard was probed for another client's grab */
	RAW_AGREE,               /* XGetInputFocus was compared with the order of FocusIn/FocusOut */
	RAW_LOCK,                /* the session was locked or became inactive, or the opposite */
	RAW_PRIVATE,             /* the participant switched private mode on or off */
	RAW_CONSENT,             /* a decision was read from the ledger */
	RAW_CLOCK,               /* a clock was read: at start, after a step, after a suspend */
	RAW_DEVICE,              /* a device came or went */
	RAW_SCREEN, RAW_LAYOUT,
	RAW_LOST,                /* the source itself lost events here */
	RAW_KIND_COUNT
};

enum key_action { KEY_RELEASE, KEY_PRESS, KEY_REPEAT };
enum touch_action { TOUCH_BEGIN, TOUCH_UPDATE, TOUCH_END };

enum { RAW_TEXT_MAX = 7 };

/* Whose time it is, where two sources tell of the same. */
enum raw_timed { TIMED_ALONE, TIMED_JOINED, /* the kernel's, found for what the display told */
	TIMED_UNJOINED };                     /* the display's, as the kernel's was not found */

/* One input event. Fixed size: the airlock holds it by value. */
struct raw_input {
	int32_t x, y;            /* px on the screen, if has & HAS_POSITION */
	float dx, dy;            /* device units before acceleration, if has & HAS_DELTA */
	int16_t device;          /* ordinal */
	int16_t code;            /* KEY_* or BTN_*; of a touch the slot */
	int16_t scroll_x, scroll_y; /* 1/120 notch */
	uint8_t action;          /* key_action (keys, buttons) or touch_action */
	uint8_t key_class;       /* key_class, by the layout in force */
	uint8_t has;             /* HAS_POSITION | HAS_DELTA */
	bool synthetic : 1;
	bool chord : 1;          /* a key with Ctrl, Alt or Super held */
	bool dead : 1;           /* an accent that waits for its letter */
	uint8_t timed : 2;       /* raw_timed */
	char text[RAW_TEXT_MAX + 1]; /* what the key produced, UTF-8 */
	int32_t skew_us;         /* TIMED_JOINED: the display's time less this one's */
};

/* Who owns the focused window. Empty strings where it is not known. */
struct raw_app {
	uint64_t window;         /* X window id; 0: no window has the focus (None, PointerRoot) */
	int32_t pid;             /* 0: unknown (remote, or the server would not say) */
	bool terminal;           /* the source can look at its ttys */
	bool foreign;            /* another mount namespace: its paths and ttys are not ours */
	bool private_window;     /* of a browser, as far as its title tells */
	bool loose;              /* not told in the order of the input: what came since the last RAW_AGREE may have gone to either window */
	char exe[EVENT_APP_MAX + 1];    /* /proc/PID/exe */
	char sandbox[64];               /* flatpak or snap id */
	char klass[64], instance[64];   /* WM_CLASS */
	char title[EVENT_TITLE_MAX + 1];
};

/* What the accessibility bus says about an object. */
enum field_role {
	FIELD_PENDING,           /* it got the focus; what it is has been asked */
	FIELD_TEXT, FIELD_SECRET, FIELD_TERMINAL,
	FIELD_OTHER,             /* known, takes no text: a button, a list */
	FIELD_DEAD               /* no answer in time, or the object is gone */
};

/* What the terminals of a window said. */
enum tty_state {
	TTY_ECHO,                /* every terminal echoes */
	TTY_PROGRAM,             /* raw mode, with a known foreground program in each */
	TTY_SECRET,              /* one of them is canonical with ECHO off: a password prompt */
	TTY_UNKNOWN,             /* cannot tell */
	TTY_STARTING             /* echoes, but what has the foreground was started a moment ago, and may be about to switch that off */
};

/* Who tells of locks. */
enum lock_by { LOCK_SESSION, LOCK_DEVICES, LOCK_BY_COUNT };

enum consent_state { CONSENT_NONE, CONSENT_GIVEN, CONSENT_PAUSED, CONSENT_WITHDRAWN, CONSENT_EXPIRED,
	CONSENT_INVALID };

struct raw_event {
	enum raw_kind kind;
	int64_t mono_us;         /* input: when it happened; else when it was learnt */
	union {
		struct raw_input input;
		const struct raw_app *app;                       /* RAW_FOCUS; borrowed for the call */
		struct { uint64_t object; int32_t pid; enum field_role role;
			 bool focused;                           /* has STATE_FOCUSED now */
			 bool private_window;                    /* in a browser's private window */
			 int64_t asked_us; } field;              /* when the question left; 0: news */
		struct { uint64_t object; int32_t pid;           /* object: the focused one that it belongs to, if it is a part of it */
			 int32_t moved; } caret;                 /* characters forward since its last caret; 0: unknown, or back */
		struct { uint64_t window; enum tty_state state; } tty;
		struct { bool grabbed;
			 bool in_order; } grab;                  /* told in the stream of the input: what came before it was before it */
		struct { bool agrees; } agree;
		struct { bool locked;
			 uint8_t by; } lock;                     /* who says so: each is asked for itself, and one that locks is enough */
		struct { bool on; } private_mode;
		struct { enum consent_state state;
			 int64_t given_us, until_us;             /* UTC: it covers events from .. before */
			 int64_t paused_us; } consent;           /* UTC; PAUSED, or GIVEN after a pause: when that began; else 0 */
		struct { int64_t utc_us, boot_us; } clock;       /* read at mono_us */
		struct { int16_t device; enum device_class klass; bool present; } device;
		struct { int32_t width, height; } screen;
		struct { char name[EVENT_TEXT_MAX + 1]; } layout;
		struct { int32_t count;                          /* -1: unknown */
			 int64_t until_us; } lost;               /* mono: somewhere until then; 0: at that moment */
	} as;
};

#endif
