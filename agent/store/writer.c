/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../error.h"
#include "../format/wire.h"
#include "recover.h"
#include "sink.h"

struct writer {
	const struct writer_options *options;
	int directory, lock;
	int64_t rest_us, rest_until;     /* mono; 0: does not rest */
	size_t taken;                    /* bytes, by the last drain */
	int64_t sealed_at;               /* mono: of the last step of sealing */
	struct sink sink;
	struct wire_decoder decoder;
	uint8_t message[WIRE_MESSAGE_MAX];
};

static int take_message(struct writer *w, size_t length)
{
	struct bytes_reader in = { .at = w->message, .end = w->message + length };
	struct wire_item item;
	int got, error = sink_message(&w->sink, length);
	while (error == 0 && (got = wire_get(&w->decoder, &in, &item)) != 0) {
		if (got < 0)
			return ERROR_CORRUPT;
		if (item.record == WIRE_DEVICE)
			sink_device(&w->sink, item.device, item.klass);
		else
			error = sink_event(&w->sink, &item.event);
	}
	return error;
}

/* What is there, within reason: under a flood the deadline is looked at too. 1: the other end is closed. */
static int drain(struct writer *w, int fd)
{
	w->taken = 0;
	for (int i = 0; i < 64; i++) {
		ssize_t n = recv(fd, w->message, sizeof w->message, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 1;
		if (n < 0) {
			log_error("cannot read from capture: %s", strerror(errno));
			return ERROR_IO;
		}
		int error = (size_t)n > sizeof w->message ? ERROR_CORRUPT : take_message(w, (size_t)n);
		if (error == ERROR_CORRUPT)
			log_error("a message from capture is damaged: recording ends, what came before it is kept");
		else if (error)
			log_error("cannot take events: %s", error_text(error));
		if (error)
			return error;
		w->taken += (size_t)n;
	}
	return 0;
}

static int timeout_ms(const struct writer *w, int64_t now)
{
	int64_t next = w->sink.deadline;
	if (w->rest_until && w->rest_until < next)
		next = w->rest_until;
	if (sealer_due(&w->sink.sealer) < next)
		next = sealer_due(&w->sink.sealer);
	if (next == SINK_NEVER)
		return -1;
	int64_t left = (next - now + 999) / 1000;
	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* When nothing else waits; or, where there always is something, now and then. */
static void seal(struct writer *w, bool idle)
{
	int64_t now = clock_mono_us();
	if (now < sealer_due(&w->sink.sealer) || (!idle && now < w->sealed_at + SEALER_PATIENCE_US))
		return;
	sink_seal(&w->sink);
	w->sealed_at = clock_mono_us();
}

static int loop(struct writer *w, int fd)
{
	int error = 0;
	while (error == 0) {
		/* Resting, only the end (POLLHUP) wakes it. */
		struct pollfd p = { .fd = fd, .events = w->rest_until ? 0 : POLLIN };
		int ready = poll(&p, 1, timeout_ms(w, clock_mono_us()));
		if (ready < 0 && errno != EINTR) {
			log_error("cannot wait for capture: %s", strerror(errno));
			error = ERROR_IO;
		}
		int64_t now = clock_mono_us();
		if (ready > 0) {
			error = drain(w, fd);
			w->rest_until = w->taken < WRITER_BUSY_BYTES ? now + w->rest_us : 0;
		} else if (now >= w->rest_until) {
			w->rest_until = 0;
		}
		if (error == 0 && now >= w->sink.deadline) {
			/* With all that came until now, also while it rested: nothing waits longer than it must. */
			error = drain(w, fd);
		}
		if (error == 0 && now >= w->sink.deadline) {
			error = sink_flush(&w->sink, false);
			if (error)
				log_error("cannot encode events: %s", error_text(error));
		}
		if (error == 0)
			seal(w, ready <= 0);
	}
	return error;
}

/* ---- Start ------------------------------------------------------------------------------------- */

/* assent verify looks at the lock by taking it for a moment: that is no other writer. */
static int take_lock(int fd)
{
	for (int i = 0; i < 10; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		usleep(10000);
	}
	errno = EWOULDBLOCK;
	return -1;
}

/* For assent status. */
static void note_error(const struct writer *w)
{
	if (w->options->stats)
		atomic_store(&w->options->stats->disk_error, errno ? errno : EIO);
}

static int prepare(struct writer *w)
{
	const char *spool = w->options->spool;
	w->directory = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->directory < 0) {
		note_error(w);
		log_error("cannot open the spool %s: %s (make the folder, mode 0700, owned by the participant)", spool,
			  strerror(errno));
		return ERROR_IO;
	}
	w->lock = openat(w->directory, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->lock >= 0 && take_lock(w->lock) < 0) {
		if (errno == EWOULDBLOCK) {
			log_error("another assentd writes to %s: stop it first (assent status shows it)", spool);
			return ERROR_DENIED;
		}
		close(w->lock);
		w->lock = -1;
	}
	/* An existing lock can be opened in a folder that takes no new file: better learnt now than after the first minutes. */
	int probe = -1;
	if (w->lock >= 0) {
		unlinkat(w->directory, ".probe", 0);
		probe = openat(w->directory, ".probe", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (probe < 0) {
		note_error(w);
		log_error("cannot write to the spool %s: %s (free some space, or let the participant write to the folder)",
			  spool, strerror(errno));
		return ERROR_IO;
	}
	close(probe);
	unlinkat(w->directory, ".probe", 0);
	int error = recover_spool(w->directory, spool, w->options->stats);
	if (error)
		log_error("cannot look for unfinished segments in %s: %s", spool,
			  error == ERROR_IO ? strerror(errno) : error_text(error));
	return error;
}

int writer_run(int fd, const struct writer_options *options)
{
	/* Ctrl-C on a terminal reaches every process: this one has to outlive capture. A file size limit is an error of
	 * write(), and so is a closed stderr. */
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ };
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	struct writer *w = calloc(1, sizeof *w);
	if (!w) {
		log_error("cannot start the writer: out of memory");
		return ERROR_MEMORY;
	}
	w->options = options;
	w->directory = w->lock = -1;
	int error = prepare(w);
	if (error == 0) {
		sink_init(&w->sink, w->directory, options);
		w->rest_us = WRITER_REST_US < w->sink.flush_us / 20 ? WRITER_REST_US : w->sink.flush_us / 20;
		error = sink_start(&w->sink);
		if (error)
			log_error("cannot begin a segment: %s", error_text(error));
		else
			error = loop(w, fd);
		if (error == 1 || w->sink.segment) {
			int last = sink_finish(&w->sink);
			error = error == 1 ? last : error;
		}
		sink_release(&w->sink);
	}
	if (w->lock >= 0)
		close(w->lock);
	if (w->directory >= 0)
		close(w->directory);
	free(w);
	return error;
}
