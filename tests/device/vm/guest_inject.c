/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest inject: devices of uinput. Lines on standard input; each is answered by "done", after "came" also the device's
 * name below /dev/input:
 *
 *   came KIND NAME        a device: keyboard, mouse, touchpad, tablet; its number is 0, 1, ... in their order
 *   went NUMBER
 *   on NUMBER             those that follow are of this one (at first: of the last that came)
 *   e TYPE CODE VALUE     an event (numbers), without SYN_REPORT
 *   s                     SYN_REPORT
 *   keys N GAP_US         N times a key down and up, other keys in turn; waits after each. 0: as fast as it can
 *   moves N GAP_US        N movements of (1, -1) and (-1, 1)
 *   pace RATE SECONDS     movements at that rate a second, none of them late to make up for another; says "paced COUNT US"
 *   hold N HOLD_MS        key N down, and up after that
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { DEVICES = 16, PLACE = 80 };

static int devices[DEVICES], count, now = -1;

static void bit(int fd, unsigned long request, int what)
{
	if (ioctl(fd, request, what))
		guest_die("uinput", strerror(errno));
}

static void axis(int fd, int code, int from, int to, int resolution)
{
	struct uinput_abs_setup a = {.code = (__u16)code, .absinfo = {.minimum = from, .maximum = to, .resolution = resolution}};
	bit(fd, UI_SET_ABSBIT, code);
	if (ioctl(fd, UI_ABS_SETUP, &a))
		guest_die("uinput", "axis");
}

static void keyboard(int fd)
{
	bit(fd, UI_SET_EVBIT, EV_KEY);
	bit(fd, UI_SET_EVBIT, EV_REP);
	for (int code = 1; code < 0xf8; code++)
		bit(fd, UI_SET_KEYBIT, code);
}

static void mouse(int fd)
{
	static const int axes[] = {REL_X, REL_Y, REL_WHEEL, REL_HWHEEL, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES};
	bit(fd, UI_SET_EVBIT, EV_KEY);
	bit(fd, UI_SET_EVBIT, EV_REL);
	for (int code = BTN_LEFT; code <= BTN_TASK; code++)
		bit(fd, UI_SET_KEYBIT, code);
	for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
		bit(fd, UI_SET_RELBIT, axes[i]);
}

static void touchpad(int fd)
{
	static const int keys[] = {BTN_LEFT, BTN_TOUCH, BTN_TOOL_FINGER, BTN_TOOL_DOUBLETAP, BTN_TOOL_TRIPLETAP};
	bit(fd, UI_SET_EVBIT, EV_KEY);
	bit(fd, UI_SET_EVBIT, EV_ABS);
	bit(fd, UI_SET_PROPBIT, INPUT_PROP_POINTER);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		bit(fd, UI_SET_KEYBIT, keys[i]);
	axis(fd, ABS_X, 0, 4000, 40); /* units per mm */
	axis(fd, ABS_Y, 0, 2500, 40);
	axis(fd, ABS_MT_SLOT, 0, 4, 0);
	axis(fd, ABS_MT_TRACKING_ID, 0, 65535, 0);
	axis(fd, ABS_MT_POSITION_X, 0, 4000, 40);
	axis(fd, ABS_MT_POSITION_Y, 0, 2500, 40);
}

static void tablet(int fd)
{
	static const int keys[] = {BTN_TOOL_PEN, BTN_TOUCH, BTN_STYLUS};
	bit(fd, UI_SET_EVBIT, EV_KEY);
	bit(fd, UI_SET_EVBIT, EV_ABS);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		bit(fd, UI_SET_KEYBIT, keys[i]);
	axis(fd, ABS_X, 0, 20000, 100);
	axis(fd, ABS_Y, 0, 12000, 100);
	axis(fd, ABS_PRESSURE, 0, 1023, 0);
}

/* /dev/input/eventN of the one that was just made; waits until there is that node. */
static void tell_node(int fd)
{
	char name[64] = "", pattern[PLACE + 64], *node;
	glob_t found = {0};
	if (ioctl(fd, UI_GET_SYSNAME(sizeof name), name) < 0)
		guest_die("uinput", "no name");
	snprintf(pattern, sizeof pattern, "/sys/devices/virtual/input/%s/event*", name);
	for (int tries = 0; glob(pattern, 0, NULL, &found) && tries < 1000; tries++)
		guest_sleep_us(2000);
	if (!found.gl_pathc)
		guest_die("uinput", "no node: is evdev loaded?");
	node = strrchr(found.gl_pathv[0], '/') + 1;
	snprintf(pattern, sizeof pattern, "/dev/input/%s", node);
	for (int tries = 0; access(pattern, F_OK) && tries < 1000; tries++)
		guest_sleep_us(2000);
	printf("%s\n", node);
	globfree(&found);
}

static void came(const char *kind, const char *name)
{
	static const struct { const char *name; void (*make)(int fd); } kinds[] = {
		{"keyboard", keyboard}, {"mouse", mouse}, {"touchpad", touchpad}, {"tablet", tablet},
	};
	struct uinput_setup setup = {.id = {.bustype = BUS_USB, .vendor = 0x1234, .product = (__u16)(count + 1), .version = 1}};
	int fd = open("/dev/uinput", O_RDWR | O_CLOEXEC);
	if (fd < 0 || count == DEVICES)
		guest_die("/dev/uinput", strerror(errno));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kind, kinds[i].name))
			kinds[i].make(fd);
	snprintf(setup.name, sizeof setup.name, "%s", name);
	if (ioctl(fd, UI_DEV_SETUP, &setup) || ioctl(fd, UI_DEV_CREATE))
		guest_die("uinput", strerror(errno));
	now = count;
	devices[count++] = fd;
	tell_node(fd);
}

static void event(int type, int code, int value)
{
	struct input_event e = {.type = (__u16)type, .code = (__u16)code, .value = value};
	if (now < 0 || write(devices[now], &e, sizeof e) != sizeof e)
		guest_die("uinput", "event");
}

static void both(int type, int code, int value, long gap)
{
	event(type, code, value);
	event(EV_SYN, SYN_REPORT, 0);
	guest_sleep_us(gap);
}

static void keys(long n, long gap)
{
	for (long i = 0; i < n; i++) {
		int code = KEY_Q + (int)(i % 10); /* the upper row of letters */
		both(EV_KEY, code, 1, gap);
		both(EV_KEY, code, 0, gap);
	}
}

static void moves(long n, long gap)
{
	for (long i = 0; i < n; i++) {
		event(EV_REL, REL_X, i % 2 ? -1 : 1);
		both(EV_REL, REL_Y, i % 2 ? 1 : -1, gap);
	}
}

static int64_t sleep_until_us(int64_t at)
{
	struct timespec t = {at / 1000000, at % 1000000 * 1000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
	return guest_now_us();
}

/* A device never tells two reports at once: where this one cannot keep up, its rate is lower. */
static void pace(long rate, long seconds)
{
	struct input_event frame[] = {{.type = EV_REL, .code = REL_X}, {.type = EV_REL, .code = REL_Y}, {.type = EV_SYN, .code = SYN_REPORT}};
	int64_t gap = 1000000 / rate, began = guest_now_us(), end = began + seconds * INT64_C(1000000), now_us = began;
	long moved = 0;
	if (now < 0)
		guest_die("uinput", "no device");
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	for (int64_t next = began; next < end; moved++) {
		frame[0].value = moved % 2 ? -1 : 1;
		frame[1].value = -frame[0].value;
		if (write(devices[now], frame, sizeof frame) != sizeof frame)
			guest_die("uinput", strerror(errno));
		next = next + gap > now_us + gap / 2 ? next + gap : now_us + gap / 2;
		now_us = sleep_until_us(next);
	}
	printf("paced %ld %lld\n", moved, (long long)(now_us - began));
}

static void obey(const char *text)
{
	char word[32], name[64];
	int a, b, c;
	if (sscanf(text, "came %31s %63[^\n]", word, name) == 2)
		came(word, name);
	else if (sscanf(text, "went %d", &a) == 1 && a >= 0 && a < count)
		close(devices[a]);
	else if (sscanf(text, "on %d", &a) == 1 && a >= 0 && a < count)
		now = a;
	else if (sscanf(text, "e %i %i %i", &a, &b, &c) == 3)
		event(a, b, c);
	else if (!strcmp(text, "s"))
		event(EV_SYN, SYN_REPORT, 0);
	else if (sscanf(text, "keys %d %d", &a, &b) == 2)
		keys(a, b);
	else if (sscanf(text, "moves %d %d", &a, &b) == 2)
		moves(a, b);
	else if (sscanf(text, "pace %d %d", &a, &b) == 2 && a > 0)
		pace(a, b);
	else if (sscanf(text, "hold %d %d", &a, &b) == 2) {
		both(EV_KEY, a, 1, b * 1000L);
		both(EV_KEY, a, 0, 0);
	} else
		guest_die("inject: not known", text);
}

int guest_inject(char **words)
{
	static char text[256];
	(void)words;
	while (fgets(text, sizeof text, stdin)) {
		text[strcspn(text, "\n")] = 0;
		obey(text);
		puts("done");
	}
	return 0;
}
