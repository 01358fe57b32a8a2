/* SPDX-License-Identifier: Apache-2.0 */
/* A participant with a ledger, finished segments and an outbox, made without the agent: for the tests of what leaves. All of it fails the test if it
 * cannot do what it says. */
#ifndef ASSENT_TEST_SCENE_H
#define ASSENT_TEST_SCENE_H

#include "../../agent/base/places.h"
#include "../../agent/base/settings.h"
#include "../../agent/store/ledger.h"
#include "../../agent/store/outbox.h"

#define DAY INT64_C(86400000000)
#define T0 INT64_C(1777630000000000)   /* 2026-05-01 */

struct scene {
	char root[256];
	struct places places;
	struct identity *identity;
	struct study *study;
	struct settings none;
	uint8_t receipt_hash[32];
	uint8_t recipient_secret[32], recipient_public[32];
	struct receipt given;
	int segments;
	int64_t now_us;
};

/* review: the study's. The participant said yes at T0; it is ten days later. */
void scene_begin(struct scene *s, const char *review);
void scene_end(struct scene *s);

/* A decision; of a yes, its receipt's hash (NULL: s->receipt_hash). */
void scene_decide(struct scene *s, enum ledger_state state, struct study *study, int64_t t_us, int64_t until_us, uint8_t hash[32]);
/* Another study, as it was joined: study_free. */
struct study *scene_manifest(struct scene *s, const char *id, const char *review);
/* One finished segment; its content is nothing to the outbox. Gives its name. */
void scene_record(struct scene *s, const char *study, const uint8_t receipt[32], int64_t begun_us, int64_t release_us, char name[41]);

/* What was complained of in the last request. */
extern char scene_complaint[512];
struct outbox_request scene_request(struct scene *s, bool by_hand);
struct outbox_report scene_release(struct scene *s, bool by_hand);
/* The key file there is good, for the recipient alone, and signed. */
void scene_check(const struct scene *s, const char *name);

/* ---- Files ---- */

void scene_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Up to 1 MiB, zero-terminated, to be freed; NULL: it is not there. length may be NULL. */
char *scene_slurp(const char *path, size_t *length);
/* Is there a file of this name below the data directory? */
bool scene_has(const struct scene *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Files below data/NAME with this ending; hidden ones count only with hidden. */
int scene_files(const struct scene *s, const char *name, const char *ending, bool hidden);
/* In the outbox of study-a. Returns out. */
char *scene_path(const struct scene *s, const char *name, const char *suffix, char out[2048]);

#endif
