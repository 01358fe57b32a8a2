/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../store/locked.h"
#include "inside.h"

/* Structures as they were first: no caller has smaller ones. */
enum {
	META_FIRST = offsetof(struct assent_meta, mono_us) + sizeof(int64_t),
	EVENT_FIRST = offsetof(struct assent_event, reserved) + 4
};

/* Gives out as much of a structure as the caller has room for; what the caller has and we do not know is 0. */
static void give(void *to, size_t size, const void *from, size_t known)
{
	memcpy(to, from, size < known ? size : known);
	if (size > known)
		memset((char *)to + known, 0, size - known);
}

/* ---- Opening. data is freed with the reader if own is. ---- */

static int begin(const uint8_t *data, size_t length, uint8_t *own, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader)
{
	int error = ERROR_MEMORY;
	struct assent_reader *r = calloc(1, sizeof *r);
	if (!r) {
		free(own);
		return ERROR_MEMORY;
	}
	r->data = data;
	r->length = length;
	r->own = own;
	r->from_us = INT64_MIN;
	r->key = locked_new(ASSENT_KEY_BYTES);
	if (!r->key)
		goto out;
	memcpy(r->key, key, ASSENT_KEY_BYTES);
	error = segment_reader_new(data, length, r->key, &r->segment);
out:
	if (error)
		assent_close(r);
	else
		*reader = r;
	return error;
}

int assent_open_memory(const void *data, size_t length, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader)
{
	*reader = NULL;
	if (!key || (!data && length))
		return ERROR_INVALID;
	return begin(data, length, NULL, key, reader);
}

int assent_open_fd(int fd, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader)
{
	uint8_t *data;
	size_t length;
	*reader = NULL;
	if (!key)
		return ERROR_INVALID;
	int error = input_read(fd, &data, &length);
	return error ? error : begin(data, length, data, key, reader);
}

int assent_open_path(const char *path, const uint8_t key[ASSENT_KEY_BYTES], struct assent_reader **reader)
{
	struct stat st;
	*reader = NULL;
	/* Not blocking: a pipe of that name must not hold up whoever walks through a folder of segments. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return ERROR_IO;
	int error = ERROR_IO;
	if (fstat(fd, &st) == 0)
		error = S_ISREG(st.st_mode) ? assent_open_fd(fd, key, reader) : ERROR_INVALID;
	int saved = errno;
	close(fd);
	errno = saved;
	return error;
}

void assent_close(struct assent_reader *r)
{
	if (!r)
		return;
	segment_reader_free(r->segment);
	words_release(r);
	locked_free(r->key);
	free(r->own);
	free(r);
}

int assent_read_meta(const struct assent_reader *r, struct assent_meta *meta, size_t size)
{
	const struct segment_meta *m = segment_reader_meta(r->segment);
	if (size < META_FIRST)
		return ERROR_INVALID;
	struct assent_meta out = {.study = m->study, .epoch = m->epoch, .participant = m->participant, .segment = m->segment,
		.t_us = m->t_us, .mono_us = m->mono_us};
	memcpy(out.receipt_hash, m->receipt_hash, sizeof out.receipt_hash);
	memcpy(out.policy_hash, m->policy_hash, sizeof out.policy_hash);
	memcpy(out.boot_id, m->boot_id, sizeof out.boot_id);
	give(meta, size, &out, sizeof out);
	return 0;
}

/* The cipher only goes forward: to go back is to begin anew. */
int assent_seek(struct assent_reader *r, int64_t t_us)
{
	struct segment_reader *again;
	int error = segment_reader_new(r->data, r->length, r->key, &again);
	if (error)
		return error;
	segment_reader_free(r->segment);
	segment_reader_from(again, t_us);
	r->segment = again;
	r->from_us = t_us;
	r->block = NULL;
	words_forget(r);
	return 0;
}

/* ---- Rows ---- */

static int go_on(struct assent_reader *r)
{
	words_forget(r);
	memset(&r->cursor, 0, sizeof r->cursor);
	r->block = NULL;
	return segment_reader_block(r->segment, &r->block);
}

int assent_next_block(struct assent_reader *r, uint32_t *rows)
{
	int status = go_on(r);
	*rows = status == 1 ? r->block->rows : 0;
	return status;
}

static void give_event(const struct event *e, struct assent_event *event, size_t size)
{
	struct assent_event out = {.t_us = e->t_us, .mono_us = e->mono_us, .end_us = e->end_us, .text = e->has & HAS_TEXT ? e->text : NULL,
		.app = e->app, .title = e->title, .has = e->has, .x = e->x, .y = e->y, .dx = e->dx, .dy = e->dy, .lost = e->lost,
		.device = e->device, .code = e->code, .scroll_x = e->scroll_x, .scroll_y = e->scroll_y, .kind = e->kind,
		.key_class = e->key_class, .reason = e->reason, .synthetic = e->synthetic};
	give(event, size, &out, sizeof out);
}

int assent_next(struct assent_reader *r, struct assent_event *event, size_t size)
{
	int status = 1;
	if (size < EVENT_FIRST)
		return ERROR_INVALID;
	while (status == 1) {
		while (r->block && columns_next(r->block, &r->cursor, &r->event))
			if (r->event.t_us >= r->from_us) {
				give_event(&r->event, event, size);
				return 1;
			}
		status = go_on(r);
	}
	return status;
}

int assent_was_cut(const struct assent_reader *r) { return segment_reader_was_cut(r->segment); }

int assent_device_class(const struct assent_reader *r, int device)
{
	return device < INT16_MIN || device > INT16_MAX ? ASSENT_DEVICE_OTHER : (int)segment_reader_device(r->segment, (int16_t)device);
}
