# SPDX-License-Identifier: Apache-2.0
"""The broker's stream in a virtual machine, and what the kernel itself told there, to be compared."""

import collections
import os
import pathlib
import re
import time

from cases import check

BUILD = pathlib.Path(os.environ.get("ASSENT_BUILD") or "build/gcc").resolve()
BROKER = BUILD / "agent" / "inputd" / "assent-inputd"
UNITS = pathlib.Path(__file__).resolve().parents[3] / "packaging" / "systemd"
SOCKET, SERVICE, USERS = "assent-inputd.socket", "assent-inputd.service", "assent-inputd.sysusers"

# base/stream.h, limits.h, event.h
NONE, CLASS, CODE = 0, 1, 2
BUTTONS, FULL = 1, 2
DEVICE, KEY, BUTTON, MOTION, SCROLL, TOUCH, LOST, SESSION, SYNCED = range(9)
OPEN, INACTIVE, LOCKED = 0, 1, 2
SYNTHETIC, CHORD, RESYNC = 1, 2, 4
RELEASE, PRESS, REPEAT = 0, 1, 2
REFUSED = {name: number + 1 for number, name in enumerate(("version", "hello", "no session", "inactive", "remote", "class", "no logind",
	"policy", "busy", "full", "ended", "failed"))}
CLASSES = ("letter", "digit", "punctuation", "space", "enter", "erase", "modifier", "navigation", "function", "other")

# linux/input-event-codes.h
EV_SYN, EV_KEY, EV_REL, EV_ABS = 0, 1, 2, 3
SYN_REPORT, SYN_DROPPED = 0, 3

Record = collections.namedtuple("Record", "kind us device action klass code x y flags")
Event = collections.namedtuple("Event", "us device type code value")


def install(over):
	"""What the package installs of it, into an archive.Archive, and its socket switched on."""
	service = (UNITS / SERVICE).read_text()
	over.program(re.search(r"^ExecStart=(\S+)", service, re.MULTILINE)[1], BROKER, libraries=False)
	for unit in (SERVICE, SOCKET):
		over.add(f"/usr/lib/systemd/system/{unit}", (UNITS / unit).read_bytes())
	over.add("/usr/lib/sysusers.d/assent-inputd.conf", (UNITS / USERS).read_bytes())
	over.link(f"/etc/systemd/system/sockets.target.wants/{SOCKET}", f"/usr/lib/systemd/system/{SOCKET}")


class Client:
	"""The stream, as a user of the guest gets it. with Client(machine): it is granted."""

	count = 0

	def __init__(self, machine, keys=CODE, pointer=FULL, scroll=1, uid="", wrap=""):
		Client.count += 1
		self.machine, self.file = machine, f"/tmp/client{Client.count}"
		self.command = machine.start(f"{wrap}guest client {self.file} {keys} {pointer} {scroll} {uid}")
		self.states = []

	def answer(self, seconds=30):
		"""("granted", [keys, pointer, scroll]) or ("refused", its number, its text)."""
		line = self.command.line(seconds)
		while line is not None and line.split()[0] not in ("granted", "refused"):
			line = self.command.line(seconds)
		if line is None:
			raise AssertionError(f"no answer of the broker: {self.command.output()[-300:]}")
		word = line.split(maxsplit=2)
		return ("granted", [int(n) for n in line.split()[1:]]) if word[0] == "granted" else ("refused", int(word[1]), word[2])

	def granted(self):
		answer = self.answer()
		if answer[0] != "granted":
			raise AssertionError(f"refused: {answer}")
		return answer[1]

	def state(self, wanted, seconds=20):
		"""Waits for a state of the session; when the client was told, in the guest's µs."""
		while True:
			_, state, now = self.command.until("session ", seconds).split()
			if int(state) == wanted:
				return int(now)

	def __enter__(self):
		self.granted()
		self.state(OPEN)
		return self

	def __exit__(self, *_):
		self.command.stop()

	def came(self, made, device, truth=None):
		"""A device of guest_inject ("mouse two"); waits until this client, and a Truth, have it: what it does sooner is not theirs. Its node."""
		before = self.devices()
		node = made.ask(f"came {device}")[0]
		deadline = time.monotonic() + 20
		while self.devices() == before:
			check(time.monotonic() < deadline, f"the broker did not open {node}")
			time.sleep(0.05)
		if truth:
			truth.command.until(f"reads {node}")
		return node

	def devices(self):
		return sum(r.kind == DEVICE and r.action for r in self.now())

	def settle(self):
		"""Waits until nothing more comes."""
		settle(self.machine, self.file)

	def records(self):
		"""All; the client has ended then."""
		self.settle()
		self.command.stop()
		return self.now()

	def now(self):
		return [Record(*map(int, line.split())) for line in self.machine.run(f"cat {self.file}").splitlines()]


class Truth:
	"""What the kernel tells of all devices."""

	def __init__(self, machine):
		Client.count += 1
		self.machine, self.file = machine, f"/tmp/truth{Client.count}"
		self.command = machine.start(f"guest watch {self.file} all")
		self.command.until("ready")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.command.stop()

	def count(self):
		"""How many frames there are."""
		settle(self.machine, self.file)
		return int(self.machine.run(f"grep -c ' {EV_SYN} {SYN_REPORT} ' {self.file}"))

	def events(self, last=1000000):
		settle(self.machine, self.file)
		self.command.stop()
		found = []
		for line in self.machine.run(f"tail -n {last} {self.file}").splitlines():
			us, device, kind, code, value = line.split()
			if kind != "gone":
				found.append(Event(int(us), int(device), int(kind), int(code), int(value)))
		return found


def settle(machine, file):
	"""Until nothing more was written for a while; the program writes when nothing came for 50 ms."""
	size, since, began = None, 0.0, time.monotonic()
	while time.monotonic() - since < 0.2 or time.monotonic() - began < 0.3:
		now = machine.run(f"wc -c <{file}").strip()
		if now != size:
			size, since = now, time.monotonic()
		time.sleep(0.05)


def keys_of(events):
	"""(time, action, code) of each key event, as RECORDS tell them."""
	return [(e.us, e.value, e.code) for e in events if e.type == EV_KEY and e.code < 0x100]


def frames(events):
	"""Per device and SYN_REPORT: (time, device, {(type, code): sum of values})."""
	open_frames, done = collections.defaultdict(collections.Counter), []
	for e in events:
		if e.type == EV_SYN and e.code == SYN_REPORT:
			done.append((e.us, e.device, dict(open_frames.pop(e.device, {}))))
		elif e.type != EV_SYN:
			open_frames[e.device][e.type, e.code] += e.value
	return done


def held(records):
	"""What is down after them: (device, code)."""
	down = set()
	for r in records:
		if r.kind in (KEY, BUTTON) and r.action == PRESS:
			down.add((r.device, r.code))
		elif r.kind in (KEY, BUTTON) and r.action == RELEASE:
			down.discard((r.device, r.code))
		elif r.kind == DEVICE and not r.action or r.kind == SESSION:
			down = {d for d in down if r.kind == DEVICE and d[0] != r.device}
	return down
