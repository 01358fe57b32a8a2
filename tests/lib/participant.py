# SPDX-License-Identifier: Apache-2.0
"""A participant without a desktop: the real programs with a data directory of their own, recording by replay, for a study whose recipient's key is at hand."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

from agent import BUILD, ORDINARY, on_pty
from cases import check

STUDY = """\
assent: 1
study: {id}
title: {{en: Test of what is kept and what leaves}}
controller: {{name: Example University, contact: study@example.org}}
purposes:
  - {{id: hci-research, category: hci-research, text: {{en: A test.}}}}
capture: {{keys: text, key_time: exact, pointer: full, scroll: true, apps: id}}
retention: 90d
consent_valid: 180d
review: {review}
recipient_key: {key}
notice: {{en: A test.}}
"""

STORY = """\
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
focus 1
field 11
+1s type {word}
+6s screen 800 600
"""

# Two words, each into an application of its own.
TWO_APPS = """\
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/kate pid=20
object 11 pid=10 role=text
object 21 pid=20 role=text
focus 1
field 11
+1s type {0}
+4s focus 2
field 21
+1s type {1}
+6s screen 800 600
"""


def environment(home):
	"""What the programs are to know of the machine: nothing of who runs the tests."""
	env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}
	env.update((name, os.environ[name]) for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH") if name in os.environ)
	return env


def manifest(path, said, **options):
	"""Writes a study's manifest for the key that assent keygen told. id, review."""
	key = re.search(r"assent-pub-[A-Za-z0-9_-]{47}", said.stdout + said.stderr).group(0)
	path.write_text(STUDY.format(key=key, **options))
	return path


def word():
	return "".join(random.choice(ORDINARY) for _ in range(14))


class Participant:
	"""assent and assentd with a data directory of their own. image: on a file system in a file, where that can be mounted."""

	def __init__(self, review="72h", id="erase-test", image=False):
		self.home = pathlib.Path(tempfile.mkdtemp(prefix=f"assent-{id}-"))
		self.env = environment(self.home)
		self.assent, self.assentd = BUILD / "agent/assent", BUILD / "agent/assentd"
		self.disk = self.home / "disk"
		self.image = self.home / "image" if image and self.mount() else None
		self.disk.mkdir(exist_ok=True)
		self.data = self.disk / "data"
		self.id = id
		self.manifest = manifest(self.home / "study.yaml", self.plain("keygen", "--out", self.home / "recipient.key"), id=id, review=review)

	def mount(self):
		if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
			return False
		image = self.home / "image"
		with open(image, "wb") as f:
			f.truncate(24 << 20)
		self.disk.mkdir()
		return subprocess.run(["mkfs.ext4", "-q", "-F", image], capture_output=True).returncode == 0 and \
			subprocess.run(["mount", "-o", "loop", image, self.disk], capture_output=True).returncode == 0

	def __enter__(self):
		return self

	def __exit__(self, *_):
		if self.image:
			subprocess.run(["umount", self.disk], check=True)
		shutil.rmtree(self.home)

	def plain(self, *argv, **options):
		"""Without a terminal."""
		return subprocess.run([str(self.assent), *map(str, argv)], env=self.env, stdin=options.pop("stdin", subprocess.DEVNULL),
			capture_output=True, text=True, timeout=60, start_new_session=True, **options)

	def command(self, name, *argv, **options):
		return self.plain(name, "--data", self.data, *argv, **options)

	def person(self, name, *argv, answers=(), prompt="[yes/no] "):
		return on_pty([self.assent, name, "--data", self.data, *argv], self.env, answers, prompt=prompt)

	def join(self):
		code, shown = on_pty([self.assent, "join", "--data", self.data, self.manifest], self.env, ["yes"])
		check(code == 0, lambda: f"join: exit {code}: {shown[-500:]}")

	def replay(self, text):
		story = self.home / "story.t"
		story.write_text(text)
		done = subprocess.run([str(self.assentd), "--data", str(self.data), "--source", f"replay:{story}"], env=self.env, stdin=subprocess.DEVNULL,
			capture_output=True, text=True, timeout=60)
		check(done.returncode == 0, lambda: f"assentd: exit {done.returncode}: {done.stderr}")

	def record(self, word):
		self.replay(STORY.format(word=word))

	def typed(self, *inputs, key=None):
		"""(exit code, the letters that can be read) of one's own data, or of INs."""
		said = self.plain("show", "--json", *(("--key", key) if key else ("--data", self.data) if not inputs else ()), *inputs)
		rows = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]
		return said.returncode, "".join(row["text"] or "" for row in rows if row["kind"] == "key_down")

	def status(self):
		return json.loads(self.command("status", "--json").stdout)

	def files(self, *under, hidden=False):
		folder = self.data.joinpath(*under)
		return sorted(path for path in folder.rglob("*") if path.is_file() and (hidden or not path.name.startswith("."))) if folder.exists() else []

	def bytes(self):
		"""Everything that the disk holds: each block of the image, or each file."""
		if not self.image:
			return b"\0".join(path.read_bytes() for path in self.files(hidden=True))
		subprocess.run(["sync", "-f", self.disk], check=True)
		subprocess.run(["umount", self.disk], check=True)
		try:
			return self.image.read_bytes()
		finally:
			subprocess.run(["mount", "-o", "loop", self.image, self.disk], check=True)
