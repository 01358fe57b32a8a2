#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The control socket under a same-user attacker: other users, nonsense, a flood, requests that never end; the agent goes on recording and masking."""

import os
import pathlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import SECRET  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import alive, cpu_seconds, peak_kib  # noqa: E402
from scene import Scene, word  # noqa: E402

REQUESTS = [b"status", b"sync", b"hurry", b"rotating", b"private on", b"private off", b"rotate"]
HARMLESS = [b"status", b"sync", b"rotating"]


def path_of(scene):
	"""The agent's socket: of data that are not in the usual place, beside them."""
	found = [path for path in (scene.agent.data / "control", pathlib.Path(scene.desk.env["XDG_RUNTIME_DIR"]) / "assent/control") if path.is_socket()]
	check(len(found) == 1, f"control sockets: {found}")
	return found[0]


def connected(path, seconds=5.0):
	s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	s.settimeout(seconds)
	s.connect(str(path))
	return s


def told(path, request, seconds=5.0):
	"""All that is answered; None: nobody listens, or not in time."""
	try:
		with connected(path, seconds) as s:
			s.sendall(request)
			answer = b""
			while more := s.recv(65536):
				answer += more
			return answer
	except OSError:
		return None


def descriptors(pid):
	return len(os.listdir(f"/proc/{pid}/fd"))


def another_user_gets_nothing():
	if os.geteuid() != 0:
		raise Skip("only root can become another user")
	ask = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1]); s.sendall(b'status\\n'); print(repr(s.recv(9999)))"
	with Desk() as desk:
		scene = Scene(desk)
		path = path_of(scene)
		as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", ask, path]
		check(path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700, "the socket is open to others")
		said = desk.run(as_nobody)
		check("PermissionError" in said.stderr, f"as nobody: {said.stdout}{said.stderr[-200:]}")
		# Even where somebody has opened everything: who it is decides (SO_PEERCRED).
		for place in (path, *list(path.parents)[:-2]):
			place.chmod(place.stat().st_mode | 0o777 if place.is_socket() else place.stat().st_mode | 0o055)
		said = desk.run(as_nobody)
		check("Error" in said.stderr or said.stdout.strip() == "b''", f"nobody is answered: {said.stdout}")
		check("ConnectionResetError" in said.stderr or "BrokenPipe" in said.stderr or said.stdout.strip() == "b''", f"not refused by the agent: {said.stderr[-200:]}")
		path.parent.chmod(0o700)
		scene.agent.stop()


def nonsense(random):
	kind = random.randrange(8)
	if kind == 0:
		return os.urandom(random.randrange(1, 2000))
	if kind == 1:
		return os.urandom(random.randrange(1, 255)).replace(b"\n", b"x") + b"\n"
	if kind == 2:
		text = bytearray(random.choice(REQUESTS))
		text[random.randrange(len(text))] ^= 1 << random.randrange(8)
		return bytes(text) + b"\n"
	if kind == 3:
		return random.choice(REQUESTS) + random.choice([b" ", b"\0", b"\r", b";status", b"\t", b"%s%n%n", b"{}"]) + b"\n"
	if kind == 4:
		return b"A" * random.choice([255, 256, 257, 4096, 100000]) + random.choice([b"", b"\n"])
	if kind == 5:
		return random.choice(REQUESTS)[:random.randrange(6)]
	if kind == 6:
		return b"\n" * random.randrange(1, 500)
	return random.choice(HARMLESS) + b"\n" + os.urandom(50)


def nonsense_is_answered_or_dropped():
	seed = random.randrange(1 << 32)
	note(f"seed {seed}")
	chosen = random.Random(seed)
	with Desk() as desk:
		scene = Scene(desk)
		path, supervisor = path_of(scene), scene.pids["supervisor"]
		before, began, answered, errors = descriptors(supervisor), time.monotonic(), 0, 0
		for _ in range(3000):
			try:
				with connected(path) as s:
					s.sendall(nonsense(chosen))
					if chosen.random() < 0.7:
						s.shutdown(socket.SHUT_WR)
						answer = b""
						while more := s.recv(65536):
							answer += more
						check(not answer or (answer.startswith(b"{") and answer.endswith(b"}\n")), lambda: f"answered {answer[:100]!r}")
						errors += b"unknown request" in answer
						answered += bool(answer)
			except (BrokenPipeError, ConnectionResetError):
				pass # it was dropped while it spoke
		took = time.monotonic() - began
		note(f"3,000 requests in {took:.1f} s, {answered} answered, {errors} as unknown")
		check(answered and errors, "nothing was answered")
		status = scene.agent.status()
		check(status["agent"]["pids"] == scene.pids and status["recording"], f"not as before: {status}")
		# A bit that flips can make no "private on" of anything, and a blank more is another word.
		check(not status["agent"]["private"], "nonsense switched private mode on")
		wait_for(lambda: descriptors(supervisor) <= before + 1, 5, name="closing what was left")
		note(f"supervisor's memory at most {peak_kib(supervisor)} KiB")
		scene.type()
		scene.agent.stop()
		scene.whole()


class Attack:
	"""Connections without end: some say nothing, some a letter now and then, some half a request, most come and go."""

	def __init__(self, path):
		self.path, self.end, self.made, self.threads = path, False, 0, []
		for work in (self._silent, self._silent, self._slow, self._slow, self._half, self._half, self._flood, self._flood, self._flood):
			self.threads.append(threading.Thread(target=work, daemon=True))
			self.threads[-1].start()

	def _forever(self, work):
		while not self.end:
			try:
				s = connected(self.path, 1.0)
			except OSError:
				time.sleep(0.001)
				continue
			self.made += 1
			with s:
				try:
					work(s)
				except OSError:
					pass

	def _silent(self):
		self._forever(lambda s: s.recv(10))

	def _slow(self):
		def work(s):
			for letter in b"status and so on, and so on":
				s.send(bytes([letter]))
				time.sleep(0.15)
		self._forever(work)

	def _half(self):
		def work(s):
			s.sendall(b"stat")
			s.recv(10)
		self._forever(work)

	def _flood(self):
		def work(s):
			s.sendall(random.choice(HARMLESS) + b"\n")
			time.sleep(0.002)
		self._forever(work)

	def stop(self):
		self.end = True
		for thread in self.threads:
			thread.join(10)


def recording_goes_on_under_a_flood():
	with Desk() as desk:
		scene, secret = Scene(desk), word(SECRET, 12)
		path, supervisor, capture = path_of(scene), scene.pids["supervisor"], scene.pids["capture"]
		before, cpu, began = descriptors(supervisor), {name: cpu_seconds(pid) for name, pid in scene.pids.items()}, time.monotonic()
		attack = Attack(path)
		try:
			time.sleep(1)
			kept = scene.downs()
			scene.type()
			desk.click(*scene.editor.at(1), settle=0)
			desk.type(secret, every=0.02)
			time.sleep(1)
			desk.click(*scene.editor.at(0))
			time.sleep(2.5)
			scene.type()
			took = time.monotonic() - began
			used = {name: (cpu_seconds(pid) - cpu[name]) / took for name, pid in scene.pids.items()}
			# Who is honest still gets through, or is told that the agent is busy: never a wrong answer.
			answered = sum(bool(told(path, b"status\n", 3.0)) for _ in range(10))
		finally:
			attack.stop()
		note(f"{attack.made} connections in {took:.0f} s; {answered} of 10 honest requests answered; cores used: " +
			", ".join(f"{name} {share:.0%}" for name, share in used.items()) + f"; supervisor's memory at most {peak_kib(supervisor)} KiB")
		check(attack.made > 1000, f"only {attack.made} connections: no flood")
		check(all(alive(pid) for pid in scene.pids.values()), "a process died")
		wait_for(lambda: descriptors(supervisor) <= before + 1, 10, name="closing what was left")
		check(scene.agent.pids() == scene.pids and scene.agent.recording(), "not the same processes, or not recording")
		check(peak_kib(supervisor) < 32 << 10, "the supervisor grows")
		scene.agent.flushed()
		check(scene.downs() - kept >= 26, f"{scene.downs() - kept} of 32 ordinary keys were kept meanwhile")
		scene.agent.stop()
		scene.whole(secret)
		check(capture, "no capture")


def a_withdrawal_is_not_held_up():
	"""What stops recording goes by the ledger, which no flood of the socket can reach."""
	with Desk() as desk:
		scene, later = Scene(desk), word(SECRET, 12)
		attack = Attack(path_of(scene))
		try:
			time.sleep(1)
			began = time.monotonic()
			said = scene.agent.command("withdraw", seconds=60)
			note(f"withdrawn in {time.monotonic() - began:.2f} s, exit {said.returncode}, beside {attack.made} connections")
			check(said.returncode == 0, said.stdout + said.stderr)
			check(not alive(scene.pids["capture"]), "capture lives after withdraw has returned")
			desk.type(later, every=0.02)
		finally:
			attack.stop()
		time.sleep(1)
		scene.agent.stop()
		found = [path for path in scene.agent.files() if later.encode() in path.read_bytes()]
		check(not found, f"recorded after the withdrawal: {found}")
		check(sum(row["kind"] == "key_down" for row in scene.agent.rows()) <= len(scene.typed), "keys after the withdrawal")


if __name__ == "__main__":
	sys.exit(run(another_user_gets_nothing, nonsense_is_answered_or_dropped, recording_goes_on_under_a_flood, a_withdrawal_is_not_held_up))
