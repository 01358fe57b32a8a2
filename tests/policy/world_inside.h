/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the world share: its state, what the policy is told of it (world_told.c), what happens in it (world.c). */
#ifndef ASSENT_TEST_WORLD_INSIDE_H
#define ASSENT_TEST_WORLD_INSIDE_H

#include "world.h"

enum { STALL_US = 5000000, ANSWER_US = 1000000, DRAIN_US = 50000, SAMPLE_US = 200000, FRAME_US = 16000, AGENDA = 4096 };

enum what { STREAM, DRAIN, HANDLED, MOVED, TURNED, ITSELF, NEWS, CARET, FLUSH, ANSWER, NO_ANSWER, GRAB, PROMPT, PLACE, LOCK, LOCK_NEWS, CONSENT };
struct task { int64_t at_us; uint64_t order; enum what what; int a, b; int64_t asked_us; };

/* What the stream holds. */
struct item { int64_t at_us; int window, input; enum raw_kind kind; enum key_class klass; enum key_action action; int field, title; bool chord, hotkey, grabbed; };

struct fate { int64_t at_us; bool secret, kept, ordinary, other, character, untold; int press; };

struct world {
	struct pipeline pipeline;
	unsigned features;
	bool trace, calm;
	int64_t now_us, sampled_us, handled_us[WINDOWS], stalled_us[WINDOWS], answered_us[WINDOWS];
	struct task task[AGENDA];
	int tasks;
	uint64_t order;
	struct item item[INPUTS];
	int items, read, available;
	struct { int window, title; } place[INPUTS]; /* LOOSE: where the focus was moved, in order */
	int places, places_told;
	int64_t place_us;                 /* when the newest of them is told at the latest */
	bool drain_due, grabbed, locked, prompt, given, private_mode;
	int titles;
	int window;                       /* as the stream has it, at its end */
	int told_window;                  /* as the policy was told */
	int field[WINDOWS];               /* focused in each window, as its application has it */
	int active[WINDOWS];              /* the window that an application, by its first window, thinks is active */
	enum field_role role[FIELDS];
	bool told_secret[FIELDS], flushing[OBJECTS];
	bool told[FIELDS];                /* that it has the focus now */
	int caret[OBJECTS], told_caret[OBJECTS]; /* where it is; 0 in told: not told yet */
	int listened;                     /* the object whose carets the source hands on */
	struct fate fate[INPUTS];
	int64_t checks_since_us, span_end_us, newest_us;
	int checks, inputs;
	int pressed[768];                 /* the newest press, by code */
	uint64_t accepted, untold;
	char wrong[160];
};

extern struct world w;
extern const struct world_field { int window; enum field_role role; } world_fields[FIELDS];
extern const int world_pids[WINDOWS];
extern const int64_t world_start_us, world_offset_us;

bool world_has(enum feature feature);
void world_plan(int64_t at_us, enum what what, int a, int b, int64_t asked_us);
int world_app_of(int window);
int world_window_of(int object);
bool world_has_focus(int field);

double world_told_seconds(int64_t mono_us);
__attribute__((format(printf, 1, 2))) void world_told_trace(const char *format, ...);
void world_told_fail(const char *what, int input);
void world_told_sample(void);
void world_told_ask(void *user, const struct question *q);
void world_told_ask_field(int field);
/* What the stream holds is read. */
void world_told_drain(void);
/* LOOSE: where the focus was moved, up to this one, is told. */
void world_told_places(int until);
void world_told_field(int field, enum field_role role, bool focused, int64_t asked_us);
void world_told_caret(int object, int at);
void world_told_consent(bool given, bool paused);
void world_told_raw(struct raw_event *raw);
int world_told_code(const struct item *i);
/* What comes out. */
void world_told_keep(void *user, const struct event *e);
void world_told_leak(int input);
int64_t world_told_jitter(void *user, uint64_t what);

#endif
