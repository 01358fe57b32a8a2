/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger as a file of any bytes: never a fault, and never a yes that is not whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/store/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	static struct ledger_view v;
	static const int64_t nows[] = {0, INT64_C(1770000010000000), INT64_C(4000000000000000)};
	if (fd < 0) {
		fd = memfd_create("ledger", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		/* A memfd is born 0777. */
		if (fd < 0 || fchmod(fd, 0600))
			abort();
	}
	if (ftruncate(fd, 0) || (size && pwrite(fd, data, size, 0) != (ssize_t)size))
		abort();
	for (size_t i = 0; i < sizeof nows / sizeof *nows; i++) {
		if (ledger_read(path, nows[i], &v))
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
	/* One line: what is read is written again, and read to the same. */
	struct receipt r, again;
	uint8_t prev[RECEIPT_HASH], prev_again[RECEIPT_HASH];
	char line[RECEIPT_LINE_MAX];
	const char *what;
	if (receipt_parse(size ? (const char *)data : "", size, &r, prev, &what) == 0) {
		int n = receipt_format(&r, prev, line);
		if (n < 0 || receipt_parse(line, (size_t)n, &again, prev_again, &what) || memcmp(&r, &again, sizeof r) ||
		    memcmp(prev, prev_again, sizeof prev))
			abort();
	}
	return 0;
}
