/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desktop's switch for accessibility (org.a11y.Status on the session bus), without which browsers do not say what their
 * fields are. For the supervisor: capture leaves the session bus before it sees an event. A supervisor that is killed leaves
 * the switch as it is. Never ScreenReaderEnabled: it starts a screen reader.
 */
#ifndef ASSENT_ATSPI_ENABLE_H
#define ASSENT_ATSPI_ENABLE_H

#include <stdbool.h>

/* Sets the switch, if it is not set so already; *changed says whether it was otherwise. Waits 2 s at most.
 * ERROR_GONE: no session bus, or no accessibility there. */
int atspi_enable(bool on, bool *changed);

#endif
