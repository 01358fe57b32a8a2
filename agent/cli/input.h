/* SPDX-License-Identifier: Apache-2.0 */
/* What show, export and verify have in common: their options, which segments are meant, reading them one after the other. */
#ifndef ASSENT_INPUT_H
#define ASSENT_INPUT_H

#include "../store/keyring.h"
#include "../store/spool.h"

/* One option: with value, "--name VALUE" or "--name=VALUE"; with flag, "--name". */
struct input_option {
	const char *name;                /* without dashes; NULL ends the list */
	const char **value;
	bool *flag;
};

/* Takes the options out of argv ("--data DIR" is another way to write DIR); what remains (the INs) is at its beginning. Their number, or -1 when it complained. */
int input_options(const char *command, int argc, char **argv, const struct input_option *options);

struct input {
	struct spool_list list;
	struct keyring *keyring;         /* input_unlock */
	uint8_t *key;                    /* locked memory for one segment's key */
	char ledger[SPOOL_PATH_MAX];     /* of the data directory that is read; empty: other segments than one's own data */
	bool progress;                   /* standard error is a terminal */
	const char *verb;                /* "exporting" */
	int64_t begun_us, shown_us;
	bool shown;
};

/* The segments of the INs; none: the participant's own. EXIT_DONE, EXIT_NOTHING (none; it said so), or EXIT_FAILED (it complained). */
int input_find(struct input *in, const char *verb, int count, char **inputs);
void input_release(struct input *in);
/* Shows how far it is, if it takes longer than a second. */
void input_progress(struct input *in, int done);
void input_progress_end(struct input *in);

/* Gets the keys: the recipient's in key_file, or (NULL) the participant's of the data directory that the first segment is in, else one's own;
 * with a passphrase that is asked for on the terminal. EXIT_DONE, or what it complained about. */
int input_unlock(struct input *in, const char *key_file);
/* A reader of a mapped segment, with its key; key_file, which may be NULL, is filled in. 0, or an error of keyring_segment, which *why explains, or one of
 * segment_reader_new (*why is NULL). */
int input_open(struct input *in, const struct spool_file *file, struct keyfile *key_file, struct segment_reader **reader, const char **why);

/* Called with each event. 0: go on; else stop, and input_walk returns it. */
typedef int input_visit(void *user, const struct segment_meta *meta, const struct event *event);
/* All events of all segments; unlocks, if that was not done. EXIT_DONE, EXIT_FAILED (a segment is damaged: said, the others were read all the same), or
 * what visit returned. */
int input_walk(struct input *in, input_visit *visit, void *user);

/* Flushes what was printed. failed: errno of a write that failed before, or 0. result (also when nobody reads it any
 * more), or EXIT_FAILED and a complaint. */
int input_flush_stdout(int result, int failed);

#endif
