/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest client FILE KEYS POINTER SCROLL [UID]: asks the broker for its stream (numbers, as in stream.h), as the user UID.
 * Says "granted KEYS POINTER SCROLL", "refused WHY TEXT", at once when the stream ends "ended WHY TEXT"; each change of
 * the session "session STATE NOW_US", so that its delay can be told. Records go to FILE:
 * "KIND MONO_US DEVICE ACTION CLASS CODE X Y FLAGS", when nothing came for a moment. SIGUSR1: stops reading, until the next. SIGUSR2:
 * asks for all there is (SYNC) again and again, until the next.
 */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../../agent/base/stream.h"

static volatile sig_atomic_t slow, asks;
static bool asked;

static void on_usr1(int signal)
{
	(void)signal;
	slow = !slow;
}

static void on_usr2(int signal)
{
	(void)signal;
	asks = !asks;
}

static void sync_with(int fd)
{
	uint8_t packet[STREAM_HEAD_SIZE];
	stream_put_sync(packet);
	if (send(fd, packet, sizeof packet, MSG_NOSIGNAL) < 0)
		guest_die("sync", strerror(errno));
	asked = true;
}

static int ask(const struct stream_terms *terms)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	uint8_t hello[STREAM_CONTROL_SIZE];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", STREAM_SOCKET);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
		guest_die(STREAM_SOCKET, strerror(errno));
	stream_put_hello(hello, terms);
	/* Who is refused at once may be too late with it: the refusal is there to be read. */
	if (send(fd, hello, sizeof hello, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		guest_die("hello", strerror(errno));
	return fd;
}

static void write_records(FILE *out, const uint8_t *packet, size_t length)
{
	struct stream_record r[STREAM_RECORDS_MAX];
	int n = stream_get_records(packet, length, r);
	if (n < 0)
		guest_die("a packet is not as the protocol says", NULL);
	for (int i = 0; i < n; i++) {
		fprintf(out, "%u %lld %d %u %u %d %d %d %u\n", r[i].kind, (long long)r[i].mono_us, r[i].device, r[i].action,
			r[i].klass, r[i].code, r[i].x, r[i].y, r[i].flags);
		if (r[i].kind == STREAM_SYNCED && !asked)
			guest_die("an answer that nobody asked for", NULL);
		asked = asked && r[i].kind != STREAM_SYNCED;
		if (r[i].kind == STREAM_SESSION)
			printf("session %u %lld\n", r[i].action, (long long)guest_now_us());
	}
}

/* False: the stream has ended. */
static bool take(FILE *out, const uint8_t *packet, size_t length, bool *granted)
{
	struct stream_terms terms;
	enum stream_refusal why;
	int64_t now;
	switch (stream_type(packet, length)) {
	case STREAM_WELCOME:
		if (*granted || stream_get_welcome(packet, length, &terms, &now))
			guest_die("a bad welcome", NULL);
		*granted = true;
		printf("granted %d %d %d\n", (int)terms.keys, (int)terms.pointer, terms.scroll);
		return true;
	case STREAM_REFUSAL:
		if (stream_get_refusal(packet, length, &why))
			guest_die("a bad refusal", NULL);
		printf("%s %d %s\n", *granted ? "ended" : "refused", (int)why, stream_refusal_text(why));
		return false;
	case STREAM_RECORDS:
		if (!*granted)
			guest_die("records before the welcome", NULL);
		write_records(out, packet, length);
		return true;
	default:
		guest_die("not a packet of the broker's", NULL);
	}
}

int guest_client(char **words)
{
	struct stream_terms terms = {0};
	static uint8_t packet[STREAM_PACKET_MAX + 1];
	bool granted = false, more = true;
	if (!words[0] || !words[1] || !words[2] || !words[3])
		guest_die("client: FILE KEYS POINTER SCROLL [UID]", NULL);
	FILE *out = fopen(words[0], "w");
	terms.keys = (enum detail)guest_number(words[1]);
	terms.pointer = (enum pointer_detail)guest_number(words[2]);
	terms.scroll = guest_number(words[3]);
	if (!out || (words[4] && (setresgid(65534, 65534, 65534) || setresuid((uid_t)guest_number(words[4]), (uid_t)guest_number(words[4]),
			(uid_t)guest_number(words[4])))))
		guest_die("client", strerror(errno));
	guest_catch_end();
	signal(SIGUSR1, on_usr1);
	signal(SIGUSR2, on_usr2);
	int fd = ask(&terms);
	while (more && !guest_ended()) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (slow) {
			guest_sleep_us(5000);
			continue;
		}
		if (asks && granted && !asked)
			sync_with(fd);
		if (poll(&p, 1, 50) <= 0) {
			fflush(out);
			continue;
		}
		ssize_t n = recv(fd, packet, sizeof packet, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			printf("closed %s\n", n ? strerror(errno) : "");
			break;
		}
		more = take(out, packet, (size_t)n, &granted);
	}
	return fclose(out) ? 1 : 0;
}
