#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What has to leave a dataset leaves although other things stand in its way; and nobody who can put files there keeps the others out, or breaks the program.

usage: test_removal.py ASSENT OUTBOX_FORGE [CASE...]      full-day only if it is named: it takes a while
"""

import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import time

import test_append
from cases import Skip, check, run
from lab import DAY, NOW, Participant
from test_append import ASSENT, HCI, NOON, Hive

HOUR = 3600 * 10**6


def pending(lab):
	return [(entry["file"], entry["leave"], entry["needs"]) for entry in lab.dataset()["pending"]]


def whole_but_for_pending(lab):
	"""As Hive.whole, where files hold more than may be used: they say which."""
	made = lab.dataset()
	waits, held = {file: (set(leave), set(needs)) for file, leave, needs in pending(lab)}, names(lab)
	check(waits.keys() <= {entry["file"] for entry in made["files"]} and set(lab.files()) == {entry["file"] for entry in made["files"]}, waits)
	for entry in made["files"]:
		data, inside = (lab.out / entry["file"]).read_bytes(), set(entry["segments"])
		check(len(data) == entry["bytes"] and hashlib.sha256(data).hexdigest() == entry["sha256"], f"{entry['file']} is another one")
		leave, needs = waits.get(entry["file"], (set(), inside))
		check(leave | needs == inside and needs <= held and not leave & held and bool(leave) == (entry["file"] in waits), entry)
	check(made["rows"] == sum(s["rows"] for s in made["segments"]), made["rows"])
	return made


def names(lab):
	return {s["segment"] for s in lab.dataset()["segments"]}


def removal_comes_first():
	"""One file cannot be written anew: it is named, with what is needed, and stays; everything else is carried out, and added."""
	with Hive() as lab:
		one, two, three = Participant(lab, "one"), Participant(lab, "two"), Participant(lab, "three")
		gone, stays, also = (one.segment(begun=NOON - 5 * DAY + i * HOUR, events=100 + i) for i in range(3))
		apart = one.segment(begun=NOON - 4 * DAY, events=9)
		whole, part, rest = two.segment(begun=NOON - 4 * DAY), two.segment(begun=NOON - 3 * DAY), two.segment(begun=NOON - 3 * DAY + HOUR, events=40)
		three.segment(begun=NOON - 5 * DAY)
		lab.export()
		before = lab.files()
		archive = lab.away(one)
		one.release_receipts()
		one.tombstone("forgotten", gone, apart), two.tombstone("withdrawn", whole, part)
		three.decide("withdrawn", NOW - DAY)
		new = Participant(lab, "four").segment(events=3)
		said = lab.append(code=1)
		made = whole_but_for_pending(lab)
		[(file, leave, needs)] = pending(lab)
		check(leave == [gone[0]] and needs == sorted([stays[0], also[0]]) and f"participant={one.pseudonym}/" in file, pending(lab))
		check(file in said and gone[0] in said and stays[0] in said and also[0] in said and "name the folders" in said, said)
		check(names(lab) == {stays[0], also[0], rest[0], new[0]} and made["version"] == 2 and made["rows"] == 101 + 102 + 40 + 3, made)
		check({r["segment"] for r in made["removed"]} >= {gone[0], apart[0], whole[0], part[0]} and len(made["removed"]) == 5, made["removed"])
		check(before[file] == lab.files()[file] and f"`{file}`" in (lab.out / "README.md").read_text(), "the file that pends")
		check("rows of removed segments that are still in 1 of its files" in json.loads((lab.out / "croissant.json").read_text())["description"], "Croissant")
		# As long as nobody brings them it is told, whoever is concerned, and nothing else happens.
		lab.inbox = lab.root / "other"
		lab.inbox.mkdir()
		five = Participant(lab, "five")
		for version in (2, 3):
			check(file in lab.append(code=1) and lab.dataset()["version"] == version and [file] == [p[0] for p in pending(lab)], lab.dataset())
			five.segment() if version == 2 else None
		# Not with half of it.
		shutil.copytree(archive, lab.inbox / "half", ignore=lambda _, found: [name for name in found if also[0] in name])
		said = lab.append(code=1)
		check(f"without {also[0]}," in said and lab.dataset()["version"] == 3, said)
		lab.append(archive)
		made = lab.exact()
		check(not pending(lab) and made["version"] == 4 and gone[0] not in {n for f in made["files"] for n in f["segments"]}, made)
		check(before[file] != lab.files()[file] and names(lab) > {stays[0], also[0], rest[0], new[0]}, "it was not written anew")
		check("still hold" not in (lab.out / "README.md").read_text() and "should not be there" not in (lab.out / "README.md").read_text(), "the card")


def copies_that_are_of_no_use():
	"""What stays is given, and damaged: as if it were not there. With --force it leaves, too; all that is exported needs nothing."""
	for force in (False, True):
		with Hive() as lab:
			one, two = Participant(lab, "one"), Participant(lab, "two")
			gone, stays = one.segment(begun=NOON - 5 * DAY), one.segment(begun=NOON - 5 * DAY + HOUR)
			whole, other = two.segment(begun=NOON - 5 * DAY), two.segment(begun=NOON - 4 * DAY)
			lab.export()
			path = one.outbox / f"{stays[0]}.seg"
			data = path.read_bytes()
			path.write_bytes(data[:len(data) // 2])
			one.tombstone("forgotten", gone), two.tombstone("forgotten", whole)
			said = lab.append(*["--force"] * force, code=1)
			check("is needed to write a file anew, and cannot be used" in said, said)
			check(names(lab) == {stays[0], other[0]} - ({stays[0]} if force else set()) and len(pending(lab)) == (not force), pending(lab))
			path.write_bytes(data)
			lab.export()
			check(lab.exact() and names(lab) == {stays[0], other[0]} and not pending(lab), lab.dataset())


def newer_receipts():
	"""Of a segment that is judged otherwise now no row may be there twice: it waits, if a file that it shares cannot be written anew. What only gains stays as it was."""
	with Hive() as lab:
		one = Participant(lab, "one")
		begun = NOON - 5 * DAY
		early = one.segment(begun=begun - 6 * HOUR)
		late = one.segment(begun=begun, rows=",".join(str(begun + i * 60 * 10**6) for i in range(10)))
		lab.export()
		archive = lab.away(one)
		for path in archive.glob(f"{late[0]}.*"):
			shutil.copy(path, one.outbox)
		one.decide("paused", begun + 5 * 60 * 10**6)
		lab.append(code=1)
		check(names(lab) == {early[0]} and lab.kinds() == ["pending"] and [(p[1], p[2]) for p in pending(lab)] == [([late[0]], [early[0]])], pending(lab))
		lab.append(archive)
		made = lab.exact()
		check(names(lab) == {early[0], late[0]} and 5 < made["rows"] < 15, made)
	with Hive() as lab:
		one = Participant(lab, "one")
		one.decide("paused", begun + 5 * 60 * 10**6)
		early = one.segment(begun=begun - 6 * HOUR)
		late = one.segment(begun=begun, rows=",".join(str(begun + i * 60 * 10**6) for i in range(10)))
		lab.export()
		rows, archive = lab.exact()["rows"], lab.away(one)
		one.decide("resumed", begun + 7 * 60 * 10**6)
		for path in archive.glob("*"):
			path.rename(lab.root / path.name) if early[0] in path.name else None
		said = lab.append(archive, code=1)
		check("newer receipts cover more" in said and "nothing changed" in said and lab.exact()["rows"] == rows and names(lab) == {early[0], late[0]}, said)
		for path in lab.root.glob(f"{early[0]}.*"):
			path.rename(archive / path.name)
		lab.append(archive)
		check(lab.exact()["rows"] > rows and not pending(lab), lab.dataset())


def force_takes_what_is_missing():
	"""What is given stays, also where newer receipts cover more of it; and nothing goes for that alone."""
	begun = NOON - 5 * DAY
	for must in (False, True):
		with Hive() as lab:
			one = Participant(lab, "one")
			one.decide("paused", begun + 5 * 60 * 10**6)
			gone, early = one.segment(begun=begun - 3 * HOUR), one.segment(begun=begun - 6 * HOUR)
			late = one.segment(begun=begun, rows=",".join(str(begun + i * 60 * 10**6) for i in range(10)))
			lab.export()
			rows, archive = lab.exact()["rows"], lab.away(one)
			one.decide("resumed", begun + 7 * 60 * 10**6)
			for path in archive.glob(f"{early[0]}.*"):
				path.unlink()
			if must:
				one.tombstone("forgotten", gone)
			said = lab.append("--force", archive, code=int(not must))
			made = lab.exact()
			check(names(lab) == ({late[0]} if must else {gone[0], early[0], late[0]}) and (made["rows"] > rows - 10 if must else made["rows"] == rows), said)


def killed_while_something_pends():
	"""The version is the old one or the new one, and what pends is found again by the next; nothing is left over when it has been carried out."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		gone, stays = one.segment(begun=NOON - 5 * DAY, events=100), one.segment(begun=NOON - 5 * DAY + HOUR, events=20)
		whole, part, rest = two.segment(begun=NOON - 4 * DAY), two.segment(begun=NOON - 3 * DAY), two.segment(begun=NOON - 3 * DAY + HOUR, events=40)
		lab.export()
		start, archive, ended, versions = lab.root / "start", lab.away(one), set(), set()
		shutil.copytree(lab.out, start)
		one.release_receipts()
		one.tombstone("forgotten", gone), two.tombstone("withdrawn", whole, part)
		argv = [str(part) for part in (ASSENT, "export", "--append", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox)]

		def killed(call, n, *more):
			shutil.rmtree(lab.out)
			shutil.copytree(start, lab.out)
			done = subprocess.run(["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}", *argv, *more], env=lab.traced(),
				stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
			# It is told by 1 that something pends.
			return done.returncode not in (0, 1)
		for call, n in [(call, n) for call in ("renameat", "unlinkat", "syncfs") for n in range(1, 60)]:
			if call in ended:
				continue
			ended |= set() if killed(call, n) else {call}
			where, version = f"{call} {n}", lab.dataset()["version"]
			versions.add(version)
			check(len(pending(lab)) == version - 1 and len(names(lab)) == (5 if version == 1 else 2), where)
			lab.append(code=1)
			whole_but_for_pending(lab)
			check(names(lab) == {stays[0], rest[0]} and [p[1:] for p in pending(lab)] == [([gone[0]], [stays[0]])] and not (lab.out / ".assent-work").exists(), where)
		check(versions == {1, 2} and len(ended) == 3, f"{versions} {ended}")
		shutil.rmtree(start)
		shutil.copytree(lab.out, start)
		for n in range(1, 60):
			if not killed("renameat", n, str(archive)):
				break
			lab.append(archive)
			check(lab.exact(f"renameat {n}, of what pended") and names(lab) == {stays[0], rest[0]} and not pending(lab), n)


def no_name_of_ours():
	"""A list of files that somebody added to: what is no file of rows is not removed, and stops nothing."""
	with Hive() as lab:
		one = Participant(lab, "one")
		one.segment()
		lab.export()
		path = lab.out / "dataset.json"
		path.write_text(path.read_text().replace('"files": [\n', '"files": [\n{"file":"notes.csv","rows":1,"bytes":1,"sha256":"' + "0" * 64 + '","segments":[]}\n'))
		(lab.out / "notes.csv").write_text("mine")
		one.segment(begun=NOON - 3 * DAY)
		lab.append()
		check((lab.out / "notes.csv").read_text() == "mine", "it was removed")
		(lab.out / "notes.csv").unlink()
		check(len(lab.exact()["segments"]) == 2, lab.dataset())


def strays():
	"""What lies among the files of the dataset, and is in no version of it, is named, and stays."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		one.segment(), two.segment()
		lab.export()
		made = lab.exact()
		[mine] = [f["file"] for f in made["files"] if one.pseudonym in f["file"]]
		told = [str(pathlib.Path(mine).with_name("9-0.parquet")), f"segments/study=study-a/participant={one.pseudonym}/9.json"]
		for name in told:
			(lab.out / name).write_bytes(b"rows")
		lab.away(two)
		# Whom it does not concern is not looked for: what it costs would be of what is there.
		far = f"events/study=study-a/date=2020-01-01/participant={two.pseudonym}/5-0.parquet"
		for name in (far, "events/notes.txt", "events/study=study-a/deep/er/and/deep/er/x"):
			(lab.out / name).parent.mkdir(parents=True, exist_ok=True)
			(lab.out / name).write_bytes(b"rows")
		new = one.segment(begun=NOON - 3 * DAY)
		said = lab.append(code=1)
		check(all(f"{name}: no version" in said for name in told) and said.count("no version") == 2 and "move them elsewhere or delete them" in said, said)
		check(new[0] in names(lab) and lab.whole()["version"] == 2, "it was not carried out")
		shutil.copytree(lab.root / "archive" / two.pseudonym, two.outbox, dirs_exist_ok=True)
		said = lab.append(code=1)
		check(said.count("no version") == 3 and far in said, said)
		said = lab.export(code=1)
		check(said.count("no version") == 5 and "events/notes.txt" in said and "/er/x" in said and "nothing changed" in said, said)
		for name in [*told, far, "events/notes.txt"]:
			check((lab.out / name).read_bytes() == b"rows", f"{name} is gone")
			(lab.out / name).unlink()
		shutil.rmtree(lab.out / "events/study=study-a/deep"), shutil.rmtree((lab.out / far).parent.parent)
		lab.append(), lab.export()
		lab.exact()


def what_a_broken_off_change_leaves():
	"""Rows that came in while .assent-work, which knew of them, was deleted: they are told of when the same are added again."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	with Hive() as lab:
		one = Participant(lab, "one")
		one.segment()
		lab.export()
		Participant(lab, "two").segment(events=77)
		argv = [str(part) for part in (ASSENT, "export", "--append", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox)]
		for n in range(1, 20):
			check(test_append.killed(argv, lab.traced(), "renameat", n), "it never began")
			if len(lab.files()) == 2:
				break
		shutil.rmtree(lab.out / ".assent-work")
		said = lab.append(code=1)
		check("no version of the dataset names it" in said and lab.dataset()["rows"] == 82 and len(lab.files()) == 3, said)


def cut_while_it_is_read():
	"""A segment that is cut off between being opened and being read: left out as damaged, or whole, if it was read before."""
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	for command in ("export", "verify"):
		with Hive() as lab:
			one = Participant(lab, "one")
			name, _ = one.segment(events=20000)
			path, log = one.outbox / f"{name}.seg", lab.root / "log"
			argv = [str(part) for part in ((ASSENT, "export", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox) if command == "export" else
				(ASSENT, "verify", "--key", lab.key, lab.inbox))]
			check(subprocess.run(["strace", "-o", log, "-e", "trace=openat", *argv], env=lab.traced(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
				check=False).returncode == 0, "it does not work at all")
			calls = [line for line in log.read_text().splitlines() if line.startswith("openat(")]
			opened = next(i for i, line in enumerate(calls) if f"{name}.seg" in line)
			# The one after the segment's own is for its key file.
			check(len(calls) > opened + 1, calls[opened:])
			shutil.rmtree(lab.out, ignore_errors=True)
			log.unlink()
			held = subprocess.Popen(["strace", "-o", log, "-e", "trace=openat", "-e", f"inject=openat:delay_enter=1500000:when={opened + 2}", *argv], env=lab.traced(),
				stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
			end = time.monotonic() + 30
			while not (log.exists() and f"{name}.seg" in log.read_text()) and time.monotonic() < end:
				time.sleep(0.02)
			time.sleep(0.2)
			os.truncate(path, 0)
			said, _ = held.communicate(timeout=60)
			# An export reads it again, to write it.
			check(held.returncode == (1 if command == "export" else 0), f"{command}: {held.returncode}: {said}")
			check(f"{name}.seg: is needed to write" in said if command == "export" else "20000" in said, said)
			check(not lab.files() and not (lab.out / "dataset.json").exists(), "something was exported")


def too_large_to_be_read():
	"""dataset.json, and what describes a participant: refused by their size, with their names, and without the memory that they would take."""
	with Hive() as lab:
		one = Participant(lab, "one")
		one.segment()
		lab.export()
		text, description = (lab.out / "dataset.json").read_bytes(), lab.dataset()["participants"][0]["description"]
		one.segment(begun=NOON - 3 * DAY)
		# Sanitizers take all the room that there is.
		bound = b"__asan_init" not in ASSENT.read_bytes()
		small = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))} if bound else {}

		def refused(name, why):
			done = lab.run(ASSENT, "export", "--append", "--key", lab.key, "--purpose", HCI, "--format", "parquet", "--out", lab.out, lab.inbox, **small)
			check(done.returncode == 1 and name in done.stderr and re.search(why, done.stderr), f"{done.returncode}: {done.stderr}")
		os.truncate(lab.out / "dataset.json", (2 << 30) + 1)
		refused("dataset.json", "larger than 2 GiB")
		(lab.out / "dataset.json").write_bytes(text.replace(b'"version": 1,\n', b'"version": 1' + b" " * (17 << 20) + b",\n"))
		refused("dataset.json", r"not as it was written \(line 3\)")
		(lab.out / "dataset.json").write_bytes(text)
		kept = (lab.out / description).read_bytes()
		os.truncate(lab.out / description, (256 << 20) + 1)
		refused(description, "larger than permitted")
		(lab.out / description).write_bytes(kept)
		lab.append()
		lab.exact()


def full_day():
	"""More in a day than a file takes: that segment is left out, whatever order they come in; those of others, and the same participant's, are not."""
	with Hive() as lab:
		one, two = Participant(lab, "one"), Participant(lab, "two")
		good, other = one.segment(begun=NOON - 5 * DAY), two.segment()
		bad = one.segment(begun=NOON - 5 * DAY + HOUR, titles=23_000_000)
		said = lab.export(code=1)
		made = lab.exact()
		check(names(lab) == {good[0], other[0]} and lab.kinds() == ["damaged"] and made["left_out"][0]["segment"] == bad[0] and "than a file may" in said, said)


if __name__ == "__main__":
	if sys.argv[1:] == ["full-day"]:
		sys.exit(run(full_day))
	sys.exit(run(removal_comes_first, copies_that_are_of_no_use, newer_receipts, force_takes_what_is_missing, killed_while_something_pends, no_name_of_ours, strays, what_a_broken_off_change_leaves, cut_while_it_is_read, too_large_to_be_read))
