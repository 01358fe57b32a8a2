# SPDX-License-Identifier: Apache-2.0
"""Floods: what was injected is recorded or counted as lost, memory is bounded, and a stopped writer stops nobody else."""

import collections
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import Agent, judged, study  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import cpu_seconds, peak_kib, stopped, wakeups  # noqa: E402

MEMORY_KIB = 64 << 10
INPUT = {"key_down", "key_up", "key_repeat", "button_down", "button_up", "motion", "scroll"}


class Masked(AssertionError):
	pass


class Flood:
	"""A recording agent, a focused text field or terminal, and what was injected from now on."""

	def __init__(self, desk, terminal=False):
		self.desk = desk
		self.agent = Agent(desk)
		code, shown = self.agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		if terminal:
			place = desk.xterm(("cat",), geometry="30x6+40+40")
			x, y, width, height = desk.geometry(place.window)
			at = (x + width // 2, y + height // 2)
		else:
			at = desk.gtk("Editor", ["text"], geometry="300x100+40+40").at(0)
		self.agent.start()
		time.sleep(0.5)
		desk.click(*at)
		self.injected = collections.Counter(motion=1, button_down=1, button_up=1)
		desk.type("abc", every=0.05)
		self.injected.update(key_down=3, key_up=3)
		judged()
		self.pids = self.agent.pids()

	def inject(self, kind, rate, count):
		return self.desk.start([self.agent.build / "tests/tools/inject", kind, rate, count], log="inject.log")

	def total(self):
		"""All that was injected: inject says how much."""
		said = [int(line) for line in self.desk.log("inject.log").split() if line.isdigit()]
		return sum(self.injected.values()) + sum(said)

	def memory(self):
		peaks = {name: peak_kib(pid) for name, pid in self.pids.items()}
		note("peak memory, KiB: " + ", ".join(f"{name} {kib}" for name, kib in peaks.items()))
		check(max(peaks.values()) < MEMORY_KIB, lambda: f"memory: {peaks}")

	def settled(self):
		"""Waits until all is on the disk and nothing more comes."""
		before = -1
		def quiet():
			nonlocal before
			counters = self.agent.status()["agent"]["counters"]
			now = (counters["kept"], sum(gap["events"] or 0 for gap in counters["lost"].values()))
			same, before = now == before, now
			return same
		time.sleep(3.5)
		# Counters change at each flush, every 5 s.
		wait_for(quiet, 90, every=5.5, name="the end of the flood")

	def sums(self):
		"""(rows of input, lost): together all that was injected; nothing masked."""
		self.settled()
		self.memory()
		verified = self.agent.command("verify", seconds=60)
		check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)
		kinds, lost, gaps, masked, empty = collections.Counter(), 0, [], [], 0
		for row in self.agent.rows():
			kinds[row["kind"]] += 1
			empty += row["kind"] == "motion" and row["x"] is None and row["dx"] is None
			if row["kind"] == "gap":
				gaps.append((row["reason"], row["lost"]))
				lost += row["lost"] or 0
			elif row["kind"] == "span":
				masked.append(row["reason"])
		kept, total = sum(kinds[kind] for kind in INPUT), self.total()
		counters = self.agent.status()["agent"]["counters"]
		note(f"injected {total}, kept {kept}, lost {lost}, gaps {gaps}, {empty} movements "
			f"without a position or distance, {counters['bytes'] / max(1, kept):.2f} bytes an event")
		if masked:
			raise Masked(f"masked: {masked}")
		check(all(reason == "overflow" and n for reason, n in gaps), f"gaps: {gaps}")
		check(kept + lost == total, f"kept {kept} + lost {lost} is not the {total} that were injected: {dict(kinds)}")
		told = counters["lost"].get("overflow", {"gaps": 0, "events": None})
		check((told["events"] or 0, told["gaps"]) == (lost, len(gaps)), f"status counts {counters['lost']}")
		check(counters["captured"] == sum(kinds.values()) and counters["kept"] == counters["captured"] - len(gaps),
			f"status counts {counters['captured']} rows, {counters['kept']} kept; there are {sum(kinds.values())}")
		return kept, lost


def seconds_of(program, limit=120):
	began = time.monotonic()
	check(program.popen.wait(limit) == 0, "inject failed")
	return time.monotonic() - began


def motion_flat_out():
	with Desk() as desk:
		flood = Flood(desk)
		took = seconds_of(flood.inject("motion", 0, 200000))
		note(f"200,000 movements in {took:.1f} s")
		flood.sums()
		flood.agent.stop()


def mixed_flat_out():
	# Into a terminal: a text field would have to confirm each of the keys within 3 s, and needs a minute for all of them. Keys
	# that were not judged in time are masked, and a span tells no number: then once more.
	for attempt in (1, 2, 3):
		with Desk() as desk:
			flood = Flood(desk, terminal=True)
			took = seconds_of(flood.inject("mixed", 0, 100000))
			note(f"100,000 mixed in {took:.1f} s")
			try:
				flood.sums()
			except Masked as masked:
				note(f"{masked}")
				check(attempt < 3, f"masked three times in a row: {masked}")
				continue
			finally:
				flood.agent.stop()
			return


def a_stopped_writer_stops_nobody_else():
	with Desk() as desk:
		flood = Flood(desk)
		capture, supervisor = flood.pids["capture"], flood.pids["supervisor"]
		program = flood.inject("motion", 1000, 13000)
		time.sleep(0.5)
		usual = wakeups(capture)
		time.sleep(2.0)
		usual = (wakeups(capture) - usual) / 2
		with stopped(flood.pids["writer"]):
			cpu, woken = cpu_seconds(capture), wakeups(capture)
			slowest, end = 0.0, time.monotonic() + 10
			while time.monotonic() < end:
				began = time.monotonic()
				check(flood.agent.status()["recording"], "status does not say recording")
				slowest = max(slowest, time.monotonic() - began)
				time.sleep(0.45)
			cpu, woken = cpu_seconds(capture) - cpu, wakeups(capture) - woken
		seconds_of(program)
		note(f"writer stopped 10 s at 1,000/s: capture {cpu * 10:.1f} % of a core, {woken / 10:.0f} wakeups a second "
			f"({usual:.0f} before), status answered within {slowest * 1000:.0f} ms")
		check(woken / 10 < 1.3 * usual + 10, f"capture wakes {woken / 10:.0f} times a second, {usual:.0f} with a writer")
		check(slowest < 2.0, f"status took {slowest:.1f} s")
		check(cpu < 3.0, f"capture spins: {cpu:.1f} s of CPU in 10 s")
		check(flood.agent.pids() == flood.pids and cpu_seconds(supervisor) < 2.0, "not the same processes")
		flood.sums()
		flood.agent.stop()


def what_a_stopped_writer_loses_is_counted():
	with Desk() as desk:
		flood = Flood(desk)
		with stopped(flood.pids["writer"]):
			took = seconds_of(flood.inject("motion", 0, 400000))
			time.sleep(4.0)
			flood.memory()
			check(flood.agent.status()["recording"], "status does not say recording")
		note(f"400,000 movements in {took:.1f} s")
		_, lost = flood.sums()
		check(lost > 0, "nothing was lost: the flood is too small for this test")
		# And it goes on.
		seconds_of(flood.inject("motion", 500, 500))
		flood.sums()
		flood.agent.stop()


if __name__ == "__main__":
	sys.exit(run(motion_flat_out, mixed_flat_out, a_stopped_writer_stops_nobody_else, what_a_stopped_writer_loses_is_counted))
