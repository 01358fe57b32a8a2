/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/trim.h"
#include "error.h"
#include "obstacle.h"
#include "outlet.h"
#include "pipeline.h"
#include "source/atspi.h"
#include "source/desktop.h"
#include "source/replay.h"
#include "source/session.h"
#include "store/ledger.h"
#include "store/secrets.h"

enum {
	DRAIN_DELAY_US = 50000,           /* FACTS: a listener that waits this long costs a tenth of one that does not */
	DRAIN_POINTER_US = 100000,        /* while only the pointer moves */
	DRAIN_LARGE = 32768,              /* more than this was read: the server is ahead, do not wait */
	HEAR_BUS_US = 300000,             /* at most, at the start */
	LAST_US = 200000                  /* at most, at the end: to read what happened until then */
};

struct capture {
	const struct capture_options *options;
	struct sensitive sensitive;
	struct secrets secrets;
	struct pipeline pipeline;
	struct outlet outlet;
	struct desktop *desktop;
	struct atspi *bus;
	struct session *session;          /* NULL: no logind here */
	struct replay *replay;
	struct ledger_watch watch;
	int signal_fd, clock_fd, ledger_fd;
	int64_t until_us;                 /* UTC: when the decision runs out */
	int64_t drain_at_us;              /* INT64_MAX: nothing to drain */
	int64_t sampled_us;
	struct delays delays_told;
	bool keys_seen;                   /* since input was there: then oracles are asked again after the drain */
	bool input_seen;
	struct raw_event look;            /* at the focused terminal, */
	bool looked;                      /* before a drain, and not fed yet */
	bool last_was_large, stop;
	bool selected;                    /* input comes in */
	int64_t read_us;                  /* mono: the source was read until then */
	int64_t last_us;                  /* mono: what happened from then on is not agreed to any more; INT64_MAX: all is; INT64_MIN: nobody knows since when */
	bool withdrawn;                   /* or refused, expired, replaced: nothing more is written */
	enum capture_end end;
};

/* Private mode as the pipeline has it now: for status, for the supervisor's mark, and for the capture after this one. */
static void mirror_private(struct capture *c)
{
	struct stats *stats = c->options->stats;
	int32_t on = pipeline_private(&c->pipeline);
	if (on == atomic_load_explicit(&stats->private_on, memory_order_relaxed))
		return;
	/* Spans have coarse edges; nobody needs this finer. */
	atomic_store(&stats->private_since_us, on ? clock_utc_us() / 1000000 * 1000000 : 0);
	atomic_store(&stats->private_on, on);
	eventfd_write(c->options->told_fd, 1);
}

static void feed(void *user, const struct raw_event *raw)
{
	struct capture *c = user;
	if (raw->kind <= RAW_TOUCH && raw->mono_us >= c->last_us)
		return;
	if (raw->kind == RAW_KEY || raw->kind == RAW_BUTTON)
		c->keys_seen = true;
	if (raw->kind <= RAW_TOUCH)
		c->input_seen = true;
	if (raw->kind == RAW_DEVICE && raw->as.device.present)
		outlet_device(&c->outlet, raw->as.device.device, raw->as.device.klass);
	pipeline_feed(&c->pipeline, raw);
	mirror_private(c);
}

/* Does what the supervisor asked for, if that is new. */
static void take_private(struct capture *c, uint64_t asked, int64_t now_us)
{
	struct stats *stats = c->options->stats;
	if (asked == atomic_load(&stats->private_done))
		return;
	struct raw_event raw = { .kind = RAW_PRIVATE, .mono_us = now_us };
	raw.as.private_mode.on = asked & 1;
	if (raw.as.private_mode.on != pipeline_private(&c->pipeline))
		feed(c, &raw);
	atomic_store(&stats->private_done, asked);
	eventfd_write(c->options->told_fd, 1);
}

/* A capture that begins while private mode is on has it from its first event. */
static void begin_private(struct capture *c)
{
	struct raw_event raw = { .kind = RAW_PRIVATE, .mono_us = clock_mono_us(), .as.private_mode.on = true };
	if (atomic_load(&c->options->stats->private_on))
		pipeline_feed(&c->pipeline, &raw);
}

static struct raw_event look_at_tty(struct capture *c, uint64_t window, int32_t pid)
{
	struct raw_event raw = { .kind = RAW_TTY };
	/* The worse of both lists' words: policy and participant may each add programs. */
	raw.mono_us = clock_mono_us();   /* it vouches for the time before the look, not after it */
	enum tty_state state = desktop_look(c->desktop, pid, &c->options->participant->programs);
	if (state == TTY_UNKNOWN && c->options->policy->programs.count)
		state = desktop_look(c->desktop, pid, &c->options->policy->programs);
	raw.as.tty.window = window;
	raw.as.tty.state = state;
	return raw;
}

/* The focused terminal, if it is one: what was seen is in c->look. */
static bool look_at_focused_tty(struct capture *c)
{
	const struct stay *s = context_stay(&c->pipeline.context, c->pipeline.context.serial);
	if (!s->terminal || s->nowhere || s->excluded)
		return false;
	c->look = look_at_tty(c, s->window, s->pid);
	return true;
}

/* A part of the desktop is gone: says which, and ends. */
static void desktop_gone(struct capture *c, const struct desktop_problem *problem)
{
	static const enum capture_end ends[] = { [DESKTOP_NO_PART] = CAPTURE_FAILED, [DESKTOP_DISPLAY] = CAPTURE_NO_DISPLAY,
		[DESKTOP_BROKER] = CAPTURE_NO_BROKER, [DESKTOP_PLACE] = CAPTURE_NO_CONTEXT };
	if (c->end != CAPTURE_DONE)
		return;
	c->end = ends[problem->part];
	obstacle_note(c->options->stats, problem);
	log_error("%s: capture ends%s%s", problem->what, problem->remedy[0] ? "; " : "", problem->remedy);
}

static void sample(struct capture *c)
{
	c->sampled_us = clock_mono_us();
	if (look_at_focused_tty(c))
		feed(c, &c->look);
	if (desktop_sample(c->desktop))
		desktop_gone(c, desktop_problem(c->desktop));
}

static void ask_live(void *user, const struct question *q)
{
	struct capture *c = user;
	switch (q->kind) {
	case ASK_SAMPLE:
		c->sampled_us = clock_mono_us();
		if (desktop_sample(c->desktop))
			desktop_gone(c, desktop_problem(c->desktop));
		break;
	case ASK_TTY: {
		struct raw_event look = look_at_tty(c, q->window, q->pid);
		feed(c, &look);
		break;
	}
	case ASK_FIELD:
		if (c->bus)
			atspi_ask(c->bus, q->object, clock_mono_us());
		break;
	}
}

static void feed_clock(struct capture *c)
{
	struct raw_event raw = { .kind = RAW_CLOCK, .mono_us = clock_mono_us() };
	raw.as.clock.utc_us = clock_utc_us();
	raw.as.clock.boot_us = clock_boot_us();
	feed(c, &raw);
}

/* Since when it is not agreed to any more, of a ledger that does not say given: mono, INT64_MIN where nobody can tell. */
static int64_t decided_us(const struct ledger_view *view)
{
	int64_t now = clock_mono_us(), utc = clock_utc_us();
	int64_t since = view->standing == STANDING_PAUSED ? view->paused_us : view->standing == STANDING_EXPIRED ? view->given.until_us : view->newest_us;
	if (view->standing == STANDING_INVALID || since <= 0 || since > utc)
		return INT64_MIN;
	/* To the whole millisecond before, as X11 rounds. */
	return (now - (utc - since)) / 1000 * 1000;
}

/* Reads the ledger anew. False: capture has to end. */
static bool consent_holds(struct capture *c, struct ledger_view *view)
{
	int error = ledger_read(c->options->ledger, c->options->trust, clock_utc_us(), view);
	if (error) {
		c->last_us = INT64_MIN;
		c->withdrawn = true;
		log_error("the ledger cannot be read (%s): capture ends", error_text(error));
		return false;
	}
	c->withdrawn = view->standing != STANDING_GIVEN && view->standing != STANDING_PAUSED;
	if (view->standing != STANDING_GIVEN) {
		c->last_us = decided_us(view);
		/* Not why: the journal is others' reading, too. What is broken the supervisor says. */
		log_info("capture ends");
		return false;
	}
	if (strcmp(view->given.study, c->options->study) != 0 ||
	    memcmp(view->given.terms_hash, c->options->terms_hash, 32) != 0) {
		c->last_us = decided_us(view);
		c->withdrawn = true;
		log_info("capture ends: the decision in force is about another study or another text of it");
		return false;
	}
	return true;
}

static void feed_consent(struct capture *c, const struct ledger_view *view)
{
	/* To the next whole millisecond: X11 tells no less, and rounds down. */
	struct raw_event raw = { .kind = RAW_CONSENT, .mono_us = (clock_mono_us() / 1000 + 1) * 1000 };
	raw.as.consent.state = CONSENT_GIVEN;
	raw.as.consent.given_us = view->given.t_us;
	raw.as.consent.until_us = view->given.until_us;
	raw.as.consent.paused_us = c->options->after_pause ? view->resumed_from_us : 0;
	c->until_us = view->given.until_us;
	feed(c, &raw);
}

static int open_ledger_watch(const char *ledger)
{
	/* The directory, since a ledger that is replaced by another file must be seen, too. */
	char directory[1024];
	snprintf(directory, sizeof directory, "%s", ledger);
	char *slash = strrchr(directory, '/');
	if (!slash)
		return -1;
	*slash = 0;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd >= 0 && inotify_add_watch(fd, directory, IN_MODIFY | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void drain(struct capture *c)
{
	size_t bytes = 0;
	int64_t began = clock_mono_us();
	/* Not keys: a look may have read some already. */
	c->input_seen = false;
	if (desktop_drain(c->desktop, &bytes)) {
		desktop_gone(c, desktop_problem(c->desktop));
		return;
	}
	if (bytes < DRAIN_LARGE && !desktop_pending(c->desktop))
		c->read_us = began;
	/* A prompt that was there when the first of them came in: it counts behind the Return that led to it. */
	if (c->looked)
		feed(c, &c->look);
	c->looked = false;
	c->last_was_large = bytes >= DRAIN_LARGE;
	c->drain_at_us = INT64_MAX;
	/* Keys lie between two samples, one before they were read and this one: both must be good. */
	if (c->keys_seen)
		sample(c);
	/* While only the pointer moves, the next movement is sure to come: not to be woken for it is half the cost. */
	const struct stay *s = context_stay(&c->pipeline.context, c->pipeline.context.serial);
	if (c->input_seen && !c->keys_seen && !s->terminal)
		c->drain_at_us = clock_mono_us() + (c->last_was_large ? 0 : DRAIN_POINTER_US);
}

/* The end: reads what happened until now. The answer to a question shows that all before it has come. What cannot be read any more is told as lost. Returns
 * the time until which something is claimed. */
static int64_t read_rest(struct capture *c)
{
	int64_t now = clock_mono_us(), until = now + LAST_US;
	size_t bytes;
	if (!c->selected)
		return now;
	bool known = c->last_us != INT64_MIN && c->last_us != INT64_MAX;
	bool reads = c->last_us != INT64_MIN && (c->end == CAPTURE_DONE || c->end == CAPTURE_NO_BUS || c->end == CAPTURE_NO_WRITER);
	for (bool all = false; reads && !all && clock_mono_us() < until;) {
		int64_t began = clock_mono_us();
		if (desktop_sample(c->desktop) || desktop_drain(c->desktop, &bytes))
			break;
		all = bytes < DRAIN_LARGE && !desktop_pending(c->desktop);
		if (all)
			c->read_us = began;
	}
	if (known && c->read_us >= c->last_us)
		return c->last_us;
	if (c->read_us >= now)
		return c->read_us;
	struct raw_event raw = { .kind = RAW_LOST, .mono_us = c->read_us };
	raw.as.lost.count = -1;
	raw.as.lost.until_us = clock_mono_us();
	feed(c, &raw);
	return raw.as.lost.until_us;
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static int timeout_ms(struct capture *c, int64_t now)
{
	int64_t at = sooner(pipeline_deadline(&c->pipeline), sooner(c->drain_at_us, atspi_deadline_us(c->bus)));
	at = sooner(at, session_deadline_us(c->session));
	int64_t left = c->until_us - clock_utc_us();
	if (left < (int64_t)86400 * 1000000)
		at = sooner(at, now + (left > 0 ? left : 0));
	else
		at = sooner(at, now + (int64_t)86400 * 1000000);
	if (at <= now)
		return 0;
	return (int)((at - now + 999) / 1000);
}

static void check_consent(struct capture *c)
{
	struct ledger_view view;
	if (!consent_holds(c, &view))
		c->stop = true;
}

_Static_assert((int)PIPELINE_DELAYS == (int)STATS_TIMES, "the places of both mean the same");

static void mirror_delays(struct capture *c)
{
	/* Not told to anybody from here: the writer does, at its next flush. */
	const struct delays *d = &c->pipeline.delays;
	for (unsigned i = 0; i < PIPELINE_DELAYS; i++) {
		stats_add(&c->options->stats->airlock_live.count[i], d->count[i] - c->delays_told.count[i]);
		c->delays_told.count[i] = d->count[i];
	}
}

static void mirror_masked(struct capture *c)
{
	const struct stay *s = context_stay(&c->pipeline.context, c->pipeline.context.serial);
	atomic_store_explicit(&c->options->stats->masked_now, s->masked ? 1 + (int)s->reason : 0, memory_order_relaxed);
}

static void step(struct capture *c, bool writer_behind)
{
	bool delayed = c->drain_at_us != INT64_MAX;
	enum { SIGNALS, LEDGER, CLOCK, WRITER, BUS, SESSION, PRIVATE, DESKTOP, COUNT = DESKTOP + DESKTOP_FDS };
	struct pollfd fds[COUNT] = {
		[SIGNALS] = { .fd = c->signal_fd, .events = POLLIN },
		[LEDGER] = { .fd = c->ledger_fd, .events = POLLIN },
		[CLOCK] = { .fd = c->clock_fd, .events = POLLIN },
		[WRITER] = { .fd = c->outlet.fd, .events = (short)(writer_behind ? POLLOUT : 0) },
		/* While the first event waits for company these would only wake us again. */
		[BUS] = { .fd = atspi_fd(c->bus), .events = (short)(atspi_events(c->bus) & (delayed ? POLLOUT : ~0)) },
		[SESSION] = { .fd = session_fd(c->session), .events = (short)session_events(c->session) },
		[PRIVATE] = { .fd = c->options->private_fd, .events = POLLIN },
	};
	desktop_poll(c->desktop, delayed, fds + DESKTOP);
	int n = poll(fds, COUNT, timeout_ms(c, clock_mono_us()));
	if (n < 0 && errno != EINTR) {
		log_error("poll: %s", strerror(errno));
		c->end = CAPTURE_FAILED;
		return;
	}
	if (fds[SIGNALS].revents)
		c->stop = true;
	if (fds[PRIVATE].revents) {
		eventfd_t ticks;
		eventfd_read(c->options->private_fd, &ticks);
		uint64_t asked = atomic_load(&c->options->stats->private_asked);
		/* What was typed before it ends waits in the server still: it is private. */
		if (!(asked & 1) && pipeline_private(&c->pipeline))
			drain(c);
		take_private(c, asked, clock_mono_us());
	}
	if (fds[LEDGER].revents) {
		char buffer[4096] __attribute__((aligned(8)));
		while (read(c->ledger_fd, buffer, sizeof buffer) > 0)
			;
	}
	if (fds[LEDGER].revents || clock_utc_us() >= c->until_us)
		check_consent(c);
	if (fds[CLOCK].revents) {
		uint64_t ticks;
		ssize_t ignored = read(c->clock_fd, &ticks, sizeof ticks);
		(void)ignored;
		/* What happened before it waits in the server still, and has the time of the old one. */
		drain(c);
		if (c->end != CAPTURE_DONE)
			return;
		feed_clock(c);
		if (!c->stop)
			check_consent(c);
	}
	if (c->stop)
		return;
	if (fds[WRITER].revents & (POLLERR | POLLHUP)) {
		c->end = CAPTURE_NO_WRITER;
		return;
	}
	int64_t now = clock_mono_us();
	/* Before the keys are read: those that wait in the server were typed into what is locked now, as far as one knows. */
	if ((fds[SESSION].revents || session_deadline_us(c->session) <= now) && session_process(c->session)) {
		log_error("the system bus went away: capture ends, since a locked session cannot be told any more");
		c->end = CAPTURE_FAILED;
		return;
	}
	if (desktop_news(c->desktop, fds + DESKTOP)) {
		desktop_gone(c, desktop_problem(c->desktop));
		return;
	}
	if (desktop_has_input(c->desktop, fds + DESKTOP)) {
		/* A terminal's prompt can come and go fast, and only a look tells; a grab is asked about at leisure. */
		int64_t rest = desktop_rest_us(c->desktop, c->keys_seen);
		if (!c->looked)
			c->looked = look_at_focused_tty(c);
		c->keys_seen = false;
		if (now - c->sampled_us >= rest) {
			c->sampled_us = now;
			if (desktop_sample(c->desktop))
				desktop_gone(c, desktop_problem(c->desktop));
		}
		c->drain_at_us = c->last_was_large ? now : now + DRAIN_DELAY_US;
	} else if (!delayed && fds[BUS].revents) {
		c->drain_at_us = now + DRAIN_DELAY_US;
	}
	/* News from the bus belong after the focus change that they follow: read the X server first. */
	if (c->drain_at_us <= now) {
		drain(c);
		if (c->end == CAPTURE_DONE && atspi_process(c->bus))
			c->end = CAPTURE_NO_BUS;
	} else if ((fds[BUS].revents & ~POLLIN) || atspi_deadline_us(c->bus) <= now) {
		/* Carets belong behind their keys. */
		drain(c);
		if (c->end == CAPTURE_DONE && atspi_process(c->bus))
			c->end = CAPTURE_NO_BUS;
	}
	if (pipeline_deadline(&c->pipeline) <= now) {
		/* A decision counts even if nobody told us of it: one stat before each judgement. */
		if (ledger_changed(c->options->ledger, &c->watch))
			check_consent(c);
		if (c->stop)
			return;
		pipeline_check(&c->pipeline, now);
	}
	/* The round trips above may have queued events inside the library, where poll does not see them. */
	if (c->end == CAPTURE_DONE && c->drain_at_us == INT64_MAX && desktop_pending(c->desktop))
		c->drain_at_us = now + DRAIN_DELAY_US;
	pipeline_release(&c->pipeline, clock_mono_us());
	mirror_masked(c);
	mirror_delays(c);
}

/* Lets the bus say what has the focus already, before the first key: what is typed before that is known is masked. */
static void hear_bus(struct capture *c)
{
	int64_t until = clock_mono_us() + HEAR_BUS_US;
	while (atspi_deadline_us(c->bus) != INT64_MAX && clock_mono_us() < until) {
		struct pollfd fd = { .fd = atspi_fd(c->bus), .events = (short)atspi_events(c->bus) };
		if (poll(&fd, 1, 20) < 0 || atspi_process(c->bus))
			return; /* the loop finds out, too */
	}
}

static enum capture_end run_live(struct capture *c)
{
	const struct limits *limits = &c->options->merged->limits;
	struct desktop_options desktop = {
		.keys = limits->keys, .pointer = limits->pointer, .scroll = limits->scroll, .titles = limits->apps == APPS_TITLE,
		.terminals = &c->options->participant->terminals,
	};
	struct desktop_problem problem;
	const char *what = "";
	struct ledger_view view;
	/* Before anything is joined: it may have been withdrawn since the supervisor looked. */
	if (!consent_holds(c, &view))
		return CAPTURE_DONE;
	if (desktop_open(c->options->source, &desktop, feed, c, &c->desktop, &problem)) {
		desktop_gone(c, &problem);
		return c->end;
	}
	if (desktop_has_fields(c->desktop) && atspi_open(feed, c, &c->bus, &what)) {
		log_error("%s; without it no field can be told from a password's", what);
		return CAPTURE_NO_BUS;
	}
	int session = session_open(desktop_session(c->desktop), feed, c, &c->session, &what);
	if (session && session != ERROR_UNSUPPORTED) {
		log_error("%s: this machine has logind, and without its word a locked session cannot be told", what);
		return CAPTURE_FAILED;
	}
	if (session)
		log_info("%s: screen lockers are told by their grab and their name only", what);
	else if (what)
		log_warn("%s", what);
	if (sandbox_capture(&what)) {
		log_error("sandbox: %s", what);
		return CAPTURE_NO_SANDBOX;
	}
	ledger_changed(c->options->ledger, &c->watch);
	if (!consent_holds(c, &view))
		return CAPTURE_DONE;
	hear_bus(c);
	if (desktop_select(c->desktop)) {
		desktop_gone(c, desktop_problem(c->desktop));
		return c->end;
	}
	/* Only now: a recording that has begun claims all that happens. */
	c->selected = true;
	c->read_us = clock_mono_us();
	feed_clock(c);
	feed_consent(c, &view);
	mirror_masked(c);
	atomic_store(&c->options->stats->capture_ready, 1);
	log_info("recording (%s)", sandbox_features());

	trim_text();
	int waiting = 0;
	while (!c->stop && c->end == CAPTURE_DONE) {
		step(c, waiting == 1);
		waiting = outlet_flush(&c->outlet);
		if (waiting < 0)
			c->end = CAPTURE_NO_WRITER;
	}
	switch (c->end) {
	case CAPTURE_NO_BUS:
		log_error("the accessibility bus went away: capture ends, since password fields cannot be told any more");
		break;
	case CAPTURE_NO_WRITER:
		log_error("the writer went away: capture ends");
		break;
	default:
		break;
	}
	return c->end;
}

/* ---- replay ---- */

/* What a file says about consent can narrow what the ledger says, never widen it. */
static void feed_replayed(void *user, const struct raw_event *raw)
{
	struct capture *c = user;
	struct raw_event bounded = *raw;
	if (raw->kind == RAW_CONSENT && raw->as.consent.until_us > c->until_us)
		bounded.as.consent.until_us = c->until_us;
	feed(c, &bounded);
}

static void replay_settled(void *user, int64_t now_us)
{
	struct capture *c = user;
	take_private(c, atomic_load(&c->options->stats->private_asked), now_us);
	pipeline_release(&c->pipeline, now_us);
	while (outlet_flush(&c->outlet) == 1) {
		/* A file is not in a hurry: wait for the writer instead of losing. */
		struct pollfd fd = { .fd = c->outlet.fd, .events = POLLOUT };
		if (poll(&fd, 1, 1000) < 0 || (fd.revents & (POLLERR | POLLHUP)))
			break;
	}
	if (ledger_changed(c->options->ledger, &c->watch))
		check_consent(c);
	if (c->stop)
		pipeline_stop(&c->pipeline, now_us);
}

static int64_t replay_deadline(void *user)
{
	return pipeline_deadline(&((struct capture *)user)->pipeline);
}

static void replay_check(void *user, int64_t now_us)
{
	pipeline_check(&((struct capture *)user)->pipeline, now_us);
}

static void ask_replay(void *user, const struct question *q)
{
	struct capture *c = user;
	replay_ask(c->replay, (int)q->kind, q->window, q->object, replay_now(c->replay));
}

static enum capture_end run_replay(struct capture *c, const char *path)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		log_error("%s: %s", path, strerror(errno));
		return CAPTURE_FAILED;
	}
	const char *what = "";
	if (sandbox_capture(&what)) {
		log_error("sandbox: %s", what);
		fclose(file);
		return CAPTURE_NO_SANDBOX;
	}
	struct ledger_view view;
	ledger_changed(c->options->ledger, &c->watch);
	if (!consent_holds(c, &view)) {
		fclose(file);
		return CAPTURE_DONE;
	}
	feed_clock(c);
	feed_consent(c, &view);
	struct replay_hooks hooks = { .feed = feed_replayed, .settled = replay_settled, .deadline = replay_deadline,
				      .check = replay_check, .user = c };
	struct replay_error error;
	int failed = replay_run(file, clock_mono_us(), clock_utc_us(), &hooks, &c->replay, &error);
	if (failed)
		log_error("%s: %s", path, error.text);
	int64_t now = c->replay ? replay_now(c->replay) : clock_mono_us();
	if (!c->withdrawn)
		pipeline_finish(&c->pipeline, now);
	pipeline_stop(&c->pipeline, now);
	fclose(file);
	return failed ? CAPTURE_FAILED : CAPTURE_DONE;
}

/* Where text is kept, or keys that it can be made of: what must not be kept of it. */
static int begin_sensitive(struct capture *c)
{
	const struct merged *merged = c->options->merged;
	if (merged->limits.keys < DETAIL_CODE)
		return 0;
	int error = secrets_load(c->options->secrets, &c->secrets);
	if (error) {
		log_error("%s: cannot be used (%s): it must be whole, yours, and closed to others (assent secret list)",
			  c->options->secrets, error == ERROR_IO ? strerror(errno) : error_text(error));
		return error;
	}
	sensitive_init(&c->sensitive, &merged->sensitive, c->secrets.count ? secrets_match : NULL, &c->secrets,
		       secrets_longest(&c->secrets));
	c->pipeline.sensitive = &c->sensitive;
	return 0;
}

int capture_run(const struct capture_options *options)
{
	static struct capture c;          /* large, and locked as a whole */
	c = (struct capture){ .options = options, .signal_fd = -1, .clock_fd = -1, .ledger_fd = -1,
			      .drain_at_us = INT64_MAX, .until_us = INT64_MAX, .last_us = INT64_MAX };
	bool replay = strncmp(options->source, "replay:", 7) == 0;
	const char *what = "";
	log_name("assentd[capture]");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* It may have died before that. */
	if (getppid() != options->supervisor)
		return CAPTURE_DONE;
	if (sandbox_begin(&what) || sandbox_lock_memory(&what)) {
		log_error("%s", what);
		return CAPTURE_NO_SANDBOX;
	}
	struct held *ring = mmap(NULL, AIRLOCK_CAPACITY * sizeof *ring, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED) {
		log_error("no locked memory for the airlock (%zu KiB): raise RLIMIT_MEMLOCK",
			  AIRLOCK_CAPACITY * sizeof *ring / 1024);
		return CAPTURE_NO_SANDBOX;
	}
	madvise(ring, AIRLOCK_CAPACITY * sizeof *ring, MADV_DONTDUMP);
	c.signal_fd = open_signals();
	c.clock_fd = clock_watch();
	c.ledger_fd = open_ledger_watch(options->ledger);
	if (c.signal_fd < 0 || c.clock_fd < 0 || c.ledger_fd < 0) {
		log_error("cannot watch ledger, clock and signals: %s", strerror(errno));
		return CAPTURE_FAILED;
	}
	outlet_init(&c.outlet, options->pipe);
	pipeline_init(&c.pipeline, &options->merged->limits, ring, outlet_keep, replay ? ask_replay : ask_live, &c);
	/* keep and ask have one user each: the outlet for events, this for questions. */
	c.pipeline.redact.user = &c.outlet;
	c.pipeline.redact.jitter = jitter_us;
	c.pipeline.redact.jitter_user = (void *)(uintptr_t)options->jitter;
	begin_private(&c);
	if (begin_sensitive(&c))
		return CAPTURE_FAILED;

	enum capture_end end = replay ? run_replay(&c, options->source + 7) : run_live(&c);

	atomic_store(&options->stats->capture_ready, 0);
	if (c.last_us != INT64_MIN)
		pipeline_end_at(&c.pipeline, c.last_us);
	if (!c.withdrawn && !replay)
		pipeline_finish(&c.pipeline, clock_mono_us());
	/* Behind that: of what is read now nothing is kept, since no oracle is asked about it any more. It becomes a span. */
	pipeline_stop(&c.pipeline, replay ? clock_mono_us() : read_rest(&c));
	for (int i = 0; i < 20 && outlet_flush(&c.outlet) == 1; i++) {
		struct pollfd fd = { .fd = options->pipe, .events = POLLOUT };
		poll(&fd, 1, 100);
	}
	atspi_close(c.bus);
	session_close(c.session);
	desktop_close(c.desktop);
	outlet_release(&c.outlet);
	explicit_bzero(ring, AIRLOCK_CAPACITY * sizeof *ring);
	explicit_bzero(&c.sensitive, sizeof c.sensitive);
	secrets_wipe(&c.secrets);
	return end;
}
