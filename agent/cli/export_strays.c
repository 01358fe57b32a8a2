/* SPDX-License-Identifier: Apache-2.0 */
/* hive_strays(): tells of files that no version names. They may be what a broken-off change left, with rows that come in again beside them; or somebody's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "export_hive.h"

enum { TOLD_MAX = 20 };

static void tell(void *user, const char *path)
{
	struct hive *h = user;
	if (h->x->strays++ >= TOLD_MAX)
		return;
	recipient_progress_end(h->x);
	cli_complain("%s/%s: no version of the dataset names it", h->x->q->out, path);
}

static int by_place(const void *a, const void *b) { return dataset_compare(a, b); }

static int add(struct dataset_place **list, int *count, const char *study, const char *participant)
{
	void *array = hive_room(*list, *count, sizeof **list);
	if (!array)
		return recipient_no_memory();
	*list = array;
	struct dataset_place *p = &(*list)[(*count)++];
	memset(p, 0, sizeof *p);
	snprintf(p->study, sizeof p->study, "%s", study);
	snprintf(p->participant, sizeof p->participant, "%s", participant);
	return EXIT_DONE;
}

/* Of whom something may be added or removed: so what it costs is of what is new. */
static int people(struct hive *h, struct dataset_place **list, int *count)
{
	const struct recipient *x = h->x;
	int result = EXIT_DONE, n = 0;
	*list = NULL;
	*count = 0;
	for (int i = 0; i < x->in.segments && !result; i++) {
		const struct dataset_place *at = &x->in.segment[i].at, *last = i ? &x->in.segment[i - 1].at : NULL;
		if (!last || strcmp(last->participant, at->participant) != 0 || strcmp(last->study, at->study) != 0)
			result = add(list, count, at->study, at->participant);
	}
	for (int i = 0; x->before && i < x->before->participants && !result; i++)
		if (x->before->participant[i].loaded)
			result = add(list, count, x->before->participant[i].study, x->before->participant[i].participant);
	if (*count)
		qsort(*list, (size_t)*count, sizeof **list, by_place);
	for (int i = 0; i < *count; i++)
		if (n == 0 || dataset_compare(&(*list)[n - 1], &(*list)[i]) != 0)
			(*list)[n++] = (*list)[i];
	*count = n;
	return result;
}

int hive_strays(struct hive *h)
{
	struct dataset_place *list = NULL;
	int count = 0, result = h->x->q->append ? people(h, &list, &count) : EXIT_DONE;
	if (!result && (!h->x->q->append || count))
		grow_strays(&h->grow, list, count, tell, h);
	free(list);
	if (!result && h->x->strays > TOLD_MAX)
		cli_complain("and %d more", h->x->strays - TOLD_MAX);
	if (!result && h->x->strays)
		cli_complain("%s: a change that was broken off, and its .assent-work deleted, leaves such files; or they are somebody's own. Readers of the folder take them for rows of the "
			"dataset, which may then be there twice: look at them, and move them elsewhere or delete them", h->x->q->out);
	return result;
}
