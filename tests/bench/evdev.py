# SPDX-License-Identifier: Apache-2.0
"""The broker and the agent's source of devices beside evtest and libinput record, on the movements of one mouse (uinput) in a virtual machine:
CPU an event, and what was lost. Prints Markdown; never fails for a figure.

	evdev.py [--quick] [--rates 1000,8000] [--seconds N] [--rounds N] [--json FILE]

One after the other, in short turns; the machine is emulated (QEMU's TCG), so that of the times nothing but the ratios of neighbours says something."""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "device" / "vm"), str(HERE.parent / "lib")]

from cases import Skip  # noqa: E402
from machine import Machine, small  # noqa: E402

BUILD = pathlib.Path(os.environ.get("ASSENT_BUILD") or "build/bench").resolve()
SOCKET, FILE = "/run/assent/inputd.sock", "/tmp/recorded"
PROGRAMS = {"/bin/assent-inputd": BUILD / "agent/inputd/assent-inputd", "/bin/evdev_count": BUILD / "tests/bench/evdev_count",
	"/bin/evtest": "/usr/bin/evtest", "/bin/libinput-record": "/usr/libexec/libinput/libinput-record"}


def say(text):
	print(text, file=sys.stderr, flush=True)


class Recorder:
	"""with Recorder(machine, node): it records. Then: recorded, lost (as it says itself), holes (how often it says that something was lost)."""

	name = ""
	programs = ()

	def __init__(self, machine, node):
		self.machine, self.node, self.commands = machine, node, []

	def start(self, command, word=None):
		command = self.machine.start(f"exec {command}")
		self.commands.append(command)
		if word:
			command.until(word)
		return command

	def __enter__(self):
		self.begin()
		self.pids = {name: self.machine.run(f"pidof {name}").split()[0] for name in self.programs}
		return self

	def __exit__(self, *_):
		for command in reversed(self.commands):
			command.stop()
		self.machine.run(f"rm -f {FILE} {SOCKET}")

	def lines(self, text):
		"""How many of the file have it."""
		return int(self.machine.run(f"grep -c '{text}' {FILE}", seconds=300, status=None))

	def used(self):
		"""Of each program, CPU in ns, and how often it slept."""
		found = {}
		for name, pid in self.pids.items():
			text = self.machine.run(f"cat /proc/{pid}/schedstat /proc/{pid}/status")
			sleeps = next(line for line in text.splitlines() if line.startswith("voluntary_ctxt_switches"))
			found[name] = (int(text.split()[0]), int(sleeps.split()[1]))
		return found


class Counter(Recorder):
	"""evdev_count says what it got."""

	def count(self):
		self.commands[-1].stop()
		return [int(n) for n in self.commands[-1].output().splitlines()[-1].split()[1:]]


class Ours(Counter):
	name = "`assent-inputd`, source that counts"
	programs = ("assent-inputd", "evdev_count")
	file = ""

	def begin(self):
		self.start(f"assent-inputd --without-logind --socket {SOCKET} --policy /etc/assent/policy.yaml")
		self.machine.until(f"test -S {SOCKET}")
		self.start(f"evdev_count stream {SOCKET} {self.file}", "ready")
		time.sleep(0.5)


class OursWriting(Ours):
	name = "`assent-inputd`, source that writes lines"
	file = FILE


class Least(Counter):
	name = "the least: read the device, count"
	programs = ("evdev_count",)

	def begin(self):
		self.start(f"evdev_count device {self.node}", "ready")


class Lines(Recorder):
	report = dropped = ""

	def count(self):
		self.commands[-1].stop()
		return [self.lines(self.report), 0, self.lines(self.dropped)]


class Evtest(Lines):
	name, programs = "`evtest`", ("evtest",)
	report, dropped = "SYN_REPORT ---", "SYN_DROPPED"

	def begin(self):
		self.start(f"evtest {self.node} >{FILE} 2>&1")
		self.machine.until(f"grep -q 'Testing' {FILE}")


class LibinputRecord(Lines):
	name, programs = "`libinput record`", ("libinput-record",)
	report, dropped = "SYN_REPORT (0) ---", "SYN_DROPPED"

	def begin(self):
		self.start(f"libinput-record {self.node} >{FILE} 2>/dev/null")
		self.machine.until(f"grep -q 'events:' {FILE}")


ROWS = (Ours, OursWriting, Evtest, LibinputRecord, Least)


def paced(made, rate, seconds):
	_, count, us = made.ask(f"pace {rate} {seconds}", seconds=seconds * 3 + 60)[0].split()
	return int(count), int(us)


def block(machine, made, node, row, rate, seconds):
	with row(machine, node) as recorder:
		# The emulator translates what it meets for the first time.
		warm, _ = paced(made, rate, 1)
		time.sleep(0.5)
		before = recorder.used()
		count, us = paced(made, rate, seconds)
		time.sleep(0.5)
		after = recorder.used()
		recorded, lost, holes = recorder.count()
		used = {name: [(a - b) / count for a, b in zip(after[name], before[name])] for name in after}
	result = {"row": row.name, "rate": rate, "reached": count / us * 1e6, "injected": count + warm, "recorded": recorded, "told": lost, "holes": holes,
		"cpu": {name: ns / 1000 for name, (ns, _) in used.items()}, "sleeps": {name: n for name, (_, n) in used.items()}}
	result["sum"] = sum(result["cpu"].values())
	say(f"{rate}/s, {row.name}: {result['reached']:.0f}/s reached, {recorded} of {count + warm}, {result['sum']:.1f} µs an event")
	return result


def measure(machine, rates, seconds, rounds):
	made = machine.start("guest inject")
	node = "/dev/input/" + made.ask("came mouse bench")[0]
	found = []
	for rate in rates:
		for number in range(rounds):
			# Each is as often before as behind the others.
			for row in ROWS if number % 2 == 0 else ROWS[::-1]:
				found.append(block(machine, made, node, row, rate, seconds) | {"round": number})
	machine.send(f"e {made.number}")
	made.wait()
	return found


def loss(results):
	"""What is missing, and what of it was told."""
	missing = sum(r["injected"] - r["recorded"] for r in results)
	if not missing:
		return "0"
	told, holes = sum(r["told"] for r in results), sum(r["holes"] for r in results)
	return f"{missing} of {sum(r['injected'] for r in results)}; told: {told} and {holes} holes"


def table(found, rate):
	of = {row.name: [r for r in found if r["rate"] == rate and r["row"] == row.name] for row in ROWS}
	reached = [r["reached"] for results in of.values() for r in results]
	lines = [f"### A mouse of {rate:,} Hz", "", f"Reached: {statistics.median(reached):,.0f} a second ({min(reached):,.0f} to {max(reached):,.0f}).", "",
		"| | CPU µs an event | of that, each program | as a part of the first row, in turns | times that it slept, per 100 events | lost |", "|---" * 6 + "|"]
	for name, results in of.items():
		middle = lambda values: statistics.median(list(values))  # noqa: E731
		parts = ", ".join(f"{program} {middle(r['cpu'][program] for r in results):.1f}" for program in results[0]["cpu"])
		ratios = [r["sum"] / first["sum"] for r, first in zip(results, of[Ours.name])]
		spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
		sleeps = middle(sum(r["sleeps"].values()) for r in results) * 100
		lines.append(f"| {name} | {middle(r['sum'] for r in results):.1f} | {parts} | {spread} | {sleeps:.0f} | {loss(results)} |")
	return "\n".join(lines) + "\n"


def main():
	p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	p.add_argument("--quick", action="store_true", help="one turn of each")
	p.add_argument("--rates", default="1000,8000")
	p.add_argument("--seconds", type=int, help="of a turn (5)")
	p.add_argument("--rounds", type=int, help="turns of each (12: a minute)")
	p.add_argument("--json", help="everything, into this file")
	words = p.parse_args()
	rates = [int(rate) for rate in words.rates.split(",")]
	seconds, rounds = words.seconds or 5, words.rounds or (1 if words.quick else 12)
	with contextlib.ExitStack() as stack:
		place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assent-vm-")))
		try:
			machine = stack.enter_context(Machine([small(place / "archive", BUILD, PROGRAMS)], memory=1024))
		except Skip as why:
			sys.exit(f"evdev.py: {why}")
		machine.run("mkdir -p /etc/assent; echo 'evdev_keys: code' >/etc/assent/policy.yaml")
		found = measure(machine, rates, seconds, rounds)
		kernel = machine.kernel.version
	if words.json:
		pathlib.Path(words.json).write_text(json.dumps(found, indent=1) + "\n")
	print(f"{rounds} turns of {seconds} s each; Linux {kernel}, emulated by QEMU, one processor; medians.\n")
	print("\n".join(table(found, rate) for rate in rates))


if __name__ == "__main__":
	main()
