# SPDX-License-Identifier: Apache-2.0
"""What the agent leans on goes away: a clear message, nothing recorded blindly, nothing lost that was flushed, nothing left."""

import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import ORDINARY, SECRET, judged  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import alive, gone_within, stopped  # noqa: E402
from scene import Scene, word  # noqa: E402


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
	# A number that no other test takes while the server is dead: they get the lowest free ones.
	with Desk(server_args=[f":{random.randrange(200, 2000)}"]) as desk:
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
				pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("assentd")]
			check(not left, f"left: {left}")
			check(scene.agent.command("status").returncode == 3, "status does not exit 3 without an agent")
			scene.agent.start("--verbose")
		check(scene.word_kept() >= 15, "what is typed afterwards is not kept")
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
		kept = scene.word_kept()
		scene.agent.stop()
		scene.whole()
		check(kept >= 15, f"{kept} of 16 keys")


def sigterm_ends_it_with_everything_on_disk():
	with Desk() as desk:
		scene = Scene(desk)
		scene.type()
		began = time.monotonic()
		os.kill(scene.pids["supervisor"], signal.SIGTERM)
		code = scene.agent.process.popen.wait(20)
		took = time.monotonic() - began
		note(f"SIGTERM: ended after {took * 1000:.0f} ms")
		check(code == 0, f"exit {code} after {took:.1f} s")
		check(not any(alive(pid) for pid in scene.pids.values()), "processes are left")
		rows = scene.agent.rows()
		check(scene.downs() >= len(scene.typed) - scene.masked - 2, f"{scene.downs()} of {len(scene.typed)} keys")
		check(rows[-1]["kind"] == "stop", f"the last row is {rows[-1]}")
		check(not list(scene.agent.data.rglob("*.part")), "an unfinished segment is left")
		check(not [row for row in rows if row["kind"] == "gap"], "a gap although nothing was lost")
		scene.whole()


if __name__ == "__main__":
	sys.exit(run(the_x_server_dies, the_accessibility_bus_dies, the_session_bus_dies, the_registry_of_accessibility_dies,
		the_writer_is_killed, capture_is_killed, the_supervisor_is_killed,
		the_supervisor_is_killed_while_capture_is_stopped, all_are_killed_at_once, a_second_agent_is_refused,
		sigterm_ends_it_with_everything_on_disk))
