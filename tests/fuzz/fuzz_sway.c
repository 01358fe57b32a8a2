/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything in the place of sway: what is read of it is in its range, however it comes in pieces. The input is the stream as sway would write it;
 * its length decides on the pieces.
 */
#include <string.h>

#include "../../agent/error.h"
#include "../../agent/source/sway_place.h"
#include "../../agent/source/sway_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool locked;
static bool locker(void) { return locked; }

static void check(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_node(const struct sway_node *n)
{
	check(n->id >= 0 && n->id <= INT32_MAX && n->pid >= 0 && !(n->xwayland && n->pid) && (n->view || !n->pid));
	check(memchr(n->title, 0, sizeof n->title) && memchr(n->app_id, 0, sizeof n->app_id));
}

static void check_place(const struct sway_place *p)
{
	const struct sway_node *n = sway_place_window(p);
	if (n)
		check(n->view && n->id > 0 && p->sight == SWAY_SEEN);
	check(!sway_place_agrees(p, p->top.id) || p->sight == SWAY_SEEN || p->top.id == 0);
}

static int take(struct sway_place *p, enum sway_type type, const char *json, size_t length)
{
	enum sway_change change = SWAY_OTHER;
	struct sway_node node = { .id = 0 };
	struct sway_seats seats;
	bool yes;
	int e;
	switch (type) {
	case SWAY_GET_SEATS:
		e = sway_json_seats(json, length, &seats);
		if (e)
			return e;
		check(seats.focus >= 0 && seats.group >= -1 && seats.keyboards <= seats.devices && (seats.keyboards || seats.group == -1));
		sway_place_seat(p, seats.focus);
		return 0;
	case SWAY_GET_TREE:
		e = sway_json_tree(json, length, &node);
		if (e)
			return e;
		check_node(&node);
		sway_place_tree(p, &node);
		return 0;
	case SWAY_GET_OUTPUTS:
		return sway_json_outputs(json, length, &yes);
	case SWAY_SUBSCRIBE: case SWAY_SYNC:
		return sway_json_success(json, length, &yes);
	case SWAY_EVENT_WINDOW:
		e = sway_json_window(json, length, &change, &node);
		break;
	default:
		e = sway_json_workspace(json, length, &change, &node);
		break;
	}
	if (e || change == SWAY_OTHER)
		return e;
	check_node(&node);
	check(node.id > 0);
	sway_place_event(p, change, &node);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sway_place place = { .locker = locker };
	struct sway_wire wire = { 0 };
	size_t piece = size % 97 + 1, room, length;
	enum sway_type type;
	const char *json;
	char *at;
	int e = 0;
	locked = size & 1;
	for (size_t done = 0; done < size && e >= 0;) {
		if (sway_wire_room(&wire, &at, &room))
			break;
		check(room >= 4096 && wire.room <= SWAY_MESSAGE_MAX + 16384);
		size_t n = piece < size - done ? piece : size - done;
		memcpy(at, data + done, n);
		sway_wire_add(&wire, n);
		done += n;
		while ((e = sway_wire_take(&wire, &type, &json, &length)) > 0) {
			e = take(&place, type, json, length);
			check_place(&place);
			if (e)
				break;
		}
	}
	sway_wire_release(&wire);
	return 0;
}
