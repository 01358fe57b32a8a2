/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process is: executable, sandbox, mount namespace, terminal emulator or not. */
#ifndef ASSENT_APP_H
#define ASSENT_APP_H

#include "source.h"
#include "../base/study.h"

/* Fills exe, sandbox, foreign, terminal of app from app->pid. What cannot be read stays empty (foreign = true when the namespace cannot be read). */
void app_identify(struct raw_app *app, const struct pattern_list *terminals);

#endif
