/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the AT-SPI source share. */
#ifndef ASSENT_ATSPI_PRIVATE_H
#define ASSENT_ATSPI_PRIVATE_H

#include <systemd/sd-bus.h>

#include "../error.h"
#include "atspi.h"
#include "atspi_object.h"

enum { ATSPI_QUESTIONS = 64, ATSPI_SENDERS = 64, ATSPI_LOOKS = 16, ATSPI_PLACES = 2048, ATSPI_MARK_MAX = 63, ATSPI_FRAMES = 16, ATSPI_ANSWER_US = 1000000 };

#define ATSPI_ACCESSIBLE "org.a11y.atspi.Accessible"
#define ATSPI_PROPERTIES "org.freedesktop.DBus.Properties"
#define ATSPI_REGISTRY "org.a11y.atspi.Registry"
#define ATSPI_ROOT "/org/a11y/atspi/accessible/root"
#define ATSPI_NULL "/org/a11y/atspi/null"

/* Public numbers of the protocol, from AtspiRole and AtspiStateType in at-spi2-core's atspi-constants.h (2.46). */
enum atspi_role {
	ATSPI_INVALID = 0, ATSPI_COMBO_BOX = 11, ATSPI_DATE_EDITOR = 12, ATSPI_PASSWORD_TEXT = 40, ATSPI_SPIN_BUTTON = 52, ATSPI_TERMINAL = 60,
	ATSPI_TEXT = 61, ATSPI_AUTOCOMPLETE = 76, ATSPI_EDITBAR = 77, ATSPI_ENTRY = 79
};
enum atspi_state { ATSPI_ACTIVE = 1, ATSPI_DEFUNCT = 6, ATSPI_EDITABLE = 7, ATSPI_FOCUSED = 12 };

enum atspi_toolkit { TOOLKIT_UNKNOWN, TOOLKIT_CHROMIUM, TOOLKIT_OTHER };

struct atspi_question;

struct atspi_frame {
	struct atspi_question *question;
	sd_bus_slot *state_slot, *name_slot;
	bool active, named, private_window;
};

struct atspi_question {
	struct atspi *atspi;
	bool used, secret_hint;
	bool web;                        /* a part of a web page: only these have tags */
	uint64_t object;
	int64_t asked_us;
	sd_bus_slot *role_slot, *state_slot, *pid_slot, *hint_slot, *parent_slot, *index_slot, *part_role_slot, *part_hint_slot;
	int waiting;                     /* answers still to come */
	uint32_t role, state;            /* the first 32 states are all that is asked for */
	int32_t index;                   /* among its parent's children; below 0: not told */
	char name[ATSPI_NAME_MAX + 1];
	sd_bus_slot *toolkit_slot, *frames_slot;
	int frames;
	struct atspi_frame frame[ATSPI_FRAMES];
	char mark[ATSPI_MARK_MAX + 1];   /* its id in the page */
	char parent[ATSPI_PATH_MAX + 1];
};

struct atspi_sender {
	char name[ATSPI_NAME_MAX + 1];
	int32_t pid;                     /* 0: not known yet */
	enum atspi_toolkit toolkit;
	uint64_t focused;                /* the object that was its news last */
	sd_bus_slot *pid_slot;
};

/* A look at an object whose caret moved although it is not the focused one. */
struct atspi_look {
	struct atspi *atspi;
	bool used, secret, focused, failed;
	uint64_t object;
	uint64_t when;                   /* what was focused when it began */
	int64_t asked_us;
	int carets;                      /* that wait for its end */
	int waiting;
	sd_bus_slot *role_slot, *state_slot, *hint_slot, *parent_slot;
	uint32_t role;
	uint32_t own_role, state;        /* of the object itself */
	int parents;
	uint64_t chain[ATSPI_CHAIN];
	char name[ATSPI_NAME_MAX + 1];
	char path[ATSPI_PATH_MAX + 1];   /* of the one that is asked now */
	char parent[ATSPI_PATH_MAX + 1]; /* of that; empty: the top */
};

struct atspi_places { int next; uint64_t place[ATSPI_PLACES]; };

struct atspi {
	sd_bus *bus;
	source_emit *emit;
	void *user;
	struct atspi_objects objects;
	struct atspi_places secrets;
	struct atspi_question question[ATSPI_QUESTIONS];
	struct atspi_look look[ATSPI_LOOKS];
	struct atspi_sender sender[ATSPI_SENDERS];
	int next_sender;
	uint64_t focused;                /* the object that was news last */
	char focused_name[ATSPI_NAME_MAX + 1];
	int again;                       /* times that what has the focus was asked again, since nothing was to be learnt of it */
	int64_t again_us;                /* when it is next; 0: not */
	int finding;                     /* steps of the search for the first focus under way */
};

/* atspi_ask.c */
void atspi_question_start(struct atspi *a, const struct atspi_object *object, int64_t now_us);
void atspi_question_cancel_all(struct atspi *a);
void atspi_tell(struct atspi *a, uint64_t object, const char *name, enum field_role role, bool focused, int64_t asked_us);
/* Reads what a Get of the property Parent answered, if it is an object of the same application. False: there is none. */
bool atspi_read_parent(sd_bus_message *m, const char *name, char parent[ATSPI_PATH_MAX + 1]);
/* Calls a method of an object that is there already; counts it in *waiting. */
int atspi_call(struct atspi *a, const char *name, const char *path, const char *member, sd_bus_slot **slot,
	       sd_bus_message_handler_t handler, void *user, int *waiting);
int atspi_call_property(struct atspi *a, const char *name, const char *path, const char *interface, const char *property,
			sd_bus_slot **slot, sd_bus_message_handler_t handler, void *user, int *waiting);
/* What has the focus is asked again, if that is due. */
void atspi_ask_again(struct atspi *a, int64_t now_us);
/* One of a question's answers is there. */
void atspi_answered(struct atspi_question *q);
/* What role, states and attributes make of an object. */
enum field_role atspi_field(uint32_t role, uint32_t state, bool secret_hint);
bool atspi_secret_hint(const char *key, const char *value);
/* An object has the focus: emits it as pending, and asks what it is. */
void atspi_news(struct atspi *a, const char *name, const char *path);
/* Keeps it as the one that has the focus, without a word. */
void atspi_focused(struct atspi *a, struct atspi_object *object);

/* atspi_sender.c */
struct atspi_sender *atspi_sender_find(struct atspi *a, const char *name);  /* NULL: not known */
struct atspi_sender *atspi_sender_learn(struct atspi *a, const char *name); /* NULL: the name is too long */
void atspi_sender_forget(struct atspi *a, const char *name);
int32_t atspi_sender_pid(struct atspi *a, const char *name);                /* 0: not known yet */
/* Asks for its process, to have it when it first speaks. */
void atspi_sender_ask(struct atspi *a, const char *name);
int atspi_sender_call(struct atspi *a, const char *name, sd_bus_slot **slot, sd_bus_message_handler_t handler, void *user);

/* atspi_place.c. mark: its id in the page, or "". */
uint64_t atspi_place_of(const struct atspi_objects *o, const char *name, const char *parent, const char *mark, int index);
bool atspi_place_is_secret(const struct atspi_places *p, uint64_t place);
void atspi_place_keep(struct atspi_places *p, uint64_t place);

/* atspi_frame.c: which window the object of a question is in. Known: if that matters, it was found, and is kept in the object. */
void atspi_frame_ask(struct atspi_question *q);
void atspi_frame_finish(struct atspi_question *q);
bool atspi_frame_known(const struct atspi_question *q, struct atspi_object *object);

/* atspi_caret.c: the caret of an object moved, to this offset. */
void atspi_caret(struct atspi *a, const char *name, const char *path, int32_t offset);
/* A look at it has ended, which began when that one had the focus; so many carets waited. */
void atspi_caret_looked(struct atspi *a, const struct atspi_object *object, uint64_t when, int carets);

/* atspi_look.c: what is an object whose caret moved, and what is it a part of? So many carets wait for the end. */
void atspi_look(struct atspi *a, const struct atspi_object *object, uint64_t focused, int carets);
void atspi_look_cancel_all(struct atspi *a);
/* How many carets wait in the look under way at this object; NULL: there is none. */
int *atspi_look_carets(struct atspi *a, uint64_t object);

/* atspi_find.c: which object has the focus already, before the first news. */
void atspi_find(struct atspi *a);

#endif
