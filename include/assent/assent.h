/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libassent: reads segments, the files that Assent records into (FORMAT.md). C99 and C++.
 *
 *	struct assent_keys *keys;
 *	struct assent_reader *reader;
 *	struct assent_event event;
 *	int status = assent_keys_new(&keys);
 *	if (status == 0)
 *		status = assent_keys_add(keys, "lab.key", NULL, NULL);
 *	if (status == 0)
 *		status = assent_open_keys("20260501T123456Z-0f3a9c11.seg", keys, &reader);
 *	if (status == 0) {
 *		while ((status = assent_next(reader, &event, sizeof event)) == 1)
 *			printf("%" PRId64 " %s\n", event.t_us, assent_kind_name(event.kind));
 *		assent_close(reader);
 *	}
 *	if (status < 0)
 *		fprintf(stderr, "%s\n", assent_strerror(status));
 *	assent_keys_free(keys);
 *
 * It reads what was recorded, and judges no consent: whether a row may be used is for its receipt to say. `assent export` asks the receipts; who reads
 * released segments by this library has to do so too (docs/LIBASSENT.md).
 *
 * Threads: each reader, and each struct assent_keys, is used by one thread at a time; different ones are independent. Nothing here logs, exits,
 * raises a signal or writes a file.
 *
 * Memory: whatever the file says, a reader allocates at most 4 times the file's length and 128 MiB (ASSENT_MEMORY_FILE, ASSENT_MEMORY_MORE). Most take 1 time
 * the file and less than 16 MiB. Each reader and each struct assent_keys locks some pages (RLIMIT_MEMLOCK) for its keys.
 *
 * ABI: no function is removed and no value changes its meaning while the library is libassent.so.0. Structures only grow at their end; you say how
 * large yours is (sizeof as you compiled it), and get what fits into it.
 */
#ifndef ASSENT_ASSENT_H
#define ASSENT_ASSENT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ASSENT_API __attribute__((visibility("default")))
#else
#define ASSENT_API
#endif

/* Of this header. assent_version() is the library's. */
#define ASSENT_VERSION_MAJOR 0
#define ASSENT_VERSION_MINOR 1
#define ASSENT_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

#define ASSENT_KEY_BYTES 32          /* of a segment's key */
#define ASSENT_BLOCK_ROWS 65536      /* no block has more rows */
#define ASSENT_MEMORY_FILE 4         /* see above */
#define ASSENT_MEMORY_MORE 134217728

/* ---- Errors ---- */

enum assent_error {
	ASSENT_OK = 0,
	ASSENT_ERROR_MEMORY = -1,        /* out of memory, or it cannot be locked (RLIMIT_MEMLOCK) */
	ASSENT_ERROR_IO = -2,            /* a system call failed: see errno */
	ASSENT_ERROR_CORRUPT = -3,       /* not a segment, or damaged. All rows before were good */
	ASSENT_ERROR_TRUNCATED = -4,     /* it ends in the middle, or is still being written. All rows before were good */
	ASSENT_ERROR_LIMIT = -5,         /* larger than permitted */
	ASSENT_ERROR_INVALID = -6,       /* an argument, or a key file, is not what it has to be */
	ASSENT_ERROR_KEY = -7,           /* not the key: another one, or a passphrase is missing or wrong */
	ASSENT_ERROR_ERASED = -8,        /* there is no key file any more: nobody can read this segment */
	ASSENT_ERROR_UNSUPPORTED = -9    /* made by a newer version */
};

/* A short English phrase without a full stop; never NULL. */
ASSENT_API const char *assent_strerror(int error);
/* "0.1.0" */
ASSENT_API const char *assent_version(void);

/* ---- Keys ---- */

/* Up to 16 secret keys of recipients or participants, in locked memory. */
struct assent_keys;

ASSENT_API int assent_keys_new(struct assent_keys **keys);
/* Takes NULL. Wipes them. */
ASSENT_API void assent_keys_free(struct assent_keys *keys);
/* Adds the key in a file: one that `assent keygen` made, or a participant's own (DATA/identity). The file must be yours and closed to others (mode 0600).
 * passphrase: NULL if it has none. why (may be NULL) is set to what is wrong, for people, without the file's name ("is open to others (chmod 600)"), or
 * to NULL. ASSENT_ERROR_IO, _INVALID, _KEY, _MEMORY, _UNSUPPORTED, _LIMIT. A passphrase takes half a second and 256 MiB by intent, once. */
ASSENT_API int assent_keys_add(struct assent_keys *keys, const char *path, const char *passphrase, const char **why);
/* The key of the segment at path NAME.seg, from the file NAME.key beside it. ASSENT_ERROR_KEY: it is sealed to others; ASSENT_ERROR_ERASED;
 * ASSENT_ERROR_INVALID: the key file is damaged, or another segment's; ASSENT_ERROR_IO. */
ASSENT_API int assent_keys_segment(const struct assent_keys *keys, const char *path, uint8_t key[ASSENT_KEY_BYTES]);

/* ---- Readers ---- */

struct assent_reader;

/* All of them: *reader is NULL after an error. ASSENT_ERROR_CORRUPT, _TRUNCATED (not even its header is whole), _KEY, _UNSUPPORTED, _MEMORY. The key is
 * copied into locked memory. */

/* The file is read into memory, and may change or vanish afterwards. ASSENT_ERROR_IO. */
ASSENT_API int assent_open_path(const char *path, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader);
/* The same with the key of assent_keys_segment(), and its errors. */
ASSENT_API int assent_open_keys(const char *path, const struct assent_keys *keys, struct assent_reader **reader);
/* Reads from where fd stands to its end. It may be a pipe. It stays open, and yours. */
ASSENT_API int assent_open_fd(int fd, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader);
/* data is borrowed until assent_close(), and must not change. */
ASSENT_API int assent_open_memory(const void *data, size_t length, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader);
/* Takes NULL. */
ASSENT_API void assent_close(struct assent_reader *reader);

struct assent_meta {
	/* UTF-8, until assent_close(). participant is the pseudonym in this study. */
	const char *study, *epoch, *participant, *segment;
	uint8_t receipt_hash[32], policy_hash[32], boot_id[16];
	int64_t t_us, mono_us;           /* both clocks, read together when the segment was begun */
};

/* ASSENT_ERROR_INVALID: size is smaller than that of the first version. */
ASSENT_API int assent_read_meta(const struct assent_reader *reader, struct assent_meta *meta, size_t size);

/* Goes back to the beginning, and from there on leaves out rows before t_us (UTC); of blocks (assent_next_block) only those that are all
 * before it. INT64_MIN: all rows. Blocks that are passed over cost their decryption and no more. ASSENT_ERROR_MEMORY. */
ASSENT_API int assent_seek(struct assent_reader *reader, int64_t t_us);

/* ---- Rows ---- */

/* Numbers are the file's: more may follow in later versions, and names with them. */
enum assent_kind {
	ASSENT_KIND_KEY_DOWN, ASSENT_KIND_KEY_UP, ASSENT_KIND_KEY_REPEAT,
	ASSENT_KIND_BUTTON_DOWN, ASSENT_KIND_BUTTON_UP, ASSENT_KIND_MOTION, ASSENT_KIND_SCROLL,
	ASSENT_KIND_TOUCH_DOWN, ASSENT_KIND_TOUCH_MOVE, ASSENT_KIND_TOUCH_UP,
	ASSENT_KIND_FOCUS, ASSENT_KIND_SPAN, ASSENT_KIND_GAP, ASSENT_KIND_START, ASSENT_KIND_STOP, ASSENT_KIND_CLOCK,
	ASSENT_KIND_SCREEN,              /* x, y: size of the screen, px */
	ASSENT_KIND_LAYOUT,              /* text: the keyboard layout's name */
	ASSENT_KIND_SKEW                 /* x, y, dx: least, most, mean of the display's times less the kernel's, µs; dy: see FORMAT.md */
};

enum assent_class {
	ASSENT_CLASS_LETTER, ASSENT_CLASS_DIGIT, ASSENT_CLASS_PUNCTUATION, ASSENT_CLASS_SPACE, ASSENT_CLASS_ENTER,
	ASSENT_CLASS_ERASE, ASSENT_CLASS_MODIFIER, ASSENT_CLASS_NAVIGATION, ASSENT_CLASS_FUNCTION, ASSENT_CLASS_OTHER
};

/* Of spans, and from ASSENT_REASON_PAUSED on of gaps. */
enum assent_reason {
	ASSENT_REASON_PASSWORD, ASSENT_REASON_TERMINAL_ECHO_OFF, ASSENT_REASON_EXCLUDED_APP, ASSENT_REASON_LOCKED,
	ASSENT_REASON_GRAB, ASSENT_REASON_PRIVATE, ASSENT_REASON_UNKNOWN, ASSENT_REASON_SENSITIVE_TEXT,
	ASSENT_REASON_PAUSED, ASSENT_REASON_OVERFLOW, ASSENT_REASON_DEVICE_LOST, ASSENT_REASON_SUSPEND, ASSENT_REASON_CRASH,
	ASSENT_REASON_FORGOTTEN, ASSENT_REASON_DISK_FULL, ASSENT_REASON_INACTIVE
};

enum assent_device {
	ASSENT_DEVICE_KEYBOARD, ASSENT_DEVICE_MOUSE, ASSENT_DEVICE_TOUCHPAD, ASSENT_DEVICE_TOUCHSCREEN, ASSENT_DEVICE_TABLET,
	ASSENT_DEVICE_OTHER
};

/* "key_down", "letter", "terminal-echo-off", "keyboard": as in every export. NULL: no such number. */
ASSENT_API const char *assent_kind_name(int kind);
ASSENT_API const char *assent_class_name(int key_class);
ASSENT_API const char *assent_reason_name(int reason);
ASSENT_API const char *assent_device_name(int device_class);

/* Which fields of a row are not null. t_us, mono_us and kind never are. */
enum assent_has {
	ASSENT_HAS_DEVICE = 1, ASSENT_HAS_CLASS = 2, ASSENT_HAS_CODE = 4, ASSENT_HAS_TEXT = 8,
	ASSENT_HAS_POSITION = 16,        /* x, y */
	ASSENT_HAS_DELTA = 32,           /* dx, dy */
	ASSENT_HAS_SCROLL = 64,          /* scroll_x, scroll_y */
	ASSENT_HAS_APP = 128, ASSENT_HAS_TITLE = 256, ASSENT_HAS_REASON = 512,
	ASSENT_HAS_END = 1024,           /* end_us */
	ASSENT_HAS_LOST = 2048, ASSENT_HAS_SYNTHETIC = 4096
};

/* One row. A field that is null is 0, or NULL. */
struct assent_event {
	int64_t t_us, mono_us;           /* UTC since 1970; the source's monotonic clock. Microseconds */
	int64_t end_us;                  /* UTC: end of a span or gap */
	const char *text, *app, *title;  /* UTF-8, until the next call with this reader */
	uint32_t has;                    /* enum assent_has, ored */
	int32_t x, y;                    /* px on the screen */
	float dx, dy;                    /* movement before acceleration; finite */
	int32_t lost;                    /* events lost in a gap */
	int16_t device;                  /* ordinal in this segment */
	int16_t code;                    /* Linux key or button code */
	int16_t scroll_x, scroll_y;      /* 1/120 of a notch */
	uint8_t kind;                    /* enum assent_kind */
	uint8_t key_class;               /* enum assent_class */
	uint8_t reason;                  /* enum assent_reason */
	uint8_t synthetic;               /* 1: injected by software */
	uint8_t reserved[4];             /* 0 */
};

/* 1: the next row, of this block or the next. 0: the end; all is there. Below 0: an error, after which there are no more rows: what came before was good.
 * A segment whose writer crashed ends with a row of kind gap, reason crash. ASSENT_ERROR_INVALID: size, as for assent_read_meta(). */
ASSENT_API int assent_next(struct assent_reader *reader, struct assent_event *event, size_t size);
/* After 0 of assent_next() or assent_next_block(): 1 if the segment ends where its writer crashed, else 0. */
ASSENT_API int assent_was_cut(const struct assent_reader *reader);
/* enum assent_device of a device that rows so far may have; ASSENT_DEVICE_OTHER where it was never named. */
ASSENT_API int assent_device_class(const struct assent_reader *reader, int device);

/* ---- Columns ---- */

/* Moves to the next block: whatever rows of the one before were not read are passed over. 1, 0 and errors as of assent_next(). Then assent_next() begins with its
 * first row, if you prefer rows. */
ASSENT_API int assent_next_block(struct assent_reader *reader, uint32_t *rows);

/* Arrays of yours, each for as many elements as the block has rows (at most ASSENT_BLOCK_ROWS); NULL where you do not want the column. A row in which it is
 * null has 0, and -1 in text, app, title: those are numbers of words. */
struct assent_columns {
	int64_t *t_us, *mono_us, *end_us;
	int32_t *text, *app, *title;
	uint32_t *has;
	int32_t *x, *y;
	float *dx, *dy;
	int32_t *lost;
	int16_t *device, *code, *scroll_x, *scroll_y;
	uint8_t *kind, *key_class, *reason, *synthetic;
};

/* Fills them from the block that assent_next_block() moved to; as often as you like. ASSENT_ERROR_INVALID: there is none, or size;
 * ASSENT_ERROR_UNSUPPORTED: it has a column that this library does not know, and that is not NULL. ASSENT_ERROR_MEMORY. */
ASSENT_API int assent_read_columns(struct assent_reader *reader, const struct assent_columns *columns, size_t size);

enum assent_words { ASSENT_WORDS_TEXT, ASSENT_WORDS_APP, ASSENT_WORDS_TITLE };

/* The words of the block's column, each once; some may be in no row. They are there after assent_read_columns() filled that column, until the next
 * block. A number out of range: NULL. */
ASSENT_API uint32_t assent_word_count(const struct assent_reader *reader, int words);
ASSENT_API const char *assent_word(const struct assent_reader *reader, int words, int32_t number);

#ifdef __cplusplus
}
#endif

#endif
