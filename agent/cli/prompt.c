/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../error.h"

/* Who went away has decided nothing. */
enum { PATIENCE_S = 1800 };

static const int signals[PROMPT_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

int prompt_open(struct prompt *p)
{
	p->record = NULL;
	p->recorded = NULL;
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
	if (p->record)
		fclose(p->record);
	free(p->recorded);
	p->record = NULL;
	p->recorded = NULL;
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

int prompt_keep(struct prompt *p)
{
	p->record = open_memstream(&p->recorded, &p->recorded_length);
	return p->record ? 0 : ERROR_MEMORY;
}

int prompt_kept(struct prompt *p, const char **text, size_t *length, uint8_t hash[32])
{
	if (!p->record || fflush(p->record) || ferror(p->record))
		return ERROR_MEMORY;
	*text = p->recorded;
	*length = p->recorded_length;
	crypto_generichash(hash, 32, (const unsigned char *)p->recorded, p->recorded_length, NULL, 0);
	return 0;
}

void prompt_size(const struct prompt *p, int *rows, int *columns)
{
	struct winsize size = {0};
	*rows = *columns = 0;
	if (ioctl(p->fd, TIOCGWINSZ, &size))
		return;
	*rows = size.ws_row;
	*columns = size.ws_col;
}

int prompt_print(struct prompt *p, const char *text)
{
	size_t left = strlen(text);
	/* Before it is seen: what is seen and not kept would be missing from what its hash says was shown. */
	if (p->record && fwrite(text, 1, left, p->record) != left)
		return ERROR_MEMORY;
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

enum { LINE_STOP = -1, LINE_END = -2 };

/* One line without its newline: its length; LINE_END: the end of the file, also in mid-line; LINE_STOP. */
static int line(struct prompt *p, char *out, size_t size)
{
	for (;;) {
		struct pollfd f = {.fd = p->fd, .events = POLLIN};
		const struct timespec patience = {PATIENCE_S, 0};
		int n = ppoll(&f, 1, &patience, &p->mask_asking);
		if (stopped)
			return LINE_STOP;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return LINE_STOP;
		ssize_t got = read(p->fd, out, size);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0 || (got == 0 && (f.revents & POLLHUP)))
			return LINE_STOP;
		/* A word and ^D is not a whole line. */
		return got && out[got - 1] == '\n' ? (int)got - 1 : (size_t)got == size ? 0 : LINE_END;
	}
}

static bool is_word(const char *s, int n, const char *word)
{
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	while (n && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	return (size_t)n == strlen(word) && strncasecmp(s, word, (size_t)n) == 0;
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

enum prompt_answer prompt_confirm(struct prompt *p, const char *question)
{
	char answer[4096];
	if (tcflush(p->fd, TCIFLUSH) || prompt_print(p, question) || prompt_print(p, " [yes/no] "))
		return PROMPT_STOP;
	answer[0] = 0;
	int n = line(p, answer, sizeof answer);
	if (n <= 0 && answer[0] != '\n')
		prompt_print(p, "\n");
	if (n < 0)
		return PROMPT_STOP;
	return !is_word(answer, n, "yes") ? PROMPT_NO : is_pending() ? PROMPT_STOP : PROMPT_YES;
}

enum prompt_answer prompt_choose(struct prompt *p, const char *question, const char *const words[3])
{
	char answer[4096];
	if (tcflush(p->fd, TCIFLUSH) || prompt_print(p, question))
		return PROMPT_STOP;
	int n = line(p, answer, sizeof answer);
	if (n < 0) {
		prompt_print(p, "\n");
		return PROMPT_STOP;
	}
	if (is_pending())
		return PROMPT_STOP;
	for (int i = 0; i < 3; i++)
		if (is_word(answer, n, words[i]))
			return (enum prompt_answer)(PROMPT_YES + i);
	return PROMPT_UNCLEAR;
}

int prompt_more(struct prompt *p, const char *text)
{
	char ignored[4096];
	if (tcflush(p->fd, TCIFLUSH) || prompt_print(p, text))
		return ERROR_GONE;
	if (line(p, ignored, sizeof ignored) >= 0 && !is_pending())
		return 0;
	prompt_print(p, "\n");
	return ERROR_GONE;
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
	if (n == LINE_END)
		n = 0;
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
