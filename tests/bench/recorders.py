# SPDX-License-Identifier: Apache-2.0
"""Those who are compared: each is started on a desk, says its pids, and afterwards what it recorded."""

import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from agent import BUILD, Agent, study  # noqa: E402
from desk import PYTHON, wait_for  # noqa: E402

INPUT = ("key_down", "key_up", "key_repeat", "button_down", "button_up", "motion", "scroll")


class Recorder:
	"""pids; after stop(): recorded (events), size (bytes on disk, or None), note."""

	name, note, size = "", "", None
	records = True

	def __init__(self, desk):
		self.desk, self.program, self.recorded = desk, None, 0

	def start(self):
		pass

	@property
	def pids(self):
		return [self.program.pid] if self.program else []

	def window(self, begin_us, end_us):
		"""Between these times (CLOCK_MONOTONIC) the stream was injected."""

	def written(self):
		return None

	def stop(self):
		if self.program:
			self.program.stop()


class Nobody(Recorder):
	name = "nobody"
	records = False


class Floor(Recorder):
	records = False
	delay = None

	def start(self):
		self.program = self.desk.start([BUILD / "tests/bench/floor", *([self.delay] if self.delay else [])],
			stdout=subprocess.PIPE)
		self.program.read_line()

	def stop(self):
		self.program.popen.terminate()
		self.recorded = int(self.program.read_line())
		self.program.stop()


class FloorWaking(Floor):
	name = "floor, per event"


class FloorDraining(Floor):
	name, delay = "floor, 50 ms", 50


class Lines(Recorder):
	"""A program that writes text to a file."""

	marks = ()

	def argv(self, path):
		raise NotImplementedError

	def start(self):
		self.path = self.desk.home / f"recorded-{type(self).__name__}"
		with open(self.path, "wb") as sink:
			self.program = self.desk.start(self.argv(self.path), stdout=sink)
		time.sleep(1.5)
		if self.program.popen.poll() is not None:
			raise RuntimeError(f"{self.name} ended at once")

	def written(self):
		return self.path.stat().st_size

	def stop(self):
		self.program.stop()
		with open(self.path, "rb") as file:
			self.recorded = sum(line.startswith(self.marks) for line in file)
		self.path.unlink()


class Xinput(Lines):
	name = "xinput test-xi2"
	# Its output also has a Motion or KeyPress for each of these.
	marks = tuple(f"EVENT type {n} ".encode() for n in range(13, 18))

	def argv(self, path):
		return ["xinput", "test-xi2", "--root"]


class Cnee(Lines):
	name = "cnee"
	# Each event comes from its device (7) and, of keys, from the master too (6).
	marks = tuple(f"7,{n},".encode() for n in range(2, 7))

	def argv(self, path):
		return ["cnee", "--record", "--keyboard", "--mouse", "--events-to-record", "-1", "--out-file", path,
			"--err-file", "/dev/null"]


class Pynput(Lines):
	name = "pynput"
	marks = (b"press,", b"release,", b"move,", b"click,", b"scroll,")

	def argv(self, path):
		return [PYTHON, HERE / "listener.py", path]


class Assent(Recorder):
	name = "assent"
	turn = 0

	def start(self, wrap=()):
		Assent.turn += 1
		self.agent = Agent(self.desk, data=self.desk.home / f"agent-{Assent.turn}")
		code, shown = self.agent.join(study(self.desk.home / "study.yaml", keys="code", key_time="exact"))
		if code != 0:
			raise RuntimeError(shown)
		self.agent.start(wrap=wrap)
		pids = self.agent.pids()
		self.parts = {part: pids[part] for part in ("supervisor", "capture", "writer")}
		# What start wrote is not of the stream.
		time.sleep(5.5)

	@property
	def pids(self):
		return list(self.parts.values())

	def window(self, begin_us, end_us):
		self.begin_us, self.end_us = begin_us, end_us

	def written(self):
		files = (self.agent.data / "spool").rglob("*")
		return sum(path.stat().st_size for path in files if path.is_file())

	def stop(self):
		self.agent.stop()
		self.spans, self.gaps, self.told = [], [], 0
		shown = self.agent.command("show", "--json", self.agent.data / "spool", seconds=120)
		for row in map(json.loads, shown.stdout.splitlines()):
			if row["kind"] in INPUT and self.begin_us <= row["mono_us"] <= self.end_us:
				self.recorded += 1
			elif row["kind"] == "span":
				self.spans.append(row["reason"])
			elif row["kind"] == "gap":
				self.gaps.append(row["reason"])
				self.told += row["lost"] or 0
		notes = []
		if self.told:
			notes.append(f"{self.told} told in gaps ({', '.join(sorted(set(self.gaps)))})")
		if self.spans:
			notes.append("masked: " + ", ".join(f"{self.spans.count(r)} × {r}" for r in sorted(set(self.spans))))
		self.note = "; ".join(notes)


ALL = [Nobody, FloorWaking, FloorDraining, Assent, Xinput, Cnee, Pynput]
