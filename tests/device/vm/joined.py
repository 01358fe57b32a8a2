# SPDX-License-Identifier: Apache-2.0
"""Source x11+evdev as it is installed: the agent records in Xorg, an ordinary user's, and the broker is systemd's. Cases of test_timing.py, in its
virtual machine.

All input comes from devices of uinput, and the kernel's word on it is read besides (broker.Truth): so each row that was kept is known by its
time, and must be input of the part of the story that it says.
"""

import contextlib
import json
import random
import time

import debian
from agent import on_pty, study
from broker import BUILD, EV_KEY, EV_REL, SERVICE, SOCKET, Truth, frames, install
from cases import check, note
from participant import environment

PACKAGES = ("bash", "xterm", "xdotool", "at-spi2-core", "libglib2.0-bin", "ncurses-base",
	"libxi6", "libxres1", "libxkbcommon-x11-0", "libx11-xcb1", "libjson-c5") # of the agent
USER = 1001
AS_USER = """#!/bin/sh
export HOME=/home/user1 PATH=/usr/bin:/usr/sbin LANG=C.UTF-8 XDG_RUNTIME_DIR=/run/user/1001 DISPLAY=:0 XDG_SESSION_TYPE=x11
export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1001/bus
cd
[ "$(busybox id -u)" != 0 ] || exec setpriv --reuid=1001 --regid=1001 --clear-groups "$@"
exec "$@"
"""
LETTERS = dict(zip("qwertyuiopasdfghjklzxcvbnm", (*range(16, 26), *range(30, 39), *range(44, 51))))
KEYS = {**LETTERS, **dict(zip("1234567890", range(2, 12))), " ": 57, "\n": 28, "-": 12}
CONTROL, BUTTON = 29, 0x110
REL_WHEEL, REL_WHEEL_HI_RES = 8, 11
KINDS = {(EV_KEY, 1): ("key_down", "button_down"), (EV_KEY, 0): ("key_up", "button_up")}
INPUT = ("key_down", "key_up", "button_down", "button_up", "motion", "scroll")
SPAN_EDGE = 2.5      # after a prompt or a lock a span may reach that far
JUDGED = 6           # until the last word has its verdict
LATE_US = 100000     # JOIN_LATE_US
LEAST_KEPT, LEAST_JOINED = 0.85, 0.95

ADDED = "grep -c 'XINPUT: Adding extended input device' /var/log/Xorg.0.log || true"

machine = told = None


def add(over, place):
	"""What the package installs, a user, and that user's yes to a study."""
	for name in ("assentd", "assent"):
		over.program(f"/usr/bin/{name}", BUILD / "agent" / name)
	install(over)
	over.add("/usr/bin/as-user", AS_USER, 0o755)
	over.add("/etc/passwd", debian.USERS.replace("user1:x:1001:1001::/tmp:/bin/sh", "user1:x:1001:1001::/home/user1:/bin/bash"))
	over.folder("/home/user1", 0o700, (USER, USER))
	home = place / "user1"
	home.mkdir()
	data = home / "data"
	code, shown = on_pty([BUILD / "agent" / "assent", "join", "--data", data, study(home / "study.yaml", keys="code")], environment(home), ["yes"])
	check(code == 0, f"join: {shown[-500:]}")
	for path in (data, *sorted(data.rglob("*"))):
		to, mode = f"/home/user1/{path.relative_to(home)}", path.stat().st_mode & 0o777
		over.folder(to, mode, (USER, USER)) if path.is_dir() else over.add(to, path.read_bytes(), mode, (USER, USER))


class Story:
	"""One recording: .rows is what was kept, .moments what the kernel told, (kind, µs): (code or (dx, dy), part)."""

	def __init__(self, made, session):
		self.made, self.session, self.parts, self.said = made, session, [], {}

	# ---- the hand ----

	@contextlib.contextmanager
	def part(self, name, kept):
		"""kept: what is done in it is to be recorded; else none of it may be."""
		began = clock_us()
		yield
		time.sleep(0.3)
		self.parts.append((name, kept, began, clock_us()))

	def type(self, text, every=0.04):
		self.made.ask("on 0")
		for c in text:
			began = time.monotonic()
			self.made.ask(f"hold {KEYS[c]} 12")
			time.sleep(max(0, every - (time.monotonic() - began)))

	def move(self, n=60):
		"""Movements, a click and a notch."""
		self.made.ask("on 1")
		self.made.ask(f"moves {n} 3000")
		self.made.ask(f"hold {BUTTON} 20")
		for value in (-1, 1):
			self.made.ask(f"e {EV_REL} {REL_WHEEL_HI_RES} {120 * value}")
			self.made.ask(f"e {EV_REL} {REL_WHEEL} {value}")
			self.made.ask("s")

	def ordinary(self, name, wait=SPAN_EDGE):
		time.sleep(wait)
		with self.part(name, True):
			self.type(word())
			self.move()
			self.type(word() + "\n")

	def secret(self, name, text):
		with self.part(name, False):
			self.type(text, 0.03)

	# ---- the agent ----

	def status(self):
		try:
			return json.loads(machine.run("as-user assent status --json --data data", status=None))
		except ValueError:
			return {}

	def until(self, holds, name, seconds=40):
		deadline = time.monotonic() + seconds
		while not holds(now := self.status()):
			check(self.agent.status is None and time.monotonic() < deadline, lambda: f"not {name}: {now} {self.agent.output()[-1500:]}")
			time.sleep(0.3)
		return now

	def recording(self):
		return self.until(lambda now: now.get("recording"), "recording")

	def doctor(self):
		"""{what: (is it a problem?, in words)}, and the verdicts of windows."""
		told = json.loads(machine.run("as-user assent doctor --source x11+evdev --data data --json", status=None))
		return {f["id"]: (f["problem"], f["text"]) for f in told["findings"]}, {w["class"]: w["verdict"] for w in told["windows"]}

	def tell(self):
		with Truth(machine) as truth:
			self.agent = machine.start("as-user assentd --source x11+evdev --data data --verbose")
			pid = self.recording()["agent"]["pids"]["capture"]
			self.said["locked"] = machine.run(f"grep -E 'VmLck|Max locked' /proc/{pid}/status /proc/{pid}/limits")
			self.said["doctor"] = self.doctor()
			self.ordinary("the shell", 0)
			self.type("cat\n")
			self.ordinary("a program that echoes", 1)
			self.control("d")
			self.prompt()
			self.ordinary("after the prompt")
			self.lock()
			self.ordinary("after the lock")
			self.without_broker()
			self.ordinary("after the broker")
			time.sleep(JUDGED)
			self.said["end"] = self.status()
			self.agent.stop()
			self.read(truth.events())

	def control(self, c):
		for line in (f"e {EV_KEY} {CONTROL} 1", "s", f"hold {KEYS[c]} 12", f"e {EV_KEY} {CONTROL} 0", "s"):
			self.made.ask(line)
		time.sleep(0.3)

	def prompt(self):
		self.type("read -s x\n")
		time.sleep(0.6)
		self.secret("read -s", "4711 ncc 1701\n")

	def lock(self):
		"""As loginctl lock-session has it done: a locker locks, and tells logind. Here it shows nothing, so logind's word alone masks."""
		machine.run(f"loginctl lock-session {self.session}; guest lock {self.session} {USER} 1")
		time.sleep(0.2)
		with self.part("locked", False):
			self.type("4711")
			self.move(20)
		machine.run(f"guest lock {self.session} {USER} 0")

	def without_broker(self):
		"""It goes while keys come, and is back later."""
		self.type(word(6))
		machine.run(f"systemctl stop {SOCKET} {SERVICE}")
		self.said["gone"] = self.until(lambda now: not now.get("recording") and now["agent"]["obstacle"], "the broker's end")
		with self.part("no broker", False):
			self.type("4711")
			self.move(20)
			self.said["doctor of none"] = self.doctor()
		machine.run(f"systemctl start {SOCKET}")
		self.recording()

	# ---- what is left ----

	def read(self, events):
		said = machine.start("as-user assent show --json --data data")
		check(said.wait(60) in (0, 3), lambda: said.output()[-500:])
		self.rows = [json.loads(line) for line in said.output().splitlines() if line.startswith("{")]
		self.moments = {}
		for us, _, f in frames(events):
			for (kind, code), value in f.items():
				if (kind, value) in KINDS:
					self.moments[KINDS[kind, value][code >= 0x100], us] = code
			if (EV_REL, 0) in f or (EV_REL, 1) in f:
				self.moments["motion", us] = (f.get((EV_REL, 0), 0), f.get((EV_REL, 1), 0))
			if (EV_REL, REL_WHEEL) in f:
				self.moments["scroll", us] = f[EV_REL, REL_WHEEL]

	def input(self):
		return [row for row in self.rows if row["kind"] in INPUT]

	def within(self, rows, part):
		_, _, began, ended = part
		return [row for row in rows if began <= row["mono_us"] <= ended]

	def masked(self, name):
		"""The reasons of the spans and gaps over the middle of a part."""
		began, ended = next(part[2:] for part in self.parts if part[0] == name)
		start = next(row for row in self.rows if row["kind"] == "start")
		middle = (began + ended) // 2 + start["t_us"] - start["mono_us"]
		return {row["reason"] for row in self.rows if row["kind"] in ("span", "gap") and row["t_us"] <= middle <= row["end_us"]}


def word(length=10):
	return "".join(random.choice("asdfghjkl") for _ in range(length))


def clock_us():
	"""The guest's monotonic clock, to 10 ms: it never slept."""
	return round(float(machine.run("cat /proc/uptime").split()[0]) * 1000000)


def truly(row):
	"""What it says, as Story.moments has it."""
	return (row["dx"], row["dy"]) if row["kind"] == "motion" else -row["scroll_y"] // 120 if row["kind"] == "scroll" else row["code"]


def recorded():
	"""The whole story: by what is told of it the other cases judge."""
	global told
	with contextlib.ExitStack() as stack:
		machine.run("systemd-sysusers assent-inputd.conf; glib-compile-schemas /usr/share/glib-2.0/schemas")
		login = machine.start(f"guest session {USER} seat0 1 user 0 as-user sh -c "
			"'dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --fork --nopidfile; xterm -e bash --norc'")
		stack.callback(login.stop)
		session = login.until("in ", 30).split()[1]
		machine.run(f"guest switch {session}")
		made = machine.start("guest inject")
		stack.callback(made.wait)
		stack.callback(lambda: machine.send(f"e {made.number}"))
		before = int(machine.run(ADDED))
		for kind in ("keyboard", "mouse"):
			made.ask(f"came {kind} {kind}")
		machine.until(f"test $({ADDED}) -ge {before + 2}")
		machine.until("as-user xdotool search --onlyvisible --class xterm windowfocus", 30)
		s = Story(made, session)
		s.tell()
		told = s


def story():
	check(told, "nothing was recorded")
	return told


def kept_with_kernel_times():
	"""What was kept has the kernel's own time, and not another event's."""
	s = story()
	rows = s.input()
	exact = [row for row in rows if (row["kind"], row["mono_us"]) in s.moments]
	wrong = [row for row in exact if truly(row) != s.moments[row["kind"], row["mono_us"]]]
	note(f"recorded by x11+evdev: {len(rows)} rows, {len(exact) / len(rows):.2%} with the kernel's time to the microsecond, {len(wrong)} with another's")
	check(not wrong, lambda: f"{wrong[:3]}: the kernel: {[s.moments[row['kind'], row['mono_us']] for row in wrong[:3]]}")
	check(len(exact) >= LEAST_JOINED * len(rows), f"{len(exact)} of {len(rows)}")
	check(all(row["synthetic"] for row in exact), "of uinput, and not called synthetic")


def kept_is_whole():
	"""Of what may be kept hardly anything is missing."""
	s = story()
	for part in s.parts:
		name, kept, began, ended = part
		if kept:
			done = sum(began <= us <= ended for _, us in s.moments)
			found = len(s.within(s.input(), part))
			note(f"{name}: {found} of {done}")
			check(found >= LEAST_KEPT * done, f"{name}: {found} of {done}")


def masked_is_not_kept():
	s = story()
	for part in s.parts:
		if not part[1]:
			rows = s.within(s.input(), part)
			note(f"{part[0]}: masked as {', '.join(sorted(s.masked(part[0]))) or 'nothing'}")
			check(not rows, f"{part[0]}: {rows[:3]}")
	digits = [row for row in s.input() if row["kind"].startswith("key") and row["code"] in range(2, 12)]
	check(not digits, f"only secrets have digits: {digits[:3]}")
	check("terminal-echo-off" in s.masked("read -s"), f"{s.masked('read -s')}")
	check("locked" in s.masked("locked"), f"{s.masked('locked')}")


def in_order():
	"""What of one kind a device did comes in the order in which it was done. (A button's release libinput holds back, lest it bounces.)"""
	s = story()
	for kinds in (("key_down", "key_up"), ("button_down", "button_up"), ("motion",), ("scroll",)):
		times = [row["mono_us"] for row in s.input() if row["kind"] in kinds and (row["kind"], row["mono_us"]) in s.moments]
		back = [(a, b) for a, b in zip(times, times[1:]) if b < a]
		check(not back, f"{kinds}: {back[:3]}")


def skew_is_told():
	"""Of each stretch: by how much the clocks differed, and what share has the display's time, exactly."""
	s = story()
	rows, count = [], 0
	for row in s.rows:
		if row["kind"] == "start":
			rows = []
		elif row in s.input():
			rows.append(row)
		elif row["kind"] == "skew":
			share = sum((r["kind"], r["mono_us"]) not in s.moments for r in rows) / max(len(rows), 1)
			note(f"skew of {len(rows)} rows: {row['x']} to {row['y']}, mean {row['dx']:.0f} us; {row['dy']:.2%} unjoined ({share:.2%})")
			check(-1000 < row["x"] <= row["dx"] <= row["y"] <= LATE_US, f"{row}")
			check(abs(row["dy"] - share) < 0.0001, f"{row['dy']} and not {share}")
			count += 1
	check(count >= 2, f"{count} rows: one before the broker went, one after")


def broker_goes_and_comes():
	"""Without it nothing is recorded, and that is said; what there was before and after is there, and that something is missing."""
	s = story()
	gone = s.said["gone"]
	note(f"without the broker: {gone['agent']['why']}; {gone['agent']['obstacle']}")
	check(gone["agent"]["obstacle"]["part"] == "broker" and gone["agent"]["why"], f"{gone}")
	began = next(part[2] for part in s.parts if part[0] == "no broker")
	stops = [row["mono_us"] for row in s.rows if row["kind"] == "stop"]
	starts = [row["mono_us"] for row in s.rows if row["kind"] == "start"]
	# On a busy machine the end is a moment after what ended it.
	check(len(starts) == 2 and stops[0] < began + 2_000_000 and max(stops[0], began) < starts[1], f"starts {starts}, stops {stops}, without from {began}")
	check(s.said["end"]["recording"] and not s.said["end"]["agent"]["obstacle"], f"{s.said['end']}")


def doctor_knows():
	"""What is said of broker, session and seat, while it records and while there is no broker."""
	s = story()
	note(f"locked memory of an ordinary user's: {' '.join(s.said['locked'].split())}")
	for name, broken in (("doctor", []), ("doctor of none", ["broker"])):
		findings, windows = s.said[name]
		note(f"{name}: {'; '.join(text for what, (_, text) in findings.items() if what in ('broker', 'session', 'seat'))}; {windows}")
		check([what for what in ("broker", "session", "seat") if findings[what][0]] == broken, f"{findings}")
		check(windows["XTerm"] == "open", f"{windows}")


CASES = (recorded, kept_with_kernel_times, kept_is_whole, in_order, masked_is_not_kept, skew_is_told, broker_goes_and_comes, doctor_knows)
