/* SPDX-License-Identifier: Apache-2.0 */
#include "atspi_object.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <sodium.h>

#include "../error.h"

_Static_assert(sizeof ((struct atspi_objects *)0)->key == crypto_shorthash_KEYBYTES, "key of the hash");

int atspi_object_init(struct atspi_objects *o)
{
	memset(o, 0, sizeof *o);
	return getrandom(o->key, sizeof o->key, 0) == (ssize_t)sizeof o->key ? 0 : ERROR_IO;
}

struct atspi_object *atspi_object_find(struct atspi_objects *o, uint64_t id)
{
	for (int i = 0; i < ATSPI_OBJECTS; i++) {
		if (id && o->object[i].id == id) {
			o->object[i].used = ++o->clock;
			return &o->object[i];
		}
	}
	return NULL;
}

uint64_t atspi_object_hash(const struct atspi_objects *o, const char *name, const char *path)
{
	char text[ATSPI_NAME_MAX + 2 * ATSPI_PATH_MAX + 2];
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t id;

	size_t n = (size_t)snprintf(text, sizeof text, "%s\n%s", name, path);
	crypto_shorthash(out, (const unsigned char *)text, n < sizeof text ? n : sizeof text - 1, o->key);
	memcpy(&id, out, sizeof id);
	return id ? id : 1;
}

struct atspi_object *atspi_object_learn(struct atspi_objects *o, const char *name, const char *path)
{
	if (strlen(name) > ATSPI_NAME_MAX || strlen(path) > ATSPI_PATH_MAX)
		return NULL;
	uint64_t id = atspi_object_hash(o, name, path);
	struct atspi_object *place = atspi_object_find(o, id);
	if (place)
		return place;
	place = o->object;
	for (int i = 1; i < ATSPI_OBJECTS; i++) {
		if (o->object[i].used < place->used)
			place = &o->object[i];
	}
	memset(place, 0, sizeof *place);
	place->id = id;
	place->caret = -1;
	place->used = ++o->clock;
	strcpy(place->name, name);
	strcpy(place->path, path);
	return place;
}
