# SPDX-License-Identifier: Apache-2.0
"""Private mode: masks at once, by command and by hotkey, and ends only when the participant ends it."""

import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import SECRET, Agent, judged, leaks, study  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from scene import Scene, word  # noqa: E402

CHORD = ("Control_L", "Alt_L", "Shift_L", "p")
WITHIN = 0.2    # seconds from the start of the command to its end


def command(agent, *argv, code=0):
	"""(seconds it took, what it said). An agent that gets no processor for a second is asked again: until it confirms, nothing is promised."""
	for _ in range(5):
		began = time.monotonic()
		said = agent.command("private", *argv)
		took = time.monotonic() - began
		if said.returncode == code or "did not confirm within a second" not in said.stderr:
			break
	check(said.returncode == code, f"private {argv} exits {said.returncode}: {said.stdout}{said.stderr}")
	return took, said.stdout


def secret(scene, secrets, length=12, every=0.01):
	text = word(SECRET, length)
	secrets.append(text)
	for i, c in enumerate(text):
		scene.desk.hands.move(300 + 5 * i, 500 + 3 * i)
		scene.desk.type(c, every=every)


def press(desk, *names):
	for name in names:
		desk.hands.key(name, True)
		time.sleep(0.01)
	for name in reversed(names):
		desk.hands.key(name, False)
	desk.hands.sync()


def private_rows(rows):
	"""(begin, end) of the spans of private mode, and whether something was kept inside of one."""
	found = [(row["t_us"], row["end_us"]) for row in rows if row["kind"] == "span" and row["reason"] == "private"]
	inside = [row["kind"] for row in rows if row["kind"] not in ("span", "gap", "start", "stop", "clock") for begin, end in found
		if begin <= row["t_us"] < end]
	return found, inside


def it_masks_before_the_command_returns():
	with Desk() as desk:
		scene, secrets, times = Scene(desk), [], []
		for settle in (0.0, 0.03, 0.3):
			took, _ = command(scene.agent, "on")
			times.append(took)
			secret(scene, secrets)
			status = scene.agent.status()
			check(status["private"] and status["private_since"], f"status does not say it: {status}")
			time.sleep(settle)
			# What still waits in the server when it ends was private, too.
			secret(scene, secrets, every=0)
			took, _ = command(scene.agent, "off")
			times.append(took)
			check(not scene.agent.status()["private"], "status says private after off")
			time.sleep(2.2)
			scene.type()
		scene.agent.flushed()
		rows = scene.agent.rows()
		found, inside = private_rows(rows)
		note(f"command to confirmed: {min(times) * 1000:.0f}-{max(times) * 1000:.0f} ms; {len(found)} spans; "
			f"{scene.downs()} of {len(scene.typed)} ordinary keys kept")
		check(len(found) == 3, f"spans of private mode: {found}")
		check(not inside, f"kept within private mode: {inside}")
		check(not [row for row in rows if row["kind"] == "motion" and row["y"] >= 500 and row["x"] >= 300 and row["x"] < 360],
			"pointer motion of private mode was kept")
		check(min(times) < WITHIN, f"the command took {min(times):.3f} s at best")
		check(scene.downs() >= 0.9 * len(scene.typed), f"{scene.downs()} of {len(scene.typed)} ordinary keys kept")
		scene.whole(*secrets)
		scene.agent.stop()


def it_ends_only_by_the_participant():
	with Desk() as desk:
		scene, secrets = Scene(desk), []
		command(scene.agent, "on")
		since = scene.agent.status()["private_since"]
		os.kill(scene.pids["capture"], signal.SIGKILL)
		wait_for(lambda: scene.agent.recording() and scene.agent.pids()["capture"] != scene.pids["capture"], 20, every=0.1,
			name="the next capture")
		check(scene.agent.status()["private"], "a capture that crashed took private mode with it")
		secret(scene, secrets)
		judged()
		os.kill(scene.pids["supervisor"], signal.SIGKILL)
		scene.agent.process.popen.wait()
		wait_for(lambda: not scene.agent.status().get("agent"), 5, name="the end of the agent")
		time.sleep(1.0)
		check(scene.agent.status()["private"], "without an agent status does not say it")
		scene.agent.start("--verbose")
		check(scene.agent.status()["private_since"][:19] == since[:19], f"since {scene.agent.status()['private_since']}, not {since}")
		secret(scene, secrets)
		judged()
		command(scene.agent, "off")
		time.sleep(2.2)
		scene.type()
		scene.agent.stop()
		scene.agent.start("--verbose")
		check(not scene.agent.status()["private"], "private again after off and a restart")
		scene.agent.stop()
		scene.whole(*secrets)


def it_says_when_nothing_is_recorded():
	with Desk() as desk:
		agent = Agent(desk)
		agent.join(study(desk.home / "study.yaml"))
		_, said = command(agent, "on", code=3)
		check("No agent is running" in said, said)
		agent.start()
		check(agent.status()["private"], "what was said without an agent does not hold when it begins")
		command(agent, "off")
		agent.command("pause")
		_, said = command(agent, "on", code=3)
		check("Nothing is recorded" in said and "on for when" in said, said)
		agent.command("resume")
		wait_for(agent.recording, 10, name="recording")
		check(agent.status()["private"], "what was said in a pause does not hold after it")
		check(agent.status()["agent"]["masked_now"] == "private", f"masked now: {agent.status()['agent']['masked_now']}")
		command(agent, "off")
		agent.stop()
		check(agent.command("private").returncode == 2 and agent.command("private", "maybe").returncode == 2, "usage")


def the_hotkey_switches_it():
	with Desk() as desk:
		(pathlib.Path(desk.env["XDG_CONFIG_HOME"]) / "assent").mkdir(parents=True, exist_ok=True)
		Agent(desk).config("private_hotkey: ctrl+alt+shift+p\n")
		scene, secrets = Scene(desk), []
		for _ in range(2):
			press(desk, *CHORD)
			secret(scene, secrets)
			wait_for(lambda: scene.agent.status()["private"], 2, name="private mode")
			mark = scene.agent.data / "private"
			wait_for(mark.exists, 2, name="the mark")
			# Another chord is none.
			press(desk, "Control_L", "Alt_L", "p")
			secret(scene, secrets)
			check(scene.agent.status()["private"], "a chord without Shift ended it")
			press(desk, *CHORD)
			wait_for(lambda: not scene.agent.status()["private"], 2, name="the end of private mode")
			wait_for(lambda: not mark.exists(), 2, name="the end of the mark")
			time.sleep(2.2)
			scene.type()
		scene.agent.flushed()
		rows = scene.agent.rows()
		found, inside = private_rows(rows)
		check(len(found) == 2 and not inside, f"spans {found}, inside {inside}")
		check(not [row for row in rows if row["kind"].startswith("key") and row["code"] == 25], "the chord was kept")
		scene.whole(*secrets)
		scene.agent.stop()


def a_wrong_hotkey_is_named():
	with Desk(wm=False, bus=False, a11y=False) as desk:
		agent = Agent(desk)
		for text, why in (("p", "typed by itself"), ("ctrl+alt", "needs a key"), ("ctrl+ctrl+p", "twice"), ("ctrl+blah", "no key"),
				("ctrl+p+q", "one key")):
			agent.config(f"# mine\nprivate_hotkey: {text}\n")
			said = desk.run([agent.assentd, "--data", agent.data, "--check-config"])
			check(said.returncode == 1 and "assent.yaml:2" in said.stderr and why in said.stderr, f"{text}: {said.stderr}")
		for text in ("none", "pause", "Super+F12", "ctrl+alt+shift+p", "alt+scrolllock"):
			agent.config(f"private_hotkey: {text}\n")
			said = desk.run([agent.assentd, "--data", agent.data, "--check-config"])
			check(said.returncode == 0, f"{text}: {said.stderr}")


if __name__ == "__main__":
	sys.exit(run(it_masks_before_the_command_returns, it_ends_only_by_the_participant, it_says_when_nothing_is_recorded,
		the_hotkey_switches_it, a_wrong_hotkey_is_named))
