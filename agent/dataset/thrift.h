/* SPDX-License-Identifier: Apache-2.0 */
/* Thrift's compact protocol, as far as Parquet's page headers and footer need it: it is only written. */
#ifndef ASSENT_THRIFT_H
#define ASSENT_THRIFT_H

#include "../format/bytes.h"

enum { THRIFT_DEPTH = 8 };

enum thrift_type { THRIFT_TRUE = 1, THRIFT_FALSE = 2, THRIFT_I8 = 3, THRIFT_I16 = 4, THRIFT_I32 = 5, THRIFT_I64 = 6, THRIFT_BINARY = 8,
	THRIFT_LIST = 9, THRIFT_STRUCT = 12 };

/* Zeroed but for out is a valid one, within a struct that needs no begin. Fields go in ascending order. A failed allocation shows in out->failed. */
struct thrift {
	struct bytes *out;
	int depth;
	int16_t last[THRIFT_DEPTH];
};

void thrift_bool(struct thrift *t, int16_t field, bool v);
void thrift_i8(struct thrift *t, int16_t field, int8_t v);
void thrift_i16(struct thrift *t, int16_t field, int16_t v);
void thrift_i32(struct thrift *t, int16_t field, int32_t v);
void thrift_i64(struct thrift *t, int16_t field, int64_t v);
void thrift_binary(struct thrift *t, int16_t field, const void *data, size_t length);
void thrift_string(struct thrift *t, int16_t field, const char *s);
/* field 0: an element of a list. The outermost struct is only ended. */
void thrift_begin(struct thrift *t, int16_t field);
void thrift_end(struct thrift *t);
/* Its elements follow: structs by thrift_begin(t, 0), or by one of those below. */
void thrift_list(struct thrift *t, int16_t field, enum thrift_type type, uint32_t count);
void thrift_element_i32(struct thrift *t, int32_t v);
void thrift_element_string(struct thrift *t, const char *s);

#endif
