/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest session UID SEAT VT CLASS REMOTE COMMAND...: asks logind for a session exactly as pam_systemd does (this call is
 * all that a login is to logind), says "in ID", and runs the command in it as that user. SEAT "-": none; VT 0: none;
 * REMOTE 0 or 1. It ends with the command.
 *
 * guest switch ID: activates a session; says "switched BEFORE_US KERNEL_US LOGIND_US": asked for; the kernel's console is the
 * other one (from now on keys go there); active as logind says.
 *
 * guest lock ID UID ON: tells logind as that user, as a locker does, that the session is locked (1) or not (0); says
 * "locked AFTER_US": logind knows.
 */
#include "guest.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>
#include <unistd.h>

enum { WORDS = 6 };

static int create(sd_bus *bus, char **words, char **id)
{
	sd_bus_message *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint32_t uid = (uint32_t)guest_number(words[0]), vt = (uint32_t)guest_number(words[2]), ignored;
	int remote = guest_number(words[4]) != 0, fd, existing;
	const char *path, *runtime, *seat, *name;
	char tty[16] = "";
	if (vt)
		snprintf(tty, sizeof tty, "tty%u", vt);
	/* An open descriptor keeps the session; both live until the process ends. */
	int r = sd_bus_call_method(bus, "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
		"CreateSession", &error, &reply, "uusssssussbssa(sv)", uid, (uint32_t)getpid(), "login", "tty", words[3], "",
		strcmp(words[1], "-") ? words[1] : "", vt, tty, "", remote, "", remote ? "192.0.2.1" : "", 0);
	if (r < 0)
		guest_die("CreateSession", error.message ? error.message : strerror(-r));
	if (sd_bus_message_read(reply, "soshusub", &name, &path, &runtime, &fd, &ignored, &seat, &vt, &existing) < 0)
		guest_die("CreateSession", "an unknown answer");
	*id = strdup(name);
	return dup(fd); /* the message owns its own */
}

int guest_session(char **words)
{
	sd_bus *bus = NULL;
	char *id = NULL;
	int status = 1, n = 0;
	while (n < WORDS && words[n])
		n++;
	if (n < WORDS)
		guest_die("session: UID SEAT VT CLASS REMOTE COMMAND...", NULL);
	if (sd_bus_open_system(&bus) < 0)
		guest_die("session", "no system bus");
	uid_t uid = (uid_t)guest_number(words[0]);
	int keep = create(bus, words, &id);
	printf("in %s\n", id);
	pid_t pid = fork();
	if (!pid) {
		setenv("XDG_SESSION_ID", id, 1);
		if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			guest_die("session", strerror(errno));
		execvp(words[5], words + 5);
		guest_die(words[5], strerror(errno));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(keep);
	free(id);
	sd_bus_unref(bus);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void read_active_tty(char out[16])
{
	FILE *f = fopen("/sys/class/tty/tty0/active", "r");
	if (!f || !fgets(out, 16, f))
		*out = 0;
	if (f)
		fclose(f);
}

int guest_switch(char **words)
{
	sd_bus *bus = NULL;
	char *active = NULL, was[16], is[16];
	if (!*words || sd_bus_open_system(&bus) < 0)
		guest_die("switch: ID", NULL);
	read_active_tty(was);
	int64_t before = guest_now_us(), kernel = 0;
	if (sd_bus_call_method_async(bus, NULL, "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
			"ActivateSession", NULL, NULL, "s", *words) < 0 || sd_bus_flush(bus) < 0)
		guest_die("switch", "logind cannot be asked");
	while (sd_seat_get_active("seat0", &active, NULL) < 0 || strcmp(active, *words)) {
		free(active);
		active = NULL;
		read_active_tty(is);
		if (!kernel && strcmp(was, is))
			kernel = guest_now_us();
		while (sd_bus_process(bus, NULL) > 0)
			;
		if (guest_now_us() - before > 10000000)
			guest_die("switch", "it does not become active");
		guest_sleep_us(500);
	}
	int64_t after = guest_now_us();
	printf("switched %lld %lld %lld\n", (long long)before, (long long)(kernel ? kernel : after), (long long)after);
	free(active);
	sd_bus_unref(bus);
	return 0;
}

int guest_lock(char **words)
{
	sd_bus *bus = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *path = NULL;
	if (!words[0] || !words[1] || !words[2])
		guest_die("lock: ID UID ON", NULL);
	uid_t uid = (uid_t)guest_number(words[1]);
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) || sd_bus_open_system(&bus) < 0 ||
	    sd_bus_path_encode("/org/freedesktop/login1/session", words[0], &path) < 0)
		guest_die("lock", "no system bus");
	int r = sd_bus_call_method(bus, "org.freedesktop.login1", path, "org.freedesktop.login1.Session", "SetLockedHint", &error, NULL,
		"b", (int)guest_number(words[2]));
	if (r < 0)
		guest_die("SetLockedHint", error.message ? error.message : strerror(-r));
	printf("locked %lld\n", (long long)guest_now_us());
	free(path);
	sd_bus_unref(bus);
	return 0;
}
