# SPDX-License-Identifier: Apache-2.0
"""Release through the real programs: what leaves, and who has to say so; killed, withdrawn or collected meanwhile."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import on_pty  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from participant import Participant, word  # noqa: E402
from terminal import Terminal  # noqa: E402


def due(p, line="release"):
	"""Makes that time of what is in the spool the one when it was begun."""
	for path in p.files("spool", p.id):
		if path.suffix == ".key":
			text = path.read_text()
			begun = re.search(r"^begun (\S+)$", text, re.M).group(1)
			path.write_text(re.sub(rf"^{line} .*$", f"{line} {begun}", text, flags=re.M))


def releasing_takes_a_person():
	with Participant(review="manual") as p:
		p.join()
		text = word()
		p.record(text)
		for argv, stdin in ((("release",), None), (("release", "--json"), None), (("release",), "yes\n")):
			said = subprocess.run([str(p.assent), argv[0], "--data", str(p.data), *argv[1:]], env={**p.env, "ASSENT_AGREE": "yes"}, input=stdin or "",
				capture_output=True, text=True, start_new_session=True, timeout=30)
			check(said.returncode == 4, lambda: f"{argv}: {said}")
		for answer in ("no", "y", "YES please", ""):
			code, shown = p.person("release", answers=[answer])
			check(code == 4 and "nothing was released" in shown, lambda: f"{answer}: {code} {shown}")
		check(not [path for path in p.files("outbox") if path.suffix == ".key"], "something was released")
		said = p.command("release", "--dry-run", "--json")
		would = json.loads(said.stdout)
		check(would["released"] == 1 and would["parcels"][0]["needs_secret"] and not p.files("outbox"), would)
		code, shown = p.person("release", "--before", "10m", answers=["yes"])
		check(code == 3, lambda: f"{code} {shown}")
		code, shown = p.person("release", "--study", "another", answers=["yes"])
		check(code == 3, lambda: f"{code} {shown}")
		code, shown = p.person("release", answers=["yes"])
		check(code == 0 and "Example University" in shown and "cannot be called back" in shown, shown)
		code, typed = p.typed(p.data / "outbox" / p.id, key=p.home / "recipient.key")
		check(typed == text, f"the recipient reads {typed!r}, exit {code}")
		check(p.person("release", answers=["yes"])[0] == 3, "again")


def what_came_while_somebody_thought_stays():
	with Participant(review="manual") as p:
		p.join()
		text, later = word(), word()
		p.record(text)

		def thinking(shown, done=[]):
			if b"[yes/no]" in shown and not done:
				done.append(p.record(later))

		code, shown = on_pty([p.assent, "release", "--data", p.data], p.env, ["yes"], prompt="[yes/no] ", echo=thinking)
		check(code == 0 and ": 1 segment" in shown and "Released: 1 segment," in shown, shown)
		code, typed = p.typed(p.data / "outbox" / p.id, key=p.home / "recipient.key")
		check(typed == text, f"the recipient reads {typed!r}, exit {code}: {text} was shown, {later} was not")
		check(p.person("release", answers=["yes"])[0] == 0, "the other")


def a_withdrawal_in_the_middle_of_a_release():
	"""Holds for what has not left yet: that is not put into the outbox first, where somebody could collect it, to be taken back later."""
	with Participant() as p:
		p.join()
		for _ in range(12):
			p.record(word())
		terminal = Terminal([str(p.assent), "release", "--data", str(p.data)], p.env)
		terminal.wait("[yes/no] ")
		terminal.type("yes\n")
		wait_for(lambda: [path for path in p.files("outbox") if path.suffix == ".key"], 10, every=0.0005)
		os.kill(terminal.pid, signal.SIGSTOP)
		before = len((p.data / "released.jsonl").read_text().splitlines())
		withdraw = subprocess.Popen([p.assent, "withdraw", "--data", p.data], env=p.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
		wait_for(lambda: "withdrawn" in (p.data / "ledger.jsonl").read_text(), 10)
		os.kill(terminal.pid, signal.SIGCONT)
		terminal.end()
		check(withdraw.wait(20) == 0, "withdraw")
		lines = [json.loads(line) for line in (p.data / "released.jsonl").read_text().splitlines()]
		names = {line["segment"] for line in lines}
		note(f"{before} of 12 before, {len(names)} in all")
		check(len(names) <= before + 1 < 12, f"{before} were released when it was withdrawn, and {len(names)} in the end")
		check(not [path for path in p.files("outbox") if path.suffix in (".seg", ".key")], "in the outbox")


def a_release_that_was_killed_leaves_no_copy():
	"""What it had made ready in outbox.tmp, and not noted yet, is a copy that its recipient could read."""
	for argv in (("withdraw", "--erase"), ("withdraw",), ("forget", "--since", "2020-01-01", "--yes"), ("expire",)):
		with Participant() as p:
			p.join()
			p.record(word())
			staging = p.data / "outbox.tmp"
			for _ in range(20):
				terminal = Terminal([str(p.assent), "release", "--data", str(p.data)], p.env)
				terminal.wait("[yes/no] ")
				terminal.type("yes\n")
				wait_for(lambda: (p.data / "released.jsonl").exists() or
					staging.exists() and any(name.endswith((".seg", ".key")) for name in os.listdir(staging)), 10, every=0)
				os.kill(terminal.pid, signal.SIGKILL)
				terminal.end()
				if not (p.data / "released.jsonl").exists():
					break
				# It was faster.
				p.command("forget", "--since", "2020-01-01", "--yes")
				(p.data / "released.jsonl").unlink()
				p.record(word())
			else:
				raise Skip("not killed in time")
			check(any(name.endswith(".seg") for name in os.listdir(staging)), "there is nothing made ready")
			said = p.command(*argv)
			check(said.returncode in (0, 3), lambda: f"{said}")
			left = [name for name in os.listdir(staging) if name.endswith((".seg", ".key"))]
			check(not left, lambda: f"after {' '.join(argv)}: {left}")


def an_outbox_that_is_not_there_now_is_no_reason_not_to_tell():
	"""It is a link to a share that is not mounted."""
	for ends in (("forget", "--since", "2020-01-01", "--yes"), ("expire",), ("withdraw",), ("withdraw", "--erase")):
		with Participant() as p:
			p.join()
			p.record(word())
			check(p.person("release", answers=["yes"])[0] == 0, "release")
			share = p.home / "share"
			(p.data / "outbox").rename(share)
			(p.data / "outbox").symlink_to(p.home / "mounted")
			if ends[0] == "expire":
				due(p, "expires")
			said = p.command(*ends)
			check(said.returncode == 1 or "told" in said.stderr + said.stdout, lambda: f"{ends}: {said}")
			check(not p.typed()[1] or ends == ("withdraw",), f"{ends}: what was to be deleted is there")
			share.rename(p.home / "mounted")
			# The next that does anything tells them.
			if ends[0] == "withdraw":
				p.command("withdraw", "--erase")
			else:
				p.command("expire")
			left = [path.name for path in (p.home / "mounted").rglob("*") if path.suffix in (".seg", ".key", ".tombstone")]
			check(len(left) == 1 and left[0].endswith(".tombstone"), lambda: f"{ends}: in the outbox: {left}")


def collected_by_rclone():
	if not shutil.which("rclone"):
		raise Skip("rclone is not installed")
	with Participant() as p:
		p.join()
		p.record(word())
		p.record(word())
		check(p.person("release", answers=["yes"])[0] == 0, "release")
		s = p.status()["segments"]
		check((s["held"], s["released"], s["collected"]) == (0, 2, 0), s)
		# Its participant sees what a recipient would: and that somebody changed it there.
		said = p.command("verify")
		check(said.returncode == 0 and said.stdout.count("ok: signed, whole, consented to") == 2 and said.stdout.count("  ok\n") == 2, said)
		changed = next(path for path in p.files("outbox") if path.suffix == ".seg")
		good = changed.read_bytes()
		changed.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
		said = p.command("verify")
		check(said.returncode == 1 and said.stdout.count("PROBLEM") == 1 and "its hash is another" in said.stdout, said)
		changed.write_bytes(good)
		server = p.home / "server"

		def collect():
			subprocess.run(["rclone", "move", "--config", "/dev/null", "--exclude", ".*", p.data / "outbox", server], env=p.env, check=True,
				capture_output=True, timeout=60)

		collect()
		s = p.status()["segments"]
		check((s["released"], s["collected"]) == (2, 2), s)
		check("2, of which 2 collected" in p.command("status").stdout, p.command("status").stdout)
		folder = next((server / p.id).iterdir())
		check(sorted(path.suffix for path in folder.iterdir()) == [".jsonl", ".key", ".key", ".seg", ".seg", ".yaml"], lambda: f"{list(folder.iterdir())}")
		# The next release goes out with its receipts, though those were taken along.
		p.record(word())
		check(p.person("release", answers=["yes"])[0] == 0, "release")
		collect()
		check(len(list(folder.glob("*.seg"))) == 3 and p.status()["segments"]["collected"] == 3, lambda: f"{p.status()['segments']}")
		said = p.command("withdraw")
		check(said.returncode == 0 and "3 segments were collected before" in said.stdout and "they are not asked to delete" in said.stdout, said)
		said = p.command("withdraw", "--erase")
		check(said.returncode == 0 and "3 of them had left the outbox" in said.stdout, lambda: f"{said}")
		s = p.status()["segments"]
		check((s["tombstones"], s["tombstones_collected"]) == (1, 0), s)
		collect()
		s = p.status()["segments"]
		check((s["tombstones"], s["tombstones_collected"]) == (1, 1), s)
		check(len(list(folder.glob("*.tombstone"))) == 1 and '"withdrawn"' in (folder / "receipts.jsonl").read_text(), lambda: f"{list(folder.iterdir())}")


def the_agent_releases_what_is_due():
	"""In its sandbox, without a key that reads; also into a folder elsewhere; and not after a withdrawal."""
	for elsewhere in (False, True):
		with Desk() as desk, Participant(review="1s") as p:
			p.env = {**desk.env, "HOME": str(p.home)}
			p.join()
			text = word()
			p.record(text)
			time.sleep(1)
			due(p)
			if elsewhere:
				share = pathlib.Path(tempfile.mkdtemp(prefix="assent-share-", dir="/dev/shm"))
				(p.data / "outbox").symlink_to(share)
			agent = desk.start([p.assentd, "--data", p.data], log="assentd.log")
			try:
				wait_for(lambda: p.status()["segments"]["released"] == 1, 15, name="the release: " + desk.log("assentd.log"))
				code, typed = p.typed(p.data / "outbox" / p.id, key=p.home / "recipient.key")
				check(typed == text, f"the recipient reads {typed!r}, exit {code}")
				check(p.command("withdraw").returncode == 0, "withdraw")
				check(not [path for path in (p.data / "outbox").rglob("*") if path.suffix in (".seg", ".key")], "it was not taken back")
			finally:
				agent.stop(5)
				if elsewhere:
					shutil.rmtree(share)


if __name__ == "__main__":
	sys.exit(run(releasing_takes_a_person, what_came_while_somebody_thought_stays, a_withdrawal_in_the_middle_of_a_release,
		a_release_that_was_killed_leaves_no_copy, an_outbox_that_is_not_there_now_is_no_reason_not_to_tell, collected_by_rclone,
		the_agent_releases_what_is_due))
