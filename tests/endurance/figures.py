# SPDX-License-Identifier: Apache-2.0
"""Memory and descriptors of each process over time, and whether they grow."""

import os
import pathlib
import threading
import time

EVERY = 2.0


def memory(pid):
	"""(RSS, PSS, what is its own) in KiB."""
	value = {}
	for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
		word = line.split()
		if len(word) == 3 and word[2] == "kB":
			value[word[0].rstrip(":")] = int(word[1])
	return value["Rss"], value["Pss"], value["Private_Clean"] + value["Private_Dirty"]


def descriptors(pid):
	return len(os.listdir(f"/proc/{pid}/fd"))


class Sampler(threading.Thread):
	"""Looks at the processes that pids() names, every two seconds."""

	def __init__(self, pids, path):
		super().__init__(daemon=True)
		self.pids, self.ended = pids, threading.Event()
		self.file = open(path, "w", buffering=1, encoding="ascii")
		self.samples = {}

	def run(self):
		while not self.ended.wait(EVERY):
			for name, pid in self.pids().items():
				try:
					rss, pss, own = memory(pid)
					fds = descriptors(pid)
				except (OSError, KeyError, ValueError):
					continue
				now = time.monotonic()
				self.samples.setdefault((name, pid), []).append((now, rss, pss, own, fds))
				self.file.write(f"{now:.1f} {name} {pid} {rss} {pss} {own} {fds}\n")

	def stop(self):
		self.ended.set()
		self.join()
		self.file.close()


def slope(points):
	"""Least squares: units a minute."""
	n = len(points)
	mean_t, mean_v = sum(t for t, _ in points) / n, sum(v for _, v in points) / n
	spread = sum((t - mean_t) ** 2 for t, _ in points)
	return 60 * sum((t - mean_t) * (v - mean_v) for t, v in points) / spread if spread else 0.0


def lives(samples, least=60.0):
	"""Of each process that lived longer than that: a dict of figures. That it gets what it needs, as bursts and stops come, is no growth: the second half of its life
	shows that."""
	found = []
	for (name, pid), points in samples.items():
		seconds = points[-1][0] - points[0][0]
		if seconds < least:
			continue
		later = [p for p in points if p[0] >= points[0][0] + seconds / 2]
		found.append({"name": name, "pid": pid, "seconds": round(seconds), "rss": [points[0][1], max(p[1] for p in points), points[-1][1]],
			"pss": [points[0][2], max(p[2] for p in points), points[-1][2]], "own": [points[0][3], max(p[3] for p in points), points[-1][3]],
			"own_a_minute": round(slope([(p[0], p[3]) for p in later]), 1), "fds": [points[0][4], max(p[4] for p in points), points[-1][4]],
			"fds_a_minute": round(slope([(p[0], p[4]) for p in later]), 3)})
	return sorted(found, key=lambda f: (f["name"], -f["seconds"]))


def peaks(samples):
	"""Of each kind of process: the most RSS, PSS and descriptors that any had, and how many there were."""
	found = {}
	for (name, _), points in samples.items():
		f = found.setdefault(name, {"processes": 0, "rss": 0, "pss": 0, "own": 0, "fds": 0})
		f["processes"] += 1
		for key, column in (("rss", 1), ("pss", 2), ("own", 3), ("fds", 4)):
			f[key] = max(f[key], max(p[column] for p in points))
	return found
