#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A table of each room's lines, of gcovr's summary; fails where a room that must be covered is not (tests/coverage.sh)."""

import collections
import json
import sys

LEAST, DEMANDED = 95.0, ("policy", "format", "store")


def main(path):
	rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
	with open(path) as f:
		for file in json.load(f)["files"]:
			parts = file["filename"].split("/")
			room = parts[1] if len(parts) > 2 else "(programs)"
			for i, name in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
				rooms[room][i] += file[name]
	print("| room | lines | run | % | branches taken, % |\n|---|---|---|---|---|")
	low = []
	for room, (run, lines, taken, branches) in sorted(rooms.items()):
		share = 100 * run / max(1, lines)
		print(f"| {room} | {lines} | {run} | {share:.1f} | {100 * taken / max(1, branches):.1f} |")
		if room in DEMANDED and share < LEAST:
			low.append(f"{room}: {share:.1f} % of its lines are run, at least {LEAST:g} % must be")
	for line in low + [f"{room}: no such room" for room in DEMANDED if room not in rooms]:
		print(line, file=sys.stderr)
	return 1 if low or any(room not in rooms for room in DEMANDED) else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1]))
