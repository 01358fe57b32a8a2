/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"

#include <string.h>

#include "exclude.h"

/* XI2's times are milliseconds of the server, ours microseconds. */
enum { GRAB_SLACK_US = 5000 };

/* A window that got the focus this long after a click may have got the click, too; and a window manager may hold a click back for so long, while
 * keys pass it by into the field before. */
enum { CLICK_US = 1000000 };

/* A caret later than this comes from an application that stood still, or from a busy machine. */
enum { STANDSTILL_US = 250000 };

static struct stay *slot(struct context *c, uint64_t serial)
{
	return &c->stay[serial % CONTEXT_STAYS];
}

const struct stay *context_stay(const struct context *c, uint64_t serial)
{
	return &c->stay[serial % CONTEXT_STAYS];
}

static struct stay *current(struct context *c)
{
	return slot(c, c->serial);
}

/* The firm no of a stay, from all that is known about it, strongest first. */
static void settle(const struct context *c, struct stay *s)
{
	s->masked = true;
	if (c->private_mode)
		s->reason = REASON_PRIVATE;
	else if (c->locks)
		s->reason = REASON_LOCKED;
	else if (c->grabbed)
		s->reason = REASON_GRAB;
	else if (s->excluded)
		s->reason = REASON_EXCLUDED;
	else if (s->role == FIELD_SECRET)
		s->reason = REASON_PASSWORD;
	else if (s->terminal && s->tty == TTY_SECRET)
		s->reason = REASON_ECHO_OFF;
	else if (s->nowhere || (s->terminal && s->tty == TTY_UNKNOWN) || c->crowded)
		s->reason = REASON_UNKNOWN;
	else
		s->masked = false;
}

static bool is_secret(const struct context *c, uint64_t object)
{
	for (int i = 0; i < c->secrets; i++)
		if (c->secret[i] == object)
			return true;
	/* More password fields than can be remembered: none can be told from a new one any more. */
	return c->secrets == CONTEXT_SECRETS;
}

static void remember_secret(struct context *c, uint64_t object)
{
	if (!is_secret(c, object))
		c->secret[c->secrets++] = object;
}

void context_init(struct context *c, const struct limits *limits)
{
	memset(c, 0, sizeof *c);
	c->only = limits->only_apps;
	c->exclude = limits->exclude_apps;
	c->grab_ok_us = c->barrier_us = c->focus_us = INT64_MIN;
	confirm_init(&c->confirm);
	struct stay *s = current(c);
	s->begin_us = 0;
	s->end_us = INT64_MAX;
	s->nowhere = true;
	s->tty = TTY_ECHO;
	s->before = 0;
	s->object_us = s->strayed_us = s->before_ok_us = s->barrier_us = INT64_MIN;
	s->led_us = INT64_MAX;
	s->field_ok_us = s->focused_ok_us = s->tty_ok_us = s->agree_ok_us = INT64_MIN;
	settle(c, s);
}

/* Masks what waits from this stay's focus on: from the first barrier at barrier_us or later (INT64_MIN: all, INT64_MAX:
 * none), and from after_us on. */
static void mask(struct context_change *change, const struct stay *s, int64_t barrier_us, int64_t after_us)
{
	if (!change->mask) {
		change->mask = true;
		change->focus = UINT64_MAX;
		change->upto = 0;
		change->barrier_us = change->after_us = change->loose_us = INT64_MAX;
	}
	change->focus = s->focus < change->focus ? s->focus : change->focus;
	change->upto = s->serial > change->upto ? s->serial : change->upto;
	change->barrier_us = barrier_us < change->barrier_us ? barrier_us : change->barrier_us;
	change->after_us = after_us < change->after_us ? after_us : change->after_us;
	change->reason = s->reason;
}

/* A barrier that is older than the last good word by more than this was handled before that word. */
static int64_t barrier_since(int64_t good_us)
{
	return good_us == INT64_MIN ? INT64_MIN : good_us - CONTEXT_HOLD_US;
}

/* A place that is secret from its beginning: what was typed behind the click that led there was meant for it, though a
 * slow window manager let the window before have it. */
static bool mask_way(struct context_change *change, const struct stay *s)
{
	if (s->led_us == INT64_MAX)
		return false;
	struct stay before = *s;
	before.focus--;
	mask(change, &before, s->led_us, INT64_MAX);
	return true;
}

/* The prompt came after the last good look at the terminals, or after a Return shortly before that. */
static void mask_terminal(struct context_change *change, const struct stay *s, int64_t look_us)
{
	if (look_us == INT64_MIN && mask_way(change, s))
		return;
	mask(change, s, barrier_since(look_us), look_us);
}

/* Secret keys are not confirmed by the object that had the focus; all else is masked from what can have moved it away.
 * object had it before, and said so last at focused_us; or a character that it took shows it, unless that was typed right behind what led away. */
static void mask_field(const struct context *c, struct context_change *change, const struct stay *s, uint64_t object, int64_t focused_us)
{
	int64_t since = barrier_since(focused_us), took = confirm_last(&c->confirm, s->pid, object, c->field_us);
	if (since == INT64_MIN && took == INT64_MIN && mask_way(change, s))
		return;
	int64_t from = since > took ? since : took, led = confirm_led(&c->confirm, s->pid, object, c->field_us, CLICK_US);
	if (led != INT64_MIN && led < from)
		from = led;
	mask(change, s, from, INT64_MAX);
	change->told_us = c->field_us;
	change->loose_us = since < change->loose_us ? since : change->loose_us;
}

/* Never back: who tells of different things does not tell in one order. */
static void close_until(struct context *c, int64_t now_us, enum reason reason)
{
	if (now_us < c->closed_us)
		return;
	c->closed_us = now_us;
	c->closed_reason = reason;
}

/* Begins a stay as a copy of the current one. NULL when the ring is full: then the current one is masked. */
static struct stay *move(struct context *c, int64_t now_us, bool sampled, struct context_change *change)
{
	struct stay *old = current(c);
	if (c->serial + 1 - c->oldest >= CONTEXT_STAYS) {
		c->crowded = true;
		settle(c, old);
		mask(change, old, INT64_MIN, INT64_MIN);
		return NULL;
	}
	old->end_us = now_us;
	struct stay *s = slot(c, c->serial + 1);
	*s = *old;
	s->serial = ++c->serial;
	s->begin_us = now_us;
	s->end_us = INT64_MAX;
	if (sampled && old->masked)
		close_until(c, now_us, old->reason);
	change->moved = true;
	return s;
}

/* The current stay's facts changed by a sample or an answer: a new stay if its firm no changed, and a mask if it began. */
static void resettle(struct context *c, int64_t now_us, struct context_change *change)
{
	struct stay probe = *current(c);
	settle(c, &probe);
	struct stay *s = current(c);
	if (probe.masked == s->masked && (!probe.masked || probe.reason == s->reason))
		return;
	bool begins = probe.masked;
	s = move(c, now_us, true, change);
	if (!s)
		return;
	settle(c, s);
	if (!begins)
		return;
	if (s->reason == REASON_GRAB)
		/* The server knows the order of grab and keys: only its milliseconds are uncertain. */
		mask(change, s, INT64_MAX, c->grab_ok_us == INT64_MIN ? INT64_MIN : c->grab_ok_us - GRAB_SLACK_US);
	else if (s->reason == REASON_PRIVATE)
		mask(change, s, c->barrier_us, now_us);
	else if (s->terminal && s->reason == REASON_ECHO_OFF)
		mask_terminal(change, s, s->tty_ok_us);
	else if (s->terminal && s->reason == REASON_UNKNOWN && s->started)
		/* What was started asks in a way of its own; the Return that started it was before the last good look, or shortly after. */
		mask_terminal(change, s, s->tty_ok_us);
	else if (s->terminal && s->reason == REASON_UNKNOWN)
		/* A look that can tell nothing vouches for nothing; what was before waits for one that can. */
		mask(change, s, INT64_MAX, s->tty_ok_us);
	else
		mask(change, s, INT64_MIN, INT64_MIN);
}

static void adopt_field(struct context *c, struct stay *s, int64_t now_us, struct context_change *change)
{
	/* The one that was taken for it at the focus change, and is confirmed now, was known then. */
	if (s->object != c->field_object || s->away) {
		s->object_us = now_us;
		s->barrier_us = c->barrier_us;
		if (s->focused_ok_us != INT64_MIN) {
			s->before = s->object;
			s->before_ok_us = s->focused_ok_us;
		}
	}
	s->away = false;
	s->object = c->field_object;
	s->role = is_secret(c, s->object) ? FIELD_SECRET : c->field_role;
	s->field_ok_us = s->focused_ok_us = INT64_MIN;
	settle(c, s);
	if (s->masked)
		mask_field(c, change, s, s->before, s->before_ok_us);
}

static void apply_focus(struct context *c, const struct raw_app *app, int64_t now_us, struct context_change *change)
{
	struct stay *old = current(c);
	bool excluded = exclude_builtin(app) || exclude_matches(&c->exclude, app) ||
			(c->only.count > 0 && !exclude_matches(&c->only, app));
	bool nowhere = !app->window || app->pid <= 0 || app->foreign || (!app->exe[0] && !app->sandbox[0]);
	if (!nowhere && app->window == old->window && app->pid == old->pid && excluded == old->excluded && !old->nowhere &&
	    !c->has_next) {
		/* The same place under a new title. */
		if (strncmp(old->title, app->title, EVENT_TITLE_MAX) == 0)
			return;
		struct stay *s = move(c, now_us, false, change);
		if (s)
			memcpy(s->title, app->title, sizeof s->title);
		return;
	}
	/* Told after the fact: what came since the focus was last seen here may have gone there, and what is still to come from before that, too. Also
	 * of a place that is masked by now: the focus may have left it before it was. (Nowhere: masked when it was left.) */
	if (app->loose && !old->nowhere) {
		mask(change, old, INT64_MAX, old->agree_ok_us);
		change->reason = old->masked ? old->reason : REASON_UNKNOWN;
	}
	if (app->loose)
		close_until(c, now_us, old->masked ? old->reason : REASON_UNKNOWN);
	/* The same window turned out to be one that is excluded: it was one before. */
	if (excluded && !old->excluded && app->window && app->window == old->window) {
		mask(change, old, INT64_MIN, INT64_MIN);
		change->reason = REASON_EXCLUDED;
	}
	struct stay *s = move(c, now_us, false, change);
	if (!s) {
		c->next_app = *app;
		c->has_next = true;
		return;
	}
	c->has_next = false;
	if (!app->window) {
		/* Nowhere, often for a moment only while a window manager thinks. The way back is below. */
		s->nowhere = true;
		s->field_ok_us = s->focused_ok_us = s->tty_ok_us = s->agree_ok_us = INT64_MIN;
		settle(c, s);
		return;
	}
	bool back = old->nowhere && app->window == s->window && app->pid == s->pid;
	if (!back) {
		s->focus++;
		/* Its application will handle that, and the click that may have brought it, before any key. */
		confirm_press(&c->confirm, PRESS_BARRIER, app->pid, false, now_us);
		if (c->barrier_us > now_us - CLICK_US)
			confirm_press(&c->confirm, PRESS_MAYBE, app->pid, false, now_us);
		c->focus_us = now_us;
		s->led_us = c->barrier_us > now_us - CONTEXT_HOLD_US ? c->barrier_us : INT64_MAX;
	}
	s->window = app->window;
	s->pid = app->pid;
	s->terminal = app->terminal;
	s->nowhere = nowhere;
	s->excluded = excluded;
	exclude_app_id(app, s->app);
	memcpy(s->title, app->title, sizeof s->title);
	s->title[EVENT_TITLE_MAX] = 0;
	s->away = false;
	if (!back) {
		s->object = 0;
		s->role = FIELD_PENDING;
	}
	s->tty = TTY_ECHO;
	s->started = false;
	s->before = 0;
	s->object_us = s->strayed_us = s->before_ok_us = s->barrier_us = INT64_MIN;
	s->field_ok_us = s->focused_ok_us = s->tty_ok_us = s->agree_ok_us = INT64_MIN;
	/* The bus may be ahead of the X server, or still speak of another window of the same process: this object
	 * is asked about, and vouches only by its answer. */
	bool known = c->field_object && c->field_pid == s->pid;
	if (known && back && c->field_object != s->object) {
		s->object = c->field_object;
		s->role = is_secret(c, s->object) ? FIELD_SECRET : FIELD_PENDING;
	} else if (known && !s->object && !is_secret(c, c->field_object)) {
		s->object = c->field_object;
	}
	settle(c, s);
	if (s->excluded && !back)
		mask_way(change, s);
}

/* News: an object got the focus. */
static void field_news(struct context *c, uint64_t object, int32_t pid, enum field_role role, int64_t now_us,
		       struct context_change *change)
{
	/* The same news again may be an old one, and show of no press that it was handled. */
	if (object != c->field_object)
		confirm_news(&c->confirm, pid, now_us);
	if (object != c->field_object || role == FIELD_PENDING)
		c->field_us = now_us;
	c->field_object = object;
	c->field_pid = pid;
	c->field_role = role;
	struct stay *s = current(c);
	if (pid != s->pid)
		s->strayed_us = now_us;
	if (s->nowhere || pid != s->pid || (object == s->object && s->role != FIELD_PENDING && !s->away))
		return;
	if (s->object && (s->object != object || s->away)) {
		s = move(c, now_us, true, change);
		if (!s)
			return;
	}
	adopt_field(c, s, now_us, change);
}

/* When the stay's object lost the focus, as far as is known: a new title does not move it. */
static int64_t left_us(const struct context *c, const struct stay *s)
{
	for (; s->end_us != INT64_MAX; ) {
		const struct stay *next = context_stay(c, s->serial + 1);
		if (next->focus != s->focus || next->object != s->object || next->object_us != s->object_us || next->nowhere != s->nowhere)
			return s->end_us;
		s = next;
	}
	return INT64_MAX;
}

/* A secret object turned up: the keys may have gone there from any window of its process that was left meanwhile. */
static void mask_left(const struct context *c, uint64_t object, int32_t pid, struct context_change *change)
{
	uint64_t done = UINT64_MAX;
	for (uint64_t n = c->serial + 1; n-- > c->oldest;) {
		const struct stay *s = context_stay(c, n);
		if (s->pid != pid || s->nowhere || s->focus == done)
			continue;
		/* Of each window the last place; where the object is known to have been, that was masked by its stay. */
		done = s->focus;
		if (s->object == object)
			continue;
		if (s->focused_ok_us != INT64_MIN)
			mask_field(c, change, s, s->object, s->focused_ok_us);
		else
			mask_field(c, change, s, s->before, s->before_ok_us);
		change->reason = REASON_PASSWORD;
	}
}

/* A browser says that this object is in a private window. */
static void exclude_private(struct context *c, const struct raw_event *raw, struct context_change *change)
{
	for (uint64_t n = c->oldest; n <= c->serial; n++) {
		struct stay *s = slot(c, n);
		if (s->object != raw->as.field.object || s->pid != raw->as.field.pid || s->excluded)
			continue;
		s->excluded = true;
		settle(c, s);
		mask(change, s, INT64_MIN, INT64_MIN);
	}
}

/* What had the focus last in this process, also if another's window has it now: its last carets may come after that. */
static uint64_t last_object(const struct context *c, int32_t pid)
{
	for (uint64_t n = c->serial + 1; n-- > c->oldest;) {
		const struct stay *s = context_stay(c, n);
		if (s->pid == pid && !s->nowhere)
			return s->object;
	}
	return 0;
}

static void apply_caret(struct context *c, const struct raw_event *raw, struct context_change *change)
{
	uint64_t object = raw->as.caret.object;
	bool secret = is_secret(c, object);
	/* Others move by themselves: a log that grows. */
	if (!secret && object != c->field_object && object != last_object(c, raw->as.caret.pid))
		return;
	confirm_caret(&c->confirm, object, secret, raw->as.caret.pid, raw->as.caret.moved, raw->mono_us);
	if (secret)
		mask_left(c, object, raw->as.caret.pid, change);
}

static void apply_field(struct context *c, const struct raw_event *raw, struct context_change *change)
{
	uint64_t object = raw->as.field.object;
	enum field_role role = raw->as.field.role;
	int64_t asked = raw->as.field.asked_us;
	bool fresh = asked == 0 || !is_secret(c, object);
	if (role == FIELD_SECRET || is_secret(c, object))
		confirm_distrust(&c->confirm, raw->as.field.pid, raw->mono_us, CONTEXT_HOLD_US, STANDSTILL_US);
	if (role == FIELD_SECRET)
		remember_secret(c, object);
	else if (role != FIELD_DEAD && is_secret(c, object))
		role = FIELD_SECRET;
	if (raw->as.field.focused && role != FIELD_DEAD && (asked == 0 || object == c->field_object))
		field_news(c, object, raw->as.field.pid, role, raw->mono_us, change);
	else if (object == c->field_object && role != FIELD_DEAD)
		c->field_role = role;
	if (raw->as.field.private_window)
		exclude_private(c, raw, change);
	if (role == FIELD_SECRET && fresh)
		mask_left(c, object, raw->as.field.pid, change);
	if (asked == 0 || role == FIELD_PENDING || role == FIELD_DEAD)
		return;
	confirm_spoke(&c->confirm, raw->as.field.pid, asked - CONTEXT_HOLD_US);
	for (uint64_t n = c->oldest; n <= c->serial; n++) {
		struct stay *s = slot(c, n);
		if (s->object != object || (raw->as.field.pid && raw->as.field.pid != s->pid))
			continue;
		s->role = role;
		if (role == FIELD_SECRET) {
			bool turned = s->field_ok_us != INT64_MIN;
			settle(c, s);
			/* One that was text a moment ago: nobody can say since when it is none. */
			if (turned)
				mask(change, s, INT64_MIN, INT64_MIN);
			else
				mask_field(c, change, s, s->before, s->before_ok_us);
			continue;
		}
		if (asked > s->field_ok_us)
			s->field_ok_us = asked;
		if (n == c->serial && !raw->as.field.focused)
			s->away = true;
		/* It was so at some time between question and answer: if it had left meanwhile, it may be back again. */
		if (raw->as.field.focused && asked > s->focused_ok_us && raw->mono_us < left_us(c, s))
			s->focused_ok_us = asked;
	}
}

static void apply_tty(struct context *c, const struct raw_event *raw, struct context_change *change)
{
	enum tty_state state = raw->as.tty.state;
	for (uint64_t n = c->oldest; n <= c->serial; n++) {
		struct stay *s = slot(c, n);
		if (s->window != raw->as.tty.window || !s->terminal)
			continue;
		if (n != c->serial && (state == TTY_SECRET || (state == TTY_UNKNOWN && s->started))) {
			/* Left a moment ago: the prompt that is there now may have been there before. */
			mask_terminal(change, s, s->tty_ok_us);
			change->reason = state == TTY_SECRET ? REASON_ECHO_OFF : REASON_UNKNOWN;
		}
		if (n == c->serial) {
			s->tty = state;
			resettle(c, raw->mono_us, change);
			s = current(c);
			s->started = state == TTY_STARTING;
		}
		/* A stay that began as a prompt stays masked; its successor is vouched for. */
		if ((state == TTY_ECHO || state == TTY_PROGRAM) && !s->masked)
			s->tty_ok_us = raw->mono_us;
	}
}

void context_apply(struct context *c, const struct raw_event *raw, struct context_change *change)
{
	memset(change, 0, sizeof *change);
	switch (raw->kind) {
	case RAW_FOCUS:
		apply_focus(c, raw->as.app, raw->mono_us, change);
		break;
	case RAW_FIELD:
		apply_field(c, raw, change);
		break;
	case RAW_TTY:
		apply_tty(c, raw, change);
		break;
	case RAW_GRAB:
		c->grabbed = raw->as.grab.grabbed;
		resettle(c, raw->mono_us, change);
		if (change->mask && raw->as.grab.in_order)
			change->mask = false;
		if (!c->grabbed)
			c->grab_ok_us = raw->mono_us;
		break;
	case RAW_CARET:
		apply_caret(c, raw, change);
		break;
	case RAW_PRIVATE:
		c->private_mode = raw->as.private_mode.on;
		resettle(c, raw->mono_us, change);
		break;
	case RAW_LOCK:
		c->locks = raw->as.lock.locked ? c->locks | 1U << raw->as.lock.by : c->locks & ~(1U << raw->as.lock.by);
		resettle(c, raw->mono_us, change);
		break;
	case RAW_AGREE:
		/* A disagreement may only be an event still on its way: it does not vouch, no more. */
		if (raw->as.agree.agrees)
			current(c)->agree_ok_us = raw->mono_us;
		break;
	default:
		break;
	}
}

void context_tick(struct context *c, uint64_t oldest, int64_t now_us, struct context_change *change)
{
	memset(change, 0, sizeof *change);
	c->oldest = oldest;
	if (c->crowded && c->serial + 2 - oldest < CONTEXT_STAYS) {
		c->crowded = false;
		if (c->has_next) {
			struct raw_app app = c->next_app;
			apply_focus(c, &app, now_us, change);
		} else {
			resettle(c, now_us, change);
			/* What the bus said meanwhile found no room. */
			if (c->field_object)
				field_news(c, c->field_object, c->field_pid, c->field_role, now_us, change);
		}
	}
}

bool context_was_masked(const struct context *c, int64_t mono_us, enum reason *reason)
{
	*reason = c->closed_reason;
	return mono_us < c->closed_us && !context_stay(c, c->serial)->masked;
}

/* Since when the object must have had the focus to have it still, as far as one can know: the application may answer
 * before it handles the click, and the news that another process' object has it may be about a part of this window. */
static int64_t sure_us(const struct stay *s, int64_t barrier_us)
{
	int64_t since = barrier_us + CONTEXT_HOLD_US;
	return since > s->strayed_us ? since : s->strayed_us;
}

/* When all must still be well with what was typed at m. */
static int64_t due_us(const struct moment *m)
{
	int64_t due = m->mono_us + CONTEXT_HOLD_US, led = m->barrier_us + CLICK_US;
	return due > led ? due : led;
}

/* Keys run ahead of the news: is there an object after this one of which nobody has said yet what it is? Told by until_us: what was
 * told later than a caret moved was later than its key. */
static bool runs_ahead(const struct context *c, const struct stay *s, int64_t mono_us, int64_t until_us)
{
	for (uint64_t n = s->serial + 1; n <= c->serial; n++) {
		const struct stay *next = context_stay(c, n);
		if (next->pid == s->pid && next->object && next->object != s->object && next->role == FIELD_PENDING && !next->masked &&
		    next->begin_us <= until_us)
			return true;
	}
	/* Of a window that was left meanwhile. */
	return c->field_pid == s->pid && c->field_object != s->object && c->field_role == FIELD_PENDING &&
	       c->field_us >= mono_us && c->field_us <= until_us;
}

uint32_t context_press(struct context *c, enum press_kind kind, int64_t mono_us)
{
	if (kind == PRESS_BARRIER)
		c->barrier_us = mono_us;
	/* What another client's grab takes moves no caret of the window that has the focus; its own popup's may. */
	bool brief = c->grabbed || c->locks;
	return confirm_press(&c->confirm, kind, current(c)->pid, brief, mono_us);
}

/* The stay of this focus, from s on, in which the object took the press: keys run ahead of the news, and it may have been
 * left and come back between press and caret. */
static const struct stay *stay_of(const struct context *c, const struct stay *s, const struct press *p)
{
	const struct stay *found = NULL;
	for (uint64_t n = s->serial; n <= c->serial && context_stay(c, n)->focus == s->focus; n++) {
		const struct stay *one = context_stay(c, n);
		if (one->object == p->object && (!found || one->begin_us <= p->taken_us))
			found = one;
	}
	return found;
}

/* A key that types something, in an application: open when the caret of the text object that has the focus moved for it. */
static enum verdict judge_character(struct context *c, const struct stay *s, const struct moment *m, enum reason *reason)
{
	int64_t due = due_us(m);
	const struct press *p = confirm_find(&c->confirm, m->press);

	*reason = REASON_UNKNOWN;
	if (!p || p->state == CONFIRM_NEVER)
		return VERDICT_MASKED;
	if (p->state == CONFIRM_WAITING) {
		/* The application has spoken since, so what it did with the keys before that it has told. */
		int64_t spoke_us = left_us(c, s) == INT64_MAX ? s->focused_ok_us : s->field_ok_us;
		if (spoke_us >= due)
			confirm_settle(&c->confirm, s->pid, spoke_us - CONTEXT_HOLD_US);
		if (p->state == CONFIRM_WAITING)
			return VERDICT_WAIT;
	}
	/* After a standstill what piled up is handled at once: the focus may go on right behind the caret. */
	if (p->taken_us + STANDSTILL_US > due)
		due = p->taken_us + STANDSTILL_US;
	if (p->state == CONFIRM_SECRET || is_secret(c, p->object)) {
		*reason = REASON_PASSWORD;
		return VERDICT_MASKED;
	}
	const struct stay *took = stay_of(c, s, p);
	if (!took)
		return VERDICT_MASKED;
	if (took->masked) {
		*reason = took->reason;
		return VERDICT_MASKED;
	}
	/* Typed ahead of the news: into this object only if something brought the focus there, and that was before. */
	int64_t cause_us = took->barrier_us > c->focus_us ? took->barrier_us : c->focus_us;
	if (m->mono_us < took->object_us && (m->mono_us < took->barrier_us || cause_us < took->object_us - CONTEXT_LIMIT_US))
		return VERDICT_MASKED;
	if (took->role == FIELD_OTHER || took->role == FIELD_TERMINAL)
		return VERDICT_MASKED;
	bool vouched = took->role == FIELD_TEXT && took->field_ok_us >= due && c->grab_ok_us >= due && !runs_ahead(c, took, m->mono_us, p->taken_us);
	if (left_us(c, took) == INT64_MAX)
		vouched = vouched && took->focused_ok_us >= due && context_stay(c, c->serial)->agree_ok_us >= due;
	else
		/* That it had the focus there was told, not only taken for granted when the window got it. */
		vouched = vouched && (took->object_us != INT64_MIN || took->focused_ok_us != INT64_MIN);
	return vouched ? VERDICT_OPEN : VERDICT_WAIT;
}

static bool vouched_for(const struct context *c, const struct stay *s, const struct moment *m, bool ended)
{
	int64_t due = m->key && !s->terminal ? due_us(m) : m->mono_us + CONTEXT_HOLD_US;
	if (c->grab_ok_us < due || (!ended && context_stay(c, c->serial)->agree_ok_us < due))
		return false;
	if (s->terminal)
		return s->tty_ok_us >= due;
	if (!s->object || s->role == FIELD_PENDING || s->field_ok_us < due)
		return false;
	/* The object must have had the focus after the click or Tab that could have moved it away. */
	return !m->key || (s->focused_ok_us >= (ended ? sure_us(s, m->barrier_us) : due) && m->mono_us >= s->object_us &&
			   !runs_ahead(c, s, m->mono_us, INT64_MAX));
}

enum verdict context_judge(struct context *c, const struct moment *m, int64_t now_us, enum reason *reason)
{
	const struct stay *s = context_stay(c, m->stay);
	if (s->masked) {
		*reason = s->reason;
		return VERDICT_MASKED;
	}
	bool ended = left_us(c, s) != INT64_MAX;
	enum verdict verdict = VERDICT_WAIT;
	if (m->character && !s->terminal)
		verdict = judge_character(c, s, m, reason);
	else if (vouched_for(c, s, m, ended))
		verdict = VERDICT_OPEN;
	if (verdict != VERDICT_WAIT)
		return verdict;
	/* News are about the place where the user is: of one that was left without a word nobody will speak any more. To wait
	 * for it would only hold up all that comes after. */
	bool silent = ended && !s->terminal && !s->object;
	if (!silent && now_us < m->mono_us + CONTEXT_LIMIT_US)
		return VERDICT_WAIT;
	*reason = REASON_UNKNOWN;
	return VERDICT_MASKED;
}

bool context_vouched(const struct stay *stay)
{
	return stay->field_ok_us != INT64_MIN || stay->tty_ok_us != INT64_MIN;
}

int context_questions(const struct context *c, uint64_t from, uint64_t to, struct question *out)
{
	int n = 0;
	out[n++] = (struct question){ .kind = ASK_SAMPLE };
	for (uint64_t serial = from; serial <= to; serial++) {
		const struct stay *s = context_stay(c, serial);
		struct question q = { .window = s->window, .object = s->object, .pid = s->pid };
		/* A prompt that went by is not asked about again; the current stay is, to see when it ends. */
		if (s->nowhere || s->excluded || (s->masked && serial != c->serial))
			continue;
		q.kind = s->terminal ? ASK_TTY : ASK_FIELD;
		if (q.kind == ASK_FIELD && !q.object)
			continue;
		bool asked = false;
		for (int i = 1; i < n && !asked; i++)
			asked = out[i].kind == q.kind &&
				(q.kind == ASK_TTY ? out[i].window == q.window : out[i].object == q.object);
		if (!asked)
			out[n++] = q;
	}
	return n;
}
