/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a person, on the controlling terminal and nowhere else: no pipe, flag or variable can answer. */
#ifndef ASSENT_PROMPT_H
#define ASSENT_PROMPT_H

#include <signal.h>
#include <stddef.h>
#include <termios.h>

enum prompt_answer {
	PROMPT_NO,               /* anything but the whole word yes; end of file too */
	PROMPT_YES,
	PROMPT_STOP              /* a signal came or the terminal is gone: no, and ask nothing more */
};

enum { PROMPT_SIGNALS = 4 };

struct prompt {
	int fd;
	struct termios before;
	sigset_t mask_before, mask_asking;
	struct sigaction action_before[PROMPT_SIGNALS];
};

/* ERROR_DENIED: there is no controlling terminal. From here to prompt_close SIGINT, SIGTERM, SIGHUP and SIGQUIT wait,
 * but while a question is open: a decision that was made is always written down. */
int prompt_open(struct prompt *p);
void prompt_close(struct prompt *p);
/* ERROR_IO: the terminal is gone. */
int prompt_print(struct prompt *p, const char *text);
/* Throws away what was typed ahead, asks `Agree to "ID"? [yes/no] ` and takes one line. */
enum prompt_answer prompt_agree(struct prompt *p, const char *id);
/* Throws away what was typed ahead, asks, and takes one line that is not shown. Its length without the newline (0 also for an end of file,
 * or for a line that does not fit); -1: stop. The caller wipes out. */
int prompt_hidden(struct prompt *p, const char *question, char *out, size_t size);

#endif
