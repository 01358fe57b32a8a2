/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sway's messages say, as far as it matters. Bytes in, plain values out: nothing is asked, nothing is kept. Whatever is not as
 * sway-ipc(7) has it is ERROR_CORRUPT. Parsing takes at most 64 MiB for the time of the call (SWAY_VALUES_MAX values).
 */
#ifndef ASSENT_SWAY_JSON_H
#define ASSENT_SWAY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../event.h"

enum { SWAY_VALUES_MAX = 100000, SWAY_DEPTH_MAX = 128 };

/* A place in sway's tree. */
struct sway_node {
	int64_t id;                      /* above 0 */
	bool view;                       /* a window; else a workspace, or a container of several: it takes no keys */
	bool focused;                    /* it has the focus; in an event: there was a focus before this one */
	bool xwayland;                   /* its pid is what the window says of itself */
	bool private_window;             /* of a browser, as far as its title tells */
	int32_t pid;                     /* who connected to sway; 0: not told */
	char app_id[64];
	char title[EVENT_TITLE_MAX + 1];
};

/* GET_SEATS: where the keys go, and by which keyboards they come. */
struct sway_seats {
	int64_t focus;                   /* the first seat's; 0: to no node of the tree */
	int devices, keyboards;          /* that sway reads itself */
	bool nested;                     /* there is one of a compositor around this one */
	bool several;                    /* another seat has one of its own */
	bool deaf;                       /* one is switched off in sway, but the kernel tells of it */
	int group;                       /* xkb's number of the layout that all of them have; -1: it, or what layouts they have, differs; or none is known */
};

enum sway_change { SWAY_OTHER, SWAY_FOCUS, SWAY_TITLE, SWAY_CLOSE };

int sway_json_seats(const char *json, size_t length, struct sway_seats *out);
/* GET_OUTPUTS: one of them is a window of another compositor, or of an X server. */
int sway_json_outputs(const char *json, size_t length, bool *nested);
/* An answer to SUBSCRIBE. */
int sway_json_success(const char *json, size_t length, bool *success);
/* GET_TREE: the node that has the focus, or would get it back (in that case focused is false). id 0: none. */
int sway_json_tree(const char *json, size_t length, struct sway_node *out);
/* The events "window" (its container) and "workspace" (the current one). SWAY_OTHER: *out is not filled. */
int sway_json_window(const char *json, size_t length, enum sway_change *change, struct sway_node *out);
int sway_json_workspace(const char *json, size_t length, enum sway_change *change, struct sway_node *out);

#endif
