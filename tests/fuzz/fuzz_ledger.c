/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger as a file of any bytes, under a head that vouches for as much of it as there is: never a fault, and never a yes that is not whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/store/audit.h"
#include "../../agent/store/head.h"
#include "../../agent/store/receipt.h"
#include "fixed_identity.h"

static char folder[64], path[96];

static void tidy(void)
{
	char head[96];
	unlink(path);
	if (head_path(path, head, sizeof head) == 0)
		unlink(head);
	rmdir(folder);
}

static void begin(void)
{
	snprintf(folder, sizeof folder, "%s/assent-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof path, "%s/ledger.jsonl", folder);
	atexit(tidy);
}

/* With the bytes in it, and the hash of the last line that ends. */
static struct head fill(const uint8_t *data, size_t size)
{
	struct head head = {0};
	size_t at = 0;
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f) || chmod(path, 0600))
		abort();
	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\n')
			continue;
		receipt_hash((const char *)data + at, i - at, head.hash);
		head.lines++;
		at = i + 1;
	}
	return head;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ledger_view v, once_more;
	static struct ledger_trust trust;
	static const int64_t nows[] = {0, INT64_C(1770000010000000), INT64_C(4000000000000000)};
	struct audit *audit;
	const char *why;
	if (!*folder)
		begin();
	struct head head = fill(data, size);
	if (head.lines && head_write(path, fixed_identity(), &head))
		abort();
	for (size_t i = 0; i < sizeof nows / sizeof *nows; i++) {
		ledger_trust_init(&trust, fixed_identity());
		if (ledger_read(path, &trust, nows[i], &v))
			abort();
		if (ledger_read(path, &trust, nows[i], &once_more) || v.standing != once_more.standing || v.damaged != once_more.damaged)
			abort();
		if ((v.standing == STANDING_GIVEN) == (*v.why != 0))
			abort();
		if (v.standing != STANDING_GIVEN && v.standing != STANDING_PAUSED)
			continue;
		int agreed = 0;
		for (int k = 0; k < v.given.purposes; k++)
			agreed += v.given.purpose[k].agreed;
		if (!agreed || v.given.until_us <= nows[i] || !*v.given.study || strlen(v.epoch) != 32 || data[size - 1] != '\n')
			abort();
	}
	/* Judged by signatures alone; and as a recipient would have it. */
	int e = audit_new(path, fixed_identity(), &audit, &why);
	if (e && !why)
		abort();
	audit_free(audit);
	e = audit_new_released(path, "typing-2026", "0123456789abcdef0123456789abcdef", &audit, &why);
	if (e && !why)
		abort();
	audit_free(audit);
	return 0;
}
