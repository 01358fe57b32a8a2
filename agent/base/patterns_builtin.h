/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of config/sensitive.yaml, in the program: a list that is not found would be a list that is empty. */
#ifndef ASSENT_PATTERNS_BUILTIN_H
#define ASSENT_PATTERNS_BUILTIN_H

#include <stddef.h>

extern const unsigned char patterns_builtin_text[];
extern const size_t patterns_builtin_length;

#endif
