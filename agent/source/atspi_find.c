/* SPDX-License-Identifier: Apache-2.0 */
/*
 * News tells of changes only. What has the focus when recording begins is searched once: each application's active
 * windows, and in these, by the Collection interface, the focused object. Toolkits without it say so, and are
 * unknown until the focus moves.
 */
#include "atspi_private.h"

#include <stdlib.h>
#include <string.h>

enum { APPLICATIONS_MAX = 64, WINDOWS_MAX = 32, STEPS_MAX = 512 };

struct step {
	struct atspi *atspi;
	char name[ATSPI_NAME_MAX + 1], path[ATSPI_PATH_MAX + 1];
};

static void free_step(void *user)
{
	struct step *s = user;
	s->atspi->finding--;
	free(s);
}

/* A question whose answer goes to handler with a step for (name, path). fill: appends arguments, may be NULL. */
static void ask(struct atspi *a, const char *name, const char *path, const char *interface, const char *member,
		sd_bus_message_handler_t handler, int (*fill)(sd_bus_message *))
{
	sd_bus_message *m = NULL;
	sd_bus_slot *slot = NULL;

	/* Real news came first, or there is more than a desktop has. */
	if (a->focused || a->finding >= STEPS_MAX || strlen(name) > ATSPI_NAME_MAX || strlen(path) > ATSPI_PATH_MAX)
		return;
	struct step *s = calloc(1, sizeof *s);
	if (!s)
		return;
	s->atspi = a;
	strcpy(s->name, name);
	strcpy(s->path, path);
	if (sd_bus_message_new_method_call(a->bus, &m, name, path, interface, member) < 0 || (fill && fill(m) < 0) ||
	    sd_bus_call_async(a->bus, &slot, m, handler, s, ATSPI_ANSWER_US) < 0) {
		free(s);
	} else {
		a->finding++;
		sd_bus_slot_set_destroy_callback(slot, free_step);
		sd_bus_slot_set_floating(slot, 1);
		sd_bus_slot_unref(slot);
	}
	sd_bus_message_unref(m);
}

static int on_matches(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct step *s = user;
	const char *name, *path;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || s->atspi->focused)
		return 0;
	if (sd_bus_message_enter_container(m, 'a', "(so)") > 0 && sd_bus_message_read(m, "(so)", &name, &path) > 0)
		atspi_news(s->atspi, name, path);
	return 0;
}

/* Focused (bit 12), all of one; no attributes, no roles, no interfaces. First in canonical order, one is enough. */
static int fill_rule(sd_bus_message *m)
{
	return sd_bus_message_append(m, "(aiia{ss}iaiiasib)uib", 2, 1 << ATSPI_FOCUSED, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1U, 1, 1);
}

static int on_state(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct step *s = user;
	const void *words = NULL;
	size_t size = 0;
	uint32_t state = 0;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read_array(m, 'u', &words, &size) < 0 || size < sizeof state)
		return 0;
	memcpy(&state, words, sizeof state);
	if (state & 1U << ATSPI_ACTIVE)
		ask(s->atspi, s->name, s->path, "org.a11y.atspi.Collection", "GetMatches", on_matches, fill_rule);
	return 0;
}

static int on_windows(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct step *s = user;
	const char *name, *path;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_enter_container(m, 'a', "(so)") <= 0)
		return 0;
	for (int n = 0; n < WINDOWS_MAX && sd_bus_message_read(m, "(so)", &name, &path) > 0; n++)
		ask(s->atspi, name, path, ATSPI_ACCESSIBLE, "GetState", on_state, NULL);
	return 0;
}

static int on_applications(sd_bus_message *m, void *user, sd_bus_error *error)
{
	struct step *s = user;
	const char *name, *path;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_enter_container(m, 'a', "(so)") <= 0)
		return 0;
	for (int n = 0; n < APPLICATIONS_MAX && sd_bus_message_read(m, "(so)", &name, &path) > 0; n++) {
		atspi_sender_ask(s->atspi, name);
		ask(s->atspi, name, path, ATSPI_ACCESSIBLE, "GetChildren", on_windows, NULL);
	}
	return 0;
}

void atspi_find(struct atspi *a)
{
	ask(a, ATSPI_REGISTRY, ATSPI_ROOT, ATSPI_ACCESSIBLE, "GetChildren", on_applications, NULL);
}
