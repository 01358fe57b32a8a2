/* SPDX-License-Identifier: Apache-2.0 */
/* Files of secret keys, the participant's and recipients': refused with a reason, or keys that belong together. Passphrases are not tried: they
 * are meant to be slow. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/store/identity.h"
#include "../../agent/store/passbox.h"
#include "../../agent/store/recipient.h"

static void one_identity(const char *text)
{
	struct identity identity;
	struct passbox box = {.passes = 0};
	uint8_t secret[32], public_key[32];
	const char *what = NULL;
	memset(&identity, 0, sizeof identity);
	if (identity_parse(text, &identity, &box, &what)) {
		if (!what || identity.open)
			abort();
		return;
	}
	if (identity.open == identity.has_passphrase)
		abort();
	if (identity.has_passphrase && (box.passes < 1 || box.passes > PASSBOX_PASSES_MAX || box.kib < PASSBOX_KIB_MIN || box.kib > PASSBOX_KIB_MAX))
		abort();
	if (identity.open && (identity_box_secret(&identity, secret) || crypto_scalarmult_base(public_key, secret) ||
			      memcmp(public_key, identity.box_public, sizeof public_key) != 0))
		abort();
}

static void one_recipient(const char *text)
{
	uint8_t secret[32], public_key[32], again[32];
	const char *what = NULL;
	bool sealed;
	int e = recipient_read(text, NULL, secret, public_key, &sealed, &what);
	if (e && !what)
		abort();
	if (e == 0 && (sealed || crypto_scalarmult_base(again, secret) || memcmp(again, public_key, sizeof again) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As long as it is, so that a sanitizer sees the first byte read beyond it. */
	char *text = malloc(size + 1);
	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	one_identity(text);
	one_recipient(text);
	free(text);
	return 0;
}
