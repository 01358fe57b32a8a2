# SPDX-License-Identifier: Apache-2.0
"""How the broker finds devices: its own code for that, on a /dev and /sys of umockdev's.

devices_dump is that code without the rest. The rest cannot run there: Landlock keeps the broker to the machine's own /dev/input, and its seccomp filter
to no new sockets, by which umockdev answers ioctl(); and umockdev has no clock of events, no revocation and no udev that goes on working. All
that is tried on the real kernel, with the real udev, in vm/.
"""

import contextlib
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

from cases import Skip, check, note, run  # noqa: E402
from inputd import BUILD, DEVICE, KEY, MOTION, SYNTHETIC, TOUCH  # noqa: E402

KEYBOARD, MOUSE, TOUCHPAD, TOUCHSCREEN, TABLET = range(5)
EV_KEY, EV_REL, EV_ABS, EV_SW, EV_LED = 1, 2, 3, 5, 17
CNT = {0: 0x20, EV_KEY: 0x300, EV_REL: 0x10, EV_ABS: 0x40, 4: 8, EV_SW: 0x11, EV_LED: 0x10, 18: 8, 20: 2, 21: 0x80}
POINTER, DIRECT, BUTTONPAD = 0, 1, 2
SLOTS = {0x2f: (0, 4, 0), 0x35: (0, 4000, 40), 0x36: (0, 2500, 40), 0x39: (0, 65535, 0)}
CAPABILITIES = { # (its codes by type, its properties); an axis: (least, most, units per mm)
	"keyboard": ({EV_KEY: range(1, 0xf8), EV_LED: range(3), 20: range(2)}, ()),
	"mouse": ({EV_KEY: range(0x110, 0x118), EV_REL: (0, 1, 6, 8, 11, 12)}, ()),
	"touchpad": ({EV_KEY: (0x110, 0x145, 0x14a, 0x14d), EV_ABS: {0: (0, 4000, 40), 1: (0, 2500, 40), **SLOTS}}, (POINTER, BUTTONPAD)),
	"screen": ({EV_KEY: (0x14a,), EV_ABS: {0: (0, 4000, 40), 1: (0, 2500, 40), **SLOTS}}, (DIRECT,)),
	"pen": ({EV_KEY: (0x140, 0x141, 0x14a, 0x14b), EV_ABS: {0: (0, 20000, 100), 1: (0, 12000, 100), 24: (0, 1023, 0)}}, ()),
	"lid": ({EV_SW: (0,)}, ()),
}
CLASSES = {"keyboard": KEYBOARD, "mouse": MOUSE, "touchpad": TOUCHPAD, "screen": TOUCHSCREEN, "pen": TABLET}


class Record:
	def __init__(self, line):
		self.kind, self.device, self.action, self.klass, self.code, self.x, self.y, self.flags = map(int, line.split())

	def __repr__(self):
		return str(vars(self))


class Mock:
	"""What umockdev-run is told of one device; its words are .arguments."""

	def __init__(self, place, number, kind, seat=None, ignored=None, virtual=False, ready=True, events=None):
		codes, properties = CAPABILITIES[kind]
		self.node = f"/dev/input/event{number}"
		self.sys = f"/devices/{'virtual' if virtual else 'pci0000:00/usb1/1-1'}/input/input{number}"
		self.uevent = {"SUBSYSTEM": "input", "DEVNAME": self.node, "MAJOR": 13, "MINOR": 64 + number}
		self.udev = {"ID_INPUT": 1, **({"ID_SEAT": seat} if seat else {}), **({"LIBINPUT_IGNORE_DEVICE": ignored} if ignored else {})}
		properties_now = {**self.uevent, **(self.udev if ready else {})}
		description, answers = place / f"{number}.umockdev", place / f"{number}.ioctl"
		description.write_text(f"P: {self.sys}/event{number}\nN: input/event{number}\n" +
			"".join(f"E: {name}={value}\n" for name, value in properties_now.items()) + f"A: dev=13:{64 + number}\nL: device=../../input{number}\n\n"
			f"P: {self.sys}\nE: SUBSYSTEM=input\nE: NAME=\"{kind}\"\nA: name={kind}\n")
		answers.write_text("\n".join(self.ioctls(kind, codes, properties)) + "\n")
		self.arguments = ["-d", description, "-i", f"{self.node}={answers}"]
		if events:
			file = place / f"{number}.events"
			file.write_text("".join("E: {:.6f} {:04x} {:04x} {:04d}\n".format(*event) for event in events))
			self.arguments += ["-e", f"{self.node}={file}"]

	def ioctls(self, kind, codes, properties):
		def bits(numbers, size):
			size = (size + 63) // 64 * 8
			return f"{size} {sum(1 << n for n in numbers).to_bytes(size, 'little').hex().upper()}"
		def text(value): # what was asked for is told by its size, what is answered by the number
			return f"{len(value) + 1} {value.encode().ljust(255, bytes(1)).hex().upper()}"
		yield f"@DEV {self.node}"
		yield "EVIOCGVERSION 0 01000100"
		yield "EVIOCGID 0 0300341201000100"
		for what, value in (("NAME", kind), ("PHYS", ""), ("UNIQ", "")):
			yield f"EVIOCG{what}(0) {text(value)}"
		yield f"EVIOCGPROP(0) {bits(properties, 0x20)}"
		yield f"EVIOCGBIT(0) {bits([0, *codes], 0x20)}"
		for type, count in CNT.items():
			if type:
				yield f"EVIOCGBIT({type}) {bits(codes.get(type, ()), count)}"
		for what, type in (("EVIOCGKEY", EV_KEY), ("EVIOCGLED", EV_LED), ("EVIOCGSW", EV_SW)):
			yield f"{what}(0) {bits((), CNT[type])}"
		if 20 in codes:
			yield "EVIOCGREP 0 FA00000021000000"
		for axis, (least, most, resolution) in codes.get(EV_ABS, {}).items():
			yield f"EVIOCGABS({axis}) 0 {struct.pack('<6i', 0, least, most, 0, 0, resolution).hex().upper()}"
		for axis in (0x35, 0x36, 0x39):
			if axis in codes.get(EV_ABS, {}):
				slots = [-1 if axis == 0x39 else 0] * 5
				yield f"EVIOCGMTSLOTS(0) 0 {struct.pack('<I5i', axis, *slots).hex().upper()}"


class Dump:
	"""with Dump({number: (kind, options)}, seat): it has looked; .records are what it told, .root is the mocked machine's."""

	def __init__(self, devices, seat=None):
		if not shutil.which("umockdev-run"):
			raise Skip("umockdev is not installed (packaging/deps.sh test)")
		self.devices, self.seat, self.records, self.lines = devices, seat, [], []

	def __enter__(self):
		self.folder = tempfile.TemporaryDirectory(prefix="umockdev-")
		place = pathlib.Path(self.folder.name)
		self.mocks = {number: Mock(place, number, kind, **options) for number, (kind, options) in self.devices.items()}
		words = [word for mock in self.mocks.values() for word in mock.arguments]
		dump = ["sh", "-c", "echo $UMOCKDEV_DIR; exec \"$0\" \"$@\"", BUILD / "tests" / "device" / "devices_dump", *([self.seat] if self.seat else [])]
		self.process = subprocess.Popen(["umockdev-run", *words, "--", *dump], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
		threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()
		self.until(lambda: "ready" in self.lines, "ready")
		self.root = pathlib.Path(self.lines[0])
		return self

	def listen(self, stream):
		for line in stream:
			with contextlib.suppress(ValueError):
				self.records.append(Record(line))
				continue
			self.lines.append(line.strip())

	def __exit__(self, *_):
		self.process.send_signal(signal.SIGTERM)
		self.process.wait(30)
		self.folder.cleanup()

	def until(self, holds, name, seconds=10):
		end = time.monotonic() + seconds
		while not holds():
			check(time.monotonic() < end and self.process.poll() is None, lambda: f"not {name}: {self.lines} {self.records}")
			time.sleep(0.01)

	def there(self):
		"""{ordinal: record} of those that came and did not go."""
		there = {}
		for record in self.records:
			if record.kind == DEVICE and record.action:
				there[record.device] = record
			elif record.kind == DEVICE:
				del there[record.device]
		return there

	def classes(self):
		return sorted(record.klass for record in self.there().values())

	def path(self, number):
		return self.root / "dev" / "input" / f"event{number}"


def what_they_are():
	"""Classes of devices; one that has nothing to tell is left out, one of software is called so."""
	with Dump({n: (kind, {}) for n, kind in enumerate(CAPABILITIES)} | {9: ("keyboard", {"virtual": True})}) as dump:
		dump.until(lambda: len(dump.there()) == 6, "six devices")
		time.sleep(0.3)
		check(dump.classes() == sorted([*CLASSES.values(), KEYBOARD]), f"{dump.records}")
		check([r.klass for r in dump.there().values() if r.flags & SYNTHETIC] == [KEYBOARD], f"{dump.records}")


def of_one_seat():
	"""What udev gives to another seat is not read, and not what it keeps from libinput, whose keys go to no window."""
	devices = {4: ("keyboard", {"ignored": 1}), 5: ("mouse", {"ignored": 1, "seat": "seat1"}), 0: ("keyboard", {}), 1: ("mouse", {"seat": "seat0"}), 2: ("keyboard", {"seat": "seat1"}), 3: ("touchpad", {"seat": "seat1"})}
	for seat, wanted in (("seat0", [KEYBOARD, MOUSE]), ("seat1", [KEYBOARD, TOUCHPAD]), ("seat2", []), (None, [KEYBOARD, KEYBOARD, KEYBOARD, MOUSE, MOUSE, TOUCHPAD])):
		with Dump(devices, seat) as dump:
			dump.until(lambda: len(dump.there()) == len(wanted), f"{len(wanted)} devices of {seat}")
			time.sleep(0.2)
			check(dump.classes() == sorted(wanted), f"{seat}: {dump.records}")


def not_finished():
	"""A device of which udev has not said yet whose it is: later, and only if it is of this seat."""
	with Dump({0: ("keyboard", {}), 1: ("mouse", {"ready": False}), 2: ("keyboard", {"ready": False, "seat": "seat1"})}, "seat0") as dump:
		dump.until(lambda: dump.there(), "the keyboard")
		time.sleep(0.3)
		check(dump.classes() == [KEYBOARD], f"{dump.records}")
		for number in (1, 2):
			mock = dump.mocks[number]
			file = dump.root / "sys" / mock.sys[1:] / f"event{number}" / "uevent"
			file.write_text("".join(f"{name}={value}\n" for name, value in {**mock.uevent, **mock.udev}.items()))
		dump.until(lambda: dump.classes() == [KEYBOARD, MOUSE], "the mouse")
		time.sleep(0.3)
		check(dump.classes() == [KEYBOARD, MOUSE], f"{dump.records}")


def come_and_go():
	"""Unplugged, and plugged in again: another device."""
	with Dump({0: ("keyboard", {}), 1: ("mouse", {})}, "seat0") as dump:
		dump.until(lambda: len(dump.there()) == 2, "two devices")
		first = next(n for n, r in dump.there().items() if r.klass == MOUSE)
		for _ in range(3):
			began = time.monotonic()
			aside = dump.path(1).rename(dump.root / "unplugged")
			dump.until(lambda: dump.classes() == [KEYBOARD], "its end")
			gone = time.monotonic()
			aside.rename(dump.path(1))
			dump.until(lambda: dump.classes() == [KEYBOARD, MOUSE], "its return")
			note(f"told of its end after {(gone - began) * 1000:.0f} ms, of its return after {(time.monotonic() - gone) * 1000:.0f} ms")
		check(first not in dump.there() and len({r.device for r in dump.records if r.kind == DEVICE}) == 5, f"{dump.records}")


def in_thousandths_of_an_inch():
	"""Positions by the resolution that the device tells: 400 of 4,000 units, 40 a mm, are 10 mm; 393.7 thousandths."""
	touch = [(0.5, 3, 0x39, 7), (0.5, 3, 0x35, 1000), (0.5, 3, 0x36, 1000), (0.5, 1, 0x14a, 1), (0.5, 1, 0x145, 1), (0.5, 3, 0, 1000), (0.5, 3, 1, 1000),
		(0.5, 0, 0, 0), (0.51, 3, 0x35, 1400), (0.51, 3, 0x36, 800), (0.51, 3, 0, 1400), (0.51, 3, 1, 800), (0.51, 0, 0, 0)]
	keys = [(0.5, 1, 30, 1), (0.5, 0, 0, 0), (0.52, 1, 30, 0), (0.52, 0, 0, 0)]
	with Dump({0: ("touchpad", {"events": touch}), 1: ("keyboard", {"events": keys})}, "seat0") as dump:
		dump.until(lambda: any(r.kind in (MOTION, TOUCH) and (r.x or r.y) for r in dump.records), "a movement")
		dump.until(lambda: sum(r.kind == KEY for r in dump.records) == 2, "a key")
		x, y = (sum(getattr(r, axis) for r in dump.records if r.kind == MOTION) / 256 for axis in "xy")
		check(abs(x - 10000 / 25.4) < 0.01 and abs(y + 5000 / 25.4) < 0.01, f"{x} {y} {dump.records}")
		check([(r.code, r.action) for r in dump.records if r.kind == KEY] == [(30, 1), (30, 0)], f"{dump.records}")


if __name__ == "__main__":
	sys.exit(run(what_they_are, of_one_seat, not_finished, come_and_go, in_thousandths_of_an_inch))
