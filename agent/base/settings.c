/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "bounds.h"
#include "chord.h"
#include "patterns.h"

#define DAY_US INT64_C(86400000000)

static int permitted(const struct config *c, const struct config_node *list, struct settings *s, struct config_error *error)
{
	if (!list)
		return 0;
	if (list->type != CONFIG_LIST)
		return config_complain(c, list, error, "must be a list of study ids (write [typing-2026], or [] for none)");
	s->permitted = 0;
	for (const struct config_node *n = list->first; n; n = n->next) {
		if (s->permitted == (int)(sizeof s->permitted_study / sizeof *s->permitted_study)) {
			config_complain(c, n, error, "too many studies (at most %d)", s->permitted);
			return ERROR_LIMIT;
		}
		int r = config_text(c, n, s->permitted_study[s->permitted++], sizeof s->permitted_study[0], error);
		if (r)
			return r;
	}
	return 0;
}

static int capture(const struct config *c, const struct config_node *node, bool is_policy, struct settings *s, struct config_error *error)
{
	unsigned named;
	if (!node)
		return 0;
	if (node->type == CONFIG_SCALAR) {
		if (is_policy && strcmp(node->text, "forbidden") == 0) {
			s->forbid = true;
			return 0;
		}
		return config_complain(c, node, error, is_policy ? "must be the word forbidden, or a map of limits (keys: class)" :
				       "must be a map of limits (keys: class)");
	}
	int r = bounds_read(c, node, &s->limits, &named, error);
	if (r)
		return r;
	/* An application would have to match the study's list and this one; the limits hold a single list. */
	if (named & BOUNDS_ONLY)
		return config_complain(c, config_get(node, "only_apps"), error,
				       "only a study has only_apps (name what must not be captured in exclude_apps)");
	s->has_keys = named & BOUNDS_KEYS;
	s->has_grid = named & BOUNDS_GRID;
	s->has_pointer = named & BOUNDS_POINTER;
	s->has_scroll = named & BOUNDS_SCROLL;
	s->has_apps = named & BOUNDS_APPS;
	return 0;
}

/* As in a manifest: a time, or "manual". */
static int review(const struct config *c, const struct config_node *node, struct settings *s, struct config_error *error)
{
	if (!node)
		return 0;
	s->has_review = true;
	s->review_us = -1;
	if (node->type == CONFIG_SCALAR && strcmp(node->text, "manual") == 0)
		return 0;
	return bounds_duration(c, node, 0, 3650 * DAY_US, &s->review_us, error);
}

static int releasing(const struct config *c, const struct config_node *node, struct settings *s, struct config_error *error)
{
	static const char *const words[] = {"forbidden", "manual", NULL};
	int which = -1;
	int r = config_choice(c, node, words, &which, error);
	s->forbid_release = which == 0;
	if (which == 1) {
		s->has_review = true;
		s->review_us = -1;
	}
	return r;
}

static int required(const struct config *c, const struct config_node *map, struct settings *s, struct config_error *error)
{
	static const char *const known[] = {"references", NULL};
	static const char *const names[] = {"ethics", "impact_assessment", "works_agreement", NULL}; /* the order of the bits */
	if (!map)
		return 0;
	int r = config_known(c, map, known, error);
	const struct config_node *list = r ? NULL : config_get(map, "references");
	if (r || !list)
		return r ? r : config_complain(c, map, error, "references is missing (write {references: [ethics]})");
	if (list->type != CONFIG_LIST)
		return config_complain(c, list, error, "must be a list (write [ethics, works_agreement, impact_assessment])");
	for (const struct config_node *n = list->first; n; n = n->next) {
		int which = 0;
		if ((r = config_choice(c, n, names, &which, error)))
			return r;
		s->required |= 1U << which;
	}
	return 0;
}

static int source(const struct config *c, const struct config_node *node, struct settings *s, struct config_error *error)
{
	static const char *const sources[] = {"x11", "x11+evdev", "evdev", NULL};
	int which = -1;
	int r = config_choice(c, node, sources, &which, error);
	if (r == 0 && which >= 0)
		memcpy(s->source, sources[which], strlen(sources[which]) + 1);
	return r;
}

static int accessibility(const struct config *c, const struct config_node *node, bool is_policy, struct settings *s,
			 struct config_error *error)
{
	static const char *const of_policy[] = {"leave", NULL}, *const of_participant[] = {"leave", "on", NULL};
	int which = -1;
	int r = config_choice(c, node, is_policy ? of_policy : of_participant, &which, error);
	s->leave_accessibility = which == 0;
	s->accessibility = which == 1;
	return r;
}

static int evdev_keys(const struct config *c, const struct config_node *node, struct settings *s, struct config_error *error)
{
	static const char *const words[] = {"none", "class", "code", NULL}; /* the order of enum detail */
	int which = DETAIL_CLASS;
	int r = config_choice(c, node, words, &which, error);
	s->has_evdev_keys = node != NULL;
	s->evdev_keys = (enum detail)which;
	return r;
}

int settings_parse(const char *name, const char *text, size_t length, bool is_policy, struct settings *s, struct config_error *error)
{
	static const char *const of_policy[] = {"capture", "retention", "review", "release", "require", "studies", "exclude_apps",
		"terminals", "programs", "sensitive", "accessibility", "evdev_keys", NULL};
	static const char *const of_participant[] = {"source", "capture", "retention", "review", "terminals", "programs", "private_hotkey", "sensitive", "accessibility", NULL};
	struct config *c;
	memset(s, 0, sizeof *s);
	s->permitted = -1;
	int r = config_parse(name, text, length, &c, error);
	if (r)
		return r;
	const struct config_node *root = config_root(c);
	if ((r = config_known(c, root, is_policy ? of_policy : of_participant, error)) ||
	    (r = capture(c, config_get(root, "capture"), is_policy, s, error)) ||
	    (r = bounds_duration(c, config_get(root, "retention"), 1000000, 3650 * DAY_US, &s->limits.retention_us, error)) ||
	    (r = bounds_patterns(c, config_get(root, "exclude_apps"), &s->limits.exclude_apps, error)) ||
	    (r = bounds_patterns(c, config_get(root, "terminals"), &s->terminals, error)) ||
	    (r = bounds_patterns(c, config_get(root, "programs"), &s->programs, error)) ||
	    (r = chord_read(c, config_get(root, "private_hotkey"), &s->limits.private_hotkey, error)) ||
	    (r = patterns_read(c, config_get(root, "sensitive"), &s->sensitive, error)) ||
	    (r = permitted(c, config_get(root, "studies"), s, error)) ||
	    (r = review(c, config_get(root, "review"), s, error)) ||
	    (r = releasing(c, config_get(root, "release"), s, error)) ||
	    (r = required(c, config_get(root, "require"), s, error)) ||
	    (r = accessibility(c, config_get(root, "accessibility"), is_policy, s, error)) ||
	    (r = evdev_keys(c, config_get(root, "evdev_keys"), s, error)) ||
	    (r = source(c, config_get(root, "source"), s, error)))
		goto out;
	s->has_retention = config_get(root, "retention") != NULL;
	crypto_generichash(s->hash, sizeof s->hash, (const unsigned char *)text, length, NULL, 0);
out:
	config_free(c);
	return r;
}

/* What anybody but root could have written is not IT's word. */
static int roots_alone(const char *path, const struct stat *st, const char *what, struct config_error *error)
{
	if (st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	snprintf(error->text, sizeof error->text, "%.100s: %s must be root's, and writable by nobody else: nothing is recorded under a policy that "
		 "others could have written (as root: chown root:root '%.100s'; chmod go-w '%.100s')", path, what, path, path);
	return ERROR_DENIED;
}

static int check_owner(const char *path, struct config_error *error)
{
	char folder[1024];
	struct stat st;
	const char *slash = strrchr(path, '/');
	size_t n = slash && slash > path ? (size_t)(slash - path) : 1;
	if (n >= sizeof folder)
		return ERROR_LIMIT;
	memcpy(folder, slash ? path : ".", n);
	folder[n] = 0;
	if (stat(path, &st))
		goto io;
	int r = roots_alone(path, &st, "the policy", error);
	/* Whoever may write the folder can put another file in its place, also another one of root's. */
	if (r == 0 && stat(folder, &st))
		goto io;
	return r ? r : roots_alone(folder, &st, "the policy's folder", error);
io:
	snprintf(error->text, sizeof error->text, "%s: cannot be looked at: %s", path, strerror(errno));
	return ERROR_IO;
}

int settings_load(const char *path, bool is_policy, struct settings *s, struct config_error *error)
{
	char *text;
	size_t length;
	struct stat st;
	memset(s, 0, sizeof *s);
	s->permitted = -1;
	error->text[0] = 0;
	int r = config_read(path, &text, &length, error);
	if (r == ERROR_IO && (errno == ENOENT || errno == ENOTDIR)) {
		/* A link to nothing is a policy that got lost, not none. */
		if (is_policy && lstat(path, &st) == 0) {
			snprintf(error->text, sizeof error->text, "%s: is a link to a file that is not there (as root: mend or remove it)", path);
			return ERROR_IO;
		}
		error->text[0] = 0;
		return 0;
	}
	if (r)
		return r;
	/* After reading: what it is now was so when it was read, or it was root who changed it. */
	if (is_policy)
		r = check_owner(path, error);
	if (r == 0)
		r = settings_parse(path, text, length, is_policy, s, error);
	free(text);
	return r;
}
