/* SPDX-License-Identifier: Apache-2.0 */
#include "atspi_list.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "atspi_private.h"

/* A further state of the protocol. */
enum { SHOWING = 25 };

/* Each question, and all of them together: an application that hangs must not hang us. */
enum { QUESTION_US = 700000, ALL_US = 4000000, WINDOWS_MAX = 32, DEPTH_MAX = 40, STEPS_MAX = 3000 };

struct listed { char name[ATSPI_NAME_MAX + 1]; int32_t pid; };

struct atspi_list {
	sd_bus *bus;
	enum atspi_bus_state state;
	bool enabled;
	int64_t until_us;
	int count;
	struct listed app[ATSPI_LIST_MAX];
};

/* A question to somebody who is there: nothing is started for it. NULL: no answer. */
static sd_bus_message *ask(sd_bus *bus, const char *name, const char *path, const char *interface, const char *member,
			   int (*fill)(sd_bus_message *, const char *), const char *word)
{
	sd_bus_message *m = NULL, *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (sd_bus_message_new_method_call(bus, &m, name, path, interface, member) >= 0 && sd_bus_message_set_auto_start(m, 0) >= 0 &&
	    (!fill || fill(m, word) >= 0))
		sd_bus_call(bus, m, QUESTION_US, &error, &reply);
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	return reply;
}

static int fill_word(sd_bus_message *m, const char *word)
{
	return sd_bus_message_append(m, "s", word);
}

static int fill_enabled(sd_bus_message *m, const char *word)
{
	return sd_bus_message_append(m, "ss", "org.a11y.Status", word);
}

static bool name_is(sd_bus *bus, const char *member, const char *wanted)
{
	sd_bus_message *reply = ask(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", member, NULL, NULL);
	const char *name;
	bool found = false;
	if (reply && sd_bus_message_enter_container(reply, 'a', "s") > 0) {
		while (!found && sd_bus_message_read(reply, "s", &name) > 0)
			found = strcmp(name, wanted) == 0;
	}
	sd_bus_message_unref(reply);
	return found;
}

/* Its address, from the session bus, which is left again. */
static void find_bus(struct atspi_list *l, char *address, size_t size)
{
	sd_bus *session = NULL;
	sd_bus_message *reply = NULL;
	const char *found = NULL;
	int on = 0;

	l->state = ATSPI_BUS_NO_SESSION;
	if (sd_bus_open_user(&session) < 0)
		return;
	sd_bus_set_method_call_timeout(session, QUESTION_US);
	if (!name_is(session, "ListNames", "org.a11y.Bus")) {
		l->state = name_is(session, "ListActivatableNames", "org.a11y.Bus") ? ATSPI_BUS_NOT_STARTED : ATSPI_BUS_NOT_INSTALLED;
		goto out;
	}
	l->state = ATSPI_BUS_SILENT;
	reply = ask(session, "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Get", fill_enabled, "IsEnabled");
	if (reply && sd_bus_message_read(reply, "v", "b", &on) > 0)
		l->enabled = on;
	sd_bus_message_unref(reply);
	reply = ask(session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", NULL, NULL);
	if (reply && sd_bus_message_read(reply, "s", &found) > 0 && strlen(found) < size)
		strcpy(address, found);
out:
	sd_bus_message_unref(reply);
	sd_bus_flush_close_unref(session);
}

static int32_t pid_of(struct atspi_list *l, const char *name)
{
	uint32_t pid = 0;
	sd_bus_message *reply = ask(l->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
				    "GetConnectionUnixProcessID", fill_word, name);
	if (!reply || sd_bus_message_read(reply, "u", &pid) <= 0)
		pid = 0;
	sd_bus_message_unref(reply);
	return (int32_t)pid;
}

static void read_applications(struct atspi_list *l)
{
	const char *name, *path;
	sd_bus_message *reply = ask(l->bus, ATSPI_REGISTRY, ATSPI_ROOT, ATSPI_ACCESSIBLE, "GetChildren", NULL, NULL);

	if (!reply && !name_is(l->bus, "ListNames", ATSPI_REGISTRY)) {
		/* The bus starts its registry with the first application: there is none. */
		l->state = ATSPI_BUS_GOOD;
		return;
	}
	if (!reply || sd_bus_message_enter_container(reply, 'a', "(so)") <= 0)
		goto out;
	l->state = ATSPI_BUS_GOOD;
	while (l->count < ATSPI_LIST_MAX && clock_mono_us() < l->until_us && sd_bus_message_read(reply, "(so)", &name, &path) > 0) {
		struct listed *a = &l->app[l->count];
		if (strlen(name) > ATSPI_NAME_MAX || !(a->pid = pid_of(l, name)))
			continue;
		strcpy(a->name, name);
		l->count++;
	}
out:
	sd_bus_message_unref(reply);
}

int atspi_list_open(struct atspi_list **out)
{
	char address[512] = "";
	struct atspi_list *l = calloc(1, sizeof *l);

	*out = l;
	if (!l)
		return ERROR_MEMORY;
	l->until_us = clock_mono_us() + ALL_US;
	find_bus(l, address, sizeof address);
	if (!address[0])
		return 0;
	if (sd_bus_new(&l->bus) < 0 || sd_bus_set_address(l->bus, address) < 0 || sd_bus_set_bus_client(l->bus, 1) < 0 ||
	    sd_bus_start(l->bus) < 0)
		return 0;
	sd_bus_set_method_call_timeout(l->bus, QUESTION_US);
	read_applications(l);
	return 0;
}

void atspi_list_close(struct atspi_list *l)
{
	if (!l)
		return;
	sd_bus_flush_close_unref(l->bus);
	free(l);
}

enum atspi_bus_state atspi_list_state(const struct atspi_list *l)
{
	return l->state;
}

bool atspi_list_enabled(const struct atspi_list *l)
{
	return l->enabled;
}

bool atspi_list_has(const struct atspi_list *l, int32_t pid)
{
	for (int i = 0; i < l->count; i++) {
		if (pid > 0 && l->app[i].pid == pid)
			return true;
	}
	return false;
}

static uint32_t state_of(struct atspi_list *l, const char *name, const char *path)
{
	const void *words = NULL;
	size_t size = 0;
	uint32_t state = 0;
	sd_bus_message *reply = ask(l->bus, name, path, ATSPI_ACCESSIBLE, "GetState", NULL, NULL);
	if (reply && sd_bus_message_read_array(reply, 'u', &words, &size) >= 0 && size >= sizeof state)
		memcpy(&state, words, sizeof state);
	sd_bus_message_unref(reply);
	return state;
}

static bool has_secret_hint(struct atspi_list *l, const char *name, const char *path)
{
	const char *key, *value;
	bool secret = false;
	sd_bus_message *reply = ask(l->bus, name, path, ATSPI_ACCESSIBLE, "GetAttributes", NULL, NULL);
	if (reply && sd_bus_message_enter_container(reply, 'a', "{ss}") > 0) {
		while (sd_bus_message_read(reply, "{ss}", &key, &value) > 0)
			secret |= atspi_secret_hint(key, value);
	}
	sd_bus_message_unref(reply);
	return secret;
}

static enum field_role role_of(struct atspi_list *l, const char *name, const char *path)
{
	uint32_t role = ATSPI_INVALID;
	sd_bus_message *reply = ask(l->bus, name, path, ATSPI_ACCESSIBLE, "GetRole", NULL, NULL);
	if (!reply || sd_bus_message_read(reply, "u", &role) <= 0)
		role = ATSPI_INVALID;
	sd_bus_message_unref(reply);
	return atspi_field(role, state_of(l, name, path), has_secret_hint(l, name, path));
}

/* Focused, all of one; no attributes, roles, interfaces. The first in canonical order, one is enough. */
static int fill_rule(sd_bus_message *m, const char *word)
{
	(void)word;
	return sd_bus_message_append(m, "(aiia{ss}iaiiasib)uib", 2, 1 << ATSPI_FOCUSED, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1U, 1, 1);
}

static bool focused_by_collection(struct atspi_list *l, const char *name, const char *path, enum field_role *role)
{
	const char *owner, *object;
	sd_bus_message *reply = ask(l->bus, name, path, "org.a11y.atspi.Collection", "GetMatches", fill_rule, NULL);
	bool found = reply && sd_bus_message_enter_container(reply, 'a', "(so)") > 0 &&
		     sd_bus_message_read(reply, "(so)", &owner, &object) > 0;
	if (found)
		*role = role_of(l, owner, object);
	sd_bus_message_unref(reply);
	return found;
}

/* Browsers find nothing by that. Only what is shown is walked through, and no further than a look may take. */
static bool focused_by_walk(struct atspi_list *l, const char *name, const char *path, int depth, int *steps, enum field_role *role)
{
	const char *owner, *object;
	bool found = false;

	uint32_t state = state_of(l, name, path);
	if (state & 1U << ATSPI_FOCUSED) {
		*role = role_of(l, name, path);
		return true;
	}
	if (depth > 0 && !(state & 1U << SHOWING))
		return false;
	if (depth == DEPTH_MAX)
		return false;
	sd_bus_message *reply = ask(l->bus, name, path, ATSPI_ACCESSIBLE, "GetChildren", NULL, NULL);
	if (reply && sd_bus_message_enter_container(reply, 'a', "(so)") > 0) {
		while (!found && ++*steps < STEPS_MAX && clock_mono_us() < l->until_us && sd_bus_message_read(reply, "(so)", &owner, &object) > 0)
			found = focused_by_walk(l, owner, object, depth + 1, steps, role);
	}
	sd_bus_message_unref(reply);
	return found;
}

static bool focused_in(struct atspi_list *l, const char *name, const char *path, enum field_role *role)
{
	int steps = 0;
	return focused_by_collection(l, name, path, role) || focused_by_walk(l, name, path, 0, &steps, role);
}

/* A password field before text, text before anything else: Chromium says of windows that nobody sees that their page
 * has the focus. */
static enum field_role stronger(enum field_role a, enum field_role b)
{
	static const int strength[] = { [FIELD_PENDING] = 0, [FIELD_DEAD] = 1, [FIELD_OTHER] = 2, [FIELD_TERMINAL] = 3, [FIELD_TEXT] = 4,
		[FIELD_SECRET] = 5 };
	return strength[a] >= strength[b] ? a : b;
}

/* Of the windows that say that they are active; or of all, where none does. */
static enum field_role focused_of(struct atspi_list *l, const struct listed *app, bool active)
{
	const char *name, *path;
	enum field_role role = FIELD_PENDING;
	sd_bus_message *reply = ask(l->bus, app->name, ATSPI_ROOT, ATSPI_ACCESSIBLE, "GetChildren", NULL, NULL);
	if (reply && sd_bus_message_enter_container(reply, 'a', "(so)") > 0) {
		for (int n = 0; n < WINDOWS_MAX && clock_mono_us() < l->until_us && sd_bus_message_read(reply, "(so)", &name, &path) > 0; n++) {
			enum field_role here = FIELD_PENDING;
			if ((!active || state_of(l, name, path) & 1U << ATSPI_ACTIVE) && focused_in(l, name, path, &here))
				role = stronger(role, here);
		}
	}
	sd_bus_message_unref(reply);
	return role;
}

enum field_role atspi_list_focused(struct atspi_list *l, int32_t pid)
{
	enum field_role role = FIELD_PENDING;

	l->until_us = clock_mono_us() + ALL_US;
	for (int pass = 0; pass < 2 && role == FIELD_PENDING; pass++) {
		for (int i = 0; i < l->count; i++) {
			if (l->app[i].pid == pid)
				role = stronger(role, focused_of(l, &l->app[i], pass == 0));
		}
	}
	return role;
}
