# SPDX-License-Identifier: Apache-2.0
"""The conditions under which a key is kept, and how each is switched off: (name, condition, {file: [(old, new)]}).

Files stand below agent/. Where two lines of the code stand for one condition, both go: what must be noticed is that the
condition is gone, not that one of two belts is.
"""

CONTEXT, CONFIRM, AIRLOCK, PIPELINE = "policy/context.c", "policy/confirm.c", "policy/airlock.c", "pipeline.c"

VOUCHED_LOOK = "vouched = took->role == FIELD_TEXT && took->field_ok_us >= due && c->grab_ok_us >= due && !runs_ahead(c, took, m->mono_us, p->taken_us);"
VOUCHED_NOW = "vouched = vouched && took->focused_ok_us >= due && context_stay(c, c->serial)->agree_ok_us >= due;"

MUTATIONS = [
	# -- no grab and no locker, not private --
	("grab", "no other client has grabbed the keyboard",
		{CONTEXT: [("else if (c->grabbed)", "else if (c->grabbed && 0)")]}),
	("grab-before", "a grab masks what waits since the last probe",
		{CONTEXT: [("mask(change, s, INT64_MAX, c->grab_ok_us == INT64_MIN ? INT64_MIN : c->grab_ok_us - GRAB_SLACK_US);", ";")]}),
	("lock", "the session is not locked",
		{CONTEXT: [("else if (c->locked)", "else if (c->locked && 0)")]}),
	("private", "private mode is off",
		{CONTEXT: [("if (c->private_mode)\n", "if (c->private_mode && 0)\n")]}),
	("private-before", "private mode masks the airlock back to the last barrier",
		{CONTEXT: [("mask(change, s, c->barrier_us, now_us);", "mask(change, s, INT64_MAX, now_us);")]}),

	# -- the focused window --
	("agree", "the order of FocusIn equals XGetInputFocus",
		{CONTEXT: [("if (raw->as.agree.agrees)", "if (raw->as.agree.agrees || 1)")]}),
	("nowhere", "a window has the focus: not PointerRoot, not None",
		{CONTEXT: [("The way back is below. */\n\t\ts->nowhere = true;", "*/\n\t\ts->nowhere = false;")]}),
	("process", "the window's process is known",
		{CONTEXT: [("bool nowhere = !app->window || app->pid <= 0 || ", "bool nowhere = !app->window || ")]}),
	("executable", "what that process is, is known",
		{CONTEXT: [(" || (!app->exe[0] && !app->sandbox[0]);", ";")]}),
	("foreign", "the process is in our mount namespace",
		{CONTEXT: [("app->foreign || ", "")]}),
	("excluded", "the application is not excluded",
		{CONTEXT: [("else if (s->excluded)", "else if (s->excluded && 0)")]}),
	("excluded-builtin", "it is not on the built-in list",
		{CONTEXT: [("bool excluded = exclude_builtin(app) || ", "bool excluded = ")]}),
	("excluded-list", "it is not on the lists of policy, study and participant",
		{CONTEXT: [("exclude_matches(&c->exclude, app) ||", "")]}),
	("excluded-only", "where the study names applications, it is one of them",
		{CONTEXT: [("(c->only.count > 0 && !exclude_matches(&c->only, app))", "false")]}),
	("excluded-late", "a window that turns out to be excluded was so before",
		{CONTEXT: [("if (excluded && !old->excluded && app->window && app->window == old->window) {", "if (0) {")]}),
	("excluded-private", "a browser's window is not a private one",
		{CONTEXT: [("	if (raw->as.field.private_window)\n", "	if (0)\n")]}),

	# -- the focused object --
	("object-process", "the object belongs to the window's process",
		{CONTEXT: [("if (s->nowhere || pid != s->pid || (object", "if (s->nowhere || (object"),
			("if (s->object != object || (raw->as.field.pid && raw->as.field.pid != s->pid))", "if (s->object != object)")]}),
	("object-new", "the object is newer than the last focus change",
		{CONTEXT: [("		s->object = 0;\n		s->role = FIELD_PENDING;\n	}\n	s->tty = TTY_ECHO;\n", "	}\n	s->tty = TTY_ECHO;\n"),
			("	s->field_ok_us = s->focused_ok_us = s->tty_ok_us = s->agree_ok_us = INT64_MIN;\n	/* The bus may be ahead", "	/* The bus may be ahead")]}),
	("object-ahead", "what was typed ahead of the news went into this object only if something brought the focus there",
		{CONTEXT: [("if (m->mono_us < took->object_us && (m->mono_us", "if (0 && (m->mono_us")]}),
	("object-focused", "the object still has the focus when the key leaves",
		{CONTEXT: [(VOUCHED_NOW, VOUCHED_NOW.replace("took->focused_ok_us >= due", "true")),
			("return !m->key || (s->focused_ok_us >= (ended ? sure_us(s, m->barrier_us) : due) && ", "return !m->key || (")]}),
	("object-asked", "the object was asked again what it is after the key",
		{CONTEXT: [(VOUCHED_LOOK, VOUCHED_LOOK.replace("took->field_ok_us >= due", "true")),
			("s->role == FIELD_PENDING || s->field_ok_us < due)", "s->role == FIELD_PENDING)")]}),
	("role-secret", "the object is no password field",
		{CONTEXT: [("else if (s->role == FIELD_SECRET)", "else if (s->role == FIELD_SECRET && 0)")]}),
	("role-text", "the object's role is one for text",
		{CONTEXT: [(VOUCHED_LOOK, VOUCHED_LOOK.replace("took->role == FIELD_TEXT && ", "")),
			("	if (took->role == FIELD_OTHER || took->role == FIELD_TERMINAL)\n		return VERDICT_MASKED;\n", "")]}),
	("role-plain", "Enter and Backspace are kept in a text only",
		{PIPELINE: [("bool plain = verdict == ", "bool plain = 0 && verdict == ")]}),
	("once-a-password", "what once was a password field stays one",
		{CONTEXT: [("		if (c->secret[i] == object)\n			return true;\n", "		if (c->secret[i] == object)\n			return false;\n")]}),

	# -- the caret --
	("caret", "a character is confirmed by a caret",
		{CONTEXT: [("if (m->character && !s->terminal)", "if (0)")]}),
	("caret-one", "one caret confirms one character",
		{CONFIRM: [("taken == 0 || taken < moved; taken++", "taken < CONFIRM_PRESSES; taken++")]}),
	("caret-barrier", "the caret that a click moved does not count for the character after it",
		{CONFIRM: [("uint32_t n = first_waiting(c, pid, mono_us, PRESS_CHARACTER);", "uint32_t n = first_waiting(c, pid, mono_us, PRESS_CHARACTER);\n"
			"		for (; n && at(c, n)->kind != PRESS_CHARACTER; n = (int32_t)(c->newest - n) > 0 ? n + 1 : 0)\n			;\n"
			"		if (n && (at(c, n)->state != CONFIRM_WAITING || at(c, n)->pid != pid))\n			n = 0;")]}),
	("caret-process", "the caret is of the process that the key went to",
		{CONFIRM: [("p->state == CONFIRM_WAITING && !gone && p->pid == pid && p->mono_us", "p->state == CONFIRM_WAITING && !gone && p->mono_us")]}),
	("caret-object", "the caret is of the focused object",
		{CONTEXT: [("	if (!secret && object != c->field_object && object != last_object(c, raw->as.caret.pid))\n		return;\n", ""),
			("	if (!took)\n		return VERDICT_MASKED;\n", "	if (!took)\n		took = s;\n")]}),
	("caret-news", "news of another object end the wait for carets of the one before",
		{CONFIRM: [("		if (p->state == CONFIRM_WAITING)\n			p->state = CONFIRM_NEVER;\n	}\n}\n\nvoid confirm_distrust",
			"	}\n}\n\nvoid confirm_distrust")]}),
	("caret-standstill", "what was taken at once after a standstill is asked about once more",
		{CONTEXT: [("	if (p->taken_us + STANDSTILL_US > due)\n", "	if (0)\n")],
		 CONFIRM: [("p->state == CONFIRM_TAKEN && p->taken_us >= now_us - within_us &&", "0 &&")]}),

	# -- time --
	("hold", "all of that holds after the hold, too",
		{"policy/context.h": [("CONTEXT_HOLD_US = 350000,", "CONTEXT_HOLD_US = 0,     ")]}),
	("limit", "nothing waits longer than 3 s",
		{CONTEXT: [("if (!silent && now_us < m->mono_us + CONTEXT_LIMIT_US)", "if (!silent)")]}),
	("limit-masked", "what was not confirmed in 3 s is masked",
		{CONTEXT: [("		return VERDICT_WAIT;\n	*reason = REASON_UNKNOWN;\n	return VERDICT_MASKED;\n", "		return VERDICT_WAIT;\n	*reason = REASON_UNKNOWN;\n	return VERDICT_OPEN;\n")]}),

	# -- barriers: what waits is masked when a secret turns up --
	("mask", "a firm no masks what waits",
		{AIRLOCK: [("if (mask && concerns(change, h) && !h->masked && !h->cleared)", "if (0 && mask)")]}),
	("barrier", "a secret masks all that waits since the last barrier",
		{CONTEXT: [("	mask(change, s, from, INT64_MAX);\n", "	mask(change, s, INT64_MAX, INT64_MAX);\n	(void)from;\n")]}),
	("barrier-click", "a click is a barrier",
		{PIPELINE: [("return in->action == KEY_PRESS ? PRESS_BARRIER : -1;", "return -1;"),
			("entry.barrier = press == PRESS_BARRIER || raw->kind == RAW_BUTTON || raw->kind == RAW_TOUCH;", "entry.barrier = press == PRESS_BARRIER;"),
			("if (press == PRESS_BARRIER || raw->kind == RAW_BUTTON || raw->kind == RAW_TOUCH)", "if (press == PRESS_BARRIER)")]}),
	("barrier-tab", "Tab is a barrier",
		{PIPELINE: [("in->key_class == CLASS_ENTER || in->key_class == CLASS_NAVIGATION ||", "in->key_class == CLASS_ENTER ||")]}),
	("barrier-enter", "Enter is a barrier",
		{PIPELINE: [("in->key_class == CLASS_ENTER || in->key_class == CLASS_NAVIGATION ||", "in->key_class == CLASS_NAVIGATION ||")]}),
	("barrier-chord", "a shortcut is a barrier",
		{PIPELINE: [("	if (in->chord || in->key_class == CLASS_ENTER", "	if (in->key_class == CLASS_ENTER")]}),
	("barrier-window", "a window change is a barrier",
		{CONTEXT: [("		confirm_press(&c->confirm, PRESS_BARRIER, app->pid, false, now_us);\n", "")]}),
	("left", "a secret masks what waits of the windows that were left",
		{CONTEXT: [("	if (role == FIELD_SECRET && fresh)\n", "	if (0)\n"), ("	if (secret)\n		mask_left", "	if (0)\n		mask_left"),
			]}),

	("click-held-back", "what is typed right behind a click, Tab or Enter waits longer, since a window manager may hold a click back",
		{CONTEXT: [("return due > led ? due : led;", "(void)led;\n	return due;")]}),
	("click-led", "a character that the field before took right behind a click says nothing about when the click was handled",
		{CONTEXT: [("if (led != INT64_MIN && led < from)", "if (0)")]}),
	("barrier-gone", "a click masks what is behind it also when it has gone out itself",
		{AIRLOCK: [(" || h->barrier_us >= change->barrier_us)", ")")]}),
	# -- terminals --
	("tty-echo", "the terminal echoes",
		{CONTEXT: [("else if (s->terminal && s->tty == TTY_SECRET)", "else if (0)")]}),
	("tty-unknown", "the terminal's foreground program is a known one",
		{CONTEXT: [("(s->terminal && s->tty == TTY_UNKNOWN) || ", "")]}),
	("tty-look", "the terminal was looked at again after the hold",
		{CONTEXT: [("return s->tty_ok_us >= due;", "return true;")]}),
	("tty-before", "a prompt masks what waits since the last look, or the Return before it",
		{CONTEXT: [("	mask(change, s, barrier_since(look_us), look_us);\n", "	mask(change, s, INT64_MAX, INT64_MAX);\n	(void)look_us;\n")]}),
	("tty-left", "a prompt masks what waits of a terminal that was left",
		{CONTEXT: [("if (n != c->serial && (state == TTY_SECRET || (state == TTY_UNKNOWN && s->started))) {", "if (0) {")]}),
	("tty-started", "a program that was just started and then cannot be told masks what was typed ahead of it",
		{CONTEXT: [("s->reason == REASON_UNKNOWN && s->started)", "0)")]}),
	("tty-left-started", "the same in a terminal that was left",
		{CONTEXT: [(" || (state == TTY_UNKNOWN && s->started))) {", ")) {")]}),
	("tty-starting", "a program that was just started vouches for nothing",
		{CONTEXT: [("(state == TTY_ECHO || state == TTY_PROGRAM) && !s->masked", "state != TTY_UNKNOWN && !s->masked")]}),
]
