# SPDX-License-Identifier: Apache-2.0
"""A secret of 4 characters and one of 40, typed in the same time, leave the same rows, spans, counters and files behind."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import SECRET, Agent, leaks, spans, study  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402

ORDINARY_TEXT = "abcdefghijklmabc"
TYPING = 2.0          # seconds, however long the secret is


class Schedule:
	"""Everything happens at a fixed time after a whole second, so that only the secret differs."""

	def __init__(self):
		time.sleep(1 - time.time() % 1)
		self.start, self.now = time.monotonic(), 0.0

	def after(self, seconds):
		self.now += seconds
		left = self.start + self.now - time.monotonic()
		if left < -0.3:
			note(f"late by {-left:.2f} s")
		time.sleep(max(0, left))


def type_secret(desk, schedule, secret):
	step = TYPING / len(secret)
	for c in secret:
		desk.type(c)
		schedule.after(step)


def ordinary(desk, schedule, editor):
	desk.click(*editor.at(0), settle=0)
	schedule.after(2.0)
	for c in ORDINARY_TEXT:
		desk.type(c)
		schedule.after(0.06)
	schedule.after(0.54)


def one(length):
	"""What a run leaves: rows without their times, spans, counters, sizes of segments."""
	secret = (SECRET * 4)[:length]
	with Desk() as desk:
		agent = Agent(desk)
		code, shown = agent.join(study(desk.home / "study.yaml", key_time="100ms"))
		check(code == 0, shown)
		editor = desk.gtk("Editor", ["text", "password"], geometry="300x140+40+40")
		terminal = desk.xterm(["bash", "-c", "read -s -p 'password: ' x; exec sleep 60"], title="prompt", geometry="40x6+700+40")
		x, y, width, height = desk.geometry(terminal.window)
		agent.start()
		schedule = Schedule()
		ordinary(desk, schedule, editor)
		desk.click(*editor.at(1), settle=0)
		schedule.after(0.3)
		type_secret(desk, schedule, secret)
		schedule.after(0.7)
		ordinary(desk, schedule, editor)
		dialog = desk.start(["zenity", "--password", "--title=Secret"])
		window = desk.wait_window("Secret")
		desk.focus(window)
		schedule.after(2.0)
		type_secret(desk, schedule, secret)
		desk.type("\n")
		schedule.after(1.0)
		wait_for(lambda: dialog.popen.poll() is not None, 10, name="zenity's end")
		ordinary(desk, schedule, editor)
		desk.click(x + width // 2, y + height // 2, settle=0)
		schedule.after(1.0)
		type_secret(desk, schedule, secret)
		desk.type("\n")
		schedule.after(1.0)
		ordinary(desk, schedule, editor)
		schedule.after(4.0)
		agent.flushed()
		counters = agent.status()["agent"]["counters"]
		agent.stop()
		found = leaks(agent, [secret], ORDINARY_TEXT * 4)
		check(not found, lambda: "; ".join(found))
		rows = agent.rows()
		shape = [(row["kind"], row["class"], row["code"], row["reason"], row["app"]) for row in rows]
		sizes = sorted(path.stat().st_size for path in agent.data.rglob("*.seg"))
		return {"length": length, "shape": shape, "spans": spans(rows), "counters": counters, "sizes": sizes}


def say(run_):
	note(f"{run_['length']:2} characters: {len(run_['shape'])} rows, spans {run_['spans']}, segments of {run_['sizes']} bytes, "
		f"{run_['counters']['flushes']} flushes, spans counted {run_['counters']['spans']}")


def a_secret_s_length_leaves_no_trace():
	runs = [one(length) for length in (4, 40, 4)]
	for run_ in runs:
		say(run_)
	short, long, again = runs
	reasons = {reason for reason, _ in short["spans"]}
	check({"password", "terminal-echo-off"} <= reasons, f"spans: {short['spans']}")
	for other in (long, again):
		check([reason for reason, _ in short["spans"]] == [reason for reason, _ in other["spans"]],
			f"other spans: {short['spans']} and {other['spans']}")
		check(all(abs(a - b) <= 1 for (_, a), (_, b) in zip(short["spans"], other["spans"])),
			f"other times: {short['spans']} and {other['spans']}")
		check(short["counters"]["spans"] == other["counters"]["spans"], "other counts of spans")
		check(short["shape"] == other["shape"], lambda: f"other rows with {other['length']} characters: " + str(
			[pair for pair in zip(short["shape"], other["shape"]) if pair[0] != pair[1]][:3] or
			(len(short["shape"]), len(other["shape"]))))
		check(len(short["sizes"]) == len(other["sizes"]), "other number of segments")
	# Times of ordinary rows differ by milliseconds between any two runs, and cost some bytes.
	noise = max(40, 2 * abs(short["sizes"][0] - again["sizes"][0]))
	check(abs(short["sizes"][0] - long["sizes"][0]) <= noise,
		f"sizes {short['sizes']} and {long['sizes']}; two runs of one length differ by {abs(short['sizes'][0] - again['sizes'][0])}")


if __name__ == "__main__":
	sys.exit(run(a_secret_s_length_leaves_no_trace))
