/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FlatBuffers, as far as Arrow's metadata needs them: only written, and forward: what refers to a thing comes before it and is mended when it is there.
 * A position counts from the buffer's begin. A failed allocation shows in out->failed.
 */
#ifndef ASSENT_FLAT_H
#define ASSENT_FLAT_H

#include "../format/bytes.h"

enum { FLAT_FIELDS = 8 };

struct flat {
	struct bytes *out;
	size_t base;                 /* where the buffer begins in out */
};

struct flat_field {
	uint8_t size;                /* 1, 2, 4, 8; 0: absent (then a reader takes the default) */
	uint64_t value;              /* 0 of a reference: mended by what is written with it as its place */
	size_t at;                   /* out: its position */
};

/* A new buffer at out's end, which must be a multiple of 8. The place of the root. */
size_t flat_begin(struct flat *f, struct bytes *out);
/* Each of these mends the reference at place. */
void flat_table(struct flat *f, size_t place, struct flat_field *fields, unsigned count);
void flat_string(struct flat *f, size_t place, const char *s);
/* Elements of size 4 (references) or of structs whose size is a multiple of 8, zeroed: the position of the first. */
size_t flat_vector(struct flat *f, size_t place, uint32_t count, uint32_t size);
/* Overwrites, for elements of structs. */
void flat_set(struct flat *f, size_t at, uint64_t v, unsigned size);
/* Fills up to a multiple of 8: the buffer's length. */
size_t flat_end(struct flat *f);

#endif
