/* SPDX-License-Identifier: Apache-2.0 */
/* One set of error codes for every room: 0 is success, failures are negative. */
#ifndef ASSENT_ERROR_H
#define ASSENT_ERROR_H

enum error {
	ERROR_NONE = 0,
	ERROR_MEMORY = -1,       /* out of memory */
	ERROR_IO = -2,           /* a system call failed; errno says how */
	ERROR_CORRUPT = -3,      /* bytes that cannot be what they claim: checksum, range, magic */
	ERROR_TRUNCATED = -4,    /* the data ends in the middle of something; all before it is good */
	ERROR_LIMIT = -5,        /* larger than this format or program permits */
	ERROR_INVALID = -6,      /* a value that the schema, the protocol or the caller must not have */
	ERROR_DENIED = -7,       /* consent, policy or the kernel refuses */
	ERROR_GONE = -8,         /* the other end (X server, bus, process) went away */
	ERROR_UNSUPPORTED = -9,  /* made by a newer version, or not available on this system */
	ERROR_AGAIN = -10        /* nothing to do now; try later */
};

/* A short English phrase without a full stop, never NULL. */
const char *error_text(int error);

#endif
