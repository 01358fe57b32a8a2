/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSENT_JSON_TEXT_H
#define ASSENT_JSON_TEXT_H

#include <stdio.h>

/* Writes s as a JSON string (RFC 8259), NULL as null. What is no UTF-8 (a file's name may hold any bytes) becomes U+FFFD, byte by byte. */
void json_text(FILE *out, const char *s);

#endif
