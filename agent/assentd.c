/* SPDX-License-Identifier: Apache-2.0 */
/* assentd: options and configuration; the rest is the supervisor's. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "doctor.h"
#include "error.h"
#include "supervisor.h"

static const char usage[] =
	"Usage: assentd [--source x11|x11+evdev|evdev|replay:FILE] [--data DIR] [--config FILE] [--check-config] [--verbose]\n"
	"       assentd --doctor [--source x11|x11+evdev|evdev] [--json] [--titles] [--data DIR] [--config FILE]\n"
	"\n"
	"Records keyboard and pointer interaction as far as the participant agreed (see assent join).\n"
	"It starts nothing by itself: without a valid decision in the ledger it waits, and no input is read.\n"
	"\n"
	"  --source x11          the X server of $DISPLAY (default)\n"
	"  --source x11+evdev    the same, with the kernel's times of the input devices, as assent-inputd reads them\n"
	"  --source evdev        the input devices, and sway or a text console for where the keys go\n"
	"  --source replay:FILE  raw events from a text file (tests/flow/README.md); ends with the file\n"
	"  --data DIR            instead of $XDG_DATA_HOME/assent\n"
	"  --config FILE         instead of $XDG_CONFIG_HOME/assent/assent.yaml\n"
	"  --check-config        read configuration and policy, say what is wrong, and end\n"
	"  --doctor              look once which windows' keys could be vouched for, and end (see assent doctor)\n"
	"  --verbose             more messages; never what was typed\n"
	"  --help, --version\n";

static bool is_source(const char *name)
{
	return strcmp(name, "x11") == 0 || strcmp(name, "x11+evdev") == 0 || strcmp(name, "evdev") == 0 || strncmp(name, "replay:", 7) == 0;
}

int main(int argc, char **argv)
{
	static struct supervisor s;
	const char *data = NULL, *config = NULL;
	bool check = false, doctor = false;
	struct doctor_options look = { 0 };
	enum { OPT_SOURCE = 256, OPT_DOCTOR, OPT_JSON, OPT_TITLES, OPT_DATA, OPT_CONFIG, OPT_CHECK, OPT_VERBOSE, OPT_HELP, OPT_VERSION };
	static const struct option options[] = {
		{ "source", required_argument, NULL, OPT_SOURCE }, { "data", required_argument, NULL, OPT_DATA },
		{ "config", required_argument, NULL, OPT_CONFIG }, { "check-config", no_argument, NULL, OPT_CHECK },
		{ "verbose", no_argument, NULL, OPT_VERBOSE }, { "help", no_argument, NULL, OPT_HELP },
		{ "doctor", no_argument, NULL, OPT_DOCTOR }, { "json", no_argument, NULL, OPT_JSON },
		{ "titles", no_argument, NULL, OPT_TITLES },
		{ "version", no_argument, NULL, OPT_VERSION }, { NULL, 0, NULL, 0 } };
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (o) {
		case OPT_SOURCE: s.given = optarg; break;
		case OPT_DATA: data = optarg; break;
		case OPT_CONFIG: config = optarg; break;
		case OPT_CHECK: check = true; break;
		case OPT_DOCTOR: doctor = true; break;
		case OPT_JSON: look.json = true; break;
		case OPT_TITLES: look.titles = true; break;
		case OPT_VERBOSE: log_verbose(true); break;
		case OPT_HELP: fputs(usage, stdout); return 0;
		case OPT_VERSION: puts("assentd " ASSENT_VERSION); return 0;
		default: fputs("Try 'assentd --help'.\n", stderr); return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "assentd: unexpected '%s'\nTry 'assentd --help'.\n", argv[optind]);
		return 2;
	}
	if (!doctor && (look.json || look.titles)) {
		fputs("assentd: --json and --titles go with --doctor\nTry 'assentd --help'.\n", stderr);
		return 2;
	}
	if (s.given && !is_source(s.given)) {
		fprintf(stderr, "assentd: there is no source '%s': use x11, x11+evdev, evdev or replay:FILE\nTry 'assentd --help'.\n", s.given);
		return 2;
	}
	if (doctor && s.given && strncmp(s.given, "replay:", 7) == 0) {
		fputs("assentd: --doctor looks at what is there: not at a replay\nTry 'assentd --help'.\n", stderr);
		return 2;
	}
	look.source = s.given;
	log_name("assentd");
	int error = places_find(data, config, &s.places);
	if (error) {
		log_error("no place for the data: set HOME, or use --data (%s)", error_text(error));
		return 1;
	}
	if (doctor)
		return doctor_run(&s.places, &look);
	struct config_error problem;
	bool damaged = settings_load(s.places.policy, true, &s.policy, &problem) ||
		       settings_load(s.places.config, false, &s.participant, &problem);
	if (damaged)
		log_error("%s", problem.text);
	supervisor_source(&s);
	/* The agent of a session stays, as it does when they are damaged later: nothing is recorded until they are mended, and then it is. */
	if (damaged && (check || s.once))
		return 1;
	if (check) {
		puts("configuration is good");
		return 0;
	}
	if ((error = places_make(s.places.data)) || (error = places_make(s.places.studies))) {
		log_error("%s: cannot be used (%s): it must be yours, and closed to others (chmod 700)", s.places.data,
			  errno ? strerror(errno) : error_text(error));
		return 1;
	}
	if (supervisor_open(&s))
		return 1;
	int code = supervisor_run(&s);
	supervisor_close(&s);
	return code;
}
