#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the section COMMANDS of assent.1.scd anew, from what `assent help COMMAND` says. tests/manual looks that it is so.

usage: commands.py ASSENT [--check]      ASSENT: the program that was built. --check: says whether something would change (exit status 1), and changes nothing
"""

import pathlib
import re
import subprocess
import sys
import textwrap

PAGE = pathlib.Path(__file__).resolve().parent / "assent.1.scd"
BEGIN, END = "; commands.py writes what follows, up to the next such line\n", "; commands.py wrote what is above\n"


def said(assent, *argv):
	return subprocess.run([assent, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def names(assent):
	return re.findall(r"^  ([a-z]+) +\S", said(assent, "help"), re.M)


def escaped(text):
	return re.sub(r"([\\*_])", r"\\\1", text)


def prose(text):
	"""Options and commands in bold."""
	text = escaped(text)
	text = re.sub(r"(?<![\w-])--[a-z][a-z-]*", r"*\g<0>*", text)
	return re.sub(r"\bassent (?!help COMMAND)([a-z]+)\b(?= |[.,;:)]|$)", lambda m: f"*{m.group(0)}*" if m.group(1) in prose.names else m.group(0), text)


def head(text):
	"""A synopsis: what is written as it stands is bold, what stands for something else is underlined."""
	def word(m):
		w = m.group(0)
		return f"_{w}_" if w[0].isupper() else f"*{w}*"
	return re.sub(r"--[a-z-]+|[A-Za-z][A-Za-z0-9+]*(?:\.yaml)?", word, escaped(text))


def wrapped(text, indent=""):
	lines = textwrap.wrap(text, 76, break_on_hyphens=False, break_long_words=False)
	# What scdoc would take for a table, a list, a heading or a comment at the beginning of a line.
	if any(line[0] in "|[]#;-." for line in lines):
		lines = [text]
	return "\n".join(indent + line for line in lines)


def page_of(text, name):
	"""What one command says of itself, as scdoc."""
	usage, about, details = re.match(r"usage: (.*)\n\n(.*)\n\n?((?s:.*))", text).groups()
	out, paragraph = [f"## {name}", "", head(usage), "", prose(about), ""], []

	def flush():
		if paragraph:
			out.extend([wrapped(prose(" ".join(paragraph))), ""])
			paragraph.clear()

	def option_ends():
		if option:
			out.extend([head(option[0]), wrapped(prose(" ".join(option[1:])), "\t"), ""])
			option.clear()

	# These two mean the same everywhere: they stand once, in the page.
	places = "--data DIR " in details
	if places:
		details = details[:details.index("  --data DIR ")]
	option = []
	for line in details.splitlines():
		begins = re.match(r"  (--\S.*?)(?: {2,}(.*))?$", line)
		if begins:
			flush()
			option_ends()
			option.extend([begins.group(1), begins.group(2) or ""])
		elif line.startswith("        ") and option:
			option.append(line.strip())
		else:
			option_ends()
			if line.strip():
				paragraph.append(line.strip())
			else:
				flush()
	flush()
	option_ends()
	if places:
		out.extend(["Also *--data* and *--config*.", ""])
	return "\n".join(out)


def written(assent):
	prose.names = names(assent)
	parts = [page_of(said(assent, "help", name), name) for name in prose.names]
	before, rest = PAGE.read_text().split(BEGIN)
	return before + BEGIN + "\n" + "\n".join(parts) + "\n" + END + rest.split(END)[1]


def main():
	if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--check"]):
		print(__doc__, file=sys.stderr)
		return 2
	text = written(sys.argv[1])
	if text == PAGE.read_text():
		return 0
	if sys.argv[2:]:
		print(f"packaging/man/{PAGE.name} is not what the program says of itself (mend: packaging/man/commands.py BUILD/agent/assent)")
		return 1
	PAGE.write_text(text)
	return 0


if __name__ == "__main__":
	sys.exit(main())
