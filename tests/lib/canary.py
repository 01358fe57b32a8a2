# SPDX-License-Identifier: Apache-2.0
"""The canary story of one application: ordinary text, a secret, ordinary text; nothing of the secret may be anywhere.

An application is a class that derives from App, in a file tests/desktop/apps/NAME.py that ends with APPS = [Class, ...].
tests/desktop/test_apps.py runs them all; by hand: python3 tests/desktop/test_apps.py NAME...

	class Entry(App):
		name, oracle, packages = "gtk3-entry", "AT-SPI", ("python3-gi", "gir1.2-gtk-3.0")

		def start(self):
			self.window = self.desk.gtk("Login", ["text", "password"])

		def ordinary(self):
			self.desk.click(*self.window.at(0))

		def to_secret(self):
			self.desk.click(*self.window.at(1), settle=0)

What an application types itself, it types by self.say() and self.chord(): letters a to m, Return and Tab only, since every
other letter and every digit in the rows is a leak. The companion, a GTK editor, has the screen's right upper corner (x >= 940,
y < 200): keep clear of it.
"""

import os
import random
import subprocess
import time

from agent import CODES, ORDINARY, SECRET, Agent, leaks, spans, study
from cases import Skip
from desk import Desk, DeskError

DELAYS = (0.0, 0.001, 0.005, 0.030)     # from the click, Tab or prompt to the first key of the secret
RATES = (0.002, 0.030)                  # from one key of a secret to the next
ORDINARY_EVERY, BURST_EVERY = 0.030, 0.005
ORDINARY_KEYS, SECRET_KEYS = 16, 12
SPAN_EDGE = 2.5                         # after the focus change a span may reach that far
COMPANION = "300x120+940+20"
AIM = {"idle": 0.99, "busy": 0.95}      # of ordinary keys kept
# Less than this is a defect; between the two a busy machine may have been the cause, and is said. Beside an application
# that is masked altogether the last keys before it takes the keyboard are lost, and here they are always typed then.
LEAST = {"idle": 0.85, "busy": 0.75}


class App:
	"""One application with an ordinary place and a secret one."""

	name = None                 # how it stands in the table: "gtk3-entry"
	oracle = None               # what tells that the place is secret: "AT-SPI", "termios", "grab probe", "list"
	packages = ()               # Debian packages; each stands in packaging/deps.sh
	ordinary_keys = True        # False: masked altogether (say why in note); the ordinary text goes to the companion
	note = ""
	config = ""                 # the participant's assent.yaml
	study_options = {}          # what the study has otherwise than agent.study()
	desk_options = {}           # how its Desk is made: screen, wm, a11y, server_args
	frame = 0.0                 # s: what it takes within this it tells in one word, of the last field only: nobody types so
	busy = False                # runs with busy loops also in an ordinary run

	def __init__(self, desk):
		self.desk = desk
		self.companion = None   # set before start(): the GTK editor beside it
		self.said = None        # set before start(): takes what say() types

	def start(self):
		"""Starts it; returns when it is usable. cases.Skip(reason) only where this machine truly cannot."""
		raise NotImplementedError

	def ordinary(self):
		"""Moves the focus to the ordinary place by a click; returns when it is there."""
		self.desk.click(*self.companion.at(0), settle=0.3)

	def to_secret(self):
		"""The click, Tab or start of a prompt that leads to the secret place; returns at once when keys can be typed."""
		raise NotImplementedError

	def end_secret(self):
		"""Leaves the secret place, where that needs more than ordinary()."""

	def received(self):
		"""What the secret place took since to_secret(), asked after end_secret(); None where it cannot be told.

		A key right behind a click may truly have gone elsewhere: the end of the secret must be here.
		"""
		return None

	def stop(self):
		"""Ends it. Not called after a failure: what the desk started ends with the desk anyway."""

	def say(self, text, every=0.02):
		"""Types open text of its own, a command for instance: it may be kept, and is no leak."""
		if any(c not in ORDINARY + "\n\t" for c in text):
			raise ValueError(f"{self.name}: {text!r} is not all of the ordinary alphabet")
		self.said(text)
		self.desk.type(text, every=every)

	def chord(self, modifier, key):
		"""Strikes a key under a modifier: chord("Control_L", "c")."""
		self.said(key if key in ORDINARY else "")
		self.desk.hands.key(modifier, True)
		self.desk.hands.key(key)
		self.desk.hands.key(modifier, False)


def missing(packages):
	"""Those of the packages that are not installed."""
	def installed(package):
		said = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], text=True,
			stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
		return said.stdout == "installed"
	return [package for package in packages if not installed(package)]


def rounds(seed, full):
	"""(delay, rate) of each round: every pair, or two of them with both rates."""
	if full:
		return [(delay, rate) for delay in DELAYS for rate in RATES]
	return list(zip(random.Random(seed).sample(DELAYS, 2), RATES))


class BusyLoops:
	"""with BusyLoops(desk, 4): so many processes that want all of a core."""

	def __init__(self, desk, number):
		self.desk, self.number, self.programs = desk, number, []

	def __enter__(self):
		for _ in range(self.number):
			self.programs.append(self.desk.start(["sh", "-c", "while :; do :; done"]))

	def __exit__(self, *_):
		for program in self.programs:
			program.stop()


def _now_us():
	return time.monotonic_ns() // 1000


class Story:
	"""One application, one agent, several rounds. .words and .secrets: (text, from, until) in µs of the server's clock."""

	def __init__(self, kind, load, pairs, keys="code", say=lambda text: None, build=None):
		self.kind, self.load, self.pairs, self.keys, self.say, self.build = kind, load, pairs, keys, say, build
		self.typed, self.words, self.secrets, self.took = "", [], [], []
		self.desk = self.agent = self.app = None

	def run(self):
		"""A dictionary: see _judge."""
		began = time.monotonic()
		with Desk(**self.kind.desk_options) as self.desk:
			self.agent = Agent(self.desk, build=self.build)
			if self.kind.config:
				self.agent.config(self.kind.config)
			code, shown = self.agent.join(study(self.desk.home / "study.yaml", **{"keys": self.keys, **self.kind.study_options}))
			if code:
				raise DeskError("join: " + shown)
			self.agent.start("--verbose")
			self.app = self.kind(self.desk)
			self.app.said = self._said
			self.app.companion = self.desk.gtk("Companion", ["text"], geometry=COMPANION, stdin=subprocess.PIPE)
			self.app.start()
			if self.load == "busy":
				with BusyLoops(self.desk, 4):
					self._rounds()
			else:
				self._rounds()
			time.sleep(5.8)  # the last word gets its verdict: 3 s, and 5 s where it may go on
			counters = self.agent.status().get("agent", {}).get("counters", {})
			self.app.stop()
			self.agent.stop()
			result = self._judge()
		result.update(airlock=counters.get("airlock_ms"), seconds=round(time.monotonic() - began, 1))
		return result

	def _said(self, text):
		self.typed += text

	def _rounds(self):
		self._back()
		for number, (delay, rate) in enumerate(self.pairs):
			if number:
				self.app.ordinary()
			# In the last round the word before the secret comes in one go: the airlock is full of it.
			self._word(f"before {number + 1}", BURST_EVERY if number == len(self.pairs) - 1 else ORDINARY_EVERY)
			self._secret(delay, rate)
			self._back()
			self._word(f"after {number + 1}", ORDINARY_EVERY)

	def _back(self):
		"""To the ordinary place, and until the span has ended: its end lies on a coarse grid after the focus change."""
		self.app.ordinary()
		time.sleep(SPAN_EDGE)

	def _word(self, name, every):
		text = "".join(random.choice(ORDINARY) for _ in range(ORDINARY_KEYS))
		self.typed += text
		began = _now_us()
		self.desk.type(text, every=every)
		self.words.append((text, began, _now_us(), name))

	def _secret(self, delay, rate):
		secret = "".join(random.choice(SECRET) for _ in range(SECRET_KEYS))
		time.sleep(self.app.frame)
		self.app.to_secret()
		if delay:
			time.sleep(delay)
		began = _now_us()
		self.desk.type(secret, every=rate)
		self.secrets.append((secret, began, _now_us(), f"{delay * 1000:g} ms, a key each {rate * 1000:g} ms"))
		time.sleep(0.6)
		self.app.end_secret()
		self.took.append(self.app.received())

	# -- both sides --

	def _judge(self):
		found = leaks(self.agent, [secret for secret, *_ in self.secrets], self.typed)
		rows = self.agent.rows()
		downs = [row for row in rows if row["kind"] == "key_down"]
		leaked = 0
		for secret, began, until, name in self.secrets:
			codes = {CODES[c] for c in secret}
			seen = [row for row in downs if row["code"] in codes or
				(row["code"] is None and row["class"] in ("letter", "digit") and began <= row["mono_us"] <= until + 2000)]
			if seen:
				leaked += 1
				found.append(f"{len(seen)} of {len(secret)} keys of a secret ({name})")
		kept = 0
		for text, began, until, name in self.words:
			inside = [row for row in downs if began - 2000 <= row["mono_us"] <= until + 2000]
			marks = self._kept(text, inside)
			kept += marks.count("+")
			if "-" in marks:
				self.say(f"{self.kind.name}-{self.load}: of the word {name} was kept {marks}")
		verified = self.agent.command("verify")
		if verified.returncode:
			found.append("verify: " + verified.stdout + verified.stderr)
		return {"secrets": len(self.secrets), "leaked": max(leaked, 1 if found else 0), "found": sorted(set(found)),
			"keys": sum(len(text) for text, *_ in self.words), "kept": kept,
			"wrong": self._misled(), "spans": sorted({reason for reason, _ in spans(rows)})}

	def _kept(self, text, rows):
		"""A + for each key of the text that is in the rows, a - for each that is not."""
		if self.keys == "class":
			letters = min(len(text), sum(row["class"] == "letter" for row in rows))
			return "+" * letters + "-" * (len(text) - letters)
		# In order; a lost key must not cost those behind it.
		codes, marks, at = [CODES[c] for c in text], ["-"] * len(text), 0
		for row in rows:
			if row["code"] in codes[at:]:
				at = codes.index(row["code"], at)
				marks[at] = "+"
				at += 1
		return "".join(marks)

	def _misled(self):
		"""A secret that no secret place took proves nothing."""
		wrong = []
		told = [(secret, took, name) for (secret, _, _, name), took in zip(self.secrets, self.took) if took is not None]
		for secret, took, name in told:
			if not secret.endswith(took):
				wrong.append(f"the secret place took {took!r} and not {secret!r} ({name})")
			elif took != secret:
				self.say(f"{self.kind.name}-{self.load}: the secret place took {len(took)} of {len(secret)} keys ({name})")
		if told and not any(took for _, took, _ in told):
			wrong.append("the secret place never took a key")
		return wrong


def run(kind, load="idle", seed=0, full=False, keys="code", say=lambda text: None):
	"""The whole story of one application; the dictionary of Story.run, or DeskError, Skip."""
	gone = missing(kind.packages)
	if gone:
		raise DeskError(f"needs {' '.join(gone)}: sh packaging/deps.sh test")
	random.seed(os.urandom(8))
	return Story(kind, load, rounds(seed, full), keys, say).run()


__all__ = ["App", "aim", "Skip", "Story", "missing", "rounds", "run"]
