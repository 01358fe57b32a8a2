/* SPDX-License-Identifier: Apache-2.0 */
/* Names that programs give to their windows, made fit to be kept. */
#ifndef ASSENT_TITLE_H
#define ASSENT_TITLE_H

#include <stddef.h>

/* n bytes as valid UTF-8 without control characters, cut at a character to size, ended with a 0. What is not UTF-8 is Latin-1, as X's STRING is. */
void title_clean(const unsigned char *in, size_t n, char *out, size_t size);

#endif
