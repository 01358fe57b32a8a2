/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small inputs for the fuzzers of the format into FOLDER/segment, FOLDER/block, FOLDER/sealed and FOLDER/wire. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sample.h"
#include "../../agent/error.h"
#include "../../agent/format/columns.h"
#include "../../agent/format/sealed.h"
#include "../../agent/format/wire.h"

static const char *folder;

static void save(const char *fuzzer, const char *name, const uint8_t *data, size_t length)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, fuzzer);
	mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/%s/%s", folder, fuzzer, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, length, f) != length || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void make(struct sample *s, bool desk, unsigned n, struct event *event)
{
	if (desk)
		sample_desk(s, n, event);
	else
		sample_event(s, event);
}

static int segments(bool desk, bool seal, unsigned count, unsigned block, const char *name, const char *torn)
{
	struct sample s = {.state = 11};
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct bytes out = {0};
	struct event event;
	int error = segment_writer_new(&meta, sample_key, 3, &out, &w);
	if (error)
		return error;
	if (seal)
		segment_writer_seal(w);
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	for (unsigned i = 0; i < count && !error; i++) {
		make(&s, desk, i, &event);
		error = segment_writer_add(w, &event);
		if (!error && segment_writer_waiting(w) == block)
			error = segment_writer_flush(w, SAMPLE_WRITTEN, &out);
	}
	if (!error)
		error = segment_writer_finish(w, SAMPLE_WRITTEN, &out);
	if (!error) {
		save("segment", name, out.data, out.length);
		save("segment", torn, out.data, out.length * 3 / 4);
	}
	segment_writer_free(w);
	bytes_release(&out);
	return error;
}

static int blocks_and_messages(bool desk, unsigned count, const char *name)
{
	struct sample s = {.state = 12};
	struct columns c = {.mono_base = 5000000, .utc_base = 1700000000000000};
	struct device_list devices = {0};
	struct numbers scratch = {0}, cuts = {0};
	struct bytes out = {0}, message = {0};
	struct wire_encoder e;
	struct event event;
	int error = 0;
	wire_encoder_reset(&e);
	device_list_set(&devices, 1, DEVICE_MOUSE);
	wire_put_device(1, DEVICE_MOUSE, &message);
	for (unsigned i = 0; i < count && !error; i++) {
		make(&s, desk, i, &event);
		wire_put_event(&e, &event, &message);
		error = columns_add(&c, &event);
	}
	if (!error)
		error = columns_encode(&c, &devices, &scratch, &out, &cuts);
	if (!error) {
		save("block", name, out.data, out.length);
		save("wire", name, message.data, message.length);
	}
	columns_release(&c);
	numbers_release(&scratch);
	numbers_release(&cuts);
	bytes_release(&out);
	bytes_release(&message);
	return error;
}

static int sealed(enum sample_wild wild, unsigned count, const char *name)
{
	struct sample s = {.state = 13};
	struct columns c = {.mono_base = 5000000, .utc_base = 1700000000000000};
	struct device_list devices = {0};
	struct bytes head = {0}, lanes = {0}, out = {0};
	struct sealed_writer *w = sealed_writer_new();
	struct event event;
	int error = w ? 0 : ERROR_MEMORY;
	for (unsigned i = 0; i < count && !error; i++) {
		sample_wild(wild, &s, i, &event);
		error = columns_add(&c, &event);
	}
	if (!error)
		error = sealed_encode(w, &c, &devices, &head, &lanes);
	if (!error) {
		bytes_put_u32(&out, (uint32_t)head.length);
		bytes_put(&out, head.data, head.length);
		bytes_put(&out, lanes.data, lanes.length);
		save("sealed", name, out.data, out.length);
	}
	sealed_writer_free(w);
	columns_release(&c);
	bytes_release(&head);
	bytes_release(&lanes);
	bytes_release(&out);
	return error;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: format_seed FOLDER\n");
		return 2;
	}
	folder = argv[1];
	mkdir(folder, 0755);
	int error = segments(true, false, 0, 1, "empty", "torn-header");
	if (!error)
		error = segments(true, false, 60, 20, "desk", "torn-desk");
	if (!error)
		error = segments(false, false, 40, 25, "any", "torn-any");
	if (!error)
		error = segments(true, true, 60, 30, "sealed", "torn-sealed");
	if (!error)
		error = blocks_and_messages(true, 60, "desk");
	if (!error)
		error = blocks_and_messages(false, 30, "any");
	if (!error)
		error = blocks_and_messages(false, 1, "one");
	if (!error)
		error = sealed(SAMPLE_DESK, 200, "desk");
	if (!error)
		error = sealed(SAMPLE_ANY, 40, "any");
	if (!error)
		error = sealed(SAMPLE_SCREEN, 400, "screen");
	if (!error)
		error = sealed(SAMPLE_TOUCHPAD, 60, "touchpad");
	if (!error)
		error = sealed(SAMPLE_EXTREME, 1, "one");
	return error != 0;
}
