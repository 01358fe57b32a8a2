/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *speaker = "assent";
static bool verbose;

void log_name(const char *name)
{
	char role[16];
	speaker = name;
	/* ps and the command see who is who, too: "assentd[writer]" is 15 characters, which is all there is room for. */
	snprintf(role, sizeof role, "%.15s", name);
	prctl(PR_SET_NAME, role);
}
void log_verbose(bool on) { verbose = on; }

static void line(int priority, const char *label, const char *format, va_list args)
{
	/* One write a line, so that the lines of several processes do not mix. */
	char text[1024];
	int saved = errno;
	int n = 0;
	if (getenv("JOURNAL_STREAM"))
		n = snprintf(text, sizeof text, "<%d>", priority);
	n += snprintf(text + n, sizeof text - (size_t)n, "%s: %s", speaker, label);
	int m = vsnprintf(text + n, sizeof text - (size_t)n - 1, format, args);
	if (m < 0)
		m = 0;
	n += m;
	if (n > (int)sizeof text - 2)
		n = (int)sizeof text - 2;
	text[n++] = '\n';
	ssize_t ignored = write(STDERR_FILENO, text, (size_t)n);
	(void)ignored;
	errno = saved;
}

#define DEFINE(name, priority, label, when) \
	void name(const char *format, ...) \
	{ \
		if (!(when)) \
			return; \
		va_list args; \
		va_start(args, format); \
		line(priority, label, format, args); \
		va_end(args); \
	}

DEFINE(log_error, 3, "error: ", true)
DEFINE(log_warn, 4, "warning: ", true)
DEFINE(log_info, 6, "", true)
DEFINE(log_debug, 7, "debug: ", verbose)
