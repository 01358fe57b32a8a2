#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The recipient's side: what of the collected outboxes becomes a dataset, what does not, and what a second export says.

usage: test_recipient.py ASSENT OUTBOX_FORGE
"""

import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
ASSENT, FORGE = (pathlib.Path(arg).resolve() for arg in sys.argv[1:3])
del sys.argv[1:3]
os.environ.setdefault("ASSENT_BUILD", str(ASSENT.parent.parent))
from agent import on_pty  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from lab import DAY, HCI, MODEL, NOW, Participant  # noqa: E402
from lab import Lab as AnyLab  # noqa: E402
from participant import STORY  # noqa: E402


def Lab():
	return AnyLab(ASSENT, FORGE)


def two_participants_two_purposes():
	with Lab() as lab:
		one, two = Participant(lab, "one", purposes=(HCI, MODEL)), Participant(lab, "two", purposes=(HCI,))
		first, second = one.segment(events=7), two.segment(events=3)
		said = lab.export(purposes=(), code=2)
		check("hci-research" in said and "2 of 2" in said and "other-model" in said and "1 of 2" in said, said)
		check(not lab.out.exists(), "a dataset without a purpose")
		said = lab.export(purposes=("hci-reserch",), code=2)
		check("no receipt asks" in said and HCI in said, said)
		lab.export()
		made = lab.dataset()
		check(made["assent_dataset"] == 1 and made["version"] == 1 and made["purposes"] == [HCI] and made["format"] == "jsonl", made)
		check({s["segment"]: s["rows"] for s in made["segments"]} == {first[0]: 7, second[0]: 3}, made["segments"])
		check({s["participant"] for s in made["segments"]} == {one.pseudonym, two.pseudonym}, made["segments"])
		check({s["hash"] for s in made["segments"]} == {first[1], second[1]}, made["segments"])
		check({s["receipt"] for s in made["segments"]} == {one.receipt, two.receipt}, made["segments"])
		rows = lab.rows()
		check(len(rows) == 10 == made["rows"] and {r["participant"] for r in rows} == {one.pseudonym, two.pseudonym}, rows[:1])
		check(sorted(p.name for p in lab.out.iterdir()) == ["README.md", "croissant.json", "dataset.json", "study-a.jsonl"], list(lab.out.iterdir()))
		check(not list(lab.root.glob(".out*")), list(lab.root.iterdir()))
		said = lab.export()
		check("nothing changed" in said and lab.dataset() == made, said)
		# For the other purpose, and for both, only who agreed to all of them.
		said = lab.export(purposes=(MODEL,), code=2)
		check("other purposes" in said and lab.dataset() == made, said)
		lab.out = lab.root / "model"
		said = lab.export(purposes=(MODEL, HCI), form="csv")
		made = lab.dataset()
		check(made["purposes"] == [HCI, MODEL] and [s["participant"] for s in made["segments"]] == [one.pseudonym], made)
		check(lab.kinds() == ["purpose"] and "left out: 1 segment" in said, said)
		with open(lab.out / "study-a.csv", newline="", encoding="utf-8") as f:
			check(len(list(csv.DictReader(f))) == 7, "csv")


def tombstone_then_version_two():
	with Lab() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		kept, gone = one.segment(events=4), one.segment(events=6)
		other = two.segment(events=5)
		lab.export()
		(lab.out / "notes.txt").write_text("mine")
		(lab.out / "plots").mkdir()
		inode = lab.out.stat().st_ino
		stone = one.tombstone("withdrawn", gone)
		said = lab.export()
		made = lab.dataset()
		check(made["version"] == 2 and not made["added"], made)
		check([(r["segment"], r["why"]) for r in made["removed"]] == [(gone[0], f"tombstone {stone} (withdrawn)")], made["removed"])
		check(f"{gone[0]}.seg: must be deleted" in said, said)
		check({r["segment"] for r in lab.rows()} == {kept[0], other[0]} and len(lab.rows()) == 9, "rows of what is gone")
		check((lab.out / "notes.txt").read_text() == "mine" and (lab.out / "plots").is_dir(), "what else lay there")
		check(lab.out.stat().st_ino != inode and not list(lab.root.glob(".out*")), "it is not replaced as a whole")
		# The tombstone's file is lost: what it removed does not come back.
		(one.outbox / f"{stone}.tombstone").unlink()
		check("nothing changed" in lab.export() and lab.dataset() == made, "it came back")
		# From a folder of its own; and a new participant.
		elsewhere = lab.root / "stones"
		elsewhere.mkdir()
		two.tombstone("forgotten", other, out=elsewhere)
		three = Participant(lab, "three")
		new = three.segment()
		lab.export("--tombstones", elsewhere)
		made = lab.dataset()
		check(made["version"] == 3 and [a["segment"] for a in made["added"]] == [new[0]], made)
		check([r["segment"] for r in made["removed"]] == [other[0]] and len(made["tombstones"]) == 2, made)
		# All of it gone: a dataset of nothing, not the old one.
		one.tombstone("expired", kept)
		three.tombstone("withdrawn", new)
		lab.export("--tombstones", elsewhere)
		made = lab.dataset()
		check(made["version"] == 4 and made["rows"] == 0 and not made["files"] and not (lab.out / "study-a.jsonl").exists(), made)


def forged_tombstones_remove_nothing():
	with Lab() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		segment = one.segment()
		two.segment()
		lab.export()
		one.tombstone("withdrawn", segment, folder=two.folder)
		said = lab.export(code=1)
		check("was not signed by the participant" in said and lab.dataset()["version"] == 1, said)
		for path in one.outbox.glob("*.tombstone"):
			path.unlink()
		# Of one who names their own pseudonym and another's segment.
		two.tombstone("withdrawn", segment)
		lab.export()
		check({s["segment"] for s in lab.dataset()["segments"]} >= {segment[0]}, "removed by somebody else")
		stone = one.tombstone("withdrawn", segment)
		path = one.outbox / f"{stone}.tombstone"
		good = path.read_bytes()
		for broken in (good.replace(b"withdrawn", b"forgotten"), good[:-20], b"", b"{}", good.replace(segment[1].encode(), b"0" * 64)):
			path.write_bytes(broken)
			said = lab.export(code=1)
			check("is no tombstone" in said and any(s["segment"] == segment[0] for s in lab.dataset()["segments"]), said)
		path.write_bytes(good)
		lab.export()
		check(not any(s["segment"] == segment[0] for s in lab.dataset()["segments"]), "a good one removes it")


def left_out(more, kind, text, code, participants=1, **options):
	"""One good segment, and what more(lab, one) adds: left out for this reason, and alone."""
	with Lab() as lab:
		one = Participant(lab, "one")
		good = one.segment(events=2)
		more(lab, one)
		said = lab.export(code=code, **options)
		made = lab.dataset()
		check([s["segment"] for s in made["segments"]] == [good[0]] and len(lab.rows()) == 2, made)
		check([left["kind"] for left in made["left_out"]] == [kind] * participants, made["left_out"])
		check(all(text in left["why"] for left in made["left_out"]), made["left_out"])
		return said


def key_file_of_another_segment():
	def more(_, one):
		first, second = one.segment(), one.segment()
		shutil.copy(one.outbox / f"{first[0]}.key", one.outbox / f"{second[0]}.key")
		(one.outbox / f"{first[0]}.seg").unlink()
	left_out(more, "damaged", "is that of", 1)


def segment_swapped():
	def more(_, one):
		first, second = one.segment(), one.segment()
		(one.outbox / f"{first[0]}.seg").replace(one.outbox / f"{second[0]}.seg")
	left_out(more, "damaged", "hash", 1)


def segment_with_a_flipped_bit():
	def more(_, one):
		path = one.outbox / f"{one.segment()[0]}.seg"
		data = bytearray(path.read_bytes())
		data[len(data) // 2] ^= 4
		path.write_bytes(data)
	left_out(more, "damaged", "hash", 1)


def key_file_changed():
	def more(_, one):
		path = one.outbox / f"{one.segment()[0]}.key"
		lines = path.read_text().splitlines()
		at = next(i for i, line in enumerate(lines) if line.startswith("expires "))
		lines[at] = "expires 2099-01-01T00:00:00.000000Z"
		path.write_text("\n".join(lines) + "\n")
	left_out(more, "damaged", "not signed by the participant's agent", 1)


def key_file_signed_by_another():
	left_out(lambda lab, one: one.segment(signer=Participant(lab, "two").folder), "damaged", "not signed by the participant's agent", 1)


def key_file_of_the_private_spool():
	left_out(lambda _, one: one.segment(private=1), "damaged", "private spool", 1)


def key_file_missing():
	left_out(lambda _, one: (one.outbox / f"{one.segment()[0]}.key").unlink(), "incomplete", "not there", 0)


def header_of_another_participant():
	left_out(lambda _, one: one.segment(header_pseudonym="0" * 32), "damaged", "header", 1)


def header_of_another_receipt():
	left_out(lambda _, one: one.segment(header_receipt="ab" * 32), "damaged", "header", 1)


def header_of_another_study():
	left_out(lambda _, one: one.segment(header_study="study-b"), "damaged", "header", 1)


def receipt_that_is_not_there():
	left_out(lambda _, one: one.segment(receipt="ab" * 32), "consent", "receipt", 0)


def receipts_missing():
	def more(lab, _):
		two = Participant(lab, "two")
		two.segment()
		(two.outbox / "receipts.jsonl").unlink()
	left_out(more, "consent", "receipts.jsonl", 0)


def receipt_changed():
	"""Whatever is changed in it: nothing of that participant is used."""
	changes = ((b'"other-model","agreed":false', b'"other-model","agreed":true'), (b'"event_state":"given"', b'"event_state":"renewed"'),
		(b"Test University", b"Test Univarsity"))
	for old, new in changes:
		def more(lab, _, old=old, new=new):
			two = Participant(lab, "two")
			two.segment()
			path = two.outbox / "receipts.jsonl"
			text = path.read_bytes()
			check(old in text, text[:900])
			path.write_bytes(text.replace(old, new))
		left_out(more, "damaged" if new != b"" else "", "", 1)


def receipts_of_another():
	"""Someone's receipts beside someone else's segments do not cover them."""
	def more(lab, one):
		two = Participant(lab, "two")
		two.segment()
		shutil.copy(one.outbox / "receipts.jsonl", two.outbox / "receipts.jsonl")
	left_out(more, "consent", "receipts.jsonl", 0)


def copies_that_contradict():
	"""The same identity, two histories: a ledger that was put back and went on differently."""
	with Lab() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		one.segment()
		good = two.segment()
		past = lab.root / "past"
		shutil.copytree(one.folder, past)
		one.decide("withdrawn", NOW - DAY)
		again = lab.inbox / "later"
		again.mkdir()
		lab.forge("decide", past, "study-a", "paused", NOW - 2 * DAY)
		shutil.copy(past / "ledger.jsonl", again / "receipts.jsonl")
		said = lab.export(code=1)
		check("contradict" in said and [s["segment"] for s in lab.dataset()["segments"]] == [good[0]], said)


def what_another_wrote_contradicts_nothing():
	"""Somebody who has a folder among those collected, and knows a pseudonym, cannot put its data out of use."""
	for folder in ("0", "zzz"):
		with Lab() as lab:
			one = Participant(lab, "one")
			good = one.segment()
			theirs = lab.inbox / folder
			theirs.mkdir()
			text = (one.outbox / "receipts.jsonl").read_bytes()
			(theirs / "receipts.jsonl").write_bytes(text.replace(b'"language":"en"', b'"language":"de"'))
			check((theirs / "receipts.jsonl").read_bytes() != text, "it is the same")
			said = lab.export(code=1)
			check("signature" in said and [s["segment"] for s in lab.dataset()["segments"]] == [good[0]], said)


def newest_receipts_count():
	"""An older copy of the receipts, wherever it lies, does not bring back what was refused since."""
	with Lab() as lab:
		one, two = Participant(lab, "one", purposes=(HCI, MODEL)), Participant(lab, "two", purposes=(MODEL,))
		one.segment()
		good = two.segment()
		for name in ("aaa", "zzz"):
			(lab.inbox / name).mkdir()
			shutil.copy(one.outbox / "receipts.jsonl", lab.inbox / name / "receipts.jsonl")
		one.decide("renewed", NOW - DAY, HCI)
		lab.export(purposes=(MODEL,))
		made = lab.dataset()
		check([s["segment"] for s in made["segments"]] == [good[0]], made)
		check(lab.kinds() == ["purpose"] and "refused since" in made["left_out"][0]["why"], made["left_out"])


def rows_outside_of_consent():
	"""Recorded (by a broken or forged agent) before the yes, in a pause, after its end: dropped and counted."""
	with Lab() as lab:
		since = NOW - 8 * DAY
		one = Participant(lab, "one", since=since)
		one.decide("paused", since + DAY)
		one.decide("resumed", since + 2 * DAY)
		one.decide("expired", since + 3 * DAY)
		hour = DAY // 24
		good = [since + hour, since + 2 * hour, since + 2 * DAY + hour]
		bad = [since - hour, since - 10 * 1000000, since + DAY + hour, since + 3 * DAY + 5 * 1000000, since + 4 * DAY]
		name = one.segment(begun=since, rows=",".join(str(t) for t in sorted(good + bad)))
		said = lab.export()
		made = lab.dataset()
		check([r["t_us"] for r in lab.rows()] == good, lab.rows())
		entry = made["segments"][0]
		check(entry["segment"] == name[0] and entry["rows"] == 3 and entry["dropped"] == 5 == made["rows_dropped"], made)
		check("dropped: 5 rows" in said and entry["first"] < entry["last"], said)


def withdrawn_since():
	"""Without --erase recipients are told that consent was withdrawn: a dataset that was made before is made no more, also after a new yes."""
	with Lab() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		old, good = one.segment(), two.segment()
		lab.export()
		check({s["segment"] for s in lab.dataset()["segments"]} == {old[0], good[0]}, lab.dataset())
		one.decide("withdrawn", NOW - 3 * DAY)
		said = lab.verify()
		check("; consent was withdrawn" in said and said.count("PROBLEM") == 0, said)
		lab.export()
		made = lab.dataset()
		check(made["version"] == 2 and [s["segment"] for s in made["segments"]] == [good[0]] and lab.kinds() == ["consent"], made)
		check("withdrawn since" in made["left_out"][0]["why"] and made["removed"][0]["segment"] == old[0], made)
		one.receipt = one.decide("given", NOW - 2 * DAY, HCI)
		new = one.segment(begun=NOW - DAY)
		lab.export()
		check({s["segment"] for s in lab.dataset()["segments"]} == {new[0], good[0]}, lab.dataset())
		check("; consent was withdrawn" not in lab.verify(), lab.verify())
		one.tombstone("withdrawn", new)
		said = lab.verify(code=1)
		check(said.count("must be deleted, as must every copy of it: tombstone") == 1, said)


def retention_is_over():
	left_out(lambda _, one: one.segment(expires=NOW - 1000000), "expired", "retention", 0)


def sealed_to_another():
	def more(lab, one):
		made = lab.run(ASSENT, "keygen", "--out", lab.root / "other.key")
		other = next(w for w in (made.stdout + made.stderr).split() if w.startswith("assent-pub-")).strip('"')
		one.segment(recipient=other)
	left_out(more, "key", "another recipient", 0)
	with Lab() as lab:
		one = Participant(lab, "one")
		one.segment()
		made = lab.run(ASSENT, "keygen", "--out", lab.root / "second.key")
		second = next(w for w in (made.stdout + made.stderr).split() if w.startswith("assent-pub-")).strip('"')
		one.segment(recipient=second)
		lab.export("--key", lab.root / "second.key")
		check(len(lab.dataset()["segments"]) == 2, "two keys")


def collected_twice_is_used_once():
	with Lab() as lab:
		one = Participant(lab, "one")
		good = one.segment(events=4)
		shutil.copytree(lab.inbox / "study-a", lab.inbox / "again" / "monday" / "study-a")
		lab.export()
		check(len(lab.rows()) == 4 and len(lab.dataset()["segments"]) == 1, "doubled")
		# The first copy is torn: the second one serves.
		path = lab.inbox / "again/monday/study-a" / one.pseudonym / f"{good[0]}.seg"
		path.write_bytes(path.read_bytes()[:300])
		lab.export(code=1)
		check(len(lab.rows()) == 4, "the good copy")


def a_crash_is_no_damage():
	"""What a crash cut is released with its cut; without one the segment is damaged, and nothing of it used."""
	left_out(lambda _, one: one.segment(cut=1), "damaged", "", 1)


def nothing_may_be_used():
	with Lab() as lab:
		Participant(lab, "one", purposes=(MODEL,)).segment()
		said = lab.export(code=3)
		check("nothing" in said and not lab.out.exists() and not list(lab.root.glob(".out*")), said)


def usage():
	with Lab() as lab:
		one = Participant(lab, "one")
		segment = one.segment()
		for argv, text in ((["--purpose", HCI, "--format", "csv", "--out", lab.out], "recipients"),
				(["--key", lab.key, "--purpose", HCI, "--format", "csv", "--out", lab.out], "name its folders"),
				(["--key", lab.key, "--purpose", HCI, "--out", lab.out, lab.inbox], "--format"),
				(["--key", lab.key, "--purpose", HCI, "--format", "csv", "--out", lab.out, one.outbox / f"{segment[0]}.seg"], "is no folder")):
			done = lab.run(ASSENT, "export", *argv)
			check(done.returncode == 2 and text in done.stderr, f"{argv}: {done.returncode} {done.stderr}")
		done = lab.run(ASSENT, "export", "--key", lab.root / "none", "--purpose", HCI, "--format", "csv", "--out", lab.out, lab.inbox)
		check(done.returncode == 1 and not lab.out.exists(), done.stderr)
		done = lab.run(ASSENT, "export", "--key", lab.key, "--purpose", HCI, "--format", "csv", "--out", ".", lab.inbox, cwd=lab.inbox)
		check(done.returncode == 1 and "you are in" in done.stderr, done.stderr)
		# A file that is somebody's is not replaced unasked.
		lab.out.mkdir()
		(lab.out / "study-a.jsonl").write_text("mine")
		said = lab.export(code=1)
		check("exists already" in said and (lab.out / "study-a.jsonl").read_text() == "mine", said)
		lab.export("--force")
		check(len(lab.rows()) == 5, "--force")
		# A description that somebody edited is not guessed at.
		text = (lab.out / "dataset.json").read_text()
		for broken in (text.replace('"version": 1', '"version": 0'), text[:len(text) // 2], "", json.dumps(json.loads(text)),
				text.replace("study-a.jsonl", "../evil.jsonl")):
			(lab.out / "dataset.json").write_text(broken)
			said = lab.export(code=1)
			check("not as it was written" in said and len(lab.rows()) == 5, said)


def killed_at_any_moment():
	"""Version 1 or version 2, whole, whenever it is killed; and the next export puts right what is left."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Lab() as lab:
		one = Participant(lab, "one")
		gone = one.segment(events=300)
		for _ in range(5):
			one.segment(events=200)
		lab.export()
		(lab.out / "notes.txt").write_text("mine")
		before = {p.name: p.read_bytes() for p in lab.out.iterdir()}
		one.tombstone("withdrawn", gone)
		argv = [str(part) for part in (ASSENT, "export", "--key", lab.key, "--purpose", HCI, "--format", "jsonl", "--out", lab.out, lab.inbox)]
		seen, killed = set(), 0
		# Killed at its n-th call of each that changes a folder, or waits for the disk.
		for call, n in [(call, n) for call in ("mkdirat", "openat", "linkat", "fsync", "renameat2", "unlinkat") for n in range(1, 60)]:
			if (call, "ends") in seen:
				continue
			done = subprocess.run(["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}", *argv], env=lab.traced(),
				stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False)
			if done.returncode == 0:
				seen.add((call, "ends"))
			killed += done.returncode != 0
			names = sorted(p.name for p in lab.out.iterdir() if p.name not in (".unfinished", "notes.txt"))
			made = lab.dataset()
			check(names == ["README.md", "croissant.json", "dataset.json", "study-a.jsonl"] and len(lab.rows()) == made["rows"], f"{call} {n}: {names}")
			check(made["rows"] == (1300 if made["version"] == 1 else 1000), f"{call} {n}: a mixture")
			seen.add(made["version"])
			lab.export()
			check(lab.dataset()["version"] == 2 and len(lab.rows()) == 1000, f"{call} {n}: afterwards")
			check(sorted(p.name for p in lab.out.iterdir()) == ["README.md", "croissant.json", "dataset.json", "notes.txt", "study-a.jsonl"], f"{call} {n}: {list(lab.out.iterdir())}")
			check((lab.out / "notes.txt").read_text() == "mine" and not list(lab.root.glob(".out*")), f"{call} {n}: {list(lab.root.iterdir())}")
			# Back to version 1.
			shutil.rmtree(lab.out)
			lab.out.mkdir()
			for name, data in before.items():
				(lab.out / name).write_bytes(data)
		note(f"killed {killed} times")
		check({1, 2} <= seen and killed > 30, f"{seen} in {killed}")


def full_disk():
	"""Not a byte of room in the new version: the old one stays, and it is said why."""
	with Lab() as lab:
		one = Participant(lab, "one")
		one.segment(events=400)
		disk = lab.root / "disk"
		disk.mkdir()
		if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)], check=False, stderr=subprocess.DEVNULL).returncode:
			raise Skip("needs the right to mount")
		try:
			lab.out = disk / "out"
			lab.export()
			one.segment(events=3000)
			said = lab.export(code=1)
			check("No space left" in said and lab.dataset()["version"] == 1 and len(lab.rows()) == 400, said)
			check(not list(disk.glob(".out*")), list(disk.iterdir()))
			# The mount itself cannot be exchanged.
			lab.out = disk
			said = lab.export("--force", code=1)
			check("name a folder below it" in said or "Permission" in said or "cannot" in said, said)
		finally:
			subprocess.run(["umount", str(disk)], check=True)


def two_at_a_time():
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Lab() as lab:
		one = Participant(lab, "one")
		for _ in range(3):
			one.segment(events=500)
		argv = [str(part) for part in (ASSENT, "export", "--key", lab.key, "--purpose", HCI, "--format", "jsonl", "--out", lab.out, lab.inbox)]
		held = subprocess.Popen(["strace", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=400000", *argv], env=lab.traced(),
			stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		end = time.monotonic() + 10
		while not list(lab.root.glob(".out*")) and time.monotonic() < end:
			time.sleep(0.02)
		said = lab.export(code=1)
		check("another export" in said, said)
		check(held.wait(60) == 0 and len(lab.rows()) == 1500 and lab.dataset()["version"] == 1, "the first one")
		held = subprocess.Popen(argv, env=lab.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		held.send_signal(signal.SIGTERM)
		held.wait(60)
		check(not list(lab.root.glob(".out*")) and len(lab.rows()) == 1500, "interrupted")


STUDY = """\
assent: 1
study: typing-test
title: {{en: Test of the way to a recipient}}
controller: {{name: Test, address: Nowhere, contact: test@example.org}}
purposes:
  - {{id: hci-research, category: hci-research, text: {{en: A test.}}}}
  - {{id: other-model, category: train-other-model, text: {{en: Another.}}}}
capture: {{keys: text, key_time: exact, pointer: full, scroll: true, apps: id}}
retention: 90d
consent_valid: 180d
review: 0s
recipient_key: {key}
notice: {{en: A test.}}
"""


def all_the_way():
	"""Two people join, record, release; IT collects; a dataset; one erases; the next version is without them."""
	with Lab() as lab:
		manifest = lab.root / "study.yaml"
		manifest.write_text(STUDY.format(key=lab.public))
		people = {"ann": ("hello", ("yes", "yes")), "ben": ("world", ("yes", "no"))}

		def collect(name):
			# As rclone move does: files go, folders stay.
			outbox, moved = lab.root / name / "outbox", 0
			for path in sorted(outbox.rglob("*")):
				if path.is_file() and not path.name.startswith("."):
					target = lab.inbox / path.relative_to(outbox)
					target.parent.mkdir(parents=True, exist_ok=True)
					shutil.move(path, target)
					moved += 1
			return moved
		for name, (text, answers) in people.items():
			data = lab.root / name
			code, shown = on_pty([ASSENT, "join", "--data", data, manifest], lab.env, answers)
			check(code == 0, shown[-400:])
			story = lab.root / f"{name}.t"
			story.write_text(STORY.format(word=text))
			done = lab.run(ASSENT.parent / "assentd", "--data", data, "--source", f"replay:{story}")
			check(done.returncode == 0, done.stderr)
			code, shown = on_pty([ASSENT, "release", "--data", data], lab.env, ("yes",), prompt="[yes/no]")
			check(code == 0, f"{code}: {shown[-600:]}")
			check(collect(name) >= 3, "collected")
		lab.export()
		typed = {}
		for row in lab.rows("typing-test"):
			if row["kind"] == "key_down":
				typed[row["participant"]] = typed.get(row["participant"], "") + row["text"]
		check(sorted(typed.values()) == ["hello", "world"], typed)
		lab.out = lab.root / "model"
		lab.export(purposes=(MODEL,))
		check(len({s["participant"] for s in lab.dataset()["segments"]}) == 1 and lab.kinds() == ["purpose"] * len(lab.kinds()), lab.dataset())
		verified = lab.run(ASSENT, "verify", lab.inbox)
		check(verified.returncode == 0, verified.stdout + verified.stderr)
		# Ann erases; what she released is named by a tombstone.
		code, shown = on_pty([ASSENT, "withdraw", "--erase", "--data", lab.root / "ann"], lab.env, ("yes",), prompt="[yes/no]", seconds=30)
		check(code == 0, shown[-600:])
		check(collect("ann") >= 1 and list(lab.inbox.rglob("*.tombstone")), "no tombstone was put out")
		said = lab.export(purposes=(MODEL,))
		made = lab.dataset()
		check(made["version"] == 2 and made["rows"] == 0 and made["removed"] and "withdrawn" in made["removed"][0]["why"], made)
		check("must be deleted" in said, said)
		lab.out = lab.root / "out"
		lab.export()
		made = lab.dataset()
		check(made["version"] == 2 and {r["participant"] for r in lab.rows("typing-test")} == {s["participant"] for s in made["segments"]} and
			len({s["participant"] for s in made["segments"]}) == 1, made)
		text = "".join(row["text"] or "" for row in lab.rows("typing-test") if row["kind"] == "key_down")
		check(text == "world", text)
		rows = len(lab.rows("typing-test"))
		lab.out = lab.root / "many"
		lab.export(form="parquet")
		made = lab.dataset()
		check(made["rows"] == rows == sum(f["rows"] for f in made["files"]), made)
		[person] = made["participants"]
		check(person["detail"] == ["text"] and person["apps"] == ["id"] and person["kinds"]["key_down"] == 5, person)


if __name__ == "__main__":
	sys.exit(run(all_the_way, two_participants_two_purposes, tombstone_then_version_two, forged_tombstones_remove_nothing, key_file_of_another_segment,
		segment_swapped, segment_with_a_flipped_bit, key_file_changed, key_file_signed_by_another, key_file_of_the_private_spool, key_file_missing,
		header_of_another_participant, header_of_another_receipt, header_of_another_study, receipt_that_is_not_there, receipts_missing,
		receipt_changed, receipts_of_another, copies_that_contradict, what_another_wrote_contradicts_nothing, newest_receipts_count, rows_outside_of_consent, withdrawn_since, retention_is_over,
		sealed_to_another, collected_twice_is_used_once, a_crash_is_no_damage, nothing_may_be_used, usage, killed_at_any_moment, full_disk,
		two_at_a_time))
