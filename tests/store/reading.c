/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_reading.py: "make DATA" writes a data directory with two studies (segments without gaps in time, one of them
 * still a .part); "show", "export" and "verify" are the commands of assent, as they are.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/cli/cli.h"
#include "../../agent/format/segment.h"
#include "keyed.h"

enum { ROWS = 3000 };
static const int64_t begin_us = INT64_C(1777638896000000); /* 2026-05-01T12:34:56Z */

static const char *const texts[] = { "a", " ", "\"", ",", "\xc3\xa4", "=", "'", "\\", "\xf0\x9f\x98\x80", "" };

/* The same formulas are in test_reading.py. */
static struct event row(int i)
{
	struct event e = { .t_us = begin_us + i * INT64_C(1000), .mono_us = 5000000 + i * INT64_C(1000), .device = (int16_t)(i % 2) };
	e.has = HAS_DEVICE | HAS_SYNTHETIC | HAS_APP;
	e.synthetic = i % 7 == 0;
	e.app = i % 100 < 50 ? "org.example.Editor" : "browser \"x\", y";
	switch (i % 5) {
	case 0:
		e.kind = EVENT_KEY_DOWN;
		e.key_class = CLASS_LETTER;
		e.code = 30;
		e.has |= HAS_CLASS | HAS_CODE | HAS_TEXT;
		strcpy(e.text, texts[i / 5 % 10]);
		break;
	case 1:
		e.kind = EVENT_MOTION;
		e.x = i;
		e.y = -i;
		e.dx = (float)(i % 17) / 4.0f;
		e.dy = (float)(i % 13) / 3.0f;
		e.has |= HAS_POSITION | HAS_DELTA;
		break;
	case 2:
		e.kind = EVENT_SCROLL;
		e.scroll_x = (int16_t)-i;
		e.scroll_y = 120;
		e.has |= HAS_SCROLL;
		break;
	case 3:
		e.kind = EVENT_SPAN;
		e.reason = REASON_PASSWORD;
		e.end_us = e.t_us + 1000;
		e.has = HAS_REASON | HAS_END;
		break;
	default:
		e.kind = EVENT_GAP;
		e.reason = REASON_OVERFLOW;
		e.end_us = e.t_us + 500;
		e.lost = i;
		e.has = HAS_REASON | HAS_END | HAS_LOST;
	}
	return e;
}

static int put(const char *path, const struct bytes *out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || out->failed || write(fd, out->data, out->length) != (ssize_t)out->length)
		return 1;
	return close(fd) != 0;
}

static int make(const char *data)
{
	static const char *const studies[] = { "alpha-1", "beta" };
	char path[512], folder[512];
	uint8_t participant[32], key[SEGMENT_KEY];
	mkdir(data, 0700);
	if (keyed_participant(data, participant))
		return 1;
	snprintf(path, sizeof path, "%s/spool", data);
	if (mkdir(path, 0700) < 0)
		return 1;
	for (int s = 0; s < 2; s++) {
		snprintf(path, sizeof path, "%s/spool/%s", data, studies[s]);
		if (mkdir(path, 0700) < 0)
			return 1;
		snprintf(folder, sizeof folder, "%s", path);
		for (int k = 0; k < 3; k++) {
			struct segment_meta meta = { .epoch = "0123456789abcdef0123456789abcdef",
				.participant = "fedcba9876543210fedcba9876543210" };
			struct segment_writer *writer;
			struct bytes out = { 0 };
			bool part = s == 1 && k == 2;
			snprintf(meta.study, sizeof meta.study, "%s", studies[s]);
			snprintf(meta.segment, sizeof meta.segment, "20260501T1234%02dZ-0000000%d", 56 + k, k);
			meta.t_us = begin_us + k * 1000000;
			meta.mono_us = 5000000 + k * 1000000;
			if (keyed_make(folder, &meta, participant, key) || segment_writer_new(&meta, key, 3, &out, &writer))
				return 1;
			for (int i = k * ROWS / 3; i < (k + 1) * ROWS / 3; i++) {
				struct event e = row(i);
				if (segment_writer_add(writer, &e))
					return 1;
				if (i % 400 == 0 && segment_writer_flush(writer, meta.t_us, &out))
					return 1;
			}
			if (part ? segment_writer_flush(writer, meta.t_us, &out) : segment_writer_finish(writer, meta.t_us, &out))
				return 1;
			segment_writer_free(writer);
			snprintf(path, sizeof path, "%s/spool/%s/%s.%s", data, studies[s], meta.segment, part ? "part" : "seg");
			if (put(path, &out))
				return 1;
			bytes_release(&out);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		return make(argv[2]);
	if (argc >= 2 && strcmp(argv[1], "show") == 0)
		return cli_show(argc - 2, argv + 2);
	if (argc >= 2 && strcmp(argv[1], "export") == 0)
		return cli_export(argc - 2, argv + 2);
	if (argc >= 2 && strcmp(argv[1], "verify") == 0)
		return cli_verify(argc - 2, argv + 2);
	return EXIT_USAGE;
}
