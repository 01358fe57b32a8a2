/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML (the only user of libyaml) into a small tree, strictly: no anchors, aliases, tags or several
 * documents, no duplicate keys, bounded size, depth and number of nodes. JSON is read by the same function.
 */
#ifndef ASSENT_CONFIG_H
#define ASSENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONFIG_BYTES_MAX = 262144, CONFIG_DEPTH_MAX = 16, CONFIG_NODES_MAX = 20000, CONFIG_KEYS_MAX = 256 };

enum config_type { CONFIG_SCALAR, CONFIG_LIST, CONFIG_MAP };

struct config_node {
	enum config_type type;
	bool quoted;                     /* a scalar in quotes: always text */
	int line;                        /* from 1 */
	const char *key;                 /* in a map; else NULL */
	const char *text;                /* of a scalar, UTF-8, no NUL inside */
	const struct config_node *parent, *first, *next; /* children in file order */
};

/* Room for one message: "FILE:LINE: FIELD: what is wrong (what to do)". */
struct config_error { char text[512]; };

struct config;   /* owns the tree */

/* Parses bytes. name is used in messages. ERROR_INVALID, ERROR_LIMIT, ERROR_MEMORY; error->text is set.
 * No text in the tree holds control characters (but \n and \t) or invisible direction marks: it is fit for a
 * terminal. Nothing but comments is an empty map. */
int config_parse(const char *name, const char *text, size_t length, struct config **config, struct config_error *error);
/* The same from a file (a regular file; ERROR_IO if it cannot be read). */
int config_load(const char *path, struct config **config, struct config_error *error);
/* Only the bytes of such a file, malloc'ed, with a 0 after them. ERROR_IO (errno says how), ERROR_LIMIT, ERROR_INVALID, ERROR_MEMORY. */
int config_read(const char *path, char **text, size_t *length, struct config_error *error);
void config_free(struct config *c);
const struct config_node *config_root(const struct config *c);
/* The name it was parsed under, for messages. */
const char *config_name(const struct config *c);

/* The child of a map, or NULL. */
const struct config_node *config_get(const struct config_node *map, const char *key);
/* Fills error with file, line, dotted field path and the message; returns ERROR_INVALID. node may be a root. */
int config_complain(const struct config *c, const struct config_node *node, struct config_error *error,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Typed readers; node may be NULL (absent): then the value is left as it was and 0 is returned.
 * ERROR_INVALID with the message set otherwise. Durations: "90d", "72h", "30m", "20ms", "10s" → µs. */
int config_text(const struct config *c, const struct config_node *node, char *out, size_t size, struct config_error *error);
int config_bool(const struct config *c, const struct config_node *node, bool *out, struct config_error *error);
int config_integer(const struct config *c, const struct config_node *node, int64_t min, int64_t max, int64_t *out, struct config_error *error);
int config_duration(const struct config *c, const struct config_node *node, int64_t *out_us, struct config_error *error);
/* One of names[] (NULL-terminated) → its index; the message lists them all. */
int config_choice(const struct config *c, const struct config_node *node, const char *const *names, int *out, struct config_error *error);
/* Every key of the map must be in names[] (NULL-terminated); the message names the nearest permitted one. */
int config_known(const struct config *c, const struct config_node *map, const char *const *names, struct config_error *error);

/* "1h30m", "30m", "90d" typed by a person on a command line → µs. ERROR_INVALID. */
int config_parse_duration(const char *text, int64_t *out_us);

#endif
