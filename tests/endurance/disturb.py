# SPDX-License-Identifier: Apache-2.0
"""What happens to an agent in its life, each as a function of the world and a chance."""

import os
import resource
import signal
import time

from cases import check
from process import alive, gone_within
from world import mono_us

SECOND = 1000000
# What is typed into password fields alone.
SECRETS = "nopqrstuvwxyz"


def _kill(w, name):
	pid = w.status() and w.known.get(name)
	if not pid:
		return
	w.note("kill", name, pid)
	try:
		os.kill(pid, signal.SIGKILL)
	except OSError:
		return
	if name == "supervisor":
		w.agent.process.popen.wait()
		w.forget_program(w.agent.process)
		for other in ("capture", "writer"):
			if w.known.get(other):
				check(gone_within(w.known[other], 5.0) is not None, f"{other} lives without its supervisor")
		w.start()
	else:
		gone_within(pid, 2.0)
	w.recording()


def kill_capture(w, chance):
	_kill(w, "capture")


def kill_writer(w, chance):
	_kill(w, "writer")


def kill_supervisor(w, chance):
	_kill(w, "supervisor")


def kill_all(w, chance):
	pids = w.status() and w.pids()
	w.note("kill", "all")
	for name in chance.sample(list(pids), len(pids)):
		try:
			os.kill(pids[name], signal.SIGKILL)
		except OSError:
			pass
	w.agent.process.popen.wait()
	w.forget_program(w.agent.process)
	w.start()
	w.recording()


def terminate(w, chance):
	w.note("terminate")
	os.kill(w.agent.process.pid, signal.SIGTERM)
	code = w.agent.process.popen.wait(10)
	check(code == 0, f"SIGTERM: assentd ends with {code}")
	w.forget_program(w.agent.process)
	time.sleep(chance.uniform(0, 1))
	w.start()
	w.recording()


def _say(w, *words):
	"""A command of the participant's. On a busy machine it may have to say that the agent did not answer within a second: then it is waited for."""
	said = w.command(*words)
	late = "did not confirm within a second" in said.stderr
	if late:
		w.note("late", *words)
	check(said.returncode == 0 or late, lambda: " ".join(words) + f": exit {said.returncode}: " + said.stdout + said.stderr)


def pause(w, chance):
	w.note("pause")
	_say(w, "pause")
	w.without_capture()
	began = mono_us()
	time.sleep(chance.uniform(0.2, 4))
	ended = mono_us()
	w.forbidden.append((began, ended, "paused"))
	w.note("resume")
	_say(w, "resume")
	w.recording()


def pause_that_ends(w, chance):
	w.note("pause 2s")
	_say(w, "pause", "2s")
	time.sleep(2)
	w.recording()


def private(w, chance):
	w.note("private on")
	_say(w, "private", "on")
	w.private(True)
	began = mono_us()
	time.sleep(chance.uniform(0.5, 3))
	w.forbidden.append((began, mono_us(), "private"))
	w.note("private off")
	_say(w, "private", "off")
	w.private(False)


def stop_capture(w, chance):
	_stop(w, "capture", chance.uniform(0.2, 6))


def stop_writer(w, chance):
	_stop(w, "writer", chance.uniform(0.2, 10))


def _stop(w, name, seconds):
	pid = w.status() and w.known.get(name)
	if not pid:
		return
	w.note("stop", name, f"{seconds:.1f}s")
	os.kill(pid, signal.SIGSTOP)
	time.sleep(seconds)
	os.kill(pid, signal.SIGCONT)


def set_forward(w, chance):
	step = chance.choice((3000, SECOND, 7 * SECOND, 61 * 60 * SECOND))
	w.note("clock", "forward", step)
	w.set_clock(w.clock.utc_us + step)


def set_back(w, chance):
	"""By less than verify forgives."""
	step = chance.choice((2000, 300000, 900000))
	w.note("clock", "back", step)
	w.set_clock(w.clock.utc_us - step)


def set_back_a_while(w, chance):
	"""Recording goes on, or, where there was a receipt in that time, begins anew by itself once the clock is past it."""
	w.note("clock", "back", 20 * SECOND)
	w.set_clock(w.clock.utc_us - 20 * SECOND)
	time.sleep(21)
	w.recording()


def set_back_behind(w, chance):
	"""Behind the newest receipt: nothing may be recorded until it is set right."""
	pause(w, chance)
	w.note("clock", "behind the newest receipt")
	was = w.clock.utc_us
	w.set_clock(was - 600 * SECOND)
	w.waiting()
	began = mono_us()
	why = w.status().get("why", "")
	check("clock" in why, f"status does not say that it is the clock: {why}")
	time.sleep(chance.uniform(0.5, 3))
	w.forbidden.append((began, mono_us(), "clock behind"))
	w.set_clock(was + chance.choice((0, SECOND)))
	w.note("clock", "right again")
	w.recording()


def behind_and_resumed(w, chance):
	"""A pause that was noted by a clock that was ahead, as the participant says by resuming."""
	was = w.clock.utc_us
	# At a time that never comes again: what is recorded there would else seem to be in the pause.
	w.ahead += 1
	w.note("clock", "ahead")
	w.set_clock(was + 45 * 86400 * SECOND + w.ahead * 3600 * SECOND)
	pause(w, chance)
	w.note("clock", "right again")
	w.set_clock(was)
	w.waiting()
	began = mono_us()
	time.sleep(chance.uniform(0.2, 2))
	w.forbidden.append((began, mono_us(), "clock behind"))
	_say(w, "resume")
	w.recording()


def suspend(w, chance):
	slept = chance.choice((SECOND, 40 * SECOND, 25 * 60 * SECOND))
	w.note("suspend", slept)
	w.set_clock(w.clock.utc_us + slept, w.clock.boot_us + slept)


def restart_server(w, chance):
	w.note("X", "killed")
	w.kill_server()
	time.sleep(chance.uniform(0, 1.5))
	w.open_server()
	w.recording()


def restart_bus(w, chance):
	w.note("bus", "killed")
	w.restart_bus()
	w.recording()


def full_disk(w, chance):
	if w.small:
		w.note("disk", "full")
		w.ballast(True)
		time.sleep(chance.uniform(5, 12))
		w.ballast(False)
	else:
		pid = w.status() and w.known.get("writer")
		if not pid:
			return
		w.note("disk", "full, for the writer's files")
		limit = resource.prlimit(pid, resource.RLIMIT_FSIZE)
		resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, limit[1]))
		time.sleep(chance.uniform(5, 12))
		if alive(pid):
			resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
	w.note("disk", "free")
	# It is tried again every five seconds: nothing else meanwhile, or what comes next would be a loss of its own.
	time.sleep(chance.uniform(0, 7))


def forget_last(w, chance):
	seconds = chance.randrange(1, 6)
	began = w.clock.now_us() - seconds * SECOND
	w.note("forget", f"--last {seconds}s")
	said = w.command("forget", "--last", f"{seconds}s", "--yes", seconds=90)
	check(said.returncode in (0, 3), lambda: "forget: " + said.stdout + said.stderr)
	w.forgotten.append((began, w.clock.now_us()))
	w.recording()


def other_limits(w, chance):
	"""The participant's own file: capture ends, and begins anew under it."""
	w.note("limits")
	w.agent.config("capture: {exclude_apps: [keepassxc]}\n" if chance.random() < 0.5 else "capture: {exclude_apps: [somebodys-own]}\n")
	time.sleep(1)
	w.recording()


def secret(w, chance):
	"""A password into a password field, then on with the terminal."""
	w.tell("rest")
	w.desk.focus(w.fields.window)
	w.click(*w.fields.at(1))
	w.tell("type " + "".join(chance.choice(SECRETS) for _ in range(8)))
	time.sleep(0.3)
	w.click(*w.fields.at(0))
	w.tell("go")


def other_window(w, chance):
	w.note("window")
	w.fields.tell("clear 0")
	w.desk.focus(chance.choice((w.fields.window, w.terminal.window)))


# What ends the processes, and what they live through. With a weight each.
ROUGH = {kill_capture: 3, kill_writer: 3, kill_supervisor: 2, kill_all: 1, terminate: 2, pause: 4, pause_that_ends: 1, forget_last: 2, restart_server: 1,
	restart_bus: 1, other_limits: 1, set_back_behind: 2, set_back_a_while: 1, behind_and_resumed: 1}
CALM = {private: 2, stop_capture: 3, stop_writer: 3, set_forward: 2, set_back: 2, suspend: 2, full_disk: 1, secret: 3, other_window: 4}
