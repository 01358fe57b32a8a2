/* SPDX-License-Identifier: Apache-2.0 */
/* Segments and key files for the tests of libassent, made by the rooms that it must agree with. */
#ifndef ASSENT_TEST_MADE_H
#define ASSENT_TEST_MADE_H

#include "../format/sample.h"

enum { MADE_ROWS = 2000 };          /* of made_sealed_to */

/* Random rows of every kind, or (desk) those of a day; blocks of so many rows. All under sample_key. Anything that fails aborts. */
void made_segment(bool desk, bool sealed, unsigned rows, unsigned block, struct bytes *out);
/* The i-th of those rows; s begins zeroed. */
void made_event(struct sample *s, bool desk, unsigned i, struct event *event);
void made_save(const char *path, const void *data, size_t length);
/* Puts FOLDER/NAME.seg and FOLDER/NAME.key in place, with a key of its own: sealed to a participant and (unless NULL) a recipient. */
void made_sealed_to(const char *folder, const char *name, bool desk, const uint8_t participant[32], const uint8_t recipient[32]);

#endif
