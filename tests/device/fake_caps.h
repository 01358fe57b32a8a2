/* SPDX-License-Identifier: Apache-2.0 */
/* What devices of several kinds can do, for tests: a libevdev device without a descriptor. */
#ifndef ASSENT_FAKE_CAPS_H
#define ASSENT_FAKE_CAPS_H

#include <libevdev/libevdev.h>

/* The kinds of fake_node.c, by the beginning of the word. NULL: out of memory, or no such kind. */
struct libevdev *fake_caps(const char *kind);

#endif
