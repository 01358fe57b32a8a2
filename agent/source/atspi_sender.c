/* SPDX-License-Identifier: Apache-2.0 */
/* Applications on the bus: their process, as the bus daemon knows it, and the object they told of last. */
#include "atspi_private.h"

#include <stdio.h>
#include <string.h>

struct atspi_sender *atspi_sender_find(struct atspi *a, const char *name)
{
	for (int i = 0; i < ATSPI_SENDERS; i++) {
		if (a->sender[i].name[0] && !strcmp(a->sender[i].name, name))
			return &a->sender[i];
	}
	return NULL;
}

struct atspi_sender *atspi_sender_learn(struct atspi *a, const char *name)
{
	struct atspi_sender *s = atspi_sender_find(a, name);
	if (s || strlen(name) > ATSPI_NAME_MAX)
		return s;
	for (int i = 0; i < ATSPI_SENDERS && !s; i++)
		s = a->sender[i].name[0] ? NULL : &a->sender[i];
	if (!s) {
		/* The one that came longest ago: it has to be asked for again when it speaks. */
		s = &a->sender[a->next_sender];
		a->next_sender = (a->next_sender + 1) % ATSPI_SENDERS;
		atspi_sender_forget(a, s->name);
	}
	snprintf(s->name, sizeof s->name, "%s", name);
	return s;
}

void atspi_sender_forget(struct atspi *a, const char *name)
{
	struct atspi_sender *s = atspi_sender_find(a, name);
	if (!s)
		return;
	/* The slot has the place in the table as its user. */
	sd_bus_slot_unref(s->pid_slot);
	memset(s, 0, sizeof *s);
}

int32_t atspi_sender_pid(struct atspi *a, const char *name)
{
	const struct atspi_sender *s = atspi_sender_find(a, name);
	return s ? s->pid : 0;
}

static int on_pid(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi_sender *s = user;
	uint32_t pid = 0;
	(void)error;
	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "u", &pid) > 0)
		s->pid = (int32_t)pid;
	s->pid_slot = sd_bus_slot_unref(s->pid_slot);
	return 0;
}

int atspi_sender_call(struct atspi *a, const char *name, sd_bus_slot **slot, sd_bus_message_handler_t handler, void *user)
{
	sd_bus_message *m = NULL;
	int n = sd_bus_message_new_method_call(a->bus, &m, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
					       "GetConnectionUnixProcessID");
	if (n >= 0)
		n = sd_bus_message_append(m, "s", name);
	if (n >= 0)
		n = sd_bus_call_async(a->bus, slot, m, handler, user, ATSPI_ANSWER_US);
	sd_bus_message_unref(m);
	return n;
}

void atspi_sender_ask(struct atspi *a, const char *name)
{
	struct atspi_sender *s = atspi_sender_learn(a, name);
	if (s && !s->pid && !s->pid_slot)
		atspi_sender_call(a, name, &s->pid_slot, on_pid, s);
}
