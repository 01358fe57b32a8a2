# SPDX-License-Identifier: Apache-2.0
"""assent forget and assent expire through the real programs, on recordings by replay; what the agent's keeper does while nothing is recorded.

Forgetting while somebody types is in tests/desktop/test_forget.py; killed at each system call it is in tests/store/test_keep_crash.c.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import participant  # noqa: E402
from agent import on_pty  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import wait_for  # noqa: E402

# Two applications, by turns, for about half a minute of its own time.
STORY = """\
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/kate pid=20
object 11 pid=10 role=text
object 21 pid=20 role=text
focus 1
field 11
+1s type abcdefgh
+4s focus 2
field 21
+1s type ijklm
+4s focus 1
field 11
+1s type dcba
+6s screen 800 600
"""


class Participant(participant.Participant):
	def __init__(self, segments=3):
		super().__init__(id="forget-test")
		self.agent = None
		self.join()
		for _ in range(segments):
			self.replay(STORY)

	def __exit__(self, *_):
		if self.agent:
			self.agent.kill()
			self.agent.wait()
		super().__exit__()

	def run(self, command, *argv, code=None, **options):
		said = self.command(command, *argv, **options)
		if code is not None:
			check(said.returncode == code, lambda: f"{command} {argv} exits {said.returncode}: {said.stdout}{said.stderr}")
		return said

	def rows(self, keep=()):
		"""Without the name of the segment, which a rewritten one has anew."""
		said = self.run("show", "--json")
		check(said.returncode in (0, 3), lambda: f"show exits {said.returncode}: {said.stderr}")
		rows = [json.loads(line) for line in said.stdout.splitlines()]
		for row in rows:
			row.pop("segment")
		return rows

	def spool(self):
		return self.data / "spool/forget-test"

	def names(self, suffix=".seg"):
		return sorted(path.name for path in self.spool().glob("*" + suffix))

	def verified(self):
		self.run("verify", code=0)


def seconds(time_us):
	return time_us / 1e6


def downs(rows):
	return "".join(row["text"] or "" for row in rows if row["kind"] == "key_down")


def refuses_to_guess():
	with Participant(1) as p:
		before = p.rows()
		for argv, code in (((), 2), (("--last", "soon"), 2), (("--last", "5m", "--until", "2026-01-01"), 2), (("--since", "never"), 2),
				(("--since", "2030-01-02", "--until", "2030-01-01"), 2), (("--last", "5m", "everything"), 2),
				(("--since", "2001-01-01", "--until", "2001-02-01", "--yes"), 3), (("--app", "nothing-*", "--yes"), 3),
				(("--segment", "20010101T000000Z-00000000", "--yes"), 3), (("--last", "5m"), 4)):
			said = p.run("forget", *argv)
			check(said.returncode == code, lambda: f"forget {argv} exits {said.returncode}, not {code}: {said.stdout}{said.stderr}")
		check(p.rows() == before, "something was deleted")


def asks():
	with Participant(2) as p:
		before = p.rows()
		argv = [p.assent, "forget", "--data", p.data, "--last", "1h"]
		for answer in ("no", "y", ""):
			code, shown = on_pty(argv, p.env, [answer], prompt="[yes/no]")
			check(code == 4 and "nothing was deleted" in shown, f"{answer!r}: exit {code}: {shown}")
		check("2 segments" in shown and "rows" in shown, shown)
		check(p.rows() == before, "something was deleted without a yes")
		dry = json.loads(p.run("forget", "--last", "1h", "--dry-run", "--json", code=0).stdout)
		check(dry["segments"] == 2 and dry["deleted"] is False and p.rows() == before, str(dry))
		code, shown = on_pty(argv, p.env, ["yes"], prompt="[yes/no]")
		check(code == 0 and "Deleted: " in shown, f"yes: exit {code}: {shown}")
		after = p.rows()
		check(downs(after) == "", downs(after))
		check({row["kind"] for row in after} <= {"start", "stop", "clock", "screen", "layout", "gap"}, str(after)[:300])
		gaps = [row for row in after if row["kind"] == "gap"]
		check(len(gaps) == 2 and all(row["reason"] == "forgotten" and row["lost"] is None for row in gaps), str(gaps))
		check(all(row["t_us"] % 1000000 == 0 and row["end_us"] % 1000000 == 0 for row in gaps), str(gaps))
		p.verified()
		check(p.run("forget", "--last", "1h", "--yes").returncode == 3, "a second time there is something left")


def by_application():
	with Participant(1) as p:
		before = p.rows()
		said = json.loads(p.run("forget", "--app", "kate", "--yes", "--json", code=0).stdout)
		after = p.rows()
		check(downs(before) == "abcdefghijklmdcba" and downs(after) == "abcdefghdcba", f"{downs(before)} → {downs(after)}")
		kept = [row for row in before if row["app"] != "kate"]
		left = [row for row in after if row["kind"] != "gap"]
		check(left == kept, lambda: f"{[row for row in kept if row not in left][:2]} → {[row for row in left if row not in kept][:2]}")
		check(said["rows"] == len(before) - len(kept) and said["deleted"] is True, str(said))
		p.verified()


def by_time_and_segment():
	with Participant(3) as p:
		before, names = p.rows(), p.names()
		keys = [row for row in before if row["kind"] == "key_down"]
		# The stories overlap: each is some seconds ahead of the clock. To the second, as the command line has it.
		since = keys[8]["t_us"] - keys[8]["t_us"] % 1000000
		until = since + 3000000
		text = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t // 1000000)) for t in (since, until)]
		p.run("forget", "--since", text[0], "--until", text[1], "--yes", code=0)
		after = p.rows()
		for row in after:
			if row["kind"] not in ("start", "stop", "clock", "screen", "layout", "gap"):
				check(not since <= row["t_us"] <= until, str(row))
		outside = [row for row in before if (row["end_us"] or row["t_us"]) < since or row["t_us"] > until]
		check([row for row in after if row in outside] == outside, "rows outside changed")
		p.verified()
		left = p.names()
		check(len(left) == 3 and len(p.names(".key")) == 3 and not p.names(".new"), str(sorted(os.listdir(p.spool()))))
		name = left[2]
		p.run("forget", "--segment", name, "--yes", code=0)
		check(name not in p.names() and len(p.names()) == 3, str(p.names()))
		p.verified()


def killed_anywhere():
	"""The whole program, at any time; what a reader sees is one of two things, and verify passes."""
	with Participant(3) as p:
		rows = p.rows()
		copy = p.home / "copy"
		shutil.copytree(p.data, copy, symlinks=True)
		began = time.monotonic()
		p.run("forget", "--last", "1h", "--app", "kate", "--yes", code=0)
		took, after, found = time.monotonic() - began, p.rows(), [0, 0]
		end = time.monotonic() + 20
		for number in range(60):
			if time.monotonic() > end:
				break
			shutil.rmtree(p.data)
			shutil.copytree(copy, p.data, symlinks=True)
			process = subprocess.Popen([str(p.assent), "forget", "--data", str(p.data), "--last", "1h", "--app", "kate", "--yes"],
				env=p.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
			time.sleep(random.uniform(0, took * 1.2))
			process.send_signal(signal.SIGKILL)
			process.wait()
			p.verified()
			now = p.rows()
			check(now in (rows, after), f"kill {number}: neither before nor after")
			found[now == after] += 1
		note(f"killed {sum(found)} times: {found[0]} before, {found[1]} after")


def released_again():
	with Participant(2) as p:
		code, shown = on_pty([p.assent, "release", "--data", p.data], p.env, ["yes"], prompt="[yes/no]")
		check(code == 0, lambda: f"release exits {code}: {shown}")
		outbox = p.data / "outbox/forget-test"
		old = {path.stem for path in outbox.glob("*/*.seg")}
		check(len(old) == 2, str(old))
		said = p.run("forget", "--app", "kate", "--yes", "--json", code=0)
		answer = json.loads(said.stdout)
		check(answer["released"] == 2 and answer["recipients_told"] is True, said.stdout)
		new = {path.stem for path in outbox.glob("*/*.seg")}
		check(len(new) == 2 and not new & old, f"{old} → {new}: {said.stderr}")
		stones = [json.loads(path.read_text()) for path in outbox.glob("*/*.tombstone")]
		named = {segment["segment"] for stone in stones for segment in stone["segments"]}
		check(named == old and {stone["reason"] for stone in stones} == {"forgotten"}, str(stones))
		# The recipient reads what is left of it, and nothing else.
		read = p.plain("show", "--json", "--key", p.home / "recipient.key", *[path for path in outbox.glob("*/*.seg")])
		rows = [json.loads(line) for line in read.stdout.splitlines()]
		check(read.returncode == 0 and downs(rows) == "abcdefghdcba" * 2, f"{downs(rows)!r}: {read.stderr}")


def damaged_plan_is_not_read_over():
	with Participant(1) as p:
		(p.data / "spool/.forget").write_text("assent forget 1\nsegment forget-test ../../x y\nend\n")
		for command in ("show", "verify"):
			said = p.run(command)
			check(said.returncode == 1 and "interrupted" in said.stderr, f"{command}: {said.returncode}: {said.stderr}")
		said = p.run("forget", "--last", "1h", "--yes")
		check(said.returncode == 1, said.stderr)
		(p.data / "spool/.forget").unlink()
		p.verified()


def age(path, days):
	"""The key file says that it expires so many days from now."""
	text = path.read_text()
	when = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + days * 86400))
	path.write_text(re.sub(r"(?m)^expires .*$", f"expires {when}", text))


def expires():
	with Participant(3) as p:
		said = json.loads(p.run("expire", "--json", code=0).stdout)
		check(said["removed"] == 0 and said["next"], str(said))
		names = p.names(".key")
		age(p.spool() / names[0], -1)
		age(p.spool() / names[1], 2)
		told = p.run("expire", code=0).stdout
		check("1 segment was" in told and "next is due" in told, told)
		check(p.names(".key") == names[1:] and len(p.names()) == 2, str(p.names()))
		p.verified()
		# The participant's own settings can make it sooner.
		config = p.home / "assent.yaml"
		config.write_text("retention: 1h\n")
		said = p.run("expire", "--json", "--config", config)
		check(said.returncode == 0 and json.loads(said.stdout)["removed"] == 0, said.stdout + said.stderr)
		(p.spool() / names[1]).unlink()
		check(json.loads(p.run("expire", "--json", code=0).stdout)["removed"] == 1 and len(p.names()) == 1, "a segment without a key stays")


def start(p):
	log = open(p.home / "log", "w")
	p.agent = subprocess.Popen([str(p.assentd), "--data", str(p.data)], env={**p.env, "DISPLAY": ":none"}, stdin=subprocess.DEVNULL,
		stdout=subprocess.DEVNULL, stderr=log)


def keeper_works_without_a_recording():
	with Participant(3) as p:
		p.run("withdraw", "--keep", code=0)
		names = p.names(".key")
		age(p.spool() / names[0], -1)
		# Due a few seconds after the start: by its timer.
		age(p.spool() / names[1], 9 / 86400)
		start(p)
		wait_for(lambda: p.names(".key") == names[1:], 5, name="the keeper's first round")
		wait_for(lambda: p.names(".key") == names[2:], 25, name="the keeper's timer")
		check(p.agent.poll() is None, "assentd ended")
		log = (p.home / "log").read_text()
		check("deleted" in log and "sandbox" not in log, log)
		wait_for(lambda: p.names() == [names[2].replace(".key", ".seg")], 5, name="the end of the segments")


if __name__ == "__main__":
	sys.exit(run(refuses_to_guess, asks, by_application, by_time_and_segment, killed_anywhere, released_again, damaged_plan_is_not_read_over,
		expires, keeper_works_without_a_recording))
