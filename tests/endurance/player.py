# SPDX-License-Identifier: Apache-2.0
"""player.py DISPLAY SEED SPEED TRUTH : plays real human input into an X server by XTEST, faster than it was, and notes in TRUTH what it played and when.

What is played: the mice of tests/bench/data (their intervals divided by SPEED, sessions in the order of the seed, mirrored at random, with idle time
between them), and between them words of the letters a to m with intervals spread as people's are; no public data of typing may be copied here. A right button is played
as a left one: menus would keep the keyboard for as long as nobody clicks.

Obeys lines on its standard input, each answered by a line: "go", "rest" (what is under way is finished), "click X Y", "type WORD" (20 letters a second), "quit".
It is a process of its own, since Xlib ends a process whose X server goes away.
"""

import bisect
import csv
import io
import os
import pathlib
import random
import select
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE))
from desk import Hands  # noqa: E402
from truth import ANY_MOTION, BUTTON_DOWN, BUTTON_UP, KEY_DOWN, KEY_UP, MOTION, SCROLL, Notes, identity  # noqa: E402

DATA = HERE.parent / "bench/data"
LETTERS = "abcdefghijklm"
TICK = 0.003
MOST = 400                        # events between two answers of the server


def sessions():
	"""Each as a list of (seconds from its start, kind, code, dx, dy)."""
	found = []
	for name in ("jrcalgo_mouse.csv.zst", "evemu_rel.csv.zst"):
		text = subprocess.run(["zstd", "-dc", DATA / name], stdout=subprocess.PIPE, check=True).stdout.decode()
		last, now = None, None
		for row in csv.DictReader(io.StringIO(text)):
			kind, code, t = int(row["kind"]), int(row["code"]), int(row["t_us"])
			x, y, value = int(float(row["x"])), int(float(row["y"])), int(float(row["value"]))
			if row["session"] != last:
				last, now, before = row["session"], [], None
				found.append((name, now))
				began = t
			at = (t - began) / 1e6
			if kind == 0:
				if before and (x, y) != before:
					now.append((at, MOTION, 0, x - before[0], y - before[1]))
				before = (x, y)
			elif kind == 4 and (x or y):
				now.append((at, MOTION, 0, x, y))
			elif kind == 1 and code in (272, 273):
				now.append((at, BUTTON_DOWN if value else BUTTON_UP, 1, 0, 0))
			elif kind == 2 and code == 8 and value:
				now.append((at, SCROLL, 1 if value > 0 else -1, 0, 0))
	return [events for _, events in found if len(events) > 20]


class Player:
	def __init__(self, display, seed, speed, path):
		self.hands = Hands(display)
		self.chance = random.Random(seed)
		self.speed, self.notes = speed, Notes(path)
		self.sessions = sessions()
		self.keys = {c: self.hands.code(c) for c in LETTERS + "nopqrstuvwxyz" + "0123456789"}
		self.enter = self.hands.code("Return")
		self.due, self.at = [], 0
		self.going, self.left_down = False, False

	# -- what comes next --

	def plan(self):
		"""A stretch: some hand movement, or some typing, and then a rest."""
		now, events = time.monotonic() + 0.002, []
		if self.chance.random() < 0.7:
			session = self.chance.choice(self.sessions)
			first = self.chance.randrange(max(1, len(session) - 50))
			part = session[first:first + self.chance.randrange(50, 1500)]
			mirror_x, mirror_y = self.chance.choice((1, -1)), self.chance.choice((1, -1))
			for at, kind, code, dx, dy in part:
				events.append((now + (at - part[0][0]) / self.speed, kind, code, dx * mirror_x, dy * mirror_y))
			# Never left down: what is held moves windows about.
			if sum((e[1] == BUTTON_DOWN) - (e[1] == BUTTON_UP) for e in events):
				events = [e for e in events if e[1] not in (BUTTON_DOWN, BUTTON_UP)]
		else:
			at = now
			for _ in range(self.chance.randrange(3, 12)):
				for _ in range(self.chance.randrange(2, 9)):
					code = self.keys[self.chance.choice(LETTERS)]
					held = self.chance.lognormvariate(-2.4, 0.35) / self.speed
					events += [(at, KEY_DOWN, code, 0, 0), (at + held, KEY_UP, code, 0, 0)]
					at += max(held, self.chance.lognormvariate(-1.9, 0.6) / self.speed)
				# A terminal takes lines, and not too long ones.
				events += [(at, KEY_DOWN, self.enter, 0, 0), (at + 0.05 / self.speed, KEY_UP, self.enter, 0, 0)]
				at += 0.4 / self.speed
			events.sort(key=lambda e: e[0])
		end = events[-1][0] if events else now
		# Of a day's use, more than half of the time is idle.
		events.append((end + self.chance.expovariate(1 / 10) / self.speed + 0.005, None, 0, 0, 0))
		self.due, self.at = events, 0

	# -- playing --

	def send(self, kind, code, dx, dy):
		h = self.hands
		if kind == MOTION:
			h.t.XTestFakeRelativeMotionEvent(h.d, dx, dy, 0)
		elif kind == ANY_MOTION:
			h.t.XTestFakeMotionEvent(h.d, -1, dx, dy, 0)
		elif kind in (KEY_DOWN, KEY_UP):
			h.t.XTestFakeKeyEvent(h.d, code, kind == KEY_DOWN, 0)
		elif kind in (BUTTON_DOWN, BUTTON_UP):
			h.t.XTestFakeButtonEvent(h.d, code, kind == BUTTON_DOWN, 0)
		else:
			button = 4 if code > 0 else 5
			h.t.XTestFakeButtonEvent(h.d, button, 1, 0)
			h.t.XTestFakeButtonEvent(h.d, button, 0, 0)

	def play(self, events):
		"""events: (kind, code, dx, dy). Noted before, as perhaps played, and after the server's answer, as played."""
		if not events:
			return
		began = time.monotonic_ns() // 1000
		self.notes.perhaps(began, [identity(*event) for event in events])
		for event in events:
			self.send(*event)
		self.hands.sync()
		self.notes.played(time.monotonic_ns() // 1000)

	def step(self):
		"""Plays what is due; seconds until the next."""
		now = time.monotonic()
		if self.at >= len(self.due):
			self.plan()
		end = min(bisect.bisect_right(self.due, now, self.at, key=lambda e: e[0]), self.at + MOST)
		self.play([e[1:] for e in self.due[self.at:end] if e[1] is not None])
		self.at = end
		return self.due[end][0] - now if end < len(self.due) else 0.0

	def finish(self):
		"""What is begun to its end at once, so that nothing stays down."""
		while self.at < len(self.due):
			end = min(self.at + MOST, len(self.due))
			self.play([e[1:] for e in self.due[self.at:end] if e[1] is not None and e[1] not in (MOTION, SCROLL)])
			self.at = end

	def type(self, word):
		for c in word:
			code = self.keys[c]
			self.play([(KEY_DOWN, code, 0, 0)])
			time.sleep(0.02)
			self.play([(KEY_UP, code, 0, 0)])
			time.sleep(0.03)

	def obey(self, line):
		words = line.split()
		if words[0] == "go":
			self.going = True
		elif words[0] == "rest":
			self.finish()
			self.going = False
		elif words[0] == "click":
			self.play([(ANY_MOTION, 0, int(words[1]), int(words[2])), (BUTTON_DOWN, 1, 0, 0), (BUTTON_UP, 1, 0, 0)])
		elif words[0] == "type":
			self.type(words[1])
		elif words[0] == "quit":
			self.finish()
		print("done", flush=True)
		return words[0] != "quit"

	def run(self):
		rest = b""
		while True:
			wait = max(TICK, min(0.2, self.step())) if self.going else 1.0
			if not select.select([0], [], [], wait)[0]:
				continue
			more = os.read(0, 4096)
			if not more:
				return
			*lines, rest = (rest + more).split(b"\n")
			for line in lines:
				if not self.obey(line.decode()):
					return


if __name__ == "__main__":
	player = Player(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
	print("ready", flush=True)
	player.run()
