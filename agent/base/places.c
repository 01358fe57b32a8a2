/* SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"

/* The specification of the XDG directories says that a relative path is to be ignored. */
static const char *absolute(const char *variable)
{
	const char *v = getenv(variable);
	return v && *v == '/' ? v : NULL;
}

static int join(char out[PLACE_MAX], const char *directory, const char *name)
{
	int n = snprintf(out, PLACE_MAX, "%s/%s", directory, name);
	return n < 0 || n >= PLACE_MAX ? ERROR_LIMIT : 0;
}

/* $VARIABLE/assent, or ~/FALLBACK/assent. */
static int xdg(const char *variable, const char *fallback, char out[PLACE_MAX])
{
	char base[PLACE_MAX];
	const char *v = absolute(variable), *home = absolute("HOME");
	if (v)
		return join(out, v, "assent");
	if (!home) {
		errno = 0;
		const struct passwd *p = getpwuid(getuid());
		home = p ? p->pw_dir : NULL;
	}
	if (!home || *home != '/') {
		if (!errno)
			errno = ENOENT;
		return ERROR_IO;
	}
	int r = join(base, home, fallback);
	return r ? r : join(out, base, "assent");
}

/* As the user gave it, made absolute, without slashes at the end. */
static int given(const char *path, char out[PLACE_MAX])
{
	char here[PLACE_MAX] = "";
	if (!*path) {
		errno = ENOENT;
		return ERROR_IO;
	}
	if (*path != '/' && !getcwd(here, sizeof here))
		return errno == ERANGE ? ERROR_LIMIT : ERROR_IO;
	int n = snprintf(out, PLACE_MAX, "%s%s%s", here, *path == '/' ? "" : "/", path);
	if (n < 0 || n >= PLACE_MAX)
		return ERROR_LIMIT;
	while (n > 1 && out[n - 1] == '/')
		out[--n] = 0;
	return 0;
}

int places_find(const char *data, const char *config, struct places *p)
{
	char usual[PLACE_MAX], directory[PLACE_MAX];
	int r, no_usual = xdg("XDG_DATA_HOME", ".local/share", usual);
	if (data)
		r = given(data, p->data);
	else if ((r = no_usual) == 0)
		memcpy(p->data, usual, sizeof usual);
	if (r)
		return r;
	if (config)
		r = given(config, p->config);
	else if ((r = xdg("XDG_CONFIG_HOME", ".config", directory)) == 0)
		r = join(p->config, directory, "assent.yaml");
	if (r || (r = join(p->spool, p->data, "spool")) || (r = join(p->studies, p->data, "studies")) ||
	    (r = join(p->ledger, p->data, "ledger.jsonl")) || (r = join(p->identity, p->data, "identity")) ||
	    (r = join(p->secrets, p->data, "secrets")) ||
	    (r = join(p->mark, p->data, "private")))
		return r;
	memcpy(p->policy, "/etc/assent/policy.yaml", sizeof "/etc/assent/policy.yaml");
	/* Data in another place have another agent: it must not answer for the usual one. */
	const char *runtime = absolute("XDG_RUNTIME_DIR");
	if (!runtime || no_usual || strcmp(p->data, usual) != 0)
		return join(p->control, p->data, "control");
	r = join(directory, runtime, "assent");
	return r ? r : join(p->control, directory, "control");
}

int places_make(const char *directory)
{
	char path[PLACE_MAX];
	size_t n = strlen(directory);
	struct stat st;
	if (n == 0 || n >= sizeof path)
		return ERROR_LIMIT;
	memcpy(path, directory, n + 1);
	for (char *p = path + 1;; p++) {
		if (*p && *p != '/')
			continue;
		char c = *p;
		*p = 0;
		/* Whatever hinders it, if it is there: nothing. */
		int why = mkdir(path, 0700) ? errno : 0;
		if (why && why != EEXIST && stat(path, &st)) {
			errno = why;
			return ERROR_IO;
		}
		*p = c;
		if (!c)
			break;
	}
	if (stat(directory, &st))
		return ERROR_IO;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return ERROR_IO;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		errno = EPERM;
		return ERROR_DENIED;
	}
	return 0;
}
