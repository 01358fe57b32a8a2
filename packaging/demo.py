# SPDX-License-Identifier: Apache-2.0
"""The demonstration of quickstart.sh: a simulated participant on a private display; exits non-zero if a claim is untrue."""

import collections
import os
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
from agent import ORDINARY, SECRET, Agent, leaks, spans  # noqa: E402
from desk import Desk, wait_for  # noqa: E402

untrue = []


def say(text=""):
	print(text, flush=True)


def claim(text, true):
	say(("  true    " if true else "  UNTRUE  ") + text)
	if not true:
		untrue.append(text)


def word(alphabet, length):
	return "".join(random.choice(alphabet) for _ in range(length))


def prompt_command():
	"""A real sudo that asks for a password, and how it is called here."""
	if os.getuid() == 0:
		return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sudo", "-k", "true"], "sudo, as user nobody"
	return ["bash", "-c", "read -s -p '[sudo] password: ' answer"], "bash's read -s (a sudo of yours could really succeed)"


def ordinary(desk, window, length=24):
	desk.click(*window.at(0))
	time.sleep(2.6)  # the end of a masked stretch is told coarsely, up to 2 s late, and what is typed until then goes with it
	text = word(ORDINARY, length)
	desk.type(text, every=0.06)
	time.sleep(0.6)
	return text


def participate(desk, agent, secrets):
	"""What the participant does; the ordinary text that was typed."""
	typed = []
	say("1. types into a text field (GTK)")
	editor = desk.gtk("Editor", ["text"], geometry="320x80+40+40")
	typed.append(ordinary(desk, editor))

	say("2. types a password into a password dialog (zenity)")
	dialog = desk.start(["zenity", "--password", "--title=Password"])
	desk.wait_window("Password")
	time.sleep(0.6)
	desk.focus(desk.windows("Password")[0])
	desk.type(secrets["password dialog"] + "\n", every=0.05)
	wait_for(lambda: dialog.popen.poll() is not None, 10, name="the dialog's end")
	typed.append(ordinary(desk, editor))

	command, what = prompt_command()
	say(f"3. types a password at a terminal's prompt (xterm, {what})")
	terminal = desk.start(["xterm", "-T", "Terminal", "-geometry", "60x8+600+40", "-e", *command])
	x, y, width, height = desk.geometry(desk.wait_window("Terminal"))
	time.sleep(0.6)
	desk.click(x + width // 2, y + height // 2)
	time.sleep(0.6)
	desk.type(secrets["terminal prompt"] + "\n", every=0.05)
	time.sleep(1.0)
	terminal.stop()
	typed.append(ordinary(desk, editor))

	say("4. types into an application on the participant's own list (payroll)")
	payroll = desk.gtk("Payroll", ["text"], geometry="320x80+40+400", env={"GTK_WINDOW_CLASS": "payroll"})
	desk.click(*payroll.at(0), settle=0)
	desk.type(secrets["excluded application"], every=0.05)
	time.sleep(0.5)
	typed.append(ordinary(desk, editor))

	say("5. moves the pointer, clicks and scrolls")
	x, y = editor.at(0)
	for step in range(120):
		desk.hands.move_by(2 if step < 60 else -2, 1 if step % 2 else -1)
		time.sleep(0.008)
	desk.click(x, y)
	for _ in range(3):
		desk.hands.click(5)
		time.sleep(0.1)
	time.sleep(0.6)
	return "".join(typed)


def report(agent, secrets, typed):
	rows = agent.rows()
	say()
	say("What was recorded, in short:")
	counts = collections.Counter(row["kind"] for row in rows)
	for kind, count in counts.most_common():
		say(f"  {kind:12} {count}")
	say("What was masked:")
	for row in rows:
		if row["kind"] == "span":
			begin = time.strftime("%H:%M:%S", time.localtime(row["t_us"] / 1e6))
			end = time.strftime("%H:%M:%S", time.localtime(row["end_us"] / 1e6))
			say(f"  {begin} - {end}  {row['reason']}")
	size = sum(path.stat().st_size for path in agent.data.rglob("*.seg"))
	say(f"Size: {len(rows)} events in {size} bytes, {size / max(len(rows), 1):.1f} bytes an event (a short recording: most of it is padding and headers)")
	say()
	keys = [row for row in rows if row["kind"] == "key_down" and row["class"] == "letter"]
	reasons = {reason for reason, _ in spans(rows)}
	found = leaks(agent, list(secrets.values()), typed)
	for finding in sorted(set(found))[:10]:
		say("  found: " + finding)
	verified = agent.command("verify")
	say("Claims, checked against every file that was written:")
	for place, secret in secrets.items():
		claim(f"what was typed into the {place} is in no file", not any(secret in finding for finding in found))
	claim("no key of a secret is in any row, in any form", not found)
	claim(f"ordinary typing was kept: {len(keys)} of {len(typed)} letters", len(keys) >= 0.9 * len(typed))
	claim("spans say why: password, terminal-echo-off, excluded-app", {"password", "terminal-echo-off", "excluded-app"} <= reasons)
	claim("pointer movement, clicks and scrolling were kept",
		counts["motion"] >= 100 and counts["button_down"] >= 1 and counts["scroll"] >= 1)
	claim("checksums, times and consent are good (assent verify)", verified.returncode == 0)


def main():
	with Desk() as desk:
		agent = Agent(desk)
		say()
		say("The participant reads the notice and answers on a terminal:")
		say()
		agent.config("# The participant's own list: never record these, whatever the study may.\ncapture:\n  exclude_apps: [payroll]\n")
		code, shown = agent.join(ROOT / "config/study.example.yaml", answers=["yes", "no"])
		say("  | " + shown.rstrip().replace("\n", "\n  | "))
		claim("one purpose was agreed to, one refused", code == 0 and "refused" in shown)
		if code:
			return 1
		say()
		agent.start()
		say("assentd records now. The participant")
		secrets = {place: word(SECRET, 14) for place in ("password dialog", "terminal prompt", "excluded application")}
		typed = participate(desk, agent, secrets)
		agent.stop()
		report(agent, secrets, typed)
	claim("nothing is left running", not desk.marked())
	say()
	say(f"{len(untrue)} of these claims are untrue" if untrue else "All of it is true.")
	return 1 if untrue else 0


if __name__ == "__main__":
	sys.exit(main())
