# SPDX-License-Identifier: Apache-2.0
"""What the recorded times are worth: input of which the kernel's time is known, as each of the sources tells it.

In a virtual machine with Xorg and libinput's driver. The kernel's times are those that a reader of our own gets on the same devices. First the
sources alone, then the whole agent (joined.py).
"""

import collections
import contextlib
import functools
import pathlib
import random
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "lib")]

import archive
import debian
import joined
from broker import BROKER, BUILD, EV_KEY, EV_REL, Truth, frames
from cases import Skip, check, note, run
from machine import Machine, started

XORG = ("xserver-xorg-core", "xserver-xorg-input-libinput", "xserver-xorg-video-dummy")
UNWANTED = ("libllvm15", "libz3-4", "libgl1-mesa-dri", "libicu72") # what draws by a graphics card
CONFIG = """Section "Device"
	Identifier "screen"
	Driver "dummy"
EndSection
Section "Module"
	Disable "glx"
	Disable "dri2"
EndSection
"""
A = 30
LATE_US = 100000 # source/join.h: what comes later is not joined

machine = None

Told = collections.namedtuple("Told", "kind us joined code action dx dy")


class Dump:
	"""One of the sources, as a program that prints what it sees. with Dump(words): it reads."""

	count = 0

	def __init__(self, words, ready):
		Dump.count += 1
		self.file = f"/tmp/dump{Dump.count}"
		self.command = machine.start(f"{words} >{self.file}")
		machine.until(f"grep -q '^{ready}' {self.file}")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.command.stop()

	def lines(self):
		return [line.split() for line in machine.run(f"cat {self.file}").splitlines()]


def inject(made):
	"""What a hand does, and what shows an error: fast movements at an even rate, keys and pauses at uneven ones."""
	draw = random.Random(1)
	made.ask("on 1")
	made.ask("moves 400 2000")
	made.ask("on 0")
	made.ask("keys 60 4000")
	for _ in range(40):
		made.ask(f"hold {A + draw.randrange(9)} {draw.randrange(3, 40)}")
		if draw.random() < 0.3:
			made.ask("on 1")
			made.ask(f"moves {draw.randrange(5, 20)} {draw.randrange(2500, 9500)}")
			made.ask("on 0")
	made.ask("on 1")
	for code in (0x110, 0x111):
		made.ask(f"hold {code} 60")


def truth_of(events):
	"""(kind, us, code or dx, action or dy) of each, in order."""
	found = []
	for us, _, f in frames(events):
		for (kind, code), value in f.items():
			if kind == EV_KEY:
				found.append(("key" if code < 0x100 else "button", us, code, value))
		if (EV_REL, 0) in f or (EV_REL, 1) in f:
			found.append(("motion", us, f.get((EV_REL, 0), 0), f.get((EV_REL, 1), 0)))
	return found


def what(told):
	"""Which event it is, without its time."""
	return (told.kind, told.dx, told.dy) if told.kind == "motion" else (told.kind, told.code, told.action)


def matched(told, truth):
	"""Pairs of what a source told and what the kernel did: the same events, each kind in the order of its own."""
	pairs = []
	for kind in ("key", "button", "motion"):
		mine, real = [t for t in told if t.kind == kind], [r for r in truth if r[0] == kind]
		check([what(t)[1:] for t in mine] == [r[2:] for r in real], f"{kind}: {len(mine)} told of {len(real)}, or others")
		pairs += zip(mine, real)
	return pairs


def spread(errors):
	errors = sorted(errors)
	return (f"min {errors[0]}, median {statistics.median(errors):.0f}, p99 {errors[len(errors) * 99 // 100]}, max {errors[-1]} us; "
		f"within 1 ms {sum(abs(e) <= 1000 for e in errors) / len(errors):.1%}")


def steps(times):
	"""How often each interval came, in µs."""
	times = sorted(times)
	return collections.Counter(b - a for a, b in zip(times, times[1:]))


def comb(times):
	"""How many intervals are 0 ms, and on the teeth of 8 and of 16 ms."""
	gaps = [round(gap / 1000) for gap in steps(times).elements()]
	return {tooth: sum(gap == tooth for gap in gaps) for tooth in (0, 8, 16)}


def numbers(lines):
	return [Told(kind, int(us), int(joined), int(code), int(action), float(dx), float(dy)) for kind, us, joined, code, action, dx, dy in
		(line for line in lines if len(line) == 7)]


def of_evdev(lines):
	"""evdev_dump's lines: TIME KIND DEVICE ..."""
	found = []
	for line in lines:
		if line[1] in ("key", "button"):
			found.append(Told(line[1], int(line[0]), 0, int(line[3]), int(line[4]), 0, 0))
		elif line[1] == "motion":
			found.append(Told("motion", int(line[0]), 0, 0, 0, float(line[3]), float(line[4])))
	return found


@functools.lru_cache(None)
def observed():
	"""The same input as the kernel told it, as evdev's source did, and as X11's did with what joined it."""
	with contextlib.ExitStack() as stack:
		made = machine.start("guest inject")
		stack.callback(made.wait)
		stack.callback(lambda: machine.send(f"e {made.number}"))
		for kind in ("keyboard", "mouse"):
			made.ask(f"came {kind} {kind}")
		machine.until("test $(grep -c 'XINPUT: Adding extended input device' /var/log/Xorg.0.log) -ge 2")
		for name in ("one", "two"): # each has one stream for a user
			broker = machine.start(f"assent-inputd --without-logind --socket /run/{name} --policy /etc/assent/policy.yaml")
			stack.callback(broker.stop)
			machine.until(f"test -S /run/{name}")
		evdev = stack.enter_context(Dump("evdev_dump /run/one 2 2 1", "granted"))
		x11 = stack.enter_context(Dump("DISPLAY=:0 x11_dump /run/two", "ready"))
		truth = stack.enter_context(Truth(machine))
		inject(made)
		time.sleep(0.5)
		events = truth_of(truth.events())
		for dump in (evdev, x11):
			dump.command.stop()
		return events, of_evdev(evdev.lines()), numbers(x11.lines())


def evdev_is_exact():
	"""Each event, and each with the kernel's own time."""
	truth, evdev, _ = observed()
	pairs = matched(evdev, truth)
	errors = {told.us - real[1] for told, real in pairs}
	check(errors == {0}, f"errors in us: {sorted(errors)[:10]}")
	check(steps([t.us for t in evdev]) == steps([real[1] for real in truth]), "other intervals")
	note(f"evdev: {len(pairs)} events, error 0 us of each")


def joined_are_exact():
	"""X11's events with the kernel's times: none has another's, nearly all have their own."""
	truth, _, x11 = observed()
	pairs = matched(x11, truth)
	errors = [told.joined - real[1] for told, real in pairs if told.joined >= 0]
	share = len(errors) / len(pairs)
	wrong = [e for e in errors if e]
	note(f"x11+evdev: {len(pairs)} events, {share:.2%} joined, {len(wrong)} of them with another's time")
	latest = max(told.us - real[1] for told, real in pairs)
	if latest >= LATE_US:
		raise Skip(f"the X server was {latest // 1000} ms late: this machine has too much other work for it")
	check(not wrong, f"errors in us: {wrong[:10]}")
	check(share >= 0.95, f"joined: {share:.2%}")
	recorded = [told.joined if told.joined >= 0 else told.us for told, _ in pairs]
	check(comb(recorded) == comb([real[1] for real in truth]) or share < 1, "intervals that the input did not have")


def x11_as_it_is():
	"""X11's own times: whole milliseconds, of when libinput's driver says it was."""
	truth, _, x11 = observed()
	pairs = matched(x11, truth)
	for kind in ("key", "button", "motion"):
		note(f"x11, {kind}: " + spread([told.us - real[1] for told, real in pairs if told.kind == kind]))
	note(f"intervals of 0, 8 and 16 ms: input {comb([real[1] for real in truth])}, x11 {comb([t.us for t in x11])}")


def make(place):
	file = place / "over"
	over = archive.Archive(file)
	over.program("/usr/bin/guest", BUILD / "tests" / "device" / "vm" / "guest", libraries=False)
	over.program("/usr/bin/assent-inputd", BROKER, libraries=False)
	for name in ("evdev_dump", "x11_dump"):
		over.program(f"/usr/bin/{name}", BUILD / "tests" / "device" / name)
	over.link("/usr/bin/grep", "busybox")
	over.add("/etc/X11/xorg.conf", CONFIG)
	over.add("/etc/assent/policy.yaml", "evdev_keys: code\n")
	joined.add(over, place)
	over.save()
	return file


def main():
	global machine
	with contextlib.ExitStack() as stack:
		place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assent-vm-")))
		machine = joined.machine = started("timing", stack, lambda: Machine([debian.base(),
			debian.layer("xorg", (*XORG, *joined.PACKAGES), UNWANTED), make(place)], memory=768))
		server = machine.start("Xorg :0 vt1 -keeptty -noreset -nolisten tcp -ac")
		stack.callback(server.stop)
		machine.until("test -S /tmp/.X11-unix/X0", 40)
		return run(evdev_is_exact, joined_are_exact, x11_as_it_is, *joined.CASES)


if __name__ == "__main__":
	sys.exit(main())
