/* SPDX-License-Identifier: Apache-2.0 */
/* lock_watch SESSION: says whether the broker takes that session for locked, a line at each change, until its input ends. */
#include <poll.h>
#include <stdio.h>

#include "../../agent/base/clock.h"
#include "../../agent/inputd/lock.h"

int main(int argc, char **argv)
{
	static struct lock lock;
	int told = -1;
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	lock_init(&lock);
	for (;;) {
		bool locked = lock_is(&lock, argv[1]);
		if ((int)locked != told)
			puts(locked ? "locked" : "unlocked");
		told = locked;
		struct pollfd fds[] = { { .fd = 0, .events = POLLIN }, { .fd = lock_fd(&lock), .events = lock_events(&lock) } };
		int64_t left_us = lock_deadline_us(&lock) - clock_mono_us();
		poll(fds, 2, left_us > 60000000 ? 60000 : left_us > 0 ? (int)(left_us / 1000 + 1) : 0);
		if (fds[0].revents)
			break;
		lock_handle(&lock, clock_mono_us());
	}
	lock_release(&lock);
	return 0;
}
