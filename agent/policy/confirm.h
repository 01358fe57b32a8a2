/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which object took which key. An application handles its input in order and moves a caret for each character that
 * it takes, so carets are given to presses one to one, oldest first, within one process. What may move a caret
 * or not (a click, Tab, Enter, Backspace, a shortcut) stands in the same line and takes a caret too, so that the
 * caret that a click moved never counts for the character typed after it. News that another object has the focus show
 * that the oldest such press was handled.
 *
 * What waited for longer than CONFIRM_LIMIT_US leaves the line. If the application only stood still, a caret of it comes yet, and
 * goes to a younger press: what is confirmed after a standstill is therefore asked about once more (context.c).
 *
 * When a press took a caret that was not its own, the last character of the run is left without one. Then, when all was
 * quiet for long enough, that caret is handed on to it (confirm_settle).
 */
#ifndef ASSENT_CONFIRM_H
#define ASSENT_CONFIRM_H

#include <stdbool.h>
#include <stdint.h>

enum { CONFIRM_PRESSES = 2048, CONFIRM_HANDED = 16, CONFIRM_LIMIT_US = 3000000, CONFIRM_AT_ONCE_US = 100000 };

enum press_kind {
	PRESS_CHARACTER,         /* moves a caret where it is typed into text */
	PRESS_MAYBE,             /* may move one: Backspace, dead keys */
	PRESS_BARRIER            /* may move the focus, too: a click, Tab, Enter, a shortcut, another window */
};

enum confirm_state { CONFIRM_WAITING, CONFIRM_TAKEN, CONFIRM_SECRET, CONFIRM_NEVER };

struct press {
	int64_t mono_us;
	uint64_t object;         /* that took it; 0 */
	int32_t pid;             /* of the focused window when it was pressed */
	uint8_t kind, state;     /* press_kind, confirm_state */
	int64_t taken_us;        /* when it was */
	bool brief;
	bool by_caret;           /* it holds a caret, which can be handed on if it is no character's */
};

/* Presses are numbered from 1; press n is at place n % CONFIRM_PRESSES until it is pushed out. */
struct confirm {
	struct press press[CONFIRM_PRESSES];
	uint32_t newest;
	uint32_t oldest;         /* the first that may still wait */
	int32_t distrusted;      /* a process of which late carets confirm nothing, */
	int64_t distrusted_until_us, late_us;
};

void confirm_init(struct confirm *c);
/* A press on its way to this process; its number. brief: it may never come there; it waits for CONFIRM_AT_ONCE_US only. */
uint32_t confirm_press(struct confirm *c, enum press_kind kind, int32_t pid, bool brief, int64_t mono_us);
/* A caret moved in an object of this process, learnt at mono_us. Browsers tell once a frame: moved > 1 stands for so many
 * characters in a row, but never for what is typed after a press that may have moved the caret itself. */
void confirm_caret(struct confirm *c, uint64_t object, bool secret, int32_t pid, int32_t moved, int64_t mono_us);
/* Another object of this process has the focus, learnt at mono_us. */
void confirm_news(struct confirm *c, int32_t pid, int64_t mono_us);
/* The application has answered a question that came long after before_us: what moves no caret of itself needs to wait no longer. */
void confirm_spoke(struct confirm *c, int32_t pid, int64_t before_us);
/* Nothing more will come for presses until before_us: hands on carets that others took. */
void confirm_settle(struct confirm *c, int32_t pid, int64_t before_us);
/* A secret turned up in this process now: what it takes within_us before and after that, and late_us or more after it was pressed, is
 * what had piled up while it stood still, and may have gone there. */
void confirm_distrust(struct confirm *c, int32_t pid, int64_t now_us, int64_t within_us, int64_t late_us);
/* When the newest character was pressed that this object took at once, and before this time; INT64_MIN if none is known. Carets that come late,
 * or together with other news, may be another press'. */
int64_t confirm_last(const struct confirm *c, int32_t pid, uint64_t object, int64_t before_us);
/* When the click, Tab, Enter or shortcut was pressed that can have led away from this object although it took characters after that: the last one
 * before the character of confirm_last, if it is no older than within_us then, and no other one came next behind the character. (A window manager
 * can hold a click back while keys pass it by.) INT64_MIN: there is none. */
int64_t confirm_led(const struct confirm *c, int32_t pid, uint64_t object, int64_t before_us, int64_t within_us);
/* NULL when it is not known any more. */
const struct press *confirm_find(const struct confirm *c, uint32_t press);

#endif
