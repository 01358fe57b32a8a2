/* SPDX-License-Identifier: Apache-2.0 */
/* A growable run of bytes with little-endian writers, and a bounded reader of the same. */
#ifndef ASSENT_BYTES_H
#define ASSENT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t length, capacity;
	bool failed;             /* an allocation failed: the content is incomplete. Check once at the end. */
};

void bytes_release(struct bytes *b);
void bytes_clear(struct bytes *b);                /* keeps the memory */
bool bytes_reserve(struct bytes *b, size_t more); /* false, and failed set, if memory is out */
void bytes_put(struct bytes *b, const void *data, size_t length);
void bytes_put_u8(struct bytes *b, uint8_t v);
void bytes_put_u16(struct bytes *b, uint16_t v);
void bytes_put_u32(struct bytes *b, uint32_t v);
void bytes_put_u64(struct bytes *b, uint64_t v);
void bytes_put_varint(struct bytes *b, uint64_t v);   /* LEB128 */

struct bytes_reader {
	const uint8_t *at, *end;
	bool failed;             /* something was read past the end; every value since is 0 */
};

const uint8_t *bytes_get(struct bytes_reader *r, size_t length);  /* NULL when too short */
uint8_t bytes_get_u8(struct bytes_reader *r);
uint16_t bytes_get_u16(struct bytes_reader *r);
uint32_t bytes_get_u32(struct bytes_reader *r);
uint64_t bytes_get_u64(struct bytes_reader *r);
uint64_t bytes_get_varint(struct bytes_reader *r);    /* at most 10 bytes, else failed */

static inline uint64_t bytes_zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63); }
static inline int64_t bytes_unzigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

#endif
