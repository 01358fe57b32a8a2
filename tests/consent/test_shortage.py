# SPDX-License-Identifier: Apache-2.0
"""No descriptors, no disk: assent status says what is wanting and what to do, the agent does not spin, and goes on when there are some again."""

import os
import resource
import socket
import subprocess
import sys
import pathlib
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from cases import Skip, check, note, run  # noqa: E402
from desk import wait_for  # noqa: E402
from participant import Participant  # noqa: E402
from process import cpu_seconds  # noqa: E402


class Running:
	def __init__(self, p):
		self.p = p

	def __enter__(self):
		self.agent = subprocess.Popen([str(self.p.assentd), "--data", str(self.p.data)], env=self.p.env, stdin=subprocess.DEVNULL,
			stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		wait_for(lambda: (self.p.status().get("agent") or {}).get("pids"), 10, name="the agent's answer")
		# Its keeper, too, is through.
		wait_for(lambda: not subprocess.run(["pgrep", "-P", str(self.agent.pid)], stdout=subprocess.PIPE).stdout, 10, name="one process alone")
		return self

	def __exit__(self, *_):
		self.agent.terminate()
		self.agent.wait(20)

	def descriptors(self, more):
		"""May have so many more than now; None: as many as before."""
		used = None
		# The connection of who has just asked is closed a moment later.
		while used != (used := {int(name) for name in os.listdir(f"/proc/{self.agent.pid}/fd")}):
			time.sleep(0.1)
		soft = 1024
		if more is not None:
			free = [fd for fd in range(1024) if fd not in used]
			soft = max(free[more - 1] + 1 if more else free[0], max(used) + 1 if free[more] > max(used) else 0)
		resource.prlimit(self.agent.pid, resource.RLIMIT_NOFILE, (soft, resource.prlimit(self.agent.pid, resource.RLIMIT_NOFILE)[1]))


def who_asks_waits_and_the_agent_rests():
	with Participant(id="shortage-test") as p:
		p.data.mkdir(mode=0o700)
		with Running(p) as r:
			r.descriptors(0)
			with socket.socket(socket.AF_UNIX) as s:
				s.connect(str(p.data / "control"))
				s.sendall(b"version\n")
				s.settimeout(1.5)
				before = cpu_seconds(r.agent.pid)
				try:
					check(not s.recv(1000), "an answer without a descriptor")
				except TimeoutError:
					pass
				used = cpu_seconds(r.agent.pid) - before
				note(f"without a descriptor: {used:.2f} s of the processor in 1.5 s")
				check(used < 0.5, f"it spins: {used:.2f} s")
				r.descriptors(None)
				s.settimeout(10)
				check(b'"version"' in s.recv(1000), "no answer afterwards")


def what_is_wanting_is_said():
	with Participant(id="shortage-test") as p:
		p.join()
		check(p.command("pause").returncode == 0, "pause")
		with Running(p) as r:
			seen, others = set(), set()
			# A busy machine may need longer until the agent has noticed.
			for patience in (0.3, 1, 3, 10):
				for more in (0, 1, 2, 3):
					r.descriptors(more)
					subprocess.run([str(p.assent), "resume", "--data", str(p.data)], env=p.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
					time.sleep(patience)
					r.descriptors(None)
					why = p.status()["agent"]["why"]
					if "Too many open files" in why:
						check("raise the limit of open files" in why, why)
						seen.add(why.split(": Too")[0].replace(str(p.home), "HOME"))
					else:
						others.add(why)
					# And goes on by itself: there is no display here.
					wait_for(lambda: "there is no X server" in p.status()["agent"]["why"], 40, every=0.2, name="another try")
					p.command("pause")
				if seen:
					break
			note("; ".join(sorted(seen)))
			check(seen, f"never said, but: {sorted(others)}")


def a_spool_that_cannot_be_written():
	if os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
		raise Skip("needs mount namespaces")
	with Participant(id="shortage-test") as p:
		p.join()
		spool = p.data / "spool" / "shortage-test"
		spool.mkdir(parents=True, mode=0o700)
		spool.parent.chmod(0o700)
		# A file system of one page: no lock, no segment.
		script = f"mount -t tmpfs -o size=4k,nr_inodes=2,mode=700 none {spool} && exec {p.assentd} --data {p.data} --source replay:{p.home}/story.t"
		(p.home / "story.t").write_text("window 1 exe=/usr/bin/gedit pid=10\nfocus 1\n+2s screen 800 600\n")
		said = subprocess.run(["unshare", "-m", "sh", "-c", script], env=p.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
		check(said.returncode != 0 and "No space left on device" in said.stderr and "free some space" in said.stderr, said)


if __name__ == "__main__":
	sys.exit(run(who_asks_waits_and_the_agent_rests, what_is_wanting_is_said, a_spool_that_cannot_be_written))
