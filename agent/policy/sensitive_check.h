/* SPDX-License-Identifier: Apache-2.0 */
/* What a pattern computes from the characters that it found. */
#ifndef ASSENT_SENSITIVE_CHECK_H
#define ASSENT_SENSITIVE_CHECK_H

#include "../sensitive_rules.h"

/* text: length characters as sensitive_rules.h has them; all but ASCII letters and digits is skipped. */
bool sensitive_check_holds(enum sensitive_check check, const uint8_t *text, int length);

#endif
