/* SPDX-License-Identifier: Apache-2.0 */
#include "atspi_enable.h"

#include <systemd/sd-bus.h>

#include "../error.h"

#define BUS "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status", "IsEnabled"

enum { TIMEOUT_US = 1000000 };

int atspi_enable(bool on, bool *changed)
{
	sd_bus *bus = NULL;
	int is = 0, e = ERROR_GONE;

	*changed = false;
	if (sd_bus_open_user(&bus) < 0)
		goto out;
	sd_bus_set_method_call_timeout(bus, TIMEOUT_US);
	if (sd_bus_get_property_trivial(bus, BUS, NULL, 'b', &is) < 0)
		goto out;
	if ((is != 0) != on && sd_bus_set_property(bus, BUS, NULL, "b", (int)on) < 0)
		goto out;
	*changed = (is != 0) != on;
	e = 0;
out:
	sd_bus_flush_close_unref(bus);
	return e;
}
