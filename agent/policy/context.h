/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the user is and whether it is safe there.
 *
 * Time is cut into stays: stretches in which nothing about the place changed (focused window, focused object,
 * lock, grab, prompt). A stay either has a firm no (masked), or oracles vouch for it: each answer says "good at the
 * time the question left". What was typed at T is open when every oracle was asked at T + CONTEXT_HOLD_US or
 * later and said good; if that has not happened at T + CONTEXT_LIMIT_US it is masked. In applications a character needs
 * more: the caret of a text object must have moved for it (confirm.h).
 *
 * A firm no masks what is still in the airlock under the same window focus, since keys run ahead of the news about
 * them: from the first barrier (click, Tab, Enter, shortcut) on that is not older than the last good word about the place by
 * more than CONTEXT_HOLD_US. Where there is no such barrier: all of it.
 */
#ifndef ASSENT_CONTEXT_H
#define ASSENT_CONTEXT_H

#include "../event.h"
#include "../limits.h"
#include "confirm.h"

enum {
	CONTEXT_STAYS = 64,
	CONTEXT_SECRETS = 4096,           /* objects that once were password fields */
	CONTEXT_HOLD_US = 350000,         /* ssh's prompt: 249 ms; browsers' focus events: up to 192 ms; and 50 ms until they are read */
	CONTEXT_LIMIT_US = 3000000
};

struct stay {
	uint64_t serial;
	uint64_t focus;                   /* stays of one window focus share it */
	int64_t begin_us, end_us;         /* mono; end INT64_MAX while it is the current one */
	bool masked;                      /* a firm no */
	enum reason reason;               /* why, when masked */
	bool terminal, excluded, nowhere; /* nowhere: no window, no process, foreign */
	uint64_t window, object;
	int32_t pid;
	enum field_role role;             /* of object; PENDING when there is none yet */
	enum tty_state tty;
	bool started;                     /* since the last look that vouched a program was started in the terminal */
	int64_t object_us;                /* when the object became known: what was typed before went to another, or to nobody */
	bool away;                        /* the object said that the focus is elsewhere, and nobody said where */
	int64_t strayed_us;               /* last news that an object of another process has the focus */
	int64_t barrier_us;               /* the last barrier before the object became known */
	int64_t led_us;                   /* the barrier that led to this window; INT64_MAX: none that is known */
	uint64_t before;                  /* the object before this one that vouched, */
	int64_t before_ok_us;             /* and when it last said that it has the focus */
	int64_t field_ok_us, focused_ok_us, tty_ok_us, agree_ok_us;
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
};

struct context {
	struct pattern_list only, exclude;
	struct stay stay[CONTEXT_STAYS];
	uint64_t serial;                  /* of the current stay */
	uint64_t oldest;                  /* the oldest stay that the airlock still refers to */
	bool grabbed;
	unsigned locks;                   /* one bit for each lock_by that says it is locked */
	int64_t closed_us;                /* until then it was masked, as a sample or the bus told: input from before may come after that */
	enum reason closed_reason;
	int64_t grab_ok_us;               /* last sample without a foreign grab */
	bool crowded;                     /* more stays than there is room for: masked until there is */
	struct raw_app next_app;          /* the focus that came while crowded */
	bool has_next;
	uint64_t field_object;            /* the newest focused object, of whatever process */
	int32_t field_pid;
	int64_t field_us;                 /* when it became known */
	enum field_role field_role;
	uint64_t secret[CONTEXT_SECRETS];
	int secrets;
	bool private_mode;
	int64_t barrier_us, focus_us;     /* the last barrier; the last change of the window; INT64_MIN */
	struct confirm confirm;
};

/* What a change of the world means for what is in the airlock. */
struct context_change {
	bool moved;                       /* a new stay began */
	bool mask;                        /* a firm no: mask what the airlock holds from this window focus on, */
	uint64_t focus, upto;             /* up to this stay: */
	int64_t barrier_us;               /* from the first barrier at this time or later, all where there is none, */
	int64_t loose_us;                 /* keys from this time on that need no caret, behind the last character that was confirmed */
	int64_t told_us;                  /* before this: the application may have moved the focus by itself */
	int64_t after_us;                 /* and what is from this time or later in any case */
	enum reason reason;
};

enum verdict { VERDICT_OPEN, VERDICT_WAIT, VERDICT_MASKED };

/* What to ask at a check; the answers come back as raw events. */
enum question_kind { ASK_SAMPLE, ASK_TTY, ASK_FIELD };
struct question { enum question_kind kind; uint64_t window, object; int32_t pid; };
enum { CONTEXT_QUESTIONS = CONTEXT_STAYS + 1 };

void context_init(struct context *c, const struct limits *limits);
/* Takes in anything but input. */
void context_apply(struct context *c, const struct raw_event *raw, struct context_change *change);
/* Makes room: stays before oldest are referred to by nobody any more. */
void context_tick(struct context *c, uint64_t oldest, int64_t now_us, struct context_change *change);
/* Did input at mono_us, arriving now in the stream, happen before what masked it was over? Sets *reason then. */
bool context_was_masked(const struct context *c, int64_t mono_us, enum reason *reason);
const struct stay *context_stay(const struct context *c, uint64_t serial);
/* A key or button was pressed now in the stream; its number, for the judgement. */
uint32_t context_press(struct context *c, enum press_kind kind, int64_t mono_us);

/* Something that happened, on its way out. */
struct moment {
	uint64_t stay;
	int64_t mono_us;
	bool key;                /* a key: then */
	bool character;          /* it was pressed, and types something: a caret must confirm it where the place is no terminal */
	uint32_t press;          /* its number, of a character */
	int64_t barrier_us;      /* the last click, Tab, Enter or shortcut before it */
};
/* The verdict on it. *reason is set when masked. */
enum verdict context_judge(struct context *c, const struct moment *m, int64_t now_us, enum reason *reason);
/* Did any oracle vouch for this stay at any time? */
bool context_vouched(const struct stay *stay);
/* What must be asked to judge the stays from..to. Returns how many, at most CONTEXT_QUESTIONS. */
int context_questions(const struct context *c, uint64_t from, uint64_t to, struct question *out);

#endif
