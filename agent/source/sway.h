/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the keys go under sway, by its IPC (sway-ipc(7)): which window has the focus, and whose it is. Sway tells of a change of windows after
 * the fact and not in the order of the input, and of layers (launchers, lockers) not at all: hence every RAW_FOCUS is loose, and the
 * sample asks. What took the keys between two samples without a word is told when it gives them back: as RAW_FOCUS of nowhere, and again of the
 * window (sway_place.h). While an X11 program is connected to Xwayland nothing is agreed to (sway_process.h); X11's windows have no process.
 */
#ifndef ASSENT_SWAY_H
#define ASSENT_SWAY_H

#include "source.h"
#include "../base/study.h"

struct sway;

struct sway_options {
	bool titles;
	const struct pattern_list *terminals; /* further terminal emulators; may be NULL */
	bool nested_ok;                  /* for tests alone: a sway without devices of its own */
};

/* Connects to path (NULL: $SWAYSOCK), and subscribes. It must be the same user's, and a compositor that reads the seat's devices
 * itself: of one inside of another compositor nobody can say where the keys go. ERROR_GONE: no sway there; ERROR_UNSUPPORTED: it
 * is nested, or too old; ERROR_CORRUPT. *what: why, for people, a constant. To be called before the sandbox. */
int sway_open(const char *path, const struct sway_options *options, source_emit *emit, void *user, struct sway **out,
	      const char **what);
void sway_close(struct sway *s);
int sway_fd(const struct sway *s);

/* Emits the world as it is: RAW_FOCUS. ERROR_GONE, ERROR_CORRUPT: as all below. */
int sway_select(struct sway *s);
/* Handles what has come, without waiting: RAW_FOCUS at each change of window or title, window 0 where no window has the focus, with the time at
 * which it was read. */
int sway_process(struct sway *s);
/* Asks twice, the second time where the focus is, so that all input from before the first question has been handled by the second answer, and waits
 * for it (1 s at most; silence does not agree). Handles what came before the answers as sway_process does. Where no window has the focus, or another
 * than was told last: RAW_FOCUS. Then RAW_AGREE, and RAW_GRAB (never grabbed), with the time before the first question; both only if the focus was
 * where it was told to be, its session is the active one, and nothing else can have the keys (sway_doubt). Before the first of them after a doubt,
 * or after an answer that took 300 ms: RAW_FOCUS of nowhere and of the window again, since what was typed meanwhile may have gone elsewhere. */
int sway_sample(struct sway *s);
/* Why the last sample did not agree although the focus was where it was told to be, for people, a constant; NULL: it agreed, or the focus moved. */
const char *sway_doubt(const struct sway *s);
/* Events are read already, and wait for sway_process. */
bool sway_pending(const struct sway *s);
/* The xkb layout group that all keyboards have now; -1: they differ, or none is known. */
int sway_group(const struct sway *s);

#endif
