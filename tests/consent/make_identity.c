/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an identity, as joining does: make_identity PATH */
#include <stdio.h>

#include "../../agent/store/identity.h"

int main(int argc, char **argv)
{
	if (argc == 2 && identity_ensure(argv[1]) == 0)
		return 0;
	fprintf(stderr, "usage: make_identity PATH\n");
	return 1;
}
