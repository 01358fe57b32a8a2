# SPDX-License-Identifier: Apache-2.0
"""What /proc says about a process."""

import os
import signal
import time

TICK = os.sysconf("SC_CLK_TCK")


def state(pid):
	"""R, S, D, T, Z ...; None where there is none."""
	try:
		with open(f"/proc/{pid}/stat") as f:
			return f.read().rpartition(")")[2].split()[0]
	except OSError:
		return None


def alive(pid):
	return bool(pid) and state(pid) not in (None, "Z", "X")


def gone_within(pid, seconds):
	"""Seconds until the process is gone, or None. A process that gets no processor cannot go: on a busy machine five times as long is no fault; the
	tests tell what it took."""
	began = time.monotonic()
	while alive(pid):
		if time.monotonic() - began > 5 * seconds:
			return None
		time.sleep(0.005)
	return time.monotonic() - began


def cpu_seconds(pid):
	with open(f"/proc/{pid}/stat") as f:
		fields = f.read().rpartition(")")[2].split()
	return (int(fields[11]) + int(fields[12])) / TICK


def _status(pid, name):
	with open(f"/proc/{pid}/status") as f:
		for line in f:
			if line.startswith(name + ":"):
				return line.split(":", 1)[1].split()
	return None


def wakeups(pid):
	"""How often it went to sleep of its own, in its life: each ends with a wakeup."""
	return int(_status(pid, "voluntary_ctxt_switches")[0])


def peak_kib(pid):
	return int(_status(pid, "VmHWM")[0])


def parent(pid):
	try:
		return int(_status(pid, "PPid")[0])
	except OSError:
		return None


class stopped:
	"""with stopped(pid): it does not run."""

	def __init__(self, pid):
		self.pid = pid

	def __enter__(self):
		os.kill(self.pid, signal.SIGSTOP)
		while state(self.pid) not in ("T", "t", None):
			time.sleep(0.002)

	def __exit__(self, *_):
		try:
			os.kill(self.pid, signal.SIGCONT)
		except OSError:
			pass
