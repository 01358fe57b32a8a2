/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest steal PID: a copy of each device that process PID has open (this takes root), "took N letters M": of M of them the
 * kernel would hand out letters. At each line of standard input it reads from them: "reads N" of them that are still open to
 * it, "revoked N" of them that are not.
 */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TAKEN = 32 };

static int taken[TAKEN], count;

static void take(int process, const char *folder, const char *name)
{
	char path[300], target[64];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	ssize_t n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = 0;
	if (strncmp(target, "/dev/input/event", 16) || count == TAKEN)
		return;
	taken[count] = (int)syscall(SYS_pidfd_getfd, process, atoi(name), 0);
	if (taken[count] < 0)
		guest_die("pidfd_getfd", strerror(errno));
	count++;
}

/* Not masked; whether the device has such a key at all is not asked. */
static bool hands_out_letters(int fd)
{
	uint8_t types[EV_CNT / 8] = {0}, codes[KEY_CNT / 8] = {0};
	struct input_mask of_types = {.type = EV_SYN, .codes_size = sizeof types, .codes_ptr = (uintptr_t)types};
	struct input_mask of_codes = {.type = EV_KEY, .codes_size = sizeof codes, .codes_ptr = (uintptr_t)codes};
	if (ioctl(fd, EVIOCGMASK, &of_types) || ioctl(fd, EVIOCGMASK, &of_codes))
		guest_die("EVIOCGMASK", strerror(errno));
	return (types[EV_KEY / 8] >> EV_KEY % 8 & 1) && (codes[KEY_A / 8] >> KEY_A % 8 & 1);
}

int guest_steal(char **words)
{
	char folder[32], line[16];
	struct dirent *entry;
	int process = *words ? (int)syscall(SYS_pidfd_open, (int)guest_number(*words), 0) : -1;
	snprintf(folder, sizeof folder, "/proc/%s/fd", *words ? *words : "");
	DIR *open_files = opendir(folder);
	if (process < 0 || !open_files)
		guest_die("steal: PID", strerror(errno));
	while ((entry = readdir(open_files)))
		take(process, folder, entry->d_name);
	closedir(open_files);
	int letters = 0;
	for (int i = 0; i < count; i++)
		letters += hands_out_letters(taken[i]);
	printf("took %d letters %d\n", count, letters);
	while (fgets(line, sizeof line, stdin)) {
		struct input_event e[64];
		int revoked = 0;
		for (int i = 0; i < count; i++)
			if (read(taken[i], e, sizeof e) < 0 && errno == ENODEV)
				revoked++;
		printf("reads %d revoked %d\n", count - revoked, revoked);
	}
	return 0;
}
