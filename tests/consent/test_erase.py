# SPDX-License-Identifier: Apache-2.0
"""Release, withdrawal and erasure through the real programs: what leaves, how fast it ends, and what is left after --erase.

The data directory is a file system of its own in a file, where that can be mounted: then what is searched is every block of it,
also of files that were deleted.
"""

import base64
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD, CODES, on_pty, searches  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import alive, state  # noqa: E402
from terminal import Terminal  # noqa: E402

STUDY = """\
assent: 1
study: {id}
title: {{en: Test of erasure}}
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

LETTERS = "abcdefghijklm"


class Participant:
	"""assent and assentd with a data directory of their own, recording by replay."""

	def __init__(self, review="72h", id="erase-test", image=False):
		self.home = pathlib.Path(tempfile.mkdtemp(prefix="assent-erase-"))
		self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
		for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
			if name in os.environ:
				self.env[name] = os.environ[name]
		self.assent, self.assentd = BUILD / "agent/assent", BUILD / "agent/assentd"
		self.disk = self.home / "disk"
		self.image = self.home / "image" if image and self.mount() else None
		self.disk.mkdir(exist_ok=True)
		self.data = self.disk / "data"
		self.id = id
		made = self.plain("keygen", "--out", self.home / "recipient.key")
		key = re.search(r"assent-pub-[A-Za-z0-9_-]{47}", made.stdout + made.stderr).group(0)
		self.manifest = self.home / "study.yaml"
		self.manifest.write_text(STUDY.format(id=id, review=review, key=key))

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

	def record(self, word):
		story = self.home / "story.t"
		story.write_text(STORY.format(word=word))
		done = subprocess.run([self.assentd, "--data", self.data, "--source", f"replay:{story}"], env=self.env, stdin=subprocess.DEVNULL,
			capture_output=True, text=True, timeout=60)
		check(done.returncode == 0, lambda: f"assentd: exit {done.returncode}: {done.stderr}")

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


def word():
	return "".join(random.choice(LETTERS) for _ in range(14))


def boxes(files):
	"""The sealed boxes of key files, as they stand there and as bytes."""
	found = set()
	for path in files:
		for line in path.read_text().splitlines():
			if line.startswith(("participant ", "recipient ")):
				found.add(line.split()[-1].encode())
	return found | {base64.b64decode(box) for box in found}


def holds(content, needles):
	return [needle[:24] for needle in needles if needle in content]


def certificate(p):
	found = sorted((p.data / "certificates").glob("*.json"))
	check(found, "there is no certificate")
	return json.loads(found[-1].read_text())


# ---- Erasure ----

def after_an_erasure_nothing_decrypts():
	with Participant(image=True) as p:
		note("searched is " + ("an image of the file system" if p.image else "every file (no image could be mounted)"))
		p.join()
		words = [word(), word()]
		for each in words:
			p.record(each)
		code, shown = p.person("release", answers=["yes"])
		check(code == 0 and "Released: 2 segments" in shown, lambda: f"release: {code}: {shown}")
		third = word()
		p.record(third)
		canaries = [form for each in [*words, third] for form in searches(each).values() if len(form) > 8]
		check(p.typed() == (0, "".join(words) + third), lambda: f"before: {p.typed()}")
		# Copies that somebody made before: of the segments, of all.
		copies, everything, theirs = p.home / "copies", p.home / "everything", p.home / "theirs"
		copies.mkdir()
		for path in p.files("spool", p.id):
			if path.suffix == ".seg":
				shutil.copy(path, copies)
		shutil.copytree(p.data, everything)
		shutil.copytree(p.data / "outbox", theirs)
		key_files = [path for path in p.files() if path.suffix == ".key"]
		check(len(key_files) == 5 and len(list(copies.iterdir())) == 3, lambda: f"{key_files}")
		secrets = boxes(key_files)
		before = p.bytes()
		check(not holds(before, canaries), "a canary stands on the disk in clear before the erasure")
		check(len(holds(before, secrets)) == len(secrets) // 2, "the search does not find the boxes where they are")

		said = p.command("withdraw", "--erase")
		check(said.returncode == 0, lambda: f"withdraw --erase: exit {said.returncode}: {said.stdout}{said.stderr}")
		left = p.bytes()
		check(not holds(left, canaries), lambda: f"the disk holds {holds(left, canaries)}")
		check(not holds(left, secrets), lambda: f"the disk holds boxes: {holds(left, secrets)}")
		check(not [path for path in p.files(hidden=True) if path.suffix in (".key", ".seg", ".part", ".tmp")], lambda: f"left: {p.files()}")
		check(not (p.data / "spool" / p.id).exists(), "the study's folder is there")

		# Whatever there is at hand: the copies, the identity, all of the data, the recipient's secret.
		code, typed = p.typed(copies)
		check(code != 0 and not typed, f"the copies can be read: {code} {typed}")
		code, typed = p.typed(copies, key=p.home / "recipient.key")
		check(code != 0 and not typed, f"the recipient can read the copies: {code} {typed}")
		back = p.data / "spool" / p.id
		shutil.copytree(copies, back)
		os.chmod(back, 0o700)
		code, typed = p.typed()
		check(not typed, f"put back, the copies can be read: {code} {typed}")
		shutil.rmtree(back)
		# What the README says: with a copy of the key files it would. And what the recipient has, it has.
		code, typed = p.typed(everything / "spool")
		if not typed:
			code, typed = p.typed(everything)
		check(typed == "".join(words) + third, f"with a copy of the key files: {code} {typed}")
		code, typed = p.typed(theirs / p.id, key=p.home / "recipient.key")
		check(typed == "".join(words), f"the recipient: {code} {typed}")


def the_certificate_says_what_is_so():
	with Participant() as p:
		p.join()
		p.record(word())
		check(p.person("release", answers=["yes"])[0] == 0, "release")
		outbox = p.data / "outbox" / p.id
		pseudonym = next(outbox.iterdir()).name
		gone = p.home / "collected"
		shutil.move(outbox / pseudonym, gone)
		p.record(word())
		names = {path.name for path in p.files("spool", p.id)}
		said = p.command("withdraw", "--erase")
		check(said.returncode == 0, said.stderr)
		c = certificate(p)
		check(c["whole"] and c["proven"]["folder_gone"], c)
		check(names <= {f["name"] for f in c["proven"]["files"]} and all(f["gone"] for f in c["proven"]["files"]), c["proven"])
		check(all(re.fullmatch("[0-9a-f]{64}", f["hash"]) for f in c["proven"]["files"] if f["name"].endswith(".key")), c["proven"])
		n = c["notified"]
		check((n["released"], n["collected"], n["told"]) == (1, 1, 1) and n["contact"] == "study@example.org", n)
		tombstone = next((outbox / pseudonym).glob("*.tombstone"))
		stone = json.loads(tombstone.read_text())
		check(tombstone.stem == stone["id"] == n["segments"][0]["tombstone"], stone)
		check(stone["reason"] == "withdrawn" and stone["segments"] == [{"segment": n["segments"][0]["segment"], "hash": n["segments"][0]["hash"]}], stone)
		receipts = (outbox / pseudonym / "receipts.jsonl").read_text()
		check('"withdrawn"' in receipts, "the recipient is not told of the withdrawal")
		text = said.stdout
		for part in ("PROVEN", "NOTIFIED", "IMPOSSIBLE", "trained", "Copies of key files"):
			check(part in text, f"{part} is missing: {text}")
		check("forgotten" not in text and "anonym" not in text, text)
		# Signed by the key that the receipt names.
		raw = sorted((p.data / "certificates").glob("*.json"))[-1].read_text()
		check(c["agent_key"] == stone["agent_key"] and c["agent_key"] in receipts and raw.endswith(f'"signature":"{c["signature"]}"}}\n'), c)
		s = p.status()["segments"]
		check((s["held"], s["released"], s["tombstones"], s["tombstones_collected"]) == (0, 0, 1, 0), s)
		again = p.command("withdraw", "--erase")
		check(again.returncode == 3 and "nothing to erase" in again.stderr, lambda: f"{again}")


def what_cannot_be_erased_is_not_said_to_be_gone():
	if os.geteuid() != 0 or not shutil.which("chattr"):
		raise Skip("needs root and chattr")
	with Participant(image=True) as p:
		if not p.image:
			raise Skip("needs a file system that can be mounted")
		p.join()
		p.record(word())
		segment = next(path for path in p.files("spool", p.id) if path.suffix == ".key")
		subprocess.run(["chattr", "+i", segment], check=True)
		said = p.command("withdraw", "--erase")
		subprocess.run(["chattr", "-i", segment], check=True)
		check(said.returncode == 1 and "NOT ALL IS GONE" in said.stdout and f"LEFT     {segment.name}" in said.stdout, lambda: said.stdout + said.stderr)
		check(not certificate(p)["whole"], "the certificate says all is gone")
		check(p.command("withdraw", "--erase").returncode == 0 and not segment.exists(), "a second try")


def erasing_after_an_earlier_withdrawal():
	with Participant() as p:
		p.join()
		p.record(word())
		check(p.person("release", answers=["yes"])[0] == 0, "release")
		later = word()
		p.record(later)
		said = p.command("withdraw")
		check(said.returncode == 0 and "stays on this computer" in said.stdout and "taken back" in said.stdout, lambda: f"{said}")
		# What was not collected came back; nothing more leaves; one's own is still there.
		check(not [path for path in p.files("outbox") if path.suffix in (".seg", ".key")], lambda: f"{p.files('outbox')}")
		said = p.command("release", "--dry-run")
		check(said.returncode == 3, lambda: f"{said}")
		check(p.typed()[1].endswith(later), lambda: f"{p.typed()}")
		check(p.command("withdraw").returncode == 3, "a second withdrawal")
		said = p.command("withdraw", "--erase", "--json")
		check(said.returncode == 0 and json.loads(said.stdout)["whole"], lambda: f"{said}")
		check(not p.files("spool"), lambda: f"{p.files('spool')}")
		check(p.command("withdraw", "--erase", "--keep").returncode == 2, "--erase with --keep")


def it_works_whatever_the_files_are_like():
	for damage in ("a byte of the ledger", "no ledger", "no identity", "a broken identity", "a torn list", "no list", "no head"):
		with Participant() as p:
			p.join()
			p.record(word())
			check(p.person("release", answers=["yes"])[0] == 0, "release")
			ledger, identity, released = p.data / "ledger.jsonl", p.data / "identity", p.data / "released.jsonl"
			if damage == "a byte of the ledger":
				text = bytearray(ledger.read_bytes())
				text[len(text) // 2] ^= 1
				ledger.write_bytes(text)
			elif damage == "no ledger":
				ledger.unlink()
			elif damage == "no identity":
				kept = identity.read_bytes()
				identity.unlink()
			elif damage == "a broken identity":
				identity.write_text("nothing\n")
			elif damage == "a torn list":
				released.write_text(released.read_text()[:-20])
			elif damage == "no list":
				released.unlink()
			else:
				(p.data / "ledger.head").unlink()
			said = p.command("withdraw", "--erase")
			left = [path for path in p.files() if path.suffix in (".seg", ".key")]
			known = damage not in ("no identity", "a broken identity")
			check(not left, lambda: f"{damage}: left {left}: {said.stdout}{said.stderr}")
			check(len(list((p.data / "outbox").rglob("*.tombstone"))) == known, lambda: f"{damage}: {p.files('outbox')}")
			check(not p.files("spool"), lambda: f"{damage}: {p.files('spool')}")
			check(said.returncode == (0 if known else 1), lambda: f"{damage}: exit {said.returncode}: {said.stdout}{said.stderr}")
			check(("NOT TOLD" in said.stdout) == (not known), lambda: f"{damage}: {said.stdout}")
			if damage == "no identity":
				# Found again, it tells them.
				identity.write_bytes(kept)
				p.command("withdraw", "--erase")
				check(len(list((p.data / "outbox").rglob("*.tombstone"))) == 1, lambda: f"{damage}: {p.files('outbox')}")
				continue
			check(p.status()["state"] in ("withdrawn", "not-joined"), lambda: f"{damage}: {p.status()}")


def killed_at_any_step_it_is_done_again():
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Participant() as p:
		p.join()
		p.record(word())
		check(p.person("release", answers=["yes"])[0] == 0, "release")
		p.record(word())
		kept, trace = p.home / "kept", p.home / "trace"
		files = {path.name for path in p.files("spool", p.id)}
		shutil.copytree(p.data, kept)
		calls = ["unlinkat", "unlink", "rmdir", "fsync", "fdatasync", "renameat2", "renameat", "rename", "pwrite64", "write", "ftruncate", "mkdir", "flock",
			"linkat", "link"]
		command = [str(p.assent), "withdraw", "--erase", "--data", str(p.data)]

		def strace(*options):
			return subprocess.run(["strace", "-qq", "-o", trace, *options, *command], env={**p.env, "ASAN_OPTIONS": "detect_leaks=0"},
				stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode

		check(strace("-e", "trace=" + ",".join("?" + call for call in calls)) == 0, "strace does not work here")
		made = [line.split("(")[0] for line in trace.read_text().splitlines() if "(" in line]
		points = [(call, n) for call in sorted(set(made)) for n in range(1, made.count(call) + 1)]
		chosen = random.sample(points, min(len(points), 24))
		for call, n in chosen:
			shutil.rmtree(p.data)
			shutil.copytree(kept, p.data)
			strace("-e", f"inject={call}:signal=KILL:when={n}")
			where = f"killed at {call} {n}"
			said = p.command("withdraw", "--erase")
			check(said.returncode == 0 or (said.returncode == 3 and "nothing to erase" in said.stderr), lambda: f"{where}: {said}")
			left = [path.name for path in p.files(hidden=True) if path.suffix in (".seg", ".key", ".part", ".tmp")]
			check(not left and not (p.data / "spool" / p.id).exists(), lambda: f"{where}: {left}")
			stones = [json.loads(path.read_text()) for path in (p.data / "outbox").rglob("*.tombstone")]
			check(stones and all(len(stone["segments"]) == 1 for stone in stones), lambda: f"{where}: {stones}")
			check(p.status()["state"] == "withdrawn", lambda: f"{where}: {p.status()['state']}")
			# Certified is all that there was, by the one or the other.
			names = {f["name"] for path in (p.data / "certificates").glob("*.json") for f in json.loads(path.read_text())["proven"]["files"]}
			check(files <= names and not list((p.data / "certificates").glob(".*.pending")), lambda: f"{where}: certified {names}")
		note(f"killed at {len(chosen)} of {len(points)} calls that change something, chosen at random")


# ---- Release ----

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


def a_full_disk_keeps_nobody_from_withdrawing():
	if os.geteuid() != 0:
		raise Skip("cannot mount a small disk")
	for argv, reserve in (((), True), (("--erase",), True), (("--erase",), False), ((), False)):
		with Participant() as p:
			if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", p.disk], capture_output=True).returncode:
				raise Skip("cannot mount a small disk")
			try:
				p.join()
				p.record(word())
				if not reserve:
					(p.data / "reserve").unlink()
				# Also the rest of the ledger's last page.
				ledger = p.data / "ledger.jsonl"
				while -ledger.stat().st_size % 4096 > 600:
					check(p.command("pause").returncode == 0 and p.command("resume").returncode == 0, "pause")
				fd = os.open(p.disk / "fill", os.O_WRONLY | os.O_CREAT)
				try:
					while True:
						os.write(fd, bytes(512))
				except OSError:
					os.close(fd)
				said = p.command("withdraw", *argv)
				done = '"withdrawn"' in ledger.read_text()
				check(done == (reserve or bool(argv)), lambda: f"{argv} {reserve}: {said}")
				# Without it there may be no room for the certificate, which is then only printed.
				check(said.returncode == (0 if reserve else 1) or argv and done, lambda: f"{argv} {reserve}: {said}")
				check(("NOT written down" in said.stderr) != done, lambda: f"{argv} {reserve}: {said}")
			finally:
				subprocess.run(["umount", p.disk], check=True)


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
				wait_for(lambda: staging.exists() and any(name.endswith((".seg", ".key")) for name in os.listdir(staging)), 10, every=0)
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


def nothing_in_the_way_keeps_anybody_from_erasing():
	"""Of the files that only say what was done, or that are locks."""
	for place in ("released.jsonl", "spool/.keep", "certificates", "certificates/.erase-test.pending", "spool/erase-test/.lock", "tombstones"):
		for thing in ("folder", "link"):
			with Participant() as p:
				p.join()
				p.record(word())
				check(p.person("release", answers=["yes"])[0] == 0, "release")
				path = p.data / place
				shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
				path.parent.mkdir(exist_ok=True)
				if thing == "folder":
					(path / "something").mkdir(parents=True)
				else:
					os.mkfifo(path) if thing == "fifo" else path.symlink_to("/dev/zero")
				said = p.command("withdraw", "--erase")
				left = [f.name for f in p.files("spool") + p.files("outbox") if f.suffix in (".seg", ".key")]
				check(not left, lambda: f"{place} is a {thing}: left: {left}; exit {said.returncode}: {said.stderr}")
				check(p.command("receipts", "--json").stdout.count("withdrawn") == 1, "the ledger")


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


def due(p, line="release"):
	"""Makes that time of what is in the spool the one when it was begun."""
	for path in p.files("spool", p.id):
		if path.suffix == ".key":
			text = path.read_text()
			begun = re.search(r"^begun (\S+)$", text, re.M).group(1)
			path.write_text(re.sub(rf"^{line} .*$", f"{line} {begun}", text, flags=re.M))


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


# ---- How fast ----

class Running:
	"""An agent that records, on a desk."""

	def __init__(self, desk, p):
		self.desk, self.p = desk, p
		p.env = {**desk.env, "HOME": str(p.home)}
		self.process = None

	def start(self):
		self.process = self.desk.start([self.p.assentd, "--data", self.p.data], log="assentd.log")
		wait_for(lambda: self.p.status()["recording"], 20, name="recording")
		self.pids = self.p.status()["agent"]["pids"]

	def move(self, times=40):
		for i in range(times):
			self.desk.hands.move(200 + 7 * i % 300, 200 + 5 * i % 200)
			time.sleep(0.005)


def it_ends_within_a_second_whatever_the_agent_does():
	with Desk() as desk, Participant() as p:
		agent = Running(desk, p)
		for case in ("answering", "supervisor stopped", "capture stopped", "all stopped", "supervisor dead"):
			p.join()
			agent.start()
			agent.move()
			pids = agent.pids
			stop = {"supervisor stopped": ["supervisor"], "capture stopped": ["capture"], "all stopped": ["supervisor", "capture", "writer"]}.get(case, [])
			for name in stop:
				os.kill(pids[name], signal.SIGSTOP)
			if case == "supervisor dead":
				os.kill(pids["supervisor"], signal.SIGKILL)
			time.sleep(0.1)
			began, ended = time.monotonic(), None
			command = subprocess.Popen([str(p.assent), "withdraw", "--data", str(p.data)], env=p.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
				stderr=subprocess.STDOUT, text=True)
			while command.poll() is None:
				if ended is None and (not alive(pids["capture"]) or state(pids["capture"]) == "T"):
					ended = time.monotonic() - began
				time.sleep(0.002)
			took = time.monotonic() - began
			if not alive(pids["capture"]) and ended is None:
				ended = took
			said = command.stdout.read()
			check(ended is not None and ended < 1, lambda: f"{case}: capture ran on for {ended} s: {said}")
			check(command.returncode == 0, lambda: f"{case}: exit {command.returncode}: {said}")
			# Whoever goes on now finds that it has ended.
			for name in stop:
				try:
					os.kill(pids[name], signal.SIGCONT)
				except OSError:
					pass
			agent.move()
			wait_for(lambda: not alive(pids["capture"]) and not alive(pids["writer"]), 5, name=f"{case}: capture and writer to end")
			note(f"{case}: nothing recorded after {1000 * ended:.0f} ms, the command took {1000 * took:.0f} ms")
			check(took < 3, f"{case}: the command took {took} s")
			check(not p.status()["recording"], case)
			agent.process.stop(5)
		check(p.command("verify").returncode == 0, lambda: p.command("verify").stdout)


def somebody_else_on_the_socket_is_let_alone():
	"""What does not answer, and is no agent, is not ended; it is said that nothing is confirmed."""
	with Participant() as p:
		p.join()
		other = subprocess.Popen(["/usr/bin/python3", "-c", "import socket, subprocess, sys, time\n"
			"s = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen(8)\nchild = subprocess.Popen(['sleep', '60'])\n"
			"print(child.pid, flush=True)\ntime.sleep(60)", p.data / "control"], stdout=subprocess.PIPE, text=True)
		child = int(other.stdout.readline())
		try:
			began = time.monotonic()
			said = p.command("withdraw")
			took = time.monotonic() - began
			check(said.returncode == 1 and "did not confirm" in said.stderr and "Withdrawn" in said.stdout, lambda: f"{said}")
			check(took < 2 and alive(other.pid) and alive(child), f"{took} s, {alive(other.pid)}, {alive(child)}")
			check(json.loads(p.command("status", "--json").stdout)["state"] == "withdrawn", "it is not withdrawn")
		finally:
			os.kill(child, signal.SIGKILL)
			other.kill()
			other.wait()


def a_writer_that_was_stopped_writes_nothing_any_more():
	with Desk() as desk, Participant() as p:
		agent = Running(desk, p)
		p.join()
		agent.start()
		agent.move()
		time.sleep(5.5)
		writer = agent.pids["writer"]
		check(any(path.suffix == ".part" and path.stat().st_size > 600 for path in p.files("spool")), lambda: f"{p.files('spool')}")
		os.kill(writer, signal.SIGSTOP)
		agent.move()
		said = p.command("withdraw", "--erase")
		check(said.returncode == 0 and state(writer) == "T", lambda: f"{state(writer)}: {said.stdout}{said.stderr}")
		check(not (p.data / "spool" / p.id).exists(), "the folder is there")
		before = {path: path.stat().st_size for path in p.files(hidden=True)}
		os.kill(writer, signal.SIGCONT)
		wait_for(lambda: not alive(writer), 10, name="the end of the writer")
		time.sleep(0.5)
		after = {path: path.stat().st_size for path in p.files(hidden=True)}
		check(before == after, lambda: f"written: {set(after.items()) - set(before.items())}")
		agent.process.stop(5)


def erasing_in_the_middle_of_recording():
	with Desk() as desk, Participant() as p:
		agent = Running(desk, p)
		p.join()
		agent.start()
		agent.move(100)
		time.sleep(5.5)
		agent.move(20)
		began = time.monotonic()
		said = p.command("withdraw", "--erase")
		took = time.monotonic() - began
		check(said.returncode == 0, lambda: f"{said.stdout}{said.stderr}")
		note(f"withdraw --erase while it records: {1000 * took:.0f} ms")
		check(not p.files("spool"), lambda: f"{p.files('spool')}")
		agent.move(20)
		time.sleep(1)
		check(not p.files("spool") and not p.status()["recording"], lambda: f"{p.files('spool')}")
		agent.process.stop(5)


if __name__ == "__main__":
	sys.exit(run(after_an_erasure_nothing_decrypts, the_certificate_says_what_is_so, what_cannot_be_erased_is_not_said_to_be_gone,
		erasing_after_an_earlier_withdrawal, killed_at_any_step_it_is_done_again, it_works_whatever_the_files_are_like, releasing_takes_a_person,
		what_came_while_somebody_thought_stays, a_withdrawal_in_the_middle_of_a_release,
		a_full_disk_keeps_nobody_from_withdrawing, a_release_that_was_killed_leaves_no_copy,
		an_outbox_that_is_not_there_now_is_no_reason_not_to_tell,
		nothing_in_the_way_keeps_anybody_from_erasing, collected_by_rclone, the_agent_releases_what_is_due, it_ends_within_a_second_whatever_the_agent_does, somebody_else_on_the_socket_is_let_alone,
		a_writer_that_was_stopped_writes_nothing_any_more, erasing_in_the_middle_of_recording))
