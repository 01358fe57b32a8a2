/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small inputs for fuzz_libassent into FOLDER: libassent_seed tests/fuzz/corpus/libassent. To be run again when the format changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../agent/format/sealed.h"
#include "../../agent/format/record.h"
#include "../format/sample.h"

static const char *folder;

static void must(bool good)
{
	if (!good)
		abort();
}

static void save(const char *name, const struct bytes *b)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	must(f && fwrite(b->data, 1, b->length, f) == b->length && fclose(f) == 0);
}

static void put(uint8_t type, const struct bytes *content, const struct bytes *lanes, struct bytes *out)
{
	must(content->length <= UINT16_MAX && lanes->length <= UINT16_MAX);
	bytes_put_u8(out, type);
	bytes_put_u16(out, (uint16_t)content->length);
	bytes_put_u16(out, (uint16_t)lanes->length);
	bytes_put(out, content->data, content->length);
	bytes_put(out, lanes->data, lanes->length);
}

/* A block of so many rows, in either coding. */
static void block(struct sample *s, bool desk, bool sealed, unsigned rows, struct bytes *out)
{
	struct segment_meta meta = sample_meta();
	struct columns c = {.mono_base = meta.mono_us, .utc_base = meta.t_us};
	struct device_list devices = {0};
	struct numbers scratch = {0}, cuts = {0};
	struct bytes content = {0}, lanes = {0};
	struct event event;
	device_list_set(&devices, 1, DEVICE_MOUSE);
	for (unsigned i = 0; i < rows; i++) {
		if (desk)
			sample_desk(s, i, &event);
		else
			sample_event(s, &event);
		must(columns_add(&c, &event) == 0);
	}
	if (sealed) {
		struct sealed_writer *w = sealed_writer_new();
		must(w && sealed_encode(w, &c, &devices, &content, &lanes) == 0);
		sealed_writer_free(w);
	} else {
		must(columns_encode(&c, &devices, &scratch, &content, &cuts) == 0);
	}
	put(sealed ? RECORD_SEALED : RECORD_BLOCK, &content, &lanes, out);
	columns_release(&c);
	numbers_release(&scratch);
	numbers_release(&cuts);
	bytes_release(&content);
	bytes_release(&lanes);
}

static void footer(unsigned blocks, unsigned rows, struct bytes *out)
{
	struct bytes content = {0}, none = {0};
	bytes_put_varint(&content, blocks);
	bytes_put_varint(&content, rows);
	bytes_put_varint(&content, 0);
	put(RECORD_FOOTER, &content, &none, out);
	bytes_release(&content);
}

int main(int argc, char **argv)
{
	struct bytes out = {0};
	char name[32];
	if (argc != 2) {
		fprintf(stderr, "usage: libassent_seed FOLDER\n");
		return 2;
	}
	folder = argv[1];
	mkdir(folder, 0755);
	for (unsigned i = 0; i < 8; i++) {
		bool desk = i & 1, sealed = i & 2;
		unsigned rows = i & 4 ? 100 : 5;
		struct sample s = {.state = i};
		bytes_clear(&out);
		bytes_put_u8(&out, 1);
		block(&s, desk, sealed, rows, &out);
		/* One of the other coding, so that one finds what the other left. */
		block(&s, desk, !sealed, 3, &out);
		footer(2, rows + 3, &out);
		snprintf(name, sizeof name, "%s-%s-%u", sealed ? "sealed" : "journal", desk ? "desk" : "any", rows);
		save(name, &out);
	}
	bytes_release(&out);
	return 0;
}
