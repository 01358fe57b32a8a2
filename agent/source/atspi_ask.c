/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about one object: role, states, attributes, and whose it is, all at once. */
#include "atspi_private.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"

/* After 0.1 s, and each time twice as long: 3 s in all. */
enum { AGAIN_US = 100000, AGAIN_TIMES = 5 };

void atspi_tell(struct atspi *a, uint64_t object, const char *name, enum field_role role, bool focused, int64_t asked_us)
{
	struct raw_event raw = { .kind = RAW_FIELD, .mono_us = clock_mono_us() };
	raw.as.field.object = object;
	raw.as.field.pid = atspi_sender_pid(a, name);
	raw.as.field.role = role;
	raw.as.field.focused = focused;
	raw.as.field.asked_us = asked_us;
	const struct atspi_object *known = atspi_object_find(&a->objects, object);
	raw.as.field.private_window = known && known->private_window;
	a->emit(a->user, &raw);
}

static void finish(struct atspi_question *q)
{
	/* Unreferencing a slot drops an answer that has not come. */
	sd_bus_slot_unref(q->role_slot);
	sd_bus_slot_unref(q->state_slot);
	sd_bus_slot_unref(q->pid_slot);
	sd_bus_slot_unref(q->hint_slot);
	sd_bus_slot_unref(q->parent_slot);
	sd_bus_slot_unref(q->index_slot);
	sd_bus_slot_unref(q->part_role_slot);
	sd_bus_slot_unref(q->part_hint_slot);
	atspi_frame_finish(q);
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

/* GTK 4 tells of the focus of its first window before that can be asked for anything; and there is no other news of it until the focus moves. */
static void ask_later(struct atspi *a, uint64_t object)
{
	if (object == a->focused && a->again < AGAIN_TIMES)
		a->again_us = clock_mono_us() + (AGAIN_US << a->again++);
}

void atspi_ask_again(struct atspi *a, int64_t now_us)
{
	if (!a->again_us || now_us < a->again_us)
		return;
	a->again_us = 0;
	if (a->focused)
		atspi_ask(a, a->focused, now_us);
}

static void dead(struct atspi_question *q)
{
	struct atspi_question was = *q;
	finish(q);
	ask_later(was.atspi, was.object);
	atspi_tell(was.atspi, was.object, was.name, FIELD_DEAD, false, was.asked_us);
}

/* What the object is, and what else is known about the place where it stands. */
static enum field_role role_by_place(struct atspi_question *q)
{
	enum field_role role = atspi_field(q->role, q->state, q->secret_hint);
	struct atspi_object *object = atspi_object_find(&q->atspi->objects, q->object);

	if (!object || role == FIELD_DEAD)
		return role;
	if (!atspi_frame_known(q, object) && role != FIELD_SECRET)
		return FIELD_DEAD;       /* who knows in which window */
	object->combo = role == FIELD_OTHER && q->role == ATSPI_COMBO_BOX;
	if (object->combo && object->edited)
		role = FIELD_TEXT;
	object->no_place = !q->web && !object->place;
	if (!object->place && q->web && q->parent[0] && (q->mark[0] || q->index >= 0))
		object->place = atspi_place_of(&q->atspi->objects, q->name, q->parent, q->mark, q->index);
	if (role == FIELD_SECRET)
		atspi_place_keep(&q->atspi->secrets, object->place);
	else if (atspi_place_is_secret(&q->atspi->secrets, object->place))
		return FIELD_SECRET;
	else if (q->web && !object->place && role == FIELD_TEXT)
		return FIELD_DEAD;       /* who knows what stood there */
	return role;
}

void atspi_answered(struct atspi_question *q)
{
	if (--q->waiting > 0)
		return;
	enum field_role role = role_by_place(q);
	bool focused = q->state & 1U << ATSPI_FOCUSED;
	struct atspi *a = q->atspi;
	uint64_t object = q->object;
	int64_t asked_us = q->asked_us;
	char name[sizeof q->name];
	memcpy(name, q->name, sizeof name);
	finish(q);
	if (role == FIELD_DEAD)
		ask_later(a, object);
	atspi_tell(a, object, name, role, focused, asked_us);
}

static int on_role(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &q->role) < 0)
		dead(q);
	else
		atspi_answered(q);
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
	atspi_answered(q);
	return 0;
}

static int on_pid(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	uint32_t pid = 0;
	(void)error;
	struct atspi_sender *sender = atspi_sender_learn(q->atspi, q->name);
	if (!sender || sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &pid) < 0) {
		dead(q);
		return 0;
	}
	sender->pid = (int32_t)pid;
	atspi_answered(q);
	return 0;
}

bool atspi_read_parent(sd_bus_message *m, const char *name, char parent[ATSPI_PATH_MAX + 1])
{
	const char *owner, *path;
	parent[0] = 0;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_enter_container(m, 'v', "(so)") <= 0 ||
	    sd_bus_message_read(m, "(so)", &owner, &path) <= 0 || strcmp(owner, name) != 0 || strlen(path) > ATSPI_PATH_MAX ||
	    !strcmp(path, ATSPI_NULL))
		return false;
	strcpy(parent, path);
	return true;
}

static int on_parent(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	(void)error;
	atspi_read_parent(m, q->name, q->parent);
	atspi_answered(q);
	return 0;
}

static int on_index(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "i", &q->index) < 0)
		q->index = -1;
	atspi_answered(q);
	return 0;
}

/* A password field inside of it makes a secret of it. One that is gone is none. */
static int on_part_role(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	uint32_t role;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "u", &role) > 0)
		q->secret_hint |= role == ATSPI_PASSWORD_TEXT;
	atspi_answered(q);
	return 0;
}

static int on_part_hint(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	const char *key, *value;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_enter_container(m, 'a', "{ss}") > 0) {
		while (sd_bus_message_read(m, "{ss}", &key, &value) > 0)
			q->secret_hint |= atspi_secret_hint(key, value);
	}
	atspi_answered(q);
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
		while (sd_bus_message_read(m, "{ss}", &key, &value) > 0) {
			q->secret_hint |= atspi_secret_hint(key, value);
			q->web |= !strcmp(key, "tag");
			if (!strcmp(key, "id"))
				snprintf(q->mark, sizeof q->mark, "%s", value);
		}
	}
	atspi_answered(q);
	return 0;
}

static int send(struct atspi *a, sd_bus_message *m, sd_bus_slot **slot, sd_bus_message_handler_t handler, void *user, int *waiting)
{
	sd_bus_message_set_auto_start(m, 0);
	int n = sd_bus_call_async(a->bus, slot, m, handler, user, ATSPI_ANSWER_US);
	*waiting += n >= 0;
	return n;
}

int atspi_call(struct atspi *a, const char *name, const char *path, const char *member, sd_bus_slot **slot,
	       sd_bus_message_handler_t handler, void *user, int *waiting)
{
	sd_bus_message *m = NULL;
	int n = sd_bus_message_new_method_call(a->bus, &m, name, path, ATSPI_ACCESSIBLE, member);
	if (n >= 0)
		n = send(a, m, slot, handler, user, waiting);
	sd_bus_message_unref(m);
	return n;
}

int atspi_call_property(struct atspi *a, const char *name, const char *path, const char *interface, const char *property,
			sd_bus_slot **slot, sd_bus_message_handler_t handler, void *user, int *waiting)
{
	sd_bus_message *m = NULL;
	int n = sd_bus_message_new_method_call(a->bus, &m, name, path, ATSPI_PROPERTIES, "Get");
	if (n >= 0)
		n = sd_bus_message_append(m, "ss", interface, property);
	if (n >= 0)
		n = send(a, m, slot, handler, user, waiting);
	sd_bus_message_unref(m);
	return n;
}

/* The keys may go to a part of it: that is asked at the same time, since one answer speaks for both. */
static void ask_part(struct atspi_question *q, uint64_t id)
{
	const struct atspi_object *part = atspi_object_find(&q->atspi->objects, id);
	if (!part)
		return;
	atspi_call(q->atspi, q->name, part->path, "GetRole", &q->part_role_slot, on_part_role, q, &q->waiting);
	atspi_call(q->atspi, q->name, part->path, "GetAttributes", &q->part_hint_slot, on_part_hint, q, &q->waiting);
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
	q->index = -1;
	strcpy(q->name, object->name);
	/* The pid first: bus daemon and application answer in any order, but who asks should know whose the answer is. */
	bool sent = atspi_sender_pid(a, q->name) > 0;
	if (!sent) {
		sent = atspi_sender_call(a, q->name, &q->pid_slot, on_pid, q) >= 0;
		q->waiting += sent;
	}
	if (!sent || atspi_call(a, q->name, object->path, "GetRole", &q->role_slot, on_role, q, &q->waiting) < 0 ||
	    atspi_call(a, q->name, object->path, "GetState", &q->state_slot, on_state, q, &q->waiting) < 0) {
		dead(q);
		return;
	}
	atspi_call(a, q->name, object->path, "GetAttributes", &q->hint_slot, on_hint, q, &q->waiting);
	if (!object->place && !object->no_place) {
		atspi_call_property(a, q->name, object->path, ATSPI_ACCESSIBLE, "Parent", &q->parent_slot, on_parent, q, &q->waiting);
		atspi_call(a, q->name, object->path, "GetIndexInParent", &q->index_slot, on_index, q, &q->waiting);
	}
	ask_part(q, object->part);
	if (!object->framed)
		atspi_frame_ask(q);
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
	struct atspi_object *object = atspi_object_learn(&a->objects, name, path);
	if (!object)
		return;
	/* Toolkits say it twice; the question is on its way. */
	for (int i = 0; i < ATSPI_QUESTIONS && a->focused == object->id; i++) {
		if (a->question[i].used && a->question[i].object == object->id)
			return;
	}
	atspi_focused(a, object);
	atspi_tell(a, object->id, name, FIELD_PENDING, true, 0);
	atspi_question_start(a, object, clock_mono_us());
}

void atspi_focused(struct atspi *a, struct atspi_object *object)
{
	struct atspi_sender *sender = atspi_sender_learn(a, object->name);
	a->focused = object->id;
	a->again = 0;
	a->again_us = 0;
	strcpy(a->focused_name, object->name);
	if (sender)
		sender->focused = object->id;
	object->framed = false;
}
