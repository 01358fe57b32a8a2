/* SPDX-License-Identifier: Apache-2.0 */
#include "sway_wire.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

enum { MAGIC = 6, LEAST = 4096, USUAL = 16384 };
static const char magic[] = "i3-ipc";

void sway_wire_release(struct sway_wire *w)
{
	free(w->data);
	memset(w, 0, sizeof *w);
}

static size_t waiting(const struct sway_wire *w) { return w->used - w->taken; }

/* The length that the header of the next message tells; false: it is not there yet. */
static bool told(const struct sway_wire *w, uint32_t *length)
{
	if (waiting(w) < SWAY_HEADER)
		return false;
	memcpy(length, w->data + w->taken + MAGIC, sizeof *length);
	return true;
}

int sway_wire_room(struct sway_wire *w, char **at, size_t *size)
{
	uint32_t length = 0;
	if (w->taken) {
		memmove(w->data, w->data + w->taken, waiting(w));
		w->used -= w->taken;
		w->taken = 0;
	}
	/* A message that is too long is refused before it is waited for (sway_wire_take). */
	size_t wanted = told(w, &length) && length <= SWAY_MESSAGE_MAX ? SWAY_HEADER + (size_t)length + LEAST : w->used + LEAST;
	if (wanted < w->used + LEAST)
		wanted = w->used + LEAST;
	if (wanted < USUAL)
		wanted = USUAL;
	if (w->room < wanted || (w->room > USUAL && wanted == USUAL)) {
		char *data = realloc(w->data, wanted);
		if (!data)
			return ERROR_MEMORY;
		w->data = data;
		w->room = wanted;
	}
	*at = w->data + w->used;
	*size = w->room - w->used;
	return 0;
}

void sway_wire_add(struct sway_wire *w, size_t n)
{
	w->used += n;
}

bool sway_wire_has(const struct sway_wire *w)
{
	uint32_t length;
	return told(w, &length) && (length > SWAY_MESSAGE_MAX || waiting(w) - SWAY_HEADER >= length);
}

int sway_wire_take(struct sway_wire *w, enum sway_type *type, const char **json, size_t *length)
{
	uint32_t n, kind;
	size_t known = waiting(w) < MAGIC ? waiting(w) : MAGIC;
	if (known && memcmp(w->data + w->taken, magic, known) != 0)
		return ERROR_CORRUPT;
	if (!told(w, &n))
		return 0;
	if (n > SWAY_MESSAGE_MAX)
		return ERROR_LIMIT;
	if (waiting(w) - SWAY_HEADER < n)
		return 0;
	memcpy(&kind, w->data + w->taken + MAGIC + sizeof n, sizeof kind);
	*type = (enum sway_type)(int32_t)kind;
	*json = w->data + w->taken + SWAY_HEADER;
	*length = n;
	w->taken += SWAY_HEADER + (size_t)n;
	return 1;
}

void sway_wire_header(char out[SWAY_HEADER], enum sway_type type, size_t length)
{
	uint32_t n = (uint32_t)length, kind = (uint32_t)type;
	memcpy(out, magic, MAGIC);
	memcpy(out + MAGIC, &n, sizeof n);
	memcpy(out + MAGIC + sizeof n, &kind, sizeof kind);
}
