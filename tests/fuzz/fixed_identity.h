/* SPDX-License-Identifier: Apache-2.0 */
/* An identity that is the same in every run, so that what it signed can be a corpus. */
#ifndef ASSENT_FIXED_IDENTITY_H
#define ASSENT_FIXED_IDENTITY_H

#include <string.h>

#include "../../agent/store/identity.h"

static inline const struct identity *fixed_identity(void)
{
	static struct identity i;
	memset(i.agent, 0x41, sizeof i.agent);
	memset(i.secret, 0x42, sizeof i.secret);
	i.open = true;
	return &i;
}

#endif
