/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that nobody made with care, as Parquet and Arrow: every field is taken from the input, words that are no UTF-8 among them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../agent/dataset/table.h"
#include "../../agent/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input { const uint8_t *at; size_t left; };

/* What is missing is 0. */
static void take(struct input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;
	memset(to, 0, size);
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

static void word(struct input *in, char *to, size_t max)
{
	uint8_t n;
	take(in, &n, 1);
	memset(to, 0, max + 1);
	take(in, to, n < max ? n : max);
	to[max] = 0;
}

static void next(struct input *in, struct segment_meta *meta, struct event *e, char *app, char *title)
{
	uint8_t what, repeat;
	take(in, &what, 1);
	take(in, &repeat, 1);
	/* Half of the rows are like the one before it but for the times. */
	if (what & 1) {
		e->t_us += repeat;
		e->mono_us += repeat;
		return;
	}
	take(in, &e->has, sizeof e->has);
	take(in, &e->kind, 1);
	take(in, &e->key_class, 1);
	take(in, &e->reason, 1);
	take(in, &e->mono_us, 8);
	take(in, &e->t_us, 8);
	take(in, &e->end_us, 8);
	take(in, &e->x, 4);
	take(in, &e->y, 4);
	take(in, &e->lost, 4);
	take(in, &e->dx, 4);
	take(in, &e->dy, 4);
	take(in, &e->device, 2);
	take(in, &e->code, 2);
	take(in, &e->scroll_x, 2);
	take(in, &e->scroll_y, 2);
	e->synthetic = what & 2;
	word(in, e->text, EVENT_TEXT_MAX);
	word(in, app, EVENT_APP_MAX);
	word(in, title, EVENT_TITLE_MAX);
	e->app = what & 4 ? NULL : app;
	e->title = what & 8 ? NULL : title;
	if (what & 16)
		word(in, meta->segment, sizeof meta->segment - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (int format = 0; format < TABLE_FORMATS; format++) {
		struct input in = {data, size};
		struct segment_meta meta = {.study = "s"};
		struct event e = {0};
		struct table *t;
		struct table_stats stats;
		char app[EVENT_APP_MAX + 1] = "", title[EVENT_TITLE_MAX + 1] = "";
		uint64_t rows = 0;
		if (fd < 0 || table_new((enum table_format)format, fd, size & 1, &t))
			abort();
		while (in.left) {
			next(&in, &meta, &e, app, title);
			int error = table_row(t, &meta, &e);
			if (error && error != ERROR_INVALID)
				abort();
			rows += error == 0;
		}
		if (table_finish(t, &stats) || stats.rows != rows)
			abort();
		table_free(t);
	}
	close(fd);
	return 0;
}
