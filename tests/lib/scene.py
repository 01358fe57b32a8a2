# SPDX-License-Identifier: Apache-2.0
"""A recording agent on a desk, whose first words are on the disk: where the tests of failures begin."""

import random
import time

from agent import ORDINARY, Agent, judged, leaks, study
from cases import check
from desk import wait_for
from process import cpu_seconds


def word(alphabet, length=16):
	return "".join(random.choice(alphabet) for _ in range(length))


class Scene:
	"""A recording agent whose first words are on the disk."""

	def __init__(self, desk, wrap=()):
		self.desk, self.agent, self.typed = desk, Agent(desk), ""
		code, shown = self.agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		self.editor = desk.gtk("Editor", ["text", "password"])
		desk.click(*self.editor.at(0))
		self.agent.start("--verbose", wrap=wrap)
		time.sleep(0.5)
		kept = self.word_kept()
		check(kept >= 15, f"only {kept} keys of 16 were recorded to begin with")
		self.pids = self.agent.pids()
		self.flushed = self.downs()
		# What came too late on a busy machine, and was masked: nobody counts on it.
		self.masked = len(self.typed) - self.flushed

	def word_kept(self, tries=3):
		"""How many keys of a word are kept, at best of so many words: what is confirmed too late is masked, as it must be."""
		for _ in range(tries):
			before = self.downs()
			self.type()
			self.agent.flushed()
			kept = self.downs() - before
			if kept >= 15:
				break
		return kept

	def type(self):
		text = word(ORDINARY)
		self.desk.type(text, every=0.03)
		self.typed += text
		judged()

	def downs(self):
		return sum(row["kind"] == "key_down" for row in self.agent.rows())

	def kept(self, keys):
		"""Waits until so many keys can be read. After a crash the counters differ by what was lost."""
		wait_for(lambda: self.downs() >= keys, 15, every=0.3, name=f"reading {keys} keys")

	def gaps(self, reason):
		return [row for row in self.agent.rows() if row["kind"] == "gap" and row["reason"] == reason]

	def logged(self, text):
		check(text in self.desk.log(self.agent.log), lambda: f"the log does not say “{text}”: " + self.desk.log(self.agent.log))

	def waits(self, seconds=5.0):
		wait_for(lambda: not self.agent.recording(), seconds, every=0.05, name="the end of recording")
		said = self.agent.command("status")
		check(said.returncode == 3, f"status exits {said.returncode}: {said.stdout}")
		return self.agent.status().get("why")

	def rests(self, seconds=5.0, share=0.03):
		"""It waits, and does not spin."""
		pid = self.pids["supervisor"]
		before = cpu_seconds(pid)
		time.sleep(seconds)
		used = (cpu_seconds(pid) - before) / seconds
		check(used < share, f"the waiting agent uses {used:.1%} of a core")

	def whole(self, *secrets):
		"""What was flushed is there, and all of it passes."""
		found = leaks(self.agent, list(secrets), self.typed)
		check(not found, lambda: "; ".join(found))
		verified = self.agent.command("verify")
		check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)
		check(self.downs() >= self.flushed, f"{self.downs()} keys of {self.flushed} that were flushed")
