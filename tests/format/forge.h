/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that no writer of ours would write: by who has the key, and does as they like. */
#ifndef ASSENT_FORGE_H
#define ASSENT_FORGE_H

#include "../../agent/format/cipher.h"
#include "../../agent/format/segment.h"

struct forge {
	struct cipher *cipher;
	uint64_t n;
	struct bytes out;
};

/* The prelude and the cipher's header, and if asked for a good header record. Anything that fails aborts. */
void forge_begin(struct forge *f, bool header);
void forge_release(struct forge *f);
/* A record with just this as what is encrypted; padded with zeros as it should be. */
void forge_plain(struct forge *f, uint8_t type, bool last, const void *plain, size_t length);
/* The same of what stands before the frame (a block's rows and times), and a frame. */
void forge_frame(struct forge *f, uint8_t type, bool last, const void *lead, size_t lead_length, const void *frame, size_t length);
/* The same of a content that is compressed as it should be. */
void forge_content(struct forge *f, uint8_t type, bool last, const void *lead, size_t lead_length, const void *content, size_t length);
/* A sealed block: what stands in front, a content that is compressed as it should be, lanes. */
void forge_sealed(struct forge *f, const void *lead, size_t lead_length, const struct bytes *head, const struct bytes *lanes);
/* A record in clear, with a good check, of any type, number and length. */
void forge_clear(struct forge *f, uint32_t type, uint64_t n, uint32_t claimed, const void *payload, size_t length);
/* The content of a header with this meta, and of a footer. */
void forge_header_content(struct bytes *content);
void forge_footer_content(uint64_t blocks, uint64_t events, struct bytes *content);

#endif
