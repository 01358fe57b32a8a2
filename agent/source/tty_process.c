/* SPDX-License-Identifier: Apache-2.0 */
#include "tty_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* More than this: cannot tell. Browsers have 200 threads and 1,000 descriptors; terminals 30 and 100. */
enum { THREADS_MAX = 256, DESCRIPTORS_MAX = 4096, CHILDREN_TEXT = 8192, SHORT = 2048, PROCESSES_MAX = 16384 };

/* As the kernel has them; they are in none of its headers. */
enum { PF_EXITING = 0x00000004, PF_KTHREAD = 0x00200000 };

static ssize_t slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t length = 0;
	ssize_t n;
	while ((n = read(fd, text + length, size - length)) > 0) {
		length += (size_t)n;
		/* These files come in pages: a short one is the last. */
		if (length < SHORT && length < size)
			break;
	}
	close(fd);
	if (n < 0 || length >= size)
		return -1;
	text[length] = 0;
	return (ssize_t)length;
}

ssize_t tty_process_file(int pid, const char *file, char *text, size_t size)
{
	char path[64];
	if (pid)
		snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	else
		snprintf(path, sizeof path, "/proc/%s", file);
	return slurp(path, text, size);
}

bool tty_process_read(int pid, struct tty_process *p)
{
	char text[1024];
	unsigned flags;
	char state;
	int tty = 0;

	if (pid <= 0 || tty_process_file(pid, "stat", text, sizeof text) < 0)
		return false;
	/* The name may hold anything, also brackets: it is what is between the first and the last one. */
	const char *name = strchr(text, '('), *at = strrchr(text, ')');
	if (!name || !at || name > at)
		return false;
	snprintf(p->name, sizeof p->name, "%.*s", (int)(at - name - 1), name + 1);
	/* state ppid pgrp session tty tpgid flags, 10 to 21, starttime, 23 to 27, startstack */
	if (sscanf(at + 1, " %c %d %d %d %d %d %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %*s %*s %*s %*s %*s %llu",
		   &state, &p->parent, &p->group, &p->session, &tty, &p->foreground, &flags, &p->start, &p->stack) != 9)
		return false;
	/* Dead, but its parent has not been told yet; it tells nothing about itself any more. */
	if (state == 'Z' || state == 'X' || flags & PF_EXITING)
		return false;
	/* As the kernel puts it into an int: minor in 0-7 and 20-31, major in 8-19. */
	unsigned d = (unsigned)tty;
	p->pid = pid;
	p->kernel = flags & PF_KTHREAD;
	p->tty = tty ? makedev(d >> 8 & 0xfff, (d & 0xff) | (d >> 12 & 0xfff00)) : 0;
	return true;
}

bool tty_process_exe(int pid, char *exe, size_t size)
{
	static const char deleted[] = " (deleted)";
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	ssize_t n = readlink(path, exe, size - 1);
	if (n <= 0 || n == (ssize_t)size - 1)
		return false;
	exe[n] = 0;
	size_t length = (size_t)n, tail = sizeof deleted - 1;
	if (length > tail && !strcmp(exe + length - tail, deleted))
		exe[length - tail] = 0;
	return true;
}

static bool same(int pid, const char *what, const struct stat *ours)
{
	char path[64];
	struct stat s;
	snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
	return stat(path, &s) == 0 && s.st_ino == ours->st_ino && s.st_dev == ours->st_dev;
}

bool tty_process_here(int pid)
{
	/* This process stays where it is. */
	static struct stat mounts, root;
	static bool known;

	known = known || (stat("/proc/self/ns/mnt", &mounts) == 0 && stat("/", &root) == 0);
	return known && same(pid, "ns/mnt", &mounts) && same(pid, "root", &root);
}

bool tty_process_ours(int pid)
{
	char path[64];
	struct stat s;
	snprintf(path, sizeof path, "/proc/%d", pid);
	return stat(path, &s) == 0 && s.st_uid == geteuid();
}

bool tty_process_root(int pid)
{
	char text[4096];
	unsigned real, effective;

	/* Not by the owner of its directory: root owns that of every process that hides its memory. */
	if (tty_process_file(pid, "status", text, sizeof text) < 0)
		return false;
	const char *at = strstr(text, "\nUid:");
	return at && sscanf(at, "\nUid: %u %u", &real, &effective) == 2 && real == 0 && effective == 0;
}

int tty_process_numbers(const char *directory, int *out, int max)
{
	/* Not opendir: that takes 32 KiB from the heap, which is wiped at each free. */
	char buffer[4096] __attribute__((aligned(8)));
	int count = 0;
	ssize_t n;

	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (count >= 0 && (n = getdents64(fd, buffer, sizeof buffer)) > 0) {
		for (ssize_t at = 0; at < n && count >= 0; ) {
			const struct dirent64 *e = (const void *)(buffer + at);
			at += e->d_reclen;
			if (e->d_name[0] < '0' || e->d_name[0] > '9')
				continue;
			if (count == max)
				count = -1;
			else
				out[count++] = atoi(e->d_name);
		}
	}
	close(fd);
	return n < 0 ? -1 : count;
}

int tty_process_children(int pid, int *out, int max)
{
	char path[64], text[CHILDREN_TEXT];
	int thread[THREADS_MAX], count = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	int threads = tty_process_numbers(path, thread, THREADS_MAX);
	if (threads < 0)
		return -1;
	for (int i = 0; i < threads; i++) {
		snprintf(path, sizeof path, "task/%d/children", thread[i]);
		if (tty_process_file(pid, path, text, sizeof text) < 0) {
			/* A thread that ended has no children. Else there are too many, or this kernel does not say. */
			char whole[80];
			snprintf(whole, sizeof whole, "/proc/%d/task/%d", pid, thread[i]);
			if (access(whole, F_OK) == 0)
				return -1;
			continue;
		}
		for (char *at = text, *end; ; at = end) {
			long child = strtol(at, &end, 10);
			if (end == at)
				break;
			if (count == max)
				return -1;
			out[count++] = (int)child;
		}
	}
	return count;
}

/* The pty of this descriptor, of a process' /dev/ptmx; -1: not told. */
static int index_of(int pid, int fd)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "fdinfo/%d", fd);
	if (tty_process_file(pid, path, text, sizeof text) < 0)
		return -1;
	const char *at = strstr(text, "tty-index:");
	return at ? atoi(at + strlen("tty-index:")) : -1;
}

/* Where a descriptor leads, without asking the file system, which may hang. */
static bool link_of(int pid, int fd, char *text, size_t size, bool *denied)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
	ssize_t n = readlink(path, text, size - 1);
	*denied = n < 0 && errno != ENOENT;
	text[n > 0 ? n : 0] = 0;
	return n > 0;
}

static dev_t pty(int index)
{
	/* The majors up to 143 are theirs, too, but from the time when a minor had 8 bits. */
	return makedev(136, (unsigned)index);
}

void tty_process_path(dev_t tty, char path[TTY_PATH])
{
	if (major(tty) == TTY_VIRTUAL)
		snprintf(path, TTY_PATH, "/dev/tty%u", minor(tty));
	else
		snprintf(path, TTY_PATH, "/dev/pts/%u", minor(tty));
}

int tty_process_masters(int pid, dev_t *out, int max)
{
	static int fd[DESCRIPTORS_MAX];
	char text[32];
	bool denied;
	int count = 0;

	snprintf(text, sizeof text, "/proc/%d/fd", pid);
	int fds = tty_process_numbers(text, fd, DESCRIPTORS_MAX);
	if (fds < 0)
		return -1;
	for (int i = 0; i < fds; i++) {
		if (!link_of(pid, fd[i], text, sizeof text, &denied)) {
			if (denied)
				return -1;
			continue;
		}
		if (strcmp(text, "/dev/ptmx") != 0 && strcmp(text, "/dev/pts/ptmx") != 0)
			continue;
		int index = index_of(pid, fd[i]);
		if (index < 0) {
			/* Closed meanwhile; or a kernel before 4.14, which does not tell. */
			if (link_of(pid, fd[i], text, sizeof text, &denied))
				return -1;
			continue;
		}
		int seen = 0;
		while (seen < count && out[seen] != pty(index))
			seen++;
		if (seen < count)
			continue;
		if (count == max)
			return -1;
		out[count++] = pty(index);
	}
	return count;
}

/* The virtual terminal in the foreground has names of its own, too. */
static bool is_name_of(const char *text, const char *path, dev_t tty)
{
	return !strcmp(text, path) || !strcmp(text, "/dev/tty") ||
	       (major(tty) == TTY_VIRTUAL && (!strcmp(text, "/dev/tty0") || !strcmp(text, "/dev/console")));
}

bool tty_process_has(int pid, int fd, dev_t tty)
{
	static int list[DESCRIPTORS_MAX];
	char path[TTY_PATH], text[32];
	bool denied;
	int count = 1;

	list[0] = fd;
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	if (fd < 0 && (count = tty_process_numbers(path, list, DESCRIPTORS_MAX)) < 0)
		return access(path, F_OK) == 0;
	tty_process_path(tty, path);
	for (int i = 0; i < count; i++) {
		if (link_of(pid, list[i], text, sizeof text, &denied) ? is_name_of(text, path, tty) : denied)
			return true;
	}
	return false;
}

/* Is a socket of this number in that table? Its lines are long, and many: read piece by piece. */
static bool in_table(int pid, const char *table, const char *number)
{
	char path[64], text[4097];
	size_t keep = 0, length = strlen(number);
	bool found = false;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/net/%s", pid, table);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return access(path, F_OK) == 0;
	while (!found && (n = read(fd, text + keep, sizeof text - 1 - keep)) > 0) {
		size_t all = keep + (size_t)n;
		text[all] = 0;
		found = strstr(text, number) != NULL;
		/* It may stand across two pieces. */
		keep = all < length ? all : length - 1;
		memmove(text, text + all - keep, keep);
	}
	found |= n < 0;
	close(fd);
	return found;
}

static bool is_internet(int pid, const char *link)
{
	char number[24];
	unsigned long inode;
	if (sscanf(link, "socket:[%lu]", &inode) != 1)
		return false;
	snprintf(number, sizeof number, " %lu ", inode);
	return in_table(pid, "tcp", number) || in_table(pid, "tcp6", number);
}

static bool is_pty(const char *text)
{
	int number, end = 0;
	return sscanf(text, "/dev/pts/%d%n", &number, &end) == 1 && !text[end];
}

bool tty_process_reaches(int pid, const dev_t *tty, int count)
{
	static int list[DESCRIPTORS_MAX];
	char text[64], path[TTY_PATH];
	bool denied;

	snprintf(text, sizeof text, "/proc/%d/fd", pid);
	int fds = tty_process_numbers(text, list, DESCRIPTORS_MAX);
	for (int i = 0; i < fds; i++) {
		if (!link_of(pid, list[i], text, sizeof text, &denied)) {
			if (denied)
				return true;
			continue;
		}
		bool known = false;
		for (int k = 0; k < count && !known; k++) {
			tty_process_path(tty[k], path);
			known = !strcmp(text, path);
		}
		if (!known && (is_pty(text) || (!strncmp(text, "/dev/tty", 8) && text[8]) || is_internet(pid, text)))
			return true;
	}
	return fds < 0;
}

int tty_process_all(const int **out)
{
	static int all[PROCESSES_MAX];
	*out = all;
	return tty_process_numbers("/proc", all, PROCESSES_MAX);
}

bool tty_process_leader(dev_t tty, struct tty_process *p)
{
	const int *all;
	int n = tty_process_all(&all);

	for (int i = 0; i < n; i++)
		if (tty_process_read(all[i], p) && p->tty == tty && p->pid == p->session)
			return true;
	return false;
}
