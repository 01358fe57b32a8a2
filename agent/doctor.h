/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `assent doctor`: which oracle vouches for which window on the screen, what would become of a key typed there now, and
 * how to mend it; and what of the machine stands in the way. Looks once: selects no input, registers with nobody,
 * starts nothing, writes nothing.
 */
#ifndef ASSENT_DOCTOR_H
#define ASSENT_DOCTOR_H

#include <stdbool.h>

#include "base/places.h"

struct doctor_options {
	const char *source;              /* NULL: the settings' */
	bool json, titles;               /* titles also where it does not print to a terminal */
};

/* Prints to standard output; the program's exit code: 0; 1 nothing can be recorded (no display; of a source with devices: nobody reads
 * them for this session, or nobody says where the keys go), or it failed; 3 some application, or all, would be masked for want of an oracle. */
int doctor_run(const struct places *places, const struct doctor_options *options);

#endif
