/* SPDX-License-Identifier: Apache-2.0 */
/* The class of a key by its code alone, as the US layout has it: all that is known where the layout is not. */
#ifndef ASSENT_KEYCLASS_H
#define ASSENT_KEYCLASS_H

#include "../event.h"

/* code: KEY_*. The same classes as source/keymap.h gives under "us". */
enum key_class keyclass(int code, bool shift, bool numlock);

#endif
