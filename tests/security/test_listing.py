#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/SECURITY-EVIDENCE.md says what the code does: its tables are made anew and compared, and each test that it names exists.

	test_listing.py            compares
	test_listing.py --write    writes the tables into the page
"""

import difflib
import pathlib
import platform
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]
from agent import BUILD, ROOT  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from listing import Strange, page  # noqa: E402

PAGE = ROOT / "docs/SECURITY-EVIDENCE.md"
BEGIN, END = "<!-- made by tests/security/test_listing.py --write -->\n", "<!-- end -->\n"


def made():
	program = BUILD / "tests/security/security_rights"
	if platform.machine() != "x86_64":
		raise Skip("the tables are those of x86-64")
	if not program.exists():
		raise Skip("a sanitizer needs more than the agent may: it is not listed")
	try:
		text, wrong = page(program)
	except Strange as strange:
		raise AssertionError(str(strange)) from None
	check(not wrong, lambda: "; ".join(wrong))
	return text


def split():
	text = PAGE.read_text()
	before, begin, rest = text.partition(BEGIN)
	old, end, after = rest.partition(END)
	check(begin and end, f"{PAGE.name}: no lines {BEGIN.strip()} and {END.strip()}")
	return before + begin, old, end + after


def the_tables_are_what_the_code_does():
	new = made()
	_, old, _ = split()
	changed = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "the page", "the code", lineterm="", n=0))
	check(not changed, lambda: "python3 tests/security/test_listing.py --write, and read what changed: " + " / ".join(changed[2:8]))


def each_test_that_is_named_exists():
	named = re.findall(r"`(tests/[\w/.*-]+)(?:: ([\w-]+(?:, [\w-]+)*))?`", PAGE.read_text())
	check(len(named) > 20, f"only {len(named)} tests are named")
	for path, cases in named:
		files = list(ROOT.glob(path))
		check(files, f"{PAGE.name} names {path}, which is not there")
		text = "".join(file.read_text(errors="replace") for file in files if file.is_file())
		for case in filter(None, (cases or "").split(", ")):
			word = case.replace("-", "_")
			check(re.search(rf"\b(test_)?{word}\b", text), f"{PAGE.name} names {path}: {case}, which is not there")
	note(f"{len(named)} tests are named")


if __name__ == "__main__":
	if sys.argv[1:] == ["--write"]:
		before, _, after = split()
		PAGE.write_text(before + made() + after)
		sys.exit(0)
	sys.exit(run(the_tables_are_what_the_code_does, each_test_that_is_named_exists, all_skipped=77))
