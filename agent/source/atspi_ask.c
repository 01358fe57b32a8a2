/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about one object: role, states, attributes, and whose it is, all at once. */
#include "atspi_private.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"

int32_t atspi_sender_pid(const struct atspi *a, const char *name)
{
	for (int i = 0; i < ATSPI_SENDERS; i++) {
		if (a->sender[i].pid && !strcmp(a->sender[i].name, name))
			return a->sender[i].pid;
	}
	return 0;
}

void atspi_sender_forget(struct atspi *a, const char *name)
{
	for (int i = 0; i < ATSPI_SENDERS; i++) {
		if (!strcmp(a->sender[i].name, name))
			memset(&a->sender[i], 0, sizeof a->sender[i]);
	}
}

static void remember_sender(struct atspi *a, const char *name, int32_t pid)
{
	atspi_sender_forget(a, name);
	struct atspi_sender *s = &a->sender[a->next_sender];
	a->next_sender = (a->next_sender + 1) % ATSPI_SENDERS;
	snprintf(s->name, sizeof s->name, "%s", name);
	s->pid = pid;
}

void atspi_tell(struct atspi *a, uint64_t object, const char *name, enum field_role role, bool focused, int64_t asked_us)
{
	struct raw_event raw = { .kind = RAW_FIELD, .mono_us = clock_mono_us() };
	raw.as.field.object = object;
	raw.as.field.pid = atspi_sender_pid(a, name);
	raw.as.field.role = role;
	raw.as.field.focused = focused;
	raw.as.field.asked_us = asked_us;
	a->emit(a->user, &raw);
}

static void finish(struct atspi_question *q)
{
	/* Unreferencing a slot drops an answer that has not come. */
	sd_bus_slot_unref(q->role_slot);
	sd_bus_slot_unref(q->state_slot);
	sd_bus_slot_unref(q->pid_slot);
	sd_bus_slot_unref(q->hint_slot);
	memset(q, 0, sizeof *q);
}

void atspi_question_cancel_all(struct atspi *a)
{
	for (int i = 0; i < ATSPI_QUESTIONS; i++) {
		if (a->question[i].used)
			finish(&a->question[i]);
	}
}

enum field_role atspi_field(uint32_t role, uint32_t state, bool secret_hint)
{
	bool editable = state & 1U << ATSPI_EDITABLE;

	if (role == ATSPI_PASSWORD_TEXT || secret_hint)
		return FIELD_SECRET;
	/* A role that toolkits give while they do not know yet is no answer. */
	if (role == ATSPI_INVALID || state & 1U << ATSPI_DEFUNCT)
		return FIELD_DEAD;
	switch (role) {
	case ATSPI_TERMINAL:
		return FIELD_TERMINAL;
	case ATSPI_TEXT:
	case ATSPI_ENTRY:
	case ATSPI_EDITBAR:
	case ATSPI_AUTOCOMPLETE:
	case ATSPI_SPIN_BUTTON:
	case ATSPI_DATE_EDITOR:
		return FIELD_TEXT;
	default:                         /* combo boxes, paragraphs, documents, whatever a web page makes of a section */
		return editable ? FIELD_TEXT : FIELD_OTHER;
	}
}

static void dead(struct atspi_question *q)
{
	struct atspi_question was = *q;
	finish(q);
	atspi_tell(was.atspi, was.object, was.name, FIELD_DEAD, false, was.asked_us);
}

static void answered(struct atspi_question *q)
{
	if (--q->waiting > 0)
		return;
	enum field_role role = atspi_field(q->role, q->state, q->secret_hint);
	bool focused = q->state & 1U << ATSPI_FOCUSED;
	struct atspi *a = q->atspi;
	uint64_t object = q->object;
	int64_t asked_us = q->asked_us;
	char name[sizeof q->name];
	memcpy(name, q->name, sizeof name);
	finish(q);
	atspi_tell(a, object, name, role, focused, asked_us);
}

static int on_role(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &q->role) < 0)
		dead(q);
	else
		answered(q);
	return 0;
}

static int on_state(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	const void *words = NULL;
	size_t size = 0;
	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read_array(m, 'u', &words, &size) < 0 ||
	    size < sizeof q->state) {
		dead(q);
		return 0;
	}
	memcpy(&q->state, words, sizeof q->state);
	answered(q);
	return 0;
}

static int on_pid(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	uint32_t pid = 0;
	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &pid) < 0) {
		dead(q);
		return 0;
	}
	remember_sender(q->atspi, q->name, (int32_t)pid);
	answered(q);
	return 0;
}

/* Attributes are optional; of those that are known to tell, browsers have text-input-type. */
bool atspi_secret_hint(const char *key, const char *value)
{
	return !strcmp(key, "text-input-type") ? !strcmp(value, "password") :
	       (!strcmp(key, "protected") || !strcmp(key, "sensitive")) && !strcmp(value, "true");
}

static int on_hint(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	const char *key, *value;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_enter_container(m, 'a', "{ss}") > 0) {
		while (sd_bus_message_read(m, "{ss}", &key, &value) > 0)
			q->secret_hint |= atspi_secret_hint(key, value);
	}
	answered(q);
	return 0;
}

static int ask(struct atspi_question *q, sd_bus_slot **slot, const char *path, const char *member, sd_bus_message_handler_t handler)
{
	sd_bus_message *m = NULL;
	int n = sd_bus_message_new_method_call(q->atspi->bus, &m, q->name, path, ATSPI_ACCESSIBLE, member);
	if (n >= 0)
		sd_bus_message_set_auto_start(m, 0);
	if (n >= 0)
		n = sd_bus_call_async(q->atspi->bus, slot, m, handler, q, ATSPI_ANSWER_US);
	sd_bus_message_unref(m);
	q->waiting += n >= 0;
	return n;
}

static int ask_pid(struct atspi_question *q)
{
	sd_bus_message *m = NULL;
	int n = sd_bus_message_new_method_call(q->atspi->bus, &m, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
					       "GetConnectionUnixProcessID");
	if (n >= 0)
		n = sd_bus_message_append(m, "s", q->name);
	if (n >= 0)
		n = sd_bus_call_async(q->atspi->bus, &q->pid_slot, m, on_pid, q, ATSPI_ANSWER_US);
	sd_bus_message_unref(m);
	q->waiting += n >= 0;
	return n;
}

void atspi_question_start(struct atspi *a, const struct atspi_object *object, int64_t now_us)
{
	struct atspi_question *q = NULL;
	for (int i = 0; i < ATSPI_QUESTIONS && !q; i++)
		q = a->question[i].used ? NULL : &a->question[i];
	if (!q) {
		atspi_tell(a, object->id, object->name, FIELD_DEAD, false, now_us);
		return;
	}
	q->atspi = a;
	q->used = true;
	q->object = object->id;
	q->asked_us = now_us;
	strcpy(q->name, object->name);
	/* The pid first: bus daemon and application answer in any order, but who asks should know whose the answer is. */
	if ((!atspi_sender_pid(a, q->name) && ask_pid(q) < 0) || ask(q, &q->role_slot, object->path, "GetRole", on_role) < 0 ||
	    ask(q, &q->state_slot, object->path, "GetState", on_state) < 0)
		dead(q);
	else
		ask(q, &q->hint_slot, object->path, "GetAttributes", on_hint);
}

void atspi_ask(struct atspi *a, uint64_t id, int64_t now_us)
{
	const struct atspi_object *object = atspi_object_find(&a->objects, id);
	if (object)
		atspi_question_start(a, object, now_us);
	else
		atspi_tell(a, id, "", FIELD_DEAD, false, now_us);
}

void atspi_news(struct atspi *a, const char *name, const char *path)
{
	const struct atspi_object *object = atspi_object_learn(&a->objects, name, path);
	if (!object)
		return;
	/* Toolkits say it twice; the question is on its way. */
	for (int i = 0; i < ATSPI_QUESTIONS && a->focused == object->id; i++) {
		if (a->question[i].used && a->question[i].object == object->id)
			return;
	}
	a->focused = object->id;
	strcpy(a->focused_name, object->name);
	atspi_tell(a, object->id, name, FIELD_PENDING, true, 0);
	atspi_question_start(a, object, clock_mono_us());
}
