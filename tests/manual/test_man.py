#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The manual: is it well formed, does it say all that the programs take, and nothing else; are its examples of files taken by the programs."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import truth
from truth import ASSENT, ASSENTD, INPUTD, MAN, ROOT

import cases  # noqa: E402  truth knows where it is
from cases import Skip, check

PAGES = ["assent.1", "assentd.8", "assent-inputd.8", "assent.yaml.5", "assent-policy.5", "assent-study.5", "assent-segment.5"]
# Of mandoc's words, what scdoc does to every page: they say nothing of the text.
OF_SCDOC = ("skipping paragraph macro", "lower case character in document title", "input text line longer than 80 bytes")


def page(name):
	return (MAN / f"{name}.scd").read_text(encoding="utf-8")


def section(name, title):
	found = re.search(rf"^# {re.escape(title)}\n(.*?)(?=^# |\Z)", page(name), re.S | re.M)
	check(found, f"{name} has no section {title}")
	return found.group(1)


def need(*programs):
	missing = [program for program in programs if not shutil.which(program)]
	if missing:
		raise Skip(f"there is no {' and no '.join(missing)} (packaging/deps.sh test installs it)")


def there_is_a_page_for_everything():
	there = sorted(path.name.removesuffix(".scd") for path in MAN.glob("*.scd"))
	check(there == sorted(PAGES), there)
	for name in PAGES:
		text = page(name)
		title, number = name.rsplit(".", 1)
		check(text.startswith(f"{title}({number})\n"), f"{name}: its first line")
		for title in ("NAME", "DESCRIPTION", "EXAMPLES", "SEE ALSO"):
			section(name, title)
		for other, number in re.findall(r"\*(assent[a-z.-]*)\*\((\d)\)", text):
			check(f"{other}.{number}" in PAGES, f"{name} names {other}({number}), which is not there")


def pages_are_well_formed():
	need("scdoc", "mandoc", "man", "lexgrog")
	with tempfile.TemporaryDirectory() as folder:
		for name in PAGES:
			out = pathlib.Path(folder) / name
			with open(MAN / f"{name}.scd", "rb") as source, open(out, "wb") as made:
				done = subprocess.run(["scdoc"], stdin=source, stdout=made, stderr=subprocess.PIPE, text=True, check=False)
			check(done.returncode == 0, f"{name}: scdoc: {done.stderr}")
			lint = subprocess.run(["mandoc", "-T", "lint", out], capture_output=True, text=True, check=False)
			bad = [line for line in lint.stdout.splitlines() if not any(word in line for word in OF_SCDOC)]
			check(not bad, f"mandoc: {bad[:3]}")
			done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", out], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
				text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}, check=False)
			check(done.returncode == 0 and not done.stderr, f"{name}: man: {done.stderr[:300]}")
			done = subprocess.run(["lexgrog", out], capture_output=True, text=True, check=False)
			check(done.returncode == 0 and f'"{name.rsplit(".", 1)[0]} - ' in done.stdout, f"{name}: lexgrog: {done.stdout}")


def commands_are_what_the_program_says():
	done = subprocess.run([sys.executable, "-B", MAN / "commands.py", ASSENT, "--check"], capture_output=True, text=True, check=False)
	check(done.returncode == 0, done.stdout + done.stderr)


def every_command_and_option_is_there():
	text = section("assent.1", "COMMANDS")
	general = text.split("\n## ")[0]
	parts = {part.split("\n")[0]: part for part in text.split("\n## ")[1:]}
	check(list(parts) == truth.commands(), f"commands of the page: {list(parts)}")
	check(set(re.findall(r"^\*(--[a-z-]+)\* _", general, re.M)) == {"--data", "--config"}, "the options of most commands")
	for command, part in parts.items():
		have = set(re.findall(r"\*(--[a-z-]+)\*", part.split("\nAlso *--data*")[0]))
		own = set(re.findall(r"^\*(--[a-z-]+)\*", part, re.M)) | {option for line in part.splitlines()[2:3] for option in re.findall(r"\*(--[a-z-]+)\*", line)}
		own |= {option for line in part.splitlines() if line.startswith("For recipients") for option in re.findall(r"\*(--[a-z-]+)\*", line)}
		if "\nAlso *--data* and *--config*." in part:
			own |= {"--data", "--config"}
		help_text, code = truth.helped(command), truth.coded(command)
		check(code == help_text, f"{command}: in its source, not in its help: {code - help_text}; the other way round: {help_text - code}")
		entries = set(re.findall(r"^\*(--[a-z-]+)\*", part, re.M)) | ({"--data", "--config"} if "\nAlso *--data*" in part else set())
		check(entries == code, f"{command}: not told what they do: {code - entries}")
		check(code <= own | have, f"{command}: not in the page: {code - own}")
		check(own <= code, f"{command}: in the page, and not taken: {own - code}")


def every_option_of_the_daemons_is_there():
	for name, program, source in (("assentd.8", ASSENTD, "agent/assentd.c"), ("assent-inputd.8", INPUTD, "agent/inputd/main.c")):
		have = set(re.findall(r"\*(--[a-z-]+)", " ".join(re.findall(r"^\*--.*$", section(name, "OPTIONS"), re.M))))
		synopsis = set(re.findall(r"\*[^*]*?(--[a-z-]+)", section(name, "SYNOPSIS")))
		told, code = truth.told(program), truth.coded_daemon(source)
		check(have == told == code, f"{name}: page {have ^ code}, help {told ^ code}")
		check(synopsis == code - {"--help", "--version"}, f"{name}: synopsis {synopsis ^ code}")


def keys_of(name, *titles):
	"""Each key that a page has as a heading, with the words that stand behind it."""
	found = {}
	for title in titles:
		for line in section(name, title).splitlines():
			heads = re.match(r"\t*((?:\*[a-z_]+:\*(?:, )?)+) ?(.*)$", line)
			if heads:
				for key in re.findall(r"\*([a-z_]+):\*", heads.group(1)):
					found.setdefault(key, []).append(heads.group(2))
	return found


def compare_keys(name, wanted, *titles):
	have = keys_of(name, *titles)
	check(set(have) == set(wanted), f"{name}: not there {set(wanted) - set(have)}, and there without need {set(have) - set(wanted)}")
	for key, words in wanted.items():
		if not words:
			continue
		for told in have[key]:
			options = {word.strip() for word in re.split(r" \| |, | of ", told)}
			check(set(words) <= options, f"{name}: {key}: {told!r} does not name {set(words) - options}")
			if set(words) != {"manual"} and words != ["forbidden"] and "list" not in told:
				check(options == set(words), f"{name}: {key}: {told!r} names {options - set(words)}")


def every_key_is_there():
	compare_keys("assent.yaml.5", truth.settings_keys(True), "KEYS", "PATTERNS OF TEXT")
	compare_keys("assent-policy.5", truth.settings_keys(False), "KEYS")
	compare_keys("assent-study.5", truth.study_keys(), "KEYS")


def the_commented_files_have_every_key():
	"""config/*.yaml are where people begin."""
	for name, wanted in (("assent.yaml", truth.settings_keys(True)), ("policy.yaml", truth.settings_keys(False)), ("study.example.yaml", truth.study_keys())):
		text = (ROOT / "config" / name).read_text(encoding="utf-8")
		if name == "assent.yaml":
			# How patterns are written stands there.
			text += (ROOT / "config/sensitive.yaml").read_text(encoding="utf-8")
		missing = {key for key in wanted if not re.search(rf"(^|[\s{{#-]){key}:", text, re.M)}
		check(not missing, f"config/{name} does not have {missing}")


def blocks(kind):
	"""(page, text) of each block behind "; check: KIND"."""
	for name in PAGES:
		for text in re.findall(rf"^; check: {re.escape(kind)}\n```\n(.*?)^```", page(name), re.S | re.M):
			yield name, text


def examples_of_files_are_taken():
	with tempfile.TemporaryDirectory() as name:
		folder = pathlib.Path(name)
		env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
		count = 0
		for where, text in blocks("assent.yaml"):
			(folder / "a.yaml").write_text(text)
			done = subprocess.run([ASSENTD, "--check-config", "--config", folder / "a.yaml"], env=env, capture_output=True, text=True, check=False)
			# The machine's own policy is read, too.
			check(done.returncode == 0, f"{where}: {done.stderr}")
			(folder / "b.yaml").write_text(text + "colour: green\n")
			done = subprocess.run([ASSENTD, "--check-config", "--config", folder / "b.yaml"], env=env, capture_output=True, text=True, check=False)
			check(done.returncode == 1 and "colour" in done.stderr, f"{where}: --check-config finds nothing wrong: {done.stderr}")
			count += 1
		for where, text in blocks("study.yaml"):
			(folder / "s.yaml").write_text(text)
			done = subprocess.run([ASSENT, "notice", folder / "s.yaml"], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
			check(done.returncode == 0 and "How people type" in done.stdout, f"{where}: {done.stderr}")
			count += 1
		check(count == 2, f"{count} examples of files")


def the_example_of_a_policy_is_taken():
	"""Its place is fixed: an /etc of its own, which needs the right to mount."""
	with tempfile.TemporaryDirectory() as name:
		etc = pathlib.Path(name) / "etc"
		(etc / "assent").mkdir(parents=True)
		for folder in (pathlib.Path(name), etc, etc / "assent"):
			folder.chmod(0o755)
		inside = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', str(etc)]
		env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": name, "LC_ALL": "C.UTF-8"}
		if subprocess.run([*inside, "true"], env=env, capture_output=True, check=False).returncode:
			raise Skip("needs the right to mount")
		for where, text in blocks("policy.yaml"):
			(etc / "assent/policy.yaml").write_text(text)
			(etc / "assent/policy.yaml").chmod(0o644)
			done = subprocess.run([*inside, ASSENTD, "--check-config"], env=env, capture_output=True, text=True, check=False)
			check(done.returncode == 0, f"{where}: {done.stderr}")
			(etc / "assent/policy.yaml").write_text(text + "join: typing-2026\n")
			done = subprocess.run([*inside, ASSENTD, "--check-config"], env=env, capture_output=True, text=True, check=False)
			check(done.returncode == 1 and "join" in done.stderr, f"{where}: a policy that joins is taken: {done.stderr}")


def the_segment_is_that_of_the_format():
	norm, text = truth.source("include/assent/FORMAT.md"), page("assent-segment.5")
	version = re.search(r"^# Assent segments, format version (\d+)", norm).group(1)
	section("assent-segment.5", f"SEGMENT.seg, VERSION {version}")
	flat = " ".join(text.split())
	for what in ("kind", "class", "reason"):
		names = re.search(rf"^\* {what}: (.*)$", norm, re.M).group(1).split()
		if what == "reason":
			# The page tells which are of spans and which of gaps.
			flat_reasons = re.search(r"of a span: (.*?); of a gap: (.*?) \*end_us\*", flat).groups()
			check(" ".join(flat_reasons).split() == names, "reasons")
		else:
			check(f"*{what}* {' '.join(names)} *" in flat.replace("*code*, *text*", "*code*"), f"{what}: {names}")
	magic = re.search(r"^\| 0 \| 8 bytes \| `([0-9A-F ]+)` \|", norm, re.M).group(1)
	check(magic in flat, "the magic number")
	types = dict(re.findall(r"(\d) (header|block|footer|cut|sealed block)\b", re.search(r"type: (1 header.*?)\. 128", norm).group(1)))
	for number, what in types.items():
		check(re.search(rf"^\|  {number}\n:  {what}\b", text, re.M), f"record {number}: {what}")
	file = truth.source("agent/store/keyfile.h")
	for word in re.findall(r"^ \*   ([a-z]+) ", file, re.M):
		check(re.search(rf"\*{word}\b", section("assent-segment.5", "SEGMENT.key")), f"SEGMENT.key: {word}")


def agent_sources():
	return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "agent").rglob("*.[ch]")))


def every_variable_is_there():
	code = agent_sources()
	used = set(re.findall(r'\b(?:getenv|absolute|is_set|xdg)\("([A-Z_]+)"', code))
	used |= {name for names in re.findall(r'names\[\] = \{([^}]*"LANG"[^}]*)\}', code) for name in re.findall(r'"([A-Z_]+)"', names)}
	told = {name for page_name in ("assent.1", "assentd.8") for line in section(page_name, "ENVIRONMENT").splitlines() if line.startswith("*")
		for name in re.findall(r"\*([A-Z_]+)\*", line)}
	# libsystemd looks at this one.
	check(used | {"DBUS_SESSION_BUS_ADDRESS"} == told, f"not told {used - told}, and told without need {told - used}")


def every_file_that_is_named_exists():
	"""In the source: the programs make or read it."""
	code = agent_sources() + truth.source("packaging/CMakeLists.txt") + "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "packaging/systemd").iterdir()))
	for name in ("assent.1", "assentd.8", "assent-inputd.8"):
		for path in re.findall(r"(?<![A-Za-z0-9])_([^\n]+?)_(?![A-Za-z0-9])", section(name, "FILES")):
			# Of what stands for a name only the suffix is known.
			parts = [re.sub(r"^[A-Z]+(?=\.[a-z]+$)", "", part) for part in path.split("/") if not re.fullmatch(r"[A-Z]*", part)]
			for part in parts:
				check(re.sub(r"^[$~]", "", part) in code or part == "~", f"{name}: {path}: {part} is nowhere in the source")


def exit_codes_are_the_same_everywhere():
	line = re.search(r"^Exit codes: (.*)\.$", truth.said(ASSENT, "help"), re.M).group(1)
	readme = truth.source("README.md")
	check(f"Exit codes of `assent`: {line}." in readme, "README.md")
	codes = re.findall(r"^\*(\d)\*$", section("assent.1", "EXIT STATUS"), re.M)
	check(codes == re.findall(r"(\d) ", line), codes)


if __name__ == "__main__":
	sys.exit(cases.run(there_is_a_page_for_everything, pages_are_well_formed, commands_are_what_the_program_says, every_command_and_option_is_there,
		every_option_of_the_daemons_is_there, every_key_is_there, the_commented_files_have_every_key, examples_of_files_are_taken,
		the_example_of_a_policy_is_taken, the_segment_is_that_of_the_format, every_variable_is_there, every_file_that_is_named_exists, exit_codes_are_the_same_everywhere, all_skipped=77))
