#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tables beside DuckDB's: bytes and time per event, and whether memory stays flat.

usage: tables.py [--build DIR] [--rows N] [--threads N] [--flat N] [FILE.csv...]

FILE.csv: a table that `assent export --format csv` made, or one of real input as in tests/bench/bench_format.c (session,t_us,kind,code,x,y,value).
--flat N makes N rows by chance while they are written, and prints the memory at each quarter. Needs Node.js, and once the npm registry. Prints Markdown.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import readers  # noqa: E402
from cases import Skip  # noqa: E402

HEADER = ("t_us,mono_us,kind,device,class,code,text,x,y,dx,dy,scroll_x,scroll_y,app,title,reason,end_us,lost,synthetic,"
	"study,epoch,participant,segment\n")
PLACE = ",bench,0123456789abcdef0123456789abcdef,00112233445566778899aabbccddeeff,20260501T123456Z-0f3a9c11\n"
KEYS = {"0": "key_up", "1": "key_down", "2": "key_repeat"}


def row(r):
	"""A row of real input as assent would export it; None: a kind that there is not."""
	kind, t = r["kind"], r["t_us"]
	head = f"{t},{int(t) - 1600000000000000},"
	if kind == "0":
		return f"{head}motion,0,,,,{r['x']},{r['y']},,,,,,,,,,{PLACE}"
	if kind == "4":
		return f"{head}motion,0,,,,,,{r['x']}.0,{r['y']}.0,,,,,,,,{PLACE}"
	if kind == "2":
		across, down = (int(r["value"]) * 120, 0) if r["code"] == "6" else (0, int(r["value"]) * 120)
		return f"{head}scroll,0,,,,,,,,{across},{down},,,,,,{PLACE}"
	if kind == "1":
		return f"{head}{'button_down' if r['value'] == '1' else 'button_up'},0,,{r['code']},,,,,,,,,,,,,{PLACE}"
	if kind == "3" and r["value"] in KEYS:
		return f"{head}{KEYS[r['value']]},1,,{r['code']},,,,,,,,,,,,,{PLACE}"
	return None


def prepare(path, to, most):
	"""The first rows of a table, as assent exports them."""
	with open(path, encoding="utf-8") as source, open(to, "w", encoding="utf-8") as out:
		first = source.readline()
		out.write(HEADER)
		if first == HEADER:
			for number, line in enumerate(source):
				if number == most:
					break
				out.write(line)
			return
		number = 0
		for r in csv.DictReader(source, fieldnames=first.strip().split(",")):
			line = row(r)
			if line and number < most:
				out.write(line)
				number += 1


def bench(build, *arguments):
	done = subprocess.run([build / "tests/bench/bench_table", *map(str, arguments)], stdout=subprocess.PIPE, check=True)
	return json.loads(done.stdout)


def speed(rows, seconds):
	return f"{rows / seconds / 1e6:.1f}"


def beside(build, path, most, threads):
	with tempfile.TemporaryDirectory() as name:
		folder = pathlib.Path(name)
		table = folder / "rows.csv"
		prepare(path, table, most)
		ours = {suffix: bench(build, suffix, folder / f"ours.{suffix}", table) for suffix in ("parquet", "arrow", "csv", "jsonl")}
		duck = readers.run(build, HERE / "tables.mjs", threads, table, folder / "ours.parquet", folder, timeout=3000)
	rows = ours["parquet"]["rows"]
	print(f"\n### {pathlib.Path(path).name}: {rows} rows; DuckDB with {threads} thread{'s' * (threads != 1)}\n")
	print("| | bytes/event | write, M events/s: CPU, wall | read all columns by DuckDB: CPU, wall |\n|---|---|---|---|")
	read = duck["read"]

	def line(what, size, wrote, reading):
		print(f"| {what} | {size / rows:.3f} | {speed(rows, wrote[0])}, {speed(rows, wrote[1])} | "
			+ (f"{speed(rows, reading['cpu'])}, {speed(rows, reading['wall'])}" if reading else "") + " |")

	line("assent, Parquet", ours["parquet"]["bytes"], (ours["parquet"]["seconds"], ours["parquet"]["wall"]), read["ours"])
	for version in ("V1", "V2"):
		wrote = duck["write"][version]
		line(f"DuckDB COPY, Parquet {version}, zstd", duck["bytes"][version], (wrote["cpu"], wrote["wall"]), read[version])
	for version in ("V1", "V2"):
		print(f"| the same, zstd level 19, {version} | {duck['bytes'][version + ' level 19'] / rows:.3f} | | |")
	for suffix in ("arrow", "csv", "jsonl"):
		line(f"assent, {suffix}", ours[suffix]["bytes"], (ours[suffix]["seconds"], ours[suffix]["wall"]), None)
	sys.stdout.flush()


def main():
	options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
	options.add_argument("--build", default=os.environ.get("ASSENT_BUILD", HERE.parent.parent / "build/bench"))
	options.add_argument("--rows", type=int, default=1 << 62)
	options.add_argument("--threads", type=int, default=1)
	options.add_argument("--flat", type=int)
	options.add_argument("files", nargs="*")
	given = options.parse_args()
	build = pathlib.Path(given.build).resolve()
	for path in given.files:
		try:
			beside(build, path, given.rows, given.threads)
		except Skip as reason:
			sys.exit(f"tables.py: {reason}")
	if given.flat:
		print(f"\n### Memory, {given.flat} rows made by chance\n\n| | bytes/event | peak of the resident set at each quarter, MiB |\n|---|---|---|")
		with tempfile.TemporaryDirectory() as name:
			for suffix in ("parquet", "arrow", "csv", "jsonl"):
				saw = bench(build, suffix, "/dev/null" if suffix in ("csv", "jsonl") else pathlib.Path(name) / "rows", "--make", given.flat)
				print(f"| {suffix} | {saw['bytes'] / saw['rows']:.2f} | {', '.join(f'{k / 1024:.1f}' for k in saw['peak'])} |", flush=True)


main()
