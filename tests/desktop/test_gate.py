# SPDX-License-Identifier: Apache-2.0
"""Consent: nothing is opened before a yes or after a no, and every way in which a yes ends does end capture."""

import os
import pathlib
import random
import re
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import ORDINARY, SECRET, Agent, judged, leaks, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import alive, gone_within, stopped  # noqa: E402

CALLS = "trace=socket,connect,sendto,sendmsg,sendmmsg,write,writev,open,openat,openat2,execve"


def word(alphabet, length=16):
	return "".join(random.choice(alphabet) for _ in range(length))


class Traced:
	"""An agent under strace."""

	def __init__(self, desk, agent):
		if not shutil.which("strace"):
			raise Skip("strace is not installed")
		self.agent, self.file = agent, desk.home / "strace"
		self.display = desk.display.lstrip(":")
		agent.start(ready=False, wrap=["strace", "-f", "-qq", "-s", "256", "-e", CALLS, "-o", self.file])
		wait_for(lambda: agent.status().get("agent"), 20, name="the agent's answer")

	def text(self):
		return self.file.read_text(errors="replace")

	def connections(self):
		"""Addresses of all connect() calls."""
		return re.findall(r"connect\(\d+, ({.*?}), \d+\)", self.text())

	def seen(self):
		"""Which of the things that only a yes permits were done."""
		text = self.text()
		return {name for name, pattern in {
			"X server": rf"connect\(.*X11-unix/X{self.display}\"",
			"session bus or accessibility bus": r"connect\(.*(dbus|at-spi|/bus)",
			"D-Bus authentication": r"AUTH EXTERNAL",
			"X11 handshake": r"(write|writev|sendmsg|sendto)\(.*\"l\\0\\v\\0",
			"XInputExtension": r"XInputExtension",
			"an input device": r"open.*\"/dev/(input|uinput|hidraw|tty)",
			"a process' terminal": r"open.*\"/dev/pts/"}.items() if re.search(pattern, text)}


def agreed(desk, **options):
	agent = Agent(desk)
	code, shown = agent.join(study(desk.home / "study.yaml", **options))
	check(code == 0, f"join: exit {code}: {shown}")
	return agent


def waits(agent, seconds=3.0, name="the end of recording"):
	wait_for(lambda: not agent.recording(), seconds, every=0.05, name=name)
	check(agent.command("status").returncode == 3, "status does not exit 3")


def typing(desk):
	"""A focused text field with an ordinary word in it; returns when the agent has judged it (3 s at most)."""
	editor = desk.gtk("Editor", ["text"])
	desk.click(*editor.at(0))
	time.sleep(1.3)
	text = word(ORDINARY)
	desk.type(text, every=0.03)
	judged()
	return text


def nothing_of(agent, secret, typed, verify=True):
	found = leaks(agent, [secret], typed)
	check(not found, lambda: "; ".join(found))
	if not verify:
		return
	verified = agent.command("verify")
	check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)


def nothing_is_opened_before_a_yes():
	with Desk() as desk:
		agent = Agent(desk)
		traced = Traced(desk, agent)
		desk.gtk("Editor", ["text"])
		desk.type(word(SECRET), every=0.02)
		time.sleep(1.5)
		before = traced.connections()
		check(all("control" in address for address in before), lambda: f"connected before any decision: {before}")
		check(not traced.seen(), lambda: f"before any decision: {traced.seen()}")
		check(alive(agent.pids()["supervisor"]) and not agent.pids()["capture"], "there is a capture process")
		code, shown = agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		wait_for(agent.recording, 20, name="recording")
		missing = {"X server", "session bus or accessibility bus", "XInputExtension"} - traced.seen()
		# Else the search above would find nothing in any case.
		check(not missing, lambda: f"after the yes the trace shows no {missing}")
		agent.stop()


def nothing_is_opened_after_a_no():
	with Desk() as desk:
		agent = Agent(desk)
		traced = Traced(desk, agent)
		for answers in (("no",), ("y",), ("YES ",), ("",), ()):
			code, shown = agent.join(study(desk.home / "study.yaml"), answers=answers) if answers else \
				(agent.command("join", desk.home / "study.yaml").returncode, "")
			check(code != 0 and (code == 4 or not answers), f"answer {answers}: exit {code}: {shown}")
			time.sleep(0.3)
			check(not agent.recording(), f"recording after {answers}")
		time.sleep(1.0)
		check(all("control" in address for address in traced.connections()), lambda: f"{traced.connections()}")
		check(not traced.seen(), lambda: f"after the no: {traced.seen()}")
		check(agent.command("status").returncode == 3, "status does not exit 3")
		agent.stop()


def withdrawal_ends_capture_within_a_second():
	with Desk() as desk:
		agent = agreed(desk)
		agent.start()
		typed, secret = typing(desk), word(SECRET)
		capture = agent.pids()["capture"]
		began = time.monotonic()
		said = agent.command("withdraw")
		answered = time.monotonic() - began
		check(said.returncode == 0, said.stdout + said.stderr)
		check(gone_within(capture, 1.0) is not None, "capture lives a second after the withdrawal")
		note(f"withdraw: answered after {answered * 1000:.0f} ms, capture gone after {(time.monotonic() - began) * 1000:.0f} ms")
		desk.type(secret, every=0.01)
		waits(agent)
		wait_for(lambda: not agent.pids()["writer"], 3, name="the writer's end")
		agent.stop()
		nothing_of(agent, secret, typed)


def withdrawal_with_the_agent_dead_holds():
	with Desk() as desk:
		agent = agreed(desk)
		check(agent.command("withdraw").returncode == 0, "withdraw failed without an agent")
		traced = Traced(desk, agent)
		time.sleep(1.5)
		check(all("control" in address for address in traced.connections()) and not traced.seen(),
			lambda: f"opened: {traced.seen()} {traced.connections()}")
		check(not agent.recording(), "recording after a withdrawal")
		agent.stop()


def withdrawal_ends_a_stopped_capture():
	with Desk() as desk:
		agent = agreed(desk)
		agent.start()
		typed, secret = typing(desk), word(SECRET)
		capture = agent.pids()["capture"]
		with stopped(capture):
			began = time.monotonic()
			agent.command("withdraw")
			desk.type(secret, every=0.01)
			check(gone_within(capture, 2.0) is not None, "a stopped capture lives 2 s after the withdrawal")
			note(f"withdraw, capture stopped: gone after {(time.monotonic() - began) * 1000:.0f} ms")
		waits(agent)
		agent.stop()
		nothing_of(agent, secret, typed)


def typed_while_stopped_before_it_saw_the_no():
	"""Capture is slow, not dead: what was typed after the decision lies in its socket when it goes on."""
	with Desk() as desk:
		agent = agreed(desk)
		agent.start()
		typed, secret = typing(desk), word(SECRET)
		capture = agent.pids()["capture"]
		for command in (("pause",), ("withdraw",)):
			with stopped(capture):
				agent.command(*command)
				desk.type(secret, every=0.005)
			check(gone_within(capture, 2.0) is not None, f"capture lives after {command}")
			if command == ("pause",):
				agent.command("resume")
				wait_for(agent.recording, 10, name="recording again")
				capture = agent.pids()["capture"]
		agent.stop()
		nothing_of(agent, secret, typed)


def a_pause_ends_by_itself():
	with Desk() as desk:
		agent = agreed(desk)
		agent.start()
		typed, secret = typing(desk), word(SECRET)
		capture = agent.pids()["capture"]
		began = time.monotonic()
		check(agent.command("pause", "3s").returncode == 0, "pause failed")
		waits(agent, 1.0)
		check(gone_within(capture, 1.0) is not None, "capture lives in the pause")
		desk.type(secret, every=0.02)
		wait_for(agent.recording, 10, name="recording after the pause")
		took = time.monotonic() - began
		check(2.9 <= took <= 9, f"the pause of 3 s ended after {took:.1f} s")
		time.sleep(1.5)
		after = word(ORDINARY)
		desk.type(after, every=0.03)
		judged()
		agent.flushed()
		agent.stop()
		nothing_of(agent, secret, typed + after)
		rows = agent.rows()
		gaps = [row for row in rows if row["kind"] == "gap" and row["reason"] == "paused"]
		check(len(gaps) == 1 and 2.5e6 < gaps[0]["end_us"] - gaps[0]["t_us"] < 10e6, f"gaps of the pause: {gaps}")
		kept = sum(row["kind"] == "key_down" for row in rows)
		check(kept >= 0.9 * len(typed + after), f"kept {kept} of {len(typed + after)}")


def consent_that_runs_out_ends_capture():
	with Desk() as desk:
		typed, secret = "", word(SECRET)
		editor = desk.gtk("Editor", ["text"])
		agent = agreed(desk, valid="15s")
		agent.start()
		capture = agent.pids()["capture"]
		desk.click(*editor.at(0))
		time.sleep(1.3)
		typed = word(ORDINARY)
		desk.type(typed, every=0.03)
		until = agent.status()["until"]
		wait_for(lambda: not alive(capture), 20, name="capture's end")
		desk.type(secret, every=0.01)
		waits(agent)
		status = agent.status()
		check(status["state"] == "expired", f"state {status['state']} after {until}")
		check("expired" in str(status), f"the status does not say why: {status}")
		agent.stop()
		nothing_of(agent, secret, typed)
		end = time.strptime(until.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
		limit = (time.mktime(end) - time.timezone + 1) * 1e6
		late = [row for row in agent.rows() if row["kind"].startswith("key") and row["t_us"] > limit]
		check(not late, "keys after the end of the decision")


def change_byte(path):
	content = bytearray(path.read_bytes())
	at = content.index(b"test-study")
	content[at] ^= 1
	path.write_bytes(content)


def damaged_ledgers_end_capture():
	damages = {
		"a changed byte": change_byte,
		"a cut end": lambda path: os.truncate(path, path.stat().st_size - 20),
		"an empty file": lambda path: os.truncate(path, 0),
		"no file": lambda path: path.unlink(),
		"mode 0666": lambda path: path.chmod(0o666),
		"another owner": lambda path: os.chown(path, 12345, -1),
		"an unknown line": lambda path: path.write_bytes(path.read_bytes() + b"{\"version\":1}\n"),
		"another file in its place": lambda path: (path.with_name("new").write_bytes(b""), path.with_name("new").replace(path)),
	}
	for name, damage in damages.items():
		if name == "another owner" and os.getuid():
			continue
		with Desk() as desk:
			agent = agreed(desk)
			agent.start()
			typed, secret = typing(desk), word(SECRET)
			capture = agent.pids()["capture"]
			damage(agent.data / "ledger.jsonl")
			took = gone_within(capture, 1.0)
			check(took is not None, f"{name}: capture lives a second later")
			desk.type(secret, every=0.01)
			waits(agent)
			why = agent.status().get("why") or ""
			note(f"{name}: capture gone after {took * 1000:.0f} ms: {why}")
			check(why and why.split(":")[0] in desk.log(agent.log), f"{name}: the log does not say “{why}”")
			agent.stop()
			# Without a ledger that can be believed, verify cannot be content.
			nothing_of(agent, secret, typed, verify=False)
			# And so for the next start.
			agent.start(ready=False)
			wait_for(lambda: agent.status().get("agent"), 10, name="the agent's answer")
			time.sleep(0.5)
			check(not agent.recording() and not agent.pids()["capture"], f"{name}: recording after a new start")
			agent.stop()


def a_changed_manifest_is_a_new_question():
	with Desk() as desk:
		agent = agreed(desk)
		agent.start()
		typed, secret = typing(desk), word(SECRET)
		stored = agent.data / "studies/test-study.yaml"
		text = stored.read_text()
		check("keys: code" in text, "the stored manifest is not what was joined")
		stored.write_text(text.replace("keys: code", "keys: text"))
		agent.stop()
		agent.start(ready=False)
		wait_for(lambda: agent.status().get("agent"), 10, name="the agent's answer")
		desk.type(secret, every=0.01)
		time.sleep(0.5)
		check(not agent.recording() and not agent.pids()["capture"], "recording under a manifest that nobody agreed to")
		said = agent.command("status")
		check(said.returncode == 3 and "join" in said.stdout, f"status: {said.stdout}")
		check("assent join" in desk.log(agent.log), "the log does not say to join again")
		nothing_of(agent, secret, typed)
		# The same text again is the same question.
		code, shown = agent.join(study(desk.home / "study.yaml", keys="text"))
		check(code == 0, shown)
		wait_for(agent.recording, 10, name="recording after joining again")
		agent.stop()


def a_manifest_changed_under_way_changes_nothing_that_was_agreed():
	"""Capture ends, or goes on under the text that was agreed to; never under the new one. Status says the same as the agent."""
	with Desk() as desk:
		agent = agreed(desk, keys="class")
		agent.start()
		typing(desk)
		stored = agent.data / "studies/test-study.yaml"
		stored.write_text(stored.read_text().replace("keys: class", "keys: text"))
		time.sleep(0.5)
		desk.type(word(ORDINARY), every=0.03)
		time.sleep(1.0)
		said, told = agent.command("status"), agent.status()
		lives = bool(agent.pids()["capture"])
		note(f"manifest changed under way: capture {'goes on' if lives else 'ended'}; status exits {said.returncode}, "
			f"state {told['state']}, why {told['why']}")
		agent.stop()
		check(not [row for row in agent.rows() if row["code"] and row["kind"].startswith("key")], "codes: more than agreed to")
		check(not lives, "capture goes on although the manifest was changed (DESIGN: capture stops until it is answered)")


if __name__ == "__main__":
	signal.signal(signal.SIGINT, signal.SIG_DFL)
	sys.exit(run(nothing_is_opened_before_a_yes, nothing_is_opened_after_a_no, withdrawal_ends_capture_within_a_second,
		withdrawal_with_the_agent_dead_holds, withdrawal_ends_a_stopped_capture,
		typed_while_stopped_before_it_saw_the_no, a_pause_ends_by_itself, consent_that_runs_out_ends_capture,
		damaged_ledgers_end_capture, a_changed_manifest_is_a_new_question,
		a_manifest_changed_under_way_changes_nothing_that_was_agreed))
