/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "../../agent/format/wire.h"

/* Whatever decodes encodes again, within the limits, and decodes to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_decoder d = {0}, again = {0};
	struct wire_encoder e;
	struct wire_item item, copy;
	struct bytes out = {0};
	struct bytes_reader in = {data, data + size, false};
	wire_encoder_reset(&e);
	while (size > 0 && wire_get(&d, &in, &item) == 1) {
		bytes_clear(&out);
		if (item.record == WIRE_EVENT)
			wire_put_event(&e, &item.event, &out);
		else
			wire_put_device(item.device, item.klass, &out);
		struct bytes_reader back = {out.data, out.data + out.length, false};
		if (out.length > WIRE_RECORD_MAX || wire_get(&again, &back, &copy) != 1 || back.at != back.end)
			abort();
		if ((item.event.app && strcmp(item.event.app, copy.event.app))
		    || (item.event.title && strcmp(item.event.title, copy.event.title)))
			abort();
		item.event.app = item.event.title = copy.event.app = copy.event.title = NULL;
		if (memcmp(&item, &copy, sizeof item) != 0)
			abort();
	}
	bytes_release(&out);
	return 0;
}
