/* SPDX-License-Identifier: Apache-2.0 */
/* Was it refused lately? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../store/receipt.h"
#include "join.h"

bool join_refused(const char *ledger, const char *study, struct receipt *refused)
{
	FILE *f = fopen(ledger, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	bool found = false;
	struct receipt *r = malloc(sizeof *r);
	while (f && r && (n = getline(&line, &size, f)) > 0) {
		uint8_t prev[RECEIPT_HASH];
		const char *what;
		if (line[n - 1] == '\n')
			n--;
		if (receipt_parse(line, (size_t)n, r, prev, &what) || strcmp(r->study, study) != 0)
			continue;
		if (r->state == LEDGER_REFUSED) {
			*refused = *r;
			found = true;
		} else if (receipt_is_yes(r)) {
			found = false;
		}
	}
	if (f)
		fclose(f);
	free(line);
	free(r);
	return found;
}
