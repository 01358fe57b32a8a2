/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames: what a record's content is before it is encrypted (FORMAT.md, "Content"). */
#ifndef ASSENT_PACK_H
#define ASSENT_PACK_H

#include <zstd.h>

#include "bytes.h"
#include "numbers.h"

/* A compressor; level as zstd's. NULL: out of memory. */
ZSTD_CCtx *pack_new(int level);
/* Appends one frame. cuts (or NULL): ascending places in content where unlike data meet. ERROR_MEMORY. */
int pack_frame(ZSTD_CCtx *packer, const struct bytes *content, const struct numbers *cuts, struct bytes *out);
/* Replaces content by the frame's. ERROR_CORRUPT (also: larger than any content may be), ERROR_MEMORY. */
int pack_open(ZSTD_DCtx *unpacker, const uint8_t *frame, size_t length, struct bytes *content);

#endif
