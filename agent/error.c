/* SPDX-License-Identifier: Apache-2.0 */
#include "error.h"

const char *error_text(int error)
{
	switch (error) {
	case ERROR_NONE: return "no error";
	case ERROR_MEMORY: return "out of memory";
	case ERROR_IO: return "input/output error";
	case ERROR_CORRUPT: return "data is corrupt";
	case ERROR_TRUNCATED: return "data ends too early";
	case ERROR_LIMIT: return "larger than permitted";
	case ERROR_INVALID: return "invalid value";
	case ERROR_DENIED: return "refused";
	case ERROR_GONE: return "the other end went away";
	case ERROR_UNSUPPORTED: return "not supported by this version";
	case ERROR_AGAIN: return "not now";
	}
	return "unknown error";
}
