#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in the root of test_deb.py, as an ordinary user, with the installed programs: a private desktop, a participant who joins, types into a
text field and a password field, and what is in the recording then.

inside.py HOME BUILD: BUILD has agent/assent and agent/assentd
"""

import os
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
home, os.environ["ASSENT_BUILD"] = sys.argv.pop(1), sys.argv.pop(1)

from agent import ORDINARY, SECRET, Agent, judged, leaks, spans, study  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402


def word(letters):
	return "".join(random.choice(letters) for _ in range(12))


def settled(desk, window):
	"""On a slow machine the window manager's frame comes after the window has said where it is."""
	def has():
		window.told["fields"] = window.ask("where")
		desk.click(*window.at(0))
		return window.ask("has")
	wait_for(has, 20, every=1, name="the focus (" + desk.log("openbox.log") + ")")
	before = None
	def same():
		nonlocal before
		time.sleep(0.5)
		last, before = before, window.ask("where")
		return last == before
	wait_for(same, 20, name="a window that stays where it is")
	window.told["fields"] = before


def on_a_desktop():
	with Desk(keep=home) as desk:
		agent = Agent(desk)
		window = desk.gtk("Form", ["text", "password"], stdin=subprocess.PIPE)
		settled(desk, window)
		# The agent runs and is idle: one process, nobody decided.
		process = agent.start(ready=False)
		desk.click(*window.at(0))
		before = word(SECRET)
		desk.type(before)
		check(window.ask("text 0") == before, "it was not typed into the field")
		window.tell("clear 0")
		judged()
		check(not agent.recording() and not list(agent.data.rglob("*.seg")), "it recorded before anybody joined")
		code, shown = agent.join(study(desk.home / "study.yaml", id="desktop-test"))
		check(code == 0, lambda: f"join: exit {code}: {shown[-500:]}")
		wait_for(agent.recording, 20, name="recording (" + desk.log(agent.log) + ")")
		words, secret = [], word(SECRET)
		for place, text in ((0, word(ORDINARY)), (1, secret), (0, word(ORDINARY))):
			desk.click(*window.at(place))
			judged()
			desk.type(text)
			judged()
			# Else what follows tells nothing.
			check(window.ask(f"text {place}") == text, "it was not typed into the field")
			window.tell(f"clear {place}")
			if place == 0:
				words.append(text)
		agent.flushed()
		check(process.popen.poll() is None, "the agent ended")
		agent.stop()
		found = leaks(agent, [before, secret], "".join(words))
		check(not found, lambda: "; ".join(found))
		rows = agent.rows()
		kept = sum(row["kind"] == "key_down" for row in rows)
		check(kept >= 20, f"of 24 keys {kept} were kept")
		check(any(reason == "password" for reason, _ in spans(rows)), lambda: f"no span of a password: {spans(rows)}")
		check(agent.command("verify").returncode == 0, "it does not verify")
		note(f"{kept} of 24 ordinary keys kept, {len(rows)} rows")


if __name__ == "__main__":
	sys.exit(run(on_a_desktop))
