/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the AT-SPI source share. */
#ifndef ASSENT_ATSPI_PRIVATE_H
#define ASSENT_ATSPI_PRIVATE_H

#include <systemd/sd-bus.h>

#include "../error.h"
#include "atspi.h"
#include "atspi_object.h"

enum { ATSPI_QUESTIONS = 64, ATSPI_SENDERS = 64, ATSPI_ANSWER_US = 1000000 };

#define ATSPI_ACCESSIBLE "org.a11y.atspi.Accessible"
#define ATSPI_REGISTRY "org.a11y.atspi.Registry"
#define ATSPI_ROOT "/org/a11y/atspi/accessible/root"

/* Public numbers of the protocol, from AtspiRole and AtspiStateType in at-spi2-core's atspi-constants.h (2.46). */
enum atspi_role {
	ATSPI_INVALID = 0, ATSPI_DATE_EDITOR = 12, ATSPI_PASSWORD_TEXT = 40, ATSPI_SPIN_BUTTON = 52, ATSPI_TERMINAL = 60,
	ATSPI_TEXT = 61, ATSPI_AUTOCOMPLETE = 76, ATSPI_EDITBAR = 77, ATSPI_ENTRY = 79
};
enum atspi_state { ATSPI_ACTIVE = 1, ATSPI_DEFUNCT = 6, ATSPI_EDITABLE = 7, ATSPI_FOCUSED = 12 };

struct atspi_question {
	struct atspi *atspi;
	bool used, secret_hint;
	uint64_t object;
	int64_t asked_us;
	sd_bus_slot *role_slot, *state_slot, *pid_slot, *hint_slot;
	int waiting;                     /* answers still to come */
	uint32_t role, state;            /* the first 32 states are all that is asked for */
	char name[ATSPI_NAME_MAX + 1];
};

struct atspi_sender { char name[ATSPI_NAME_MAX + 1]; int32_t pid; };

struct atspi {
	sd_bus *bus;
	source_emit *emit;
	void *user;
	struct atspi_objects objects;
	struct atspi_question question[ATSPI_QUESTIONS];
	struct atspi_sender sender[ATSPI_SENDERS];
	int next_sender;
	uint64_t focused;                /* the object that was news last */
	char focused_name[ATSPI_NAME_MAX + 1];
	int finding;                     /* steps of the search for the first focus under way */
};

/* atspi_ask.c */
void atspi_question_start(struct atspi *a, const struct atspi_object *object, int64_t now_us);
void atspi_question_cancel_all(struct atspi *a);
void atspi_tell(struct atspi *a, uint64_t object, const char *name, enum field_role role, bool focused, int64_t asked_us);
int32_t atspi_sender_pid(const struct atspi *a, const char *name);       /* 0: not known yet */
void atspi_sender_forget(struct atspi *a, const char *name);
/* What role, states and attributes make of an object. */
enum field_role atspi_field(uint32_t role, uint32_t state, bool secret_hint);
bool atspi_secret_hint(const char *key, const char *value);
/* An object has the focus: emits it as pending, and asks what it is. */
void atspi_news(struct atspi *a, const char *name, const char *path);

/* atspi_caret.c: the caret of an object moved. */
void atspi_caret(struct atspi *a, const char *name, const char *path);

/* atspi_find.c: which object has the focus already, before the first news. */
void atspi_find(struct atspi *a);

#endif
