/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of sway's words: orders of events that a sway without devices, or one of another version, cannot be made to tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../agent/error.h"
#include "../../agent/source/sway_place.h"
#include "../../agent/source/sway_wire.h"

static bool locker_runs;
static bool locker(void) { return locker_runs; }

enum { A = 5, B = 6, C = 7, WORKSPACE = 3 };

static struct sway_node node(int64_t id, bool focused)
{
	return (struct sway_node){ .id = id, .view = id != WORKSPACE, .focused = focused, .pid = (int32_t)id };
}

static unsigned focus(struct sway_place *p, int64_t id, bool had)
{
	struct sway_node n = node(id, had);
	return sway_place_event(p, SWAY_FOCUS, &n);
}

static unsigned tree(struct sway_place *p, int64_t id, bool focused)
{
	struct sway_node n = node(id, focused);
	return sway_place_tree(p, &n);
}

static int64_t at(const struct sway_place *p)
{
	const struct sway_node *n = sway_place_window(p);
	return n ? n->id : 0;
}

static struct sway_place begun(int64_t id)
{
	struct sway_place p = { .locker = locker };
	locker_runs = false;
	assert_true(sway_place_seat(&p, id) & SWAY_ASK);
	tree(&p, id, true);
	assert_int_equal(at(&p), id == WORKSPACE ? 0 : id);
	assert_true(sway_place_agrees(&p, id));
	return p;
}

static void test_windows(void **state)
{
	struct sway_place p = begun(A);
	(void)state;
	assert_int_equal(focus(&p, B, true), SWAY_MOVED);
	assert_int_equal(at(&p), B);
	assert_false(sway_place_agrees(&p, A));
	assert_int_equal(sway_place_seat(&p, B), SWAY_NO_NEWS);
	/* To a workspace without a window. */
	assert_int_equal(focus(&p, WORKSPACE, true), SWAY_MOVED);
	assert_int_equal(at(&p), 0);
	assert_true(sway_place_agrees(&p, WORKSPACE));
	/* To one with a window: the workspace's own event is none. */
	assert_int_equal(focus(&p, A, true), SWAY_MOVED);
	assert_int_equal(focus(&p, WORKSPACE, false), SWAY_NO_NEWS);
	assert_int_equal(focus(&p, B, true), SWAY_MOVED);
	/* Of several windows at once only the tree tells. */
	assert_int_equal(sway_place_seat(&p, WORKSPACE), SWAY_ASK);
	assert_int_equal(tree(&p, WORKSPACE, true), SWAY_MOVED);
	assert_int_equal(at(&p), 0);
}

static void test_layer(void **state)
{
	struct sway_place p = begun(A);
	(void)state;
	/* Seen while it is there. */
	assert_int_equal(sway_place_seat(&p, 0), SWAY_MOVED);
	assert_int_equal(at(&p), 0);
	assert_true(sway_place_agrees(&p, 0));
	assert_false(sway_place_agrees(&p, A));
	assert_true(focus(&p, A, false) & SWAY_MOVED);
	assert_int_equal(at(&p), A);
	/* Not seen. */
	assert_int_equal(focus(&p, A, false), SWAY_MOVED | SWAY_BLINKED);
	assert_int_equal(at(&p), A);
	/* Over a workspace: what was started by it comes when it has gone. */
	focus(&p, WORKSPACE, true);
	sway_place_seat(&p, 0);
	focus(&p, B, true);
	assert_int_equal(at(&p), B);
	/* The same, and a sample in between. */
	focus(&p, WORKSPACE, true);
	sway_place_seat(&p, 0);
	sway_place_seat(&p, WORKSPACE);
	assert_true(sway_place_agrees(&p, WORKSPACE));
	focus(&p, B, true);
	assert_int_equal(at(&p), B);
	/* What had the focus is gone meanwhile. */
	sway_place_seat(&p, 0);
	struct sway_node gone = node(B, false);
	assert_true(sway_place_event(&p, SWAY_CLOSE, &gone) & SWAY_ASK);
	tree(&p, A, false);
	assert_int_equal(at(&p), 0);
	focus(&p, A, false);
	assert_int_equal(at(&p), A);
	/* And faster than the tree is told. */
	sway_place_seat(&p, 0);
	gone = node(A, false);
	sway_place_event(&p, SWAY_CLOSE, &gone);
	focus(&p, C, false);
	assert_int_equal(at(&p), C);
}

/* ext-session-lock: the seat's focus is not the locker's. */
static void test_session_lock(void **state)
{
	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		struct sway_place p = begun(A);
		if (asked)
			sway_place_seat(&p, 0);
		/* Windows that open, or are activated, under it. */
		focus(&p, B, false);
		assert_int_equal(at(&p), 0);
		assert_int_equal(sway_place_seat(&p, B), SWAY_NO_NEWS);
		assert_false(sway_place_agrees(&p, B));
		focus(&p, C, true);
		assert_int_equal(at(&p), 0);
		sway_place_seat(&p, C);
		assert_int_equal(at(&p), 0);
		assert_false(sway_place_agrees(&p, C));
		/* Unlocked. */
		focus(&p, C, false);
		assert_int_equal(at(&p), C);
		assert_true(sway_place_agrees(&p, C));
	}
}

static void test_known_locker(void **state)
{
	struct sway_place p = begun(A);
	(void)state;
	sway_place_seat(&p, 0);
	locker_runs = true;
	/* A screen comes or goes, and sway gives the focus to the same window again: nothing but the locker's process tells. */
	focus(&p, A, false);
	assert_int_equal(at(&p), 0);
	sway_place_seat(&p, A);
	assert_int_equal(at(&p), 0);
	assert_false(sway_place_agrees(&p, A));
	focus(&p, A, false);
	locker_runs = false;
	assert_int_equal(sway_place_seat(&p, A), SWAY_MOVED);
	assert_int_equal(at(&p), A);
	/* The agent starts under it. */
	p = (struct sway_place){ .locker = locker };
	locker_runs = true;
	sway_place_seat(&p, B);
	tree(&p, B, true);
	assert_int_equal(at(&p), 0);
	/* Before anything else is heard. */
	p = (struct sway_place){ .locker = locker };
	focus(&p, B, true);
	assert_int_equal(at(&p), 0);
}

static void test_titles(void **state)
{
	struct sway_place p = begun(A);
	struct sway_node n = node(B, false);
	(void)state;
	n.private_window = true;
	assert_int_equal(sway_place_event(&p, SWAY_TITLE, &n), SWAY_NO_NEWS);
	n.id = A;
	assert_int_equal(sway_place_event(&p, SWAY_TITLE, &n), SWAY_MOVED);
	assert_true(sway_place_window(&p)->private_window);
	sway_place_seat(&p, 0);
	assert_int_equal(sway_place_event(&p, SWAY_TITLE, &n), SWAY_NO_NEWS);
}

/* ---- Words ------------------------------------------------------------------------------- */

static int seats(const char *json, struct sway_seats *out) { return sway_json_seats(json, strlen(json), out); }

#define KEYBOARD(name, group, layouts) "{\"type\": \"keyboard\", \"name\": \"" name "\", \"xkb_layout_names\": [" layouts \
	"], \"xkb_active_layout_index\": " #group ", \"libinput\": {\"send_events\": \"enabled\"}}"
#define SEAT(name, devices) "{\"name\": \"" name "\", \"focus\": 7, \"devices\": [" devices "]}"

static void test_seats(void **state)
{
	struct sway_seats s;
	(void)state;
	assert_int_equal(seats("[" SEAT("seat0", KEYBOARD("a", 1, "\"de\", \"us\"") "," KEYBOARD("b", 1, "\"de\", \"us\"")) "]", &s), 0);
	assert_true(s.focus == 7 && s.keyboards == 2 && s.devices == 2 && s.group == 1 && !s.nested && !s.several && !s.deaf);
	seats("[" SEAT("seat0", KEYBOARD("a", 0, "\"de\"") "," KEYBOARD("b", 1, "\"de\"")) "]", &s);
	assert_int_equal(s.group, -1);
	seats("[" SEAT("seat0", KEYBOARD("a", 0, "\"de\"") "," KEYBOARD("b", 0, "\"us\"") "," KEYBOARD("c", 0, "\"us\"")) "]", &s);
	assert_int_equal(s.group, -1);
	seats("[" SEAT("seat0", KEYBOARD("a", 0, "\"de\"")) "," SEAT("seat1", KEYBOARD("b", 0, "\"de\"")) "]", &s);
	assert_true(s.several);
	seats("[" SEAT("seat0", KEYBOARD("a", 0, "\"de\"") ",{\"type\": \"keyboard\", \"name\": \"wlr_virtual_keyboard_v1\"}") "]", &s);
	assert_true(!s.nested && s.group == 0);
	seats("[" SEAT("seat0", "{\"type\": \"keyboard\", \"name\": \"wayland-keyboard-seat0\"}") "]", &s);
	assert_true(s.nested);
	seats("[" SEAT("seat0", "{\"type\": \"keyboard\", \"name\": \"a\", \"libinput\": {\"send_events\": \"disabled\"}}") "]", &s);
	assert_true(s.deaf && s.group == -1);
	assert_int_equal(seats("[" SEAT("seat1", "") "]", &s), ERROR_CORRUPT);
	assert_int_equal(seats("[{\"name\": \"seat0\", \"focus\": -1, \"devices\": []}]", &s), ERROR_CORRUPT);
	assert_int_equal(seats("[" SEAT("seat0", "") "," SEAT("seat0", "") "]", &s), ERROR_CORRUPT);
}

static void window(const char *what, struct sway_node *out)
{
	enum sway_change change;
	assert_int_equal(sway_json_window(what, strlen(what), &change, out), 0);
	assert_int_equal(change, SWAY_FOCUS);
}

static void test_window(void **state)
{
	struct sway_node n;
	(void)state;
	window("{\"change\":\"focus\",\"container\":{\"id\":5,\"pid\":42,\"shell\":\"xdg_shell\",\"app_id\":\"a\",\"name\":\"b\\u0007\\u00e4\",\"focused\":true}}", &n);
	assert_true(n.id == 5 && n.pid == 42 && n.view && n.focused && !n.xwayland && !n.private_window);
	assert_string_equal(n.title, "bä");
	/* The word of X11's windows is their own. */
	window("{\"change\":\"focus\",\"container\":{\"id\":5,\"pid\":42,\"shell\":\"xwayland\",\"app_id\":null,\"name\":\"b\"}}", &n);
	assert_true(n.view && n.xwayland && n.pid == 0);
	window("{\"change\":\"focus\",\"container\":{\"id\":5,\"pid\":42,\"shell\":\"another\",\"name\":\"b\"}}", &n);
	assert_true(n.view && n.pid == 0);
	/* A browser that has not said yet. */
	window("{\"change\":\"focus\",\"container\":{\"id\":5,\"pid\":42,\"shell\":\"xdg_shell\",\"app_id\":\"firefox\",\"name\":null}}", &n);
	assert_true(n.private_window);
	window("{\"change\":\"focus\",\"container\":{\"id\":5,\"pid\":0,\"shell\":\"xdg_shell\",\"app_id\":\"x\",\"name\":\"p — Privater Modus\"}}", &n);
	assert_true(n.private_window && n.pid == 0);
}

static void test_tree(void **state)
{
	static const char text[] = "{\"id\":1,\"type\":\"root\",\"focus\":[2],\"nodes\":[{\"id\":2,\"focus\":[3,9],\"nodes\":[{\"id\":3,\"focus\":[6],\"nodes\":[{\"id\":5}],"
		"\"floating_nodes\":[{\"id\":6,\"focus\":[],\"shell\":\"xdg_shell\",\"pid\":9,\"name\":\"t\",\"focused\":%s}]}]}]}";
	struct sway_node n;
	char json[512];
	(void)state;
	for (int focused = 0; focused < 2; focused++) {
		int length = snprintf(json, sizeof json, text, focused ? "true" : "false");
		assert_int_equal(sway_json_tree(json, (size_t)length, &n), 0);
		assert_true(n.id == 6 && n.pid == 9 && n.focused == (focused != 0));
	}
	assert_int_equal(sway_json_tree("{\"id\":1,\"focus\":[]}", 19, &n), 0);
	assert_int_equal(n.id, 0);
	assert_int_equal(sway_json_tree("{\"id\":1,\"focus\":[7],\"nodes\":[]}", 32, &n), ERROR_CORRUPT);
}

static void test_wire(void **state)
{
	struct sway_wire w = { 0 };
	char header[SWAY_HEADER];
	const char *json;
	enum sway_type type;
	size_t length, size;
	char *at_;
	(void)state;
	/* Long messages, in pieces, do not keep what they needed. */
	for (int round = 0; round < 3; round++) {
		size_t left = SWAY_MESSAGE_MAX;
		sway_wire_header(header, SWAY_EVENT_WINDOW, left);
		assert_int_equal(sway_wire_room(&w, &at_, &size), 0);
		memcpy(at_, header, sizeof header);
		sway_wire_add(&w, sizeof header);
		while (left) {
			assert_false(sway_wire_has(&w));
			assert_int_equal(sway_wire_take(&w, &type, &json, &length), 0);
			assert_int_equal(sway_wire_room(&w, &at_, &size), 0);
			assert_true(size >= 4096 && w.room <= SWAY_MESSAGE_MAX + 16384);
			size = size > left ? left : size;
			memset(at_, ' ', size);
			sway_wire_add(&w, size);
			left -= size;
		}
		assert_true(sway_wire_has(&w));
		assert_int_equal(sway_wire_take(&w, &type, &json, &length), 1);
		assert_true(type == SWAY_EVENT_WINDOW && length == SWAY_MESSAGE_MAX);
		assert_int_equal(sway_wire_room(&w, &at_, &size), 0);
		assert_int_equal(w.room, 16384);
	}
	sway_wire_header(header, SWAY_GET_TREE, SWAY_MESSAGE_MAX + 1);
	memcpy(at_, header, sizeof header);
	sway_wire_add(&w, sizeof header);
	assert_int_equal(sway_wire_take(&w, &type, &json, &length), ERROR_LIMIT);
	sway_wire_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows), cmocka_unit_test(test_layer), cmocka_unit_test(test_session_lock), cmocka_unit_test(test_known_locker),
		cmocka_unit_test(test_titles), cmocka_unit_test(test_seats), cmocka_unit_test(test_window), cmocka_unit_test(test_tree), cmocka_unit_test(test_wire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
