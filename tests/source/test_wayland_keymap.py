# SPDX-License-Identifier: Apache-2.0
"""The keymap that a Wayland compositor tells: from one that the test makes, which may lie, and from sway."""

import array
import contextlib
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from cases import Skip, check, run
from sway import SOMEBODY, Sway

DUMP = pathlib.Path(os.environ.get("ASSENT_BUILD") or "build/gcc").resolve() / "tests" / "source" / "wayland_keymap_dump"
XKB_V1, KEYBOARD, POINTER = 1, 2, 1


def keymap(name, key):
	return f"""xkb_keymap {{
xkb_keycodes "x" {{ minimum = 8; maximum = 255; <Y> = 29; }};
xkb_types "x" {{ type "ONE_LEVEL" {{ modifiers = none; level_name[Level1] = "any"; }}; }};
xkb_compatibility "x" {{ interpret Any+AnyOf(all) {{ action = SetMods(modifiers=modMapMods,clearLocks); }}; }};
xkb_symbols "x" {{ name[group1] = "{name}"; key <Y> {{ [ {key} ] }}; }};
}};""".encode() + b"\0"


GERMAN, ENGLISH = keymap("German", "z"), keymap("English", "y")


class Dump:
	"""What the program says, line by line."""

	def __init__(self, place, display="wayland-test", program=DUMP, **options):
		env = {"XDG_RUNTIME_DIR": str(place), "WAYLAND_DISPLAY": display, "PATH": os.environ["PATH"]}
		env.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
		self.process = subprocess.Popen([program], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			text=True, **options)
		self.timer = threading.Timer(20, self.process.kill)
		self.timer.start()

	def expect(self, wanted):
		line = self.process.stdout.readline().strip()
		check(line.startswith(wanted), lambda: f"'{line}', not '{wanted}'; {self.process.poll()} {self.stop()}")
		return line

	def stop(self):
		self.timer.cancel()
		self.process.kill()
		said = self.process.stderr.read()
		self.process.wait()
		# A sanitizer says so of a thread that ends while it looks for leaks.
		return re.sub(r"^==\d+==Unable to get registers from thread \d+\.\n", "", said, flags=re.M)


class Compositor(threading.Thread):
	"""Speaks as much of Wayland as a keymap takes. seats: what each can do; each change is a call of a method."""

	def __init__(self, place, seats=(KEYBOARD,), text=GERMAN, **how):
		super().__init__(daemon=True)
		self.seats, self.text, self.how = seats, text, how
		self.server = socket.socket(socket.AF_UNIX)
		self.server.bind(str(place / "wayland-test"))
		self.server.listen()
		self.client, self.ids, self.keyboards = None, {1: "display"}, []
		self.start()

	def run(self):
		with contextlib.suppress(OSError):
			self.client = self.server.accept()[0]
			data = b""
			while (more := self.client.recv(4096)):
				data += more
				while len(data) >= 8 and len(data) >= (size := struct.unpack_from("=I", data, 4)[0] >> 16):
					self.handle(*struct.unpack_from("=IH", data), data[8:size])
					data = data[size:]

	def handle(self, number, opcode, body):
		words = struct.unpack(f"={len(body) // 4}I", body)
		kind = self.ids.get(number)
		if kind == "display" and opcode == 0 and not self.how.get("deaf"):
			self.event(words[0], 0, struct.pack("=I", 0))
			self.event(1, 1, struct.pack("=I", words[0]))
		elif kind == "display" and opcode == 1:
			self.ids[words[0]] = "registry"
			self.registry = words[0]
			for i in range(len(self.seats)):
				self.add_seat(i)
		elif kind == "registry":
			self.ids[words[-1]] = ("seat", words[0] - 10)
			self.seat = words[-1]
			self.event(words[-1], 0, struct.pack("=I", self.seats[words[0] - 10]))
		elif kind and kind[0] == "seat" and opcode == 1:
			self.ids[words[0]] = ("keyboard", kind[1])
			self.keyboards.append(words[0])
			self.tell(self.text)
		elif kind and kind[0] == "keyboard" and opcode == 0:
			self.keyboards.remove(number)

	def add_seat(self, i):
		name = b"wl_seat\0"
		self.event(self.registry, 0, struct.pack("=II", 10 + i, len(name)) + name + struct.pack("=I", self.how.get("version", 7)))

	def remove_seat(self, i):
		self.event(self.registry, 1, struct.pack("=I", 10 + i))

	def capabilities(self, value):
		self.event(self.seat, 0, struct.pack("=I", value))

	def event(self, number, opcode, body, fd=None):
		rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
		self.client.sendmsg([struct.pack("=IHH", number, opcode, 8 + len(body)) + body], rights)

	def tell(self, text, size=None, form=XKB_V1, fd=None):
		if text is None:
			return
		size, form = self.how.get("size", size), self.how.get("form", form)
		own = fd is None
		if own:
			fd = os.memfd_create("keymap")
			os.write(fd, text)
		self.event(self.keyboards[-1], 0, struct.pack("=II", form, len(text) if size is None else size), fd)
		if own:
			os.close(fd)


@contextlib.contextmanager
def place():
	with tempfile.TemporaryDirectory(prefix="assent-wl-") as name:
		yield pathlib.Path(name)


@contextlib.contextmanager
def talking(**how):
	with place() as here:
		compositor = Compositor(here, **how)
		dump = Dump(here)
		try:
			yield compositor, dump
			said = dump.stop()
			check(not said, said)
		finally:
			dump.stop()
			compositor.server.close()


def refused(said, **how):
	with talking(**how) as (_, dump):
		dump.expect(said)


def told():
	for version in (1, 3, 9):
		with talking(version=version) as (_, dump):
			dump.expect("German:z")


def changes():
	with talking() as (compositor, dump):
		dump.expect("German:z")
		compositor.tell(ENGLISH)
		dump.expect("English:y")
		compositor.capabilities(POINTER)
		dump.expect("none")
		compositor.text = GERMAN
		compositor.capabilities(POINTER | KEYBOARD)
		dump.expect("German:z")
		compositor.remove_seat(0)
		dump.expect("none")
		compositor.add_seat(0)
		dump.expect("German:z")


def second_seat():
	with talking() as (compositor, dump):
		dump.expect("German:z")
		compositor.seats += (KEYBOARD,)
		compositor.add_seat(1)
		dump.expect("none")


def gone():
	with talking() as (compositor, dump):
		dump.expect("German:z")
		compositor.client.shutdown(socket.SHUT_RDWR)
		dump.expect("none")
		dump.expect("end: the other end went away")


def none_there():
	with place() as here:
		for display in ("wayland-test", "", "x" * 200):
			dump = Dump(here, display)
			dump.expect("no keymap: the other end went away")
			dump.stop()


def unsupported():
	refused("no keymap: not supported by this version: the Wayland compositor has no seat", seats=())
	refused("no keymap: not supported by this version: the Wayland compositor has more than one seat", seats=(KEYBOARD, KEYBOARD))
	refused("no keymap: not supported by this version: the Wayland compositor's seat has no keyboard", seats=(POINTER,))


def hangs():
	began = time.monotonic()
	refused("no keymap: the other end went away: the Wayland compositor does not answer", deaf=True)
	check(1.5 < time.monotonic() - began < 4, f"{time.monotonic() - began:.1f} s")


def lies():
	"""Keymaps that are none, too long, or cut off: none is in force, and nothing breaks."""
	why = "no keymap: not supported by this version: the Wayland compositor tells no keymap that could be read"
	refused(why, form=0)
	refused(why, size=0)
	refused(why, size=len(GERMAN) + 1)
	refused(why, size=1 << 31)
	refused(why, text=b"xkb_keymap {\0")
	refused(why, text=os.urandom(4000))
	refused(why, text=b"\0" * 4000)
	refused(why, text=GERMAN + b" " * (1 << 20))
	refused(why, text=None)
	refused("German:z", text=GERMAN[:-1])
	for lie in (b"", os.urandom(200)):
		with talking() as (compositor, dump):
			dump.expect("German:z")
			compositor.tell(lie or ENGLISH, size=len(ENGLISH) + 1)
			dump.expect("none")
			compositor.tell(ENGLISH)
			dump.expect("English:y")


def not_a_file():
	"""What would make a reader wait, or end it."""
	with talking() as (compositor, dump):
		dump.expect("German:z")
		ends = os.pipe()
		compositor.tell(ENGLISH, fd=ends[0])
		dump.expect("none")
		compositor.tell(ENGLISH)
		dump.expect("English:y")
		write_only = os.open("/dev/null", os.O_WRONLY)
		compositor.tell(ENGLISH, fd=write_only)
		dump.expect("none")
		for fd in (*ends, write_only):
			os.close(fd)


def noise():
	"""What is no Wayland ends it."""
	for words in (b"\0" * 64, struct.pack("=IHH", 2, 0, 4), struct.pack("=IHH", 2, 77, 8), os.urandom(4096)):
		with talking() as (compositor, dump):
			dump.expect("German:z")
			compositor.client.sendall(words)
			compositor.client.shutdown(socket.SHUT_WR)
			line = dump.process.stdout.read()
			check(line.endswith("end: the other end went away\n") and "none\n" in line, line)
			dump.process.stderr.read()
			check(dump.process.wait() == 0, dump.process.returncode)


def sway():
	"""The real one, without a screen: the keyboard of wtype, then another layout."""
	for tool in ("sway", "wtype"):
		if not shutil.which(tool):
			raise Skip(f"{tool} is not installed")
	with contextlib.ExitStack() as stack:
		server = stack.enter_context(Sway())
		program = server.copy(DUMP)

		def begin(**options):
			dump = Dump(server.env["XDG_RUNTIME_DIR"], server.env["WAYLAND_DISPLAY"], program, **options)
			stack.callback(dump.stop)
			return dump

		if SOMEBODY:
			begin().expect("no keymap: not supported by this version: the Wayland compositor is another user's")
		begin(**SOMEBODY).expect("no keymap: not supported by this version: the Wayland compositor's seat has no keyboard")
		typist = server.start(["wtype", "-s", "15000", "x"])
		time.sleep(0.5)
		dump = begin(**SOMEBODY)
		dump.expect(":") # its own, of a few keys, without a name
		for layout, wanted in (("de", "German:z"), ("us", "English (US):y"), ("us,de", "English (US):y German:z")):
			server.command(f'input type:keyboard xkb_layout "{layout}"')
			dump.expect(wanted)
		typist.stop()
		dump.expect("none")
		server.server.stop()
		dump.expect("end: the other end went away")


if __name__ == "__main__":
	sys.exit(run(told, changes, second_seat, gone, none_there, unsupported, hangs, lies, not_a_file, noise, sway))
