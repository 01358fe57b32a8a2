/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest console NUMBER WORD...: sets a virtual terminal as display servers do; each WORD: raw (the keyboard's codes come as they are),
 * off (its keys go to nobody), keys (to the terminal, as ever), graphics or text (the screen).
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int guest_console(char **words)
{
	static const struct { const char *word; unsigned long request; long value; } modes[] = {
		{"raw", KDSKBMODE, K_RAW}, {"off", KDSKBMODE, K_OFF}, {"keys", KDSKBMODE, K_UNICODE},
		{"graphics", KDSETMODE, KD_GRAPHICS}, {"text", KDSETMODE, KD_TEXT},
	};
	char path[32];
	snprintf(path, sizeof path, "/dev/tty%ld", guest_number(*words));
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		guest_die(path, strerror(errno));
	for (char **w = words + 1; *w; w++)
		for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
			if (!strcmp(*w, modes[i].word) && ioctl(fd, modes[i].request, modes[i].value))
				guest_die(*w, strerror(errno));
	return close(fd);
}
