/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carets: which of them tell that the focused object took a key. News says which object that is; its own carets are
 * handed on at once, those of its parts (a paragraph of an editable page) as its own. Any other object of the same
 * application is looked at, for it may be such a part, or a password field of which there was no news.
 */
#include "atspi_private.h"

#include <string.h>

#include "../base/clock.h"

enum {
	OLD_US = 3000000,                /* then a look is repeated, while its result still holds; */
	STALE_US = 10000000,             /* then it holds no more */
	WAITING_MAX = 64
};

static void tell(struct atspi *a, uint64_t object, int32_t pid, int32_t moved)
{
	struct raw_event raw = { .kind = RAW_CARET, .mono_us = clock_mono_us() };
	raw.as.caret.object = object;
	raw.as.caret.pid = pid;
	raw.as.caret.moved = moved;
	a->emit(a->user, &raw);
}

/* The caret of a part of the focused object moved: keys go there. */
static void take_part(struct atspi *a, struct atspi_sender *sender, const struct atspi_object *part)
{
	struct atspi_object *whole = atspi_object_find(&a->objects, sender->focused);
	if (!whole)
		return;
	whole->part = part->id;
	/* A combo box whose part can be edited takes text, which it does not say itself. */
	if (whole->combo && !whole->edited && part->text) {
		whole->edited = true;
		atspi_tell(a, whole->id, whole->name, FIELD_TEXT, false, part->looked_us);
	}
}

static bool is_part(const struct atspi_object *object, uint64_t whole)
{
	for (int i = 0; i < object->parents; i++) {
		if (object->chain[i] == whole)
			return true;
	}
	return false;
}

void atspi_caret(struct atspi *a, const char *name, const char *path, int32_t offset)
{
	struct atspi_object *object = atspi_object_learn(&a->objects, name, path);
	struct atspi_sender *sender = atspi_sender_learn(a, name);

	if (!object || !sender)
		return;
	/* How far it went is all that leaves here; where it is would tell a length. */
	int32_t moved = object->caret >= 0 && offset > object->caret ? offset - object->caret : 0;
	object->caret = offset;
	if (!sender->pid) {
		atspi_sender_ask(a, name);
		return;
	}
	if (object->id == sender->focused) {
		object->part = 0;
		tell(a, object->id, sender->pid, moved);
		return;
	}
	int64_t now = clock_mono_us();
	int *waiting = atspi_look_carets(a, object->id);
	bool known = object->looked_us && now - object->looked_us < STALE_US;
	bool part = known && is_part(object, sender->focused);
	if (known && object->secret) {
		tell(a, object->id, sender->pid, moved);
	} else if (part) {
		take_part(a, sender, object);
		tell(a, sender->focused, sender->pid, moved);
	} else if (waiting) {
		*waiting += *waiting < WAITING_MAX;
		return;
	} else if (!known || !object->whole) {
		/* Without an end its parents are known only as far as the object that had the focus then. */
		atspi_look(a, object, sender->focused, 1);
		return;
	}
	if (!waiting && now - object->looked_us >= OLD_US)
		atspi_look(a, object, sender->focused, 0);
}

void atspi_caret_looked(struct atspi *a, const struct atspi_object *object, uint64_t when, int carets)
{
	struct atspi_sender *sender = atspi_sender_find(a, object->name);
	/* What waited belongs to what had the focus then. */
	if (!sender || sender->focused != when)
		return;
	bool part = is_part(object, when);
	if (!object->secret && !part)
		return;
	if (!object->secret)
		take_part(a, sender, object);
	for (int i = 0; i < carets; i++)
		tell(a, object->secret ? object->id : when, sender->pid, 0);
}
