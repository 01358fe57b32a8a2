/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at an object whose caret moved although there was no news of it: what it is, and what it is a part of. */
#include "atspi_private.h"

#include <string.h>

#include "../base/clock.h"

static void finish(struct atspi_look *l)
{
	sd_bus_slot_unref(l->role_slot);
	sd_bus_slot_unref(l->state_slot);
	sd_bus_slot_unref(l->hint_slot);
	sd_bus_slot_unref(l->parent_slot);
	memset(l, 0, sizeof *l);
}

void atspi_look_cancel_all(struct atspi *a)
{
	for (int i = 0; i < ATSPI_LOOKS; i++)
		finish(&a->look[i]);
}

int *atspi_look_carets(struct atspi *a, uint64_t object)
{
	for (int i = 0; i < ATSPI_LOOKS; i++) {
		if (a->look[i].used && a->look[i].object == object)
			return &a->look[i].carets;
	}
	return NULL;
}

/* A password field of which there was no news. */
static void tell_secret(struct atspi *a, const struct atspi_look *l, struct atspi_object *object)
{
	const struct atspi_sender *sender = atspi_sender_find(a, l->name);
	bool same = sender && sender->focused == l->when;

	if (sender && sender->focused == l->object)
		return;                  /* there was, meanwhile: that is asked about */
	if (same && l->focused) {
		/* It says that it has the focus: that is news. Of a text field it would not be believed. */
		atspi_focused(a, object);
		atspi_tell(a, l->object, l->name, FIELD_SECRET, true, 0);
		return;
	}
	atspi_tell(a, l->object, l->name, FIELD_SECRET, false, l->asked_us);
	for (int i = 0; same && i < l->parents; i++) {
		if (l->chain[i] == l->when)
			atspi_tell(a, l->when, l->name, FIELD_SECRET, l->when == a->focused, l->asked_us);
	}
}

static void end(struct atspi_look *l, bool whole)
{
	struct atspi_look was = *l;
	struct atspi *a = l->atspi;
	struct atspi_object *object = atspi_object_find(&a->objects, l->object);

	finish(l);
	if (!object)
		return;
	object->looked_us = was.failed ? 0 : clock_mono_us();
	object->secret |= was.secret;
	object->text = !was.failed && atspi_field(was.own_role, was.state, false) == FIELD_TEXT;
	object->whole = whole;
	object->parents = was.parents;
	memcpy(object->chain, was.chain, sizeof object->chain);
	if (object->secret)
		tell_secret(a, &was, object);
	atspi_caret_looked(a, object, was.when, was.carets);
}

/* It cannot be told: no part of anything, looked at again when its caret moves next. */
static void fail(struct atspi_look *l)
{
	l->failed = true;
	l->parents = 0;
	end(l, true);
}

static void ask(struct atspi_look *l);

static void answered(struct atspi_look *l)
{
	if (--l->waiting > 0)
		return;
	l->secret |= l->role == ATSPI_PASSWORD_TEXT;
	if (!l->parents)
		l->own_role = l->role;
	if (!l->parent[0] || !strcmp(l->parent, ATSPI_ROOT)) {
		end(l, true);
		return;
	}
	uint64_t parent = atspi_object_hash(&l->atspi->objects, l->name, l->parent);
	l->chain[l->parents++] = parent;
	if (parent == l->when || l->parents == ATSPI_CHAIN) {
		end(l, l->parents == ATSPI_CHAIN);
		return;
	}
	strcpy(l->path, l->parent);
	l->role_slot = sd_bus_slot_unref(l->role_slot);
	l->parent_slot = sd_bus_slot_unref(l->parent_slot);
	ask(l);
}

static int on_role(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_look *l = user;
	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &l->role) < 0)
		fail(l);
	else
		answered(l);
	return 0;
}

static int on_parent(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_look *l = user;
	(void)error;
	atspi_read_parent(m, l->name, l->parent);
	answered(l);
	return 0;
}

static int on_state(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_look *l = user;
	const void *words = NULL;
	size_t size = 0;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read_array(m, 'u', &words, &size) >= 0 && size >= sizeof l->state)
		memcpy(&l->state, words, sizeof l->state);
	l->focused = l->state & 1U << ATSPI_FOCUSED;
	answered(l);
	return 0;
}

static int on_hint(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_look *l = user;
	const char *key, *value;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_enter_container(m, 'a', "{ss}") > 0) {
		while (sd_bus_message_read(m, "{ss}", &key, &value) > 0)
			l->secret |= atspi_secret_hint(key, value);
	}
	answered(l);
	return 0;
}

static void ask(struct atspi_look *l)
{
	l->waiting = 0;
	if (atspi_call(l->atspi, l->name, l->path, "GetRole", &l->role_slot, on_role, l, &l->waiting) < 0 ||
	    atspi_call_property(l->atspi, l->name, l->path, ATSPI_ACCESSIBLE, "Parent", &l->parent_slot, on_parent, l, &l->waiting) < 0)
		fail(l);
}

void atspi_look(struct atspi *a, const struct atspi_object *object, uint64_t focused, int carets)
{
	struct atspi_look *l = NULL;
	for (int i = 0; i < ATSPI_LOOKS && !l; i++)
		l = a->look[i].used ? NULL : &a->look[i];
	if (!l)
		return;                  /* its carets count for nothing */
	l->atspi = a;
	l->used = true;
	l->object = object->id;
	l->when = focused;
	l->carets = carets;
	l->asked_us = clock_mono_us();
	strcpy(l->name, object->name);
	strcpy(l->path, object->path);
	ask(l);
	if (!l->used)
		return;
	atspi_call(a, l->name, l->path, "GetState", &l->state_slot, on_state, l, &l->waiting);
	atspi_call(a, l->name, l->path, "GetAttributes", &l->hint_slot, on_hint, l, &l->waiting);
}
