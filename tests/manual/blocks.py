# SPDX-License-Identifier: Apache-2.0
"""The blocks of commands in the texts, each with the mark above it that says what becomes of it here:

	run: WORLD           its commands are run, one after the other, in that world (worlds.py); each must do what it says
	form                 a synopsis: its commands and options exist
	check: FILE          a file's content: test_man.py gives it to the program that reads it
	tried by: PATH       that test runs it, or compiles it
	not tried: WHY       it is not run at all, and why

In Markdown a mark is a comment, <!-- MARK -->; in the manual a line "; MARK". Where it is missing, a test says so.
"""

import re

from truth import MAN, ROOT

# Every block of these has a mark. In other texts those that have one count.
TEXTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/PARTICIPANTS.md", "docs/DATASETS.md", "docs/IT.md", "docs/LIBASSENT.md",
	"docs/QUESTIONS.md", "docs/HOW.md", "docs/LIMITS.md", "docs/PLATFORMS.md")]
MARKS = r"(run: [a-z]+|form|check: [a-z.]+|tried by: \S+|not tried: .+)"


class Block:
	def __init__(self, file, line, mark, text, language=""):
		self.file, self.line, self.mark, self.text, self.language = file, line, mark, text, language

	def __str__(self):
		return f"{self.file.relative_to(ROOT)}:{self.line}"

	def commands(self):
		"""Without what stands behind three blanks: what it does."""
		return [re.split(r" {3,}", line)[0].rstrip() for line in self.text.splitlines() if line.strip()]


def of_markdown(file):
	mark, inside, begun, language, last = None, None, 0, "", ""
	for number, line in enumerate([*file.read_text(encoding="utf-8").splitlines(), ""], 1):
		comment = re.fullmatch(rf"<!-- {MARKS} -->", line)
		if inside is not None and language:
			if line == "```":
				yield Block(file, begun, mark, "\n".join(inside), language.strip("`"))
				mark, inside, language = None, None, ""
			else:
				inside.append(line)
		elif inside is not None:
			if line.startswith("    ") or not line:
				inside.append(line[4:])
			else:
				yield Block(file, begun, mark, "\n".join(inside).rstrip())
				mark, inside = None, None
		elif line.startswith("```"):
			inside, begun, language = [], number, line
		elif line.startswith("    ") and not last:
			inside, begun = [line[4:]], number
		if comment:
			mark = comment.group(1)
		elif inside is None and line and not comment:
			mark = None
		last = line
	if inside is not None:
		yield Block(file, begun, mark, "\n".join(inside).rstrip())


def of_manual(file):
	text = file.read_text(encoding="utf-8")
	for found in re.finditer(rf"(?:^; {MARKS}\n)?^```\n(.*?)^```$", text, re.S | re.M):
		yield Block(file, text[:found.start(2)].count("\n"), found.group(1), found.group(2))


def all_blocks():
	others = [file for file in sorted((ROOT / "docs").glob("*.md")) if file not in TEXTS]
	for file in [*TEXTS, *others]:
		if file.exists():
			yield from of_markdown(file)
	for file in sorted(MAN.glob("*.scd")):
		yield from of_manual(file)
