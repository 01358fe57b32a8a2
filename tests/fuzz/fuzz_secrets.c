/* SPDX-License-Identifier: Apache-2.0 */
/* The file of known phrases: refused, or something whose bounds hold. */
#include <stdlib.h>
#include <string.h>

#include "../../agent/store/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secrets s;
	if (secrets_parse(size ? (const char *)data : "", size, &s)) {
		if (s.count)
			abort();
		return 0;
	}
	if (s.count > SECRETS_MAX || secrets_longest(&s) > SECRETS_LONGEST)
		abort();
	for (int i = 0; i < s.count; i++)
		if (s.secret[i].bucket < 1 || !*s.secret[i].label || !memchr(s.secret[i].label, 0, sizeof s.secret[i].label))
			abort();
	return 0;
}
