/* SPDX-License-Identifier: Apache-2.0 */
/* What a key or button is called: "A" of KEY_A, "LEFT" of BTN_LEFT. NULL for the rare ones. */
#ifndef ASSENT_KEYNAME_H
#define ASSENT_KEYNAME_H

const char *keyname(int code);

#endif
