#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Datasets of many files: laid out by study, date and participant, added to in place, rid of what has to leave, and read where they lie.

usage: test_append.py ASSENT OUTBOX_FORGE [CASE...]      read-in-place only if it is named: it wants DuckDB
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
ASSENT, FORGE = (pathlib.Path(arg).resolve() for arg in sys.argv[1:3])
del sys.argv[1:3]
BUILD = pathlib.Path(os.environ.setdefault("ASSENT_BUILD", str(ASSENT.parent.parent)))
import readers  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from lab import DAY, HCI, MODEL, NOW, Lab, Participant  # noqa: E402

NOON = NOW // DAY * DAY + DAY // 2
DESCRIBED = {"dataset.json", "README.md", "croissant.json"}


class Hive(Lab):
	def __init__(self):
		super().__init__(ASSENT, FORGE)

	def export(self, *more, form="parquet", **options):
		return super().export(*more, form=form, **options)

	def append(self, *more, **options):
		return self.export("--append", *more, **options)

	def files(self):
		"""Of each file of rows what tells whether it was touched."""
		return {str(path.relative_to(self.out)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in self.out.glob("events/*/*/*/*")}

	def whole(self, where=None):
		"""dataset.json names the files that are there, and each is the one that it names."""
		made = self.dataset()
		for entry in made["files"]:
			data = (self.out / entry["file"]).read_bytes()
			check(len(data) == entry["bytes"] and hashlib.sha256(data).hexdigest() == entry["sha256"], f"{where}: {entry['file']} is another one")
			check(re.fullmatch(r"events/study=study-[ab]/date=20\d\d-\d\d-\d\d/participant=[0-9a-f]{32}/\d+-0\.(parquet|arrow)", entry["file"]), entry)
		check(sum(entry["rows"] for entry in made["files"]) == made["rows"] == sum(s["rows"] for s in made["segments"]), where)
		held = {(name, entry["file"].split("participant=")[1][:32]) for entry in made["files"] for name in entry["segments"]}
		check(held == {(s["segment"], s["participant"]) for s in made["segments"] if s["rows"]}, where)
		return made

	def exact(self, where=None):
		"""Nor is there anything else."""
		made = self.whole(where)
		check(set(self.files()) == {entry["file"] for entry in made["files"]}, f"{where}: {set(self.files())}")
		names = {path.name for path in self.out.iterdir()} - {"notes.txt"}
		check(names - {"events", "segments"} == DESCRIBED and names >= DESCRIBED, f"{where}: {names}")
		described = {str(path.relative_to(self.out)) for path in self.out.glob("segments/*/*/*")}
		check(described == {person["description"] for person in made["participants"]} - {None}, f"{where}: {described}")
		return made

	def away(self, one):
		"""What was collected of them before is not given any more."""
		target = self.root / "archive" / one.pseudonym
		target.parent.mkdir(exist_ok=True)
		shutil.move(one.outbox, target)
		one.outbox.mkdir()
		return target


def appended(form="parquet"):
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		one.segment(begun=NOON - 5 * DAY, events=300)
		one.segment(begun=NOON - 5 * DAY + 3600 * 10**6, events=200)
		one.segment(begun=NOON - 3 * DAY - 10**6 * 43210, events=400)   # over midnight
		two.segment(begun=NOON - 3 * DAY, events=100)
		lab.export(form=form)
		made = lab.exact()
		check(made["version"] == 1 and made["format"] == form and made["rows"] == 1000 and len(made["files"]) == 4, made["files"])
		check("nothing changed" in lab.export(form=form) and "nothing changed" in lab.append(form=form) and lab.dataset() == made, "the same again")
		(lab.out / "notes.txt").write_text("mine")
		before = lab.files()
		new = two.segment(begun=NOON - 3 * DAY + 3600 * 10**6, events=50)
		three = Participant(lab, "three")
		three.segment(begun=NOON - 2 * DAY, events=70)
		lab.append(form=form)
		made, after = lab.exact(), lab.files()
		check(made["version"] == 2 and made["rows"] == 1120 and len(made["added"]) == 2 and not made["removed"], made)
		check(before.items() <= after.items() and len(after) == 6, "what was there was written anew")
		# Nor was what describes those whom it does not concern.
		check({person["participant"] == one.pseudonym: person["description"].rsplit("/", 1)[1] for person in made["participants"]} ==
			{True: "1.json", False: "2.json"}, made["participants"])
		check(sorted(name.rsplit("/", 1)[1] for name in after.keys() - before.keys()) == [f"2-0.{form}"] * 2, after)
		# Only the new folders are at hand.
		lab.away(one), lab.away(two)
		two.release_receipts()
		later = two.segment(begun=NOON - DAY, events=5)
		lab.append(form=form)
		check(lab.exact()["version"] == 3 and lab.dataset()["rows"] == 1125 and after.items() <= lab.files().items(), "from new folders alone")
		check((lab.out / "notes.txt").read_text() == "mine", "what else lay there")
		# All that is given, and nothing but that.
		lab.export(form=form)
		made = lab.exact()
		check(made["version"] == 4 and {s["segment"] for s in made["segments"]} == {later[0]} | {s["segment"] for s in made["segments"]
			if s["participant"] == three.pseudonym} and new[0] in {r["segment"] for r in made["removed"]}, made)


def appended_arrow():
	appended("arrow")


def tombstones():
	"""Only the files that hold something of it are written anew; one of which nothing stays goes."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		gone, stays = one.segment(begun=NOON - 5 * DAY, events=300), one.segment(begun=NOON - 5 * DAY + 3600 * 10**6, events=200)
		alone = one.segment(begun=NOON - 4 * DAY, events=20)
		two.segment(begun=NOON - 5 * DAY, events=100)
		lab.export()
		before = lab.files()
		stone = one.tombstone("forgotten", gone, alone)
		said = lab.append()
		made, after = lab.exact(), lab.files()
		check(said.count("must be deleted") == 2 and made["version"] == 2 and made["rows"] == 300, said)
		check({r["why"] for r in made["removed"]} == {f"tombstone {stone} (forgotten)"} and len(made["removed"]) == 2, made["removed"])
		shared = next(name for name in before if one.pseudonym in name and name in after)
		check(len(after) == 2 and {name for name in after if after[name] == before[name]} == after.keys() - {shared}, "other files were touched")
		check(next(f for f in made["files"] if f["file"] == shared)["segments"] == [stays[0]], made["files"])
		check(not list(lab.out.glob(f"events/study=study-a/date=*/participant={one.pseudonym}"))[1:], "an empty folder stays")
		# It stays so without the tombstone's file; also in a folder of its own, and without receipts, as the dataset knows whose key it must be.
		(one.outbox / f"{stone}.tombstone").unlink()
		check("nothing changed" in lab.append(), "it came back")
		stones = lab.root / "stones"
		stones.mkdir()
		lab.away(two)
		kept = next(s for s in made["segments"] if s["participant"] == two.pseudonym)
		two.tombstone("withdrawn", (kept["segment"], kept["hash"]), folder=one.folder, out=stones)
		said = lab.append("--tombstones", stones, code=1)
		check("was not signed by the participant" in said and lab.dataset()["version"] == 2, said)
		for path in stones.iterdir():
			path.unlink()
		two.tombstone("withdrawn", (kept["segment"], kept["hash"]), out=stones)
		lab.append("--tombstones", stones)
		check(lab.exact()["rows"] == 200 and lab.dataset()["version"] == 3, lab.dataset())


def rewriting_needs_the_segments():
	with Hive() as lab:
		one = Participant(lab, "one")
		gone, stays = one.segment(begun=NOON - 5 * DAY), one.segment(begun=NOON - 5 * DAY + 3600 * 10**6)
		other = one.segment(begun=NOON - 4 * DAY)
		lab.export()
		before = lab.files()
		archive = lab.away(one)
		one.release_receipts()
		one.tombstone("forgotten", gone)
		said = lab.append(code=1)
		made = lab.dataset()
		check(f"without {stays[0]}," in said and "name the folders" in said and lab.files() == before, said)
		check([(p["leave"], p["needs"]) for p in made["pending"]] == [([gone[0]], [stays[0]])] and made["version"] == 2, made)
		check(not (lab.out / ".assent-work").exists(), "something is left")
		lab.append("--force")
		made = lab.exact()
		check({s["segment"] for s in made["segments"]} == {other[0]} and [r["segment"] for r in made["removed"]] == [stays[0]], made)
		lab.append(archive)
		made = lab.exact()
		check({s["segment"] for s in made["segments"]} == {stays[0], other[0]} and made["version"] == 4, made)


def consent_since():
	"""What was agreed to when it was added is judged again by what is known now, also where its segment is not given."""
	with Hive() as lab:
		one, two, three = Participant(lab, "one"), Participant(lab, "two", purposes=(HCI, MODEL)), Participant(lab, "three")
		over = time.time() + 15
		old, second, third = one.segment(), two.segment(), three.segment(expires=int(over * 10**6))
		lab.export()
		for person in (one, two, three):
			lab.away(person)
		one.decide("withdrawn", NOW - DAY)
		two.decide("renewed", NOW - DAY, HCI)
		lab.append()
		made = lab.exact()
		check({s["segment"] for s in made["segments"]} == {second[0], third[0]} and lab.kinds() == ["consent"], made)
		check("withdrawn since" in made["removed"][0]["why"] and made["removed"][0]["segment"] == old[0], made["removed"])
		two.decide("renewed", NOW - DAY // 2, MODEL)
		time.sleep(max(0, over + 1 - time.time()))
		lab.append()
		made = lab.exact()
		check(not made["segments"] and made["version"] == 3 and sorted(lab.kinds()) == ["expired", "purpose"], made)
		check(not list(lab.out.glob("events/*")), "what is expired is still there")
		# Nothing of them is in it any more, but what their newest receipts were: an older copy brings nothing back.
		shutil.copytree(lab.root / "archive" / one.pseudonym, one.outbox, dirs_exist_ok=True)
		said = lab.append()
		check("nothing changed" in said and not lab.exact()["segments"], said)
		lab.away(one)
		four = Participant(lab, "four")
		four.decide("paused", NOW - 3 * DAY)
		four.segment(begun=NOON - 6 * DAY)
		lab.append()
		four.segment(begun=NOON - 6 * DAY + 3600 * 10**6)
		path = four.outbox / "receipts.jsonl"
		path.write_bytes(path.read_bytes().split(b"\n", 1)[0] + b"\n")
		said = lab.append()
		check(len(lab.exact()["segments"]) == 1 and "left out: 1 segment that no receipt covers" in said and "nothing changed" in said, said)


def newer_receipts_of_an_older_time():
	"""They tell of a pause in which a segment was recorded: its rows are judged again; those that are not covered go."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		begun = NOON - 5 * DAY
		for person in (one, two):
			person.segment(begun=begun, rows=",".join(str(begun + i * 10**6 * 60) for i in range(10)))
		lab.export()
		archive = lab.away(two)
		for person in (one, two):
			person.decide("paused", begun + 5 * 60 * 10**6)
		lab.append()
		made = lab.exact()
		mine = [s for s in made["segments"] if s["participant"] == one.pseudonym]
		check(len(made["segments"]) == 1 and mine[0]["rows"] < 10 and mine[0]["dropped"] == 10 - mine[0]["rows"], made["segments"])
		check("not at hand" in made["left_out"][0]["why"], made["left_out"])
		shutil.copytree(archive, two.outbox, dirs_exist_ok=True, ignore=lambda _, names: {"receipts.jsonl"} & set(names))
		lab.append()
		check({s["rows"] for s in lab.exact()["segments"]} == {mine[0]["rows"]} and len(lab.dataset()["segments"]) == 2, lab.dataset()["segments"])


def refused():
	with Hive() as lab:
		one = Participant(lab, "one", purposes=(HCI, MODEL))
		one.segment()
		check("parquet and arrow" in lab.append(form="csv", code=2), "csv has no --append")
		lab.export()
		made = lab.dataset()
		check("other purposes" in lab.append(purposes=(MODEL,), code=2) and "other purposes" in lab.append("--force", purposes=(MODEL,), code=2), "purposes")
		check("is a dataset as parquet" in lab.export(form="csv", code=2) and "is a dataset as parquet" in lab.append(form="arrow", code=2), "format")
		check("is a dataset as parquet" in lab.export(form="arrow", code=2) and "is a dataset as parquet" in lab.export("--force", form="arrow", code=2), "mixed")
		check(lab.exact() == made, "it was changed")
		text = (lab.out / "dataset.json").read_text()
		name = made["participants"][0]["description"]
		for broken in (text.replace(name, "../evil.json"), text.replace(name, "segments/study=../participant=00/1.json"), text.replace(name, made["files"][0]["file"]), text[:-3],
				text.replace('"version": 1', '"version": 01'), text.replace("},\n", "}\n", 1), text.replace('"rows":', '"rows": ', 1), text + "{}\n"):
			(lab.out / "dataset.json").write_text(broken)
			check(broken == text or "not as it was written" in lab.append(code=1), "it believed it")
		(lab.out / "dataset.json").write_text(text)
		(lab.out / name).write_text((lab.out / name).read_text().replace('"rows":', '"rows": ', 1))
		one.segment(begun=NOON - 2 * DAY)
		check("not as it was written" in lab.append(code=1) and "not as it was written" in lab.export(code=1), "a description that was changed")
		# Somebody's own.
		lab.out = lab.root / "theirs"
		lab.out.mkdir()
		(lab.out / "README.md").write_text("mine")
		check("exists already" in lab.export(code=1) and (lab.out / "README.md").read_text() == "mine" and len(list(lab.out.iterdir())) == 1, "a foreign card")
		done = lab.run(ASSENT, "export", "--append", "--format", "parquet", "--out", lab.out, one.outbox)
		check(done.returncode == 2 and "for recipients" in done.stderr, done.stderr)


def copies():
	"""What only claims to be a copy takes nothing out, and does not keep in what has to leave."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		gone, stays = one.segment(begun=NOON - 5 * DAY), one.segment(begun=NOON - 5 * DAY + 3600 * 10**6)
		other = two.segment()
		lab.export()
		bad = lab.inbox / "0"
		bad.mkdir()
		for suffix in ("seg", "key"):
			shutil.copy(one.outbox / f"{stays[0]}.{suffix}", bad)
		path = bad / f"{stays[0]}.seg"
		path.write_bytes(path.read_bytes()[:-100])
		one.tombstone("forgotten", gone)
		lab.append(code=1)
		check({s["segment"] for s in lab.exact()["segments"]} == {stays[0], other[0]} and lab.dataset()["version"] == 2, "a good copy is there")
		path = bad / f"{stays[0]}.key"
		text = path.read_text()
		check(stays[1] in text, text)
		path.write_text(text.replace(stays[1], "0" * 64))
		lab.away(one)
		for receipts in (False, True):
			if receipts:
				one.release_receipts()
			said = lab.append(code=int(receipts))
			check("nothing changed" in said and {s["segment"] for s in lab.exact()["segments"]} == {stays[0], other[0]}, said)
		path = one.outbox / "receipts.jsonl"
		path.write_bytes(path.read_bytes().replace(b'"language":"en"', b'"language":"de"'))
		said = lab.append(code=1)
		check("nothing changed" in said and {s["segment"] for s in lab.exact()["segments"]} == {stays[0], other[0]}, said)


def a_withdrawal_that_was_cut_out():
	"""Each line of receipts is signed, but nothing in them tells that one is missing; what the dataset was made with does."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		old, other = one.segment(), two.segment()
		one.decide("withdrawn", NOW - 3 * DAY)
		one.decide("given", NOW - 2 * DAY, HCI)
		new = one.segment(begun=NOW - DAY, receipt=one.decide("renewed", NOW - 2 * DAY + 10**6, HCI))
		lab.export()
		wanted = {other[0], new[0]}
		check({s["segment"] for s in lab.exact()["segments"]} == wanted, lab.dataset())
		path = one.outbox / "receipts.jsonl"
		known = path.stat().st_size
		for i in range(4):
			one.decide("resumed" if i % 2 else "paused", NOW - DAY // 2 + i * 10**6)
		lines = path.read_bytes().splitlines(keepends=True)
		path.write_bytes(b"".join(lines[:1] + lines[2:]))
		check(path.stat().st_size > known, "it is no longer than before")
		for _ in range(2):
			lab.append(code=1)
			check(old[0] not in {s["segment"] for s in lab.exact()["segments"]}, "what was withdrawn came back")
		path.write_bytes(b"".join(lines))
		lab.append()
		check({s["segment"] for s in lab.exact()["segments"]} == wanted, lab.dataset())


def tombstones_before_receipts():
	"""One of somebody of whom nothing was known is in force when they come, also if its file is lost meanwhile."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		gone, stays = one.segment(begun=NOON - 5 * DAY), one.segment(begun=NOON - 4 * DAY)
		other = two.segment()
		stones, annex = lab.root / "stones", lab.root / "annex"
		stones.mkdir(), annex.mkdir()
		stone = one.tombstone("withdrawn", gone, out=annex)
		(stones / f"{stone}.tombstone").symlink_to(annex / f"{stone}.tombstone")
		one.tombstone("withdrawn", stays, folder=two.folder, out=stones)
		archive = lab.away(one)
		lab.export("--tombstones", stones)
		check(len(lab.exact()["tombstones"]) == 2, lab.dataset()["tombstones"])
		shutil.rmtree(stones), shutil.rmtree(annex)
		said = lab.append(archive)
		made = lab.exact()
		check({s["segment"] for s in made["segments"]} == {stays[0], other[0]} and "must be deleted" in said, said)
		check([t["tombstone"] for t in made["tombstones"]] == [stone], made["tombstones"])


def rows_that_newer_receipts_cover():
	"""Segments may come before the line that ends a pause: --append finds what a full export does."""
	with Hive() as lab:
		one, begun = Participant(lab, "one"), NOON - 5 * DAY
		one.decide("paused", begun + 3 * 60 * 10**6)
		one.segment(begun=begun, rows=",".join(str(begun + i * 10**6 * 60) for i in range(10)))
		lab.export()
		rows = lab.exact()["rows"]
		one.decide("resumed", begun + 6 * 60 * 10**6 + 1)
		lab.append()
		appended = lab.exact()["rows"]
		lab.out = lab.root / "full"
		lab.export()
		check(rows < appended == lab.exact()["rows"], f"{rows}, {appended}, {lab.dataset()['rows']} rows")


def clock_set_back():
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		one.segment(expires=NOW + DAY)
		other = two.segment()
		lab.export()
		text, made = (lab.out / "dataset.json").read_text(), lab.dataset()["made"]
		(lab.out / "dataset.json").write_text(text.replace(made, time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(NOW // 10**6 + 2 * 86400))))
		said = lab.append()
		check("is behind" in said and "retention ended" in said and {s["segment"] for s in lab.exact()["segments"]} == {other[0]}, said)
		check("is behind" in lab.export() and lab.exact()["version"] == 2, "the version after it")


def what_stands_in_the_way():
	"""Nothing is written or removed through a link; what is there under a new name stays."""
	with Hive() as lab:
		one = Participant(lab, "one")
		gone = one.segment(begun=NOON - 5 * DAY)
		lab.export()
		first = lab.out / lab.exact()["files"][0]["file"]
		first.with_name("2-0.parquet").mkdir()
		one.segment(begun=NOON - 5 * DAY + 3600 * 10**6)
		lab.append()
		check({f["file"].rsplit("/", 1)[1] for f in lab.dataset()["files"]} == {"1-0.parquet", "2-1.parquet"}, lab.dataset()["files"])
		first.with_name("2-0.parquet").rmdir()
		for name in ("events", "segments"):
			(lab.out / name).rename(lab.root / name)
			(lab.out / name).symlink_to(lab.root / name)
			check("no links" in lab.append(code=1), name)
			(lab.out / name).unlink()
			(lab.root / name).rename(lab.out / name)
		day = first.parent.parent
		day.rename(lab.root / "day")
		day.symlink_to(lab.root / "day")
		one.tombstone("withdrawn", gone)
		one.decide("withdrawn", NOW - DAY)
		lab.append(code=1)
		check((lab.root / "day" / first.relative_to(day)).exists(), "removed through a link")
		day.unlink()
		(lab.root / "day").rename(day)
		lab.append()
		check(not lab.exact()["segments"] and not lab.files(), lab.dataset())


def parts_taken_away():
	"""From a change that had begun: what has to leave is not taken for what was to take its place."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Hive() as lab:
		one = Participant(lab, "one")
		gone = one.segment(begun=NOON - 5 * DAY, events=300)
		one.segment(begun=NOON - 5 * DAY + 3600 * 10**6, events=200)
		lab.export()
		one.tombstone("forgotten", gone)
		argv = [str(part) for part in (ASSENT, "export", "--append", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox)]
		work = lab.out / ".assent-work"
		for n in range(1, 20):
			check(killed(argv, lab.traced(), "renameat", n), "it never began")
			if (work / "commit").exists():
				break
		[key] = [line.split()[1] for line in (work / "commit").read_text().splitlines() if line.startswith("place") and " events/" in line]
		kept = {path: path.read_bytes() for path in work.glob(f"{key}.part")}
		check(kept, "it has its name")
		for path in kept:
			path.unlink()
		check("cannot be ended" in lab.append(code=1) and lab.dataset()["version"] == 1, "it took the old file for the new one")
		for path, data in kept.items():
			path.write_bytes(data)
		lab.append()
		check(lab.exact()["version"] == 2 and lab.dataset()["rows"] == 200, lab.dataset())


def damaged_is_left_out():
	with Hive() as lab:
		one = Participant(lab, "one")
		good = one.segment()
		lab.export()
		bad = one.segment(begun=NOON - 3 * DAY)
		path = one.outbox / f"{bad[0]}.seg"
		data = bytearray(path.read_bytes())
		data[len(data) // 2] ^= 1
		path.write_bytes(data)
		lab.append(code=1)
		check(lab.exact()["version"] == 1 or [s["segment"] for s in lab.dataset()["segments"]] == [good[0]], lab.dataset())
		# One that is in it, and was damaged since where it was collected, is not read: it stays. When all is exported, it is.
		path.unlink()
		path = one.outbox / f"{good[0]}.seg"
		path.write_bytes(path.read_bytes()[:200])
		lab.append()
		check([s["segment"] for s in lab.exact()["segments"]] == [good[0]], lab.dataset())
		lab.export(code=1)
		check(not lab.exact()["segments"], lab.dataset())


def a_file_that_was_lost():
	"""A full export notices, and writes it again: the same bytes, so the same version."""
	with Hive() as lab:
		one = Participant(lab, "one")
		one.segment(), one.segment(begun=NOON - 2 * DAY)
		lab.export()
		made = lab.exact()
		(lab.out / made["files"][0]["file"]).unlink()
		lab.export()
		again = lab.exact()
		check(again["version"] == 1 and again["files"] == made["files"], again)


def killed(argv, env, call, n):
	return subprocess.run(["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}", *argv], env=env,
		stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False).returncode != 0


def killed_at_any_moment():
	"""dataset.json names a whole version at any time while rows are added; the next run ends what was begun, and nothing is left over."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		gone = one.segment(begun=NOON - 5 * DAY, events=300)
		one.segment(begun=NOON - 5 * DAY + 3600 * 10**6, events=200)
		alone = one.segment(begun=NOON - 4 * DAY, events=60)
		lab.export()
		start, versions, count = lab.root / "start", set(), 0
		shutil.copytree(lab.out, start)
		two.segment(begun=NOON - 5 * DAY, events=100)
		argv = [str(part) for part in (ASSENT, "export", "--append", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox)]
		for what, rows, calls in (("added", 660, ("mkdirat", "fsync", "renameat", "syncfs")), ("removed", 300, ("renameat", "unlinkat", "syncfs"))):
			if what == "removed":
				one.tombstone("withdrawn", gone, alone)
			ended = set()
			for call, n in [(call, n) for call in calls for n in range(1, 80)]:
				if call in ended:
					continue
				shutil.rmtree(lab.out)
				shutil.copytree(start, lab.out)
				dead = killed(argv, lab.traced(), call, n)
				count += dead
				if not dead:
					ended.add(call)
				made = lab.whole(f"{what} {call} {n}") if what == "added" else lab.dataset()
				check(made["rows"] == (560 if made["version"] == 1 else rows), f"{what} {call} {n}: a mixture")
				versions.add((what, made["version"]))
				lab.append()
				made = lab.exact(f"{what} {call} {n}, afterwards")
				check(made["version"] == 2 and made["rows"] == rows, f"{what} {call} {n}: {made['version']}, {made['rows']} rows")
		note(f"killed {count} times")
		check(len(versions) == 4 and count > 30, f"{versions} in {count}")


def interrupted_goes_on():
	"""What is written is not written again: the same files get their names."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Hive() as lab:
		one = Participant(lab, "one")
		for day in range(2, 7):
			one.segment(begun=NOON - day * DAY, events=100 * day)
		argv = [str(part) for part in (ASSENT, "export", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox)]
		check(killed(argv, lab.traced(), "fsync", 4), "it was not killed")
		parts = {path.stat().st_ino for path in (lab.out / ".assent-work").glob("*.part")}
		check(len(parts) == 3 and not (lab.out / "dataset.json").exists() and not list(lab.out.glob("**/*.parquet")), list((lab.out / ".assent-work").iterdir()))
		lab.export()
		made = lab.exact()
		check(parts <= {inode for inode, _ in lab.files().values()} and made["rows"] == 2000, "they were written again")
		# What is no longer wanted does not stay.
		shutil.rmtree(lab.out)
		check(killed(argv, lab.traced(), "fsync", 4), "it was not killed")
		one.decide("withdrawn", NOW - DAY // 2)
		lab.export(code=3)
		check(not lab.out.exists() or not list(lab.out.rglob("*")), list(lab.out.rglob("*")))


def stopped_by_a_signal():
	"""It says how far it came, changes nothing, and goes on from there."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Hive() as lab:
		one = Participant(lab, "one")
		for day in range(2, 7):
			one.segment(begun=NOON - day * DAY, events=100 * day)
		argv = [str(part) for part in (ASSENT, "export", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox)]
		held = subprocess.Popen(["strace", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=300000", *argv], env=lab.traced(),
			stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		end = time.monotonic() + 20
		while not list(lab.out.glob(".assent-work/*.part")) and time.monotonic() < end:
			time.sleep(0.02)
		[child] = (pathlib.Path("/proc") / str(held.pid) / "task" / str(held.pid) / "children").read_text().split()
		os.kill(int(child), signal.SIGTERM)
		_, said = held.communicate(timeout=60)
		parts = {path.stat().st_ino for path in (lab.out / ".assent-work").glob("*.part")}
		check(held.returncode == 1 and "goes on from here" in said and parts and {path.name for path in lab.out.iterdir()} == {".assent-work"}, said)
		lab.export()
		check(lab.exact()["rows"] == 2000 and parts <= {inode for inode, _ in lab.files().values()}, "it began anew")


def full_disk():
	with Hive() as lab:
		one = Participant(lab, "one")
		one.segment(events=400)
		disk = lab.root / "disk"
		disk.mkdir()
		if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", str(disk)], check=False, stderr=subprocess.DEVNULL).returncode:
			raise Skip("needs the right to mount")
		try:
			lab.out = disk / "out"
			lab.export()
			before = lab.files()
			for day in range(30):
				one.segment(begun=NOON - 8 * DAY + day * 3600 * 10**6 * 6, events=1000)
			said = lab.append(code=1)
			check("No space left" in said and lab.whole()["version"] == 1 and lab.files() == before, said)
		finally:
			subprocess.run(["umount", str(disk)], check=True)


def croissant():
	"""As far as one can tell without mlcroissant: what Croissant 1.1 requires is there, every reference is to something, every checksum is right."""
	with Hive() as lab:
		one = Participant(lab, "one")
		one.segment(events=9)
		for form in ("parquet", "jsonl"):
			lab.out = lab.root / form
			lab.export(form=form)
			made, rows = json.loads((lab.out / "croissant.json").read_text()), lab.dataset()["rows"]
			for name in "@context @type conformsTo description license name url creator datePublished version distribution recordSet".split():
				check(made.get(name), f"{form}: no {name}")
			check(made["@type"] == "sc:Dataset" and "http://mlcommons.org/croissant/1.1" in made["conformsTo"] and f"{rows} rows" in made["description"], made)
			terms = set(made["@context"])
			for name in ("dataCollection", "dataBiases", "personalSensitiveInformation", "dataSocialImpact", "dataLimitations", "dataReleaseMaintenancePlan"):
				check(len(made[f"rai:{name}"]) > 20 and "rai" in terms, f"{form}: rai:{name}")
			resources = {}
			for entry in made["distribution"]:
				check(entry["@type"] in ("cr:FileObject", "cr:FileSet") and entry["@id"] not in resources and entry["encodingFormat"], entry)
				resources[entry["@id"]] = entry
				if entry["@type"] == "cr:FileObject":
					digest = hashlib.sha256((lab.out / entry["contentUrl"]).read_bytes()).hexdigest()
					check(entry["sha256"] == digest, f"{form}: the checksum of {entry['@id']}")
				else:
					found = {str(path.relative_to(lab.out)) for path in lab.out.glob(entry["includes"])}
					check(found == {f["file"] for f in lab.dataset()["files"]}, f"{form}: {entry['includes']} finds {found}")
			[records] = made["recordSet"]
			ids = [field["@id"] for field in records["field"]]
			check(len(set(ids)) == len(ids) and all(i.startswith(records["@id"] + "/") for i in ids), ids)
			for field in records["field"]:
				source = field["source"]
				check(field["dataType"] in ("sc:Integer", "sc:Text", "sc:Float", "sc:Boolean", "sc:Date"), field)
				check(resources[source["fileSet"]["@id"]]["@type"] == "cr:FileSet", field)
				if "transform" in source:
					check(re.search(source["transform"]["regex"], lab.dataset()["files"][0]["file"]), field)
				else:
					check(source["extract"]["column"] == field["name"], field)
			card = (lab.out / "README.md").read_text()
			check(f"| rows | {rows} |" in card and "`hci-research`" in card and "key_down" in card and "not anonymous" in card, card[:900])
			check(not re.search(r"^\|[-:| ]+\|\n(?!\|)", card, re.M) and "\n\nNone.\n" in card, "a table without rows")


def read_in_place():
	"""DuckDB: the rows are those of JSON Lines; only the files that a query wants are opened."""
	with Hive() as lab:
		people = [Participant(lab, name) for name in ("one", "two", "three")]
		for person in people:
			for day in (3, 4, 5):
				person.segment(begun=NOON - day * DAY, events=100 * day)
		lab.export()
		people[0].segment(begun=NOON - 3 * DAY + 3600 * 10**6, events=33)
		lab.append()
		parquet, lab.out = lab.out, lab.root / "lines"
		lab.export(form="jsonl")
		columns = "t_us, mono_us, kind, device, class, code, text, x, y, dx, dy, scroll_x, scroll_y, app, title, reason, end_us, lost, synthetic, study, epoch, " \
			"participant, segment"
		hive = f"read_parquet('{parquet}/events/*/*/*/*.parquet', hive_partitioning = true)"
		lines = f"read_json('{lab.out}/*.jsonl')"
		date = time.strftime("%Y-%m-%d", time.gmtime((NOON - 4 * DAY) / 10**6))
		same = ", ".join(name.strip() + "::VARCHAR" for name in columns.split(","))
		first, second, count, day, explained, types = readers.run(BUILD, HERE / "query.mjs",
			f"SELECT count(*) AS n FROM (SELECT {same} FROM {hive} EXCEPT ALL SELECT {same} FROM {lines})",
			f"SELECT count(*) AS n FROM (SELECT {same} FROM {lines} EXCEPT ALL SELECT {same} FROM {hive})",
			f"SELECT count(*) AS n, count(DISTINCT participant) AS people FROM {hive}",
			f"SELECT count(*) AS n FROM {hive} WHERE date = '{date}' AND participant = '{people[1].pseudonym}'",
			f"EXPLAIN ANALYZE SELECT sum(t_us) FROM {hive} WHERE date = '{date}' AND participant = '{people[1].pseudonym}'",
			f"DESCRIBE SELECT * FROM {hive}")
		check(first == second == [{"n": 0}], f"rows differ: {first} {second}")
		check(count == [{"n": 3633, "people": 3}] and day == [{"n": 400}], f"{count} {day}")
		plan = json.dumps(explained)
		check(re.search(r"Scanning Files: 1/10\b|Total Files Read: 1\b", plan), plan[-3000:])
		named = {column["column_name"]: column["column_type"] for column in types}
		check(named["date"] == "DATE" and named["participant"] == "VARCHAR" and named["t_us"] == "BIGINT", named)
		# A version exactly, whatever is added meanwhile: by dataset.json alone.
		answer = readers.run(BUILD, HERE / "query.mjs",
			f"SET VARIABLE d = (SELECT list('{parquet}/' || p.description) FROM (SELECT unnest(participants) AS p FROM read_json('{parquet}/dataset.json')))",
			f"SET VARIABLE f = (SELECT list('{parquet}/' || f.file) FROM (SELECT unnest(files) AS f FROM read_json(getvariable('d'))))",
			"SELECT count(*) AS n FROM read_parquet(getvariable('f'), hive_partitioning = true)")
		check(answer[2] == [{"n": 3633}], answer)


if __name__ == "__main__":
	# DuckDB takes long to install, and is asked where it is said.
	if sys.argv[1:] == ["read-in-place"]:
		sys.exit(run(read_in_place, all_skipped=77))
	sys.exit(run(appended, appended_arrow, tombstones, rewriting_needs_the_segments, consent_since, newer_receipts_of_an_older_time, refused,
		copies, a_withdrawal_that_was_cut_out, tombstones_before_receipts, rows_that_newer_receipts_cover, clock_set_back, what_stands_in_the_way,
		parts_taken_away, damaged_is_left_out, a_file_that_was_lost, killed_at_any_moment, interrupted_goes_on, stopped_by_a_signal, full_disk, croissant))
