# SPDX-License-Identifier: Apache-2.0
"""Does the agent delay the focused application's own keys? Paired, alternating blocks with and without it.

In each round three blocks in random order: without ("off"), without again ("off again"), with ("on"). The ratio of "off again"
to "off" is what noise alone does.
"""

import json
import random
import statistics
import subprocess
import time

from recorders import BUILD, HERE, Agent, study
from desk import PYTHON, GtkWindow

PROBE = BUILD / "tests/bench/probe"
INJECT = BUILD / "tests/tools/inject"
ARMS = ("off", "off again", "on")


def quantile(values, q):
	values = sorted(values)
	return values[min(len(values) - 1, int(q * len(values)))]


def plain_window(desk, keys):
	"""An X client that does nothing but wait: delays in µs."""
	said = desk.run([PROBE, keys], seconds=60)
	if said.returncode:
		raise RuntimeError(said.stderr)
	return [int(line) / 1000 for line in said.stdout.split()]


class TextField:
	"""A GTK text field, which also tells the accessibility bus what happens in it."""

	def __init__(self, desk):
		self.window = desk.start([PYTHON, HERE / "field.py"], kind=GtkWindow, stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, log="field.log")
		desk.click(*self.window.at(0))

	def dump(self):
		self.window.popen.stdin.write(b"dump\n")
		self.window.popen.stdin.flush()
		return json.loads(self.window.read_line())

	def __call__(self, desk, keys):
		desk.click(*self.window.at(0))
		self.dump()
		struck = [int(line) for line in desk.run([PROBE, "--keys", keys], seconds=60).stdout.split()]
		time.sleep(0.3)
		arrived = self.dump()
		if len(arrived) != len(struck):
			raise RuntimeError(f"{len(arrived)} of {len(struck)} keys arrived")
		return [(a - s) / 1000 for s, a in zip(struck, arrived)]


def compare(desk, typing, total, block=100, moving=0, say=print):
	"""{arm: [delay in µs]}, and per round. moving: pointer events a second meanwhile."""
	agent = Agent(desk, data=desk.home / f"agent-delay-{random.getrandbits(32):x}")
	code, shown = agent.join(study(desk.home / "study.yaml", keys="code", key_time="exact"))
	if code:
		raise RuntimeError(shown)
	rounds = []
	for number in range((total + block - 1) // block):
		arms = list(ARMS)
		random.shuffle(arms)
		found = {}
		for arm in arms:
			if arm == "on":
				agent.start()
			time.sleep(0.7)
			motion = moving and desk.start([INJECT, "motion", moving, int(moving * (block * 0.032 + 3))])
			found[arm] = typing(desk, block)
			if motion:
				motion.popen.wait()
			if arm == "on":
				agent.stop()
		rounds.append(found)
		say(f"  round {number + 1}: " + ", ".join(f"{arm} {statistics.median(found[arm]):.0f}" for arm in ARMS))
	return rounds


def interval(rounds, q, arm, base, draws=400):
	"""Ratio of two arms' quantiles, and where 95 % of it lies when whole rounds are drawn again."""
	def ratio(drawn):
		return quantile([v for r in drawn for v in r[arm]], q) / quantile([v for r in drawn for v in r[base]], q)
	chance = random.Random(1)
	many = sorted(ratio([chance.choice(rounds) for _ in rounds]) for _ in range(draws))
	return ratio(rounds), many[int(0.025 * draws)], many[int(0.975 * draws) - 1]


def table(title, rounds):
	lines = [f"Delay of the focused application's keys, {title} (n = {sum(len(r['on']) for r in rounds)} per arm):", "",
		"| | p50 µs | p99 µs |", "|---|---|---|"]
	for arm, name in (("off", "without"), ("off again", "without, again"), ("on", "with the agent")):
		values = [v for r in rounds for v in r[arm]]
		lines.append(f"| {name} | {quantile(values, .5):.0f} | {quantile(values, .99):.0f} |")
	for arm, name in (("off again", "noise: again / without"), ("on", "**with / without**")):
		cells = ["{:.2f} ({:.2f}–{:.2f})".format(*interval(rounds, q, arm, "off")) for q in (.5, .99)]
		lines.append(f"| {name} (95 %) | {cells[0]} | {cells[1]} |")
	return "\n".join(lines) + "\n"
