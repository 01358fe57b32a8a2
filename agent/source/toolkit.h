/* SPDX-License-Identifier: Apache-2.0 */
/* What a program draws its windows with, which decides how it can be made to tell about its fields; for `assent doctor`. */
#ifndef ASSENT_TOOLKIT_H
#define ASSENT_TOOLKIT_H

#include <stdbool.h>
#include <stdint.h>

enum toolkit {
	TOOLKIT_UNKNOWN,         /* /proc does not say */
	TOOLKIT_FIREFOX,         /* Firefox, Thunderbird and what is made of them */
	TOOLKIT_CHROMIUM,        /* Chromium, Chrome and their kin */
	TOOLKIT_ELECTRON,        /* applications that bring a Chromium along */
	TOOLKIT_JAVA, TOOLKIT_QT4, TOOLKIT_QT5, TOOLKIT_QT6, TOOLKIT_GTK2, TOOLKIT_GTK3, TOOLKIT_GTK4,
	TOOLKIT_SILENT,          /* one that has no accessibility: Tk, SDL, GLFW, Wine, Xaw, Motif, FLTK, or none at all */
};

/* By the libraries that the process has loaded. */
enum toolkit toolkit_of(int32_t pid);
/* Was accessibility switched off for this process by its environment? The variable that did it, or NULL. Of the
 * environment nothing else is looked for. */
const char *toolkit_switched_off(int32_t pid);

#endif
