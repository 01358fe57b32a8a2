/* SPDX-License-Identifier: Apache-2.0 */
/* For test_install.py: make_segment FOLDER puts desk.seg, desk.key, random.seg and random.key there, sealed to FOLDER/lab.key, which it makes, too; and the rows
 * that must be read of each, as text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../agent/store/recipient.h"
#include "made.h"

static void describe(const struct event *e, FILE *f)
{
	uint32_t dx, dy;
	memcpy(&dx, &e->dx, sizeof dx);
	memcpy(&dy, &e->dy, sizeof dy);
	fprintf(f, "%" PRId64 "|%" PRId64 "|%" PRId64 "|%s|%s|%s|%u|%d|%d|%u|%u|%d|%d|%d|%d|%d|%u|%u|%u|%d\n", e->t_us, e->mono_us, e->end_us,
		e->has & HAS_TEXT ? e->text : "-", e->app ? e->app : "-", e->title ? e->title : "-", e->has, e->x, e->y, dx, dy, e->lost, e->device,
		e->code, e->scroll_x, e->scroll_y, e->kind, e->key_class, e->reason, e->synthetic);
}

int main(int argc, char **argv)
{
	char path[512];
	uint8_t lab[RECIPIENT_KEY], participant[32] = {9};
	if (argc != 2)
		return 2;
	snprintf(path, sizeof path, "%s/lab.key", argv[1]);
	if (recipient_generate(path, NULL, lab))
		return 1;
	for (unsigned desk = 0; desk < 2; desk++) {
		const char *name = desk ? "desk" : "random";
		struct sample s = {0};
		struct event event;
		made_sealed_to(argv[1], name, desk, participant, lab);
		snprintf(path, sizeof path, "%s/%s.rows", argv[1], name);
		FILE *f = fopen(path, "w");
		if (!f)
			return 1;
		for (unsigned i = 0; i < MADE_ROWS; i++) {
			made_event(&s, desk, i, &event);
			struct event want = sample_expected(&event);
			describe(&want, f);
		}
		if (fclose(f))
			return 1;
	}
	return 0;
}
