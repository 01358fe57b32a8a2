#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The texts for people, and the headers of sources: links lead somewhere, what is named exists, versions agree, the README is short and begins with what works."""

import re
import subprocess
import sys

import truth
from blocks import of_markdown
from truth import ROOT

import cases  # noqa: E402  truth knows where it is
from cases import check

README_LINES = 150
# Data of tests has no header, nor has what others' tools read literally.
NO_HEADER = re.compile(r"\.md$|\.t$|\.seg$|\.zst$|\.json$|\.docs$|\.examples$|\.install$|\.symbols$|^LICENSE$|\.gitignore$|(^|/)(golden|corpus)/|"
	r"^packaging/debian/(changelog|control|copyright|not-installed|tests/control|source/.*)$|__pycache__|^build|\.pyc$|tests/upgrade/.*/|tests/.*/data/")


def files():
	"""Tracked, and new and not ignored; without git: all but what a build makes. Paths as text."""
	if (ROOT / ".git").exists():
		done = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=False)
		if done.returncode == 0:
			return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]
	found = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
	return [name for name in found if not re.match(r"build|\.git/", name) and "__pycache__" not in name]


def texts():
	return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "include/assent").glob("*.md"))]


def sources_say_their_licence():
	bad = []
	for name in files():
		if not NO_HEADER.search(name):
			with open(ROOT / name, "rb") as file:
				if b"SPDX-License-Identifier: Apache-2.0" not in file.read(600):
					bad.append(name)
	check(not bad, f"no SPDX header: {', '.join(bad)}")
	check("Apache License" in truth.source("LICENSE"), "LICENSE")


def the_readme_is_short():
	text = truth.source("README.md")
	check(text.count("\n") <= README_LINES, f"{text.count(chr(10))} lines: what does not fit belongs into docs/")
	first = [block.text.strip() for block in of_markdown(ROOT / "README.md")][:2]
	check(first == ["sh packaging/quickstart.sh", "sh tests/run.sh"], first)
	titles = re.findall(r"^## (.*)$", text, re.M)
	check(titles[:5] == ["Join, look, withdraw", "What is never recorded", "Limits", "Deploy", "Load"], titles)


def links_lead_somewhere():
	for file in texts():
		text = re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.S | re.M)
		for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
			if not re.match(r"[a-z]+:", target):
				check((file.parent / target).exists(), f"{file.relative_to(ROOT)}: {target} is not there")


def every_document_is_reached_from_the_readme():
	seen, waiting = set(), [ROOT / "README.md"]
	while waiting:
		file = waiting.pop()
		if file in seen or not file.is_file():
			continue
		seen.add(file)
		waiting += [(file.parent / target).resolve() for target in re.findall(r"\]\(([^)#\s]+\.md)", file.read_text(encoding="utf-8"))]
	lost = [str(file.relative_to(ROOT)) for file in texts() if file not in seen]
	check(not lost, f"no way leads from README.md to {', '.join(lost)}")


def what_is_named_exists():
	names = files()
	tests = {name.rsplit("/", 1)[1] for name in names if "/" in name}
	for file in texts():
		text = file.read_text(encoding="utf-8")
		for name in re.findall(r"\b(test_\w+\.(?:py|c))\b", text):
			check(name in tests, f"{file.name}: there is no {name}")
		for path in re.findall(r"`((?:agent|tests|packaging|config|docs|include|examples)/[\w./-]+)`", text):
			check((ROOT / path).exists() or list(ROOT.glob(path + ".*")), f"{file.name}: there is no {path}")


def the_law_names_cases_that_exist():
	"""Each "test_x.py: case, case" of the table: the case is in that file."""
	where = {name.rsplit("/", 1)[1]: ROOT / name for name in files() if re.search(r"/test_\w+\.(py|c)$", name)}
	count = 0
	for line in truth.source("docs/LAW.md").splitlines():
		for file, rest in re.findall(r"\b(test_\w+\.(?:py|c)):? ?((?:(?!tests?[/_]\w)[^;|])*)", line):
			text = where[file].read_text(encoding="utf-8").replace("_", "-")
			for case in re.findall(r"[A-Za-z][\w.-]*[\w-]", rest):
				name = case.replace("_", "-").split(".")[-1]
				if re.fullmatch(r"[A-Za-z-]+\d*", name) and ("-" in name or rest.strip() == case):
					count += 1
					check(name.strip("-") in text, f"{file} has no {case}")
	check(count > 60, f"only {count} cases were looked up")


def versions_agree():
	version = re.search(r"^project\(assent VERSION ([\d.]+)", truth.source("CMakeLists.txt"), re.M).group(1)
	changes = truth.source("CHANGELOG.md")
	titles = re.findall(r"^## \[(.*?)\]", changes, re.M)
	check(titles[0] == "Unreleased" and titles[1] == version, f"CHANGELOG.md: {titles[:2]}, and the version is {version}")
	check(set(re.findall(r"^### (.*)$", changes, re.M)) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}, "CHANGELOG.md: its headings")
	check(f"| {version.rsplit('.', 1)[0]} | yes |" in truth.source("SECURITY.md"), "SECURITY.md: supported versions")
	check(truth.said(truth.ASSENT, "--version").split()[1] == version, "assent --version")


def libassents_names_exist():
	header = truth.source("include/assent/assent.h")
	for name in sorted(set(re.findall(r"\b(?:assent|ASSENT)_[A-Za-z_]+\b", truth.source("docs/LIBASSENT.md")))):
		check(name in header or name in ("assent_static",), f"docs/LIBASSENT.md: assent.h has no {name}")


def words_that_do_not_belong():
	"""Unfinished things, and a promise that cannot be kept."""
	bad = re.compile(r"\bTODO\b|\bFIXME\b")
	this = ("tests/manual/test_texts.py",)
	for name in files():
		if name in this or re.search(r"\.(seg|zst|json|lock)$|corpus/|golden/", name):
			continue
		try:
			text = (ROOT / name).read_text(encoding="utf-8")
		except UnicodeDecodeError:
			continue
		for number, line in enumerate(text.splitlines(), 1):
			found = bad.search(line)
			check(not found, lambda: f"{name}:{number}: {found.group(0)}")
	for file in texts():
		for line in file.read_text(encoding="utf-8").splitlines():
			check("anonym" not in re.sub(r"\"[Aa]nonymous\" is not said", "", line).lower().replace("pseudonym", ""), f"{file.name}: {line[:100]}")


if __name__ == "__main__":
	sys.exit(cases.run(sources_say_their_licence, the_readme_is_short, links_lead_somewhere, every_document_is_reached_from_the_readme, what_is_named_exists,
		the_law_names_cases_that_exist, versions_agree, libassents_names_exist, words_that_do_not_belong, all_skipped=77))
