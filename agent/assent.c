/* SPDX-License-Identifier: Apache-2.0 */
/* The participant's and the researcher's program: finds the command and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/input.h"

static bool is_help(const char *s)
{
	return strcmp(s, "--help") == 0 || strcmp(s, "-h") == 0;
}

static int unknown(const char *name)
{
	const char *near = help_nearest(name);
	if (near)
		cli_complain("there is no command \"%s\" (did you mean %s? assent help lists all)", name, near);
	else
		cli_complain("there is no command \"%s\" (assent help lists all)", name);
	return EXIT_USAGE;
}

static int help(const char *name)
{
	const struct help_command *c = name ? help_find(name) : NULL;
	if (name && !c)
		return unknown(name);
	if (c)
		help_one(c);
	else
		help_all();
	return input_flush_stdout(EXIT_DONE, 0);
}

int main(int argc, char **argv)
{
	/* A reader that has seen enough (head, less) is no failure, and must not end us between a decision and its receipt. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		cli_complain("which command? (assent help lists all)");
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (is_help(name))
		return help(NULL);
	if (strcmp(name, "help") == 0)
		return help(argc > 2 && !is_help(argv[2]) ? argv[2] : NULL);
	if (strcmp(name, "--version") == 0) {
		printf("assent %s\n", ASSENT_VERSION);
		return input_flush_stdout(EXIT_DONE, 0);
	}
	const struct help_command *c = help_find(name);
	if (!c)
		return unknown(name);
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return help(name);
	return c->run(argc - 2, argv + 2);
}
