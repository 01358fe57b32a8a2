/* SPDX-License-Identifier: Apache-2.0 */
/* Accessible objects by a keyed hash of (bus name, path), so that what leaves this file cannot be turned back; the last few remembered. */
#ifndef ASSENT_ATSPI_OBJECT_H
#define ASSENT_ATSPI_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

enum { ATSPI_OBJECTS = 256, ATSPI_NAME_MAX = 63, ATSPI_PATH_MAX = 255 };

struct atspi_object {
	uint64_t id;             /* 0: free */
	uint64_t used;           /* when, by count */
	char name[ATSPI_NAME_MAX + 1], path[ATSPI_PATH_MAX + 1];
};

struct atspi_objects {
	uint8_t key[16];
	uint64_t clock;
	struct atspi_object object[ATSPI_OBJECTS];
};

/* ERROR_IO: no random numbers. */
int atspi_object_init(struct atspi_objects *o);
/* The object, remembered from now on in place of the one longest unused; NULL if name or path is too long. */
struct atspi_object *atspi_object_learn(struct atspi_objects *o, const char *name, const char *path);
/* NULL if it is not remembered (any more). */
struct atspi_object *atspi_object_find(struct atspi_objects *o, uint64_t id);

#endif
