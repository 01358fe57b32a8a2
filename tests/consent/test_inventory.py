# SPDX-License-Identifier: Apache-2.0
"""What IT's inventory tells of a workstation is the same whatever its participant decided."""

import json
import os
import pathlib
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import on_pty  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import wait_for  # noqa: E402
from participant import Participant  # noqa: E402

KEYS = {"inventory": {}, "version": {}, "agent": {"running", "answers", "version", "program", "restart"},
	"policy": {"path", "present", "problem", "capture_forbidden", "release_forbidden", "accessibility_forbidden", "studies", "required", "patterns"}}


def decide(p, who):
	if who == "refused":
		code, shown = on_pty([p.assent, "join", "--data", p.data, p.manifest], p.env, ["no"])
		check(code == 4, f"refuse: exit {code}: {shown[-300:]}")
	elif who != "never asked":
		p.join()
		p.record("abcdefgh")
	if who.startswith("withdrew"):
		said = p.command("withdraw", "--erase" if "erased" in who else "--keep")
		check(said.returncode == 0, said)
	if who == "paused":
		check(p.command("pause").returncode == 0, "pause")


WHO = ("never asked", "refused", "withdrew", "withdrew and erased", "joined", "paused")


def ask(p):
	said = p.command("status", "--inventory")
	return said.returncode, said.stdout, said.stderr


def it_is_the_same_for_everybody():
	told = {}
	for who in WHO:
		with Participant(id="inventory-test") as p:
			decide(p, who)
			without = ask(p)
			p.data.mkdir(mode=0o700, exist_ok=True)
			agent = subprocess.Popen([str(p.assentd), "--data", str(p.data)], env=p.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
				stderr=subprocess.DEVNULL)
			try:
				control = p.data / "control"
				wait_for(lambda: control.exists() and stat.S_ISSOCK(os.stat(control).st_mode), 10, name="the control socket")
				wait_for(lambda: json.loads(ask(p)[1])["agent"]["answers"], 10, name="its answer")
				told[who] = (without, ask(p))
			finally:
				agent.terminate()
				agent.wait(20)
	first = told["never asked"]
	for who in WHO:
		check(told[who] == first, f"{who}: {told[who]}, never asked: {first}")
	without, running = (json.loads(said[1]) for said in first)
	check(all(said[0] == 0 and said[2] == "" for said in first), first)
	check({name: set(value) if isinstance(value, dict) else {} for name, value in running.items()} == KEYS, f"more, or less, than is known to be alike: {running}")
	check(without["agent"] == {"running": False, "answers": False, "version": None, "program": None, "restart": False}, without)
	check(running["agent"] == {"running": True, "answers": True, "version": running["version"], "program": "current", "restart": False}, running)
	note(first[1][1].strip())


def it_opens_nothing_that_tells():
	"""By what the system is asked for: no file of the data folder but the socket."""
	with Participant(id="inventory-test") as p:
		decide(p, "joined")
		trace = p.home / "trace"
		said = subprocess.run(["strace", "-f", "-e", "trace=%file,connect", "-o", str(trace), str(p.assent), "status", "--inventory", "--data", str(p.data)],
			env=p.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
		check(said.returncode == 0, said)
		touched = [line for line in trace.read_text().splitlines() if str(p.data) in line and "execve(" not in line]
		check(all(f'{p.data}/control"' in line for line in touched), touched)
		check(touched, "not even the socket was looked for")


def options_that_do_not_go_together():
	with Participant(id="inventory-test") as p:
		both = p.command("status", "--inventory", "--json")
		check(both.returncode == 0 and json.loads(both.stdout)["inventory"] == 1, both)


if __name__ == "__main__":
	sys.exit(run(it_is_the_same_for_everybody, it_opens_nothing_that_tells, options_that_do_not_go_together))
