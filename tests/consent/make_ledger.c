/* SPDX-License-Identifier: Apache-2.0 */
/* make_ledger DATA LINES: makes the ledger of DATA that long, with pauses and resumptions of the decision in force, as years of use would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/clock.h"
#include "../../agent/store/head.h"
#include "../../agent/store/receipt.h"

static int grow(const char *path, const struct identity *identity, int lines)
{
	static struct ledger_trust trust;
	static struct ledger_view view;
	static char line[RECEIPT_LINE_MAX];
	ledger_trust_init(&trust, identity);
	if (ledger_read(path, &trust, clock_utc_us(), &view) || view.standing != STANDING_GIVEN) {
		fprintf(stderr, "%s: %s\n", path, view.why);
		return 1;
	}
	struct head head = {.lines = trust.lines};
	memcpy(head.hash, trust.hash, sizeof head.hash);
	FILE *f = fopen(path, "ae");
	for (int i = 0; f && head.lines < lines; i++, head.lines++) {
		struct receipt r = {.state = i % 2 ? LEDGER_RESUMED : LEDGER_PAUSED, .t_us = clock_utc_us()};
		memcpy(r.study, view.given.study, sizeof r.study);
		memcpy(r.manifest_hash, view.given.manifest_hash, sizeof r.manifest_hash);
		memcpy(r.terms_hash, view.given.terms_hash, sizeof r.terms_hash);
		snprintf(r.id, sizeof r.id, "%032x", i);
		int n = receipt_format(identity, &r, head.hash, line);
		if (n < 0 || fprintf(f, "%.*s\n", n, line) != n + 1)
			return 1;
		receipt_hash(line, (size_t)n, head.hash);
	}
	return !f || fclose(f) || head_write(path, identity, &head);
}

int main(int argc, char **argv)
{
	char path[512], keys[512];
	struct identity *identity;
	if (argc != 3)
		return 2;
	snprintf(path, sizeof path, "%s/ledger.jsonl", argv[1]);
	snprintf(keys, sizeof keys, "%s/identity", argv[1]);
	if (identity_load(keys, &identity))
		return 1;
	int failed = grow(path, identity, atoi(argv[2]));
	identity_free(identity);
	return failed;
}
