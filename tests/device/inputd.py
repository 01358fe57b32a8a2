# SPDX-License-Identifier: Apache-2.0
"""The broker over its real socket, with devices and a logind of the test's (fake_node.c, fake_seat.c), and its client."""

import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from cases import Skip, check, note  # noqa: E402

BUILD = pathlib.Path(os.environ.get("ASSENT_BUILD", "build/gcc"))
BROKER = BUILD / "tests" / "device" / "inputd_fake"
REAL = BUILD / "agent" / "inputd" / "assent-inputd"

HELLO, WELCOME, REFUSAL, RECORDS, SYNC = 1, 2, 3, 4, 5
NONE, CLASS, CODE = 0, 1, 2
DEVICE, KEY, BUTTON, MOTION, SCROLL, TOUCH, LOST, SESSION, SYNCED = range(9)
OPEN, INACTIVE, LOCKED = 0, 1, 2
SYNTHETIC, CHORD, RESYNC = 1, 2, 4
REFUSED = dict(zip("version hello no_session inactive remote class no_logind policy busy full ended failed".split(), range(1, 13)))
LETTER, MODIFIER = 0, 6
EV_SYN, EV_KEY, EV_REL = 0, 1, 2
SYN_REPORT, SYN_DROPPED = 0, 3
KEY_A, KEY_B, KEY_LEFTSHIFT, REL_X = 30, 48, 42, 0
HEAD = struct.Struct("<IBBH")
RECORD = struct.Struct("<qiihhBBBB")
EVENT = struct.Struct("@llHHi")
OTHER_USER = 54321


def now_us():
	return time.monotonic_ns() // 1000


class Record:
	def __init__(self, data):
		self.us, self.x, self.y, self.device, self.code, self.kind, self.action, self.klass, self.flags = RECORD.unpack(data)

	def __repr__(self):
		return f"<{'device key button motion scroll touch lost session synced'.split()[self.kind]} {self.device} {self.action} code {self.code} class {self.klass} {self.x},{self.y} flags {self.flags} at {self.us}>"


def hello(keys=CODE, pointer=2, scroll=1, version=1):
	return HEAD.pack(0x6e497341, version, HELLO, 0) + bytes([keys, pointer, scroll]) + bytes(13)


class Client:
	def __init__(self, broker, packet=None, **wants):
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		self.socket.connect(broker.address)
		self.socket.settimeout(5)
		self.kind, self.records = None, []
		if packet == b"":
			return
		try:
			self.socket.send(hello(**wants) if packet is None else packet)
		except BrokenPipeError:
			pass
		self.answer()

	def receive(self):
		for _ in range(3):
			try:
				return self.socket.recv(65536)
			except ConnectionResetError:
				continue
		return b""

	def answer(self):
		data = self.receive()
		check(len(data) == 24, f"an answer of {len(data)} bytes")
		self.kind = data[5]
		self.refusal = data[8] if self.kind == REFUSAL else 0
		self.granted = tuple(data[8:11])
		self.clock = struct.unpack("<q", data[16:24])[0]

	def read(self, seconds=0.0, until=None):
		"""What comes within that time, or until a record for which until() is true; all records so far are in self.records."""
		end = time.monotonic() + seconds
		new = []
		while True:
			left = end - time.monotonic()
			if not select.select([self.socket], [], [], max(left, 0))[0]:
				check(until is None, f"not in {seconds} s; there was {new[-20:]}")
				return new
			data = self.receive()
			if not data:
				self.kind = None
				return new
			if data[5] == REFUSAL:
				self.kind, self.refusal = REFUSAL, data[8]
				if until is None:
					return new
				continue
			check(data[5] == RECORDS, f"packet {data[:16]}")
			count = HEAD.unpack(data[:8])[3]
			check(len(data) == 8 + 24 * count and 1 <= count <= 128, "length")
			got = [Record(data[8 + 24 * i:32 + 24 * i]) for i in range(count)]
			new += got
			self.records += got
			if until and any(until(r) for r in got):
				return new
			if until is None and left <= 0:
				return new

	def begin(self, devices):
		"""Reads the start of the stream: the state, and so many devices."""
		seen = []
		while len(seen) < 1 + devices:
			seen += self.read(5, until=lambda r: True)
		check(seen[0].kind == SESSION and seen[0].action == OPEN, f"it begins with {seen[0]}")
		return {r.klass: r.device for r in seen if r.kind == DEVICE}

	def ask(self):
		self.socket.send(HEAD.pack(0x6e497341, 1, SYNC, 0))

	def sync(self):
		"""Asks for all there is: what came until the answer, which is the last that is needed."""
		asked = now_us()
		self.ask()
		got = self.read(5, until=lambda r: r.kind == SYNCED)
		answer = next(i for i, r in enumerate(got) if r.kind == SYNCED)
		check(asked <= got[answer].us <= now_us(), f"asked at {asked}: {got[answer]}")
		return got[:answer + 1]

	def close(self):
		self.socket.close()


class Device:
	def __init__(self, broker, number, kind):
		self.path = broker.input / f"event{number}"
		self.kind = broker.input / f"kind-event{number}"
		self.kind.write_text(kind)
		made = broker.place / f"made{number}"
		os.mkfifo(made)
		# Open for both: the fifo has a writer all the time, as a device has.
		self.fd = os.open(made, os.O_RDWR | os.O_NONBLOCK)
		made.rename(self.path)

	def write(self, *events, at=None):
		"""(type, code, value)...; and a SYN_REPORT."""
		at = at or now_us()
		data = b"".join(EVENT.pack(at // 1000000, at % 1000000, *e) for e in [*events, (EV_SYN, SYN_REPORT, 0)])
		end = time.monotonic() + 10
		while data:
			try:
				data = data[os.write(self.fd, data):]
			except BlockingIOError:
				check(time.monotonic() < end, "the broker does not read")
				time.sleep(0.001)
		return at

	def key(self, code, value, at=None):
		return self.write((EV_KEY, code, value), at=at)

	def tap(self, code):
		return self.key(code, 1), self.key(code, 0)

	def to_other_seat(self, data):
		"""As udev does it: touches the node, and only then writes what it knows now."""
		number = self.path.stat().st_ino
		os.utime(self.path)
		time.sleep(0.3)
		new = data / ".#new"
		new.touch()
		new.rename(data / f"c13:{number}")

	def unplug(self):
		self.path.unlink()
		os.close(self.fd)


class Broker:
	def __init__(self, seats=None, policy=None, devices=("keyboard", "mouse"), mode=0o600):
		if policy is not None and os.getuid() != 0:
			raise Skip("a policy must be root's")
		self.folder = tempfile.TemporaryDirectory(prefix="inputd-")
		self.place = pathlib.Path(self.folder.name)
		self.place.chmod(0o755)
		self.input, self.data, state = self.place / "input", self.place / "data", self.place / "state"
		self.input.mkdir()
		self.data.mkdir()
		state.mkdir()
		self.state = state / "seats"
		self.seats({os.getuid(): "seat0 open"} if seats is None else seats)
		self.policy = self.place / "policy.yaml"
		if policy is not None:
			self.policy.write_text(policy)
			self.policy.chmod(mode)
		self.devices = [Device(self, i, kind) for i, kind in enumerate(devices)]
		self.address = str(self.place / "socket")
		self.log = open(self.place / "log", "w+")
		self.process = None
		self.start()

	def environment(self):
		return {"PATH": os.environ["PATH"], "ASSENT_FAKE_INPUT": str(self.input), "ASSENT_FAKE_SEATS": str(self.state),
			**{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}}

	def start(self):
		self.process = subprocess.Popen([BROKER, "--socket", self.address, "--policy", self.policy], env=self.environment(),
			stderr=self.log)
		end = time.monotonic() + 10
		while not os.path.exists(self.address):
			check(self.process.poll() is None and time.monotonic() < end, lambda: f"no broker: {self.said()}")
			time.sleep(0.01)
		# Bound, and listening a moment later.
		time.sleep(0.05)

	def seats(self, states):
		new = self.state.with_name("new")
		new.write_text("".join(f"{uid} {state}\n" for uid, state in states.items()))
		new.rename(self.state)

	def said(self):
		self.log.seek(0)
		return self.log.read()

	def open_devices(self):
		"""How many nodes it has open."""
		count = 0
		for fd in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
			try:
				count += "/input/event" in os.readlink(fd) or "/made" in os.readlink(fd)
			except FileNotFoundError:
				pass
		return count

	def __enter__(self):
		return self

	def __exit__(self, *error):
		if self.process.poll() is None:
			self.process.terminate()
		status = self.process.wait(10)
		for device in self.devices:
			try:
				os.close(device.fd)
			except OSError:
				pass
		said = self.said()
		self.log.close()
		self.folder.cleanup()
		if error[0]:
			note(said.replace("\n", "; "))
		else:
			check(status == 0, f"exit status {status}: {said}")


def as_other(work):
	"""Runs work() as another user, in a process of its own; what it returns, as text."""
	if os.getuid() != 0:
		raise Skip("only root can become another user")
	inside, outside = os.pipe()
	child = os.fork()
	if child == 0:
		try:
			os.setgroups([])
			os.setgid(OTHER_USER)
			os.setuid(OTHER_USER)
			text = str(work())
		except BaseException as error:
			text = f"{type(error).__name__}: {error}"
		os.write(outside, text.encode())
		os._exit(0)
	os.close(outside)
	text = b""
	while more := os.read(inside, 65536):
		text += more
	os.close(inside)
	os.waitpid(child, 0)
	return text.decode()


class Dump:
	"""source/evdev.c, as a program."""

	def __init__(self, broker, *words):
		self.process = subprocess.Popen([BUILD / "tests" / "device" / "evdev_dump", broker.address, *map(str, words)],
			stdout=subprocess.PIPE, env=broker.environment() | {"LC_ALL": "C.UTF-8"})
		self.rest = b""

	def line(self, seconds=5):
		"""(µs or None, the rest)"""
		end = time.monotonic() + seconds
		while b"\n" not in self.rest:
			left = end - time.monotonic()
			check(left > 0 and select.select([self.process.stdout], [], [], left)[0], f"no line in {seconds} s")
			more = os.read(self.process.stdout.fileno(), 65536)
			check(more, "it ended")
			self.rest += more
		line, self.rest = self.rest.split(b"\n", 1)
		first, _, rest = line.decode().partition(" ")
		return (int(first), rest.strip()) if first.isdigit() else (None, line.decode().strip())

	def says(self, *lines):
		for line in lines:
			got = self.line()[1]
			check(got == line, f"{got!r}, not {line!r}")

	def end(self):
		status = self.process.wait(5)
		self.process.stdout.close()
		return status
