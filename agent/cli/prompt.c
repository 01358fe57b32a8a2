/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

static const int signals[PROMPT_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

int prompt_open(struct prompt *p)
{
	p->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (p->fd < 0)
		return ERROR_DENIED;
	if (tcgetattr(p->fd, &p->before)) {
		close(p->fd);
		return ERROR_DENIED;
	}
	struct sigaction action = {.sa_handler = stop};
	sigset_t hold;
	stopped = 0;
	sigemptyset(&action.sa_mask);
	sigemptyset(&hold);
	for (int i = 0; i < PROMPT_SIGNALS; i++)
		sigaddset(&hold, signals[i]);
	sigprocmask(SIG_BLOCK, &hold, &p->mask_before);
	p->mask_asking = p->mask_before;
	for (int i = 0; i < PROMPT_SIGNALS; i++) {
		sigaction(signals[i], &action, &p->action_before[i]);
		sigdelset(&p->mask_asking, signals[i]);
	}
	/* A line at a time, seen while it is typed, whatever the program before us left behind. */
	struct termios t = p->before;
	t.c_lflag |= ICANON | ECHO | ISIG;
	t.c_iflag |= ICRNL;
	tcsetattr(p->fd, TCSANOW, &t);
	return 0;
}

void prompt_close(struct prompt *p)
{
	tcsetattr(p->fd, TCSANOW, &p->before);
	close(p->fd);
	/* What came too late to stop anything has been heard: it must not end us before we have said what was decided. */
	struct timespec none = {0, 0};
	sigset_t held;
	sigemptyset(&held);
	for (int i = 0; i < PROMPT_SIGNALS; i++)
		sigaddset(&held, signals[i]);
	while (sigtimedwait(&held, NULL, &none) > 0)
		;
	for (int i = 0; i < PROMPT_SIGNALS; i++)
		sigaction(signals[i], &p->action_before[i], NULL);
	sigprocmask(SIG_SETMASK, &p->mask_before, NULL);
}

int prompt_print(struct prompt *p, const char *text)
{
	size_t left = strlen(text);
	while (left) {
		ssize_t n = write(p->fd, text, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERROR_IO;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/* One line without its newline: its length, 0 for an end of file, also in mid-line; -1: stop. */
static int line(struct prompt *p, char *out, size_t size)
{
	for (;;) {
		struct pollfd f = {.fd = p->fd, .events = POLLIN};
		int n = ppoll(&f, 1, NULL, &p->mask_asking);
		if (stopped)
			return -1;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		ssize_t got = read(p->fd, out, size);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0 || (got == 0 && (f.revents & POLLHUP)))
			return -1;
		/* "yes" and ^D is not a whole line. */
		return got && out[got - 1] == '\n' ? (int)got - 1 : 0;
	}
}

static bool is_yes(const char *s, int n)
{
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	while (n && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	return n == 3 && memcmp(s, "yes", 3) == 0;
}

/* A ^C that came together with the answer. */
static bool is_pending(void)
{
	sigset_t set;
	sigpending(&set);
	for (int i = 0; i < PROMPT_SIGNALS; i++)
		if (sigismember(&set, signals[i]))
			return true;
	return false;
}

enum prompt_answer prompt_agree(struct prompt *p, const char *id)
{
	char question[128], answer[4096];
	snprintf(question, sizeof question, "Agree to \"%s\"? [yes/no] ", id);
	if (tcflush(p->fd, TCIFLUSH) || prompt_print(p, question))
		return PROMPT_STOP;
	answer[0] = 0;
	int n = line(p, answer, sizeof answer);
	if (n <= 0 && answer[0] != '\n')
		prompt_print(p, "\n");
	if (n < 0)
		return PROMPT_STOP;
	return !is_yes(answer, n) ? PROMPT_NO : is_pending() ? PROMPT_STOP : PROMPT_YES;
}

int prompt_hidden(struct prompt *p, const char *question, char *out, size_t size)
{
	struct termios shown, hidden;
	int n = -1;
	out[0] = 0;
	if (tcgetattr(p->fd, &shown))
		return -1;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	/* Stopped by ^Z it would leave the shell a terminal that shows nothing. */
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	if (tcsetattr(p->fd, TCSAFLUSH, &hidden) || prompt_print(p, question))
		goto out;
	n = line(p, out, size - 1);
	/* A ^C that came together with the line. */
	if (n >= 0 && is_pending())
		n = -1;
	out[n > 0 ? n : 0] = 0;
	prompt_print(p, "\n");
out:
	/* What is left of a line that was too long goes, too. */
	tcsetattr(p->fd, TCSAFLUSH, &shown);
	return n;
}
