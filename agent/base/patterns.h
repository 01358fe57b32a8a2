/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of sensitive text, from YAML. The language is explained in config/sensitive.yaml. */
#ifndef ASSENT_PATTERNS_H
#define ASSENT_PATTERNS_H

#include "../sensitive_rules.h"
#include "config.h"

/* Appends the list's patterns to *rules. node may be NULL. ERROR_INVALID or ERROR_LIMIT, with error->text set; *rules then
 * holds those before. */
int patterns_read(const struct config *c, const struct config_node *node, struct sensitive_rules *rules, struct config_error *error);
/* Appends those of config/sensitive.yaml, as it was when this was built. */
int patterns_builtin(struct sensitive_rules *rules, struct config_error *error);
/* Appends all of `more`. ERROR_LIMIT: there is no room; *rules is as it was. */
int patterns_join(struct sensitive_rules *rules, const struct sensitive_rules *more);

#endif
