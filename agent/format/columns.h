/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of events as columns, and the content of a block (FORMAT.md, "Block"). */
#ifndef ASSENT_COLUMNS_H
#define ASSENT_COLUMNS_H

#include "dictionary.h"
#include "numbers.h"
#include "segment.h"

/* The values are the sections' ids in the file, less SECTION_COLUMNS: append only. */
enum column {
	COLUMN_SHAPE, COLUMN_MONO, COLUMN_UTC, COLUMN_KEY, COLUMN_X, COLUMN_Y, COLUMN_DX, COLUMN_DY,
	COLUMN_SCROLL_X, COLUMN_SCROLL_Y, COLUMN_APP, COLUMN_TITLE, COLUMN_END, COLUMN_LOST,
	COLUMN_COUNT
};

/* The values are the sections' ids in the file, less SECTION_WORDS. */
enum words { WORDS_SHAPE, WORDS_KEY, WORDS_APP, WORDS_TITLE, WORDS_COUNT };

enum { COLUMNS_ROW_BYTES = 80 };  /* no row needs more, its words aside */

struct device_list {
	uint32_t count;
	struct { int16_t device; uint8_t klass; } at[SEGMENT_DEVICES_MAX];
};

void device_list_set(struct device_list *l, int16_t device, enum device_class klass);
void device_list_encode(const struct device_list *l, struct bytes *out);
int device_list_decode(struct device_list *l, struct bytes_reader *in);  /* adds. ERROR_CORRUPT */

struct columns {
	uint32_t rows;
	int64_t mono_base, utc_base;        /* both clocks when the segment was begun */
	int64_t t_first, t_last, mono_last; /* of the rows: least and greatest t_us, greatest mono_us */
	struct numbers column[COLUMN_COUNT];
	struct dictionary words[WORDS_COUNT];
};

/* Zeroed with the bases set is a valid one without rows. */
void columns_release(struct columns *c);
void columns_clear(struct columns *c);
/* ERROR_INVALID: not an event that a reader would accept. ERROR_LIMIT: full. ERROR_MEMORY. Adds all or nothing. */
int columns_add(struct columns *c, const struct event *event);
/* Appends the content of a block, and the places within it where unlike data meet to cuts. */
int columns_encode(const struct columns *c, const struct device_list *devices, struct numbers *scratch,
	struct bytes *out, struct numbers *cuts);
/* Replaces the rows; checks everything. ERROR_CORRUPT, ERROR_UNSUPPORTED, ERROR_MEMORY. */
int columns_decode(struct columns *c, const uint8_t *data, size_t length, struct device_list *devices);

/* Of a row, what it is and when: for who judges rows without looking at their values. Zeroed is before the first; false: no more. */
struct row_times {
	uint32_t row, ends;                 /* where it stands */
	uint8_t kind, reason;
	uint16_t has;
	int64_t mono_us, t_us, end_us;      /* end_us only with HAS_END */
};

bool columns_times(const struct columns *c, struct row_times *at);

/* Where a reader of rows stands. Zeroed is before the first. */
struct cursor {
	uint32_t row, at[COLUMN_COUNT];
	char app[EVENT_APP_MAX + 1], title[EVENT_TITLE_MAX + 1];
};

/* The next of decoded rows; false: no more. app and title point into the cursor. */
bool columns_next(const struct columns *c, struct cursor *at, struct event *event);

#endif
