# SPDX-License-Identifier: Apache-2.0
"""Does the cost of assent export --append grow with what is new, or with what is there? The same ten new segments onto datasets of 10, 100 and 1,000 participants.

	append.py [--participants 10,100,1000] [--days 1] [--events 5000] [--new 10] [--repeat 5]

Wants $ASSENT_BUILD. It makes a thousand people and their segments first, in $TMPDIR: on a disk that takes ten times as long as in /dev/shm. Prints Markdown: of each append its time, the bytes and files that it wrote (by what is on the disk afterwards), and ratios to the smallest
dataset. "new folders" gives it the ten new outboxes alone, "all folders" all that was ever collected. It judges nothing.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from lab import DAY, NOW, Lab, Participant  # noqa: E402

BUILD = pathlib.Path(os.environ["ASSENT_BUILD"]).resolve()


def say(text):
	print(text, file=sys.stderr, flush=True)


class Bench(Lab):
	def __init__(self):
		super().__init__(BUILD / "agent/assent", BUILD / "tests/tools/outbox_forge")

	def files(self):
		return {str(path.relative_to(self.out)): (path.stat().st_ino, path.stat().st_size) for path in self.out.rglob("*") if path.is_file()}

	def timed(self, *more, folder):
		before, inbox, began = self.files(), self.inbox, time.monotonic()
		self.inbox = folder
		self.export(*more, form="parquet")
		self.inbox = inbox
		took, after = time.monotonic() - began, self.files()
		wrote = {name: size for name, (inode, size) in after.items() if before.get(name) != (inode, size)}
		rows, about = ({n: s for n, s in wrote.items() if n.startswith("events/") is which} for which in (True, False))
		return took, len(rows), sum(rows.values()), sum(about.values())


def measure(count, options):
	with Bench() as lab:
		say(f"forging {count} participants")
		for i in range(count):
			person = Participant(lab, f"p{i}")
			for day in range(options.days):
				person.segment(begun=NOW // DAY * DAY - (day + 3) * DAY + DAY // 3, events=options.events)
		first = lab.timed(folder=lab.inbox)
		start = lab.root / "start"
		shutil.copytree(lab.out, start)
		everybody, lab.inbox = lab.inbox, lab.root / "new"
		lab.inbox.mkdir()
		for i in range(options.new):
			Participant(lab, f"new{i}").segment(begun=NOW // DAY * DAY - 2 * DAY + DAY // 3, events=options.events)
		alone = lab.inbox
		shutil.copytree(alone, everybody, dirs_exist_ok=True)
		result = {"first": first}
		for name, folder in (("new folders", alone), ("all folders", everybody)):
			runs = []
			for _ in range(options.repeat):
				shutil.rmtree(lab.out)
				shutil.copytree(start, lab.out)
				runs.append(lab.timed("--append", folder=folder))
			result[name] = (statistics.median(run[0] for run in runs), *runs[0][1:])
		stones = lab.root / "stones"
		stones.mkdir()
		victim = Participant.__new__(Participant)
		victim.lab, victim.folder, victim.study = lab, lab.root / "p0", "study-a"
		entry = next(s for s in lab.dataset()["segments"] if s["participant"] == lab.forge("decide", victim.folder, "study-a", "paused", NOW - DAY)[0])
		victim.pseudonym, victim.outbox = entry["participant"], stones
		victim.tombstone("withdrawn", (entry["segment"], entry["hash"]))
		result["a tombstone"] = lab.timed("--append", "--tombstones", stones, folder=alone)
		return result


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--participants", default="10,100,1000")
	for name, value in (("days", 1), ("events", 5000), ("new", 10), ("repeat", 5)):
		parser.add_argument(f"--{name}", type=int, default=value)
	options = parser.parse_args()
	results = {count: measure(count, options) for count in map(int, options.participants.split(","))}
	print(f"{options.new} new segments of {options.events:,} events, onto participants with {options.days} segments of {options.events:,} events each; median of "
		f"{options.repeat}.\n\n| onto participants | what | s | ratio | files of rows | bytes of rows | bytes of description |\n|---:|---|---:|---:|---:|---:|---:|")
	least = results[min(results)]
	for count, result in results.items():
		for name, (took, files, rows, about) in result.items():
			print(f"| {count:,} | {name} | {took:.3f} | {took / least[name][0]:.1f} | {files:,} | {rows:,} | {about:,} |")


if __name__ == "__main__":
	main()
