/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSENT_FORMAT_GOLDEN_H
#define ASSENT_FORMAT_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

extern const char *golden_folder;
void golden_save(const char *name, const uint8_t *data, size_t length);
/* golden_sealed.c: those with sealed blocks. */
void golden_sealed(void);

#endif
