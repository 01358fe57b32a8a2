/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.json of the version before, and descriptions of participants: whatever the bytes, refused or something that can be followed; names that are removed
 * stay in their folder. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/dataset/dataset.h"
#include "../../agent/dataset/hive.h"
#include "../../agent/error.h"

static void description(const uint8_t *data, size_t size)
{
	struct dataset d;
	int line;
	FILE *f = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!f)
		return;
	int e = dataset_parse_description(f, "study-a", "00112233445566778899aabbccddeeff", &d, &line);
	fclose(f);
	if (e && e != ERROR_INVALID && e != ERROR_MEMORY)
		abort();
	for (int i = 0; e == 0 && i < d.files; i++)
		if (strstr(d.file[i].name, "..") || strncmp(d.file[i].name, "events/study=study-a/", 21) != 0)
			abort();
	dataset_sum(&d);
	dataset_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dataset before, next = {.format = "csv"};
	int line;
	bool changed;
	/* fmemopen of no bytes is an error of its own. */
	FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (!f)
		return 0;
	description(data, size);
	int e = dataset_parse(f, &before, &line);
	fclose(f);
	if (e && e != ERROR_INVALID && e != ERROR_MEMORY)
		abort();
	if (e == 0) {
		if (before.version < 1 || !before.format[0])
			abort();
		for (int i = 0; i < before.files; i++) {
			const struct dataset_file *x = &before.file[i];
			struct hive_path parts;
			if (strstr(x->name, "..") || x->name[0] == '.' || x->name[0] == '/' || !x->name[0] || (strchr(x->name, '/') && hive_parse(x->name, &parts)))
				abort();
			for (int k = 0; k < x->members; k++)
				if (!memchr(before.member[x->first + k].segment, 0, sizeof before.member[0].segment))
					abort();
		}
		for (int i = 0; i < before.pendings; i++) {
			struct hive_path parts;
			if (hive_parse(before.pending[i].file, &parts))
				abort();
		}
		/* Nothing of it is left: each of its segments was removed, once. */
		if (dataset_follow(&next, &before, &changed) == 0 && next.removeds != before.segments)
			abort();
		for (int i = 0; i < before.participants; i++)
			if (before.participant[i].description[0] && !hive_is_description_of(before.participant[i].description, before.participant[i].study,
			    before.participant[i].participant))
				abort();
		dataset_sum(&before);
		for (int i = 0; i < before.segments; i++)
			dataset_tombstoned(&before, &before.segment[i].at);
	}
	dataset_release(&next);
	dataset_release(&before);
	return 0;
}
