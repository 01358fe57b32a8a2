/* SPDX-License-Identifier: Apache-2.0 */
/* Carets: which of them tell that the focused object took a key. */
#include "atspi_private.h"

#include <string.h>

#include "../base/clock.h"

static void tell(struct atspi *a, uint64_t object, int32_t pid)
{
	struct raw_event raw = { .kind = RAW_CARET, .mono_us = clock_mono_us() };
	raw.as.caret.object = object;
	raw.as.caret.pid = pid;
	a->emit(a->user, &raw);
}

void atspi_caret(struct atspi *a, const char *name, const char *path)
{
	const struct atspi_object *object = atspi_object_learn(&a->objects, name, path);
	int32_t pid = atspi_sender_pid(a, name);

	if (object && pid && object->id == a->focused)
		tell(a, object->id, pid);
}
