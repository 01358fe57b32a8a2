/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.json of the version before: whatever the bytes, refused or something that can be followed; names that are removed stay in their folder. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/dataset/dataset.h"
#include "../../agent/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dataset before, next = {.format = "csv"};
	int line;
	bool changed;
	/* fmemopen of no bytes is an error of its own. */
	FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (!f)
		return 0;
	int e = dataset_parse(f, &before, &line);
	fclose(f);
	if (e && e != ERROR_INVALID && e != ERROR_MEMORY)
		abort();
	if (e == 0) {
		if (before.version < 1 || !before.format[0])
			abort();
		for (int i = 0; i < before.files; i++)
			if (strchr(before.file[i].name, '/') || before.file[i].name[0] == '.' || !before.file[i].name[0])
				abort();
		/* Nothing of it is left: each of its segments was removed, once. */
		if (dataset_follow(&next, &before, &changed) == 0 && next.removeds != before.segments)
			abort();
		for (int i = 0; i < before.segments; i++)
			dataset_tombstoned(&before, &before.segment[i].at);
	}
	dataset_release(&next);
	dataset_release(&before);
	return 0;
}
