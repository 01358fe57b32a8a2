# SPDX-License-Identifier: Apache-2.0
"""What processes cost, from /proc: CPU to the nanosecond, wakeups, memory."""

import os
import time

CLOCK_SCHED = 2  # of a process's CPU clock id: the scheduler's sum, all threads, those that ended too


def cpu_ns(pid):
	"""CPU that a process has used so far. None when it is gone."""
	try:
		return time.clock_gettime_ns((~pid << 3) | CLOCK_SCHED)
	except OSError:
		return None


def cpu_sum(pids):
	return sum(cpu_ns(pid) or 0 for pid in pids)


def status_fields(path):
	try:
		with open(path) as file:
			return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
	except OSError:
		return {}


def wakeups(pids):
	"""Times that a thread of these went to sleep by itself, which is how often it was woken."""
	total = 0
	for pid in pids:
		try:
			threads = os.listdir(f"/proc/{pid}/task")
		except OSError:
			continue
		for thread in threads:
			total += int(status_fields(f"/proc/{pid}/task/{thread}/status").get("voluntary_ctxt_switches", 0))
	return total


def kib(text):
	return int(text.split()[0]) if text else 0


def rss_kib(pid):
	return kib(status_fields(f"/proc/{pid}/status").get("VmRSS"))


def peak_kib(pid):
	return kib(status_fields(f"/proc/{pid}/status").get("VmHWM"))


def pss_kib(pid):
	"""None where this may not be asked (the agent is not dumpable: only root may)."""
	try:
		with open(f"/proc/{pid}/smaps_rollup") as file:
			for line in file:
				if line.startswith("Pss:"):
					return kib(line.split(":", 1)[1])
	except OSError:
		pass
	return None


def private_kib(pid):
	"""Memory that ending this process would give back."""
	total = None
	try:
		with open(f"/proc/{pid}/smaps_rollup") as file:
			for line in file:
				if line.startswith(("Private_Clean:", "Private_Dirty:")):
					total = (total or 0) + kib(line.split(":", 1)[1])
	except OSError:
		pass
	return total


def settle(pids, quiet=0.5, share=0.02, limit=90.0):
	"""Waits until these use less than a share of a core: what had piled up is done. Seconds it took."""
	begin = time.monotonic()
	before = cpu_sum(pids)
	while time.monotonic() - begin < limit:
		time.sleep(quiet)
		now = cpu_sum(pids)
		if now - before < share * quiet * 1e9:
			break
		before = now
	return time.monotonic() - begin
