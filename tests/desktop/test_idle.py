# SPDX-License-Identifier: Apache-2.0
"""When nothing happens, no process wakes: recording, not joined, paused, before an empty password field, at a prompt."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import Agent, judged, study  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import cpu_seconds, peak_kib, wakeups  # noqa: E402

SECONDS = 15


def all_wakeups(pids):
	return {name: wakeups(pid) for name, pid in pids.items() if pid}


def watch(agent, seconds):
	"""Wakeups of each process in that time; nothing asks the agent meanwhile, for an answer would be one."""
	pids = agent.pids()
	time.sleep(0.3)
	before = all_wakeups(pids)
	cpu = {name: cpu_seconds(pid) for name, pid in pids.items() if pid}
	time.sleep(seconds)
	after = all_wakeups(pids)
	check(agent.pids() == pids, "other processes than before")
	used = sum(cpu_seconds(pid) - cpu[name] for name, pid in pids.items() if pid)
	return {name: after[name] - before[name] for name in before}, used


def idle(agent, when, seconds=6):
	woken, used = watch(agent, seconds)
	note(f"{when}: wakeups in {seconds} s: " + ", ".join(f"{name} {n}" for name, n in woken.items()) + f"; CPU {used:.2f} s")
	check(not any(woken.values()), f"{when}: {woken}")


def joined(desk):
	agent = Agent(desk)
	code, shown = agent.join(study(desk.home / "study.yaml"))
	check(code == 0, shown)
	return agent


def recorded(desk):
	"""An agent that has recorded, judged and flushed, and a window whose first field has the focus."""
	agent = joined(desk)
	editor = desk.gtk("Editor", ["text", "password"])
	agent.start()
	desk.click(*editor.at(0))
	desk.type("abcdef", every=0.05)
	judged()
	agent.flushed()
	time.sleep(5.5)
	return agent, editor


def steady(desk):
	"""No caret that blinks: what the desktop does is not what is measured."""
	settings = pathlib.Path(desk.env["XDG_CONFIG_HOME"]) / "gtk-3.0/settings.ini"
	settings.parent.mkdir(parents=True, exist_ok=True)
	settings.write_text("[Settings]\ngtk-cursor-blink = 0\n")


def after_a_recording():
	with Desk() as desk:
		steady(desk)
		agent, _ = recorded(desk)
		idle(agent, "after a recording that flushed", SECONDS)
		note("memory, KiB: " + ", ".join(f"{name} {peak_kib(pid)}" for name, pid in agent.pids().items()))
		agent.stop()


def after_the_pointer_moved():
	"""While it moves the agent wakes for what is sure to come next; at rest it must not go on."""
	with Desk() as desk:
		steady(desk)
		agent, editor = recorded(desk)
		x, y = editor.at(0)
		for step in range(20):
			desk.hands.move(x + step, y)
			time.sleep(0.02)
		judged()
		agent.flushed()
		time.sleep(5.5)
		idle(agent, "after the pointer has come to rest")
		agent.stop()


def not_joined():
	with Desk() as desk:
		agent = Agent(desk)
		agent.start(ready=False)
		wait_for(lambda: agent.status().get("agent"), 10, name="the agent's answer")
		time.sleep(1.0)
		idle(agent, "not joined")
		agent.stop()


def paused():
	with Desk() as desk:
		steady(desk)
		agent, _ = recorded(desk)
		check(agent.command("pause").returncode == 0, "pause failed")
		wait_for(lambda: not agent.pids()["writer"], 3, name="the writer's end")
		time.sleep(0.5)
		desk.type("abc", every=0.05)
		idle(agent, "paused")
		agent.stop()


def before_a_password_field():
	with Desk() as desk:
		steady(desk)
		agent, editor = recorded(desk)
		desk.click(*editor.at(1))
		judged()
		agent.flushed()
		time.sleep(5.5)
		check(agent.status()["agent"]["masked_now"] == "password", f"masked: {agent.status()['agent']['masked_now']}")
		idle(agent, "a password field has the focus")
		agent.stop()


def before_a_prompt():
	with Desk() as desk:
		agent = joined(desk)
		agent.start()
		terminal = desk.xterm(["bash", "-c", "read -s -p 'password: ' x"], title="prompt")
		desk.focus(terminal.window)
		desk.type("nopq", every=0.05)
		judged()
		agent.flushed()
		time.sleep(8.5)
		masked = agent.status()["agent"]["masked_now"]
		check(masked == "terminal-echo-off", f"masked: {masked}")
		idle(agent, "a prompt is open")
		agent.stop()


def slow_typing_costs_little():
	with Desk() as desk:
		steady(desk)
		agent, _ = recorded(desk)
		pids = agent.pids()
		before, cpu, began = all_wakeups(pids), {name: cpu_seconds(pid) for name, pid in pids.items()}, time.monotonic()
		desk.type("abcdefghij" * 4, every=0.25)
		took = time.monotonic() - began
		after = all_wakeups(pids)
		used = {name: cpu_seconds(pid) - cpu[name] for name, pid in pids.items()}
		note(f"40 keys in {took:.1f} s: wakeups a second: " +
			", ".join(f"{name} {(after[name] - before[name]) / took:.1f}" for name in before) +
			"; CPU " + ", ".join(f"{name} {used[name] / took:.2%}" for name in used))
		check(sum(used.values()) / took < 0.03, f"CPU: {used}")
		agent.stop()


if __name__ == "__main__":
	sys.exit(run(after_a_recording, after_the_pointer_moved, not_joined, paused, before_a_password_field, before_a_prompt, slow_typing_costs_little))
