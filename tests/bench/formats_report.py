# SPDX-License-Identifier: Apache-2.0
"""What formats.py measured, as Markdown: figures, ratios, and the aims beside them.

usage: formats_report.py FILE.json...      of formats.py --json; several runs, which may have measured different parts
"""

import json
import sys

import formats_sets

SEALED_AIMS = {"dlrv": 1.25, "aalto": 1.35, "evlag": 0.70}
JOURNAL_AIM, ZPAQ_AIM = 3.5, 1.3
ENCODE_AIM, DECODE_AIM, DECODE_RATIO, EXPORT_AIM = 20, 100, 1.5, 5


def times(value, ours):
	return f"{value:.2f} ({value / ours:.1f}×)"


def sizes(sets, out):
	found = {name: one for name, one in sets.items() if "sizes" in one}
	if not found:
		return
	out.write("### Bytes per event\n\nOurs with everything: encryption, padding, header, footer. The others have no encryption, and only the columns that say something; "
		"in brackets, how many times larger than ours on the same rows (the first ones, where fewer are compared).\n\n"
		"| set | rows | sealed | aim | while recording (5 s) | events a flush | rows compared | sealed, these | JSON Lines, zstd -19 | CSV, zstd -19 | Parquet, zstd 19 | the same, differences "
		"| zpaq -m5 | ours / zpaq |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for name, one in found.items():
		s = one["sizes"]
		aim = SEALED_AIMS.get(name)
		same = s["same"]
		out.write(f"| {name} | {s['rows']:,} | **{s['sealed']:.3f}** | {f'≤ {aim:.2f}' if aim else ''} | {s['journal']:.2f} | {s['rows'] / s['blocks']:.0f} | {s['count']:,} | {same:.3f} | "
			f"{times(s['jsonl'], same)} | {times(s['csv'], same)} | {times(s['plain'], same)} | {times(s['delta'], same)} | {s['zpaq']:.3f} | {same / s['zpaq']:.2f} |\n")
	out.write(f"\nAims: ours / zpaq ≤ {ZPAQ_AIM} on real data; ≤ {JOURNAL_AIM} with a loss window of 5 s, where what matters is how much happens in that time: the least that "
		"a flush takes is 512 bytes, so that its length tells nothing; and it is gone as soon as the segment is sealed.\n\nSets:\n\n")
	for name, one in found.items():
		out.write(f"* {name}: {one['what']}\n")
	out.write("\n")


def speeds(sets, out):
	found = {name: one["speeds"] for name, one in sets.items() if "speeds" in one}
	if not found:
		return
	out.write("### Speeds, M events/s of one core\n\nCPU time, one thread. Reading is of a sealed segment, decryption and all checks included: *block*, as the format's columns "
		"(segment_reader_block); *20 arrays*, by libassent; *those*, by libassent, the columns that are not empty. DuckDB reads every value of the same columns (all; those "
		"that are not empty), out of its own Parquet (zstd), version 1, which is its default / version 2.\n\n"
		"| set | rows | encode (lanes) | seal (rows to segment) | block | 20 arrays | DuckDB, all | ratio | those | DuckDB, those | ratio | rows | verify | verify / rows |\n"
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for name, s in found.items():
		line = f"| {name} | {s['rows']:,} | {s['encode']:.1f} | {s['seal']:.1f} | {s['decode']:.1f} | "
		for ours, duck in (("columns", s["duck_read_all"]), ("some", s["duck_read"])):
			line += f"{s[ours]:.1f} | {duck['V1']:.1f} / {duck['V2']:.1f} | **{s[ours] / duck['V1']:.2f}** / {s[ours] / duck['V2']:.2f} | "
		out.write(line + f"{s['row']:.1f} | {s['verify']:.1f} | {s['verify'] / s['row']:.2f} |\n")
	out.write(f"\nAims: encode ≥ {ENCODE_AIM}; decoding ≥ {DECODE_RATIO} × DuckDB, and {DECODE_AIM}; verify as fast as decoding.\n\n"
		"| set | Parquet out of memory | DuckDB's COPY, V1, V2 | ratio to the faster | `assent export`, all of it |\n|---|---:|---:|---:|---:|\n")
	for name, s in found.items():
		copy = s["duck_copy"]
		out.write(f"| {name} | {s['table']:.1f} | {copy['V1']:.1f}, {copy['V2']:.1f} | **{s['table'] / max(copy.values()):.2f}** | {s['export']:.1f} |\n")
	out.write(f"\nAims: ≥ {EXPORT_AIM}, and no slower than DuckDB. `assent export` also decrypts, judges each row by its consent, and hashes.\n\n")


def write(result, out):
	machine = result["machine"]
	known = list(formats_sets.SETS)
	sets = {name: result["sets"][name] for name in sorted(result["sets"], key=known.index)}
	out.write(f"{machine['cpu']}, {machine['cores']} cores, load when it began {machine['load']:.1f}.\n\n")
	sizes(sets, out)
	speeds(sets, out)
	first = result.get("first")
	if first:
		out.write(f"### First row\n\nOf a day's file ({first['rows']:,} events, {first['set']}): libassent {first['ours']:.0f} µs, with opening and unlocking the file; DuckDB from "
			f"Parquet {first['duck']:.0f} µs, in a database that runs already: {first['duck'] / first['ours']:.1f}×.\n\n")
	memory = result.get("memory")
	if memory:
		out.write(f"### Memory of an export to Parquet ({memory['set']})\n\n| events | segments | MB written | peak of the resident set, MiB | without mapped files, MiB | "
			"M events/s: CPU, wall |\n|---:|---:|---:|---:|---:|---:|\n")
		for run in memory["runs"]:
			out.write(f"| {run['events']:,} | {run['segments']} | {run['bytes'] / 1e6:.0f} | {run['peak']:.1f} | {run['own']:.1f} | "
				f"{run['events'] / run['cpu'] / 1e6:.1f}, {run['events'] / run['wall'] / 1e6:.1f} |\n")
		out.write("\n")


def main():
	if len(sys.argv) < 2:
		sys.exit(__doc__)
	whole = {"sets": {}}
	for path in sys.argv[1:]:
		with open(path, encoding="ascii") as file:
			one = json.load(file)
		for name, found in one.pop("sets").items():
			whole["sets"].setdefault(name, {}).update(found)
		whole |= one
	write(whole, sys.stdout)


if __name__ == "__main__":
	main()
