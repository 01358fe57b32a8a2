/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy of this machine lets the broker hand out; it is read at each hello, and again when it changes. */
#ifndef ASSENT_PERMIT_H
#define ASSENT_PERMIT_H

#include "../base/settings.h"
#include "../base/stream.h"

struct permit_policy {
	const char *path;
	int inotify;
	struct settings settings;
	struct config_error problem;
};

/* path is kept, not copied. ERROR_IO: changes of it could not be seen; errno. */
int permit_open(struct permit_policy *p, const char *path);
void permit_close(struct permit_policy *p);
/* p->inotify is readable: the policy may be another one. */
void permit_handle(struct permit_policy *p);

/* Reads the policy; then what is granted of what is wanted: at most what its capture has, and key codes only with its "evdev_keys:
 * code". Who wants nothing is granted that. ERROR_DENIED: all capture is forbidden, or nothing of what is wanted is left; else it cannot be
 * trusted, and p->problem says why. */
int permit_terms(struct permit_policy *p, const struct stream_terms *wanted, struct stream_terms *granted);

#endif
