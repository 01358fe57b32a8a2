#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The agent as an ordinary user with the usual 8 MiB to lock: root, as whom tests often run, may lock whatever it likes."""

import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "package")]
from agent import BUILD  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from installed import Person, first  # noqa: E402

LIMIT, NOBODY = 8 << 20, 65534


class Ordinary(Person):
	"""A home of nobody's, who may lock as much as Debian permits."""

	def __init__(self, home):
		wrap = []
		if os.geteuid() == 0:
			if not shutil.which("setpriv"):
				raise Skip("no setpriv")
			os.chown(home, NOBODY, NOBODY)
			wrap = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
		super().__init__(home, None, ["prlimit", f"--memlock={min(LIMIT, *(n for n in resource.getrlimit(resource.RLIMIT_MEMLOCK) if n >= 0))}", *wrap])
		self.env["PATH"] = f"{BUILD / 'agent'}:{self.env['PATH']}"
		check(subprocess.run([*wrap, "test", "-x", BUILD / "agent/assentd"]).returncode == 0, "the programs are in a folder of root's own")


def home():
	return tempfile.TemporaryDirectory(prefix="assent-ordinary-")


def by_replay():
	with home() as folder:
		first(Ordinary(folder))


def started(argv, option, **options):
	"""A process, and the line that it writes to the descriptor that follows the option."""
	read, write = os.pipe()
	process = subprocess.Popen([*argv, option.format(write)] if "{" in option else [*argv, option, str(write)], pass_fds=[write], stdin=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL, start_new_session=True, **options)
	os.close(write)
	with open(read) as pipe:
		return process, pipe.readline().strip()


def of_an_x_server():
	for program in ("Xvfb", "dbus-daemon", "/usr/libexec/at-spi-bus-launcher"):
		if not shutil.which(program):
			raise Skip(f"no {program}")
	running = []
	with home() as folder:
		they = Ordinary(folder)
		try:
			server, display = started(["Xvfb", "-ac", "-nolisten", "tcp"], "-displayfd")
			running.append(server)
			they.env["DISPLAY"] = f":{display}"
			bus, address = started([*they.wrap, "dbus-daemon", "--session", "--nofork", "--nopidfile"], "--print-address={}", env=they.env)
			running.append(bus)
			they.env["DBUS_SESSION_BUS_ADDRESS"] = address
			they.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent" # whether this machine has a logind is not the question
			# The bus for accessibility ends with the other one.
			running.append(subprocess.Popen([*they.wrap, "/usr/libexec/at-spi-bus-launcher"], env=they.env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
			they.join()
			with open(they.outside / "log", "w+") as log:
				agent = subprocess.Popen([*they.wrap, "assentd"], env=they.env, stdin=subprocess.DEVNULL, stderr=log)
				running.append(agent)
				end = time.monotonic() + 15
				while not (status := json.loads(they.run("assent", "status", "--json", status=None))).get("recording"):
					check(time.monotonic() < end, lambda: "it does not record: " + they.run("assent", "status", status=None)[:80] + (they.outside / "log").read_text())
					time.sleep(0.1)
				time.sleep(0.5)
				text = pathlib.Path(f"/proc/{status['agent']['pids']['capture']}/status").read_text()
				locked = int(re.search(r"^VmLck:\s+(\d+) kB$", text, re.M)[1])
				note(f"{locked} KiB of {LIMIT >> 10} are locked")
				check(locked << 10 <= LIMIT - (256 << 10), f"{locked} KiB are locked: what comes later has no room")
				agent.terminate()
				check(agent.wait(10) == 0, lambda: f"the agent's exit status is {agent.returncode}")
				log.seek(0)
				said = log.read()
		finally:
			for process in reversed(running):
				process.terminate()
			for process in running:
				process.wait(10)
		check("locking memory" not in said, said[-600:])


if __name__ == "__main__":
	sys.exit(run(by_replay, of_an_x_server, all_skipped=77))
