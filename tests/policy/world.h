/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An honest world for the policy, in virtual time. Applications handle their input in order, up to LAG_US late, the bus
 * tells and answers in their order, the X server's stream is read up to 50 ms after it happened. What is odd about a world is a set of
 * features. Each input carries its number as its device, and the world, which knows what it was typed into, looks at all
 * that comes out.
 */
#ifndef ASSENT_TEST_WORLD_H
#define ASSENT_TEST_WORLD_H

#include "../../agent/pipeline.h"

enum { MS = 1000, SECOND = 1000000, LAG_US = 290 * MS, INPUTS = 2048 };
enum { EDITOR, DIALOG, OTHER_APP, TERMINAL, VAULT, NOWHERE, WINDOWS };
enum { NO_FIELD = -1, FIELDS = 8, LOG = FIELDS, OBJECTS };

enum feature {
	STALLS = 1,              /* applications stand still for up to 5 s */
	CACHED = 2,              /* and answer meanwhile by what they knew before, or before they go on with their input */
	MORE = 4,                /* keys that move a caret twice or not at all, clicks and shortcuts that move one, too */
	BACKGROUND = 8,          /* other objects move carets by themselves */
	RESTLESS = 16,           /* the focused text field moves its caret by itself */
	TURNING = 32,            /* fields turn into password fields, and back for show */
	SILENT = 64,             /* the bus leaves out some focus news */
	TWICE = 128,             /* or repeats them */
	PRIVATE = 256,           /* private mode by word and by hotkey */
	FRAMES = 512,            /* carets are told once in 16 ms */
	UNFILTERED = 1024,       /* the source hands on every object's carets */
	LOOSE = 2048,            /* Wayland: the place is told apart from the input and late; of launchers and lockers only a look tells */
	FEATURES = 12
};

enum { HOTKEY = 67 /* F9 */ };

struct tally {
	uint64_t ordinary, ordinary_kept;         /* characters typed into text */
	uint64_t calm, calm_kept;                 /* of worlds where nothing stalls */
	uint64_t plain, plain_kept;               /* of worlds without any feature */
	uint64_t secret, secret_other;            /* characters typed into secrets; other keys */
	uint64_t untold;                          /* came out, typed into a password field that the bus never told of */
	uint64_t accepted;                        /* other keys that came out since their application answered while it stood still */
};

/* A new world; features is a set. trace: prints what is fed and kept. */
void world_new(uint64_t seed, unsigned features, bool trace);
uint32_t world_random(uint32_t n);
void world_go(int64_t us);                        /* lets time pass */
int world_window(void);
void world_focus(int window);                     /* the X server moves the focus; the same again: with a new title */
void world_key(enum key_class klass, enum key_action action, bool chord, int to_field, bool secret);
void world_button(enum key_action action, int to_field);
void world_motion(void);
void world_by_itself(int field);                  /* its application moves the focus there */
void world_turn(int field, bool secret);          /* a script turns it into a password field, or back */
void world_caret(int object);                     /* moves by itself */
void world_repeat_news(void);
void world_grab(bool on, int64_t in_us);
void world_prompt(bool on, int64_t in_us);
void world_lock(bool on, int64_t news_in_us);
void world_consent(bool on);
void world_private(bool by_key);                  /* switches it */
bool world_busy(void);                            /* grabbed, locked or prompting */
void world_calm(void);                            /* from now on all is quick, loud and plain */
int world_inputs(void);
bool world_must_keep(int input);                  /* true, or fails, unless it is a secret */
void world_end(struct tally *tally);
/* What went wrong, or NULL. */
const char *world_wrong(void);

#endif
