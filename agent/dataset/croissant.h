/* SPDX-License-Identifier: Apache-2.0 */
/* DATASET_CROISSANT: the dataset described in Croissant 1.1 (JSON-LD), with the RAI vocabulary 1.0. */
#ifndef ASSENT_CROISSANT_H
#define ASSENT_CROISSANT_H

#include "dataset.h"

/* Into an open folder, in which there is none; d is sorted. sha256: of its DATASET_NAME, which has those of all files. ERROR_IO. */
int croissant_write(const struct dataset *d, const uint8_t sha256[32], int directory);

#endif
