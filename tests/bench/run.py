# SPDX-License-Identifier: Apache-2.0
"""The agent beside other recorders and beside the floor, on the same injected streams. Prints Markdown; never fails for a figure.

	run.py [--quick] [--rows NAME,...] [--streams motion,keys,mixed] [--rates 100,1000,8000,0] [--repeat N]
	       [--delay-keys N] [--no-delay] [--json FILE]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import measure
from recorders import ALL, BUILD, HERE, Assent
from desk import PYTHON, Desk, DeskError, GtkWindow
import delay

INJECT = BUILD / "tests/tools/inject"
SECONDS, FLAT_COUNT, AFTER, IDLE = 10, 200000, 6, 10
TYPING = 40  # events a second: 20 keys, pressed and let go
RATE_NAMES = {0: "flat out", TYPING: "20 keys/s"}


def say(text):
	print(text, file=sys.stderr, flush=True)


def rate_name(rate):
	return RATE_NAMES.get(rate) or f"{rate:,}/s"


class Bench:
	def __init__(self, desk, seconds, flat_count):
		self.desk, self.seconds, self.flat_count, self.recorder = desk, seconds, flat_count, None
		self.field = desk.start([PYTHON, HERE / "field.py"], kind=GtkWindow, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
			log="field.log")

	def others(self, recorder):
		"""The application and the buses: what the desktop pays for a listener."""
		return [pid for pid in self.desk.marked() if pid not in (*recorder.pids, self.desk.server.pid)]

	def clear(self):
		"""After a failure: nothing of the recorder goes on."""
		if self.recorder and self.recorder.program:
			self.recorder.program.stop()
		if isinstance(self.recorder, Assent) and self.recorder.agent.process:
			self.recorder.agent.stop()

	def started(self, kind):
		recorder = self.recorder = kind(self.desk)
		self.desk.click(*self.field.at(0))
		recorder.start()
		measure.settle([*recorder.pids, self.desk.server.pid, self.field.pid])
		return recorder

	def idle(self, kind):
		"""Wakeups a second and memory when nothing happens and nothing waits."""
		recorder = self.started(kind)
		before, cpu = measure.wakeups(recorder.pids), measure.cpu_sum(recorder.pids)
		time.sleep(IDLE)
		result = {"wakeups": (measure.wakeups(recorder.pids) - before) / IDLE,
			"cpu_us_s": (measure.cpu_sum(recorder.pids) - cpu) / IDLE / 1000}
		recorder.window(0, 0)
		recorder.stop()
		return result

	def cell(self, kind, stream, rate):
		recorder = self.started(kind)
		others, pids, server = self.others(recorder), recorder.pids, [self.desk.server.pid]
		size = recorder.written()
		before = [measure.cpu_sum(group) for group in (pids, server, others)]
		begin = time.monotonic()
		count = int(rate * self.seconds) if rate else self.flat_count
		said = self.desk.run([INJECT, stream, rate, count], seconds=120)
		injected = int(said.stdout)
		seconds = time.monotonic() - begin
		# What was put off, a flush above all, is part of the price.
		time.sleep(AFTER)
		late = measure.settle([*pids, *server, self.field.pid])
		after = [measure.cpu_sum(group) for group in (pids, server, others)]
		recorder.window(begin * 1e6 - 2000, (begin + seconds + late) * 1e6)
		parts = recorder.parts if isinstance(recorder, Assent) else dict(enumerate(pids))
		memory = {part: {"rss": measure.rss_kib(pid), "peak": measure.peak_kib(pid), "pss": measure.pss_kib(pid),
			"private": measure.private_kib(pid)} for part, pid in parts.items()}
		written = recorder.written()
		recorder.stop()
		# A recorder by RECORD may have held the server up: what it held back comes now.
		measure.settle([*server, self.field.pid])
		result = {"injected": injected, "seconds": seconds, "late": late, "recorded": recorder.recorded, "memory": memory,
			"note": recorder.note, "bytes": (written - size) / injected if written is not None else None}
		for name, a, b in zip(("cpu", "server", "others"), before, after):
			result[name] = (b - a) / 1000 / injected
		result["share"] = (after[0] - before[0]) / 1e9 / (seconds + AFTER + late)
		return result


def merge(results):
	"""The median of repeated runs; losses and memory at their worst."""
	merged = dict(results[-1])
	for name in ("cpu", "server", "others", "share"):
		merged[name] = statistics.median(r[name] for r in results)
	worst = min(results, key=lambda r: r["recorded"] / r["injected"])
	merged.update(recorded=worst["recorded"], injected=worst["injected"], note=worst["note"])
	return merged


def total(result, what):
	values = [part[what] for part in result["memory"].values()]
	return None if not values or None in values else sum(values)


def mib(kib):
	return "–" if kib is None else f"{kib / 1024:.1f}"


def loss(result):
	lost = result["injected"] - result["recorded"]
	return "0" if lost == 0 else f"{100 * lost / result['injected']:.2f} %"


def stream_table(results, rows, stream, rates):
	lines = [f"### {stream}: CPU µs per event (loss)", "",
		"| | " + " | ".join(rate_name(rate) for rate in rates) + " |", "|---" * (len(rates) + 1) + "|"]
	for kind in rows:
		cells = []
		for rate in rates:
			r = results.get((kind.name, stream, rate))
			cells.append("–" if not r or kind.name == "nobody" else f"{r['cpu']:.2f} ({loss(r)})")
		if kind.name != "nobody":
			lines.append(f"| {kind.name} | " + " | ".join(cells) + " |")
	lines += ["", f"X server, and in brackets application and buses, CPU µs per {stream} event:", "",
		"| with | " + " | ".join(rate_name(rate) for rate in rates) + " |", "|---" * (len(rates) + 1) + "|"]
	for kind in rows:
		cells = []
		for rate in rates:
			r = results.get((kind.name, stream, rate))
			cells.append(f"{r['server']:.2f} ({r['others']:.2f})" if r else "–")
		lines.append(f"| {kind.name} | " + " | ".join(cells) + " |")
	return "\n".join(lines) + "\n"


def memory_table(results, idle, rows, streams, rates):
	paced = 1000 if 1000 in rates else rates[0]
	lines = [f"### Memory at {rate_name(paced)} (MiB), wakeups at rest, bytes per event on disk", "",
		"| | RSS | PSS | private | peak RSS, any run | idle wakeups/s | " + " | ".join(f"bytes, {s}" for s in streams) + " |",
		"|---" * (6 + len(streams)) + "|"]
	for kind in rows:
		if kind.name == "nobody":
			continue
		mine = {key: r for key, r in results.items() if key[0] == kind.name}
		at = next((mine[key] for key in ((kind.name, s, paced) for s in streams) if key in mine), None)
		if not at:
			continue
		sizes = [mine.get((kind.name, s, paced), {}).get("bytes") for s in streams]
		rest = f"{idle[kind.name]['wakeups']:.1f}" if kind.name in idle else "–"
		lines.append(f"| {kind.name} | {mib(total(at, 'rss'))} | {mib(total(at, 'pss'))} | {mib(total(at, 'private'))} | "
			f"{mib(max(total(r, 'peak') for r in mine.values()))} | {rest} | " +
			" | ".join("–" if b is None else f"{b:.1f}" for b in sizes) + " |")
		if len(at["memory"]) > 1:
			for part, m in at["memory"].items():
				peak = max(r["memory"][part]["peak"] for r in mine.values())
				lines.append(f"| · {part} | {mib(m['rss'])} | {mib(m['pss'])} | {mib(m['private'])} | {mib(peak)} | |" +
					" |" * len(streams))
	return "\n".join(lines) + "\n"


def aims(results, idle, delays, streams, rates):
	"""What was hoped for, and what is."""
	lines = ["### Aims", "", "CPU here is per recorded event, so that losing events does not make anybody cheap.", "", "| aim | measured | met |", "|---|---|---|"]

	def aim(text, value, met):
		lines.append(f"| {text} | {value} | {'yes' if met else '**no**'} |")

	def of(name, stream, rate):
		return results.get((name, stream, rate))

	def each(r):
		"""Per event that was recorded: losing is no way to be cheap."""
		return r["cpu"] * r["injected"] / max(1, r["recorded"])

	for rate in rates:
		mine, floor = of("assent", "motion", rate), of("floor, 50 ms", "motion", rate)
		if mine and floor:
			aim(f"pointer {rate_name(rate)}: at most 1.5 × the draining floor",
				f"{each(mine) / each(floor):.2f} × ({each(mine):.2f} / {each(floor):.2f} µs)", each(mine) <= 1.5 * each(floor))
		best = [(each(r), name) for name in ("xinput test-xi2", "cnee", "pynput") if (r := of(name, "motion", rate))]
		if mine and best and (rate >= 1000 or rate == 0):
			cpu, name = min(best)
			aim(f"pointer {rate_name(rate)}: at most a fifth of the best recorder ({name})", f"{each(mine) / cpu:.2f} of {cpu:.2f} µs",
				each(mine) <= cpu / 5)
	typing = of("assent", "keys", TYPING)
	if typing:
		share = typing["cpu"] * TYPING / 1e6
		aim("20 keys a second, every oracle on: under 1 % of a core", f"{share:.2%}", share < 0.01)
	mine = {key: r for key, r in results.items() if key[0] == "assent"}
	if mine:
		paced = [r for key, r in mine.items() if key[2]]
		for what, runs in (("at paced rates", paced), ("peak, flat out too", mine.values())):
			kind = "rss" if runs is paced else "peak"
			worst = max((sum(r["memory"][p][kind] for p in ("capture", "writer")) for r in runs), default=0)
			aim(f"capture + writer below 8 MiB RSS, {what}", f"{worst / 1024:.1f} MiB", worst < 8192)
		lost = sum(r["injected"] - r["recorded"] for r in mine.values())
		aim("nothing lost", f"{lost} of {sum(r['injected'] for r in mine.values())}" +
			"".join(f"; {s} {rate_name(rate)}: {r['note']}" for (_, s, rate), r in mine.items() if r["note"]), lost == 0)
	if "assent" in idle:
		aim("0 idle wakeups a second", f"{idle['assent']['wakeups']:.2f}", idle["assent"]["wakeups"] == 0)
	for title, rounds in delays:
		ratio, low, high = delay.interval(rounds, .5, "on", "off")
		noise = delay.interval(rounds, .5, "off again", "off")
		aim(f"no delay of the application's keys beyond noise (p50, {title})",
			f"{ratio:.2f} ({low:.2f}–{high:.2f}); noise {noise[0]:.2f} ({noise[1]:.2f}–{noise[2]:.2f})",
			low <= max(1, noise[2]))
	return "\n".join(lines) + "\n"


def arguments():
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--quick", action="store_true", help="a look: few seconds a cell, 1,000/s and flat out")
	parser.add_argument("--rows", default="", help="names of rows, separated by commas; a beginning is enough")
	parser.add_argument("--streams", default="motion,keys,mixed")
	parser.add_argument("--rates", default="")
	parser.add_argument("--seconds", type=float)
	parser.add_argument("--repeat", type=int, default=1)
	parser.add_argument("--delay-keys", type=int)
	parser.add_argument("--no-delay", action="store_true")
	parser.add_argument("--json", help="raw results")
	options = parser.parse_args()
	options.rates = [int(r) for r in (options.rates or ("1000,0" if options.quick else "100,1000,8000,0")).split(",")]
	options.streams = options.streams.split(",")
	options.seconds = options.seconds or (4 if options.quick else SECONDS)
	options.delay_keys = options.delay_keys or (300 if options.quick else 2000)
	wanted = [w for w in options.rows.split(",") if w]
	options.kinds = [k for k in ALL if not wanted or any(k.name.startswith(w) for w in wanted)]
	return options


def main():
	options = arguments()
	results, idle, delays, failed = {}, {}, [], []
	with Desk() as desk:
		bench = Bench(desk, options.seconds, FLAT_COUNT // (4 if options.quick else 1))
		for kind in options.kinds:
			if kind.name != "nobody":
				idle[kind.name] = bench.idle(kind)
				say(f"idle, {kind.name}: {idle[kind.name]['wakeups']:.1f} wakeups/s")
		for stream in options.streams:
			rates = options.rates + ([TYPING] if stream == "keys" and TYPING not in options.rates else [])
			for rate in rates:
				# One after another, so that each pair was measured in the same minute.
				runs = {kind: [] for kind in options.kinds}
				for _ in range(options.repeat):
					for kind in options.kinds:
						try:
							r = bench.cell(kind, stream, rate)
						except (subprocess.TimeoutExpired, RuntimeError, DeskError) as error:
							# A recorder that hangs the server, or dies: the others are still to be measured.
							say(f"{stream} {rate_name(rate)}, {kind.name}: failed: {error}")
							failed.append(f"{kind.name}, {stream} {rate_name(rate)}: {error}")
							bench.clear()
							continue
						runs[kind].append(r)
						say(f"{stream} {rate_name(rate)}, {kind.name}: {r['cpu']:.2f} µs, {r['recorded']} of {r['injected']}, "
							f"server {r['server']:.2f}, others {r['others']:.2f}, {r['seconds']:.1f}+{r['late']:.1f} s {r['note']}")
				for kind in options.kinds:
					if runs[kind]:
						results[kind.name, stream, rate] = merge(runs[kind])
		bench.field.stop()
		if not options.no_delay:
			with_field = delay.TextField(desk)
			for title, typing, moving in (("a plain window", delay.plain_window, 0), ("a GTK text field", with_field, 0),
					("a GTK text field, pointer at 1,000/s meanwhile", with_field, 1000)):
				say(f"delay: {title}")
				delays.append((title, delay.compare(desk, typing, options.delay_keys, moving=moving, say=say)))
	if options.json:
		with open(options.json, "w") as file:
			json.dump({"results": [[*key, value] for key, value in results.items()], "idle": idle, "delays": delays}, file)
	for stream in options.streams:
		rates = [rate for rate in dict.fromkeys([*options.rates, TYPING]) if any(key[1:] == (stream, rate) for key in results)]
		print(stream_table(results, options.kinds, stream, rates))
	print(memory_table(results, idle, options.kinds, options.streams, options.rates))
	for title, rounds in delays:
		print(delay.table(title, rounds))
	print(aims(results, idle, delays, options.streams, options.rates))
	for text in failed:
		print(f"Not measured: {text}\n")
	return 0


if __name__ == "__main__":
	sys.exit(main())
