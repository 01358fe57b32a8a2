/* SPDX-License-Identifier: Apache-2.0 */
#include "atspi_private.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"

enum { OPEN_TIMEOUT_US = 5000000 };

/* All that is asked for. Never text-changed: it carries what is typed. */
static const char *const subscribed[] = { "object:state-changed:focused", "object:text-caret-moved" };

/* StateChanged: what, 1 or 0, unused, variant, properties or the application. */
static int on_state_changed(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi *a = user;
	const char *what = NULL;
	int32_t on = 0;
	const char *name = sd_bus_message_get_sender(m), *path = sd_bus_message_get_path(m);

	(void)error;
	if (sd_bus_message_read(m, "si", &what, &on) < 0 || strcmp(what, "focused") != 0 || !name || !path)
		return 0;
	if (on)
		atspi_news(a, name, path);
	return 0;
}

/* TextCaretMoved: nothing, where it is now, ... What follows is not read. */
static int on_caret_moved(sd_bus_message *m, void *user, sd_bus_error *error)
{
	const char *what = NULL;
	int32_t offset = -1;
	const char *name = sd_bus_message_get_sender(m), *path = sd_bus_message_get_path(m);

	(void)error;
	if (sd_bus_message_read(m, "si", &what, &offset) >= 0 && name && path)
		atspi_caret(user, name, path, offset);
	return 0;
}

static int on_registered(sd_bus_message *m, void *user, sd_bus_error *error)
{
	(void)m;
	(void)user;
	(void)error;
	return 0;
}

static int on_name_owner_changed(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct atspi *a = user;
	const char *name = NULL, *before = NULL, *after = NULL;

	(void)error;
	if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
		return 0;
	if (!strcmp(name, ATSPI_REGISTRY) && after[0]) {
		/* A new registry does not know us. */
		for (size_t i = 0; i < sizeof subscribed / sizeof subscribed[0]; i++)
			sd_bus_call_method_async(a->bus, NULL, ATSPI_REGISTRY, "/org/a11y/atspi/registry", ATSPI_REGISTRY,
						 "RegisterEvent", on_registered, NULL, "sass", subscribed[i], 0, "");
	}
	if (name[0] == ':' && after[0])
		atspi_sender_ask(a, name);
	if (name[0] != ':' || after[0])
		return 0;
	atspi_sender_forget(a, name);
	if (a->focused && !strcmp(a->focused_name, name)) {
		atspi_tell(a, a->focused, name, FIELD_DEAD, false, 0);
		a->focused = 0;
	}
	return 0;
}

/* The address of the accessibility bus, which the session bus knows. */
static int find_bus(char *address, size_t size, const char **what)
{
	sd_bus *session = NULL;
	sd_bus_message *reply = NULL;
	const char *found = NULL;
	int e = ERROR_GONE;

	*what = "no session bus";
	if (sd_bus_open_user(&session) < 0)
		goto out;
	sd_bus_set_method_call_timeout(session, OPEN_TIMEOUT_US);
	*what = "no accessibility bus (install at-spi2-core)";
	if (sd_bus_call_method(session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", NULL, &reply, "") < 0 ||
	    sd_bus_message_read(reply, "s", &found) < 0 || !found[0] || strlen(found) >= size)
		goto out;
	strcpy(address, found);
	*what = NULL;
	e = 0;
out:
	sd_bus_message_unref(reply);
	sd_bus_flush_close_unref(session);
	return e;
}

static int join(struct atspi *a, const char *address, const char **what)
{
	*what = "cannot connect to the accessibility bus";
	if (sd_bus_new(&a->bus) < 0 || sd_bus_set_address(a->bus, address) < 0 || sd_bus_set_bus_client(a->bus, 1) < 0 ||
	    sd_bus_start(a->bus) < 0)
		return ERROR_GONE;
	sd_bus_set_method_call_timeout(a->bus, OPEN_TIMEOUT_US);
	*what = "the accessibility bus refuses to tell about the focus";
	if (sd_bus_add_match(a->bus, NULL, "type='signal',interface='org.a11y.atspi.Event.Object',member='StateChanged',arg0='focused'",
			     on_state_changed, a) < 0 ||
	    sd_bus_add_match(a->bus, NULL, "type='signal',interface='org.a11y.atspi.Event.Object',member='TextCaretMoved'",
			     on_caret_moved, a) < 0 ||
	    sd_bus_add_match(a->bus, NULL, "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
			     "member='NameOwnerChanged'", on_name_owner_changed, a) < 0)
		return ERROR_GONE;
	/* Applications with toolkits that ask first only speak when somebody is registered. */
	for (size_t i = 0; i < sizeof subscribed / sizeof subscribed[0]; i++) {
		if (sd_bus_call_method(a->bus, ATSPI_REGISTRY, "/org/a11y/atspi/registry", ATSPI_REGISTRY, "RegisterEvent", NULL, NULL,
				       "sass", subscribed[i], 0, "") < 0 &&
		    sd_bus_call_method(a->bus, ATSPI_REGISTRY, "/org/a11y/atspi/registry", ATSPI_REGISTRY, "RegisterEvent", NULL, NULL,
				       "s", subscribed[i]) < 0)
			return ERROR_GONE;
	}
	*what = NULL;
	return 0;
}

int atspi_open(source_emit *emit, void *user, struct atspi **out, const char **what)
{
	char address[512];
	int e = ERROR_MEMORY;
	struct atspi *a = calloc(1, sizeof *a);

	*what = "out of memory";
	if (!a)
		goto out;
	a->emit = emit;
	a->user = user;
	*what = "no random numbers";
	e = atspi_object_init(&a->objects);
	if (e < 0)
		goto out;
	e = find_bus(address, sizeof address, what);
	if (e < 0)
		goto out;
	e = join(a, address, what);
	if (e == 0)
		atspi_find(a);
out:
	if (e < 0) {
		atspi_close(a);
		a = NULL;
	}
	*out = a;
	return e;
}

void atspi_close(struct atspi *a)
{
	if (!a)
		return;
	atspi_question_cancel_all(a);
	atspi_look_cancel_all(a);
	for (int i = 0; i < ATSPI_SENDERS; i++)
		atspi_sender_forget(a, a->sender[i].name);
	for (size_t i = 0; a->bus && sd_bus_is_open(a->bus) > 0 && i < sizeof subscribed / sizeof subscribed[0]; i++)
		sd_bus_call_method_async(a->bus, NULL, ATSPI_REGISTRY, "/org/a11y/atspi/registry", ATSPI_REGISTRY,
					 "DeregisterEvent", on_registered, NULL, "s", subscribed[i]);
	sd_bus_flush_close_unref(a->bus);
	explicit_bzero(a, sizeof *a);
	free(a);
}

int atspi_fd(const struct atspi *a)
{
	return a ? sd_bus_get_fd(a->bus) : -1;
}

int atspi_events(const struct atspi *a)
{
	int events = a ? sd_bus_get_events(a->bus) : 0;
	return events < 0 ? 0 : events;
}

int64_t atspi_deadline_us(const struct atspi *a)
{
	uint64_t at = 0;
	if (!a)
		return INT64_MAX;
	int64_t again = a->again_us ? a->again_us : INT64_MAX;
	return sd_bus_get_timeout(a->bus, &at) < 0 || at > (uint64_t)again ? again : (int64_t)at;
}

int atspi_process(struct atspi *a)
{
	if (a)
		atspi_ask_again(a, clock_mono_us());
	while (a) {
		int n = sd_bus_process(a->bus, NULL);
		if (n < 0 || sd_bus_is_open(a->bus) <= 0)
			return ERROR_GONE;
		if (n == 0)
			break;
	}
	return 0;
}
