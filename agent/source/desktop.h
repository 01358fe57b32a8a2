/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources of one session behind one face: who tells of the input, and who of the place it goes to.
 *
 *   x11         both by the X server, in one order
 *   x11+evdev   the same, with the kernel's times (join.h)
 *   evdev       input by the broker (evdev.h); the place by sway (sway.h) where $SWAYSOCK is set, by the virtual terminal (console.h) where there is
 *               neither that nor $WAYLAND_DISPLAY nor $DISPLAY. Nobody else tells to whom the keys go: with them it is refused.
 *
 * Under evdev the place is told after the fact (raw_app.loose).
 */
#ifndef ASSENT_DESKTOP_H
#define ASSENT_DESKTOP_H

#include <poll.h>

#include "source.h"
#include "../base/stream.h"
#include "../limits.h"

struct desktop;

struct desktop_options {
	enum detail keys;                /* with evdev at most DETAIL_CODE */
	enum pointer_detail pointer;
	bool scroll, titles;
	const struct pattern_list *terminals; /* further terminal emulators; may be NULL */
};

enum desktop_part { DESKTOP_NO_PART, DESKTOP_DISPLAY, DESKTOP_BROKER, DESKTOP_PLACE };

/* Which part is missing or went away, and why. */
struct desktop_problem {
	enum desktop_part part;
	enum stream_refusal refusal;     /* of the broker; 0: it did not say */
	const char *what, *remedy;       /* for people; constants, never NULL, remedy may be empty */
};

bool desktop_is_source(const char *source);

/* Connects to all that is needed; selects no input. To be called before the sandbox. A negative error with *problem filled. */
int desktop_open(const char *source, const struct desktop_options *options, source_emit *emit, void *user, struct desktop **out,
		 struct desktop_problem *problem);
void desktop_close(struct desktop *d);
/* Selects, and emits the world as it is. All below: a negative error when a part is gone; desktop_problem says which. */
int desktop_select(struct desktop *d);
const struct desktop_problem *desktop_problem(const struct desktop *d);

enum { DESKTOP_FDS = 4 };
/* For poll(): fills DESKTOP_FDS entries, fd -1 where there is none. delayed: input is known to be there, do not wake for it. */
void desktop_poll(const struct desktop *d, bool delayed, struct pollfd fds[DESKTOP_FDS]);
/* Is there input, by these or in a library's queue? */
bool desktop_has_input(struct desktop *d, const struct pollfd fds[DESKTOP_FDS]);
/* Emits what these bring of the place, with the input from before it. Nothing on X11, where both are in one order. */
int desktop_news(struct desktop *d, const struct pollfd fds[DESKTOP_FDS]);
/* Something is queued inside of a library, where poll does not see it. */
bool desktop_pending(struct desktop *d);

/* Emits all input until now, and what else is there. *bytes: how much was read. */
int desktop_drain(struct desktop *d, size_t *bytes);
/* Where is the focus, and is there a grab? Emits RAW_GRAB and RAW_AGREE (x11.h, sway.h, console.h). */
int desktop_sample(struct desktop *d);
/* Logind's id of the session that is recorded; NULL: the user's graphical one. The user may have others at the same time. */
const char *desktop_session(const struct desktop *d);
/* Are there fields that the accessibility bus must tell of? On a console there are terminals alone. */
bool desktop_has_fields(const struct desktop *d);
/* Between two samples while keys come, or only the pointer moves, µs. */
int64_t desktop_rest_us(const struct desktop *d, bool keys);
/* What the terminals of a window say (tty.h). */
enum tty_state desktop_look(const struct desktop *d, int32_t pid, const struct pattern_list *programs);

#endif
