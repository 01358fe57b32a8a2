# SPDX-License-Identifier: Apache-2.0
"""What older versions wrote is read, released, forgotten and continued by this one, and none of it is written anew."""

import csv
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from spools import Old, names  # noqa: E402
from cases import check, note, run  # noqa: E402


def each(function):
	found = names()
	check(len(found) >= 4, f"golden spools: {found}")
	for name in found:
		with Old(name) as old:
			function(name, old)


def what_was_recorded_is_read():
	def one(name, old):
		before = old.tree()
		rows = old.rows()
		differ = [pair for pair in zip(rows, old.expected["rows"]) if pair[0] != pair[1]]
		check(rows == old.expected["rows"], lambda: f"{name}: {len(rows)} rows of {len(old.expected['rows'])}: {differ[:1]}")
		check({"key_down", "span", "motion", "gap"} <= {row["kind"] for row in rows}, f"{name}: {len(rows)} rows")
		said = old.command("verify").stdout
		check("PROBLEM" not in said and said.count(" ok") >= 3, f"{name}: {said}")
		receipts = [json.loads(line) for line in old.command("receipts", "--json").stdout.splitlines()]
		check(receipts == old.expected["receipts"], f"{name}: other receipts")
		check(old.tree() == before, f"{name}: reading changed something")
		note(f"{name} ({old.expected['made']}, {old.expected['program']}): {len(rows)} rows, {len(receipts)} receipts")
	each(one)


def recipients_read_what_was_collected():
	def one(name, old):
		rows = old.rows("--key", old.key, old.data / "outbox")
		check(rows == old.expected["collected"], f"{name}: {len(rows)} rows of {len(old.expected['collected'])}")
		said = old.plain("export", "--key", old.key, "--purpose", "hci-research", "--format", "csv", "--out", old.home / "dataset", old.data / "outbox")
		check(said.returncode == 0, lambda: f"{name}: export: {said}")
		with open(old.home / "dataset" / "golden-study.csv", newline="") as f:
			got = list(csv.DictReader(f))
		check(len(got) == len(rows), f"{name}: {len(got)} rows in the dataset of {len(rows)}")
		check(json.loads((old.home / "dataset/dataset.json").read_text())["tombstones"], f"{name}: the tombstone is not known")
	each(one)


def exports():
	def one(name, old):
		for form in ("csv", "parquet"):
			said = old.command("export", "--format", form, "--out", old.home / form)
			counted = json.loads((old.home / form / "dataset.json").read_text())
			check(f"{len(old.expected['rows'])} events" in said.stderr and counted["assent_dataset"] == 1, lambda: f"{name}: {form}: {said.stderr}")
	each(one)


def recording_goes_on():
	def one(name, old):
		before, old_segments = old.tree(), old.spool(".seg")
		state = json.loads(old.command("status", "--json", code=3).stdout)
		check((state["study"], state["state"]) == ("golden-study", "no-agent"), f"{name}: {state}")
		said = old.record()
		check(said.returncode == 0, lambda: f"{name}: assentd: {said}")
		new = [path for path in old.spool(".seg") if path not in old_segments]
		check(len(new) == 1, f"{name}: {new}")
		rows = old.rows()
		check(rows[:len(old.expected["rows"])] == old.expected["rows"], f"{name}: what was there reads otherwise")
		typed = "".join(row["text"] or "" for row in rows[len(old.expected["rows"]):] if row["kind"] == "key_down")
		check(typed == "headache", f"{name}: recorded {typed!r}")
		check(rows[-1]["epoch"] == rows[len(old.expected["rows"]) - 1]["epoch"], f"{name}: under another consent")
		old.command("verify")
		after = old.tree()
		check({path: after.get(path) for path in before} == before, f"{name}: written anew: {[p for p in before if after.get(p) != before[p]]}")
	each(one)


def all_that_a_participant_does():
	def one(name, old):
		kept = len(old.spool(".seg"))
		check("Nothing is kept longer" in old.command("expire").stdout and len(old.spool(".seg")) == kept, f"{name}: expire")
		said = old.plain("release", "--data", old.data, "--dry-run", "--json")
		check(said.returncode == 0 and said.stdout.count("\n") >= 1, lambda: f"{name}: release: {said}")
		first = old.spool(".seg")[0].stem
		old.command("forget", "--segment", first, "--yes")
		check(first not in {path.stem for path in old.spool(".key")}, f"{name}: {first} is still there")
		check(len(list((old.data / "tombstones").iterdir())) == 2, f"{name}: its recipient is not told")
		old.command("pause")
		check(json.loads(old.command("status", "--json", code=3).stdout)["state"] == "paused", f"{name}: pause")
		old.command("resume")
		old.command("verify")
		check("Certificate" in old.command("withdraw", "--erase").stdout, f"{name}: withdraw --erase")
		check(not old.spool(".seg") and not old.spool(".key"), f"{name}: erased {old.spool('')}")
		check(json.loads(old.command("status", "--json", code=3).stdout)["state"] == "withdrawn", f"{name}: withdraw")
	each(one)


def retention_holds():
	def one(name, old):
		old.at(3651)
		old.command("expire")
		check(not old.spool(".seg") and not old.spool(".key"), f"{name}: kept {old.spool('')}")
	each(one)


if __name__ == "__main__":
	sys.exit(run(what_was_recorded_is_read, recipients_read_what_was_collected, exports, recording_goes_on, all_that_a_participant_does, retention_holds))
