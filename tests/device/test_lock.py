# SPDX-License-Identifier: Apache-2.0
"""What the broker takes for locked, by logind's word: a mock of it (tests/lib/logind.py); the real one is in vm/test_session.py."""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from cases import Skip, check, run
from desk import DeskError, Program

try:
	import dbus
	from logind import MOCK, Logind, SystemBus
except ImportError as missing:
	SystemBus, reason = None, f"{missing} (install python3-dbusmock)"

WATCH = pathlib.Path(os.environ.get("ASSENT_BUILD", "build/gcc")) / "tests" / "device" / "lock_watch"


class Place:
	"""As much of a desk as a bus needs."""

	def __init__(self):
		if not SystemBus:
			raise Skip(reason)
		self.folder = tempfile.TemporaryDirectory(prefix="lock-")
		self.home, self.env, self.programs = pathlib.Path(self.folder.name), dict(os.environ), []

	def start(self, argv, log=None, **more):
		with open(self.home / (log or "log"), "ab") as errors:
			more.setdefault("stdout", errors)
			program = Program(subprocess.Popen(argv, env=self.env, stderr=errors, **more), argv)
		self.programs.append(program)
		return program

	def login(self, locked=False):
		"""A session "c1": of "1" the mock makes another path than the real one."""
		self.logind.start()
		manager = self.logind._object(Logind.PATH, MOCK)
		self.logind.session = str(manager.AddSession("c1", "seat0", dbus.UInt32(os.getuid()), "participant", True))
		if locked:
			self.logind.lock(True)

	def watch(self, session="c1"):
		return self.start([WATCH, session], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

	def __enter__(self):
		self.bus = SystemBus(self)
		self.logind = Logind(self.bus)
		return self

	def __exit__(self, *error):
		for program in reversed(self.programs):
			program.stop()
		self.folder.cleanup()


def cpu(pid):
	fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
	return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def says(program, word, seconds=5):
	line = program.read_line(seconds)
	check(line == word, f"{line}, not {word}")


def silent(program, seconds=0.5):
	try:
		line = program.read_line(seconds)
	except DeskError:
		return
	raise AssertionError(f"{line}")


def follows():
	"""Locked until the answer, then as logind says; another session's locker does not matter."""
	with Place() as place:
		place.login()
		watch, other = place.watch(), place.watch("c2")
		says(watch, "locked")
		says(watch, "unlocked")
		for _ in range(3):
			place.logind.lock(True)
			says(watch, "locked")
			place.logind.lock(False)
			says(watch, "unlocked")
		# There is none: nobody says that it is open.
		says(other, "locked")
		silent(other)


def begins_locked():
	with Place() as place:
		place.login(locked=True)
		watch = place.watch()
		says(watch, "locked")
		silent(watch)
		place.logind.lock(False)
		says(watch, "unlocked")


def not_a_liar():
	"""Any program may send a signal that it is open: logind is asked."""
	with Place() as place:
		place.login(locked=True)
		watch = place.watch()
		says(watch, "locked")
		for _ in range(5):
			place.logind.forge()
		silent(watch)


def dies():
	"""Logind goes, comes back; the bus goes: locked, and open only when logind itself says so."""
	with Place() as place:
		place.login()
		watch = place.watch()
		says(watch, "locked")
		says(watch, "unlocked")
		place.logind.die()
		says(watch, "locked")
		silent(watch, 1.5)
		place.login()
		says(watch, "unlocked")
		place.bus.daemon.stop()
		says(watch, "locked")
		silent(watch, 1.5)


def session_ends():
	"""One that is gone is not asked about for ever, and does not lock another one meanwhile."""
	with Place() as place:
		place.login()
		watch = place.watch()
		says(watch, "locked")
		says(watch, "unlocked")
		place.logind._object(place.logind.session, MOCK).RemoveObject(place.logind.session)
		silent(watch, 0.3)
		place.logind.forge()
		says(watch, "locked")
		# Once a second, and no more.
		before = cpu(watch.pid)
		silent(watch, 2.5)
		check(cpu(watch.pid) - before < 0.1, f"{cpu(watch.pid) - before:.2f} s of processor")


def no_bus():
	with Place() as place:
		place.bus.daemon.stop()
		watch = place.watch()
		says(watch, "locked")
		silent(watch, 1.5)


if __name__ == "__main__":
	sys.exit(run(follows, begins_locked, not_a_liar, dies, session_ends, no_bus))
