#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A core file that root forces out of a recording agent (gcore): nothing that was typed is in it, not even what waits for its verdict."""

import os
import pathlib
import re
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "desktop")]
from agent import judged  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk  # noqa: E402
from process import stopped  # noqa: E402
from test_private_memory import PAGE, Scene, canary, look, show  # noqa: E402


def core_of(desk, pid, excluded=False):
	"""A core file, as gcore makes it. excluded: also of what a process asked to leave out (gdb can be told so)."""
	path = desk.home / f"core-{pid}"
	told = ["-ex", "set dump-excluded-mappings on", "-ex", "set use-coredump-filter off"] if excluded else []
	said = desk.run(["gdb", "-q", "-batch", "-nx", *told, "-ex", f"gcore {path}", "-p", str(pid)], seconds=120)
	check(path.exists(), lambda: f"gdb: {said.stdout[-500:]}{said.stderr[-500:]}")
	content = path.read_bytes()
	path.unlink()
	return content


def pieces(content):
	"""Runs of pages that are not blank, as look() wants them."""
	start = None
	for at in range(0, len(content) + PAGE, PAGE):
		blank = not any(content[at:at + PAGE])
		if not blank and start is None:
			start = at
		elif blank and start is not None:
			yield "the core file", start, content[start:at]
			start = None


def strings(content, words):
	"""Those of the words that `strings` would show, in 8 and in 16 bits."""
	return [word for word in words if word.encode() in content or word.encode("utf-16-le") in content or word.encode("utf-32-le") in content]


def can_force():
	if not shutil.which("gdb"):
		raise Skip("no gdb")
	if os.geteuid() != 0:
		raise Skip("only root can force a core file (test_attack.py: nobody else can)")


def a_forced_core_file_holds_nothing_typed():
	can_force()
	with Desk() as desk:
		scene = Scene(desk)
		pids = scene.agent.pids()
		ordinary = canary()
		desk.type(ordinary, every=0.02)
		judged()
		# It waits until it is known that this is a password field; on a busy machine it may be judged, or not be there yet.
		for wait in (0.1, 0.03, 0.3):
			secret = canary()
			desk.click(*scene.editor.at(0), settle=1)
			desk.click(*scene.editor.at(1), settle=0)
			desk.type(secret, every=0.004)
			time.sleep(wait)
			with stopped(pids["capture"]):
				# It is there: in memory that root can read, and that is in no core file.
				whole = core_of(desk, pids["capture"], excluded=True)
				held = set(look(pieces(whole), secret))
				ordinarily = core_of(desk, pids["capture"])
				found = set(look(pieces(ordinarily), secret)) | set(look(pieces(ordinarily), ordinary))
			if held or found:
				break
		note(f"capture: core file of {len(ordinarily) >> 10} KiB, of {len(whole) >> 10} KiB with what it leaves out; the secret that waits is in the latter: {show(held) or 'no'}")
		check(not found, lambda: "in a core file of capture: " + show(found))
		check(not strings(ordinarily, [ordinary, secret]), "strings shows it")
		for name in ("writer", "supervisor"):
			content = core_of(desk, pids[name])
			found = set(look(pieces(content), secret)) | set(look(pieces(content), ordinary))
			note(f"{name}: core file of {len(content) >> 10} KiB")
			check(not found, lambda: f"in a core file of the {name}: " + show(found))
		judged()
		with stopped(pids["capture"]):
			whole = core_of(desk, pids["capture"], excluded=True)
		found = set(look(pieces(whole), secret)) | set(look(pieces(whole), ordinary))
		check(not found, lambda: "after the verdict, in all of capture's memory: " + show(found))
		check(held, "the secret was not found while it waited: the search does not work")
		scene.agent.stop()


def what_would_be_in_a_kernels_core_file():
	"""Of capture's private writable memory all that was locked is marked to be left out (smaps: dd), and so is the airlock."""
	can_force()
	with Desk() as desk:
		scene = Scene(desk)
		smaps = pathlib.Path(f"/proc/{scene.capture}/smaps").read_text()
		left = []
		for part in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", smaps):
			head, flags = part.split("\n", 1)[0], re.search(r"VmFlags:(.*)", part)
			rights, used = head.split()[1], int(re.search(r"Private_Dirty:\s+(\d+)", part)[1])
			if rights[1] == "w" and rights[3] == "p" and used and " dd" not in flags[1]:
				left.append(f"{head.split()[-1]} ({used} KiB)")
		check(not left, f"not left out: {left}")
		scene.agent.stop()


def opened(pid):
	"""(number, what it is, is it open for writing) of each descriptor."""
	for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
		flags = int(re.search(r"flags:\s+(\d+)", pathlib.Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text())[1], 8)
		yield int(entry.name), os.readlink(entry), flags & 3 != 0


def what_each_has_open():
	"""Of a recording agent: capture no file that it could write but its log, the writer no connection but its pipe, nobody a network socket."""
	can_force()
	with Desk() as desk:
		scene = Scene(desk)
		local = {line.split()[6] for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]}
		kinds = {}
		for name, pid in scene.agent.pids().items():
			for number, what, writing in opened(pid):
				if socket := re.match(r"socket:\[(\d+)\]", what):
					check(socket[1] in local, f"{name}: descriptor {number} is a socket that is not local")
					what = "socket"
				kinds.setdefault(name, []).append(what)
				if name != "writer" and writing and what.startswith("/"):
					check(number <= 2 or what in ("/dev/null", "/dev/zero (deleted)"), f"{name} has {what} open for writing")
		note("; ".join(f"{name}: {sorted(what)}" for name, what in kinds.items()))
		check(kinds["writer"].count("socket") == 1, f"the writer has other sockets than its pipe: {kinds['writer']}")
		check(not any(what.startswith("/dev/input") for all_of in kinds.values() for what in all_of), "a device is open")
		scene.agent.stop()


if __name__ == "__main__":
	sys.exit(run(what_each_has_open, a_forced_core_file_holds_nothing_typed, what_would_be_in_a_kernels_core_file, all_skipped=77))
