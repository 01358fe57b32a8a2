/* SPDX-License-Identifier: Apache-2.0 */
/* wayland_keymap_dump: what the compositor's keymap types with the key Y (KEY_Y), a line at each change, from within capture's sandbox. */
#include <poll.h>
#include <stdio.h>
#include <xkbcommon/xkbcommon.h>

#include "../../agent/base/sandbox.h"
#include "../../agent/error.h"
#include "../../agent/source/wayland_keymap.h"

static void print(const struct wayland_keymap *w)
{
	struct xkb_keymap *map = wayland_keymap_get(w);
	char name[64] = "";
	const xkb_keysym_t *syms;
	if (!map) {
		puts("none");
		return;
	}
	for (xkb_layout_index_t i = 0; i < xkb_keymap_num_layouts(map); i++) {
		if (xkb_keymap_key_get_syms_by_level(map, 21 + 8, i, 0, &syms) == 1)
			xkb_keysym_get_name(syms[0], name, sizeof name);
		const char *layout = xkb_keymap_layout_get_name(map, i);
		printf("%s%s:%s", i ? " " : "", layout ? layout : "", name);
	}
	puts("");
}

int main(void)
{
	struct wayland_keymap *w;
	const char *what;
	bool changed;
	int error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	error = wayland_keymap_open(&w, &what);
	if (error) {
		printf("no keymap: %s: %s\n", error_text(error), what);
		return 1;
	}
	if (sandbox_begin(&what) || sandbox_supervisor(&what) || sandbox_capture(&what)) {
		printf("no sandbox: %s\n", what);
		return 1;
	}
	print(w);
	do {
		struct pollfd p = { .fd = wayland_keymap_fd(w), .events = POLLIN };
		poll(&p, 1, -1);
		error = wayland_keymap_process(w, &changed);
		if (changed)
			print(w);
	} while (!error);
	printf("end: %s\n", error_text(error));
	wayland_keymap_close(w);
	return 0;
}
