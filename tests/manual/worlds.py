# SPDX-License-Identifier: Apache-2.0
"""Where the examples of the texts are run: a folder of its own with the real programs on the path, and what an example takes for granted.

	participant   a private desktop, a study's manifest; once somebody has joined, the agent records, and something is typed
	agent, it     the same, before anybody has joined
	own, recorded somebody's recordings (made by replay)
	recipient     what was collected of outboxes: COLLECTED, NEW
	sql           DuckDB, in the folder of the recipient
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import truth

import lab as laboratory  # noqa: E402  truth knows where it is
import readers  # noqa: E402
from agent import on_pty  # noqa: E402
from cases import check  # noqa: E402
from desk import Desk, DeskError, wait_for  # noqa: E402
from participant import Participant, manifest  # noqa: E402

FORGE = truth.BUILD / "tests/tools/outbox_forge"
# What a person answers, by the question's end.
QUESTIONS = {"join": ("[accept/refuse/later] ", ["yes"])}
# Exit status where it may be another than 0, and why that is no failure.
ALSO = {
	"assent doctor": {3},    # something is masked: it is said
	"assent release": {3},   # nothing is there to release: it was just deleted
}


class World:
	"""A folder, an environment, and commands in it."""

	def __init__(self):
		self.root = pathlib.Path(tempfile.mkdtemp(prefix="assent-example-"))
		self.here = self.root / "here"
		self.here.mkdir()
		self.bin = self.root / "bin"
		self.bin.mkdir()
		for program in (truth.ASSENT, truth.ASSENTD):
			(self.bin / program.name).symlink_to(program)
		self.env = {"PATH": f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

	def __enter__(self):
		return self

	def __exit__(self, *_):
		shutil.rmtree(self.root, ignore_errors=True)

	def plain(self, argv, seconds=60):
		done = subprocess.run(argv, env=self.env, cwd=self.here, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)
		return done.returncode, done.stdout + done.stderr

	def run(self, command):
		"""One line of an example: it must do its work."""
		code, said = self.plain(shlex.split(command))
		self.judge(command, code, said)

	def judge(self, command, code, said):
		also = {0}.union(*(codes for begin, codes in ALSO.items() if command.startswith(begin)))
		check(code in also, f"{command}: exit {code}: {said[-500:]}")


class Desktop(World):
	"""A person at a desktop."""

	def __init__(self):
		super().__init__()
		self.desk = Desk()
		try:
			self.open()
		except BaseException:
			self.__exit__()
			raise

	def open(self):
		self.desk.open()
		path = self.env["PATH"]
		self.env = dict(self.desk.env, PATH=path, LC_ALL="C.UTF-8", TZ="UTC")
		made = subprocess.run([truth.ASSENT, "keygen", "--out", self.root / "lab.key"], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
		manifest(self.here / "STUDY.yaml", made, id="example", review="72h")
		self.agent = self.editor = None

	def __exit__(self, *_):
		self.desk.close()
		super().__exit__()

	def status(self):
		code, said = self.plain(["assent", "status", "--json"])
		return code, json.loads(said) if said.startswith("{") else {}

	def begin(self):
		"""The agent runs, and something was typed."""
		self.agent = self.desk.start([self.bin / "assentd"], log="assentd.log", env={"PATH": self.env["PATH"]})
		wait_for(lambda: self.status()[0] == 0, 20, name="recording (" + self.desk.log("assentd.log") + ")")
		# On a busy machine an application can be too slow for its keys to be vouched for, or for the accessibility bus: another one then.
		for _ in range(4):
			if self.editor:
				self.editor.stop()
			self.editor = self.desk.gtk("Editor", ["text"])
			self.desk.click(*self.editor.at(0))
			time.sleep(1.3)
			self.desk.type("an example of what is typed", every=0.04)
			try:
				wait_for(lambda: '"key_down"' in self.plain(["assent", "show", "--json"])[1], 12, every=0.3)
				break
			except DeskError:
				pass
		else:
			raise DeskError("nothing of what was typed is kept: " + self.plain(["assent", "show", "--json"])[1][-600:] + self.desk.log("assentd.log")[-300:])

	def person(self, argv):
		"""At a terminal: answers what is asked."""
		prompt, answers = QUESTIONS.get(argv[1], ("[yes/no] ", ["yes", "yes"]))
		cwd = os.getcwd()
		os.chdir(self.here)
		try:
			code, said = on_pty([self.bin / argv[0], *argv[1:]], self.env, answers, prompt=prompt, seconds=60)
		finally:
			os.chdir(cwd)
		return code, said

	def run(self, command):
		argv = shlex.split(command)
		if argv[0] == "assentd" and "--check-config" not in argv:
			return self.in_the_background(command, argv)
		code, said = self.person(argv) if argv[0] == "assent" and argv[1] in ("join", "forget", "release") else self.plain(argv)
		if argv[:2] == ["assent", "status"] and not self.agent:
			check(code in (0, 3), f"{command}: exit {code}: {said[-300:]}")
			return None
		self.judge(command, code, said)
		if argv[:2] == ["assent", "join"]:
			self.begin()
		if argv[:2] == ["assent", "show"]:
			check("key_down" in said, f"{command}: shows no key: {said[-500:]}")
		if argv[:2] == ["assent", "pause"]:
			check(self.status()[0] == 3, "recording in a pause")
		if argv[:2] == ["assent", "resume"]:
			wait_for(lambda: self.status()[0] == 0, 20, name="recording again")
		if argv[:2] == ["assent", "withdraw"]:
			check(self.status()[0] == 3, "recording after a withdrawal")
		return None

	def in_the_background(self, command, argv):
		program = self.desk.start([self.bin / argv[0], *argv[1:]], log="example.log")
		wait_for(lambda: self.status()[1].get("agent"), 20, name=f"{command}: answers")
		check(program.popen.poll() is None, f"{command}: ended: {self.desk.log('example.log')}")
		program.popen.send_signal(signal.SIGTERM)
		check(program.popen.wait(10) == 0, f"{command}: exit {program.popen.returncode}")


class Own(World):
	"""Somebody who recorded something."""

	def __init__(self):
		super().__init__()
		self.person = Participant(id="example")
		self.person.data = self.person.home / ".local/share/assent"
		self.person.join()
		self.person.record("an example".replace(" ", ""))
		self.env["HOME"] = str(self.person.home)
		self.segment = next(self.person.data.rglob("*.seg"))
		for suffix in (".seg", ".key"):
			shutil.copy(self.segment.with_suffix(suffix), self.here)

	def __exit__(self, *_):
		self.person.__exit__()
		super().__exit__()

	def run(self, command):
		# A segment's name is in its key file, too.
		argv = shlex.split(command.replace("SEGMENT.seg", self.segment.name))
		code, said = self.plain(argv)
		check(code == 0, f"{command}: exit {code}: {said[-500:]}")
		if argv[:2] == ["assent", "show"]:
			rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
			check(any(row["kind"] == "key_down" for row in rows), f"{command}: no key")
		if argv[:2] == ["assent", "export"]:
			folder = self.here / argv[argv.index("--out") + 1]
			check((folder / "dataset.json").exists() and (folder / "example.csv").stat().st_size > 200, f"{command}: {list(folder.iterdir())}")


class Recipient(World):
	"""A recipient, and what was collected. Its key is the one that the example makes; where it makes none, it is there."""

	def __init__(self):
		super().__init__()
		self.lab = laboratory.Lab(truth.ASSENT, FORGE)
		self.ready = False

	def __exit__(self, *_):
		shutil.rmtree(self.lab.root, ignore_errors=True)
		super().__exit__()

	def prepare(self):
		if self.ready:
			return
		self.ready = True
		key = self.here / "lab.key"
		if not key.exists():
			shutil.copy(self.lab.key, key)
		code, said = self.plain(["assent", "keygen", "--public", "lab.key"])
		check(code == 0, said)
		self.lab.public = re.search(r"assent-pub-\S+", said).group(0).strip('"')
		for name, participant in (("COLLECTED", "first"), ("NEW", "second")):
			self.lab.inbox = self.here / name
			self.lab.inbox.mkdir()
			laboratory.Participant(self.lab, participant).segment()

	def run(self, command):
		argv = shlex.split(command)
		if argv[1] != "keygen":
			self.prepare()
		before = self.participants()
		code, said = self.plain(argv)
		check(code == 0, f"{command}: exit {code}: {said[-500:]}")
		if argv[1] == "export":
			check(len(before) < len(self.participants()), f"{command}: nobody came to the dataset: {before}")

	def participants(self):
		file = self.here / "DATASET/dataset.json"
		return [one["participant"] for one in json.loads(file.read_text())["participants"] if one["rows"]] if file.exists() else []

	def query(self, text):
		"""SQL, as it stands, in this folder."""
		check((self.here / "DATASET").exists(), "there is no dataset yet")
		place = readers.folder(truth.BUILD)
		script = place / f"example-{os.getpid()}.mjs"
		# One after the other on one connection: the later name what the earlier set.
		script.write_text("import { DuckDBInstance } from '@duckdb/node-api';\n"
			"const db = await (await DuckDBInstance.create(':memory:')).connect();\nlet rows = [];\n"
			"for (const sql of process.argv.slice(2)) rows = (await db.runAndReadAll(sql)).getRowObjectsJS();\n"
			"console.log(JSON.stringify(rows, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));\n")
		try:
			done = subprocess.run(["node", script, *[part.strip() for part in text.split(";\n") if part.strip()]], cwd=self.here, stdin=subprocess.DEVNULL, capture_output=True,
				text=True, timeout=120, check=False)
		finally:
			script.unlink()
		check(done.returncode == 0, f"DuckDB: {done.stderr[-500:]}")
		return json.loads(done.stdout)


WORLDS = {"participant": Desktop, "agent": Desktop, "it": Desktop, "own": Own, "recorded": Own, "recipient": Recipient}
