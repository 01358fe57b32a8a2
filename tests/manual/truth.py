# SPDX-License-Identifier: Apache-2.0
"""What the programs take, by what they say of themselves, and by their source: commands, options, keys of the configuration and the words that each has."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))

from cases import check  # noqa: E402

BUILD = pathlib.Path(os.environ.get("ASSENT_BUILD", ROOT / "build/gcc")).resolve()
ASSENT, ASSENTD, INPUTD = BUILD / "agent/assent", BUILD / "agent/assentd", BUILD / "agent/inputd/assent-inputd"
MAN = ROOT / "packaging/man"


def said(program, *argv):
	done = subprocess.run([program, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
	check(done.returncode == 0, lambda: f"{program.name} {' '.join(argv)}: exit {done.returncode}: {done.stderr}")
	return done.stdout


def commands():
	return re.findall(r"^  ([a-z]+) +\S", said(ASSENT, "help"), re.M)


def helped(command):
	"""Options of a command, by its help."""
	return set(re.findall(r"--[a-z][a-z-]*", "\n".join(re.findall(r"^(?:usage: .*|  --.*|For recipients: .*)$", said(ASSENT, "help", command), re.M))))


def told(program):
	"""Options of a daemon, by its help."""
	return set(re.findall(r"--[a-z][a-z-]*", "\n".join(re.findall(r"^(?:Usage: .*|   +.*--doctor.*|  --.*)$", said(program, "--help"), re.M))))


def source(name):
	return (ROOT / name).read_text(encoding="utf-8")


def coded(command):
	"""Options of a command, by its source."""
	text = source(f"agent/cli/{command}.c")
	arrays = re.findall(r"const struct input_option options\[\] = \{(.*?)\};", text, re.S)
	found = {"--" + name for array in arrays for name in re.findall(r'\{\s*"([a-z-]+)"', array)}
	found |= {"--" + name for name in re.findall(r'repeated\(&argc, argv, "([a-z]+)"', text)}
	if "session_begin(" in text:
		found |= {"--data", "--config"}
	return found


def coded_daemon(name):
	"""Options of a daemon, by its source."""
	array = re.search(r"static const struct option \w+\[\] = \{(.*?)\};", source(name), re.S).group(1)
	return {"--" + word for word in re.findall(r'\{ "([a-z-]+)"', array)}


def words(name, array, nth=0):
	"""The strings of an array of a source file; nth where there are several of that name."""
	found = re.findall(r"\*(?:const )?" + re.escape(array) + r"\[\] = \{([^}]*)\}", source(name))
	check(len(found) > nth, f"{name} has no array {array} (number {nth}): tests/manual/truth.py has to follow")
	return re.findall(r'"([^"]+)"', found[nth])


def capture():
	name = "agent/base/bounds.c"
	return {"keys": words(name, "key_names"), "key_time": words(name, "grid_names"), "pointer": words(name, "pointer_names"), "apps": words(name, "app_names"),
		"scroll": ["true", "false"], **{key: None for key in words(name, "known") if key.endswith("_apps")}}


def patterns():
	name = "agent/base/patterns.c"
	part, pattern = words(name, "known"), words(name, "known", 1)
	return {**{key: None for key in part + pattern}, "check": words(name, "checks")[1:]}


def accessibility(participant):
	text = source("agent/base/settings.c")
	found = re.search(r'\*const of_policy\[\] = \{([^}]*)\}, \*const of_participant\[\] = \{([^}]*)\};', text).groups()
	return re.findall(r'"([^"]+)"', found[participant])


def settings_keys(participant):
	"""Each key of assent.yaml or policy.yaml, wherever it stands, with the words that it may have (None: another value)."""
	name = "agent/base/settings.c"
	lists = re.search(r"settings_parse\(.*?of_policy\[\] = \{(.*?)\};.*?of_participant\[\] = \{(.*?)\};", source(name), re.S).groups()
	keys = {key: None for key in re.findall(r'"([^"]+)"', lists[participant])}
	of_capture = {key: value for key, value in capture().items() if key != "only_apps"}
	keys.update(of_capture)
	keys["review"] = ["manual"]
	if participant:
		keys.update(patterns())
		keys["source"], keys["accessibility"] = words(name, "sources"), accessibility(1)
	else:
		keys.update({key: None for key in words(name, "known")})
		keys["references"] = words(name, "names")
		keys["release"], keys["evdev_keys"], keys["accessibility"] = words(name, "words"), words(name, "words", 1), accessibility(0)
		keys["capture"] = ["forbidden"]
	return keys


def study_keys():
	name = "agent/base/study.c"
	keys = {key: None for nth in range(4) for key in words(name, "known", nth)}
	keys.update(capture())
	keys["category"], keys["review"] = words(name, "categories"), ["manual"]
	return keys
