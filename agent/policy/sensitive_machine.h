/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows one pattern through text, one character at a time: a set of positions as bits, since a count such as 13-19 can be
 * at several places at once. What a step costs depends on the pattern only.
 */
#ifndef ASSENT_SENSITIVE_MACHINE_H
#define ASSENT_SENSITIVE_MACHINE_H

#include "sensitive.h"

void sensitive_machine_build(struct sensitive_machine *m, const struct sensitive_pattern *p);
/* Begins with c. False: no pattern begins so. */
bool sensitive_machine_begin(const struct sensitive_machine *m, const struct sensitive_pattern *p, uint8_t c, struct sensitive_begun *b);
/* Goes on with c. False: it cannot be this pattern any more. */
bool sensitive_machine_step(const struct sensitive_machine *m, const struct sensitive_pattern *p, uint8_t c, struct sensitive_begun *b);
/* Is what was seen the whole pattern? Its check is the caller's. */
bool sensitive_machine_is_whole(const struct sensitive_machine *m, const struct sensitive_pattern *p, const struct sensitive_begun *b);
/* Is the last character one that stands in between? */
bool sensitive_machine_in_gap(const struct sensitive_begun *b);
bool sensitive_machine_is_strong(const struct sensitive_machine *m, const struct sensitive_begun *b);

#endif
