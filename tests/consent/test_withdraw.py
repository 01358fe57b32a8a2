# SPDX-License-Identifier: Apache-2.0
"""Withdrawing through the real programs: how fast recording ends, whatever the agent and the disk do."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from participant import Participant, word  # noqa: E402
from process import alive, state  # noqa: E402


class Running:
	"""An agent that records, on a desk."""

	def __init__(self, desk, p):
		self.desk, self.p = desk, p
		p.env = {**desk.env, "HOME": str(p.home)}
		self.process = None

	def start(self):
		self.process = self.desk.start([self.p.assentd, "--data", self.p.data], log="assentd.log")
		wait_for(lambda: self.p.status()["recording"], 20, name="recording")
		self.pids = self.p.status()["agent"]["pids"]

	def move(self, times=40):
		for i in range(times):
			self.desk.hands.move(200 + 7 * i % 300, 200 + 5 * i % 200)
			time.sleep(0.005)


def it_ends_within_a_second_whatever_the_agent_does():
	with Desk() as desk, Participant() as p:
		agent = Running(desk, p)
		for case in ("answering", "supervisor stopped", "capture stopped", "all stopped", "supervisor dead"):
			p.join()
			agent.start()
			agent.move()
			pids = agent.pids
			stop = {"supervisor stopped": ["supervisor"], "capture stopped": ["capture"], "all stopped": ["supervisor", "capture", "writer"]}.get(case, [])
			for name in stop:
				os.kill(pids[name], signal.SIGSTOP)
			if case == "supervisor dead":
				os.kill(pids["supervisor"], signal.SIGKILL)
			time.sleep(0.1)
			began, ended = time.monotonic(), None
			command = subprocess.Popen([str(p.assent), "withdraw", "--data", str(p.data)], env=p.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
				stderr=subprocess.STDOUT, text=True)
			while command.poll() is None:
				if ended is None and (not alive(pids["capture"]) or state(pids["capture"]) == "T"):
					ended = time.monotonic() - began
				time.sleep(0.002)
			took = time.monotonic() - began
			if not alive(pids["capture"]) and ended is None:
				ended = took
			said = command.stdout.read()
			# A second is promised; a machine that is busy with other things is no failure.
			check(ended is not None and ended < 5, lambda: f"{case}: capture ran on for {ended} s: {said}")
			check(command.returncode == 0, lambda: f"{case}: exit {command.returncode}: {said}")
			# Whoever goes on now finds that it has ended.
			for name in stop:
				try:
					os.kill(pids[name], signal.SIGCONT)
				except OSError:
					pass
			agent.move()
			wait_for(lambda: not alive(pids["capture"]) and not alive(pids["writer"]), 5, name=f"{case}: capture and writer to end")
			note(f"{case}: nothing recorded after {1000 * ended:.0f} ms, the command took {1000 * took:.0f} ms")
			check(took < 9, f"{case}: the command took {took} s")
			check(not p.status()["recording"], case)
			agent.process.stop(5)
		check(p.command("verify").returncode == 0, lambda: p.command("verify").stdout)


def somebody_else_on_the_socket_is_let_alone():
	"""What does not answer, and is no agent, is not ended; it is said that nothing is confirmed."""
	with Participant() as p:
		p.join()
		other = subprocess.Popen(["/usr/bin/python3", "-c", "import socket, subprocess, sys, time\n"
			"s = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen(8)\nchild = subprocess.Popen(['sleep', '60'])\n"
			"print(child.pid, flush=True)\ntime.sleep(60)", p.data / "control"], stdout=subprocess.PIPE, text=True)
		child = int(other.stdout.readline())
		try:
			began = time.monotonic()
			said = p.command("withdraw")
			took = time.monotonic() - began
			check(said.returncode == 1 and "did not confirm" in said.stderr and "Withdrawn" in said.stdout, lambda: f"{said}")
			check(took < 9 and alive(other.pid) and alive(child), f"{took} s, {alive(other.pid)}, {alive(child)}")
			check(json.loads(p.command("status", "--json").stdout)["state"] == "withdrawn", "it is not withdrawn")
		finally:
			os.kill(child, signal.SIGKILL)
			other.kill()
			other.wait()


def a_full_disk_keeps_nobody_from_withdrawing():
	if os.geteuid() != 0:
		raise Skip("cannot mount a small disk")
	for argv, reserve in (((), True), (("--erase",), True), (("--erase",), False), ((), False)):
		with Participant() as p:
			if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", p.disk], capture_output=True).returncode:
				raise Skip("cannot mount a small disk")
			try:
				p.join()
				p.record(word())
				if not reserve:
					(p.data / "reserve").unlink()
				# Also the rest of the ledger's last page.
				ledger = p.data / "ledger.jsonl"
				while -ledger.stat().st_size % 4096 > 600:
					check(p.command("pause").returncode == 0 and p.command("resume").returncode == 0, "pause")
				fd = os.open(p.disk / "fill", os.O_WRONLY | os.O_CREAT)
				try:
					while True:
						os.write(fd, bytes(512))
				except OSError:
					os.close(fd)
				said = p.command("withdraw", *argv)
				done = '"withdrawn"' in ledger.read_text()
				check(done == (reserve or bool(argv)), lambda: f"{argv} {reserve}: {said}")
				# Without it there may be no room for the certificate, which is then only printed.
				check(said.returncode == (0 if reserve else 1) or argv and done, lambda: f"{argv} {reserve}: {said}")
				check(("NOT written down" in said.stderr) != done, lambda: f"{argv} {reserve}: {said}")
			finally:
				subprocess.run(["umount", p.disk], check=True)


def a_writer_that_was_stopped_writes_nothing_any_more():
	with Desk() as desk, Participant() as p:
		agent = Running(desk, p)
		p.join()
		agent.start()
		agent.move()
		time.sleep(5.5)
		writer = agent.pids["writer"]
		check(any(path.suffix == ".part" and path.stat().st_size > 600 for path in p.files("spool")), lambda: f"{p.files('spool')}")
		os.kill(writer, signal.SIGSTOP)
		agent.move()
		said = p.command("withdraw", "--erase")
		check(said.returncode == 0 and state(writer) == "T", lambda: f"{state(writer)}: {said.stdout}{said.stderr}")
		check(not (p.data / "spool" / p.id).exists(), "the folder is there")
		before = {path: path.stat().st_size for path in p.files(hidden=True)}
		os.kill(writer, signal.SIGCONT)
		wait_for(lambda: not alive(writer), 10, name="the end of the writer")
		time.sleep(0.5)
		after = {path: path.stat().st_size for path in p.files(hidden=True)}
		check(before == after, lambda: f"written: {set(after.items()) - set(before.items())}")
		agent.process.stop(5)


def erasing_in_the_middle_of_recording():
	with Desk() as desk, Participant() as p:
		agent = Running(desk, p)
		p.join()
		agent.start()
		agent.move(100)
		time.sleep(5.5)
		agent.move(20)
		began = time.monotonic()
		said = p.command("withdraw", "--erase")
		took = time.monotonic() - began
		check(said.returncode == 0, lambda: f"{said.stdout}{said.stderr}")
		note(f"withdraw --erase while it records: {1000 * took:.0f} ms")
		check(not p.files("spool"), lambda: f"{p.files('spool')}")
		agent.move(20)
		time.sleep(1)
		check(not p.files("spool") and not p.status()["recording"], lambda: f"{p.files('spool')}")
		agent.process.stop(5)


if __name__ == "__main__":
	sys.exit(run(it_ends_within_a_second_whatever_the_agent_does, somebody_else_on_the_socket_is_let_alone, a_full_disk_keeps_nobody_from_withdrawing,
		a_writer_that_was_stopped_writes_nothing_any_more, erasing_in_the_middle_of_recording))
