/* SPDX-License-Identifier: Apache-2.0 */
/* A notice for programs: its pages, its hashes, the limits that hold here, and the manifest in its canonical form. */
#ifndef ASSENT_NOTICE_JSON_H
#define ASSENT_NOTICE_JSON_H

#include <stdio.h>

#include "../base/notice.h"

/* One object on one line. ERROR_MEMORY. */
int notice_json(FILE *f, const struct study *s, const struct merged *m, const char *language, const struct notice *n);

#endif
