/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: refused, with a reason; or something that is written as exactly these bytes. */
#include <stdlib.h>
#include <string.h>

#include "../../agent/store/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyfile k, empty;
	static char again[KEYFILE_MAX];
	const char *what = NULL;
	size_t covered = 0;
	if (keyfile_parse(size ? (const char *)data : "", size, &k, &what)) {
		if (!what || memcmp(&k, &empty, sizeof k) != 0)
			abort();
		return 0;
	}
	int n = keyfile_format(&k, again, &covered);
	if (what || n < 0 || (size_t)n != size || memcmp(again, data, size) != 0 || covered > size || k.released != (covered < size) ||
	    strchr(k.segment, '/') || strchr(k.segment, '.') || strchr(k.study, '/') || strchr(k.study, '.'))
		abort();
	return 0;
}
