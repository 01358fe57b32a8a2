# SPDX-License-Identifier: Apache-2.0
"""The README's first command: as a person with a display would run it, saying no, and as a machine without one."""

import os
import pathlib
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD, ROOT, on_pty  # noqa: E402
from desk import Desk  # noqa: E402

SCRIPT = ["sh", str(ROOT / "packaging/quickstart.sh")]


def environment(desk):
	# Its own tree: the one under test must not be configured anew under the other tests.
	return dict(desk.env, ASSENT_QUICKSTART_BUILD=str(BUILD.parent / "quickstart-test"))


def own_input(desk):
	"""Accepts and refuses, types, presses Ctrl-C; everything that was shown."""
	editor = desk.gtk("Editor", ["text", "password"])
	pid, fd = pty.fork()
	if pid == 0:
		try:
			os.execvpe(SCRIPT[0], SCRIPT, environment(desk))
		finally:
			os._exit(127)
	shown, answers, typed, end = "", ["accept", "refuse"], False, time.monotonic() + 700
	while time.monotonic() < end:
		if select.select([fd], [], [], 0.2)[0]:
			try:
				more = os.read(fd, 65536)
			except OSError:
				break
			if not more:
				break
			shown += more.decode("utf-8", "replace")
		if answers and shown.count("[accept/refuse/later] ") > 2 - len(answers):
			time.sleep(0.1)
			os.write(fd, (answers.pop(0) + "\r").encode())
		if not typed and "Recording your keyboard" in shown:
			typed = True
			time.sleep(1.5)
			desk.click(*editor.at(0))
			desk.type("hello", every=0.05)
			time.sleep(1.0)
			desk.click(*editor.at(1))
			desk.type("hidden", every=0.05)
			time.sleep(1.0)
			os.write(fd, b"\x03")
	_, status = os.waitpid(pid, 0)
	os.close(fd)
	return os.waitstatus_to_exitcode(status), shown.replace("\r\n", "\n")


def check(name, true, why=""):
	print(f"ok {name}" if true else f"not ok {name}: {why}", flush=True)
	return bool(true)


def main():
	good = True
	with Desk() as desk:
		code, shown = on_pty(SCRIPT, environment(desk), ["no", "no"], seconds=240)
		good &= check("no-means-nothing", code == 4 and "Nothing was recorded" in shown, f"exit {code}: {shown[-300:]!r}")
		good &= check("no-leaves-nothing", not list((desk.home / "tmp").glob("assent-quickstart*")), "a folder is left")
		code, shown = own_input(desk)
		good &= check("own-input", code == 0 and "key_down" in shown and "masked: password" in shown,
			f"exit {code}: {shown[-600:]!r}")
		left = [pid for pid in desk.marked() if "assentd" in pathlib.Path(f"/proc/{pid}/comm").read_text()]
		good &= check("own-input-leaves-nothing-running", not left, f"{left}")
	with Desk(bus=False) as desk:
		env = environment(desk)
		del env["DISPLAY"]
		done = subprocess.run(SCRIPT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
			timeout=300)
		good &= check("demonstration", done.returncode == 0 and "All of it is true." in done.stdout, done.stdout[-600:])
	return 0 if good else 1


if __name__ == "__main__":
	sys.exit(main())
