#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What another process of the same user gets out of a recording agent: nothing of its memory, no core file; and what it can all the same.

Run as root it runs itself as nobody: for root nothing is closed (test_core.py).
"""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]
from agent import BUILD, SECRET, judged  # noqa: E402
from attacker import all_attempts  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import PYTHON, Desk, wait_for  # noqa: E402
from process import gone_within  # noqa: E402
from scene import Scene, word  # noqa: E402

NOBODY = "65534"
# Of an ordinary process all of this can be had, or could by an ordinary kernel's rules; what this one refuses anyway proves nothing.
MANY = 15


def yama():
	try:
		return pathlib.Path("/proc/sys/kernel/yama/ptrace_scope").read_text().strip()
	except OSError:
		return "none (as 0: whoever has the same user may trace)"


def an_ordinary_process():
	"""A process of ours that closes nothing, and an address in it."""
	child = subprocess.Popen([PYTHON, "-c", "import ctypes, time; b = ctypes.create_string_buffer(64); print(ctypes.addressof(b), flush=True); time.sleep(600)"],
		stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
	return child, int(child.stdout.readline())


def each_process_is_closed():
	child, address = an_ordinary_process()
	try:
		ordinary = all_attempts(child.pid, address)
	finally:
		child.kill()
		child.wait()
		child.stdout.close()
	open_here = {what for what, error in ordinary.items() if error is None}
	note(f"yama: {yama()}; of an ordinary process this kernel gives {len(open_here)} of {len(ordinary)}; not: " + ", ".join(sorted(set(ordinary) - open_here)))
	check(len(open_here) >= MANY, f"this machine gives nothing of any process: {ordinary}")
	with Desk() as desk:
		scene = Scene(desk)
		for name, pid in scene.pids.items():
			check(os.stat(f"/proc/{pid}/maps").st_uid == 0, f"{name} is dumpable: /proc/PID/maps is not root's")
			# Refused, and not just without success at this address.
			given = {what: error for what, error in all_attempts(pid, address).items() if error is None or (what in open_here and error not in ("EPERM", "EACCES"))}
			check(not given, f"of {name} can be had: {given}")
			text = pathlib.Path(f"/proc/{pid}/status").read_text()
			fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
			check(fields["Seccomp"].strip() == "2" and fields["NoNewPrivs"].strip() == "1", f"{name}: {fields['Seccomp']} {fields['NoNewPrivs']}")
			check(int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0, f"{name} has capabilities")
			check(resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0), f"{name} may write a core file")
		if shutil.which("gcore"):
			core = desk.home / "gcore"
			said = desk.run(["gcore", "-o", core, scene.pids["capture"]])
			check(said.returncode != 0 and not list(desk.home.glob("gcore*")), f"gcore made a core file: {said.stdout}")
		scene.agent.stop()
		scene.whole()


def nothing_typed_can_be_read_from_proc():
	"""What stays open in /proc (the counters of ps and top) holds nothing that was typed."""
	with Desk() as desk:
		scene, secret = Scene(desk), word(SECRET)
		desk.click(*scene.editor.at(1), settle=0)
		desk.type(secret, every=0.01)
		seen = 0
		for pid in scene.pids.values():
			for path in pathlib.Path(f"/proc/{pid}").iterdir():
				try:
					content = path.read_bytes() if path.is_file() else b""
				except OSError:
					continue
				seen += bool(content)
				check(not any(text.encode() in content for text in (secret, scene.typed)), f"{path} holds what was typed")
		note(f"{seen} files of /proc can be read")
		check(seen > 10, "nothing of /proc could be read: this proves nothing")
		judged()
		scene.agent.stop()
		scene.whole(secret)


def core_files(*folders):
	return [path for folder in folders for path in folder.rglob("*core*") if path.is_file()]


def a_crash_leaves_no_core_file():
	limit = resource.getrlimit(resource.RLIMIT_CORE)
	resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
	pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
	with Desk() as desk:
		subprocess.run(["sh", "-c", "kill -SEGV $$"], cwd=desk.home, stderr=subprocess.DEVNULL)
		ordinary = core_files(desk.home)
		note(f"core_pattern {pattern!r}, limit {limit[1]}: an ordinary process that crashes leaves {[path.name for path in ordinary]}")
		for path in ordinary:
			path.unlink()
		scene, secret = Scene(desk), word(SECRET)
		desk.click(*scene.editor.at(1), settle=0)
		desk.type(secret, every=0.01)
		for name, sign in (("capture", signal.SIGSEGV), ("writer", signal.SIGABRT), ("supervisor", signal.SIGQUIT)):
			if name != "capture":
				wait_for(lambda: scene.agent.pids().get(name), 30, every=0.2, name=f"a {name}")
				wait_for(scene.agent.recording, 30, every=0.2, name="recording again")
			pid = scene.agent.pids()[name]
			os.kill(pid, sign)
			check(gone_within(pid, 5.0) is not None, f"{name} lives on after {sign.name}")
			time.sleep(0.3)
			check(not core_files(desk.home, scene.agent.data), f"{name} left {core_files(desk.home, scene.agent.data)}")
		if not ordinary:
			raise Skip(f"no core file, but here nobody leaves one (core_pattern {pattern!r}, limit {limit[1]})")
		judged()
		held = [path for path in desk.home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
		check(not held, f"the secret is in {held}")


def what_the_same_user_can():
	"""Said in docs/SECURITY-EVIDENCE.md: if one of these fails one day, all the better, and the page is to be mended."""
	with Desk() as desk:
		scene = Scene(desk)
		# It can read what was kept, as the participant can: no passphrase was set.
		check(scene.downs() >= 15, "the same user cannot read what was recorded")
		# It can end the agent, and that is seen: capture comes again, and the loss is a gap.
		os.kill(scene.pids["capture"], signal.SIGKILL)
		check(gone_within(scene.pids["capture"], 5.0) is not None, "capture cannot be killed")
		wait_for(scene.agent.recording, 30, every=0.2, name="recording again")
		scene.type()
		scene.agent.flushed()
		scene.agent.stop()
		check(scene.gaps("crash"), "no gap tells of it")
		scene.whole()


if __name__ == "__main__":
	if os.geteuid() == 0:
		if not shutil.which("setpriv"):
			print("skip attack: no setpriv")
			sys.exit(77)
		os.execvp("setpriv", ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "-u", "TMPDIR", sys.executable, "-B", *sys.argv])
	if not os.access(BUILD / "agent/assentd", os.X_OK):
		print("skip attack: the programs are in a folder that nobody may enter")
		sys.exit(77)
	sys.exit(run(each_process_is_closed, nothing_typed_can_be_read_from_proc, a_crash_leaves_no_core_file, what_the_same_user_can, all_skipped=77))
