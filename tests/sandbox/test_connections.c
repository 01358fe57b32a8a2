/* SPDX-License-Identifier: Apache-2.0 */
/* The X server and the bus, connected before, go on working inside capture's sandbox. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <cmocka.h>

#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/extensions/XInput2.h>
#include <X11/extensions/XRes.h>
#include <systemd/sd-bus.h>

#include "../../agent/base/sandbox.h"
#include "../../agent/base/sanitizer.h"
#include "inside.h"

static pid_t server, bus;
static char display_name[32], bus_address[256];

/* Starts a program that says on a descriptor where it is; "" when it does not exist or fails. */
static pid_t start(const char *const *command, int fd, char *answer, size_t size)
{
	int pipes[2];
	answer[0] = 0;
	if (pipe(pipes) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		dup2(pipes[1], fd);
		execvp(command[0], (char *const *)command);
		_exit(127);
	}
	close(pipes[1]);
	struct pollfd wait = {.fd = pipes[0], .events = POLLIN};
	size_t have = 0;
	while (have + 1 < size && poll(&wait, 1, 15000) == 1) {
		ssize_t n = read(pipes[0], answer + have, size - 1 - have);
		if (n <= 0)
			break;
		have += (size_t)n;
		answer[have] = 0;
		if (answer[have - 1] == '\n')
			break;
	}
	answer[strcspn(answer, "\n")] = 0;
	/* Stays open: a server that writes once more must not die of it. */
	return child;
}

static void stop(pid_t child)
{
	if (child > 0) {
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
}

static void enter(void)
{
	STEP(sandbox_begin(&what));
	STEP(sandbox_supervisor(&what));
}

static void use_server(void)
{
	enter();
	Display *display = XOpenDisplay(display_name);
	CHECK(display);
	STEP(sandbox_lock_memory(&what));
	STEP(sandbox_capture(&what));

	int opcode, event, error, major = 2, minor = 2;
	CHECK(XQueryExtension(display, "XInputExtension", &opcode, &event, &error));
	CHECK(XIQueryVersion(display, &major, &minor) == Success);
	unsigned char bits[XIMaskLen(XI_LASTEVENT)] = {0};
	XISetMask(bits, XI_RawKeyPress);
	XISetMask(bits, XI_RawMotion);
	XIEventMask mask = {XIAllMasterDevices, sizeof bits, bits};
	CHECK(XISelectEvents(display, DefaultRootWindow(display), &mask, 1) == Success);
	int devices;
	XIDeviceInfo *info = XIQueryDevice(display, XIAllDevices, &devices);
	CHECK(info && devices > 0);
	XIFreeDeviceInfo(info);

	Window root, child;
	int x, y, wx, wy;
	unsigned buttons;
	CHECK(XQueryPointer(display, DefaultRootWindow(display), &root, &child, &x, &y, &wx, &wy, &buttons));
	int revert;
	XGetInputFocus(display, &root, &revert);
	XSetWindowAttributes attributes = {.override_redirect = True};
	Window window = XCreateWindow(display, DefaultRootWindow(display), 0, 0, 1, 1, 0, 0, InputOnly, NULL,
				      CWOverrideRedirect, &attributes);
	CHECK(XGrabKeyboard(display, window, False, GrabModeAsync, GrabModeAsync, CurrentTime) == GrabNotViewable);
	XResClientIdSpec spec = {window, XRES_CLIENT_ID_PID_MASK};
	long count = 0;
	XResClientIdValue *ids = NULL;
	CHECK(XResQueryClientIds(display, 1, &spec, &count, &ids) == Success && count > 0);
	XResClientIdsDestroy(count, ids);
	XkbDescPtr keyboard = XkbGetMap(display, XkbAllComponentsMask, XkbUseCoreKbd);
	CHECK(keyboard);
	XkbFreeKeyboard(keyboard, 0, True);
	Atom atom = XInternAtom(display, "ASSENT_TEST", False);
	CHECK(atom != None);

	/* A server that sends nothing: waiting works too. */
	struct pollfd wait = {.fd = ConnectionNumber(display), .events = POLLIN};
	XSync(display, False);
	CHECK(poll(&wait, 1, 1) >= 0);

#if !ASSENT_SANITIZED
	/* Xlib's own free wipes as well. */
	char *block = malloc(200);
	CHECK(block);
	memset(block, 'x', 200);
	volatile uintptr_t at = (uintptr_t)block;
	XFree(block);
	CHECK(((volatile char *)at)[100] == 0);
#endif
	XCloseDisplay(display);
}

static void use_bus(void)
{
	enter();
	sd_bus *connection = NULL;
	CHECK(sd_bus_new(&connection) >= 0);
	CHECK(sd_bus_set_address(connection, bus_address) >= 0 && sd_bus_set_bus_client(connection, 1) >= 0);
	CHECK(sd_bus_start(connection) >= 0);
	const char *name;
	CHECK(sd_bus_get_unique_name(connection, &name) >= 0);
	STEP(sandbox_lock_memory(&what));
	STEP(sandbox_capture(&what));

	sd_bus_message *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	CHECK(sd_bus_call_method(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
				 &error, &reply, "") >= 0);
	const char *id;
	CHECK(sd_bus_message_read(reply, "s", &id) >= 0 && strlen(id) == 32);
	sd_bus_message_unref(reply);
	CHECK(sd_bus_add_match(connection, NULL, "type='signal',interface='org.freedesktop.DBus'", NULL, NULL) >= 0);
	/* No such service, and nobody may be started for it by us. */
	CHECK(sd_bus_call_method(connection, "org.example.Nobody", "/", "org.example.Nobody", "Hello", &error, &reply, "") < 0);
	sd_bus_error_free(&error);
	while (sd_bus_process(connection, NULL) > 0)
		;
	sd_bus_flush_close_unref(connection);
}

static void test_server(void **state)
{
	(void)state;
	if (!display_name[1]) {
		print_message("Xvfb is not installed, or did not start\n");
		skip();
	}
	assert_true(ended_well(inside(AS_IS, use_server)));
	assert_true(ended_well(inside(AS_USER, use_server)));
}

static void test_bus(void **state)
{
	(void)state;
	if (!bus_address[0]) {
		print_message("dbus-daemon is not installed, or did not start\n");
		skip();
	}
	assert_true(ended_well(inside(AS_IS, use_bus)));
}

static int setup(void **state)
{
	(void)state;
	static const char *const xvfb[] = {"Xvfb", "-displayfd", "9", "-nolisten", "tcp", "-ac", "-noreset", NULL};
	static const char *const daemon[] = {"dbus-daemon", "--session", "--nofork", "--print-address=9", NULL};
	display_name[0] = ':';
	server = start(xvfb, 9, display_name + 1, sizeof display_name - 1);
	bus = start(daemon, 9, bus_address, sizeof bus_address);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop(server);
	stop(bus);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_server), cmocka_unit_test(test_bus)};
	return cmocka_run_group_tests_name("connections", tests, setup, teardown);
}
