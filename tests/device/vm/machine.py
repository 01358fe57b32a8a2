# SPDX-License-Identifier: Apache-2.0
"""A virtual machine of QEMU's, emulated (never kvm: where that is offered inside another machine it may hang), with
Debian's kernel and a file system in memory; commands in it (guest_serve.c), and input from outside (QMP).

ASSENT_VM_KEEP=1 keeps what its console and QEMU said, ASSENT_VM is the folder for kernel and packages (packages.py)."""

import ctypes
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import archive
import kernel
from cases import Skip, check, note
from packages import AptError, alone

QEMU = "qemu-system-x86_64"
BOOT_LIMIT = 90  # seconds, on a machine that has other work


_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
	_libc.prctl(1, signal.SIGKILL)


class Gone(Exception):
	"""The virtual machine ended, or says nothing more."""


class Command:
	"""A command that runs in the guest: lines of what it says, its end."""

	def __init__(self, machine, number, command):
		self.machine, self.number, self.command = machine, number, command
		self.said, self.rest, self.status = queue.Queue(), b"", None
		self.all = b""

	def hear(self, data):
		self.all += data
		*lines, self.rest = (self.rest + data).split(b"\n")
		for line in lines:
			self.said.put(line.decode(errors="replace"))

	def end(self, status):
		self.status = status
		self.said.put(None)

	def line(self, seconds=20):
		"""The next line, or None at its end."""
		try:
			line = self.said.get(timeout=seconds)
		except queue.Empty:
			raise Gone(f"{self.command}: said nothing for {seconds} s; {self.machine.trouble()}") from None
		if line is None:
			self.said.put(None)
		return line

	def until(self, beginning, seconds=20):
		"""The first line that begins so."""
		deadline = time.monotonic() + seconds
		while (line := self.line(max(0.1, deadline - time.monotonic()))) is not None:
			if line.startswith(beginning):
				return line
		raise AssertionError(f"{self.command}: ended ({self.status}) without '{beginning}': {self.output()[-500:]}")

	def say(self, text):
		self.machine.send(f"i {self.number} {text}")

	def ask(self, text, seconds=60):
		"""For guest_inject: the lines of the answer."""
		self.say(text)
		lines = []
		while (line := self.line(seconds)) != "done":
			check(line is not None, f"{self.command}: ended at '{text}': {self.output()[-500:]}")
			lines.append(line)
		return lines

	def signal(self, number):
		self.machine.send(f"k {self.number} {int(number)}")

	def wait(self, seconds=60):
		while self.line(seconds) is not None:
			pass
		return self.status

	def stop(self, seconds=20):
		if self.status is None:
			self.signal(signal.SIGTERM)
		return self.wait(seconds)

	def output(self):
		return self.all.decode(errors="replace")


class Machine:
	"""with Machine(archives): it runs. archives: files of archive.Archive, of which a later one's files replace those of an earlier;
	one of them brings /init, which must start `guest serve /dev/ttyS1`."""

	def __init__(self, archives, memory=512, devices=(), options="", init="/init"):
		if not shutil.which(QEMU):
			raise Skip(f"{QEMU} is not installed (packaging/deps.sh vm): nothing here was tried on a real kernel")
		self.kernel = kernel.get()
		self.archives, self.memory, self.devices, self.options, self.init = archives, memory, devices, options, init
		self.place = pathlib.Path(tempfile.mkdtemp(prefix="assent-vm-"))
		self.commands, self.count, self.lock, self.process = {}, 0, threading.Lock(), None
		self.turn, self.ready = alone("machine"), threading.Event()

	def __enter__(self):
		began = time.monotonic()
		self.turn.__enter__() # one at a time: each takes a processor
		if time.monotonic() - began > 1:
			note(f"waited {time.monotonic() - began:.0f} s for another virtual machine to end")
		try:
			self._start()
		except BaseException:
			self.__exit__()
			raise
		return self

	def __exit__(self, *_):
		if self.process and self.process.poll() is None:
			self.process.kill()
		if self.process:
			self.process.wait()
		for name in ("line", "qmp"):
			if hasattr(self, name):
				getattr(self, name).close()
		if os.environ.get("ASSENT_VM_KEEP"):
			print(f"# kept: {self.place}")
		else:
			shutil.rmtree(self.place, ignore_errors=True)
		self.turn.__exit__(None, None, None)

	def _start(self):
		with open(self.place / "initramfs", "wb") as whole:
			for part in self.archives:
				with open(part, "rb") as f:
					shutil.copyfileobj(f, whole)
		self.began = time.monotonic()
		# Others measure time on this machine, we count: their work goes first.
		self.process = subprocess.Popen(["nice", "-n", "10", QEMU, "-accel", "tcg,tb-size=256", "-machine", "q35,i8042=off",
			"-cpu", "qemu64,+rdrand", # a newer one makes libraries use AVX, which is slow to emulate: twice the time
			"-m", str(self.memory), "-smp", "1", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "none",
			"-kernel", str(self.kernel.vmlinux), "-initrd", str(self.place / "initramfs"),
			"-append", f"console=ttyS0 quiet mitigations=off tsc=reliable no_timer_check panic=-1 random.trust_cpu=on rdinit={self.init} {self.options}",
			"-serial", f"file:{self.place}/console", "-serial", f"unix:{self.place}/line,server=on,wait=off",
			"-qmp", f"unix:{self.place}/qmp,server=on,wait=off", *self.devices],
			stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.place / "errors", "wb"), preexec_fn=_die_with_parent)
		self.line = self._connect("line")
		self.qmp = self._connect("qmp")
		self.qmp_file = self.qmp.makefile("r")
		self.qmp_file.readline() # its greeting
		self.do("qmp_capabilities")
		threading.Thread(target=self._listen, daemon=True).start()
		while not self.ready.wait(0.1):
			if self.process.poll() is not None or time.monotonic() - self.began > BOOT_LIMIT:
				raise Gone(f"the guest did not start in {time.monotonic() - self.began:.0f} s; {self.trouble()}")
		self.boot_seconds = time.monotonic() - self.began

	def _connect(self, name):
		deadline = time.monotonic() + 20
		while True:
			s = socket.socket(socket.AF_UNIX)
			try:
				s.connect(str(self.place / name))
				return s
			except OSError:
				s.close()
				if self.process.poll() is not None or time.monotonic() > deadline:
					raise Gone(f"{QEMU} did not start; {self.trouble()}") from None
				time.sleep(0.02)

	def _listen(self):
		stream = self.line.makefile("rb")
		try:
			for line in stream:
				word = line.split()
				if line == b"ready\n":
					self.ready.set()
				elif len(word) == 3 and word[0] == b"o":
					self.commands[int(word[1])].hear(stream.read(int(word[2])))
				elif len(word) == 3 and word[0] == b"x":
					self.commands[int(word[1])].end(int(word[2]))
		except (OSError, ValueError):
			pass
		for command in list(self.commands.values()):
			if command.status is None:
				command.end(-1)

	def trouble(self):
		"""The end of what the console and QEMU said, for a message."""
		said = ""
		for name in ("console", "errors"):
			try:
				said += f"{name}: {(self.place / name).read_bytes()[-1500:].decode(errors='replace')} "
			except OSError:
				pass
		return said or "it said nothing"

	def send(self, text):
		with self.lock:
			self.line.sendall(text.encode() + b"\n")

	def start(self, command):
		"""A shell's command, in the background."""
		with self.lock:
			self.count += 1
			made = self.commands[self.count] = Command(self, self.count, command)
		self.send(f"r {made.number} {command}")
		return made

	def run(self, command, seconds=60, status=0):
		"""What it says; status: what it must end with, or None: anything."""
		made = self.start(command)
		made.wait(seconds)
		check(status is None or made.status == status, lambda: f"{command}: status {made.status}: {made.output()[-800:]}")
		return made.output()

	def until(self, command, seconds=20):
		"""Runs it again and again, until it succeeds."""
		self.run(f"i=0; until {command}; do busybox sleep 0.05; i=$((i+1)); test $i -lt {seconds * 20} || exit 1; done", seconds * 3)

	def do(self, command, **arguments):
		"""QMP."""
		with self.lock:
			self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
			while True:
				line = self.qmp_file.readline()
				if not line:
					raise Gone(f"QMP: {command}: {self.trouble()}")
				answer = json.loads(line)
				if "error" in answer:
					raise AssertionError(f"QMP: {command}: {answer['error']['desc']}")
				if "return" in answer:
					return answer["return"]

	def key(self, qcode, down):
		"""A key of the machine's keyboard, from outside."""
		self.do("input-send-event", events=[{"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": qcode}}}])

	def move(self, dx, dy):
		self.do("input-send-event", events=[{"type": "rel", "data": {"axis": axis, "value": value}} for axis, value in (("x", dx), ("y", dy))])


INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /run /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mkdir -p /run/assent
for module in evdev uinput virtio_pci virtio_input xhci_pci usbhid hid_generic; do modprobe -q $module; done
exec /bin/guest serve /dev/ttyS1
"""


def small(file, build, programs):
	"""An archive with a shell, the kernel's modules, guest and programs ({name in the guest: file})."""
	busybox = shutil.which("busybox")
	if not busybox:
		raise Skip("busybox is not installed (packaging/deps.sh vm)")
	made = archive.Archive(file)
	made.add("/init", INIT, 0o755)
	made.tree(kernel.get().folder / "lib", "/lib")
	made.program("/bin/busybox", busybox)
	made.program("/bin/guest", pathlib.Path(build) / "tests" / "device" / "vm" / "guest")
	for name, program in programs.items():
		made.program(name, program)
	made.node("/dev/console", 0o600, (5, 1))
	made.save()
	return file


def started(name, stack, make):
	"""The machine that make() describes, running as long as the ExitStack; else the program ends: skipped where there can be none,
	failed where there could be one."""
	try:
		machine = stack.enter_context(make())
	except Skip as reason:
		print(f"skip {name}: {reason}", flush=True)
		sys.exit(77)
	except (AptError, Gone) as why:
		print(f"not ok {name}: " + " ".join(str(why).split()), flush=True)
		sys.exit(1)
	note(f"booted in {machine.boot_seconds:.1f} s, {machine.kernel.version}")
	return machine
