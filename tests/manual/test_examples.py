#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The commands that the README, the documents and the manual show, run as they stand there (blocks.py says which, worlds.py where)."""

import re
import sys

import truth
from blocks import TEXTS, all_blocks
from worlds import WORLDS, Recipient

import cases  # noqa: E402  truth knows where it is
from cases import Skip, check, note

BLOCKS = list(all_blocks())


def marked(mark):
	return [block for block in BLOCKS if block.mark == mark]


def every_block_says_what_becomes_of_it():
	silent = [str(block) for block in BLOCKS if not block.mark and (block.file in TEXTS or block.file.suffix == ".scd")]
	check(not silent, f"no mark (tests/manual/blocks.py) at {', '.join(silent)}")
	known = {f"run: {name}" for name in WORLDS} | {"run: sql", "form", "check: assent.yaml", "check: policy.yaml", "check: study.yaml"}
	for block in BLOCKS:
		if not block.mark or block.mark.startswith("not tried: "):
			continue
		if block.mark.startswith("tried by: "):
			path = block.mark.removeprefix("tried by: ")
			check((truth.ROOT / path).is_file(), f"{block}: there is no {path}")
		else:
			check(block.mark in known, f"{block}: {block.mark} is no mark")
	for kind in ("run", "form", "tried by", "not tried"):
		note(f"{kind}: {sum(1 for block in BLOCKS if (block.mark or '').startswith(kind))} blocks")


def synopses_exist():
	commands = truth.commands()
	for block in marked("form"):
		for line in block.commands():
			words = line.split()
			check(words[0] == "assent" and words[1] in commands, f"{block}: {line}")
			more = set(re.findall(r"--[a-z][a-z-]*", line)) - truth.helped(words[1])
			check(not more, f"{block}: {words[1]} does not take {more}")


def commands_in_the_prose_exist():
	"""`assent WORD --option` anywhere in the texts."""
	commands = set(truth.commands()) | {"help"}
	for file in [*TEXTS, *sorted((truth.ROOT / "docs").glob("*.md"))]:
		if not file.exists():
			continue
		for found in re.findall(r"`assent ([a-z]+)((?: [^`]*)?)`", re.sub(r"\n", " ", file.read_text(encoding="utf-8"))):
			check(found[0] in commands, f"{file.name}: there is no command assent {found[0]}")
			more = set(re.findall(r"(?<=[ \[|])--[a-z][a-z-]*", found[1])) - (truth.helped(found[0]) if found[0] != "help" else set())
			check(not more, f"{file.name}: assent {found[0]} does not take {more}")


def run_in(*names):
	"""Each text's blocks of a world, one after the other, in a world of that text's own."""
	count, files = 0, sorted({block.file for name in names for block in marked(f"run: {name}")})
	check(files, f"no text has an example for {names}")
	for file in files:
		with WORLDS[names[0]]() as world:
			for block in BLOCKS:
				if block.file == file and block.mark in [f"run: {name}" for name in names]:
					for command in block.commands():
						try:
							world.run(command)
						except AssertionError as why:
							raise AssertionError(f"{block}: {why}") from None
						count += 1
	note(f"{count} commands of {len(files)} texts")


def people_take_part():
	run_in("participant")


def it_looks_at_a_machine():
	run_in("it")


def the_agent_is_started():
	run_in("agent")


def one_reads_ones_own():
	run_in("own")
	run_in("recorded")


def recipients_make_a_dataset():
	files, skipped, asked = sorted({block.file for block in marked("run: recipient")}), None, 0
	for file in files:
		with Recipient() as world:
			for block in BLOCKS:
				if block.file != file:
					continue
				if block.mark == "run: recipient":
					for command in block.commands():
						world.run(command)
				elif block.mark == "run: sql":
					try:
						rows = world.query(block.text)
						asked += 1
						check(rows, f"{block}: no rows")
					except Skip as why:
						skipped = why
	note(f"{len(files)} texts, {asked} questions in SQL")
	if skipped:
		raise Skip(f"the commands were run, SQL was not: {skipped}")


if __name__ == "__main__":
	sys.exit(cases.run(every_block_says_what_becomes_of_it, synopses_exist, commands_in_the_prose_exist, people_take_part, it_looks_at_a_machine, the_agent_is_started,
		one_reads_ones_own, recipients_make_a_dataset, all_skipped=77))
