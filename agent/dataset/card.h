/* SPDX-License-Identifier: Apache-2.0 */
/* The dataset card: DATASET_CARD, in Markdown, for people. Written anew with every version. */
#ifndef ASSENT_CARD_H
#define ASSENT_CARD_H

#include "dataset.h"

/* Into an open folder, in which there is none; d is sorted. ERROR_IO. */
int card_write(const struct dataset *d, int directory);

#endif
