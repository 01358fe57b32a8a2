# SPDX-License-Identifier: Apache-2.0
"""A recipient with a key, participants, and what was collected of their outboxes: for tests of assent export and verify."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from cases import check

DAY = 86400 * 1000000
NOW = int(time.time() * 1000000)
HCI, MODEL = "hci-research", "other-model"


class Lab:
	"""A recipient with a key, participants with identities, and the folder that was collected from their outboxes."""

	def __init__(self, assent, forge):
		self.assent, self.forger, self.forged = assent, forge, 0
		self.root = pathlib.Path(tempfile.mkdtemp(prefix="assent-recipient-"))
		self.env = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
		for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
			if name in os.environ:
				self.env[name] = os.environ[name]
		self.inbox, self.out, self.key = self.root / "in", self.root / "out", self.root / "lab.key"
		self.inbox.mkdir()
		made = self.run(self.assent, "keygen", "--out", self.key)
		check(made.returncode == 0, made.stderr)
		self.public = next(word for word in (made.stdout + made.stderr).split() if word.startswith("assent-pub-")).strip('"')

	def __enter__(self):
		return self

	def __exit__(self, *_):
		shutil.rmtree(self.root, ignore_errors=True)

	def run(self, *argv, **more):
		return subprocess.run([str(part) for part in argv], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			stderr=subprocess.PIPE, text=True, timeout=120, check=False, **more)

	def traced(self):
		"""LeakSanitizer cannot look for leaks under strace."""
		return {**self.env, "ASAN_OPTIONS": self.env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}

	def forge(self, *argv):
		made = self.run(self.forger, *argv)
		check(made.returncode == 0, made.stderr)
		return made.stdout.split()

	def export(self, *more, code=0, purposes=(HCI,), form="jsonl"):
		wanted = [part for purpose in purposes for part in ("--purpose", purpose)]
		done = self.run(self.assent, "export", "--key", self.key, *wanted, "--format", form, "--out", self.out, *more, self.inbox)
		check(done.returncode == code, f"exit {done.returncode}, not {code}: {done.stdout}{done.stderr}")
		return done.stderr

	def verify(self, code=0):
		done = self.run(self.assent, "verify", self.inbox)
		check(done.returncode == code, f"exit {done.returncode}, not {code}: {done.stdout}{done.stderr}")
		return done.stdout

	def dataset(self):
		"""dataset.json, with the files and segments of participants who have a description of their own."""
		made = json.loads((self.out / "dataset.json").read_text())
		for person in made["participants"]:
			if person["description"]:
				data = (self.out / person["description"]).read_bytes()
				check(hashlib.sha256(data).hexdigest() == person["sha256"], f"{person['description']} is another one")
				more = json.loads(data)
				check((more["study"], more["participant"]) == (person["study"], person["participant"]), more)
				check(person["segments"] == len(more["segments"]) and person["files"] == len(more["files"]) and
					person["rows"] == sum(s["rows"] for s in more["segments"]), person)
				# In a file that pends are rows that count no more.
				waits = [p for p in made["pending"] if p["file"] in {f["file"] for f in more["files"]}]
				check(sum(f["rows"] for f in more["files"]) >= person["rows"] + bool(waits) and (waits or sum(f["rows"] for f in more["files"]) == person["rows"]), person)
				made["files"] += more["files"]
				made["segments"] += more["segments"]
		return made

	def rows(self, study="study-a"):
		path = self.out / f"{study}.jsonl"
		return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

	def kinds(self):
		return sorted(left["kind"] for left in self.dataset()["left_out"])


class Participant:
	"""Someone's identity and decisions, and their outbox as it was collected."""

	def __init__(self, lab, name, study="study-a", purposes=(HCI,), since=NOW - 10 * DAY):
		self.lab, self.folder, self.study = lab, lab.root / name, study
		self.pseudonym, self.receipt = lab.forge("decide", self.folder, study, "given", since, *purposes)
		self.outbox = lab.inbox / study / self.pseudonym
		self.outbox.mkdir(parents=True)
		self.release_receipts()

	def decide(self, state, t_us, *purposes):
		_, receipt = self.lab.forge("decide", self.folder, self.study, state, t_us, *purposes)
		self.release_receipts()
		return receipt

	def release_receipts(self):
		shutil.copy(self.folder / "ledger.jsonl", self.outbox / "receipts.jsonl")

	def segment(self, begun=NOW - 5 * DAY, events=5, **more):
		self.lab.forged += 1
		values = dict(recipient=self.lab.public, receipt=self.receipt, begun=begun, events=events)
		# Many begin in the same microsecond, and chance would give two of 4,096 the same name.
		values["segment"] = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(begun // 1000000))}-{begun % 1000000:05x}{self.lab.forged % 4096:03x}"
		values.update({name.replace("_", "-"): value for name, value in more.items()})
		if "rows" in more or "titles" in more:
			values.pop("events")
		return self.lab.forge("segment", self.folder, self.study, self.outbox, *[f"{name}={value}" for name, value in values.items()])

	def tombstone(self, reason, *segments, folder=None, out=None, pseudonym=None):
		return self.lab.forge("tombstone", folder or self.folder, self.study, out or self.outbox, reason, pseudonym or self.pseudonym,
			*[f"{name}={digest}" for name, digest in segments])[0]
