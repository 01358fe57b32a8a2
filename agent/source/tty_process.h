/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells about one process, as far as terminals are concerned. Reads /proc, allocates nothing. */
#ifndef ASSENT_TTY_PROCESS_H
#define ASSENT_TTY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TTY_PATH = 32, TTY_VIRTUAL = 4 /* their major number */ };

struct tty_process {
	int pid, parent, group, session;
	int foreground;                  /* the group that its terminal's keys go to; -1: none */
	dev_t tty;                       /* its controlling terminal; 0: none */
	unsigned long long start;        /* clock ticks since boot: with the pid, which process it is */
	unsigned long long stack;        /* where its stack begins: its parent's until it runs a program of its own; 0: not told */
	bool kernel;                     /* a thread of the kernel's own */
	char name[16];                   /* what it calls itself */
};

/* False if there is no such process any more, or it is about to end. */
bool tty_process_read(int pid, struct tty_process *p);
/* A small file of its directory ("cmdline"), of pid 0 of /proc itself, ended with a 0; its length, or -1 if it cannot be
 * read, or is longer. */
ssize_t tty_process_file(int pid, const char *file, char *text, size_t size);
/* The path of its executable; false if that is not told (another user's) or too long. An upgraded one is still itself. */
bool tty_process_exe(int pid, char *exe, size_t size);
/* The same names for the same files and ptys: our mount namespace and our root. False if that is not told. */
bool tty_process_here(int pid);
/* Its owner is ours. */
bool tty_process_ours(int pid);
/* It runs as root, whoever started it. */
bool tty_process_root(int pid);
/* The numbers that a directory of /proc lists; how many, or -1: unreadable, or more than max. */
int tty_process_numbers(const char *directory, int *out, int max);
/* The same of all processes (16,384 at most); the list is valid until the next call. */
int tty_process_all(const int **out);
/* Its children, of all of its threads; how many, or -1. */
int tty_process_children(int pid, int *out, int max);
/* The ptys whose other side (the keyboard's) it holds: what it shows; how many, or -1. */
int tty_process_masters(int pid, dev_t *out, int max);
/* Has it got this terminal, or "its own terminal", open (fd: as that descriptor; -1: as any)? Yes also if that is not told. */
bool tty_process_has(int pid, int fd, dev_t tty);

/* Does it hold a line to elsewhere: a terminal that is neither a pty's other end nor in this list, or an internet
 * socket? Also true where that cannot be told. */
bool tty_process_reaches(int pid, const dev_t *tty, int count);

/* A process that began a session on this terminal, which still has the session's keys. False: there is none, or /proc is unreadable. */
bool tty_process_leader(dev_t tty, struct tty_process *p);

/* The file of a terminal: a pty's, or a virtual one's (char 4:1 to 4:63). */
void tty_process_path(dev_t tty, char path[TTY_PATH]);

#endif
