/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evdev_dump SOCKET KEYS POINTER SCROLL [LAYOUT]: what the agent's source makes of a broker's stream, a line each, until it ends. KEYS and
 * POINTER are numbers of limits.h. It shows keys: for tests.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <xkbcommon/xkbcommon.h>

#include "../../agent/error.h"
#include "../../agent/source/evdev.h"

static void print(void *user, const struct raw_event *raw)
{
	const struct raw_input *in = &raw->as.input;
	(void)user;
	printf("%" PRId64 " ", raw->mono_us);
	switch (raw->kind) {
	case RAW_KEY:
		printf("key %d %d %d %s\n", in->device, in->code, in->action, event_class_name(in->key_class));
		break;
	case RAW_BUTTON:
		printf("button %d %d %d\n", in->device, in->code, in->action);
		break;
	case RAW_MOTION:
		printf("motion %d %g %g\n", in->device, (double)in->dx, (double)in->dy);
		break;
	case RAW_SCROLL:
		printf("scroll %d %d %d\n", in->device, in->scroll_x, in->scroll_y);
		break;
	case RAW_TOUCH:
		printf("touch %d %d %d\n", in->device, in->code, in->action);
		break;
	case RAW_LOCK:
		puts(raw->as.lock.locked ? "locked" : "unlocked");
		break;
	case RAW_DEVICE:
		printf("%s %d %s\n", raw->as.device.present ? "came" : "gone", raw->as.device.device, event_device_name(raw->as.device.klass));
		break;
	case RAW_LOST:
		printf("lost %d\n", raw->as.lost.count);
		break;
	case RAW_LAYOUT:
		printf("layout %s\n", raw->as.layout.name);
		break;
	default:
		puts("?");
		break;
	}
}

static bool use_layout(struct evdev *e, const char *name)
{
	struct xkb_rule_names names = { .layout = name };
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	struct xkb_keymap *map = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	bool is = map && evdev_keymap(e, map, 0) == 0;
	xkb_keymap_unref(map);
	xkb_context_unref(context);
	return is;
}

int main(int argc, char **argv)
{
	struct evdev_options options = { .places = true };
	const char *what, *remedy;
	struct evdev *e;
	size_t bytes;
	int error;
	if (argc < 5)
		return 2;
	options.wanted = (struct stream_terms){ (enum detail)atoi(argv[2]), (enum pointer_detail)atoi(argv[3]), atoi(argv[4]) != 0 };
	setvbuf(stdout, NULL, _IOLBF, 0);
	error = evdev_open(argv[1], &options, print, NULL, &e, &what, &remedy, NULL);
	if (error) {
		printf("no stream: %s: %s (%s)\n", error_text(error), what, remedy);
		return 1;
	}
	printf("granted %d %d %d\n", evdev_granted(e)->keys, evdev_granted(e)->pointer, evdev_granted(e)->scroll);
	if (argc > 5 && !use_layout(e, argv[5]))
		puts("no such layout");
	do {
		struct pollfd p = { .fd = evdev_fd(e), .events = POLLIN };
		poll(&p, 1, -1);
	} while ((error = evdev_drain(e, &bytes)) == 0);
	printf("end: %s%s%s\n", error_text(error), evdev_refusal(e) ? ": " : "", evdev_refusal(e) ? stream_refusal_text(evdev_refusal(e)) : "");
	evdev_close(e);
	return 0;
}
