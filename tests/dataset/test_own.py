#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One's own export is a dataset, too: described, with checksums, for nobody else's eyes, and gone on with after an interruption.

usage: test_own.py ASSENT OUTBOX_FORGE STORE_READING [CASE...]      read-by-others only if it is named: it wants DuckDB
"""

import hashlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
ASSENT, FORGE, MAKE = (pathlib.Path(arg).resolve() for arg in sys.argv[1:4])
del sys.argv[1:4]
BUILD = pathlib.Path(os.environ.setdefault("ASSENT_BUILD", str(ASSENT.parent.parent)))
import readers  # noqa: E402
from cases import Skip, check, run  # noqa: E402
from lab import Lab, Participant  # noqa: E402

FORMATS = ("parquet", "arrow", "csv", "jsonl")
DESCRIBED = {"dataset.json", "README.md", "croissant.json"}
STUDIES = ("alpha-1", "beta")


class Own(Lab):
	"""Two studies of one person, three segments of 1000 rows each, the last one still being recorded; the recipient of Lab beside them."""

	def __init__(self):
		super().__init__(ASSENT, FORGE)
		self.env["XDG_DATA_HOME"] = str(self.root)
		self.data = self.root / "assent"
		subprocess.run([MAKE, "make", self.data], check=True)

	def argv(self, form, *more):
		return [str(part) for part in (ASSENT, "export", "--format", form, "--out", self.out, *more)]

	def own(self, form, *more, code=0):
		done = self.run(*self.argv(form, *more))
		check(done.returncode == code, f"exit {done.returncode}, not {code}: {done.stdout}{done.stderr}")
		return done.stderr

	def segments(self, suffix="seg"):
		return sorted(self.data.rglob("*." + suffix))

	def files(self):
		return {str(path.relative_to(self.out)): path for path in self.out.rglob("*") if path.is_file()}

	def exact(self, rows=6000):
		"""Every file of rows is named with its checksum, nothing else is there, and nobody else may read any of it."""
		made, there = self.dataset(), self.files()
		check(made["purposes"] is None and made["rows"] == rows and made["rows_dropped"] == 0 and not made["tombstones"], made)
		check(sum(f["rows"] for f in made["files"]) == sum(s["rows"] for s in made["segments"]) == rows, made["files"])
		for entry in made["files"]:
			data = there[entry["file"]].read_bytes()
			check(len(data) == entry["bytes"] and hashlib.sha256(data).hexdigest() == entry["sha256"], entry)
		named = {entry["file"] for entry in made["files"]} | {p["description"] for p in made["participants"]} - {None} | DESCRIBED
		check(set(there) == named, set(there) ^ named)
		for person in made["participants"]:
			check(person["agent"] is None and person["receipts"] is None and person["receipts_bytes"] == 0, person)
		for path in self.out.rglob("*"):
			check(path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), f"{path} is for others, too")
		return made

	def card(self):
		return (self.out / "README.md").read_text()


def described():
	for form in FORMATS:
		with Own() as lab:
			# What others may do with the folder is no business of what is in it.
			lab.out.mkdir(mode=0o755)
			said = lab.own(form)
			made, card = lab.exact(), lab.card()
			check("version 1" in said and made["version"] == 1 and made["format"] == form and len(made["added"]) == len(made["segments"]) == 6, said)
			check({p["study"] for p in made["participants"]} == set(STUDIES) and not made["left_out"], made["participants"])
			for words in ("A participant's own copy", "judged by no", "not anonymous", "pseudonyms, one a study, all of one person | 2", "| rows | 6,000 |", "password",
					"overflow"):
				check(words.lower() in card.lower(), f"{form}: no '{words}' in {card[:1500]}")
			for words in ("agreed", "receipt at their time", "ombstones say", "random sample"):
				check(words not in card, f"{form}: '{words}' is not true of it")
			check(not re.search(r"^\|[-:| ]+\|\n(?!\|)", card, re.M) and re.search(r"left out of this version\n\nNone\.\n", card), f"an empty table: {card}")
			says = json.loads((lab.out / "croissant.json").read_text())
			check(says["usageInfo"] == [] and "own copy" in says["license"]["name"] and says["creator"]["@type"] == "sc:Person" and
				"6000 rows" in says["description"], says["license"])
			check("no purpose and no receipt" in says["rai:dataCollection"] and "purposes" not in says["rai:dataUseCases"], says["rai:dataCollection"])
			found = set()
			for entry in says["distribution"]:
				if entry["@type"] == "cr:FileObject":
					check(hashlib.sha256((lab.out / entry["contentUrl"]).read_bytes()).hexdigest() == entry["sha256"], entry["@id"])
				else:
					found = {str(path.relative_to(lab.out)) for path in lab.out.glob(entry["includes"])}
			check(found == {entry["file"] for entry in made["files"]}, f"{form}: {found}")


def exported_anew():
	"""Only with --force; then it is the next version, if anything changed, and says what."""
	for form in ("parquet", "jsonl"):
		with Own() as lab:
			lab.own(form)
			first = (lab.out / "dataset.json").read_text()
			check("--force" in lab.own(form, code=1) and (lab.out / "dataset.json").read_text() == first, "without --force")
			check("nothing changed" in lab.own(form, "--force") and (lab.out / "dataset.json").read_text() == first, "the same again")
			before = {name: path.stat().st_ino for name, path in lab.files().items()}
			gone = lab.segments()[0]
			gone.unlink()
			gone.with_suffix(".key").unlink()
			lab.own(form, "--force")
			made = lab.exact(5000)
			check(made["version"] == 2 and [r["segment"] for r in made["removed"]] == [gone.stem] and not made["added"], made["removed"])
			if form == "parquet":
				same = {name for name, path in lab.files().items() if before.get(name) == path.stat().st_ino}
				check(sum("study=beta" in name for name in same) == 2 and not any("study=alpha-1" in name and ".parquet" in name for name in same), same)
			# All of another format in its place is no new version of many files.
			check("take another folder" in lab.own("arrow" if form == "parquet" else "parquet", "--force", code=2), "another format")
			# One study alone is all there is then.
			lab.own(form, "--force", lab.data / "spool/beta")
			made = lab.exact(3000)
			check(made["version"] == 3 and {p["study"] for p in made["participants"] if p["segments"]} == {"beta"}, made["participants"])


def not_mixed_with_a_recipients():
	with Own() as lab:
		Participant(lab, "one").segment(events=20)
		for form in ("parquet", "jsonl"):
			lab.out = lab.root / form
			lab.export(form=form)
			before = {name: path.read_bytes() for name, path in lab.files().items()}
			check("a recipient's dataset" in lab.own(form, "--force", code=2), form)
			check({name: path.read_bytes() for name, path in lab.files().items()} == before, "it was changed")
			lab.out = lab.root / f"own-{form}"
			lab.own(form)
			for more in (["--force"], ["--append"] if form == "parquet" else []):
				check("participant's own" in lab.export(*more, form=form, code=2), f"{form} {more}")
			lab.exact()


def damaged():
	"""What comes before the damage is in it; that it is damaged, and what nobody can read, is said each time, and stands in the record."""
	for form in ("parquet", "csv"):
		with Own() as lab:
			cut, lost = lab.segments()[:2]
			os.truncate(cut, cut.stat().st_size // 2)
			lost.with_suffix(".key").unlink()
			for more in ([], ["--force"]):
				said = lab.own(form, *more, code=1)
				check(str(cut) in said and str(lost) in said and "comes before the damage" in said and "no key any more" in said, said)
				made = lab.exact(lab.dataset()["rows"])
				check(4000 < made["rows"] < 5000 and made["version"] == 1, made["rows"])
				left = {entry["segment"]: entry["kind"] for entry in made["left_out"]}
				check(left == {cut.stem: "damaged", lost.stem: "incomplete"} and len(made["segments"]) == 5, made["left_out"])
			check("| 1 | damaged: at most what comes before the damage is in it |" in lab.card() and "| 1 | has no key any more" in lab.card(), lab.card()[1500:])


def strace(lab, inject, *argv, **more):
	if not shutil.which("strace"):
		raise Skip("strace is not installed")
	return subprocess.Popen(["strace", "-o", "/dev/null", "-e", f"trace={inject.split(':')[0]}", "-e", f"inject={inject}", *argv], env=lab.traced(),
		stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **more)


def when(there, seconds=20):
	end = time.monotonic() + seconds
	while not there() and time.monotonic() < end:
		time.sleep(0.02)
	check(there(), "it did not come to that")


def stop(held, number):
	[child] = (pathlib.Path("/proc") / str(held.pid) / "task" / str(held.pid) / "children").read_text().split()
	os.kill(int(child), number)


def interrupted_goes_on():
	"""Killed or stopped: what is there then is in a folder that nobody else can look into, and is not written a second time."""
	for kill in (True, False):
		with Own() as lab:
			lab.out.mkdir(mode=0o755)
			work = lab.out / ".assent-work"
			held = strace(lab, "fsync:delay_enter=400000", *lab.argv("parquet"), stderr=subprocess.PIPE, text=True)
			when(lambda: list(work.glob("*.part")))
			stop(held, signal.SIGKILL if kill else signal.SIGTERM)
			_, said = held.communicate(timeout=60)
			# Descriptions are made anew.
			parts = {path.stat().st_ino for path in work.glob("*.part") if path.read_bytes()[:4] == b"PAR1"}
			check(held.returncode and parts and {path.name for path in lab.out.iterdir()} == {".assent-work"} and work.stat().st_mode & 0o777 == 0o700, said)
			check(kill or (said.count("goes on from here") == 1 and ".assent-work" in said and not list(work.glob("*.tmp"))), said)
			check(all(path.stat().st_mode & 0o777 == 0o600 for path in work.iterdir()), [oct(path.stat().st_mode) for path in work.iterdir()])
			lab.own("parquet")
			lab.exact()
			check(parts <= {path.stat().st_ino for path in lab.files().values()}, "it was written again")


def killed_while_it_changes():
	"""Whoever ends the change that had begun: the folders are for nobody else."""
	with Own() as lab:
		if not shutil.which("strace"):
			raise Skip("strace is not installed")
		for by_recipient in (False, True):
			for n in range(1, 20):
				shutil.rmtree(lab.out, ignore_errors=True)
				lab.out.mkdir(mode=0o755)
				held = strace(lab, f"renameat:signal=KILL:when={n}", *lab.argv("parquet"), stderr=subprocess.DEVNULL)
				held.wait(timeout=60)
				if (lab.out / ".assent-work/commit").exists():
					break
			check((lab.out / ".assent-work/commit").exists(), "it never began")
			if by_recipient:
				Participant(lab, "one").segment(events=20)
				check("participant's own" in lab.export(form="parquet", code=2), "it was changed")
			else:
				check("--force" in lab.own("parquet", code=1), "it is not there")
			lab.exact()


def nothing_is_recorded_any_more():
	"""What is still there of it is told of, whole or not."""
	for kill in (False, True):
		with Own() as lab:
			if kill:
				held = strace(lab, "fsync:signal=KILL:when=2", *lab.argv("parquet"), stderr=subprocess.DEVNULL)
				check(held.wait(timeout=60) and list((lab.out / ".assent-work").iterdir()), "it was not killed")
				# One that is stopped before it writes, too.
				held = strace(lab, "flock:signal=TERM:when=1", *lab.argv("parquet"), stderr=subprocess.PIPE, text=True)
				_, said = held.communicate(timeout=60)
				check(held.returncode == 1 and ".assent-work holds" in said, said)
			else:
				lab.own("parquet")
			shutil.rmtree(lab.data / "spool")
			(lab.data / "spool").mkdir()
			said = lab.own("parquet", "--force", code=3)
			check("nothing is recorded" in said and "until you delete it" in said, said)


def stopped_leaves_nothing():
	"""csv and jsonl begin anew: nothing is left of what a signal ended, and what a kill left, which only oneself could read, goes with the next."""
	for kill in (False, True):
		with Own() as lab:
			fresh = lab.root / f".{lab.out.name}.assent-new"
			held = strace(lab, "fsync:delay_enter=400000", *lab.argv("jsonl"), stderr=subprocess.PIPE, text=True)
			when(lambda: list(fresh.glob("*.jsonl")))
			check(fresh.stat().st_mode & 0o777 == 0o700, oct(fresh.stat().st_mode))
			stop(held, signal.SIGKILL if kill else signal.SIGTERM)
			_, said = held.communicate(timeout=60)
			check(kill or "interrupted: nothing was exported" in said, said)
			check(held.returncode and fresh.exists() == kill and not lab.out.exists(), list(lab.root.iterdir()))
			lab.own("jsonl")
			check(not fresh.exists(), "it is still there")
			lab.exact()


def recorded_on():
	"""A segment that grows between the looks at it is as it was at the first."""
	with Own() as lab:
		held = strace(lab, "mkdirat:delay_enter=1500000:when=1", *lab.argv("parquet"), stderr=subprocess.PIPE, text=True)
		when(lab.out.exists)
		time.sleep(0.5)
		[part] = lab.segments("part")
		with open(part, "ab") as f:
			f.write(b"\x01")
		_, said = held.communicate(timeout=60)
		check(held.returncode == 0, said)
		lab.exact()


def forgotten_meanwhile():
	"""What goes between the looks at it is not exported from memory: the export ends, and the next one is without it."""
	with Own() as lab:
		held = strace(lab, "mkdirat:delay_enter=1500000:when=1", *lab.argv("parquet"), stderr=subprocess.PIPE, text=True)
		when(lab.out.exists)
		began = time.monotonic()
		time.sleep(0.5)
		for gone in (lab.segments()[0], lab.segments("part")[0]):
			gone.unlink()
			gone.with_suffix(".key").unlink()
		late = time.monotonic() - began > 1
		_, said = held.communicate(timeout=60)
		if held.returncode == 0 and (late or lab.dataset()["rows"] == 4000):
			raise Skip("the machine was too busy for it to happen between the looks")
		check(held.returncode == 1 and "run it again" in said and ".assent-work" in said and not (lab.out / "dataset.json").exists(), said)
		lab.own("parquet")
		lab.exact(4000)


def progress():
	with Own() as lab:
		mine, theirs = pty.openpty()
		held = strace(lab, "fsync:delay_enter=1200000:when=1", *lab.argv("parquet"), stderr=theirs)
		os.close(theirs)
		said = b""
		while True:
			try:
				more = os.read(mine, 4096)
			except OSError:
				break
			if not more:
				break
			said += more
		held.wait(timeout=60)
		check(held.returncode == 0 and b"writing: 1 of 2 files" in said, said)


def read_by_others():
	"""DuckDB: the rows of all four are the same, and the files that dataset.json names are found by it alone."""
	with Own() as lab:
		outs = {}
		for form in FORMATS:
			outs[form] = lab.out = lab.root / form
			lab.own(form)
		columns = "t_us, mono_us, kind, device, class, code, text, x, y, dx, dy, scroll_x, scroll_y, app, title, reason, end_us, lost, synthetic, study, epoch, " \
			"participant, segment"
		same = ", ".join(name.strip() + "::VARCHAR" for name in columns.split(","))
		hive = f"read_parquet('{outs['parquet']}/events/*/*/*/*.parquet', hive_partitioning = true)"
		types = "columns = {" + ", ".join(f"'{c}': '{'FLOAT' if c in ('dx', 'dy') else 'BOOLEAN' if c == 'synthetic' else 'VARCHAR'}'" for c in columns.split(", ")) + "}"
		lines = f"read_json('{outs['jsonl']}/*.jsonl', format = 'newline_delimited', {types})"
		text = f"read_csv('{outs['csv']}/*.csv', header = true, quote = '\"', escape = '\"', allow_quoted_nulls = false, {types})"
		asked = [f"SELECT count(*) AS n FROM (SELECT {same} FROM {one} EXCEPT ALL SELECT {same} FROM {other})" for one, other in
			((hive, lines), (lines, hive), (hive, text), (text, hive))]
		answers = readers.run(BUILD, HERE / "query.mjs", *asked, f"SELECT count(*) AS n FROM {hive} WHERE study = 'beta' AND date = '2026-05-01'",
			f"SET VARIABLE d = (SELECT list('{outs['parquet']}/' || p.description) FROM (SELECT unnest(participants) AS p FROM "
			f"read_json('{outs['parquet']}/dataset.json')))",
			f"SET VARIABLE f = (SELECT list('{outs['parquet']}/' || f.file) FROM (SELECT unnest(files) AS f FROM read_json(getvariable('d'))))",
			"SELECT count(*) AS n FROM read_parquet(getvariable('f'), hive_partitioning = true)")
		check(answers[:4] == [[{"n": 0}]] * 4 and answers[4] == [{"n": 3000}] and answers[7] == [{"n": 6000}], answers)


if __name__ == "__main__":
	if sys.argv[1:] == ["read-by-others"]:
		sys.exit(run(read_by_others, all_skipped=77))
	sys.exit(run(described, exported_anew, not_mixed_with_a_recipients, damaged, interrupted_goes_on, killed_while_it_changes, nothing_is_recorded_any_more, stopped_leaves_nothing, recorded_on, forgotten_meanwhile, progress))
