# SPDX-License-Identifier: Apache-2.0
"""The short form of run.py: everything that can happen to an agent once, in a minute of real input at fifty times its speed; each event is accounted for."""

import os
import pathlib
import re
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE))
import disturb as d  # noqa: E402
from agent import Agent, study  # noqa: E402
from cases import check, full, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from run import Run, own_mounts, remove  # noqa: E402

# What ends the processes stands between what they have to live through.
ORDER = (d.secret, d.kill_capture, d.other_window, d.pause, d.set_forward, d.kill_writer, d.private, d.suspend, d.stop_capture, d.terminate, d.secret, d.set_back,
	d.behind_and_resumed, d.kill_supervisor, d.forget_last, d.other_window, d.set_back_behind, d.restart_server, d.other_limits, d.stop_writer, d.kill_all,
	d.restart_bus, d.pause_that_ends, d.full_disk, d.secret)


class Once(Run):
	"""Each of them, in this order."""

	least = 0.1

	def days(self, w, end, calm):
		for one in ORDER:
			time.sleep(self.chance.uniform(0.2, 0.8))
			self.disturb(w, {one: 1})


def all_at_fifty_times_the_speed():
	out = pathlib.Path(tempfile.mkdtemp(prefix="assent-endurance-"))
	bad = Once(out, 20260501).run(1, 1)
	for line in bad and (out / "found.log").read_text().splitlines()[:40]:
		note(line)
	check(not bad, lambda: "; ".join(bad) + f" (see {out})")
	remove(out)


@full
def twelve_minutes_at_random():
	out = pathlib.Path(tempfile.mkdtemp(prefix="assent-endurance-"))
	seed = int(time.time())
	note(f"seed {seed}")
	bad = Run(out, seed).run(720, 300)
	check(not bad, lambda: "; ".join(bad) + f" (seed {seed}, see {out})")
	remove(out)


def a_good_run_ends_the_waiting():
	"""Who fails again and again waits longer and longer; who recorded well in between begins at the beginning."""
	with Desk() as desk:
		agent = Agent(desk)
		code, shown = agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		agent.start()

		def waited():
			return [int(n) for n in re.findall(r"trying again in (\d+) s", desk.log(agent.log))]

		def kill():
			before = len(waited())
			os.kill(agent.pids()["capture"], signal.SIGKILL)
			wait_for(lambda: len(waited()) > before, 10, name="a word about the wait")
			wait_for(agent.recording, 30, name="recording again")
		kill()
		kill()
		time.sleep(10.5)
		kill()
		first, second, third = waited()
		note(f"waited {first}, {second} and, after ten good seconds, {third} s")
		check(first < second and third == first, f"waits {waited()}")
		agent.stop()


if __name__ == "__main__":
	own_mounts()
	sys.exit(run(all_at_fifty_times_the_speed, a_good_run_ends_the_waiting, twelve_minutes_at_random))
