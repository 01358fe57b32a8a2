/* SPDX-License-Identifier: Apache-2.0 */
/* The commands there are, and what each says about itself. */
#ifndef ASSENT_HELP_H
#define ASSENT_HELP_H

struct help_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage, *about, *details;
};

/* NULL: there is no such command. */
const struct help_command *help_find(const char *name);
/* The nearest command's name, or NULL. */
const char *help_nearest(const char *name);
/* All of them, or one, to standard output. */
void help_all(void);
void help_one(const struct help_command *c);

#endif
