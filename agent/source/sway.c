/* SPDX-License-Identifier: Apache-2.0 */
#include "sway.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "app.h"
#include "sway_place.h"
#include "sway_process.h"
#include "sway_wire.h"

enum {
	PATIENCE_US = 1000000,
	STANDSTILL_US = 300000,          /* an answer that takes so long: keys from before it reached their window late, and a prompt comes later still */
	AGAIN_MS = 20, READS_AT_ONCE = 256, WAITING_MAX = 2
};

static const char events[] = "[\"window\",\"workspace\",\"input\",\"shutdown\"]";

/* Questions of one kind: they are answered in their order. */
struct sway_questions { unsigned asked, answered; };

struct sway {
	int fd;
	struct sway_options options;
	source_emit *emit;
	void *user;
	struct sway_wire wire;
	struct sway_place place;
	struct sway_questions subscribe, outputs, tree, sync, seats;
	bool subscribed, synced, nested; /* as was answered */
	struct sway_seats seat;          /* the newest answer */
	int process, display;            /* sway's own; of its Xwayland (sway_process.h) */
	char *session;
	bool telling;                    /* sway_select was called */
	unsigned told;                   /* how often something was */
	struct raw_app app;              /* what was told last */
	const char *doubt;
	bool doubted;                    /* nothing was agreed to, or too late: what was typed meanwhile may have gone elsewhere */
};

/* ---- What is told ------------------------------------------------------------------------ */

static bool same_app(const struct raw_app *a, const struct raw_app *b)
{
	return a->window == b->window && a->pid == b->pid && a->terminal == b->terminal && a->foreign == b->foreign &&
		a->private_window == b->private_window && !strcmp(a->exe, b->exe) && !strcmp(a->sandbox, b->sandbox) &&
		!strcmp(a->klass, b->klass) && !strcmp(a->title, b->title);
}

static void identify(const struct sway *s, const struct sway_node *window, struct raw_app *app)
{
	/* 0 is no window; and the root, which has 1, is none. */
	app->window = (uint64_t)window->id + 1;
	app->pid = window->pid;
	app->private_window = window->private_window;
	memcpy(app->klass, window->app_id, sizeof app->klass);
	if (s->options.titles)
		memcpy(app->title, window->title, sizeof app->title);
	if (app->pid)
		app_identify(app, s->options.terminals);
	else
		app->foreign = true;
}

static void emit(struct sway *s, const struct raw_app *app)
{
	struct raw_event raw = { .kind = RAW_FOCUS, .mono_us = clock_mono_us(), .as.app = &s->app };
	s->app = *app;
	s->told++;
	s->emit(s->user, &raw);
}

static void tell(struct sway *s, bool blinked)
{
	struct raw_app app = { .loose = true };
	const struct sway_node *window = sway_place_window(&s->place);
	if (!s->telling)
		return;
	if (blinked && s->app.window)
		emit(s, &app);
	if (window)
		identify(s, window, &app);
	/* A new place, after which nothing from before it counts. */
	if (blinked || app.window != s->app.window)
		s->doubted = false;
	if (!same_app(&app, &s->app))
		emit(s, &app);
}

/* ---- Questions --------------------------------------------------------------------------- */

static int ask(struct sway *s, struct sway_questions *q, enum sway_type type)
{
	char message[SWAY_HEADER + sizeof events];
	size_t length = type == SWAY_SUBSCRIBE ? sizeof events - 1 : 0;
	/* It has not answered for long. */
	if (q->asked - q->answered >= WAITING_MAX)
		return ERROR_AGAIN;
	sway_wire_header(message, type, length);
	memcpy(message + SWAY_HEADER, events, length);
	ssize_t n = send(s->fd, message, SWAY_HEADER + length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ERROR_AGAIN;
	if (n != (ssize_t)(SWAY_HEADER + length))
		return ERROR_GONE;
	q->asked++;
	return 0;
}

/* It is not waited for, and what cannot be asked now the next sample asks. */
static int ask_later(struct sway *s, struct sway_questions *q, enum sway_type type)
{
	int e = q->asked == q->answered ? ask(s, q, type) : 0;
	return e == ERROR_AGAIN ? 0 : e;
}

static int heed(struct sway *s, unsigned news)
{
	if (news & (SWAY_MOVED | SWAY_BLINKED))
		tell(s, news & SWAY_BLINKED);
	return news & SWAY_ASK ? ask_later(s, &s->tree, SWAY_GET_TREE) : 0;
}

static int take_answer(struct sway *s, enum sway_type type, const char *json, size_t length)
{
	struct sway_questions *q = type == SWAY_SUBSCRIBE ? &s->subscribe : type == SWAY_GET_OUTPUTS ? &s->outputs :
		type == SWAY_GET_TREE ? &s->tree : type == SWAY_SYNC ? &s->sync : &s->seats;
	struct sway_node node;
	int e;
	if (q->asked == q->answered)
		return ERROR_CORRUPT;
	q->answered++;
	switch (type) {
	case SWAY_SUBSCRIBE:
		return sway_json_success(json, length, &s->subscribed);
	case SWAY_SYNC:
		return sway_json_success(json, length, &s->synced);
	case SWAY_GET_OUTPUTS:
		return sway_json_outputs(json, length, &s->nested);
	case SWAY_GET_TREE:
		e = sway_json_tree(json, length, &node);
		/* Too many windows: where the focus is stays unknown. */
		if (e == ERROR_LIMIT || e == ERROR_MEMORY)
			return 0;
		return e ? e : heed(s, sway_place_tree(&s->place, &node));
	default:
		e = sway_json_seats(json, length, &s->seat);
		return e ? e : heed(s, sway_place_seat(&s->place, s->seat.focus));
	}
}

static int take_message(struct sway *s, enum sway_type type, const char *json, size_t length)
{
	enum sway_change change;
	struct sway_node node;
	int e;
	switch (type) {
	case SWAY_SUBSCRIBE: case SWAY_GET_OUTPUTS: case SWAY_GET_TREE: case SWAY_SYNC: case SWAY_GET_SEATS:
		return take_answer(s, type, json, length);
	case SWAY_EVENT_WINDOW:
		e = sway_json_window(json, length, &change, &node);
		break;
	case SWAY_EVENT_WORKSPACE:
		e = sway_json_workspace(json, length, &change, &node);
		/* It holds all windows of two workspaces. The window's own event, or the sample, says the same. */
		if (e == ERROR_LIMIT || e == ERROR_MEMORY)
			return 0;
		break;
	case SWAY_EVENT_INPUT:
		/* Of one device; the seat's say all. */
		return ask_later(s, &s->seats, SWAY_GET_SEATS);
	case SWAY_EVENT_SHUTDOWN:
		return ERROR_GONE;
	default:
		return ERROR_CORRUPT;
	}
	if (e || change == SWAY_OTHER)
		return e;
	return heed(s, sway_place_event(&s->place, change, &node));
}

/* ---- Reading ----------------------------------------------------------------------------- */

static int take_all(struct sway *s)
{
	enum sway_type type;
	const char *json;
	size_t length;
	int e;
	while ((e = sway_wire_take(&s->wire, &type, &json, &length)) > 0) {
		e = take_message(s, type, json, length);
		if (e)
			return e;
	}
	return e;
}

int sway_process(struct sway *s)
{
	int e = take_all(s);
	for (int i = 0; i < READS_AT_ONCE && !e; i++) {
		size_t size;
		char *at;
		e = sway_wire_room(&s->wire, &at, &size);
		if (e)
			break;
		ssize_t n = recv(s->fd, at, size, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0)
			return ERROR_GONE;
		sway_wire_add(&s->wire, (size_t)n);
		e = take_all(s);
	}
	return e;
}

/* 1: all that was asked until now is answered; 0: not in time. */
static int wait_for(struct sway *s, const struct sway_questions *q, int64_t until_us)
{
	unsigned wanted = q->asked;
	for (;;) {
		int e = sway_process(s);
		if (e)
			return e;
		if ((int)(q->answered - wanted) >= 0)
			return 1;
		int64_t left_us = until_us - clock_mono_us();
		if (left_us <= 0)
			return 0;
		struct pollfd p = { .fd = s->fd, .events = POLLIN };
		poll(&p, 1, (int)(left_us / 1000 + 1));
	}
}

static int ask_and_wait(struct sway *s, struct sway_questions *q, enum sway_type type, int64_t until_us)
{
	int e = ask(s, q, type);
	if (e == ERROR_AGAIN)
		return 0;
	return e ? e : wait_for(s, q, until_us);
}

/* ---- The samples ------------------------------------------------------------------------- */

int sway_select(struct sway *s)
{
	int64_t until_us = clock_mono_us() + PATIENCE_US;
	s->telling = true;
	/* An impossible window: the first is told whatever it is. */
	s->app.window = UINT64_MAX;
	int e = ask_and_wait(s, &s->seats, SWAY_GET_SEATS, until_us);
	if (e > 0)
		e = wait_for(s, &s->tree, until_us);
	if (e < 0)
		return e;
	tell(s, false);
	return 0;
}

/* Who else may have the keys, or have made them. */
static const char *find_doubt(const struct sway *s)
{
	if (s->place.sight == SWAY_LOCKER || s->place.sight == SWAY_DOUBT)
		return "a screen locker may have the keys";
	if (sway_process_x11(s->process, s->display))
		return "an X11 program runs in Xwayland, and sway does not tell when it takes the keys";
	if (s->options.nested_ok)
		return NULL;
	if (s->seat.nested)
		return "a keyboard is another compositor's";
	if (s->seat.several)
		return "sway has several seats with keyboards";
	if (s->seat.deaf)
		return "a keyboard is switched off in sway, and what is typed on it goes nowhere";
	return sd_session_is_active(s->session) > 0 ? NULL : "sway's session is not the active one";
}

int sway_sample(struct sway *s)
{
	int64_t before_us, until_us;
	s->doubt = NULL;
	int e = sway_process(s);
	if (e)
		return e;
	unsigned told = s->told;
	before_us = clock_mono_us();
	until_us = before_us + PATIENCE_US;
	/* Sway answers in one turn of its loop, and reads the devices in each: with the first answer, all input from before is handled. What moved
	 * the focus since has an event, or is seen in the second. */
	e = ask_and_wait(s, &s->sync, SWAY_SYNC, until_us);
	if (e > 0)
		e = ask_and_wait(s, &s->seats, SWAY_GET_SEATS, until_us);
	if (e > 0)
		e = wait_for(s, &s->tree, until_us);
	if (e < 0)
		return e;
	if (e == 0)
		s->doubt = "sway does not answer";
	else if (s->place.sight >= SWAY_LOCKER || (told == s->told && sway_place_agrees(&s->place, s->seat.focus)))
		s->doubt = find_doubt(s);
	else
		return 0;
	if (s->doubt) {
		s->doubted = true;
		return 0;
	}
	/* That it is over does not make good what was typed in it: nowhere was the place of that. */
	if (s->doubted)
		tell(s, true);
	s->doubted = clock_mono_us() - before_us > STANDSTILL_US;
	if (told != s->told)
		return 0;
	struct raw_event agree = { .kind = RAW_AGREE, .mono_us = before_us, .as.agree.agrees = true };
	struct raw_event grab = { .kind = RAW_GRAB, .mono_us = before_us };
	s->emit(s->user, &grab);
	s->emit(s->user, &agree);
	return 0;
}

bool sway_pending(const struct sway *s) { return sway_wire_has(&s->wire); }
int sway_group(const struct sway *s) { return s->seat.group; }
int sway_fd(const struct sway *s) { return s->fd; }
const char *sway_doubt(const struct sway *s) { return s->doubt; }

/* ---- Life -------------------------------------------------------------------------------- */

static int refuse(int error, const char *text, const char **what)
{
	*what = text;
	return error;
}

static int connect_to(struct sway *s, const char *path, int64_t until_us, const char **what)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof peer;
	if (!path || !path[0])
		return refuse(ERROR_GONE, "SWAYSOCK is not set", what);
	if (strlen(path) >= sizeof a.sun_path)
		return refuse(ERROR_INVALID, "the path in SWAYSOCK is too long", what);
	memcpy(a.sun_path, path, strlen(path));
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return refuse(ERROR_IO, "no local socket can be made", what);
	while (connect(s->fd, (const struct sockaddr *)&a, sizeof a)) {
		/* Three may wait there. */
		if ((errno != EAGAIN && errno != EINTR) || clock_mono_us() > until_us)
			return refuse(ERROR_GONE, "there is no sway at SWAYSOCK", what);
		poll(NULL, 0, AGAIN_MS);
	}
	if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != getuid() || peer.pid <= 0)
		return refuse(ERROR_UNSUPPORTED, "the sway at SWAYSOCK is another user's", what);
	s->process = peer.pid;
	return 0;
}

/* Is it one that can tell where the keys of this machine's devices go? */
static int judge(struct sway *s, int64_t until_us, const char **what)
{
	int e = ask(s, &s->subscribe, SWAY_SUBSCRIBE);
	if (!e)
		e = ask(s, &s->outputs, SWAY_GET_OUTPUTS);
	if (!e)
		e = ask_and_wait(s, &s->seats, SWAY_GET_SEATS, until_us);
	if (e <= 0)
		return refuse(e && e != ERROR_AGAIN ? e : ERROR_GONE, e == ERROR_CORRUPT || e == ERROR_LIMIT ?
			      "what sway says cannot be understood" : "sway does not answer", what);
	if (!s->subscribed)
		return refuse(ERROR_UNSUPPORTED, "this sway is too old (1.7 or later is needed)", what);
	if (s->options.nested_ok)
		return 0;
	if (s->nested || s->seat.nested || !s->seat.devices)
		return refuse(ERROR_UNSUPPORTED, "this sway runs inside of another compositor, or without the devices of this machine", what);
	if (sd_pid_get_session(s->process, &s->session) < 0)
		return refuse(ERROR_UNSUPPORTED, "sway belongs to no session of logind's", what);
	return 0;
}

int sway_open(const char *path, const struct sway_options *options, source_emit *emit_to, void *user, struct sway **out, const char **what)
{
	int64_t until_us = clock_mono_us() + PATIENCE_US;
	struct sway *s = calloc(1, sizeof *s);
	*out = NULL;
	if (!s)
		return refuse(ERROR_MEMORY, "out of memory", what);
	s->fd = -1;
	s->options = *options;
	s->emit = emit_to;
	s->user = user;
	s->seat.group = -1;
	s->place.locker = sway_process_locker;
	*what = "";
	int e = connect_to(s, path ? path : getenv("SWAYSOCK"), until_us, what);
	if (!e)
		e = judge(s, until_us, what);
	if (e) {
		sway_close(s);
		return e;
	}
	s->display = sway_process_display(s->process);
	*out = s;
	return 0;
}

void sway_close(struct sway *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	sway_wire_release(&s->wire);
	free(s->session);
	free(s);
}
