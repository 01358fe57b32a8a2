# SPDX-License-Identifier: Apache-2.0
"""A downgrade: whatever a later version left is named with both versions and the remedy; nothing of it is changed, deleted or recorded beside."""

import contextlib
import json
import pathlib
import shutil
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from spools import STUDY, Old, raise_segment, replace  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import wait_for  # noqa: E402


def segment(old):
	path = old.spool(".seg")[0]
	raise_segment(path, version=4)
	return path, "version 4", "up to 3"


def segment_flag(old):
	path = old.spool(".seg")[0]
	raise_segment(path, flags=2)
	return path, "flag (0x2)", "does not know"


def unfinished(old):
	path = old.spool(".seg")[0]
	part = path.with_suffix(".part")
	path.rename(part)
	raise_segment(part, version=4)
	return part, "version 4", "up to 3"


def key_file(old):
	path = old.spool(".key")[0]
	replace(path, "assent key 1\n", "assent key 2\n")
	return path, "version 2", "up to 1"


def longer_key_file(old):
	path = old.spool(".key")[0]
	path.write_text("assent key 10\n" + "x" * 100000 + "\n")
	return path, "version 10", "up to 1"


def key_file_of_what_is_not_known(old):
	path = old.spool(".key")[0]
	replace(path, "assent key 1\n", "assent key 2\n")
	path.with_suffix(".seg").rename(path.with_suffix(".table"))
	return path, "version 2", "up to 1"


def identity(old):
	replace(old.data / "identity", "version: 2\n", "version: 3\n")
	return old.data / "identity", "version 3", "up to 2"


def receipt(old):
	path = old.data / "ledger.jsonl"
	lines = path.read_text().splitlines(keepends=True)
	path.write_text("".join(lines[:-1]) + lines[-1].replace("assent-receipt-2", "assent-receipt-3"))
	return path, "version 3", "up to 2"


def head(old):
	replace(old.data / "ledger.head", '{"version":1', '{"version":2')
	return old.data / "ledger.head", "version 2", "up to 1"


def secrets(old):
	replace(old.data / "secrets", "assent-secrets 1", "assent-secrets 2")
	return old.data / "secrets", "version 2", "up to 1"


def plan(old):
	path = old.data / "spool/.forget"
	path.write_text(f"assent forget 2\nsegment {STUDY} {old.spool('.seg')[0].stem} - since\nend\n")
	path.chmod(0o600)
	return path, "version 2", "up to 1"


def folder(old):
	(old.data / "version").write_text("assent data 2\n")
	return old.data / "version", "version 2", "up to 1"


FILES = (segment, segment_flag, unfinished, key_file, longer_key_file, key_file_of_what_is_not_known, identity, receipt, head, secrets, plan, folder)


def says(text, path, found, known, name):
	check(str(path) in text and found in text and known in text and "Install that version, or a later one" in text, f"{name}: says {text!r}")


def nothing_is_changed():
	for spoil in FILES:
		# Long after all of it was to be deleted: whoever takes it for damaged, or for due, does so now.
		for days in (14, 5000):
			with Old("evdev", days) as old:
				name = f"{spoil.__name__} after {days} days"
				told = spoil(old)
				before = old.tree()
				status = old.command("status", "--json", code=3)
				says(json.loads(status.stdout)["why"], *told, name)
				check(json.loads(status.stdout)["state"] == "later-version", status.stdout)
				says(old.command("status", code=3).stdout, *told, name)
				for argv in (("expire",), ("release", "--dry-run"), ("forget", "--last", "9000d", "--yes"), ("resume",), ("secret", "list"),
						("passphrase",), ("join", old.home / "study.yaml")):
					says(old.command(*argv, code=1).stderr, *told, f"{name}: {argv[0]}")
				said = old.record()
				check(said.returncode == 4, f"{name}: assentd: {said}")
				says(said.stderr, *told, f"{name}: assentd")
				agent = old.live()
				try:
					lines = [agent.stderr.readline() for _ in range(2)]
				finally:
					agent.terminate()
					agent.wait(20)
					agent.stderr.close()
				check(any("nothing is deleted or released" in line and str(told[0]) in line for line in lines), f"{name}: the agent says {lines}")
				for argv in (("show", "--json"), ("verify",), ("receipts",), ("export", "--format", "csv", "--out", old.home / "out")):
					old.command(*argv, code=None)
				shutil.rmtree(old.home / "out", ignore_errors=True)
				after = old.tree()
				check(after == before, f"{name}: changed {[path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]}")
	note(f"{len(FILES)} kinds of files, each 14 days and 5000 days after it was made")


def what_can_be_read_is_read():
	with Old("evdev") as old:
		path, found, known = segment(old)
		said = old.command("show", "--json", code=1)
		says(said.stderr, path, found, known, "show")
		others = [row for row in old.expected["rows"] if row["segment"] != path.stem]
		check([json.loads(line) for line in said.stdout.splitlines()] == others, "show leaves out more than that segment")
		told = old.command("verify", code=1).stdout
		check(f"PROBLEM: a segment of {found}" in told and told.count(" ok") >= 2, told)
	with Old("evdev") as old:
		key_file(old)
		check("the key file is of a later version than this program knows (1)" in old.command("show", "--json", code=1).stderr, "show")
		check("the key file is of a later version than this program knows (1)" in old.command("verify", code=1).stdout, "verify")


def a_participant_can_still_end_it():
	for spoil in FILES:
		with Old("evdev") as old:
			spoil(old)
			ledger = (old.data / "ledger.jsonl").read_text()
			said = old.plain("withdraw", "--erase", "--data", old.data)
			check(not list((old.data / "spool").rglob("*.key")) if (old.data / "spool").exists() else True, f"{spoil.__name__}: keys are left: {said}")
			kept = "".join(path.read_text() for path in old.data.glob("ledger*") if path.name != "ledger.head")
			check(ledger in kept and '"withdrawn"' in kept.replace(ledger, ""), f"{spoil.__name__}: the ledger is not kept: {said}")
			(old.data / "version").unlink(missing_ok=True)
			state = json.loads(old.command("status", "--json", code=3).stdout)
			check(state["state"] in ("withdrawn", "later-version"), f"{spoil.__name__}: {state['state']}: {state['why']}")


def a_manifest():
	with Old("evdev") as old:
		path = old.data / "studies" / f"{STUDY}.yaml"
		replace(path, "assent: 1\n", "assent: 2\n")
		before = old.tree()
		state = json.loads(old.command("status", "--json", code=3).stdout)
		check(str(path) in state["why"] and "of version 2" in state["why"] and "knows 1" in state["why"] and "later Assent" in state["why"], state["why"])
		said = old.record()
		check(said.returncode == 4 and "of version 2" in said.stderr, f"assentd: {said}")
		check(old.tree() == before, "changed")


def a_dataset():
	for form in ("parquet", "csv"):
		with Old("evdev") as old:
			out = old.home / "dataset"
			argv = ("export", "--key", old.key, "--purpose", "hci-research", "--format", form, "--out", out, old.data / "outbox")
			check(old.plain(*argv).returncode == 0, "export")
			replace(out / "dataset.json", '"assent_dataset": 1', '"assent_dataset": 2')
			before = old.tree()
			for more in ((), ("--force",), ("--append",) if form == "parquet" else ()):
				said = old.plain(*argv, *more)
				check(said.returncode == 1, f"{form} {more}: {said}")
				says(said.stderr, out / "dataset.json", "version 2", "up to 1", form)
			check(old.tree() == before, f"{form}: changed")


class Agent(threading.Thread):
	"""Speaks another version's protocol: a real agent of a later version is not there to be had."""

	def __init__(self, path, answer):
		super().__init__(daemon=True)
		self.answer, self.asked = answer, []
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.bind(str(path))
		self.socket.listen()
		self.start()

	def run(self):
		while True:
			try:
				client, _ = self.socket.accept()
			except OSError:
				return
			with client, contextlib.suppress(OSError):
				self.asked.append(client.recv(300).decode().strip())
				client.sendall(json.dumps(self.answer).encode() + b"\n")


def an_agent_of_another_version():
	answers = {
		# Of a later version, whose words mean something else.
		"later": ({"recording": {"of": "two"}, "version": "9.9.9", "protocol": 2}, ("9.9.9", "install the same version of both")),
		# That knows no word of this.
		"unknown": ({"error": "unknown request", "version": "9.9.9", "protocol": 1}, ("9.9.9", "restart it: systemctl --user restart assentd")),
		# From before versions were told.
		"earlier": ({"recording": False, "state": "waiting", "why": "no"}, ("0.1.0 or earlier", "restart it: systemctl --user restart assentd")),
	}
	for name, (answer, told) in answers.items():
		with Old("evdev") as old:
			# Its clock is to go on: a wait is not to wait for ever.
			old.env.pop("FROZEN_MONO_US")
			agent = Agent(old.data / "control", answer)
			began = time.monotonic()
			text = old.command("status", code=3).stdout
			check(all(word in text for word in told), f"{name}: {text}")
			state = json.loads(old.command("status", "--json", code=3).stdout)
			check(not state["recording"] and (state["restart"] or name == "later"), f"{name}: {state}")
			for argv in (("pause",), ("private", "on"), ("withdraw",)):
				said = old.plain(argv[0], "--data", old.data, *argv[1:])
				check(said.stdout + said.stderr and time.monotonic() - began < 30, f"{name}: {argv}: {said}")
			check(json.loads(old.command("status", "--json", code=3).stdout)["state"] == "withdrawn", f"{name}: withdraw")
			check("status" in agent.asked, f"{name}: asked {agent.asked}")
			agent.socket.close()


def ask(path, request):
	with socket.socket(socket.AF_UNIX) as s:
		s.settimeout(5)
		s.connect(str(path))
		s.sendall(request.encode() + b"\n")
		return json.loads(s.makefile().readline())


def a_command_of_a_later_version():
	with Old("evdev") as old:
		old.env.pop("FROZEN_MONO_US")
		agent = old.live()
		try:
			control = old.data / "control"
			wait_for(control.exists, 10, name="the control socket")
			said = ask(control, "rewind 3")
			check(said["error"] == "unknown request" and said["version"] and said["protocol"] == 1, said)
			check(ask(control, "version") == {"version": said["version"], "protocol": 1, "program": "current"}, "version")
		finally:
			agent.terminate()
			agent.wait(20)
			agent.stderr.close()


def an_upgrade_under_a_running_agent():
	with Old("evdev") as old:
		old.env.pop("FROZEN_MONO_US")
		import spools
		programs = old.home / "programs" / "agent"
		programs.mkdir(parents=True)
		for name in ("assent", "assentd"):
			shutil.copy2(spools.BUILD / "agent" / name, programs / name)
		built, spools.BUILD = spools.BUILD, old.home / "programs"
		agent = old.live()
		try:
			wait_for((old.data / "control").exists, 10, name="the control socket")
			wait_for(lambda: json.loads(old.command("status", "--json", code=3).stdout)["agent"], 10, name="its answer")
			state = json.loads(old.command("status", "--json", code=3).stdout)
			check(not state["restart"] and state["agent"]["program"] == "current", state)
			check("Agent:" not in old.command("status", code=3).stdout, "says it is old")
			# As dpkg does: another file takes its name.
			shutil.copy2(programs / "assentd", programs / "assentd.new")
			(programs / "assentd.new").rename(programs / "assentd")
			state = json.loads(old.command("status", "--json", code=3).stdout)
			check(state["restart"] and state["agent"]["program"] == "replaced", state)
			check("its program was replaced since it began; restart it: systemctl --user restart assentd" in old.command("status", code=3).stdout, "status")
			check(json.loads(old.command("status", "--inventory").stdout)["agent"]["restart"], "the inventory does not say so")
		finally:
			spools.BUILD = built
			agent.terminate()
			agent.wait(20)
			agent.stderr.close()


if __name__ == "__main__":
	sys.exit(run(nothing_is_changed, what_can_be_read_is_read, a_participant_can_still_end_it, a_manifest, a_dataset, an_agent_of_another_version,
		a_command_of_a_later_version, an_upgrade_under_a_running_agent))
