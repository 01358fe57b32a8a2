/* SPDX-License-Identifier: Apache-2.0 */
/* Ending capture when its supervisor does not answer. */
#ifndef ASSENT_STOP_H
#define ASSENT_STOP_H

#include "session.h"

/*
 * After a no is in the ledger: has the agent look, and sees to it that capture ends. Capture and writer look at the ledger themselves; a supervisor
 * that does not answer within a second is asked no further: its children that still are there are ended by force (SIGKILL; they may be
 * stopped, too). *forced: so it was. AGENT_SILENT: something is still there.
 */
enum session_agent stop_capture(const struct session *s, bool *forced);

/* Before its files are erased: gives the writer the time to end (2 s at most; one that was stopped finds no folder when it goes on). */
void stop_writer(const struct session *s);

#endif
