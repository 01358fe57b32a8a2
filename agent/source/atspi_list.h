/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is on the accessibility bus, looked at once; for `assent doctor`. Starts no bus and registers for no event: what
 * applications tell, and to whom, stays as it is.
 */
#ifndef ASSENT_ATSPI_LIST_H
#define ASSENT_ATSPI_LIST_H

#include "source.h"

enum { ATSPI_LIST_MAX = 128 };

enum atspi_bus_state {
	ATSPI_BUS_GOOD,
	ATSPI_BUS_NO_SESSION,            /* no session bus to ask for it */
	ATSPI_BUS_NOT_INSTALLED,         /* nothing could start it */
	ATSPI_BUS_NOT_STARTED,           /* nobody wanted it yet */
	ATSPI_BUS_SILENT                 /* it is there, and refuses or does not answer */
};

struct atspi_list;

/* ERROR_MEMORY. Where there is no bus that is a state, and the list is empty. Takes at most a few seconds. */
int atspi_list_open(struct atspi_list **l);
void atspi_list_close(struct atspi_list *l);

enum atspi_bus_state atspi_list_state(const struct atspi_list *l);
/* org.a11y.Status IsEnabled: browsers speak only then. */
bool atspi_list_enabled(const struct atspi_list *l);
/* Does a program of this process tell the bus about its windows? */
bool atspi_list_has(const struct atspi_list *l, int32_t pid);
/* What has the focus in this process' active window: FIELD_PENDING if nothing has it, or it does not say. */
enum field_role atspi_list_focused(struct atspi_list *l, int32_t pid);

#endif
