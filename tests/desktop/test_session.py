# SPDX-License-Identifier: Apache-2.0
"""Locked, inactive, asleep, by logind: what is typed then, and what waits in the airlock when the news come, is a span.

The logind is a mock, see tests/lib/logind.py. Nothing here locks the screen: keys go to an ordinary text field, so that logind's
word is the only reason to mask them.
"""

import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import cases  # noqa: E402
from agent import ORDINARY, SECRET, Agent, judged, leaks, spans, study  # noqa: E402
from cases import check  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from scene import Scene, word  # noqa: E402

try:
	from logind import Logind, SystemBus  # noqa: E402
except ImportError as missing:
	SystemBus, reason = None, f"{missing} (install python3-dbusmock)"

SWALLOWED = 2.5            # a span's end lies on a coarse grid; what comes before that is in it


class Night:
	"""A recording agent with a logind; secrets are typed into its text field."""

	def __init__(self, desk, locked=False):
		if not SystemBus:
			raise cases.Skip(reason)
		self.logind = Logind(SystemBus(desk))
		self.logind.start(locked=locked)
		self.secrets = []
		self.desk = desk

	def record(self):
		self.scene = Scene(self.desk)
		self.agent = self.scene.agent
		return self

	def secret(self, length=10, every=0.01):
		# Six digits stand in some time by chance.
		text = word(SECRET, length - 1) + random.choice([c for c in SECRET if c.isalpha()])
		self.secrets.append(text)
		self.desk.type(text, every=every)

	def reason(self, wanted, seconds=3.0):
		wait_for(lambda: self.agent.status().get("agent", {}).get("masked") == wanted, seconds, name=f"masked: {wanted}")

	def ordinary(self):
		time.sleep(SWALLOWED)
		kept = self.scene.word_kept()
		check(kept >= 15, f"only {kept} keys of 16 after it was unlocked")

	def spans(self, reasons):
		self.agent.flushed()
		found = leaks(self.agent, self.secrets, self.scene.typed)
		check(not found, lambda: "; ".join(found))
		said = {why for why, _ in spans(self.agent.rows())}
		check(said == set(reasons), f"spans of {said or 'nothing'}, not of {reasons}")


def locked_hint():
	with Desk() as desk:
		night = Night(desk).record()
		night.logind.lock(True)
		time.sleep(0.1)
		night.secret()
		time.sleep(0.6)
		night.secret()
		night.logind.lock(False)
		night.ordinary()
		night.spans({"locked"})


def locked_airlock():
	"""The locker says so only after the first keys went to it."""
	with Desk() as desk:
		night = Night(desk).record()
		for _ in range(2):
			night.secret(6, every=0)
			time.sleep(0.15)
			night.logind.lock(True)
			time.sleep(0.2)
			night.secret(3, every=0)
			# Unlocked while keys still stand in the X server's queue.
			night.logind.lock(False)
			night.ordinary()
		night.spans({"locked"})


def inactive_asleep():
	with Desk() as desk:
		night = Night(desk).record()
		for change in (night.logind.active, lambda on: night.logind.sleep(not on)):
			change(False)
			time.sleep(0.1)
			night.secret()
			time.sleep(0.5)
			change(True)
			night.ordinary()
		night.spans({"locked"})


def logind_dies():
	"""No word is a no: locked until it answers again; and a program that speaks in its place is not believed."""
	with Desk() as desk:
		night = Night(desk).record()
		night.secret(6, every=0)
		night.logind.die()
		time.sleep(0.1)
		night.secret()
		time.sleep(1.5)
		night.secret()
		time.sleep(0.6)
		night.logind.start(locked=True)
		time.sleep(1.5)
		night.secret()
		for _ in range(5):
			night.logind.forge()
			time.sleep(0.1)
			night.secret(4)
		time.sleep(0.5)
		night.logind.lock(False)
		night.ordinary()
		night.spans({"locked"})
		check(night.agent.recording(), "it does not record any more")


def starts_locked():
	with Desk() as desk:
		night = Night(desk, locked=True)
		agent = Agent(desk)
		code, shown = agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		editor = desk.gtk("Editor", ["text", "password"])
		desk.click(*editor.at(0))
		agent.start("--verbose")
		night.secret()
		time.sleep(0.6)
		night.logind.lock(False)
		time.sleep(SWALLOWED)
		text = word(ORDINARY)
		desk.type(text, every=0.03)
		judged()
		agent.flushed()
		found = leaks(agent, night.secrets, text)
		check(not found, lambda: "; ".join(found))
		kept = sum(row["kind"] == "key_down" for row in agent.rows())
		check(kept >= 15, f"only {kept} keys of 16 after it was unlocked")


def no_logind():
	"""Neither bus nor name: it says so, once, and records."""
	with Desk() as desk:
		scene = Scene(desk)
		scene.logged("no system bus, hence no logind")
		scene.agent.stop()
		if not SystemBus:
			return
		SystemBus(desk)
		scene.agent.start()
		scene.logged("no logind on the system bus")
		check(scene.word_kept() >= 15, "the keys are not kept")


if __name__ == "__main__":
	sys.exit(cases.run(locked_hint, locked_airlock, inactive_asleep, logind_dies, starts_locked, no_logind))
