# SPDX-License-Identifier: Apache-2.0
"""Distinct random secrets typed where nothing may be recorded; then every byte that was written is searched for them."""

import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import ORDINARY, SECRET, Agent, judged, leaks, spans, study  # noqa: E402
from desk import PYTHON, Desk, wait_for  # noqa: E402

SUDO_STYLE = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sudo", "-k", "true"]


def word(alphabet, length):
	return "".join(random.choice(alphabet) for _ in range(length))


def can_sudo():
	return os.getuid() == 0


def terminal_prompt(desk, secret):
	"""A real sudo that asks nobody for a password (as root), else bash's read -s, in a real xterm."""
	command = SUDO_STYLE if can_sudo() else ["bash", "-c", "read -s -p 'password: ' x"]
	window = desk.start(["xterm", "-T", "prompt", "-geometry", "60x8+700+40", "-e", *command])
	x, y, width, height = desk.geometry(desk.wait_window("prompt"))
	time.sleep(0.5)
	desk.click(x + width // 2, y + height // 2)
	time.sleep(0.6)
	desk.type(secret + "\n", every=0.03)
	time.sleep(1.0)
	window.stop()


def run(desk, agent, keys):
	"""Types the whole story; (secrets, ordinary text)."""
	typed = []

	def ordinary(window, length=12):
		desk.click(*window.at(0))
		time.sleep(2.3)  # a span before it ends up to two seconds later
		text = word(ORDINARY, length)
		typed.append(text)
		desk.type(text, every=0.05)
		time.sleep(0.7)

	secrets = {name: word(SECRET, 12) for name in ("field", "zenity", "prompt", "excluded", "paused", "stopped")}
	editor = desk.gtk("Editor", ["text", "password"], geometry="300x140+40+40")
	ordinary(editor)
	# a password field of the same window, keys right behind the click
	desk.click(*editor.at(1), settle=0)
	desk.type(secrets["field"], every=0.01)
	time.sleep(0.5)
	ordinary(editor)
	# zenity's password dialog
	dialog = desk.start(["zenity", "--password", "--title=Secret"])
	desk.wait_window("Secret")
	time.sleep(0.6)
	desk.focus(desk.windows("Secret")[0])
	desk.type(secrets["zenity"] + "\n", every=0.02)
	wait_for(lambda: dialog.popen.poll() is not None, 10, name="zenity's end")
	ordinary(editor)
	terminal_prompt(desk, secrets["prompt"])
	ordinary(editor)
	payroll = desk.gtk("Payroll", ["text"], geometry="300x100+40+400", env={"GTK_WINDOW_CLASS": "payroll"})
	desk.click(*payroll.at(0), settle=0)
	desk.type(secrets["excluded"], every=0.02)
	time.sleep(0.5)
	ordinary(editor)
	assert agent.command("pause").returncode == 0
	wait_for(lambda: not agent.recording(), 2, name="the pause")
	desk.type(secrets["paused"], every=0.02)
	time.sleep(0.5)
	assert agent.command("resume").returncode == 0
	wait_for(agent.recording, 10, name="recording after the pause")
	time.sleep(0.5)
	ordinary(editor)
	judged()
	agent.flushed()
	assert agent.command("withdraw").returncode == 0
	wait_for(lambda: not agent.recording(), 2, name="the withdrawal")
	desk.type(secrets["stopped"], every=0.02)
	time.sleep(0.5)
	return secrets, "".join(typed)


def story(keys, build=None):
	"""(findings, share of ordinary keys kept, reasons of the spans)."""
	with Desk() as desk:
		agent = Agent(desk, build=build)
		agent.config("capture: {exclude_apps: [payroll]}\n")
		code, shown = agent.join(study(desk.home / "study.yaml", keys=keys))
		assert code == 0, shown
		agent.start("--verbose")
		secrets, typed = run(desk, agent, keys)
		agent.stop()
		found = leaks(agent, list(secrets.values()), typed)
		rows = agent.rows()
		kept = sum(row["kind"] == "key_down" and row["class"] == "letter" for row in rows)
		verified = agent.command("verify")
		if verified.returncode:
			found.append("verify: " + verified.stdout + verified.stderr)
		reasons = {reason for reason, _ in spans(rows)} | {row["reason"] for row in rows if row["kind"] == "gap"}
		return found, kept / len(typed), reasons


def main():
	failed = False
	for keys in ("text", "class"):
		found, share, reasons = story(keys)
		print(f"# keys: {keys}: {share:.1%} of ordinary keys kept; spans and gaps: {', '.join(sorted(reasons))}", flush=True)
		missing = {"password", "terminal-echo-off", "excluded-app", "paused"} - reasons
		if found:
			print(f"not ok secrets-{keys}: " + "; ".join(sorted(set(found))[:5]))
		else:
			print(f"ok secrets-{keys}")
		print(f"not ok said-{keys}: no span or gap for {missing}" if missing else f"ok said-{keys}")
		print(f"ok kept-{keys}" if share >= 0.9 else f"not ok kept-{keys}: only {share:.1%}", flush=True)
		failed = failed or found or missing or share < 0.9
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main())
