/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket's protocol: one line to the agent, one line of JSON back. Both programs come in one package, but an agent runs on while that
 * is upgraded. So: a request that an agent does not know is answered {"error":"unknown request","version":...}, a field that a command does not
 * know is passed over, and what an earlier command would misread raises CONTROL_PROTOCOL, which every answer names.
 */
#ifndef ASSENT_PROTOCOL_H
#define ASSENT_PROTOCOL_H

enum { CONTROL_PROTOCOL = 1 };

#define CONTROL_RESTART "systemctl --user restart assentd"

#endif
