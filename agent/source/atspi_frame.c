/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the focused object in a private window of Chromium or its relatives? Only the name of the accessible frame tells, and
 * a page can be nested deeply: so the active one of the application's frames is asked, while the object has the focus.
 */
#include "atspi_private.h"

#include <string.h>

#include "private_window.h"

#define APPLICATION "org.a11y.atspi.Application"

static int on_toolkit(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	struct atspi_sender *sender = atspi_sender_find(q->atspi, q->name);
	const char *name;
	(void)error;
	if (sender && !sd_bus_message_is_method_error(m, NULL) && sd_bus_message_enter_container(m, 'v', "s") > 0 &&
	    sd_bus_message_read(m, "s", &name) > 0)
		sender->toolkit = strcmp(name, "Chromium") ? TOOLKIT_OTHER : TOOLKIT_CHROMIUM;
	atspi_answered(q);
	return 0;
}

static int on_state(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_frame *f = user;
	const void *words = NULL;
	size_t size = 0;
	uint32_t state = 0;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read_array(m, 'u', &words, &size) >= 0 && size >= sizeof state)
		memcpy(&state, words, sizeof state);
	f->active = state & 1U << ATSPI_ACTIVE;
	atspi_answered(f->question);
	return 0;
}

static int on_name(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_frame *f = user;
	const char *name;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_enter_container(m, 'v', "s") > 0 &&
	    sd_bus_message_read(m, "s", &name) > 0) {
		f->named = true;
		f->private_window = private_window_frame(name, strlen(name));
	}
	atspi_answered(f->question);
	return 0;
}

static int on_frames(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_question *q = user;
	const struct atspi_sender *sender = atspi_sender_find(q->atspi, q->name);
	const char *owner, *path;
	(void)error;
	if (sender && sender->toolkit == TOOLKIT_CHROMIUM && !sd_bus_message_is_method_error(m, NULL) &&
	    sd_bus_message_enter_container(m, 'a', "(so)") > 0) {
		/* With more windows than there is room for, one may be found that is active; else nothing is known. */
		while (q->frames < ATSPI_FRAMES && sd_bus_message_read(m, "(so)", &owner, &path) > 0) {
			struct atspi_frame *f = &q->frame[q->frames++];
			f->question = q;
			atspi_call(q->atspi, q->name, path, "GetState", &f->state_slot, on_state, f, &q->waiting);
			atspi_call_property(q->atspi, q->name, path, ATSPI_ACCESSIBLE, "Name", &f->name_slot, on_name, f, &q->waiting);
		}
	}
	atspi_answered(q);
	return 0;
}

void atspi_frame_ask(struct atspi_question *q)
{
	const struct atspi_sender *sender = atspi_sender_find(q->atspi, q->name);
	enum atspi_toolkit toolkit = sender ? sender->toolkit : TOOLKIT_UNKNOWN;

	if (toolkit == TOOLKIT_OTHER)
		return;
	/* Answers come in the order of the questions: the toolkit is known when the frames are. */
	if (toolkit == TOOLKIT_UNKNOWN)
		atspi_call_property(q->atspi, q->name, ATSPI_ROOT, APPLICATION, "ToolkitName", &q->toolkit_slot, on_toolkit, q, &q->waiting);
	atspi_call(q->atspi, q->name, ATSPI_ROOT, "GetChildren", &q->frames_slot, on_frames, q, &q->waiting);
}

void atspi_frame_finish(struct atspi_question *q)
{
	sd_bus_slot_unref(q->toolkit_slot);
	sd_bus_slot_unref(q->frames_slot);
	for (int i = 0; i < q->frames; i++) {
		sd_bus_slot_unref(q->frame[i].state_slot);
		sd_bus_slot_unref(q->frame[i].name_slot);
	}
}

bool atspi_frame_known(const struct atspi_question *q, struct atspi_object *object)
{
	const struct atspi_sender *sender = atspi_sender_find(q->atspi, q->name);

	if (object->framed || !sender || sender->toolkit != TOOLKIT_CHROMIUM)
		return true;
	for (int i = 0; i < q->frames && sender->focused == object->id; i++) {
		if (!q->frame[i].active || !q->frame[i].named)
			continue;
		object->framed = true;
		object->private_window |= q->frame[i].private_window;
	}
	return object->framed;
}
