# SPDX-License-Identifier: Apache-2.0
"""The memory of the capture process: locked, closed to others, and without what was typed once that has been judged."""

import os
import pathlib
import random
import re
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import CODES, Agent, judged, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk  # noqa: E402
from process import stopped  # noqa: E402

PAGE, WINDOW, STRIDE_MAX = 4096, 7, 1024


def canary():
	"""Twenty letters, none next to itself."""
	text = random.choice("qwertyuiopasdfghjklzxcvbnm")
	while len(text) < 20:
		c = random.choice("qwertyuiopasdfghjklzxcvbnm")
		text += c if c != text[-1] else ""
	return text


def mappings(pid):
	"""(from, to, rights, name, {field: KiB}, flags) of each mapping."""
	found = []
	for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
		head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)", line)
		if head:
			found.append([int(head[1], 16), int(head[2], 16), head[3], head[4] or "anonymous", {}, []])
		elif line.startswith("VmFlags:"):
			found[-1][5] = line.split()[1:]
		else:
			field = re.match(r"(\w+):\s+(\d+) kB", line)
			if field:
				found[-1][4][field[1]] = int(field[2])
	return found


def contents(pid):
	"""(name, address, bytes) of the runs of pages in writable memory that are not zero."""
	with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
		for begin, end, rights, name, sizes, _ in mappings(pid):
			if "w" not in rights or "r" not in rights or not sizes.get("Rss"):
				continue
			memory.seek(begin)
			content = b""
			while len(content) < end - begin:
				more = memory.read(end - begin - len(content))
				if not more:
					break
				content += more
			start = None
			for at in range(0, len(content) + PAGE, PAGE):
				blank = not any(content[at:at + PAGE])
				if not blank and start is None:
					start = at
				elif blank and start is not None:
					yield name, begin + start, content[start:at]
					start = None


def search(pid, secret):
	"""Where parts of the secret are in the memory of a process."""
	return look(contents(pid), secret)


def look(pieces, secret):
	"""Where parts of the secret are: as text, as key codes of Linux or X, one after another or in structures of any size."""
	codes = bytes(CODES[c] for c in secret)
	forms = {"text": secret.encode(), "key codes": codes, "X key codes": bytes(code + 8 for code in codes)}
	parts = [(form, whole[at:at + WINDOW]) for form, whole in forms.items() for at in range(0, len(whole) - WINDOW + 1, WINDOW - 1)]
	found = set()
	for name, address, content in pieces:
		for stride in range(1, STRIDE_MAX + 1):
			# Fields are aligned, or bytes of their own: a stride above 64 is one of whole structures.
			if stride > 64 and stride % 4:
				continue
			for offset in range(min(stride, len(content))):
				lane = content[offset::stride]
				for form, part in parts:
					if part in lane:
						at = address + offset + lane.index(part) * stride
						found.add(f"{form} in {name} every {stride} bytes (at {at:#x})")
	return found


def show(found):
	return "; ".join(sorted(found)[:6])


class Scene:
	def __init__(self, desk):
		self.agent = Agent(desk)
		code, shown = self.agent.join(study(desk.home / "study.yaml", keys="class"))
		check(code == 0, shown)
		self.editor = desk.gtk("Editor", ["text", "password"])
		self.agent.start()
		desk.click(*self.editor.at(0))
		desk.type("abc", every=0.05)
		judged()
		self.capture = self.agent.pids()["capture"]


def readable(pid):
	try:
		with open(f"/proc/{pid}/mem", "rb", buffering=0):
			pass
		pathlib.Path(f"/proc/{pid}/smaps").read_text()
	except OSError as error:
		raise Skip(f"the memory of another process cannot be read here: {error.strerror} (be root)") from None


def unlocked(pid):
	"""Writable private memory that is in use and not locked: (name, KiB)."""
	return [(name, sizes["Rss"]) for _, _, rights, name, sizes, flags in mappings(pid)
		if rights[1] == "w" and rights[3] == "p" and "lo" not in flags and sizes.get("Rss")]


def memory_is_locked():
	with Desk() as desk:
		scene = Scene(desk)
		readable(scene.capture)
		desk.run([scene.agent.build / "tests/tools/inject", "mixed", "1000", "3000"], seconds=60)
		with stopped(scene.capture):
			found = unlocked(scene.capture)
			swapped = sum(sizes.get("Swap", 0) for *_, sizes, _ in mappings(scene.capture))
		check(not found, f"writable private memory that is not locked: {found}")
		check(swapped == 0, f"{swapped} KiB in swap")
		limits = pathlib.Path(f"/proc/{scene.capture}/limits").read_text()
		core = re.search(r"Max core file size\s+(\S+)\s+(\S+)", limits)
		check(core and core.groups() == ("0", "0"), f"core files: {core.groups() if core else limits}")
		# What the heap grows by in a flood is locked as long as the limit permits (see agent/base/heap.c).
		desk.run([scene.agent.build / "tests/tools/inject", "mixed", "0", "60000"], seconds=60)
		with stopped(scene.capture):
			found = unlocked(scene.capture)
		limit = resource.prlimit(scene.capture, resource.RLIMIT_MEMLOCK)[0]
		used = 1024 * int(re.search(r"VmLck:\s+(\d+)", pathlib.Path(f"/proc/{scene.capture}/status").read_text())[1])
		note(f"locked {used >> 10} KiB of {limit >> 10 if limit > 0 else 'any number of'} KiB that may be; after a flood not locked: {found}")
		check(not found or (limit > 0 and used > limit - (2 << 20)), f"after a flood not locked, with room left: {found}")
		scene.agent.stop()


def memory_is_closed_to_the_user():
	if os.getuid() == 0:
		raise Skip("for root nothing is closed: run it as an ordinary user (tests/sandbox looks at it from inside)")
	with Desk() as desk:
		scene = Scene(desk)
		for name, pid in scene.agent.pids().items():
			check(os.stat(f"/proc/{pid}/maps").st_uid == 0, f"{name} is dumpable: /proc/{pid}/maps is not root's")
			for what in ("mem", "environ", "maps"):
				try:
					with open(f"/proc/{pid}/{what}", "rb") as f:
						f.read(1)
				except OSError:
					continue
				check(False, f"/proc/PID/{what} of {name} can be read")
		scene.agent.stop()


def what_was_judged_is_gone():
	with Desk() as desk:
		scene = Scene(desk)
		readable(scene.capture)
		# In an ordinary field; of a study that keeps classes only, the key itself has to vanish all the same.
		ordinary = canary()
		desk.type(ordinary, every=0.004)
		time.sleep(0.5)
		with stopped(scene.capture):
			held = search(scene.capture, ordinary)
		note("before the verdict: " + show(held))
		check(held, "not found while it waits for its verdict: the search does not work")
		judged()
		with stopped(scene.capture):
			left = search(scene.capture, ordinary)
		check(not left, lambda: "after the verdict: " + show(left))
		for other in ("writer", "supervisor"):
			left = search(scene.agent.pids()[other], ordinary)
			check(not left, lambda: f"in the {other}: " + show(left))
		scene.agent.stop()


def what_was_secret_is_gone():
	with Desk() as desk:
		scene = Scene(desk)
		readable(scene.capture)
		secret = canary()
		desk.click(*scene.editor.at(1), settle=0)
		desk.type(secret, every=0.004)
		with stopped(scene.capture):
			held = search(scene.capture, secret)
			note("stopped right behind the last key: " + (show(held) or "nothing"))
		judged()
		with stopped(scene.capture):
			left = search(scene.capture, secret)
		check(not left, lambda: "after the verdict: " + show(left))
		for other in ("writer", "supervisor"):
			left = search(scene.agent.pids()[other], secret)
			check(not left, lambda: f"in the {other}: " + show(left))
		scene.agent.stop()


if __name__ == "__main__":
	sys.exit(run(memory_is_locked, memory_is_closed_to_the_user, what_was_judged_is_gone, what_was_secret_is_gone))
