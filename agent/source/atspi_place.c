/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where password fields stand. Firefox makes a new object of a field when its page changes its type ("show password"), so
 * that "once a password field, always one" cannot go by the object alone: what stands where one stood is one, too.
 */
#include "atspi_private.h"

#include <stdio.h>
#include <string.h>

uint64_t atspi_place_of(const struct atspi_objects *o, const char *name, const char *parent, const char *mark, int index)
{
	char words[ATSPI_PATH_MAX + ATSPI_MARK_MAX + 16];
	/* Where the page gave it an id, others may come and go before it. */
	if (mark[0])
		snprintf(words, sizeof words, "%s id %s", parent, mark);
	else
		snprintf(words, sizeof words, "%s no %d", parent, index);
	return atspi_object_hash(o, name, words);
}

bool atspi_place_is_secret(const struct atspi_places *p, uint64_t place)
{
	for (int i = 0; i < ATSPI_PLACES; i++) {
		if (place && p->place[i] == place)
			return true;
	}
	return false;
}

void atspi_place_keep(struct atspi_places *p, uint64_t place)
{
	if (!place || atspi_place_is_secret(p, place))
		return;
	p->place[p->next] = place;
	p->next = (p->next + 1) % ATSPI_PLACES;
}
