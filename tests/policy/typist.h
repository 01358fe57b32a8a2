/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated typist and a simulated airlock around policy/sensitive.c: what is typed waits at least as long as oracles need, in
 * order, and leaves as what it was or as '*'.
 */
#ifndef TYPIST_H
#define TYPIST_H

#include "../../agent/policy/sensitive.h"

/* Keys that are not their own character. */
#define BACK "\b"
#define ENTER "\n"
#define TAB "\t"
#define CLICK "\x01"
#define LEFT "\x02"
#define BACK_WORD "\x03"
#define PAUSE "\x04"             /* 6 s */
#define SAVE "\x05"              /* Ctrl+S */
#define SHIFT "\x06"
#define DELETE "\x07"
#define REST "\x0e"              /* 3 s */
#define DEAD "\x0f"              /* a dead key */

enum { TYPIST_HOLD_US = 350000, TYPIST_MAX = 65536 };

struct typist {
	struct sensitive s;
	int64_t now_us, step_us;
	uint32_t presses, head;          /* typed; judged and gone */
	uint32_t shown[TYPIST_MAX + 1];  /* code points; '<' of Backspace */
	int64_t at_us[TYPIST_MAX + 1];
	int32_t delay_us[TYPIST_MAX + 1];/* in the airlock */
	bool masked[TYPIST_MAX + 1];
	int late;                        /* presses that had to be masked when they were gone */
};

void typist_init(struct typist *t, const struct sensitive_rules *rules, sensitive_phrase *is_phrase, void *user, int longest);
/* Types UTF-8 with the keys above, step_us apart. */
void typist_type(struct typist *t, const char *keys);
/* Nothing is typed for so long. */
void typist_wait(struct typist *t, int64_t us);
/* What left, as UTF-8, after a rest of 60 s; valid until the next call. */
const char *typist_result(struct typist *t);

#endif
