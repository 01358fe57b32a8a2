# SPDX-License-Identifier: Apache-2.0
"""assent forget while somebody types: what is in the agent's hands, in its airlock and in its open segment, is forgotten with the rest."""

import json
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import cases  # noqa: E402
from agent import CODES, FOOTER, HEADER, JOURNAL, SEALED, records  # noqa: E402
from cases import check, note  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import stopped  # noqa: E402
from scene import Scene  # noqa: E402

STAYING = ("start", "stop", "clock", "screen", "layout")


class Typist(threading.Thread):
	"""Types without end, and notes when."""

	def __init__(self, desk):
		super().__init__(daemon=True)
		self.hands, self.ends, self.typed = desk.hands, threading.Event(), 0
		self.start()

	def run(self):
		while not self.ends.is_set():
			self.hands.type("abcdefghijklm"[self.typed % 13])
			self.typed += 1
			time.sleep(0.02)

	def end(self):
		self.ends.set()
		self.join()


def inside(rows, since_us, until_us):
	return [row for row in rows if row["kind"] not in STAYING and not (row["kind"] == "gap" and row["reason"] == "forgotten") and
		(row["end_us"] or row["t_us"]) >= since_us and row["t_us"] <= until_us]


def while_typing():
	with Desk() as desk:
		scene = Scene(desk)
		agent = scene.agent
		typist = Typist(desk)
		time.sleep(6)
		began = time.monotonic()
		asked_us = time.time_ns() // 1000
		said = agent.command("forget", "--last", "1m", "--yes", "--json")
		took = time.monotonic() - began
		check(said.returncode == 0, lambda: f"forget exits {said.returncode}: {said.stderr}")
		done_us = time.time_ns() // 1000
		answer = json.loads(said.stdout)
		check(answer["deleted"] and answer["rows"] > 200, said.stdout)
		since_us = asked_us - 60_000_000

		def nothing(when):
			left = inside(agent.rows(), since_us, asked_us)
			check(not left, lambda: f"{when}: {len(left)} rows of what was forgotten, e.g. {left[0]}")
		nothing("at once")
		typist.end()
		# It goes on by itself.
		wait_for(agent.recording, 10, name="recording again")
		before = len(agent.rows())
		scene.type()
		agent.flushed()
		nothing("after the flush")
		check(len(agent.rows()) > before, "nothing is recorded after the forget")
		rest = 40 - (time.time_ns() // 1000 - asked_us) / 1e6
		time.sleep(max(rest, 0))
		nothing("40 s later")
		starts = [row["t_us"] for row in agent.rows() if row["kind"] == "start" and row["t_us"] > asked_us]
		check(len(starts) == 1, str(starts))
		note(f"forget took {took:.2f} s; recording was interrupted until {(starts[0] - asked_us) / 1e6:.2f} s after it was asked "
			f"(done after {(done_us - asked_us) / 1e6:.2f} s)")
		gaps = [row for row in agent.rows() if row["kind"] == "gap"]
		# One, or one in each segment where an hour ended in between.
		check(gaps and len({gap["segment"] for gap in gaps}) == len(gaps) <= 2 and all(gap["reason"] == "forgotten" for gap in gaps), str(gaps))
		verified = agent.command("verify")
		check(verified.returncode == 0, verified.stdout + verified.stderr)


def agent_that_does_not_answer():
	"""What it has in hand may hold what is meant: nothing is said to be deleted that is not."""
	with Desk() as desk:
		scene = Scene(desk)
		agent = scene.agent
		pids = scene.pids
		with stopped(pids["supervisor"]), stopped(pids["capture"]), stopped(pids["writer"]):
			said = agent.command("forget", "--last", "1m", "--yes")
			check(said.returncode == 1 and "nothing was deleted" in said.stderr, f"exit {said.returncode}: {said.stdout}{said.stderr}")
			check(scene.downs() >= scene.flushed, "something was deleted")
		wait_for(agent.recording, 10, name="recording")
		said = agent.command("forget", "--last", "1m", "--yes")
		check(said.returncode == 0, f"exit {said.returncode}: {said.stderr}")
		check(scene.downs() == 0, "not all was deleted")


def agent_that_was_killed():
	with Desk() as desk:
		scene = Scene(desk)
		agent = scene.agent
		for name in ("supervisor", "capture", "writer"):
			os.kill(scene.pids[name], signal.SIGKILL)
		wait_for(lambda: not agent.recording(), 5, name="its end")
		check(any(path.suffix == ".part" for path in agent.files()), "no segment was left open")
		said = agent.command("forget", "--last", "1h", "--yes")
		check(said.returncode == 0, f"exit {said.returncode}: {said.stderr}")
		check(scene.downs() == 0, "not all was deleted")
		check(not any(path.suffix == ".part" for path in agent.files()), "a segment is open still")
		verified = agent.command("verify")
		check(verified.returncode == 0, verified.stdout + verified.stderr)


def leaves_the_rest_of_an_hour():
	"""Only the last seconds: what was typed before is there as it was."""
	with Desk() as desk:
		scene = Scene(desk)
		agent = scene.agent
		before = [row for row in agent.rows() if row["kind"] == "key_down"]
		time.sleep(3)
		began = time.monotonic()
		scene.type()
		said = agent.command("forget", "--last", f"{round(time.monotonic() - began) + 2}s", "--yes", "--json")
		check(said.returncode == 0, f"exit {said.returncode}: {said.stderr}")
		rows = [row for row in agent.rows() if row["kind"] == "key_down"]
		for row in before + rows:
			row.pop("segment")
		check(rows == before, f"{len(before)} keys before, {len(rows)} now")
		check(json.loads(said.stdout)["rows"] >= 16, said.stdout)
		check(all(row["code"] in CODES.values() for row in rows), "other keys")


def nobody_waits_for_sealing():
	"""Where a command waits, or recording that is to go on, what takes long to be sealed stays a journal; a session's end takes its time."""
	with Desk() as desk:
		scene = Scene(desk)
		agent = scene.agent

		def kinds():
			newest = max(agent.data.rglob("*.seg"), key=lambda path: path.stat().st_mtime_ns)
			return set(records(newest))

		def late(act):
			"""Something that ends a recording, of which the writer hears when its time for sealing is over."""
			writer = agent.pids()["writer"]
			with stopped(writer):
				done = act()
				wait_for(lambda: not agent.pids()["capture"], 10, name="the end of capture")
				time.sleep(0.3)
			wait_for(lambda: agent.recording() and agent.pids()["writer"] != writer, 10, name="recording again")
			return done
		command = late(lambda: desk.start([agent.assent, "forget", "--data", agent.data, "--app", "no-such-app", "--yes"]))
		check(command.popen.wait(20) == 3, "forget failed")
		check(kinds() == {HEADER, JOURNAL, FOOTER}, f"forget waited for sealing: records {kinds()}")
		late(lambda: agent.config("capture: {scroll: false}\n"))
		check(kinds() == {HEADER, JOURNAL, FOOTER}, f"recording under other limits waited for sealing: records {kinds()}")
		late(lambda: [agent.command(name) for name in ("pause", "resume")])
		check(kinds() == {HEADER, JOURNAL, FOOTER}, f"resuming waited for sealing: records {kinds()}")
		late(lambda: agent.config(""))
		scene.type()
		agent.flushed()
		# The same without anybody who waits: what was said to the writer before does not hold for this one.
		with stopped(agent.pids()["writer"]):
			os.kill(scene.pids["supervisor"], signal.SIGTERM)
			time.sleep(0.3)
		check(agent.process.popen.wait(10) == 0, "assentd failed")
		check(kinds() == {HEADER, SEALED, FOOTER}, f"not sealed in the end: records {kinds()}")
		verified = agent.command("verify")
		check(verified.returncode in (0, 2), verified.stdout + verified.stderr)
		check(scene.downs() >= 30, "keys are missing")


if __name__ == "__main__":
	sys.exit(cases.run(while_typing, agent_that_does_not_answer, agent_that_was_killed, leaves_the_rest_of_an_hour, nobody_waits_for_sealing))
