/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a ledger, of any bytes: never a fault; what is read is what would have been written. */
#include <stdlib.h>
#include <string.h>

#include "../../agent/store/receipt.h"
#include "fixed_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct receipt r, again;
	static char line[RECEIPT_LINE_MAX];
	uint8_t prev[RECEIPT_HASH], key[IDENTITY_KEY];
	const char *text = size ? (const char *)data : "", *what, *signature;
	if (receipt_parse(text, size, &r, prev, &what))
		return 0;
	int agreed = 0;
	for (int i = 0; i < r.purposes; i++)
		agreed += r.purpose[i].agreed;
	if (r.about || size >= RECEIPT_LINE_MAX || memchr(text, '\n', size) || memchr(text, 0, size) || strlen(r.id) != 32 || !*r.study)
		abort();
	if (identity_agent_key(fixed_identity(), r.study, key) == 0)
		receipt_verify_agent(text, size, key);
	if (receipt_is_yes(&r)) {
		receipt_verify_participant(text, size, &r);
		if (!agreed || r.until_us <= r.t_us || !*r.pseudonym || !*r.language)
			abort();
		return 0;
	}
	if (agreed)
		abort();
	/* The same words, but for who signs. */
	again = r;
	int n = receipt_format(fixed_identity(), &again, prev, line);
	signature = n > 0 ? strstr(line, ",\"agent_signature\":\"") : NULL;
	if (!signature || (size_t)n != size || memcmp(line, text, (size_t)(signature - line)) != 0)
		abort();
	return 0;
}
