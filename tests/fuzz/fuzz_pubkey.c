/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys as text: refused, or the one text of a key that something can be sealed to. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/base/pubkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[PUBKEY_BYTES], box[1 + crypto_box_SEALBYTES];
	char again[PUBKEY_TEXT], *text = malloc(size + 1);
	if (!text || sodium_init() < 0)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	if (pubkey_parse(text, key) == 0) {
		pubkey_format(key, again);
		if (strcmp(again, text) != 0 || crypto_box_seal(box, (const uint8_t *)"x", 1, key))
			abort();
	}
	free(text);
	return 0;
}
