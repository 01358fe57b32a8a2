/* SPDX-License-Identifier: Apache-2.0 */
/* Is an application on a list? */
#ifndef ASSENT_EXCLUDE_H
#define ASSENT_EXCLUDE_H

#include "../event.h"
#include "../limits.h"

/* A glob matches the executable's path or its last part, the sandbox id, or either part of WM_CLASS; without regard to case. */
bool exclude_matches(const struct pattern_list *list, const struct raw_app *app);

/* Password managers, pinentry, askpass, polkit and keyring prompts, lockers, browsers' private windows: never recorded, whatever anyone agreed to. */
bool exclude_builtin(const struct raw_app *app);

/* The first pattern of the list (NULL: of the built-in one) that matches; NULL: none. */
const char *exclude_which(const struct pattern_list *list, const struct raw_app *app);

/* The id that stands in the app column: sandbox id, else the executable's name, else the window class. */
void exclude_app_id(const struct raw_app *app, char out[EVENT_APP_MAX + 1]);

#endif
