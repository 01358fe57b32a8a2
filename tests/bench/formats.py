#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Assent's segments and tables beside what else could hold the same rows: bytes per event, speeds, memory. Prints Markdown; judges nothing by time.

usage: formats.py [--build DIR] [--data DIR] [--sets NAME,...] [--rows N] [--compare N] [--parts sizes,speeds,first,memory] [--memory N,N,...] [--jobs N] [--json FILE]

--data DIR    where dlrv.csv, aalto.csv, evlag.csv are (data/README.md says how to get them); without it: only what may be copied
--rows        of each set, at most (2,000,000)
--compare     so many of them are given to the slow ones: zstd -19, DuckDB at level 19, zpaq (655,360)
--memory      millions of events in the exports whose memory is watched (25,50,100)
--jobs        so many sets at once where only sizes are measured (1)
Needs Node.js, zstd, zpaq (packaging/deps.sh bench), and once the npm registry. Speeds are of one thread, CPU time, the best of some rounds, and best looked at as
ratios: both sides run here, one after the other.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import formats_report  # noqa: E402
import formats_sets  # noqa: E402
import readers  # noqa: E402
from cases import Skip  # noqa: E402
from lab import DAY, HCI, NOW, Lab, Participant  # noqa: E402
from measure import kib, status_fields  # noqa: E402

SPEED_ROWS, DAY_ROWS, SEGMENT_ROWS = 300000, 240000, 1000000


def say(text):
	print(time.strftime("%H:%M:%S", time.gmtime()), text, file=sys.stderr, flush=True)


def out(*argv):
	return subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


def spent(argv, env):
	"""Runs it: seconds of the processor and the wall, the highest resident set and, of that, what is its own and no file (MiB)."""
	began, peak, own = time.monotonic(), 0, 0
	with tempfile.TemporaryFile() as said, subprocess.Popen([str(part) for part in argv], env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said) as child:
		# Not ru_maxrss: that begins with this interpreter's.
		while True:
			fields = status_fields(f"/proc/{child.pid}/status")
			peak, own = max(peak, kib(fields.get("VmHWM"))), max(own, kib(fields.get("RssAnon")))
			pid, status, usage = os.wait4(child.pid, os.WNOHANG)
			if pid:
				break
			time.sleep(0.01)
		child.returncode = os.waitstatus_to_exitcode(status)
		said.seek(0)
		text = said.read().decode(errors="replace")
	return {"cpu": usage.ru_utime + usage.ru_stime, "wall": time.monotonic() - began, "peak": peak / 1024, "own": own / 1024, "code": child.returncode, "said": text[-400:]}


class Formats:
	def __init__(self, options):
		self.options, self.build = options, pathlib.Path(options.build).resolve()
		self.folders = ([pathlib.Path(options.data).resolve()] if options.data else []) + [HERE / "data"]
		self.work = pathlib.Path(tempfile.mkdtemp(prefix="assent-formats-"))
		self.result = {"sets": {}, "machine": self.machine()}

	@staticmethod
	def machine():
		with open("/proc/cpuinfo", encoding="utf-8") as file:
			model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
		return {"cpu": model, "cores": os.cpu_count(), "load": os.getloadavg()[0]}

	def tool(self, name):
		return self.build / "tests/bench" / name

	def lines(self, *argv):
		return [json.loads(line) for line in out(*argv).splitlines()]

	# ---- Bytes ----

	def zpaq(self, name, table, count):
		sizes = []
		for way in ("columns", "bytes"):
			raw, packed = self.work / f"{name}.{way}", self.work / f"{name}.{way}.zpaq"
			with open(raw, "wb") as file:
				subprocess.run([sys.executable, "-B", HERE / "formats_columns.py", way, table, str(count)], stdout=file, check=True)
			subprocess.run(["zpaq", "a", packed, raw, "-m5", "-t1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
			sizes.append(packed.stat().st_size)
			raw.unlink()
			packed.unlink()
		return min(sizes)

	def text(self, way, table, count):
		with subprocess.Popen([sys.executable, "-B", HERE / "formats_columns.py", way, table, str(count)], stdout=subprocess.PIPE) as source:
			with subprocess.Popen(["zstd", "-19", "-T1", "-q", "-c"], stdin=source.stdout, stdout=subprocess.PIPE) as packer:
				size = sum(len(piece) for piece in iter(lambda: packer.stdout.read(1 << 20), b""))
		if source.returncode or packer.returncode:
			raise AssertionError("zstd or formats_columns.py failed")
		return size

	def sizes(self, name, table, rows):
		count = min(rows, self.options.compare)
		made = {}
		for key, n in (("all", rows), ("same", count)):
			for line in self.lines(self.tool("bench_format"), "--json", "--rows", n, table):
				made[key, line["state"]] = line["bytes"] / line["rows"]
				if (key, line["state"]) == ("all", "journal"):
					blocks = line["blocks"]
		folder = self.work / f"duck-{name}"
		folder.mkdir()
		duck = readers.run(self.build, HERE / "formats.mjs", "sizes", table, folder, count, timeout=3600)
		if duck["rows"] != count:
			raise AssertionError(f"DuckDB read {duck['rows']} of {count} rows")
		return {"rows": rows, "count": count, "sealed": made["all", "sealed"], "journal": made["all", "journal"], "blocks": blocks, "same": made["same", "sealed"],
			"jsonl": self.text("jsonl", table, count) / count, "csv": self.text("csv", table, count) / count, "plain": duck["plain"] / count,
			"delta": duck["delta"] / count, "zpaq": self.zpaq(name, table, count) / count, "columns": duck["columns"]}

	# ---- Speeds ----

	def lab(self):
		return Lab(self.build / "agent/assent", self.build / "tests/tools/outbox_forge")

	@staticmethod
	def forge(lab, person, table, begun):
		"""A segment of these rows, as it is after sealing, in the person's outbox."""
		name, _ = lab.forge("segment", person.folder, person.study, person.outbox, f"recipient={lab.public}", f"receipt={person.receipt}", f"begun={begun}",
			f"table={table}")
		return person.outbox / f"{name}.seg"

	def libassent(self, segment, key):
		"""rows, first (µs), rows, columns, three (M/s), seek (ms), as bench_libassent says it."""
		words = out(self.tool("bench_libassent"), segment, key).decode().split()
		return {"first": float(words[words.index("first") + 1]), "rows": float(words[words.index("rows", 2) + 1]), "columns": float(words[words.index("columns") + 1]),
			"some": float(words[words.index("some") + 1])}

	def speeds(self, table, rows):
		with self.lab() as lab:
			person = Participant(lab, "somebody", since=NOW - 170 * DAY)
			segment = self.forge(lab, person, table, NOW - 169 * DAY)
			first = self.libassent(segment, lab.key)
			coding = self.lines(self.tool("bench_format"), "--json", table)[1]
			duck = readers.run(self.build, HERE / "formats.mjs", "speeds", table, self.work, rows, timeout=3600)
			again = self.libassent(segment, lab.key)
			ours = self.lines(self.tool("bench_table"), "parquet", self.work / "ours.parquet", "--rounds", 5, table)[0]
			verify = min((spent([lab.assent, "verify", "--key", lab.key, lab.inbox], lab.env) for _ in range(3)), key=lambda one: one["cpu"])
			# Real segments are of an hour: of one day, or two.
			segment.unlink()
			segment.with_suffix(".key").unlink()
			for part, begun in self.days(table, NOW // DAY * DAY - 168 * DAY):
				self.forge(lab, person, part, begun)
			export = min((self.export(lab) for _ in range(2)), key=lambda one: one["cpu"])
		said = verify["said"].strip() if verify["code"] else export["said"].strip() if export["code"] else ""
		if said:
			say(f"{table.stem}: assent says: {said}")
		per_second = lambda found: {version: rows / one["cpu"] / 1e6 for version, one in found.items()}  # noqa: E731
		return {"rows": rows, "encode": 1e3 / coding["encode_ns"], "seal": 1e3 / coding["write_ns"], "decode": 1e3 / coding["columns_ns"],
			"columns": max(first["columns"], again["columns"]), "some": max(first["some"], again["some"]), "row": max(first["rows"], again["rows"]), "verify": rows / verify["cpu"] / 1e6,
			"duck_read": per_second(duck["read"]), "duck_read_all": per_second(duck["read_all"]), "duck_copy": per_second(duck["copy"]),
			"table": rows / ours["seconds"] / 1e6, "export": rows / export["cpu"] / 1e6, "read_columns": len(duck["columns"])}

	def days(self, table, midnight):
		"""A table's days as tables of their own: (path, when it begins, the first day being the one of midnight)."""
		found, first, file = [], None, None
		with open(table, encoding="ascii") as source:
			head = next(source)
			for line in source:
				t_us = int(line.split(",", 1)[0])
				first = t_us // DAY if first is None else first
				day = t_us // DAY - first
				if not found or found[-1][2] != day:
					if file:
						file.close()
					found.append((self.work / f"{table.stem}-day-{day}.csv", midnight + day * DAY + t_us % DAY, day))
					file = open(found[-1][0], "w", encoding="ascii")  # noqa: SIM115
					file.write(head)
				file.write(line)
		file.close()
		return [one[:2] for one in found]

	@staticmethod
	def export(lab):
		shutil.rmtree(lab.out, ignore_errors=True)
		return spent([lab.assent, "export", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox], lab.env)

	def first(self, table, rows):
		count = min(rows, DAY_ROWS)
		day = self.cut(table, count)
		with self.lab() as lab:
			segment = self.forge(lab, Participant(lab, "somebody"), day, NOW - 5 * DAY)
			ours = min(self.libassent(segment, lab.key)["first"] for _ in range(3))
		duck = readers.run(self.build, HERE / "formats.mjs", "first", day, self.work, count, timeout=600)
		return {"rows": count, "ours": ours, "duck": duck["first"]}

	def cut(self, table, count):
		"""The first rows of a table as one."""
		to = self.work / f"{table.stem}-{count}.csv"
		with open(table, encoding="ascii") as source, open(to, "w", encoding="ascii") as file:
			for _, line in zip(range(count + 1), source):
				file.write(line)
		return to

	# ---- Memory ----

	def memory(self, table, rows):
		"""The same rows in ever more segments, of ten people, a day after the other."""
		count = min(rows, SEGMENT_ROWS)
		part, found, have = self.cut(table, count), [], 0
		with self.lab() as lab:
			people = [Participant(lab, f"p{i}", since=NOW - 60 * DAY) for i in range(10)]
			for millions in self.options.memory:
				while have * count < millions * 1000000:
					self.forge(lab, people[have % 10], part, NOW - (59 - 5 * (have // 10)) * DAY)
					have += 1
				used = self.export(lab)
				made = lab.dataset()
				used |= {"events": sum(one["rows"] for one in made["segments"]), "segments": have, "bytes": sum(path.stat().st_size for path in lab.out.rglob("*.parquet"))}
				if used["events"] != have * count:
					say(f"memory: {used['events']} of {have * count} events: {used['said']}")
				found.append(used)
				say(f"memory: {used['events']} events, {used['peak']:.1f} MiB, {used['wall']:.0f} s")
		return found

	# ---- All of it ----

	def keep(self):
		"""What there is so far: it takes long."""
		if self.options.json:
			pathlib.Path(self.options.json).write_text(json.dumps(self.result, indent=1), encoding="ascii")

	def tables(self):
		for name in self.options.sets:
			path = self.work / f"{name}.csv"
			rows = formats_sets.write(name, self.folders, path, self.options.rows)
			if rows:
				say(f"{name}: {rows} rows")
				yield name, path, rows
			else:
				say(f"{name}: needs {formats_sets.SETS[name][0]}: see --data")

	def run(self):
		wanted, sets = self.options.parts, list(self.tables())
		for name, _, rows in sets:
			self.result["sets"][name] = {"rows": rows, "what": formats_sets.SETS[name][2]}
		large = [one for one in sets if one[2] >= SPEED_ROWS]
		day = next((one for one in large if one[0] == "mixed"), large[-1] if large else None)
		if "speeds" in wanted:
			for name, table, rows in large:
				say(f"{name}: speeds")
				self.result["sets"][name]["speeds"] = self.speeds(table, rows)
				self.keep()
		if "first" in wanted and day:
			self.result["first"] = {"set": day[0], **self.first(*day[1:])}
		if "memory" in wanted and day:
			self.result["memory"] = {"set": day[0], "runs": self.memory(*day[1:])}
		if "sizes" in wanted:
			readers.folder(self.build)
			with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
				jobs = {pool.submit(self.sizes, *one): one[0] for one in sets}
				for done in concurrent.futures.as_completed(jobs):
					name = jobs[done]
					try:
						self.result["sets"][name]["sizes"] = done.result()
					except (AssertionError, OSError, subprocess.SubprocessError) as reason:
						say(f"{name}: no sizes: {reason}")
					else:
						say(f"{name}: sizes")
						self.keep()
		return self.result


def main():
	split = lambda text: text.split(",")  # noqa: E731
	options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	options.add_argument("--build", default=os.environ.get("ASSENT_BUILD", HERE.parent.parent / "build/bench"))
	options.add_argument("--data")
	options.add_argument("--sets", type=split, default=list(formats_sets.SETS))
	options.add_argument("--rows", type=int, default=2000000)
	options.add_argument("--compare", type=int, default=655360)
	options.add_argument("--parts", type=split, default=["sizes", "speeds", "first", "memory"])
	options.add_argument("--memory", type=lambda text: sorted(map(float, text.split(","))), default=[25, 50, 100])
	options.add_argument("--jobs", type=int, default=1)
	options.add_argument("--json", help="the figures, too")
	given = options.parse_args()
	formats = Formats(given)
	try:
		result = formats.run()
	except (Skip, AssertionError) as reason:
		sys.exit(f"formats.py: {reason}")
	finally:
		shutil.rmtree(formats.work, ignore_errors=True)
	formats.keep()
	formats_report.write(result, sys.stdout)


if __name__ == "__main__":
	main()
