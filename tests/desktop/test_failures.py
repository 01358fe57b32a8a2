# SPDX-License-Identifier: Apache-2.0
"""What the agent leans on goes away: a clear message, nothing recorded blindly, nothing lost that was flushed, nothing left."""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import ORDINARY, SECRET, Agent, judged, leaks, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import GTK_WINDOW, PYTHON, Desk, GtkWindow, wait_for  # noqa: E402
from process import alive, cpu_seconds, gone_within, stopped  # noqa: E402


def word(alphabet, length=16):
	return "".join(random.choice(alphabet) for _ in range(length))


class Scene:
	"""A recording agent whose first words are on the disk."""

	def __init__(self, desk, wrap=()):
		self.desk, self.agent, self.typed = desk, Agent(desk), ""
		code, shown = self.agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		self.editor = desk.gtk("Editor", ["text", "password"])
		desk.click(*self.editor.at(0))
		self.agent.start("--verbose", wrap=wrap)
		self.type()
		self.agent.flushed()
		self.pids = self.agent.pids()
		self.flushed = self.downs()
		check(self.flushed >= 15, f"only {self.flushed} keys of 16 were recorded to begin with")

	def type(self):
		text = word(ORDINARY)
		self.desk.type(text, every=0.03)
		self.typed += text
		judged()

	def downs(self):
		return sum(row["kind"] == "key_down" for row in self.agent.rows())

	def kept(self, keys):
		"""Waits until so many keys can be read. After a crash the counters differ by what was lost."""
		wait_for(lambda: self.downs() >= keys, 15, every=0.3, name=f"reading {keys} keys")

	def gaps(self, reason):
		return [row for row in self.agent.rows() if row["kind"] == "gap" and row["reason"] == reason]

	def logged(self, text):
		check(text in self.desk.log(self.agent.log), lambda: f"the log does not say “{text}”: " + self.desk.log(self.agent.log))

	def waits(self, seconds=5.0):
		wait_for(lambda: not self.agent.recording(), seconds, every=0.05, name="the end of recording")
		said = self.agent.command("status")
		check(said.returncode == 3, f"status exits {said.returncode}: {said.stdout}")
		return self.agent.status().get("why")

	def rests(self, seconds=5.0, share=0.03):
		"""It waits, and does not spin."""
		pid = self.pids["supervisor"]
		before = cpu_seconds(pid)
		time.sleep(seconds)
		used = (cpu_seconds(pid) - before) / seconds
		check(used < share, f"the waiting agent uses {used:.1%} of a core")

	def whole(self, *secrets):
		"""What was flushed is there, and all of it passes."""
		found = leaks(self.agent, list(secrets), self.typed)
		check(not found, lambda: "; ".join(found))
		verified = self.agent.command("verify")
		check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)
		check(self.downs() >= self.flushed, f"{self.downs()} keys of {self.flushed} that were flushed")


def pids_of(desk, *words):
	"""Processes of this desk whose command line has all words."""
	found = []
	for pid in desk.marked():
		try:
			line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
		except OSError:
			continue
		if all(part in line for part in words):
			found.append(pid)
	return found


def the_x_server_dies():
	with Desk() as desk:
		scene = Scene(desk)
		number = desk.display
		desk.type(word(ORDINARY), every=0.01)
		os.kill(desk.server.pid, signal.SIGKILL)
		desk.server.popen.wait()
		check(gone_within(scene.pids["capture"], 2.0) is not None, "capture lives without an X server")
		check(gone_within(scene.pids["writer"], 3.0) is not None, "the writer lives without capture")
		scene.logged("X server went away")
		why = scene.waits()
		note(f"status: {why}")
		check("X server" in why, f"status says: {why}")
		scene.rests()
		rows, verified = scene.downs(), scene.agent.command("verify")
		check(rows >= scene.flushed and verified.returncode == 0, f"{rows} rows of {scene.flushed}; {verified.stdout}{verified.stderr}")
		# It comes back by itself.
		desk.start(["Xvfb", number, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"])
		wait_for(scene.agent.recording, 40, every=0.2, name="recording on the new X server")
		scene.agent.stop()


def the_accessibility_bus_dies():
	with Desk() as desk:
		scene, secret = Scene(desk), word(SECRET)
		victims = pids_of(desk, "dbus-daemon", "accessibility")
		check(victims, "no accessibility bus was found")
		for pid in victims:
			os.kill(pid, signal.SIGKILL)
		check(gone_within(scene.pids["capture"], 2.0) is not None, "capture lives without the bus")
		desk.click(*scene.editor.at(1), settle=0)
		desk.type(secret, every=0.02)
		scene.logged("accessibility bus went away")
		if not scene.agent.recording():
			note(f"status: {scene.agent.status().get('why')}")
		scene.rests(3.0)
		judged()
		scene.agent.stop()
		scene.whole(secret)


def the_session_bus_dies():
	with Desk() as desk:
		scene, secret = Scene(desk), word(SECRET)
		os.kill(desk.dbus.pid, signal.SIGKILL)
		desk.dbus.popen.wait()
		time.sleep(1.5)
		goes_on = scene.agent.recording()
		note(f"without a session bus: {'recording, the accessibility bus lives' if goes_on else scene.agent.status().get('why')}")
		desk.click(*scene.editor.at(1), settle=0)
		desk.type(secret, every=0.02)
		judged()
		scene.rests(3.0)
		# A new start must not record blindly.
		scene.agent.stop()
		scene.agent.start(ready=False)
		time.sleep(3.0)
		if not pids_of(desk, "dbus-daemon", "accessibility"):
			check(not scene.agent.recording(), "recording although there is no bus")
		desk.type(secret, every=0.02)
		judged()
		scene.agent.stop()
		scene.whole(secret)


def the_registry_of_accessibility_dies():
	with Desk() as desk:
		scene, secret = Scene(desk), word(SECRET)
		victims = pids_of(desk, "at-spi2-registryd")
		if not victims:
			raise Skip("no at-spi2-registryd was found")
		for pid in victims:
			os.kill(pid, signal.SIGKILL)
		time.sleep(0.5)
		desk.click(*scene.editor.at(1), settle=0)
		desk.type(secret, every=0.02)
		judged()
		scene.rests(3.0)
		note(f"without the registry: recording {scene.agent.recording()}")
		scene.agent.stop()
		scene.whole(secret)


def a_full_disk_loses_nothing_that_was_flushed():
	"""The writer's files may not grow: for it the same as a full disk, and needs no root."""
	with Desk() as desk:
		scene = Scene(desk)
		# So that the segment is larger than the log, which grows under the same limit.
		said = desk.run([scene.agent.build / "tests/tools/inject", "motion", "2000", "10000"])
		injected = int(said.stdout.split()[-1])
		judged()
		scene.agent.flushed()
		size = max(path.stat().st_size for path in scene.agent.data.rglob("*.part"))
		check(size > (desk.home / scene.agent.log).stat().st_size + 2000, f"the segment has {size} bytes only")
		limit = resource.prlimit(scene.pids["writer"], resource.RLIMIT_FSIZE)
		resource.prlimit(scene.pids["writer"], resource.RLIMIT_FSIZE, (size, limit[1]))
		scene.type()
		wait_for(lambda: "cannot write to" in desk.log(scene.agent.log), 10, name="a message about the disk")
		check(scene.downs() >= scene.flushed, "flushed keys are gone")
		said = desk.run([scene.agent.build / "tests/tools/inject", "motion", "30000", "150000"], seconds=60)
		injected += int(said.stdout.split()[-1])
		judged()
		check(scene.agent.recording(), "a full disk ended the agent")
		scene.rests(3.0)
		resource.prlimit(scene.pids["writer"], resource.RLIMIT_FSIZE, limit)
		wait_for(lambda: "writing to" in desk.log(scene.agent.log), 60, every=0.2, name="writing again")
		scene.type()
		scene.kept(len(scene.typed))
		scene.agent.stop()
		scene.whole()
		rows = scene.agent.rows()
		lost = sum(row["lost"] or 0 for row in rows if row["kind"] == "gap")
		kept = sum(row["kind"] == "motion" for row in rows)
		note(f"full disk: {injected} movements, {kept} kept, {lost} lost: {[row['reason'] for row in rows if row['kind'] == 'gap']}")
		check(scene.gaps("disk-full"), "no gap of reason disk-full")
		check(scene.downs() == len(scene.typed), f"{scene.downs()} of {len(scene.typed)} keys: those before the loss had room")
		# Also what Scene clicked: it moved there before the agent began, or just after.
		check(kept + lost in (injected, injected + 1), f"kept {kept} + lost {lost} is not {injected}")


def a_full_file_system():
	"""A real one, small, in a mount namespace of the agent and the application (others would be foreign to it)."""
	if os.getuid() or not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
		raise Skip("needs root and mount namespaces")
	with Desk() as desk:
		data = desk.home / ".local/share/assent"
		spool = data / "spool"
		spool.mkdir(parents=True, mode=0o700)
		data.chmod(0o700)
		agent = Agent(desk)
		code, shown = agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		holder = desk.start(["unshare", "-m", "--propagation", "private", "sh", "-c",
			f"mount -t tmpfs -o size=256k,mode=0700 tmpfs '{spool}' && echo there && exec sleep 600"], stdout=subprocess.PIPE)
		check(holder.read_line() == "there", "the small file system was not made")
		inside = ["nsenter", "-t", holder.pid, "-m", "--"]
		editor = desk.start([*inside, PYTHON, GTK_WINDOW, "Editor", "300x100+40+40", "text"], kind=GtkWindow,
			stdout=subprocess.PIPE, log="gtk.log")
		desk.click(*editor.at(0))
		agent.start(wrap=inside)
		typed = word(ORDINARY)
		desk.type(typed, every=0.03)
		judged()
		agent.flushed()
		desk.run([*inside, "sh", "-c", f"cat /dev/zero > '{spool}/ballast'"])
		desk.run([agent.build / "tests/tools/inject", "motion", "5000", "30000"], seconds=60)
		wait_for(lambda: "cannot write to" in desk.log(agent.log), 30, name="a message about the disk")
		check(agent.recording(), "a full file system ended the agent")
		check(desk.run([*inside, agent.assent, "verify", data]).returncode == 0, "verify fails while it is full")
		desk.run([*inside, "rm", f"{spool}/ballast"])
		wait_for(lambda: "writing to" in desk.log(agent.log), 60, every=0.2, name="writing again")
		judged()
		agent.flushed()
		verified = desk.run([*inside, agent.assent, "verify", data])
		check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)
		shown = desk.run([*inside, agent.assent, "show", "--json", data], seconds=60).stdout
		keys, moves = (sum(json.loads(line)["kind"] == kind for line in shown.splitlines()) for kind in ("key_down", "motion"))
		note(f"full file system: {moves} movements of 30,000, {keys} keys of {len(typed)}")
		check(keys == len(typed) and moves in (30000, 30001), f"{keys} of {len(typed)} keys, {moves} of 30000 movements")
		agent.stop()


def a_spool_that_takes_no_files():
	with Desk() as desk:
		scene = Scene(desk)
		scene.agent.stop()
		spool = scene.agent.data / "spool/test-study"
		spool.chmod(0o500)
		try:
			scene.agent.start(ready=False)
			wait_for(lambda: "cannot write to the spool" in desk.log(scene.agent.log), 10, name="a message about the spool")
			time.sleep(1.0)
			why = scene.waits()
			note(f"status: {why}")
			check("writer" in why or "spool" in why, f"status says: {why}")
			scene.pids = scene.agent.pids()
			scene.rests()
		finally:
			spool.chmod(0o700)
		wait_for(scene.agent.recording, 40, every=0.2, name="recording when it can be written again")
		scene.type()
		scene.kept(len(scene.typed))
		scene.agent.stop()
		scene.whole()


def kill_of(name):
	with Desk() as desk:
		scene = Scene(desk)
		pids = scene.pids
		late = word(ORDINARY)
		desk.type(late, every=0.01)
		scene.typed += late
		os.kill(pids[name], signal.SIGKILL)
		if name == "supervisor":
			scene.agent.process.popen.wait()
		for other, pid in pids.items():
			if other != "supervisor" or name == "supervisor":
				check(gone_within(pid, 3.0) is not None, f"{other} lives after the {name} was killed")
		if name != "supervisor":
			why = scene.agent.status().get("why")
			note(f"{name} killed: {why}")
			scene.logged("capture ended unexpectedly" if name == "capture" else "writer failed")
			wait_for(scene.agent.recording, 20, every=0.1, name="recording again")
		else:
			left = [pid for pid in desk.marked() if alive(pid) and
				pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "assentd"]
			check(not left, f"left: {left}")
			check(scene.agent.command("status").returncode == 3, "status does not exit 3 without an agent")
			scene.agent.start("--verbose")
		before = scene.downs()
		scene.type()
		scene.kept(before + 16)
		scene.agent.stop()
		scene.whole()
		rows = [row for row in scene.agent.rows() if not row["kind"].startswith("key")]
		crash = sum(row["kind"] == "gap" and row["reason"] == "crash" for row in rows)
		# Where capture could still end in order, nothing is lost: then its last word is a stop.
		stops = sum(row["kind"] == "stop" for row in rows)
		check(crash + stops == 2 and (crash == 1 or name == "supervisor"), lambda: f"{crash} gaps of a crash, {stops} stops: " +
			" ".join(row["kind"] + (":" + row["reason"] if row["reason"] else "") for row in rows))


def the_writer_is_killed():
	kill_of("writer")


def capture_is_killed():
	kill_of("capture")


def the_supervisor_is_killed():
	kill_of("supervisor")


def the_supervisor_is_killed_while_capture_is_stopped():
	with Desk() as desk:
		scene, secret = Scene(desk), word(SECRET)
		with stopped(scene.pids["capture"]):
			os.kill(scene.pids["supervisor"], signal.SIGKILL)
			scene.agent.process.popen.wait()
			check(scene.agent.command("withdraw").returncode == 0, "withdraw failed")
			desk.type(secret, every=0.01)
		check(gone_within(scene.pids["capture"], 2.0) is not None, "capture lives without its supervisor")
		check(gone_within(scene.pids["writer"], 3.0) is not None, "the writer lives without capture")
		scene.whole(secret)


def all_are_killed_at_once():
	with Desk() as desk:
		scene = Scene(desk)
		desk.type(word(ORDINARY), every=0.01)
		for name in ("supervisor", "writer", "capture"):
			os.kill(scene.pids[name], signal.SIGKILL)
		scene.agent.process.popen.wait()
		scene.agent.start()
		check(len(scene.gaps("crash")) == 1, f"gaps: {scene.gaps('crash')}")
		scene.agent.stop()
		check(scene.downs() >= scene.flushed, "flushed keys are gone")
		verified = scene.agent.command("verify")
		check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)


def a_second_agent_is_refused():
	with Desk() as desk:
		scene = Scene(desk)
		second = desk.run([scene.agent.assentd, "--data", scene.agent.data], seconds=10)
		note("second agent: " + second.stderr.strip())
		check(second.returncode == 1 and "running already" in second.stderr, f"exit {second.returncode}: {second.stderr}")
		# The same data under another name have another control socket; the spool has one writer.
		other = desk.home / "other"
		other.symlink_to(scene.agent.data)
		process = desk.start([scene.agent.assentd, "--data", other], log="second.log")
		wait_for(lambda: "another assentd writes" in desk.log("second.log"), 10, name="the second writer's refusal")
		process.stop()
		check(scene.agent.recording() and scene.agent.pids() == scene.pids, "the first agent was disturbed")
		scene.type()
		scene.agent.flushed()
		scene.agent.stop()
		scene.whole()
		check(scene.downs() == len(scene.typed), f"{scene.downs()} of {len(scene.typed)} keys")


def sigterm_ends_it_with_everything_on_disk():
	with Desk() as desk:
		scene = Scene(desk)
		scene.type()
		before = scene.agent.status()["agent"]["counters"]
		began = time.monotonic()
		os.kill(scene.pids["supervisor"], signal.SIGTERM)
		code = scene.agent.process.popen.wait(5)
		took = time.monotonic() - began
		note(f"SIGTERM: ended after {took * 1000:.0f} ms, {before['kept'] - before['written']} events were not on disk before")
		check(took < 2.0 and code == 0, f"exit {code} after {took:.1f} s")
		check(not any(alive(pid) for pid in scene.pids.values()), "processes are left")
		rows = scene.agent.rows()
		check(len(rows) in (before["kept"], before["kept"] + 1), f"{len(rows)} rows of {before['kept']} kept, and the stop")
		check(not list(scene.agent.data.rglob("*.part")), "an unfinished segment is left")
		check(not [row for row in rows if row["kind"] == "gap"], "a gap although nothing was lost")
		scene.whole()


if __name__ == "__main__":
	sys.exit(run(the_x_server_dies, the_accessibility_bus_dies, the_session_bus_dies, the_registry_of_accessibility_dies,
		a_full_disk_loses_nothing_that_was_flushed, a_full_file_system, a_spool_that_takes_no_files,
		the_writer_is_killed, capture_is_killed, the_supervisor_is_killed,
		the_supervisor_is_killed_while_capture_is_stopped, all_are_killed_at_once, a_second_agent_is_refused,
		sigterm_ends_it_with_everything_on_disk))
