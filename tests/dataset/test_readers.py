# SPDX-License-Identifier: Apache-2.0
"""Do other people's readers see the rows that were written? Every value, null and type of tables made by chance, with CSV as the reference.

usage: test_readers.py [--more N]      N: as many further seeds of each kind of rows, in larger tables
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import cases  # noqa: E402
import readers  # noqa: E402
from cases import Skip, check, note  # noqa: E402

BUILD = pathlib.Path(os.environ.get("ASSENT_BUILD", HERE.parent.parent / "build/gcc")).resolve()
MAKE = BUILD / "tests/dataset/table_make"
COLUMNS = ("t_us mono_us kind device class code text x y dx dy scroll_x scroll_y app title reason end_us lost synthetic "
	"study epoch participant segment").split()
TYPES = {"t_us": "int64", "mono_us": "int64", "device": "int16", "code": "int16", "x": "int32", "y": "int32", "dx": "float32", "dy": "float32",
	"scroll_x": "int16", "scroll_y": "int16", "end_us": "int64", "lost": "int32", "synthetic": "bool"}
# How each reader calls them.
CALLED = {
	"duckdb": dict(int64="BIGINT", int32="INTEGER", int16="SMALLINT", float32="FLOAT", bool="BOOLEAN", string="VARCHAR"),
	"hyparquet": dict(int64="INT64", int32="INT32", int16="INT32 INTEGER16", float32="FLOAT", bool="BOOLEAN", string="BYTE_ARRAY STRING"),
	"arrow-rs": dict(int64="Int64", int32="Int32", int16="Int16", float32="Float32", bool="Bool", string="Utf8"),
	"apache-arrow": dict(int64="Int64", int32="Int32", int16="Int16", float32="Float32", bool="Bool", string="Utf8", words="Dictionary<Int8, Utf8>"),
	"polars": dict(int64="Int64", int32="Int32", int16="Int16", float32="Float32", bool="Bool", string="String"),
	"polars-ipc": dict(int64="Int64", int32="Int32", int16="Int16", float32="Float32", bool="Bool", string="String", words="Categorical"),
}
ALWAYS = {"t_us", "mono_us", "kind", "study", "epoch", "participant", "segment"}


def make(folder, mode, seed, rows, *more):
	"""The same rows in each format; their common stem."""
	stem = folder / f"{mode}-{seed}-{rows}"
	for suffix in ("csv", "jsonl", "parquet", "arrow"):
		path = stem.with_suffix("." + suffix)
		done = subprocess.run([MAKE, suffix, path, mode, str(seed), str(rows), *more], capture_output=True, text=True, check=False)
		check(done.returncode == 0, f"table_make: {done.stderr}")
		said, data = json.loads(done.stdout), path.read_bytes()
		check(said == {"rows": rows, "bytes": len(data), "hash": hashlib.blake2b(data, digest_size=32).hexdigest()},
			f"of {path.name} rows, bytes and hash are not what table_finish says")
	return stem


def judge(stems, **environment):
	result = readers.run(BUILD, HERE / "readers.mjs", *stems, **environment)
	for stem in stems:
		for reader, saw in result[str(stem)].items():
			check(saw["wrong"] is None, f"{reader}, {stem.name}: {saw['wrong']}")
	if "polars" not in result[str(stems[0])] and not environment:
		note("Polars does not run here: it was not asked")
	return result


def every_reader_sees_every_row():
	with tempfile.TemporaryDirectory() as name:
		folder = pathlib.Path(name)
		stems = [make(folder, *what) for what in (("desk", 1, 6000), ("any", 2, 6000), ("extreme", 3, 1500), ("far", 4, 1500), ("none", 5, 70),
			("words", 6, 12000), ("desk", 7, 0), ("any", 8, 1), ("extreme", 9, 7), ("any", 10, 8), ("any", 11, 9))]
		result = judge(stems)
		check(result[str(stems[5])]["hyparquet"]["groups"] > 1 and result[str(stems[5])]["apache-arrow"]["batches"] > 1, "there was only one row group")
		for reader, called in CALLED.items():
			saw = result[str(stems[0])].get(reader)
			if saw is None:
				continue
			for column, seen in zip(COLUMNS, saw["types"], strict=True):
				kind = TYPES.get(column, "words" if column in ("kind", "class", "reason") and "words" in called else "string")
				wanted = called[kind]
				if reader == "hyparquet":
					wanted += " REQUIRED" if column in ALWAYS else " OPTIONAL"
				elif reader in ("arrow-rs", "apache-arrow"):
					wanted += "" if column in ALWAYS else "?"
				check(seen == wanted, f"{reader}: {column} is {seen}, not {wanted}")
		described = result[str(stems[0])]["hyparquet"]["described"]
		check("microseconds" in described["assent.column.t_us"] and len(described) == len(COLUMNS) + 1, f"the columns are not described: {described}")
		described = result[str(stems[0])]["apache-arrow"]["described"]
		check(all(described.values()) and "microseconds" in described["mono_us"], f"the columns are not described in Arrow: {described}")


def many_rows_make_many_row_groups():
	with tempfile.TemporaryDirectory() as name:
		stem = make(pathlib.Path(name), "none", 1, 140000)
		result = judge([stem], READERS="duckdb,apache-arrow")[str(stem)]
		check(result["apache-arrow"]["batches"] == 2, f"{result['apache-arrow']['batches']} batches")


def a_wrong_value_would_be_noticed():
	with tempfile.TemporaryDirectory() as name:
		stem = make(pathlib.Path(name), "desk", 1, 50)
		path = stem.with_suffix(".csv")
		lines = path.read_text(encoding="utf-8").split("\n")
		lines[20] = lines[20].replace("motion", "scroll") if "motion" in lines[20] else "1" + lines[20]
		path.write_text("\n".join(lines), encoding="utf-8")
		for reader, saw in readers.run(BUILD, HERE / "readers.mjs", stem)[str(stem)].items():
			# CSV is compared with itself.
			check(saw["wrong"] or reader == "duckdb-csv", f"{reader} was not found out")


def what_is_in_the_path_is_left_out():
	with tempfile.TemporaryDirectory() as name:
		folder = pathlib.Path(name)
		stem = make(folder, "any", 3, 2000, "in-path")
		# The reference has them all the same: without them it is what Parquet and Arrow shall have.
		result = readers.run(BUILD, HERE / "readers.mjs", stem)[str(stem)]
		wanted = "columns " + ",".join(column for column in COLUMNS if column not in ("study", "participant"))
		for reader, saw in result.items():
			check(saw["wrong"] == (None if reader.startswith("duckdb-") else wanted), f"{reader}: {saw['wrong']}")


def more(count):
	with tempfile.TemporaryDirectory() as name:
		folder = pathlib.Path(name)
		for seed in range(1000, 1000 + count):
			stems = [make(folder, mode, seed, 1 + seed * 7919 % 40000) for mode in ("desk", "any", "extreme", "far", "words")]
			judge(stems)
			note(f"seed {seed}: as it should be")
			for path in folder.iterdir():
				path.unlink()


def main():
	try:
		readers.folder(BUILD)
	except Skip as reason:
		print(reason)
		return 77
	if sys.argv[1:2] == ["--more"]:
		more(int(sys.argv[2]))
		return 0
	return cases.run(every_reader_sees_every_row, many_rows_make_many_row_groups, a_wrong_value_would_be_noticed, what_is_in_the_path_is_left_out)


sys.exit(main())
