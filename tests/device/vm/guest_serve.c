/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest serve LINE: on a serial line, lines from the host
 *
 *   r ID COMMAND      runs it with a shell, in a group of its own
 *   i ID TEXT         a line for its standard input
 *   e ID              the end of its standard input
 *   k ID SIGNAL       a signal to it and what it started
 *
 * and to the host "o ID LENGTH", newline, as many bytes that it said; "x ID STATUS" when it has ended (128 + signal, as
 * a shell says it). As process 1 it also reaps what others left behind.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { JOBS = 24, ROOM = 4096 };

/* Done when it has ended and nothing is left in its pipe; what it left running may hold the pipe open. */
struct job {
	long id;
	pid_t pid;               /* 0: free */
	int in, out;             /* -1: closed */
	int status;              /* -1: runs */
};

static struct job jobs[JOBS];
static int line = -1;

static void all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t w = write(fd, data, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return;
		data += w;
		n -= (size_t)w;
	}
}

static void tell(const char *format, long id, long number)
{
	char text[64];
	int n = snprintf(text, sizeof text, format, id, number);
	all(line, text, (size_t)n);
}

static struct job *find(long id)
{
	for (struct job *j = jobs; j < jobs + JOBS; j++)
		if (j->pid && j->id == id)
			return j;
	return NULL;
}

static void start(long id, const char *command)
{
	struct job *j = jobs;
	int in[2], out[2];
	while (j < jobs + JOBS && j->pid)
		j++;
	if (j == jobs + JOBS || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
		tell("x %ld %ld\n", id, 127);
		return;
	}
	pid_t pid = fork();
	if (!pid) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		setsid();
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	*j = (struct job){.id = id, .pid = pid, .in = in[1], .out = out[0], .status = -1};
}

static void hush(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void obey(char *text)
{
	char *rest;
	long id = strtol(text + 1, &rest, 10);
	if (*rest)
		rest++;
	struct job *j = find(id);
	if (*text == 'r')
		start(id, rest);
	else if (!j)
		return; /* it has just ended */
	else if (*text == 'k')
		kill(-j->pid, (int)strtol(rest, NULL, 10));
	else if (*text == 'e')
		hush(&j->in);
	else if (*text == 'i' && j->in >= 0) {
		all(j->in, rest, strlen(rest));
		all(j->in, "\n", 1);
	}
}

static void hear(struct job *j)
{
	char data[ROOM];
	ssize_t n;
	while ((n = read(j->out, data, sizeof data)) > 0) {
		tell("o %ld %ld\n", j->id, n);
		all(line, data, (size_t)n);
	}
	if (!n)
		hush(&j->out);
}

static void reap(void)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		for (struct job *j = jobs; j < jobs + JOBS; j++)
			if (j->pid == pid)
				j->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	for (struct job *j = jobs; j < jobs + JOBS; j++) {
		if (!j->pid || j->status < 0)
			continue;
		if (j->out >= 0)
			hear(j); /* all that it said before it ended is in the pipe */
		hush(&j->out);
		hush(&j->in);
		tell("x %ld %ld\n", j->id, j->status);
		j->pid = 0;
	}
}

static void on_child(int signal) { (void)signal; }

static void open_line(const char *path)
{
	struct termios raw;
	line = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0 || tcgetattr(line, &raw))
		guest_die(path, strerror(errno));
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL;
	cfsetspeed(&raw, B115200);
	tcsetattr(line, TCSAFLUSH, &raw);
}

int guest_serve(char **words)
{
	static char text[16 * ROOM];
	size_t have = 0;
	struct pollfd fds[JOBS + 1];
	struct job *of[JOBS + 1];
	sigset_t block, wait;
	struct sigaction act = {.sa_handler = on_child};

	if (!*words)
		guest_die("serve: which line?", NULL);
	open_line(*words);
	sigaction(SIGCHLD, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &wait); /* comes in ppoll only */
	all(line, "ready\n", 6);
	for (;;) {
		nfds_t n = 1;
		fds[0] = (struct pollfd){.fd = line, .events = POLLIN};
		for (struct job *j = jobs; j < jobs + JOBS; j++)
			if (j->pid && j->out >= 0) {
				of[n] = j;
				fds[n++] = (struct pollfd){.fd = j->out, .events = POLLIN};
			}
		int ready = ppoll(fds, n, NULL, &wait);
		for (nfds_t i = 1; ready > 0 && i < n; i++)
			if (fds[i].revents)
				hear(of[i]);
		if (ready > 0 && fds[0].revents) {
			ssize_t r = read(line, text + have, sizeof text - 1 - have);
			have += r > 0 ? (size_t)r : 0;
			text[have] = 0;
			for (char *end; (end = strchr(text, '\n'));) {
				*end = 0;
				obey(text);
				have -= (size_t)(end + 1 - text);
				memmove(text, end + 1, have + 1);
			}
			if (have == sizeof text - 1)
				have = 0;
		}
		reap();
	}
}
