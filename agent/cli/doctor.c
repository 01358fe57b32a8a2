/* SPDX-License-Identifier: Apache-2.0 */
/* assent doctor: has the agent's own program look, since only that can. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "input.h"

enum { ARGUMENTS_MAX = 12 };

/* The assentd that belongs to this program: beside it, else where both were installed to. Never one that PATH names:
 * it would be trusted with what the real one may see. */
static int find_assentd(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof "/assentd");
	if (n > 0) {
		path[n] = 0;
		char *slash = strrchr(path, '/');
		strcpy(slash ? slash : path, "/assentd");
		if (access(path, X_OK) == 0)
			return EXIT_DONE;
	}
	snprintf(path, PATH_MAX, "%s/assentd", ASSENT_BINDIR);
	if (access(path, X_OK) == 0)
		return EXIT_DONE;
	cli_complain("doctor: there is no assentd beside this program, and %s: %s (install Assent whole)", path, strerror(errno));
	return EXIT_FAILED;
}

int cli_doctor(int argc, char **argv)
{
	char path[PATH_MAX];
	bool json = false, titles = false;
	const char *data = NULL, *config = NULL, *source = NULL, *run[ARGUMENTS_MAX];
	const struct input_option options[] = {{"json", NULL, &json}, {"titles", NULL, &titles}, {"data", &data, NULL}, {"source", &source, NULL},
		{"config", &config, NULL}, {NULL, NULL, NULL}};
	int rest = input_options("doctor", argc, argv, options), n = 0;
	if (rest < 0)
		return EXIT_USAGE;
	if (rest > 0) {
		cli_complain("doctor: \"%s\" is one argument too many (see: assent help doctor)", argv[0]);
		return EXIT_USAGE;
	}
	if (find_assentd(path))
		return EXIT_FAILED;
	run[n++] = "assentd";
	run[n++] = "--doctor";
	if (json)
		run[n++] = "--json";
	if (titles)
		run[n++] = "--titles";
	if (data) {
		run[n++] = "--data";
		run[n++] = data;
	}
	if (config) {
		run[n++] = "--config";
		run[n++] = config;
	}
	if (source) {
		run[n++] = "--source";
		run[n++] = source;
	}
	run[n] = NULL;
	execv(path, (char *const *)run);
	cli_complain("doctor: cannot run %s: %s", path, strerror(errno));
	return EXIT_FAILED;
}
