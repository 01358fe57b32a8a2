/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the segments of tests/format/golden anew: format_golden FOLDER. They are kept, since no two runs give the same bytes; to be made anew
 * when the format changes, and then golden.txt is to be looked through. All under the key of the bytes 0 to 31.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "forge.h"
#include "format_golden.h"
#include "sample.h"
#include "../../agent/format/pack.h"

enum { BLOCK = 20, BLOCKS = 3 };

const char *golden_folder;
static size_t ends[BLOCKS + 2];          /* of the header's record, of each block, of all */

void golden_save(const char *name, const uint8_t *data, size_t length)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.seg", golden_folder, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, length, f) != length || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void must(bool good)
{
	if (!good)
		abort();
}

static void desk(struct bytes *out)
{
	struct sample s = {.state = 11};
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct event event;
	bytes_clear(out);
	must(segment_writer_new(&meta, sample_key, 3, out, &w) == 0);
	ends[0] = out->length;
	segment_writer_device(w, 0, DEVICE_KEYBOARD);
	for (unsigned i = 0; i < BLOCK * BLOCKS; i++) {
		sample_desk(&s, i, &event);
		must(segment_writer_add(w, &event) == 0);
		if ((i + 1) % BLOCK == 0) {
			must(segment_writer_flush(w, SAMPLE_WRITTEN + i * 1000000, out) == 0);
			ends[(i + 1) / BLOCK] = out->length;
		}
	}
	must(segment_writer_finish(w, SAMPLE_WRITTEN + 60000000, out) == 0);
	ends[BLOCKS + 1] = out->length;
	segment_writer_free(w);
}

static void any(void)
{
	struct sample s = {.state = 11};
	struct segment_meta meta = sample_meta();
	struct segment_writer *w;
	struct event event;
	struct bytes out = {0};
	must(segment_writer_new(&meta, sample_key, 3, &out, &w) == 0);
	for (unsigned i = 0; i < 40; i++) {
		sample_event(&s, &event);
		must(segment_writer_add(w, &event) == 0);
		if (i % 25 == 24)
			must(segment_writer_flush(w, SAMPLE_WRITTEN, &out) == 0);
	}
	must(segment_writer_finish(w, SAMPLE_WRITTEN, &out) == 0);
	golden_save("any", out.data, out.length);
	segment_writer_free(w);
	bytes_release(&out);
}

/* One good block of the desk, decrypted. */
static void first_block(const struct bytes *b, struct bytes *plain)
{
	struct cipher *c;
	struct record record;
	bool last;
	must(cipher_new_opening(sample_key, b->data + RECORD_PRELUDE_BYTES, &c) == 0);
	struct bytes_reader in = {b->data + RECORD_PRELUDE_BYTES + CIPHER_HEADER, b->data + b->length, false};
	must(record_get(&in, 0, &record) == 0 && cipher_get(c, &record, b->data, plain, &last) == 0);
	must(record_get(&in, 1, &record) == 0 && cipher_get(c, &record, NULL, plain, &last) == 0);
	cipher_free(c);
}

static void finish(struct forge *f, const char *name)
{
	golden_save(name, f->out.data, f->out.length);
	forge_release(f);
}

static void end(struct forge *f, uint64_t blocks, uint64_t events)
{
	struct bytes content = {0};
	forge_footer_content(blocks, events, &content);
	forge_content(f, RECORD_FOOTER, true, NULL, 0, content.data, content.length);
	bytes_release(&content);
}

static void forged(const struct bytes *b)
{
	struct forge f;
	struct bytes plain = {0}, content = {0};
	static const uint8_t lead[20] = {1};
	first_block(b, &plain);
	forge_begin(&f, true);
	forge_plain(&f, RECORD_OPTIONAL, false, "later", 5);
	forge_plain(&f, RECORD_BLOCK, false, plain.data, plain.length);
	forge_plain(&f, 255, false, NULL, 0);
	end(&f, 1, BLOCK);
	finish(&f, "optional-records");
	forge_begin(&f, true);
	forge_plain(&f, 100, false, plain.data, plain.length);
	end(&f, 0, 0);
	finish(&f, "unknown-record");
	forge_begin(&f, false);
	forge_header_content(&content);
	bytes_put(&content, "more of a later version", 23);
	forge_content(&f, RECORD_HEADER, false, NULL, 0, content.data, content.length);
	forge_plain(&f, RECORD_BLOCK, false, plain.data, plain.length);
	forge_footer_content(1, BLOCK, &content);
	bytes_put(&content, "more", 4);
	forge_content(&f, RECORD_FOOTER, true, NULL, 0, content.data, content.length);
	finish(&f, "longer-header-and-footer");
	forge_begin(&f, true);
	forge_plain(&f, RECORD_BLOCK, false, plain.data, plain.length);
	end(&f, 1, BLOCK + 1);
	finish(&f, "footer-counts-wrong");
	forge_begin(&f, true);
	forge_plain(&f, RECORD_BLOCK, true, plain.data, plain.length);
	finish(&f, "final-tag-on-block");
	forge_begin(&f, true);
	forge_footer_content(0, 0, &content);
	forge_content(&f, RECORD_FOOTER, false, NULL, 0, content.data, content.length);
	finish(&f, "footer-not-final");
	forge_begin(&f, true);
	plain.data[0]++;
	forge_plain(&f, RECORD_BLOCK, false, plain.data, plain.length);
	plain.data[0]--;
	end(&f, 1, BLOCK);
	finish(&f, "rows-in-front-wrong");
	forge_begin(&f, true);
	plain.data[plain.length - 1] = 1;
	forge_plain(&f, RECORD_BLOCK, false, plain.data, plain.length);
	end(&f, 1, BLOCK);
	finish(&f, "padding-not-zero");
	forge_begin(&f, true);
	forge_content(&f, RECORD_BLOCK, false, lead, sizeof lead, "\x01\x10\x00", 3);
	end(&f, 1, 1);
	finish(&f, "block-without-columns");
	forge_begin(&f, true);
	forge_frame(&f, RECORD_BLOCK, false, lead, sizeof lead, "\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00x", 10);
	end(&f, 1, 1);
	finish(&f, "frame-without-checksum");
	forge_begin(&f, true);
	forge_header_content(&content);
	forge_content(&f, RECORD_HEADER, false, NULL, 0, content.data, content.length);
	finish(&f, "two-headers");
	forge_begin(&f, false);
	end(&f, 0, 0);
	finish(&f, "no-header");
	bytes_release(&plain);
	bytes_release(&content);
}

static void cuts(const struct bytes *b)
{
	struct bytes out = {0};
	struct segment_frame frame;
	bytes_put(&out, b->data, ends[0]);
	must(segment_cut(sample_meta().t_us, SAMPLE_WRITTEN, 1, &out) == 0);
	golden_save("cut-without-events", out.data, out.length);
	bytes_clear(&out);
	bytes_put(&out, b->data, ends[2]);
	must(segment_frame(out.data, out.length, &frame) == 0);
	must(segment_cut(frame.last_t_us, frame.last_t_us + 90000000, frame.records, &out) == 0);
	golden_save("cut", out.data, out.length);
	size_t whole = out.length;
	out.data[whole - 1] = 1;
	uint8_t name[RECORD_NAME_BYTES];
	memcpy(name, out.data + ends[2] + RECORD_CHECK_BYTES, sizeof name);
	record_seal(out.data + ends[2], name, whole - ends[2] - RECORD_HEAD_BYTES);
	golden_save("cut-with-something-in-it", out.data, out.length);
	bytes_clear(&out);
	bytes_put(&out, b->data, ends[2]);
	must(segment_cut(frame.last_t_us, frame.last_t_us, frame.records + 1, &out) == 0);
	golden_save("cut-with-wrong-number", out.data, out.length);
	bytes_clear(&out);
	bytes_put(&out, b->data, b->length);
	must(segment_cut(frame.last_t_us, frame.last_t_us, BLOCKS + 2, &out) == 0);
	golden_save("cut-behind-footer", out.data, out.length);
	bytes_release(&out);
}

static void other_prelude(const struct bytes *b, uint8_t version, uint8_t compatible, uint8_t incompatible, const char *name)
{
	struct bytes other = {0};
	uint8_t check[8];
	bytes_put(&other, b->data, b->length);
	other.data[8] = version;
	other.data[12] = compatible;
	other.data[14] = incompatible;
	crypto_shorthash(check, other.data, 16, (const uint8_t *)"assent segment 1");
	memcpy(other.data + 16, check, sizeof check);
	golden_save(name, other.data, other.length);
	bytes_release(&other);
}

/* Bytes of a good one, changed. */
static void damaged(struct bytes *b)
{
	struct bytes other = {0};
	uint8_t name[RECORD_NAME_BYTES];
	golden_save("torn-in-prelude", b->data, 20);
	golden_save("torn-in-header", b->data, 300);
	golden_save("torn-in-block", b->data, ends[1] + 100);
	golden_save("torn-after-block", b->data, ends[2]);
	b->data[9] ^= 1;
	golden_save("prelude-damaged", b->data, b->length);
	b->data[9] ^= 1;
	b->data[30] ^= 1;
	golden_save("stream-header-changed", b->data, b->length);
	b->data[30] ^= 1;
	b->data[ends[1] + 200] ^= 1;
	golden_save("block-damaged", b->data, b->length);
	memcpy(name, b->data + ends[1] + RECORD_CHECK_BYTES, sizeof name);
	record_seal(b->data + ends[1], name, ends[2] - ends[1] - RECORD_HEAD_BYTES);
	golden_save("block-changed-with-good-check", b->data, b->length);
	b->data[ends[1] + 200] ^= 1;
	record_seal(b->data + ends[1], name, ends[2] - ends[1] - RECORD_HEAD_BYTES);
	name[8] ^= 1;
	record_seal(b->data + ends[1], name, ends[2] - ends[1] - RECORD_HEAD_BYTES);
	golden_save("time-changed-with-good-check", b->data, b->length);
	name[8] ^= 1;
	record_seal(b->data + ends[1], name, ends[2] - ends[1] - RECORD_HEAD_BYTES);
	bytes_put(&other, b->data, ends[0]);
	bytes_put(&other, b->data + ends[1], b->length - ends[1]);
	golden_save("block-dropped", other.data, other.length);
	bytes_clear(&other);
	bytes_put(&other, b->data, ends[1]);
	bytes_put(&other, b->data + ends[0], b->length - ends[0]);
	golden_save("block-doubled", other.data, other.length);
	bytes_clear(&other);
	bytes_put(&other, b->data, b->length);
	bytes_put_u8(&other, 0);
	golden_save("byte-behind-footer", other.data, other.length);
	other_prelude(b, 4, 0, 0, "version-4");
	other_prelude(b, 2, 0, 0, "version-2");
	other_prelude(b, 3, 0, 1, "unknown-incompatible-flag");
	other_prelude(b, 3, 1, 0, "compatible-flag-set-by-another");
	bytes_release(&other);
}

int main(int argc, char **argv)
{
	struct bytes b = {0};
	if (argc != 2) {
		fprintf(stderr, "usage: format_golden FOLDER\n");
		return 2;
	}
	golden_folder = argv[1];
	mkdir(golden_folder, 0755);
	desk(&b);
	golden_save("desk", b.data, b.length);
	any();
	forged(&b);
	cuts(&b);
	damaged(&b);
	golden_sealed();
	bytes_release(&b);
	return 0;
}
