/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "cli.h"
#include "session.h"

static int show(struct session *s, const struct study *study)
{
	struct merged *m = malloc(sizeof *m);
	char *text = NULL;
	int r = session_settings(s);
	if (r)
		goto out;
	r = EXIT_FAILED;
	if (!m)
		goto out;
	settings_merge(study, &s->policy, &s->participant, m);
	if (study_notice(study, &m->limits, &text))
		goto out;
	fputs(text, stdout);
	if (m->forbidden)
		printf("\nIt cannot be joined here: %s.\n", m->why);
	r = EXIT_DONE;
out:
	free(text);
	free(m);
	return r;
}

static int is_offer(const struct dirent *d)
{
	size_t n = strlen(d->d_name);
	return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".yaml") == 0;
}

/* Nothing is joined, nothing was named: what there is to look at. */
static int offers(void)
{
	struct dirent **names;
	int n = scandir(SESSION_OFFERED, &names, is_offer, alphasort);
	if (n <= 0) {
		if (n == 0)
			free(names);
		cli_complain("notice: you take part in no study, and none is on offer here (assent notice STUDY.yaml shows one)");
		return EXIT_NOTHING;
	}
	printf("You take part in no study. On offer here:\n");
	for (int i = 0; i < n; i++) {
		printf("  %s/%s\n", SESSION_OFFERED, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	printf("To read one: assent notice FILE. To decide about it: assent join FILE.\n");
	return EXIT_NOTHING;
}

static int named(struct session *s, const char *name)
{
	char path[PLACE_MAX];
	struct config_error error;
	if (session_find_study(s, name, path)) {
		cli_complain("notice: there is no file and no study \"%s\"", name);
		return EXIT_FAILED;
	}
	if (study_load(path, &s->study, &error)) {
		cli_complain("%s", error.text);
		return EXIT_FAILED;
	}
	return show(s, s->study);
}

static int joined(struct session *s)
{
	struct config_error error;
	int r = session_ledger(s);
	if (r)
		return r;
	if (s->view.standing != STANDING_GIVEN && s->view.standing != STANDING_PAUSED)
		return offers();
	if (session_study(s, &error)) {
		cli_complain("%s", error.text);
		return EXIT_FAILED;
	}
	return show(s, s->study);
}

int cli_notice(int argc, char **argv)
{
	struct session s;
	int rest, r = session_begin(&s, "notice", argc, argv, NULL, 1, &rest);
	if (r)
		return r;
	r = rest ? named(&s, argv[0]) : joined(&s);
	session_end(&s);
	return input_flush_stdout(r, 0);
}
