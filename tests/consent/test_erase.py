# SPDX-License-Identifier: Apache-2.0
"""Erasure through the real programs: what is left after --erase, and that nothing is in its way.

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
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import searches  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from participant import Participant, word  # noqa: E402


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
		# What docs/PARTICIPANTS.md says: with a copy of the key files it would. And what the recipient has, it has.
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


if __name__ == "__main__":
	sys.exit(run(after_an_erasure_nothing_decrypts, the_certificate_says_what_is_so, what_cannot_be_erased_is_not_said_to_be_gone,
		erasing_after_an_earlier_withdrawal, killed_at_any_step_it_is_done_again, it_works_whatever_the_files_are_like,
		nothing_in_the_way_keeps_anybody_from_erasing))
