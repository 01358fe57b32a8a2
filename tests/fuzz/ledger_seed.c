/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_seed FOLDER: writes the corpora ledger/ and receipt/ below it, signed by the identity of fixed_identity.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/store/receipt.h"
#include "../store/decide.h"
#include "fixed_identity.h"

#define T0 INT64_C(1770000000000000)

static void save(const char *folder, const char *corpus, const char *name, const char *bytes, size_t n)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s/%s", folder, corpus, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		exit(1);
}

int main(int argc, char **argv)
{
	static const enum ledger_state order[] = {LEDGER_REQUESTED, LEDGER_DEFERRED, LEDGER_GIVEN, LEDGER_PAUSED, LEDGER_RESUMED, LEDGER_EXPIRED,
		LEDGER_RENEWED, LEDGER_INVALIDATED, LEDGER_REFUSED, LEDGER_GIVEN, LEDGER_WITHDRAWN};
	static char all[1 << 20], line[RECEIPT_LINE_MAX];
	struct study *study = decide_study("typing-2026");
	uint8_t prev[RECEIPT_HASH] = {0};
	char name[64];
	size_t used = 0;
	if (argc != 2 || !study)
		return 2;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct receipt r = decide_receipt(order[i], study, T0 + (int64_t)i * 1000000, order[i] == LEDGER_PAUSED ? T0 + 60000000 : 0);
		snprintf(r.id, sizeof r.id, "%032zx", i);
		int n = receipt_format(fixed_identity(), &r, prev, line);
		if (n < 0)
			return 1;
		receipt_hash(line, (size_t)n, prev);
		snprintf(name, sizeof name, "%02zu-%s", i, receipt_state_name(order[i]));
		save(argv[1], "receipt", name, line, (size_t)n);
		line[n++] = '\n';
		memcpy(all + used, line, (size_t)n);
		used += (size_t)n;
		save(argv[1], "ledger", name, all, used);
	}
	save(argv[1], "ledger", "torn", all, used - 40);
	save(argv[1], "ledger", "empty", "", 0);
	save(argv[1], "ledger", "line", "\n", 1);
	static const char json[] = "{\"record\":{\"schema_version\":\"assent-receipt-2\"}}\n";
	static const char yaml[] = "{record: {schema_version: assent-receipt-2}, events: [{event_state: given}]}";
	save(argv[1], "ledger", "json", json, sizeof json - 1);
	save(argv[1], "receipt", "yaml", yaml, sizeof yaml - 1);
	study_free(study);
	return 0;
}
