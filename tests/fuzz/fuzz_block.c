/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "../../agent/error.h"
#include "../../agent/format/columns.h"

static bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The content of a block, as it is behind all checksums. What is read can be written, and is then read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct columns c = {.mono_base = 1000}, again = c;
	struct device_list devices = {0}, none = {0};
	struct cursor at = {0}, at_again = {0};
	struct numbers scratch = {0}, cuts = {0};
	struct bytes out = {0};
	struct event event, copy;
	if (columns_decode(&c, data, size, &devices) || c.rows > 4096)
		goto out;
	while (columns_next(&c, &at, &event))
		if (columns_add(&again, &event))
			abort();
	if (columns_encode(&again, &none, &scratch, &out, &cuts) || columns_decode(&again, out.data, out.length, &none))
		abort();
	if (again.rows != c.rows || again.t_first != c.t_first || again.t_last != c.t_last || again.mono_last != c.mono_last)
		abort();
	at = (struct cursor){0};
	while (columns_next(&c, &at, &event)) {
		if (!columns_next(&again, &at_again, &copy) || !same_string(event.app, copy.app)
		    || !same_string(event.title, copy.title))
			abort();
		event.app = event.title = copy.app = copy.title = NULL;
		if (memcmp(&event, &copy, sizeof event) != 0)
			abort();
	}
out:
	columns_release(&c);
	columns_release(&again);
	numbers_release(&scratch);
	numbers_release(&cuts);
	bytes_release(&out);
	return 0;
}
