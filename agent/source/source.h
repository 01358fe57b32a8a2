/* SPDX-License-Identifier: Apache-2.0 */
/* What every source does with what it sees: hands it on, in order, and keeps no copy. */
#ifndef ASSENT_SOURCE_H
#define ASSENT_SOURCE_H

#include "../event.h"

typedef void source_emit(void *user, const struct raw_event *raw);

#endif
