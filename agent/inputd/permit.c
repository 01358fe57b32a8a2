/* SPDX-License-Identifier: Apache-2.0 */
#include "permit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../error.h"

/* Cuts the last part off; false: there is none. */
static bool parent(char *path)
{
	char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return false;
	*slash = 0;
	return true;
}

/* The folder of the file, and the folder of that, with which it may come and go. That one alone if the other is not there. */
static int watch(struct permit_policy *p)
{
	char folder[1024];
	int found = -1;
	if (snprintf(folder, sizeof folder, "%s", p->path) >= (int)sizeof folder)
		return -1;
	for (int i = 0; i < 2 && parent(folder); i++)
		if (inotify_add_watch(p->inotify, folder, IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
				      IN_ONLYDIR) >= 0)
			found = 0;
	return found;
}

int permit_open(struct permit_policy *p, const char *path)
{
	memset(p, 0, sizeof *p);
	p->path = path;
	p->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return p->inotify < 0 || watch(p) ? ERROR_IO : 0;
}

void permit_close(struct permit_policy *p)
{
	if (p->inotify >= 0)
		close(p->inotify);
	p->inotify = -1;
}

void permit_handle(struct permit_policy *p)
{
	char buffer[4096] __attribute__((aligned(8)));
	while (read(p->inotify, buffer, sizeof buffer) > 0)
		;
	watch(p);
}

static void reduce(const struct settings *policy, struct stream_terms *granted)
{
	enum detail keys = policy->has_evdev_keys ? policy->evdev_keys : DETAIL_CLASS;
	if (policy->has_keys && policy->limits.keys < keys)
		keys = policy->limits.keys;
	if (granted->keys > keys)
		granted->keys = keys;
	if (policy->has_pointer && policy->limits.pointer < granted->pointer)
		granted->pointer = policy->limits.pointer;
	if (policy->has_scroll && !policy->limits.scroll)
		granted->scroll = false;
}

static bool wants(const struct stream_terms *t) { return t->keys != DETAIL_NONE || t->pointer != POINTER_NONE || t->scroll; }

int permit_terms(struct permit_policy *p, const struct stream_terms *wanted, struct stream_terms *granted)
{
	int error = settings_load(p->path, true, &p->settings, &p->problem);
	if (error)
		return error == ERROR_DENIED ? ERROR_INVALID : error;
	if (p->settings.forbid)
		return ERROR_DENIED;
	*granted = *wanted;
	reduce(&p->settings, granted);
	/* Who wants nothing only asks whether it would be served (assent doctor). */
	return wants(granted) || !wants(wanted) ? 0 : ERROR_DENIED;
}
