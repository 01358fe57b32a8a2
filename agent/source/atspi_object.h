/* SPDX-License-Identifier: Apache-2.0 */
/* Accessible objects by a keyed hash of (bus name, path), so that what leaves this file cannot be turned back; the last few remembered. */
#ifndef ASSENT_ATSPI_OBJECT_H
#define ASSENT_ATSPI_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

enum { ATSPI_OBJECTS = 256, ATSPI_NAME_MAX = 63, ATSPI_PATH_MAX = 255, ATSPI_CHAIN = 8 };

struct atspi_object {
	uint64_t id;             /* 0: free */
	uint64_t used;           /* when, by count */
	char name[ATSPI_NAME_MAX + 1], path[ATSPI_PATH_MAX + 1];
	uint64_t place;          /* where it stands (atspi_place.c); 0: not known */
	uint64_t part;           /* the part of it whose caret moved last; 0: its own */
	bool combo;              /* a combo box that does not say that it can be edited; */
	bool edited;             /* but the caret of a text field in it moved */
	bool no_place;           /* not in a web page: its object lasts */
	bool private_window;     /* in a browser's private window, as was found once */
	bool framed;             /* the window that it is in was looked at since it got the focus */
	int32_t caret;           /* where its caret was last; below 0: not known */
	/* What a look at it told (atspi_caret.c). */
	int64_t looked_us;       /* mono; 0: never */
	bool secret;             /* it, or one that it is a part of, is a password field */
	bool text;               /* it takes text */
	bool whole;              /* chain goes up to the application */
	int parents;
	uint64_t chain[ATSPI_CHAIN]; /* what it is a part of: parent, its parent, ... */
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
/* What its id is or would be; it is not remembered for that. */
uint64_t atspi_object_hash(const struct atspi_objects *o, const char *name, const char *path);
/* NULL if it is not remembered (any more). */
struct atspi_object *atspi_object_find(struct atspi_objects *o, uint64_t id);

#endif
