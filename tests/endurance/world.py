# SPDX-License-Identifier: Apache-2.0
"""A desktop with an agent, somebody who uses it fast, a clock that can be set, and a small disk."""

import json
import mmap
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from agent import Agent, study  # noqa: E402
from cases import check  # noqa: E402
from desk import PYTHON, Desk, DeskError, Program, wait_for  # noqa: E402
from process import alive, gone_within  # noqa: E402

# No frame, no menus and no keys of its own: a click of the real data must not close a window.
OPENBOX = """<?xml version="1.0"?><openbox_config xmlns="http://openbox.org/3.4/rc"><desktops><number>1</number></desktops>
<focus><focusNew>yes</focusNew></focus><mouse><dragThreshold>8</dragThreshold><context name="Client">
<mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind></context></mouse>
<applications><application class="*"><decor>no</decor></application></applications></openbox_config>
"""


def mono_us():
	return time.monotonic_ns() // 1000


class Clock:
	"""What the agent's processes take for the time (tests/tools/moved_clock.c)."""

	def __init__(self, path, build):
		path.write_bytes(bytes(16))
		self.file = open(path, "r+b")
		self.map = mmap.mmap(self.file.fileno(), 16)
		self.utc_us = self.boot_us = 0
		self.env = {"LD_PRELOAD": str(build / "tests/tools/moved_clock.so"), "MOVED_CLOCK": str(path)}
		self.offsets = []
		self.note()

	def note(self):
		while True:
			before, utc, after = mono_us(), time.time_ns() // 1000, mono_us()
			if after - before < 500:     # else it was interrupted between the two clocks
				break
		self.offsets.append((before, utc - before + self.utc_us))

	def now_us(self):
		return time.time_ns() // 1000 + self.utc_us

	def set(self, utc_us, boot_us, pids):
		"""Sets it ahead by so much of the machine's, and tells who waits for that."""
		self.note()
		self.utc_us, self.boot_us = utc_us, boot_us
		self.map[:] = struct.pack("<qq", utc_us, boot_us)
		self.note()
		for pid in pids:
			self.tell(pid)

	@staticmethod
	def tell(pid):
		try:
			names = [name for name in os.listdir(f"/proc/{pid}/fd") if int(name) > 2]
		except OSError:
			return
		for name in names:
			try:
				if os.readlink(f"/proc/{pid}/fd/{name}").startswith("pipe:"):
					fd = os.open(f"/proc/{pid}/fd/{name}", os.O_WRONLY | os.O_NONBLOCK)
					os.write(fd, bytes(8))
					os.close(fd)
					return
			except OSError:
				continue


class World:
	def __init__(self, out, seed, speed=50):
		self.out, self.seed, self.speed = pathlib.Path(out), seed, speed
		self.home = self.out / "home"
		for place in (self.home, self.home / ".config/openbox", self.home / ".local/share"):
			place.mkdir(parents=True, exist_ok=True)
		(self.home / ".config/openbox/rc.xml").write_text(OPENBOX)
		self.desk = Desk(keep=self.home, server_args=[f":{random.randrange(2000, 9000)}"])
		self.agent, self.player, self.players = None, None, 0
		self.log = open(self.out / "events.log", "w", buffering=1, encoding="utf-8")
		self.forbidden, self.forgotten, self.starts, self.ahead = [], [], 0, 0
		self.known = {}                  # pids, as last asked

	def note(self, what, *detail):
		line = f"{mono_us()} {what} " + " ".join(str(part) for part in detail)
		self.log.write(line.rstrip() + "\n")

	# -- beginning and end --

	def __enter__(self):
		try:
			self.open()
		except BaseException:
			self.close()
			raise
		return self

	def __exit__(self, *_):
		self.close()

	def open(self):
		self.desk.open()
		self.agent = Agent(self.desk)
		self.clock = Clock(self.out / "clock", self.agent.build)
		self.agent.data.mkdir(mode=0o700, exist_ok=True)
		spool = self.agent.data / "spool"
		spool.mkdir(mode=0o700, exist_ok=True)
		# Who runs this in a mount namespace of its own gets a disk that can be filled.
		self.small = os.environ.get("ASSENT_ENDURANCE_MOUNTS") == "1" and subprocess.run(
			["mount", "-t", "tmpfs", "-o", "size=256m,mode=0700", "tmpfs", spool], stderr=subprocess.DEVNULL, check=False).returncode == 0
		self.open_windows()
		self.play()
		code, shown = self.on_terminal("join", study(self.home / "study.yaml"))
		check(code == 0, shown)
		self.start()
		self.recording()
		self.click(300, 500)
		time.sleep(0.5)
		self.tell("go")

	def close(self):
		self.desk.close()
		self.log.close()

	def on_terminal(self, *argv):
		from agent import on_pty
		return on_pty([self.agent.assent, argv[0], "--data", self.agent.data, *argv[1:]], {**self.desk.env, **self.clock.env}, ("yes",))

	def command(self, *argv, **options):
		return self.agent.command(*argv, env=self.clock.env, **options)

	def start(self):
		self.starts += 1
		self.agent.process = self.desk.start([self.agent.assentd, "--data", self.agent.data, "--verbose"], log="assentd.log", env=self.clock.env)

	def status(self):
		said = self.command("status", "--json")
		found = json.loads(said.stdout) if said.stdout else {}
		self.known = {name: pid for name, pid in (found.get("agent") or {}).get("pids", {}).items() if pid}
		return found

	def pids(self):
		return dict(self.known)

	def recording(self, seconds=75, every=0.1):
		wait_for(lambda: self.status().get("recording"), seconds, every=every, name="recording")

	def waiting(self, seconds=10):
		wait_for(lambda: not self.status().get("recording"), seconds, every=0.05, name="the end of recording")

	def without_capture(self, seconds=20):
		wait_for(lambda: not self.status()["agent"]["pids"]["capture"], seconds, every=0.05, name="the end of capture")

	def private(self, on, seconds=20):
		wait_for(lambda: self.status().get("private") == on, seconds, every=0.05, name=f"private mode {'on' if on else 'off'}")

	def mend(self, utc_us):
		"""After a disturbance that did not end as it had to: everything as before."""
		self.status()
		for pid in self.known.values():
			try:
				os.kill(pid, signal.SIGCONT)
			except OSError:
				pass
		self.ballast(False)
		if self.clock.utc_us != utc_us:
			self.set_clock(utc_us)
		self.command("private", "off")
		self.command("resume")
		self.recording(120)

	# -- the desktop --

	def open_windows(self):
		self.terminal = self.desk.xterm(("sh", "-c", "exec cat >/dev/null"), title="Terminal", geometry="208x60+0+0")
		self.open_fields()

	def open_fields(self):
		self.fields = self.desk.gtk("Fields", ["text", "password"], geometry="360x160+700+400", stdin=subprocess.PIPE)

	def play(self):
		self.players += 1
		path = self.out / f"played-{self.players}"
		self.player = self.desk.start([PYTHON, "-B", HERE / "player.py", self.desk.display, self.seed + self.players, self.speed, path],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, log="player.log")
		check(self.player.read_line(30) == "ready", "the player did not begin")

	def tell(self, words, seconds=30):
		self.player.popen.stdin.write(words.encode() + b"\n")
		self.player.popen.stdin.flush()
		check(self.player.read_line(seconds) == "done", "the player did not answer")

	def click(self, x, y):
		self.tell(f"click {int(x)} {int(y)}")

	def forget_program(self, program):
		if program in self.desk.programs:
			self.desk.programs.remove(program)

	def kill_server(self):
		"""All that lived on it goes with it."""
		os.kill(self.desk.server.pid, signal.SIGKILL)
		self.desk.server.popen.wait()
		for program in (self.player, self.terminal, self.fields, self.desk.manager):
			program.stop(1)
			self.forget_program(program)
		self.forget_program(self.desk.server)

	def open_server(self):
		self.desk._open_server()
		self.desk._open_wm()
		self.open_windows()
		self.play()
		self.click(300, 500)
		self.tell("go")

	def bus_pids(self):
		found = []
		for pid in self.desk.marked():
			try:
				line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
			except OSError:
				continue
			if ("dbus-daemon" in line and "accessibility" in line) or "at-spi-bus-launcher" in line or "at-spi2-registryd" in line:
				found.append(pid)
		return found

	def restart_bus(self):
		for pid in self.bus_pids():
			try:
				os.kill(pid, signal.SIGKILL)
			except OSError:
				pass
		self.fields.stop(1)
		self.forget_program(self.fields)
		for program in [p for p in self.desk.programs if "at-spi-bus-launcher" in p.argv[0]]:
			program.stop(1)
			self.forget_program(program)
		launcher = next(path for path in ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher") if os.path.exists(path))
		self.desk.start([launcher, "--launch-immediately"], log="atspi.log")
		wait_for(self.desk._a11y_address, 15, name="the accessibility bus")
		self.open_fields()

	# -- the clock --

	def set_clock(self, utc_us, boot_us=None):
		self.clock.set(utc_us, self.clock.boot_us if boot_us is None else boot_us, self.status() and self.known.values())

	def ballast(self, full):
		path = self.agent.data / "spool/ballast"
		if not full:
			path.unlink(missing_ok=True)
			return
		with open(path, "wb", buffering=0) as f:
			try:
				while True:
					f.write(bytes(1 << 20))
			except OSError:
				pass
			try:
				while True:
					f.write(bytes(512))
			except OSError:
				pass
