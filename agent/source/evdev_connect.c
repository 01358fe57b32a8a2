/* SPDX-License-Identifier: Apache-2.0 */
#include "evdev_connect.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"

enum { PATIENCE_US = 10000000, CLOCK_SLACK_US = 1000, AGAIN_MS = 50 };

static int fail(int error, const char *text, const char *mend, const char **what, const char **remedy)
{
	*what = text;
	*remedy = mend;
	return error;
}

ssize_t evdev_receive(int fd, uint8_t *packet, size_t size)
{
	for (int tries = 0; tries < 3; tries++) {
		ssize_t n = recv(fd, packet, size, MSG_DONTWAIT | MSG_TRUNC);
		/* A broker that closed before it read our hello is told of first, and what it said after that. */
		if (n >= 0 || (errno != ECONNRESET && errno != EINTR)) {
			/* Longer than any packet: whatever it is, the reader says so. */
			return n > (ssize_t)size ? (ssize_t)size : n;
		}
	}
	errno = ECONNRESET;
	return -1;
}

static int connect_to(const char *path, int fd, int64_t until_us, const char **what, const char **remedy)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof a.sun_path)
		return fail(ERROR_INVALID, "the path of assent-inputd's socket is too long", "", what, remedy);
	memcpy(a.sun_path, path, strlen(path));
	while (connect(fd, (const struct sockaddr *)&a, sizeof a)) {
		/* As many wait there as may. */
		if (errno != EAGAIN && errno != EINTR)
			return fail(ERROR_GONE, "assent-inputd is not there",
				    "systemctl enable --now assent-inputd.socket (as root)", what, remedy);
		if (clock_mono_us() > until_us)
			return fail(ERROR_GONE, "assent-inputd does not answer", "see: journalctl -u assent-inputd", what, remedy);
		poll(NULL, 0, AGAIN_MS);
	}
	return 0;
}

/* n < 0 when there is no answer. */
static ssize_t wait_for_answer(int fd, uint8_t *packet, size_t size, int64_t until_us)
{
	for (;;) {
		ssize_t n = evdev_receive(fd, packet, size);
		int64_t left_us = until_us - clock_mono_us();
		if (n >= 0 || errno != EAGAIN || left_us <= 0)
			return n;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		poll(&p, 1, (int)(left_us / 1000 + 1));
	}
}

static int read_answer(const uint8_t *packet, size_t length, const struct stream_terms *wanted, struct stream_terms *granted,
		       int64_t sent_us, const char **what, const char **remedy, enum stream_refusal *why)
{
	int64_t its_us, now_us = clock_mono_us();
	if (stream_get_refusal(packet, length, why) == 0)
		return fail(*why == STREAM_REFUSED_VERSION ? ERROR_UNSUPPORTED : ERROR_DENIED, stream_refusal_text(*why),
			    stream_refusal_remedy(*why), what, remedy);
	int error = stream_get_welcome(packet, length, granted, &its_us);
	if (error || !stream_is_within(granted, wanted))
		return fail(error == ERROR_UNSUPPORTED ? error : ERROR_CORRUPT, stream_refusal_text(STREAM_REFUSED_VERSION),
			    stream_refusal_remedy(STREAM_REFUSED_VERSION), what, remedy);
	/* A time namespace has a monotonic clock of its own; the kernel's times of input are not on it. */
	if (its_us < sent_us - CLOCK_SLACK_US || its_us > now_us + CLOCK_SLACK_US)
		return fail(ERROR_UNSUPPORTED, "the devices' clock is not the one of this program",
			    "run assentd outside of a container with a clock of its own (time namespace)", what, remedy);
	return 0;
}

int evdev_connect(const char *path, const struct stream_terms *wanted, struct stream_terms *granted, int *out, const char **what,
		  const char **remedy, enum stream_refusal *refusal)
{
	uint8_t hello[STREAM_CONTROL_SIZE], answer[STREAM_PACKET_MAX];
	int64_t sent_us = clock_mono_us(), until_us = sent_us + PATIENCE_US;
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	*refusal = 0;
	if (fd < 0)
		return fail(ERROR_IO, "no local socket can be made", "", what, remedy);
	*what = *remedy = "";
	int error = connect_to(path, fd, until_us, what, remedy);
	if (error)
		goto out;
	stream_put_hello(hello, wanted);
	/* If it fails, the refusal is there already. */
	ssize_t ignored = send(fd, hello, sizeof hello, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)ignored;
	n = wait_for_answer(fd, answer, sizeof answer, until_us);
	if (n <= 0)
		error = fail(ERROR_GONE, "assent-inputd does not answer", "see: journalctl -u assent-inputd", what, remedy);
	else
		error = read_answer(answer, (size_t)n, wanted, granted, sent_us, what, remedy, refusal);
out:
	if (error) {
		close(fd);
		fd = -1;
	}
	*out = fd;
	return error;
}
