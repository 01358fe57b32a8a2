/* SPDX-License-Identifier: Apache-2.0 */
/* study_notice(): the sentences around the study's own text. */
#include "study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "bounds.h"

enum { WIDTH = 78 };

static size_t width_of(const char *s, size_t n)
{
	size_t w = 0;
	for (size_t i = 0; i < n; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

/* Wraps at words; lines of the text stay apart. first: before the first line, rest: before the others. */
static void paragraph(FILE *f, const char *first, const char *rest, const char *text)
{
	const char *lead = first;
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n"), at = 0, column = 0;
		fputs(lead, f);
		while (at < length) {
			size_t blanks = strspn(line + at, " \t");
			if (at + blanks >= length)
				break;
			const char *word = line + at + blanks;
			size_t n = strcspn(word, " \t\n"), w = width_of(word, n);
			if (column && strlen(rest) + column + 1 + w > WIDTH) {
				fprintf(f, "\n%s", rest);
				column = 0;
			}
			column += (size_t)fprintf(f, "%s", column ? " " : "") + w;
			fwrite(word, 1, n, f);
			at += blanks + n;
		}
		fputc('\n', f);
		line += length + (line[length] == '\n');
		lead = rest;
	}
}

static void heading(FILE *f, const char *text)
{
	fprintf(f, "\n%s\n", text);
}

static void item(FILE *f, const char *text)
{
	paragraph(f, "  - ", "    ", text);
}

static void who(FILE *f, const struct study *s)
{
	heading(f, "WHO ASKS");
	fprintf(f, "  %s\n", s->controller_name);
	if (*s->controller_address)
		paragraph(f, "  ", "  ", s->controller_address);
	fprintf(f, "  Questions, and your rights to see, correct and delete: %s\n", s->controller_contact);
	if (*s->controller_authority)
		fprintf(f, "  Complaints: %s\n", s->controller_authority);
	if (*s->jurisdiction)
		fprintf(f, "  Law of: %s\n", s->jurisdiction);
	if (*s->ethics)
		fprintf(f, "  Ethics approval: %s\n", s->ethics);
	if (*s->impact_assessment)
		fprintf(f, "  Impact assessment: %s\n", s->impact_assessment);
	if (*s->works_agreement)
		fprintf(f, "  Works agreement: %s\n", s->works_agreement);
}

static const char *category(const char *name)
{
	static const char *const texts[][2] = {
		{"train-content-generating-model", "training a model that generates content"},
		{"train-other-model", "training a model that does not generate content"},
		{"hci-research", "research on how people and computers work together"},
		{"product-improvement", "improving a product"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(texts[i][0], name) == 0)
			return texts[i][1];
	return name;
}

static void purposes(FILE *f, const struct study *s)
{
	heading(f, s->purposes == 1 ? "WHAT FOR" : "WHAT FOR (you are asked about each on its own)");
	for (int i = 0; i < s->purposes; i++) {
		const struct purpose *p = &s->purpose[i];
		fprintf(f, "  - %s: %s\n", p->id, category(p->category));
		paragraph(f, "    ", "    ", study_text(&p->text));
		if (!p->recipients)
			fprintf(f, "    Given to: nobody else.\n");
		for (int k = 0; k < p->recipients; k++)
			fprintf(f, "    Given to: %s\n", p->recipient[k]);
	}
}

static void list(FILE *f, const char *before, const struct pattern_list *l)
{
	char *text = NULL;
	size_t size;
	FILE *m = open_memstream(&text, &size);
	if (!m)
		return;
	fputs(before, m);
	for (int i = 0; i < l->count; i++)
		fprintf(m, "%s%s", i ? ", " : " ", l->pattern[i]);
	fputc('.', m);
	if (fclose(m) == 0)
		item(f, text);
	free(text);
}

static void captured(FILE *f, const struct limits *l)
{
	static const char *const keys[] = {
		"Keys: none.",
		"Keys: when a key goes down and up, and its kind only (letter, digit, space, enter, ...). Not which letter.",
		"Keys: when a key goes down and up, and which key it is. What you write can be read from that.",
		"Keys: when a key goes down and up, which key it is, and the text it types. What you write can be read.",
	};
	static const char *const pointers[] = {
		"Mouse and touch: none.",
		"Mouse and touch: buttons and touches only, with the place on the screen; no movement.",
		"Mouse and touch: movement, buttons and touches, with the place on the screen.",
	};
	static const char *const apps[] = {
		"Applications: not recorded.",
		"Applications: which program you work in (its name, not its contents).",
		"Applications: which program you work in, and the titles of its windows, which can name documents and people.",
	};
	heading(f, "WHAT IS RECORDED, while you work on this computer");
	item(f, keys[l->keys]);
	if (l->keys != DETAIL_NONE && l->key_grid_us) {
		char line[160];
		snprintf(line, sizeof line, "Times of keys: rounded to steps of %d ms, which blurs your typing rhythm and does not hide it.",
			 (int)(l->key_grid_us / 1000));
		item(f, line);
	} else if (l->keys != DETAIL_NONE) {
		item(f, "Times of keys: exact. Typing rhythm at this precision is as personal as a signature.");
	}
	item(f, pointers[l->pointer]);
	item(f, l->scroll ? "Scrolling: how far." : "Scrolling: none.");
	item(f, apps[l->apps]);
	if (l->only_apps.count)
		list(f, "Only in these applications:", &l->only_apps);
}

static void excluded(FILE *f, const struct limits *l)
{
	heading(f, "WHAT IS NEVER RECORDED");
	item(f, "What you type into password fields, password managers, and prompts that do not show what you type; "
	     "anything while the screen is locked.");
	item(f, "Anything typed where this program cannot tell whether it is safe.");
	item(f, "Sound, pictures of the screen, the clipboard, files.");
	if (l->exclude_apps.count)
		list(f, "Anything in these applications:", &l->exclude_apps);
	item(f, "Of what is left out, only that something was left out, why, and roughly from when to when: not how much.");
}

static void duration(FILE *f, const struct study *s, const struct limits *l)
{
	char a[48], line[240];
	heading(f, "HOW LONG");
	snprintf(line, sizeof line, "Data are kept for %s, then deleted.", bounds_duration_text(l->retention_us, a));
	item(f, line);
	snprintf(line, sizeof line, "Your agreement ends by itself after %s; then you are asked again.", bounds_duration_text(s->consent_valid_us, a));
	item(f, line);
	if (s->review_us < 0)
		item(f, "Data stay on this computer, readable by you, until you hand them over yourself.");
	else if (s->review_us > 0) {
		snprintf(line, sizeof line, "Data stay on this computer for %s, so that you can look at them before anyone else does.",
			 bounds_duration_text(s->review_us, a));
		item(f, line);
	} else {
		item(f, "Data can be collected at once: there is no time set aside for your review.");
	}
}

static void irreversible(FILE *f, const struct limits *l)
{
	heading(f, "WHAT YOU SHOULD KNOW BEFORE YOU DECIDE");
	if (l->keys != DETAIL_NONE)
		item(f, "The rhythm of typing identifies people. The data carry a pseudonym instead of your name; who has other "
		     "samples of your typing may still recognise you. The data are pseudonymised; no more is promised.");
	else
		item(f, "The data carry a pseudonym instead of your name. The way of moving a pointer can identify people too.");
	item(f, "No program knows every secret: one that shows a password as plain text, or does not say that a field holds one, can "
	     "mislead it. \"assent show\" lets you check what was kept.");
	item(f, "What was handed to others, and a model that was trained already, cannot be taken back by this program.");
	item(f, "In this version this program hands nothing to anyone by itself, and deletes what is too old while it records: whoever "
	     "stops for good deletes the rest by deleting the folder that \"assent status\" names.");
	item(f, "In this version the data on this computer are not encrypted: whoever can read your files can read them.");
}

static void choices(FILE *f)
{
	heading(f, "YOUR CHOICE");
	item(f, "You may refuse, all or in part. Nothing is recorded without your yes, and nothing from before it.");
	item(f, "\"assent pause\" stops for a while, \"assent withdraw\" stops for good, at any time, without giving a reason.");
	item(f, "\"assent status\" tells whether anything is recorded, \"assent show\" what was.");
}

int study_notice(const struct study *s, const struct limits *limits, char **text)
{
	size_t size;
	*text = NULL;
	FILE *f = open_memstream(text, &size);
	if (!f)
		return ERROR_MEMORY;
	fprintf(f, "%s\n", study_text(&s->title));
	for (size_t i = width_of(study_text(&s->title), strlen(study_text(&s->title))); i; i--)
		fputc('=', f);
	fprintf(f, "\n(study %s)\n\n", s->id);
	paragraph(f, "", "", study_text(&s->notice));
	who(f, s);
	purposes(f, s);
	captured(f, limits);
	excluded(f, limits);
	duration(f, s, limits);
	irreversible(f, limits);
	choices(f);
	bool failed = ferror(f);
	if (fclose(f) || failed) {
		free(*text);
		*text = NULL;
		return ERROR_MEMORY;
	}
	return 0;
}
