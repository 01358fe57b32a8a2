#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The installed programs, as a person of a machine uses them: keys, a decision, a recording, and what is in it later.

Of test_install.py, in a root of its own; and by itself (debian/tests), on the machine that it runs on: installed.py first
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

from agent import on_pty  # noqa: E402
from cases import check, note  # noqa: E402
from participant import STORY, environment, manifest, word  # noqa: E402


class Person:
	"""outside, inside: the home, as this process and as the programs name it. wrap: what comes before each command."""

	def __init__(self, outside, inside=None, wrap=()):
		self.outside, self.inside, self.wrap = pathlib.Path(outside), str(inside or outside), list(wrap)
		self.env = dict(environment(self.inside), PATH="/usr/sbin:/usr/bin:/sbin:/bin")
		self.data = self.outside / ".local/share/assent"
		self.words = []

	def run(self, *argv, status=0):
		done = subprocess.run([*self.wrap, *map(str, argv)], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			text=True, timeout=60, start_new_session=True)
		check(status is None or done.returncode == status, lambda: f"{' '.join(map(str, argv))}: exit {done.returncode}: {done.stderr[-600:]}{done.stdout[-300:]}")
		return done.stdout + done.stderr

	def start(self, *argv):
		return subprocess.Popen([*self.wrap, *map(str, argv)], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL, start_new_session=True)

	def file(self, name, text):
		path = self.outside / name
		path.write_text(text)
		path.chmod(0o644)
		return f"{self.inside}/{name}"

	def join(self):
		"""Keys for a recipient, a study for them, and a yes on a terminal."""
		key = subprocess.CompletedProcess((), 0, self.run("assent", "keygen", "--out", f"{self.inside}/lab.key"), "")
		manifest(self.outside / "study.yaml", key, id="package-test", review="72h")
		(self.outside / "study.yaml").chmod(0o644)
		code, shown = on_pty([*self.wrap, "assent", "join", f"{self.inside}/study.yaml"], self.env, ["yes"])
		check(code == 0, lambda: f"join: exit {code}: {shown[-500:]}")

	def record(self):
		self.words.append(word())
		self.run("assentd", "--source", "replay:" + self.file("story.t", STORY.format(word=self.words[-1])))

	def verified(self):
		"""Everything verifies, and what was typed is what can be read, all of it."""
		self.run("assent", "verify")
		rows = [json.loads(line) for line in self.run("assent", "show", "--json").splitlines() if line.startswith("{")]
		typed = "".join(row["text"] or "" for row in rows if row["kind"] == "key_down")
		check(typed == "".join(self.words), lambda: f"typed {self.words}, kept {typed!r}")
		states = [json.loads(line)["events"][0]["event_state"] for line in self.run("assent", "receipts", "--json").splitlines() if '"event_state"' in line]
		return rows, states

	def digest(self):
		"""Of every file of the home, its name, owner and rights."""
		total = hashlib.sha256()
		for path in sorted(self.outside.rglob("*")):
			told = path.lstat()
			total.update(f"{path} {told.st_mode} {told.st_uid} {told.st_gid}\0".encode() + (path.read_bytes() if path.is_file() else b"\0"))
		return total.hexdigest()


def first(person):
	"""From the installation to a recording."""
	check("usage: assent COMMAND" in person.run("assent", "--help") and "Usage: assentd" in person.run("assentd", "--help"), "no help")
	person.run("assentd", "--check-config")
	# Before a decision there is nothing to record for, whatever is asked for.
	person.run("assentd", "--source", "replay:" + person.file("story.t", STORY.format(word="nothing")), status=4)
	check(not list(person.data.rglob("*.seg")), "recorded without a decision")
	person.join()
	person.record()
	rows, _ = person.verified()
	note(f"{len(rows)} rows")


if __name__ == "__main__":
	if sys.argv[1:] != ["first"]:
		sys.exit(__doc__)
	with tempfile.TemporaryDirectory(prefix="assent-installed-") as home:
		first(Person(home))
	print("ok installed")
