#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Other ways to write down the rows of an exported table, for formats.py.

usage: formats_columns.py jsonl|csv|columns|bytes ROWS.csv COUNT > OUT

jsonl    the first rows as JSON Lines, csv as CSV: only what says something (no null, no column that is constant, nor mono_us, which t_us stands for)
columns  for a context mixer: differences, a column after the other, numbers of four, two or one bytes
bytes    the same row after row, a byte a number (what does not fit comes at the end)
"""
import csv
import functools
import itertools
import json
import math
import struct
import sys

NUMBERS = {"t_us", "device", "code", "x", "y", "dx", "dy", "scroll_x", "scroll_y", "end_us", "lost"}


class Rows:
	"""The first rows of a table, read anew each time."""

	def __init__(self, path, count):
		self.path, self.count = path, count

	def __iter__(self):
		with open(self.path, encoding="utf-8", newline="") as table:
			yield from itertools.islice(csv.DictReader(table), self.count)


def telling(rows):
	seen = {}
	for r in rows:
		for name, value in r.items():
			values = seen.setdefault(name, set())
			if len(values) < 2:
				values.add(value)
	return [name for name, values in seen.items() if name != "mono_us" and len(values) > 1]


def short(value):
	return value[:-2] if value.endswith(".0") else value


def jsonl(rows, names, out):
	for r in rows:
		row = {name: json.loads(short(r[name])) if name in NUMBERS else r[name] for name in names if r[name] != ""}
		out.write((json.dumps(row, separators=(",", ":")) + "\n").encode())


def plain(rows, names, out):
	out.write((",".join(names) + "\n").encode())
	for r in rows:
		out.write((",".join(short(r[name]) for name in names) + "\n").encode())


def numbers(rows, names):
	"""Columns of whole numbers, None where there is none; words by their first use. Times in their common unit, places less the movement."""
	words, made = {name: {} for name in names}, {name: [] for name in names}
	last, before = {"x": 0, "y": 0}, None
	for r in rows:
		for name in names:
			value = r[name]
			if name == "t_us":
				now = int(value)
				made[name].append(now - before if before is not None else 0)
				before = now
			elif value == "":
				made[name].append(None)
			elif name in last:
				by = r["d" + name]
				made[name].append(int(value) - last[name] - (int(float(by)) if by else 0))
				last[name] = int(value)
			elif name in NUMBERS:
				made[name].append(int(float(value)))
			else:
				made[name].append(words[name].setdefault(value, len(words[name])))
	unit = functools.reduce(math.gcd, made["t_us"]) or 1
	made["t_us"] = [step // unit for step in made["t_us"]]
	# What follows from the kind and the code says nothing new.
	for name in ("device", "class", "text"):
		if name in made and "kind" in made:
			known = {}
			code = made.get("code", itertools.repeat(None))
			if all(known.setdefault((k, c), v) == v for k, c, v in zip(made["kind"], code, made[name])):
				del made[name]
	return made


def columns(rows, names, out):
	for values in numbers(rows, names).values():
		there = [value for value in values if value is not None]
		low, high = min(there, default=0), max(there, default=0)
		form = "b" if -128 <= low and high < 128 else "h" if -32768 <= low and high < 32768 else "i" if -2**31 <= low and high < 2**31 else "q"
		out.write(struct.pack(f"<{len(there)}{form}", *there))


def small(value, signed, rest):
	z = (value << 1 if value >= 0 else (-value << 1) - 1) if signed else value
	if 0 <= z < 254:
		return z
	rest += struct.pack("<q", value)[:4]
	return 254


def rowwise(rows, names, out):
	made, rest, body = numbers(rows, names), bytearray(), bytearray()
	count = len(made["t_us"])
	signed = {name: name in ("dx", "dy", "x", "y", "scroll_x", "scroll_y") for name in made}
	# The commonest kind has its numbers alone; another is said by 255 in front.
	kinds = made.pop("kind", None)
	common = max(set(kinds), key=kinds.count) if kinds else None
	spread = kinds is not None and kinds.count(common) < 0.8 * len(kinds)
	for i in range(count):
		if spread:
			body.append(kinds[i])
		elif kinds is not None and kinds[i] != common:
			body += bytes((255, kinds[i]))
		for name, values in made.items():
			if values[i] is not None:
				body.append(small(values[i], signed[name], rest))
	out.write(body)
	out.write(rest)


def main():
	ways = {"jsonl": jsonl, "csv": plain, "columns": columns, "bytes": rowwise}
	if len(sys.argv) != 4 or sys.argv[1] not in ways:
		sys.exit(__doc__)
	rows = Rows(sys.argv[2], int(sys.argv[3]))
	ways[sys.argv[1]](rows, telling(rows), sys.stdout.buffer)


if __name__ == "__main__":
	main()
