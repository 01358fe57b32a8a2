/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the doctor share. */
#ifndef ASSENT_DOCTOR_INSIDE_H
#define ASSENT_DOCTOR_INSIDE_H

#include <stdio.h>
#include <string.h>

#include "base/places.h"
#include "base/settings.h"
#include "event.h"
#include "source/atspi_list.h"
#include "source/x11_list.h"

enum doctor_oracle { DOCTOR_NO_ORACLE, DOCTOR_ACCESSIBILITY, DOCTOR_TERMINAL, DOCTOR_ORACLES };

/* Why it is as it is. The names (doctor_cause_name) are for scripts: append only. */
enum doctor_cause {
	DOCTOR_TEXT,             /* open: text fields, each key confirmed by its caret */
	DOCTOR_LINE,             /* open: a terminal that shows what is typed, or runs known programs */
	DOCTOR_EXCLUDED,         /* by the built-in list, policy, study or participant */
	DOCTOR_NOT_INCLUDED,     /* not among the study's only_apps */
	DOCTOR_LOCKED, DOCTOR_GRABBED,
	DOCTOR_PASSWORD,         /* a password field has the focus */
	DOCTOR_PROMPT,           /* a terminal's prompt that does not show what is typed */
	DOCTOR_HIDDEN_PROGRAM,   /* a terminal runs a program behind which others hide (ssh, sudo, a container): masked on purpose */
	DOCTOR_UNKNOWN_PROGRAM,  /* a terminal runs a program in raw mode that is not known */
	DOCTOR_NO_TTY,           /* a terminal whose ptys cannot be found or looked at */
	DOCTOR_NO_PROCESS, DOCTOR_REMOTE, DOCTOR_HIDDEN_PROCESS, DOCTOR_OTHER_NAMESPACE,
	DOCTOR_NO_BUS,           /* no accessibility bus at all */
	DOCTOR_SILENT,           /* the application tells the bus nothing */
	DOCTOR_SILENT_PAGES,     /* the browser speaks, its pages do not */
	DOCTOR_NO_FIELD,         /* it is on the bus; nothing in it says that it has the focus */
	DOCTOR_NO_TEXT,          /* what has the focus takes no text */
	DOCTOR_NO_KEYS,          /* it never takes keys */
	DOCTOR_OTHER,
	DOCTOR_PRIVATE,          /* private mode is on */
	DOCTOR_CAUSES
};

struct doctor_verdict { bool open; enum reason reason; };

struct doctor_window {
	const struct x11_seen *seen;
	char app[EVENT_APP_MAX + 1];
	enum doctor_oracle oracle;
	struct doctor_verdict now;       /* of a character typed there now */
	enum doctor_cause cause;
	bool wants_oracle;               /* masked for want of one, now or as soon as a lock or a grab is over */
	char why[512], mend[768];        /* mend is empty where nothing is to be mended */
};

struct doctor_finding {
	const char *id;                  /* for scripts */
	bool problem;                    /* it stands in the way of recording; else it is worth to know */
	char text[512], mend[512];
};

enum { DOCTOR_FINDINGS_MAX = 32 };

struct doctor_context;

struct doctor {
	const struct places *places;
	struct settings policy, participant;
	struct merged merged;
	char source[32];                 /* "x11", "x11+evdev", "evdev" */
	bool devices, only_devices;      /* the source takes the times from them; all of the input */
	enum detail wanted_keys;         /* by the study; by no study: text */
	bool agent_reads;                /* the agent records with the devices now */
	bool no_logind;
	bool served;                     /* by the broker, or it would be */
	struct doctor_context *context;  /* of only_devices */
	const char *place;               /* who says where the keys go: "x11", "sway", "console"; NULL: nobody */
	bool joined;                     /* merged is that of a study in force; else of policy and participant alone */
	struct x11_list *list;           /* NULL: no display, and no sway */
	struct atspi_list *bus;
	const char *doubt;               /* why sway's word does not count now; NULL: it does */
	bool locked;                     /* by logind */
	bool is_private;                 /* private mode is on */
	bool wants_oracle;               /* some window does, or there is no accessibility at all */
	struct doctor_window window[X11_LIST_MAX];
	int windows;
	struct doctor_finding finding[DOCTOR_FINDINGS_MAX];
	int findings;
};

/* Where a key might go, and what the oracles say there. */
struct doctor_place {
	const struct raw_app *app;
	bool locked, grabbed, is_private, doubted;
	enum tty_state tty;              /* of a terminal */
	enum field_role role;            /* of the focused object; PENDING: none is known */
};

/* doctor_judge.c: the real policy's word, by letting it judge a made-up key there. ERROR_MEMORY. */
int doctor_judge(const struct limits *limits, const struct doctor_place *place, struct doctor_verdict *out);

/* doctor_window.c: fills d->window from d->list. ERROR_MEMORY. */
int doctor_windows(struct doctor *d);
/* doctor_advice.c: cause, wants_oracle, why and mend, from the facts; lasting is the verdict without lock, grab and private mode. */
void doctor_advise(const struct doctor *d, struct doctor_window *w, const struct doctor_place *place,
		   const struct doctor_verdict *lasting);
/* The same for a terminal. */
void doctor_advise_terminal(const struct doctor *d, struct doctor_window *w, const struct doctor_place *place);
/* Is it a Chromium, or one in disguise, that was not told to let its pages speak? */
bool doctor_pages_silent(int32_t pid);

/* doctor_machine.c: settings and study; then what else there is to find. */
void doctor_settings(struct doctor *d);
void doctor_machine(struct doctor *d);
void doctor_find(struct doctor *d, const char *id, bool problem, const char *mend, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* doctor_devices.c: findings about broker, policy, session and seat. */
void doctor_devices(struct doctor *d);

/* doctor_context.c: connects to sway or the console, before the sandbox; ERROR_MEMORY. Then d->place, and of sway d->list. */
int doctor_context_open(struct doctor *d, bool titles);
int doctor_context_look(struct doctor *d);
void doctor_context_close(struct doctor *d);
/* Logind's id of the console's session; NULL: it is no console. */
const char *doctor_context_session(const struct doctor *d);

/* Could there be fields, of which only accessibility knows? Not on a text console. */
static inline bool doctor_has_fields(const struct doctor *d) { return !d->place || strcmp(d->place, "console") != 0; }

/* doctor_print.c, doctor_json.c */
void doctor_print(const struct doctor *d, bool titles, FILE *out);
void doctor_json(const struct doctor *d, bool titles, FILE *out);
/* "open", "secret", "excluded" or "unknown". */
const char *doctor_verdict_name(const struct doctor_verdict *v);
const char *doctor_oracle_name(enum doctor_oracle oracle);
const char *doctor_cause_name(enum doctor_cause cause);

#endif
