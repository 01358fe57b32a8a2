/* SPDX-License-Identifier: Apache-2.0 */
/* A spool in a temporary folder, the real writer in a child process, and the real wire between. */
#ifndef ASSENT_TEST_HARNESS_H
#define ASSENT_TEST_HARNESS_H

#include <stddef.h>
#include <sys/types.h>

#include "../../agent/format/wire.h"
#include "../../agent/store/keyring.h"
#include "../../agent/store/writer.h"

struct harness {
	char root[256];                  /* under $TMPDIR or /tmp */
	char spool[512];                 /* root/spool/study-a */
	struct writer_options options;
	struct keyring *keyring;         /* of root/identity, to which the options seal */
	struct stats *stats;             /* shared with the child */
	bool sandboxed;                  /* it enters its sandbox first, as in assentd */
	struct wire_encoder encoder;
	struct bytes message;
	int fd;                          /* to the writer */
	pid_t pid;
	int log;                         /* read end of the writer's stderr */
	char said[8192];                 /* what was read of it */
	size_t said_length;
};

void harness_init(struct harness *h);
void harness_release(struct harness *h);           /* kills what still runs, removes the folder */
void harness_remove(const char *path);             /* rm -r */
/* For cmocka: *state is a harness. */
int harness_setup(void **state);
int harness_teardown(void **state);

void harness_start(struct harness *h);
int harness_stop(struct harness *h);               /* closes the wire: the writer's exit code (0, or -error) */
void harness_kill(struct harness *h);              /* SIGKILL */
/* What the child said on stderr so far. */
const char *harness_log(struct harness *h);
/* Waits up to 10 s until the counter is at least n. */
void harness_wait(_Atomic uint64_t *counter, uint64_t n);

/* Event number i: a key or a motion, its time and its coordinates made from i. */
struct event harness_event(int i);
/* Sends events first .. first+count-1, at most 64 a message. flags as for send(); what does not fit is left out.
 * Returns the number of events sent. */
int harness_send(struct harness *h, int first, int count, int flags);

/* What is in a spool's folder. */
struct harness_found {
	int segments, parts, damaged;
	int sealed, journals;            /* of all of them: those with sealed blocks alone, and those with blocks of a journal */
	int events;                      /* of harness_event */
	int next;                        /* one beyond the last of them */
	int disorder;                    /* events that are not the successor of the one before */
	int gaps[REASON_COUNT], lost;
	int broken;                      /* segments that do not end well */
	int keyless;                     /* segments without a key file */
	int devices;                     /* segments in which device 3 is a touchpad */
	int64_t gap_t_us, gap_end_us;    /* of the last gap */
};
void harness_read(const struct harness *h, const char *directory, struct harness_found *found);
/* Names in a folder that end like this; "" counts all but . and .. */
int harness_count(const char *directory, const char *suffix);
/* Blocks of a journal, and sealed ones, in a file. */
void harness_blocks(const char *path, int *journal, int *sealed);
/* assent verify, out of the way: its exit code. */
int harness_verify(const char *path);
/* 1: the segment is read by its key file; 0: it has none. */
bool harness_has_key(const char *segment_path);

#endif
