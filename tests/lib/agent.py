# SPDX-License-Identifier: Apache-2.0
"""The real programs, driven as a participant drives them: joins on a pty, runs assentd on a Desk, reads what it kept."""

import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import time

from desk import DeskError, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("ASSENT_BUILD", ROOT / "build/gcc")).resolve()

STUDY = """\
assent: 1
study: {id}
title: {{en: Test of the agent}}
controller: {{name: Test, address: Nowhere, contact: test@example.org}}
purposes:
  - id: hci-research
    category: hci-research
    text: {{en: A test.}}
capture: {{keys: {keys}, key_time: {key_time}, pointer: {pointer}, scroll: true, apps: {apps}}}
retention: 90d
consent_valid: {valid}
notice: {{en: A test.}}
"""


def study(path, **options):
	"""Writes a manifest. keys, key_time, pointer, apps, valid, id."""
	values = dict(id="test-study", keys="code", key_time="exact", pointer="full", apps="id", valid="180d")
	values.update(options)
	pathlib.Path(path).write_text(STUDY.format(**values))
	return path


# Seconds between two writes, on the monotonic clock.
GRID = 5.0

# What assent join calls them.
WORDS = {"yes": "accept", "no": "refuse"}
QUESTION = "[accept/refuse/later] "


def on_pty(argv, env, answers=(), prompt=QUESTION, seconds=20, pause=0.1, echo=None):
	"""Runs argv on a terminal of its own and answers each prompt in turn; (exit code, everything that was shown)."""
	pid, fd = pty.fork()
	if pid == 0:
		try:
			os.execvpe(str(argv[0]), [str(part) for part in argv], env)
		finally:
			os._exit(127)
	shown, seen, answers = b"", 0, list(answers)
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		if not select.select([fd], [], [], 0.2)[0]:
			continue
		try:
			more = os.read(fd, 65536)
		except OSError:
			break
		if not more:
			break
		if echo:
			echo(more)
		shown += more
		if shown.count(prompt.encode()) > seen and answers:
			seen += 1
			time.sleep(pause)
			answer = answers.pop(0)
			os.write(fd, (WORDS.get(answer, answer) if prompt == QUESTION else answer).encode() + b"\r")
	else:
		os.kill(pid, signal.SIGKILL)
	_, status = os.waitpid(pid, 0)
	os.close(fd)
	return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace").replace("\r\n", "\n")


class Agent:
	"""assent and assentd with a data directory of their own on a Desk."""

	def __init__(self, desk, build=None, data=None):
		self.desk = desk
		self.build = pathlib.Path(build or BUILD)
		self.assent = self.build / "agent/assent"
		self.assentd = self.build / "agent/assentd"
		for program in (self.assent, self.assentd):
			if not program.exists():
				raise DeskError(f"{program} is not built")
		self.data = pathlib.Path(data or desk.home / ".local/share/assent")
		self.process = None
		self.log = f"assentd-{self.data.name}.log"

	def command(self, *argv, **options):
		return self.desk.run([self.assent, argv[0], "--data", self.data, *argv[1:]], **options)

	def join(self, manifest, answers=("yes",), echo=None):
		return on_pty([self.assent, "join", "--data", self.data, manifest], self.desk.env, answers, echo=echo)

	def config(self, text):
		path = pathlib.Path(self.desk.env["XDG_CONFIG_HOME"]) / "assent/assent.yaml"
		path.parent.mkdir(parents=True, exist_ok=True)
		path.write_text(text)

	def start(self, *argv, ready=True, wrap=()):
		self.process = self.desk.start([*wrap, self.assentd, "--data", self.data, *argv], log=self.log)
		if ready:
			wait_for(self.recording, 20, name="recording (" + self.desk.log(self.log) + ")")
		return self.process

	def stop(self):
		code = self.process.stop(5)
		self.process = None
		return code

	def status(self):
		said = self.command("status", "--json")
		return json.loads(said.stdout) if said.stdout else {}

	def recording(self):
		return bool(self.status().get("recording"))

	def told(self):
		"""What a running agent tells of itself; on a busy machine not at the first question."""
		return wait_for(lambda: self.status().get("agent"), 15, every=0.2, name="an answer of the agent")

	def pids(self):
		return self.told()["pids"]

	def flushed(self):
		"""Waits until everything that was kept is on disk: until behind the writer's next place on its grid, 7 s at most. Nobody tells what
		waits before that, on purpose."""
		before = -1
		def quiet():
			nonlocal before
			flushes = self.told()["counters"]["flushes"]
			same, before = flushes == before, flushes
			return same
		time.sleep(GRID - (time.monotonic() + 0.8) % GRID + 0.8 + 1)
		wait_for(quiet, 15, every=0.3, name="the flush")

	def rows(self):
		"""Every row that assent show --json gives."""
		said = self.command("show", "--json", seconds=120)
		if said.returncode not in (0, 3):
			raise DeskError(said.stderr)
		return [json.loads(line) for line in said.stdout.splitlines()]

	def files(self):
		"""Every file that one of our processes wrote: data, control directory, log."""
		found = [path for path in self.data.rglob("*") if path.is_file()]
		runtime = pathlib.Path(self.desk.env["XDG_RUNTIME_DIR"]) / "assent"
		found += [path for path in runtime.rglob("*") if path.is_file()] if runtime.exists() else []
		found += [path for path in self.desk.home.glob("assentd*.log")]
		return found


# ---- segments ----

HEADER, JOURNAL, FOOTER, CUT, SEALED = 1, 2, 3, 4, 5


def records(path):
	"""The types of a segment's records, which stand in clear (FORMAT.md)."""
	data, at, found = path.read_bytes(), 48, []
	while at + 32 <= len(data):
		length, kind = struct.unpack_from("<II", data, at + 8)
		found.append(kind)
		at += 32 + length
	if at != len(data):
		raise AssertionError(f"{path}: does not end with a record")
	return found


# ---- canaries ----

# Ordinary text uses the first alphabet only, secrets the second only: one key of a secret in the rows is a leak,
# whatever its place.
ORDINARY, SECRET = "abcdefghijklm", "nopqrstuvwxyz0123456789"
CODES = {c: code for row, first in (("1234567890", 2), ("qwertyuiop", 16), ("asdfghjkl", 30), ("zxcvbnm", 44))
	for code, c in enumerate(row, first)}


def searches(secret):
	"""Byte strings that would carry the secret: text, UTF-16/32, key codes in several widths, alone and with releases."""
	codes = [CODES[c] for c in secret]
	both = [code for code in codes for _ in (0, 1)]
	forms = {"text": secret.encode(), "utf-16": secret.encode("utf-16-le"), "utf-32": secret.encode("utf-32-le")}
	for name, run in (("codes", codes), ("codes-twice", both), ("keycodes", [code + 8 for code in codes]),
			("keycodes-twice", [code + 8 for code in both])):
		forms[name] = bytes(run)
		forms[name + "-16"] = b"".join(code.to_bytes(2, "little") for code in run)
		forms[name + "-32"] = b"".join(code.to_bytes(4, "little") for code in run)
	return forms


def leaks(agent, secrets, typed):
	"""What of the secrets can be found: a list of findings, empty where nothing can.

	secrets: the canaries. typed: the ordinary text, in order, that is all that may be there.
	"""
	found = []
	contents = [(path, path.read_bytes()) for path in agent.files()]
	# Segments are encrypted: what is in them is in their rows, all of it.
	contents.append((pathlib.Path("a row"), "\n".join(json.dumps(row, ensure_ascii=False) for row in agent.rows()).encode()))
	for secret in secrets:
		# Three letters stand in some notice by chance. Rows are looked at key by key below.
		for form, needle in searches(secret).items() if len(secret) >= 6 else ():
			for path, content in contents:
				if needle in content:
					found.append(f"{path.name} holds {secret!r} as {form}")
	rows = agent.rows()
	downs = [row for row in rows if row["kind"] == "key_down"]
	letters = {code: c for c, code in CODES.items()}
	for row in rows:
		if not row["kind"].startswith("key"):
			continue
		if row["text"] and any(c in SECRET for c in row["text"].lower()):
			found.append(f"a row with the text {row['text']!r}")
		if row["code"] in letters and letters[row["code"]] in SECRET:
			found.append(f"a row with the code of {letters[row['code']]!r}")
		if row["class"] == "digit":
			found.append("a row of class digit: only secrets have digits")
	# The count: kept letters are a subsequence of what was typed in the open.
	kept = [letters[row["code"]] for row in downs if row["code"] in letters] if any(row["code"] for row in downs) else None
	if kept is None:
		if sum(row["class"] == "letter" for row in downs) > len(typed.replace(" ", "")):
			found.append("more letters than were typed in the open")
	else:
		rest = iter(typed)
		if not all(c in rest for c in kept):
			found.append("letters that were not typed in the open, or not in this order")
	return found


def spans(rows):
	"""(reason, seconds) of each span, in order."""
	return [(row["reason"], round((row["end_us"] - row["t_us"]) / 1e6)) for row in rows if row["kind"] == "span"]


def judged():
	"""Waits until what was typed so far has its verdict: 3 s, and 5 s for a word that may go on yet."""
	time.sleep(5.8)
