/* SPDX-License-Identifier: Apache-2.0 */
/* What an event may contain. Both ends check by these: what one writes, the other accepts. */
#ifndef ASSENT_CHECK_H
#define ASSENT_CHECK_H

#include <stddef.h>

#include "../event.h"

/* Valid UTF-8 without control characters (C0, DEL, C1), so without 0 too. */
bool check_text(const void *text, size_t length);
/* The same for a string that must end within max bytes; its length, or -1. NULL gives -1. */
int check_string(const char *text, size_t max);
/* The bits of event->has whose values are valid: a bit that HAS_ALL lacks, or whose value no reader
 * would accept, is missing from it. */
uint16_t check_has(const struct event *event);

#endif
