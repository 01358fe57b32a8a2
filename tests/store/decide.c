/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include <stdio.h>
#include <string.h>

struct study *decide_study(const char *id)
{
	static const char manifest[] =
		"assent: 1\nstudy: %s\ntitle: {en: 'A \"test\" of\\receipts'}\n"
		"controller: {name: Test University, address: \"1 Street\\n12345 Town\", contact: test@example.org, authority: The authority}\n"
		"jurisdiction: DE\n"
		"purposes:\n"
		"  - {id: hci-research, category: hci-research, text: {en: A test.}, recipients: [\"Institut für Tests, Ort\", Two]}\n"
		"  - {id: other-model, category: train-other-model, text: {en: Another.}}\n"
		"capture: {keys: class, pointer: full, scroll: true}\nretention: 90d\nconsent_valid: 180d\nnotice: {en: A test.}\n";
	char text[2048];
	struct study *study = NULL;
	struct config_error error;
	int n = snprintf(text, sizeof text, manifest, id);
	if (study_parse("test", text, (size_t)n, &study, &error))
		fprintf(stderr, "%s\n", error.text);
	return study;
}

struct identity *decide_identity(const char *folder)
{
	char path[512];
	struct identity *identity = NULL;
	snprintf(path, sizeof path, "%s/identity", folder);
	return identity_ensure(path) || identity_load(path, &identity) ? NULL : identity;
}

struct receipt decide_receipt(enum ledger_state state, const struct study *study, int64_t t_us, int64_t until_us)
{
	struct receipt r = {.state = state, .t_us = t_us, .until_us = until_us, .about = study};
	bool yes = state == LEDGER_GIVEN || state == LEDGER_RENEWED;
	snprintf(r.study, sizeof r.study, "%s", study->id);
	memcpy(r.manifest_hash, study->hash, sizeof r.manifest_hash);
	memcpy(r.terms_hash, study->terms_hash, sizeof r.terms_hash);
	if (yes) {
		memset(r.notice_hash, 0x11, sizeof r.notice_hash);
		memset(r.shown_hash, 0x22, sizeof r.shown_hash);
		memset(r.policy_hash, 0x33, sizeof r.policy_hash);
		strcpy(r.language, "en");
		if (!until_us)
			r.until_us = t_us + INT64_C(86400000000);
	}
	for (int i = 0; (yes || state == LEDGER_REFUSED) && i < study->purposes; i++) {
		memcpy(r.purpose[i].id, study->purpose[i].id, sizeof r.purpose[i].id);
		r.purpose[i].agreed = yes && i == 0;
		r.purposes++;
	}
	return r;
}
