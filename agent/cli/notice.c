/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/layout.h"
#include "../base/notice.h"
#include "../base/words.h"
#include "../error.h"
#include "cli.h"
#include "notice_json.h"
#include "prompt.h"
#include "screens.h"
#include "session.h"

/* With a terminal to read on, a screen at a time. ERROR_DENIED: there is none. */
static int page(const struct study *study, const struct merged *m, const char *language)
{
	struct prompt p;
	struct notice *n = NULL;
	if (!isatty(STDOUT_FILENO) || prompt_open(&p))
		return ERROR_DENIED;
	int e = notice_new(study, m, language, screens_width(&p), &n);
	if (e == 0)
		e = screens_show(&p, n->page, n->pages, words_of(language)[WORD_MORE], false);
	notice_free(n);
	prompt_close(&p);
	/* Who has read enough stops. */
	return e == ERROR_GONE ? 0 : e;
}

/* In one go, so that a disk that is full is noticed whatever stdio had passed on before. */
static int print_json(const struct study *study, const struct merged *m, const char *language, const struct notice *n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return ERROR_MEMORY;
	int e = notice_json(f, study, m, language, n);
	if (fclose(f))
		e = ERROR_MEMORY;
	if (e == 0 && (fwrite(text, 1, size, stdout) != size || fflush(stdout)))
		e = errno == EPIPE ? 0 : ERROR_IO;
	free(text);
	return e;
}

static int show(struct session *s, const struct study *study, bool json)
{
	struct merged *m = malloc(sizeof *m);
	struct notice *n = NULL;
	const char *language = study_language(study);
	int r = session_settings(s), e = 0;
	if (r)
		goto out;
	r = EXIT_FAILED;
	if (!m)
		goto out;
	settings_merge(study, &s->policy, &s->participant, m);
	if (json || (e = page(study, m, language)) == ERROR_DENIED) {
		e = notice_new(study, m, language, LAYOUT_WIDTH, &n);
		if (e == 0 && json)
			e = print_json(study, m, language, n);
		else if (e == 0)
			fputs(n->text, stdout);
	}
	if (e) {
		cli_complain("notice: it could not be shown: %s", e == ERROR_IO ? strerror(errno) : error_text(e));
		goto out;
	}
	if (m->forbidden && !json)
		printf("\nIt cannot be joined here: %s.\n", m->why);
	r = EXIT_DONE;
out:
	notice_free(n);
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
	int n = scandir(PLACES_OFFERED, &names, is_offer, alphasort);
	if (n <= 0) {
		if (n == 0)
			free(names);
		cli_complain("notice: you take part in no study, and none is on offer here (assent notice STUDY.yaml shows one)");
		return EXIT_NOTHING;
	}
	printf("You take part in no study. On offer here:\n");
	for (int i = 0; i < n; i++) {
		printf("  %s/%s\n", PLACES_OFFERED, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	printf("To read one: assent notice FILE. To decide about it: assent join FILE.\n");
	return EXIT_NOTHING;
}

static int named(struct session *s, const char *name, bool json)
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
	return show(s, s->study, json);
}

static int joined(struct session *s, bool json)
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
	return show(s, s->study, json);
}

int cli_notice(int argc, char **argv)
{
	struct session s;
	bool json = false;
	const struct input_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
	int rest, r = session_begin(&s, "notice", argc, argv, options, 1, &rest);
	if (r)
		return r;
	r = rest ? named(&s, argv[0], json) : joined(&s, json);
	session_end(&s);
	return input_flush_stdout(r, 0);
}
