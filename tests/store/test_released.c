/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what was released, and tombstones: whole lines and whole files count, damaged ones do not. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../agent/store/released.h"
#include "../../agent/store/spool.h"
#include "scene.h"

static void the_list_mends_its_end(void **state)
{
	(void)state;
	struct scene s;
	struct released r;
	char name[2][41], path[PLACE_MAX + 32];
	scene_begin(&s, "72h");
	for (int i = 0; i < 2; i++)
		scene_record(&s, "study-a", s.receipt_hash, T0 + i * DAY, i ? T0 + 20 * DAY : T0 + 4 * DAY, name[i]);
	scene_release(&s, false);
	snprintf(path, sizeof path, "%s/released.jsonl", s.places.data);
	size_t length;
	char *line = scene_slurp(path, &length);
	/* Cut anywhere: the line counts only whole. */
	for (size_t cut = 1; cut <= length; cut += 37) {
		FILE *f = fopen(path, "w");
		fwrite(line, 1, length, f);
		fwrite(line, 1, length - cut, f);
		fclose(f);
		assert_int_equal(released_load(s.places.data, &r), 0);
		assert_int_equal(r.count, 1);
		assert_int_equal(r.damaged, 0);
		released_release(&r);
	}
	s.now_us = T0 + 21 * DAY;
	assert_int_equal(scene_release(&s, false).released, 1);
	assert_int_equal(released_load(s.places.data, &r), 0);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.damaged, 0);
	released_release(&r);
	/* A flipped bit costs that line, and no other. */
	for (size_t i = 0; i < length - 1; i += 3) {
		char *text = scene_slurp(path, NULL);
		size_t whole = strlen(text);
		text[i] ^= 4;
		FILE *f = fopen(path, "w");
		fwrite(text, 1, whole, f);
		fclose(f);
		assert_int_equal(released_load(s.places.data, &r), 0);
		assert_true(r.count >= 1 && released_find(&r, name[1]));
		released_release(&r);
		text[i] ^= 4;
		f = fopen(path, "w");
		fwrite(text, 1, whole, f);
		fclose(f);
		free(text);
	}
	free(line);
	scene_end(&s);
}

static void tombstones_are_believed_whole_or_not(void **state)
{
	(void)state;
	struct scene s;
	struct tombstone t = {.reason = TOMBSTONE_FORGOTTEN, .count = 2}, again;
	const char *what;
	char *text;
	size_t length;
	scene_begin(&s, "72h");
	strcpy(t.study, "study-a");
	strcpy(t.pseudonym, s.given.pseudonym);
	t.segment = calloc(2, sizeof *t.segment);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(spool_name(T0 + i, t.segment[i].segment), 0);
		randombytes_buf(t.segment[i].hash, 32);
	}
	assert_int_equal(tombstone_format(s.identity, &t, &text, &length), 0);
	assert_int_equal(tombstone_parse(text, length, &again, &what), 0);
	assert_int_equal(again.count, 2);
	assert_int_equal(again.reason, TOMBSTONE_FORGOTTEN);
	assert_int_equal(again.t_us, t.t_us);
	assert_memory_equal(again.segment, t.segment, 2 * sizeof *t.segment);
	tombstone_release(&again);
	for (size_t i = 0; i < length; i++) {
		for (int bit = 0; bit < 8; bit++) {
			text[i] ^= (char)(1 << bit);
			if (tombstone_parse(text, length, &again, &what) == 0)
				fail_msg("byte %zu, bit %d", i, bit);
			text[i] ^= (char)(1 << bit);
		}
	}
	for (size_t n = 0; n < length - 1; n++)
		assert_int_not_equal(tombstone_parse(text, n, &again, &what), 0);
	/* The largest there may be. */
	free(text);
	tombstone_release(&t);
	t.count = TOMBSTONE_SEGMENTS_MAX;
	t.segment = calloc(TOMBSTONE_SEGMENTS_MAX, sizeof *t.segment);
	for (int i = 0; i < t.count; i++)
		assert_int_equal(spool_name(T0 + i, t.segment[i].segment), 0);
	assert_int_equal(tombstone_format(s.identity, &t, &text, &length), 0);
	assert_int_equal(tombstone_parse(text, length, &again, &what), 0);
	assert_int_equal(again.count, TOMBSTONE_SEGMENTS_MAX);
	tombstone_release(&again);
	tombstone_release(&t);
	free(text);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_mends_its_end),
		cmocka_unit_test(tombstones_are_believed_whole_or_not),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
