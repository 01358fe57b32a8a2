/* SPDX-License-Identifier: Apache-2.0 */
#include "sway_json.h"

#include <json-c/json.h>
#include <string.h>

#include "../error.h"
#include "private_window.h"
#include "title.h"

/* Firefox and its kin: a window of theirs without a title could be a private one. */
static const char *const mozillas[] = { "firefox", "firefox-esr", "firefox_firefox", "org.mozilla.firefox", "firefox-nightly", "firefox-aurora",
	"firefoxdeveloperedition", "firefox-developer-edition", "librewolf", "io.gitlab.librewolf-community", "waterfox", "floorp", "zen",
	"zen-alpha", "zen-beta", "icecat", "palemoon", "Navigator", "Tor Browser", "torbrowser", "Mullvad Browser", "mullvad-browser" };

/* How many values there can be: each but the first of its list stands behind one of these. json-c takes up to 1 KiB for one. */
static bool is_too_much(const char *json, size_t length)
{
	size_t values = 0;
	for (size_t i = 0; i < length; i++)
		values += json[i] == ',' || json[i] == '[' || json[i] == '{' || json[i] == ':';
	return values > SWAY_VALUES_MAX;
}

static int parse(const char *json, size_t length, enum json_type type, struct json_object **out)
{
	int e = ERROR_MEMORY;
	struct json_tokener *t;
	*out = NULL;
	if (is_too_much(json, length))
		return ERROR_LIMIT;
	t = json_tokener_new_ex(SWAY_DEPTH_MAX);
	if (!t)
		return ERROR_MEMORY;
	*out = json_tokener_parse_ex(t, json, (int)length);
	e = json_tokener_get_error(t) == json_tokener_success && json_object_is_type(*out, type) ? 0 : ERROR_CORRUPT;
	json_tokener_free(t);
	if (e) {
		json_object_put(*out);
		*out = NULL;
	}
	return e;
}

/* ---- Values ------------------------------------------------------------------------------ */

static struct json_object *get(struct json_object *o, const char *name, enum json_type type)
{
	struct json_object *v = NULL;
	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, name, &v) && json_object_is_type(v, type) ? v : NULL;
}

static bool is(struct json_object *o, const char *name, const char *text)
{
	struct json_object *v = get(o, name, json_type_string);
	return v && !strcmp(json_object_get_string(v), text);
}

static bool holds(struct json_object *o, const char *name)
{
	struct json_object *v = get(o, name, json_type_boolean);
	return v && json_object_get_boolean(v);
}

/* A number from least to INT32_MAX: sway's are C's int. */
static int number(struct json_object *o, const char *name, int64_t least, int64_t *out)
{
	struct json_object *v = get(o, name, json_type_int);
	*out = v ? json_object_get_int64(v) : 0;
	return v && *out >= least && *out <= INT32_MAX ? 0 : ERROR_CORRUPT;
}

static size_t count(struct json_object *list) { return list ? json_object_array_length(list) : 0; }

/* ---- The tree ---------------------------------------------------------------------------- */

static bool is_mozilla(const char *app_id)
{
	for (size_t i = 0; i < sizeof mozillas / sizeof *mozillas; i++) {
		if (!strcmp(app_id, mozillas[i]))
			return true;
	}
	return false;
}

static void read_names(struct json_object *o, struct sway_node *out)
{
	struct json_object *title = get(o, "name", json_type_string), *app_id = get(o, "app_id", json_type_string);
	if (app_id)
		title_clean((const unsigned char *)json_object_get_string(app_id), (size_t)json_object_get_string_len(app_id), out->app_id,
			    sizeof out->app_id);
	if (title) {
		const char *text = json_object_get_string(title);
		size_t n = (size_t)json_object_get_string_len(title);
		title_clean((const unsigned char *)text, n, out->title, sizeof out->title);
		/* Of any window: sway does not say who drew it, and to be wrong about another program is no harm. */
		out->private_window = private_window_title(text, n);
	} else {
		out->private_window = is_mozilla(out->app_id);
	}
}

static int read_node(struct json_object *o, struct sway_node *out)
{
	int64_t pid = 0;
	memset(out, 0, sizeof *out);
	if (number(o, "id", 1, &out->id))
		return ERROR_CORRUPT;
	out->focused = holds(o, "focused");
	out->view = get(o, "shell", json_type_string) != NULL;
	if (!out->view)
		return 0;
	/* A shell that this version does not know may be as little to be believed as X. */
	out->xwayland = !is(o, "shell", "xdg_shell");
	out->pid = !out->xwayland && number(o, "pid", 1, &pid) == 0 ? (int32_t)pid : 0;
	read_names(o, out);
	return 0;
}

static struct json_object *child_of(struct json_object *o, const char *list, int64_t id)
{
	struct json_object *children = get(o, list, json_type_array);
	for (size_t i = 0; i < count(children); i++) {
		struct json_object *child = json_object_array_get_idx(children, i);
		int64_t its = 0;
		if (number(child, "id", 1, &its) == 0 && its == id)
			return child;
	}
	return NULL;
}

/* The first of "focus" of each is the way to what has the focus, or had it last. It may end before: at what has the focus itself. */
static int follow_focus(struct json_object *o, struct sway_node *out)
{
	for (int depth = 0; depth < SWAY_DEPTH_MAX; depth++) {
		struct json_object *focus = get(o, "focus", json_type_array);
		struct json_object *first = count(focus) ? json_object_array_get_idx(focus, 0) : NULL;
		/* A root without a screen. */
		if (!first && depth == 0)
			return 0;
		if (!first || holds(o, "focused"))
			return read_node(o, out);
		if (!json_object_is_type(first, json_type_int))
			return ERROR_CORRUPT;
		int64_t id = json_object_get_int64(first);
		struct json_object *child = child_of(o, "nodes", id);
		o = child ? child : child_of(o, "floating_nodes", id);
		if (!o)
			return ERROR_CORRUPT;
	}
	return ERROR_CORRUPT;
}

int sway_json_tree(const char *json, size_t length, struct sway_node *out)
{
	struct json_object *o;
	int e = parse(json, length, json_type_object, &o);
	memset(out, 0, sizeof *out);
	if (!e)
		e = follow_focus(o, out);
	json_object_put(o);
	return e;
}

/* ---- Events ------------------------------------------------------------------------------ */

static int read_event(const char *json, size_t length, const char *where, enum sway_change *change, struct sway_node *out)
{
	struct json_object *o, *node;
	int e = parse(json, length, json_type_object, &o);
	if (e)
		return e;
	*change = is(o, "change", "focus") ? SWAY_FOCUS : is(o, "change", "title") ? SWAY_TITLE : is(o, "change", "close") ? SWAY_CLOSE : SWAY_OTHER;
	node = get(o, where, json_type_object);
	if (!get(o, "change", json_type_string))
		e = ERROR_CORRUPT;
	else if (!node)
		*change = SWAY_OTHER;
	else if (*change != SWAY_OTHER)
		e = read_node(node, out);
	json_object_put(o);
	return e;
}

int sway_json_window(const char *json, size_t length, enum sway_change *change, struct sway_node *out)
{
	return read_event(json, length, "container", change, out);
}

int sway_json_workspace(const char *json, size_t length, enum sway_change *change, struct sway_node *out)
{
	return read_event(json, length, "current", change, out);
}

/* ---- Answers ----------------------------------------------------------------------------- */

/* Keyboards that a program made by zwp_virtual_keyboard, as wlroots calls them. Their keys are told by no device, so none is recorded. */
static bool is_virtual(struct json_object *device)
{
	return is(device, "name", "virtual keyboard") || is(device, "name", "wlr_virtual_keyboard_v1");
}

/* *layouts: those of the keyboards before it. */
static void read_keyboard(struct json_object *device, bool first, struct sway_seats *out, struct json_object **layouts)
{
	struct json_object *libinput = get(device, "libinput", json_type_object), *names = get(device, "xkb_layout_names", json_type_array);
	int64_t group;
	if (!libinput) {
		out->nested |= !is_virtual(device);
		return;
	}
	if (number(device, "xkb_active_layout_index", 0, &group))
		group = -1;
	bool same = out->keyboards == 0 || (out->group == group && json_object_equal(*layouts, names));
	out->group = same && names ? (int)group : -1;
	*layouts = names;
	out->keyboards++;
	out->several |= !first;
	out->deaf |= is(libinput, "send_events", "disabled");
}

static int read_seat(struct json_object *seat, bool first, struct sway_seats *out, struct json_object **layouts)
{
	struct json_object *devices = get(seat, "devices", json_type_array);
	int64_t focus;
	if (number(seat, "focus", 0, &focus) || !devices)
		return ERROR_CORRUPT;
	if (first)
		out->focus = focus;
	for (size_t i = 0; i < count(devices); i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		out->devices += get(device, "libinput", json_type_object) != NULL;
		if (is(device, "type", "keyboard"))
			read_keyboard(device, first, out, layouts);
	}
	return 0;
}

int sway_json_seats(const char *json, size_t length, struct sway_seats *out)
{
	struct json_object *o, *layouts = NULL;
	int e = parse(json, length, json_type_array, &o);
	bool found = false;
	memset(out, 0, sizeof *out);
	out->group = -1;
	if (e)
		return e;
	/* seat0 is the one of which all else speaks: focused, the events. */
	for (size_t i = 0; !e && i < count(o); i++) {
		struct json_object *seat = json_object_array_get_idx(o, i);
		bool first = is(seat, "name", "seat0");
		if (first && found)
			e = ERROR_CORRUPT;
		found |= first;
		if (!e)
			e = read_seat(seat, first, out, &layouts);
	}
	json_object_put(o);
	return !e && !found ? ERROR_CORRUPT : e;
}

int sway_json_outputs(const char *json, size_t length, bool *nested)
{
	static const char *const names[] = { "WL-", "WLR-", "X11-" };
	struct json_object *o;
	int e = parse(json, length, json_type_array, &o);
	*nested = false;
	for (size_t i = 0; !e && i < count(o); i++) {
		struct json_object *name = get(json_object_array_get_idx(o, i), "name", json_type_string);
		if (!name)
			e = ERROR_CORRUPT;
		for (size_t k = 0; !e && k < sizeof names / sizeof *names; k++)
			*nested |= !strncmp(json_object_get_string(name), names[k], strlen(names[k]));
	}
	json_object_put(o);
	return e;
}

int sway_json_success(const char *json, size_t length, bool *success)
{
	struct json_object *o;
	int e = parse(json, length, json_type_object, &o);
	*success = holds(o, "success");
	json_object_put(o);
	return e;
}
