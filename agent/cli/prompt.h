/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a person, on the controlling terminal and nowhere else: no pipe, flag or variable can answer. */
#ifndef ASSENT_PROMPT_H
#define ASSENT_PROMPT_H

#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <termios.h>

enum prompt_answer {
	PROMPT_YES,
	PROMPT_NO,
	PROMPT_LATER,
	PROMPT_UNCLEAR,          /* a whole line, and none of the words: no answer */
	PROMPT_STOP              /* a signal, the end of the file, half an hour without a line, or the terminal is gone: ask nothing more */
};

enum { PROMPT_SIGNALS = 4 };

struct prompt {
	int fd;
	FILE *record;            /* NULL: what is printed is not kept */
	char *recorded;
	size_t recorded_length;
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
/* The window's size; 0: not known. */
void prompt_size(const struct prompt *p, int *rows, int *columns);
/* From now on all that is printed is kept, too. ERROR_MEMORY. */
int prompt_keep(struct prompt *p);
/* What was printed since then, and its BLAKE2b-256; the text is the prompt's, until it is closed. ERROR_MEMORY. */
int prompt_kept(struct prompt *p, const char **text, size_t *length, uint8_t hash[32]);
/* Throws away what was typed ahead, asks, and takes one line: one of the three words (in capitals or not, blanks around it), in the order of the enum. */
enum prompt_answer prompt_choose(struct prompt *p, const char *question, const char *const words[3]);
/* For what is no decision about a study: `QUESTION [yes/no] `, where all but the whole word yes is a no. Never LATER or UNCLEAR. */
enum prompt_answer prompt_confirm(struct prompt *p, const char *question);
/* Prints the text and waits for Enter. ERROR_GONE: stop, as above. */
int prompt_more(struct prompt *p, const char *text);
/* Throws away what was typed ahead, asks, and takes one line that is not shown. Its length without the newline (0 also for an end of file,
 * or for a line that does not fit); -1: stop. The caller wipes out. */
int prompt_hidden(struct prompt *p, const char *question, char *out, size_t size);

#endif
