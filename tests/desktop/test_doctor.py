# SPDX-License-Identifier: Apache-2.0
"""`assent doctor` on a desktop with real windows: which oracle, which verdict, why, and what it leaves alone."""

import collections
import json
import os
import pathlib
import re
import shutil
import struct
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "source")]
from agent import CODES, ORDINARY, SECRET, Agent, judged, leaks, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, wait_for  # noqa: E402
from process import stopped  # noqa: E402
from x_windows import XWindows  # noqa: E402

RAW = "import tty, sys, time; tty.setraw(0); sys.stdout.write('raw\\r\\n'); sys.stdout.flush(); sys.stdin.read(1)"
WINDOW = {"window": int, "app": (str, type(None)), "class": (str, type(None)), "pid": (int, type(None)), "focused": bool,
	"visible": bool, "oracle": str, "verdict": str, "reason": (str, type(None)), "cause": str, "why": str,
	"remedy": (str, type(None)), "wants_oracle": bool}
FINDING = {"id": str, "problem": bool, "text": str, "remedy": (str, type(None))}
WHOLE = {"version": int, "source": str, "context": (str, type(None)), "display": (str, type(None)), "joined": bool, "windows": list, "findings": list, "wants_oracle": bool}


def fits(value, schema, where, more=()):
	check(set(value) == set(schema) | set(more), lambda: f"{where}: columns {sorted(set(value) ^ set(schema))}")
	for name, kind in schema.items():
		check(isinstance(value[name], kind) and (kind is not int or not isinstance(value[name], bool)), f"{where}: {name} is {value[name]!r}")


class Doctor:
	def __init__(self, desk):
		self.desk, self.agent, self.code = desk, Agent(desk), None

	def text(self, *argv, **options):
		said = self.agent.command("doctor", *argv, **options)
		self.code = said.returncode
		check(not said.stderr, lambda: "stderr: " + said.stderr)
		return said.stdout

	def json(self, *argv, **options):
		said = json.loads(self.text("--json", *argv, **options))
		titled = ("title",) if "--titles" in argv else ()
		fits(said, WHOLE, "the whole")
		for window in said["windows"]:
			fits(window, WINDOW, f"window of {window.get('app')}", titled)
			check(window["verdict"] in ("open", "secret", "excluded", "unknown"), f"verdict {window['verdict']}")
			check((window["verdict"] == "open") == (window["reason"] is None), f"{window}")
			check(window["oracle"] in ("accessibility", "terminal", "none") and window["why"], f"{window}")
		for finding in said["findings"]:
			fits(finding, FINDING, "finding")
		return said

	def window(self, title, said=None):
		"""The row of the window with this title."""
		said = said or self.json("--titles")
		rows = [row for row in said["windows"] if row.get("title") == title]
		check(len(rows) == 1, lambda: f"{len(rows)} windows called {title}: {[row.get('title') for row in said['windows']]}")
		return rows[0]

	def becomes(self, title, **wanted):
		"""Until the row is as wanted: toolkits and shells need a moment to begin. The row."""
		last = {}

		def holds():
			last.clear()
			last.update(self.window(title))
			return all(last[name] == value for name, value in wanted.items())
		try:
			wait_for(holds, 10, every=0.3, name="it")
		except Exception:
			raise AssertionError(f"{title}: {last}, not {wanted}")
		return last


def need(program):
	if not shutil.which(program):
		raise Skip(f"{program} is not installed")


def plain(desk, title):
	"""A window of plain X, with a name: nothing tells about it. Its connection, to be kept."""
	x = XWindows(desk.display)
	x.x.XStoreName.argtypes = [x.x.XMapWindow.argtypes[0], x.x.XMapWindow.argtypes[1], __import__("ctypes").c_char_p]
	window = x.make()
	x.x.XStoreName(x.d, window, title.encode())
	x.sync()
	desk.wait_window(title)
	return x


CHANGE_WINDOW_ATTRIBUTES, QUERY_TREE, INTERN_ATOM, GRAB_KEY, SET_INPUT_FOCUS, GET_INPUT_FOCUS = 2, 15, 16, 33, 42, 43


def x_requests(trace):
	"""What strace -xx saw go to the X server: how often each core request, and each (major, minor) of an extension."""
	sent, fd = b"", None
	for line in trace.splitlines():
		if line.startswith("connect(") and "".join(f"\\x{ord(c):02x}" for c in ".X11-unix") in line and line.endswith("= 0"):
			fd = re.match(r"connect\((\d+)", line)[1]
		elif fd and line.startswith(f"writev({fd},"):
			sent += b"".join(bytes.fromhex(part.replace("\\x", "")) for part in re.findall(r'iov_base="((?:\\x[0-9a-f]{2})*)"', line))
	# The greeting: byte order, version, lengths of what proves who asks.
	name, data = struct.unpack_from("<HH", sent, 6)
	at, core, others = 12 + (name + 3) // 4 * 4 + (data + 3) // 4 * 4, collections.Counter(), collections.Counter()
	while at + 4 <= len(sent):
		major, minor, length = struct.unpack_from("<BBH", sent, at)
		if length == 0:
			length = struct.unpack_from("<I", sent, at + 4)[0]
		core[major] += major < 128
		others[(major, minor)] += major >= 128
		at += 4 * max(length, 1)
	check(at == len(sent), f"the requests end at {at}, the bytes at {len(sent)}")
	return core, +others


def each_window_has_its_verdict():
	with Desk() as desk:
		doctor = Doctor(desk)
		doctor.agent.config("capture:\n  exclude_apps: [my-secret-app]\n")
		editor = desk.gtk("Editor", ["text", "password"])
		desk.gtk("Mine", ["text"], geometry="200x80+700+40", env={"GTK_WINDOW_CLASS": "my-secret-app"})
		desk.gtk("Vault", ["text"], geometry="200x80+700+200", env={"GTK_WINDOW_CLASS": "keepassxc"})
		desk.xterm(title="shell")
		desk.xterm(["/usr/bin/python3", "-c", RAW], title="script", geometry="40x5+700+400")
		shutil.copy("/bin/cat", desk.home / "my-tool")
		desk.xterm(["sh", "-c", f"stty raw -echo; exec {desk.home}/my-tool"], title="raw", geometry="40x5+700+560")
		kept = plain(desk, "plain")
		desk.click(*editor.at(0))

		row = doctor.becomes("Editor", focused=True, oracle="accessibility", verdict="open", cause="text-fields", wants_oracle=False)
		check(row["pid"] == editor.pid and row["remedy"] is None, f"{row}")
		row = doctor.becomes("shell", oracle="terminal", verdict="open", cause="terminal-good", app="xterm")
		check("bash" in row["why"], row["why"])
		row = doctor.becomes("raw", oracle="terminal", verdict="unknown", reason="unknown", cause="terminal-unknown-program", wants_oracle=True)
		check("my-tool" in row["why"] and "programs:" in row["remedy"], f"{row}")
		row = doctor.becomes("script", verdict="unknown", cause="terminal-unknown-program")
		check("python3" in row["why"] and row["remedy"].startswith("none: "), f"{row}")
		row = doctor.becomes("plain", oracle="none", verdict="unknown", cause="no-accessibility", wants_oracle=True)
		check(row["pid"] == os.getpid() and row["remedy"].startswith("none: "), f"{row}")
		row = doctor.becomes("Mine", verdict="excluded", reason="excluded-app", cause="excluded", wants_oracle=False)
		check("your own settings (my-secret-app)" in row["why"], row["why"])
		row = doctor.becomes("Vault", verdict="excluded", cause="excluded")
		check("built-in" in row["why"] and "keepass" in row["why"], row["why"])
		check(doctor.code == 3, f"exit {doctor.code} with two windows without an oracle")

		desk.click(*editor.at(1))
		doctor.becomes("Editor", focused=True, verdict="secret", reason="password", cause="password-field", wants_oracle=False)
		said = doctor.json("--titles")
		check(sum(row["focused"] for row in said["windows"]) == 1, "more than one window has the focus")
		kept.x.XCloseDisplay(kept.d)


def terminals_are_explained():
	with Desk() as desk:
		doctor = Doctor(desk)
		shutil.copy("/bin/cat", desk.home / "ssh")
		desk.xterm(["bash", "--norc", "--noprofile", "-c", "read -s x; echo"], title="prompt", geometry="40x5+10+10")
		desk.xterm([desk.home / "ssh"], title="far", geometry="40x5+10+200")
		desk.xterm(["more", __file__], title="pager", geometry="40x5+10+400")
		row = doctor.becomes("prompt", verdict="secret", reason="terminal-echo-off", cause="terminal-prompt", wants_oracle=False)
		check("bash" in row["why"], row["why"])
		row = doctor.becomes("far", verdict="unknown", cause="terminal-hidden", wants_oracle=False)
		check("ssh" in row["why"] and row["remedy"] == "none needed: that is meant", f"{row}")
		check(doctor.code == 0, f"exit {doctor.code} where all is masked on purpose")
		row = doctor.becomes("pager", verdict="open", cause="terminal-good")
		check("more" in row["why"], row["why"])
		hostile = desk.home / "my\x1b[31mtool\xff"
		shutil.copy("/bin/cat", hostile)
		desk.xterm(["sh", "-c", 'stty raw -echo; exec "$0"', hostile], title="hostile", geometry="40x5+500+10")
		doctor.becomes("hostile", cause="terminal-unknown-program")
		text = doctor.text()
		check("tool" in text and "\x1b" not in text, lambda: f"another's name reaches the terminal as it is: {text!r}")


def a_locked_screen_is_no_missing_oracle():
	need("i3lock")
	with Desk() as desk:
		doctor = Doctor(desk)
		editor = desk.gtk("Editor", ["text"])
		desk.click(*editor.at(0))
		doctor.becomes("Editor", verdict="open")
		lock = desk.start(["i3lock", "--nofork", "--color=202020"])
		wait_for(lambda: any(row["app"] == "i3lock" for row in doctor.json()["windows"]), 10, name="i3lock's window")
		doctor.becomes("Editor", verdict="secret", reason="grab", cause="grabbed", oracle="accessibility", wants_oracle=False)
		said = doctor.json()
		check([row["cause"] for row in said["windows"] if row["app"] == "i3lock"] == ["excluded"], f"{said['windows']}")
		check("grab" in [finding["id"] for finding in said["findings"]], f"{said['findings']}")
		check(doctor.code == 0, f"exit {doctor.code}")
		lock.stop()
		doctor.becomes("Editor", verdict="open")


def titles_are_for_the_terminal():
	with Desk() as desk:
		doctor = Doctor(desk)
		title = "Letter to Zacharias Quixote, a very long title that no table of eighty columns has room for at all"
		desk.gtk(title, ["text"])
		plain_text, json_text = doctor.text(), doctor.text("--json")
		check("Quixote" not in plain_text + json_text, "a title where nobody asked for it")
		check("Quixote" in doctor.text("--json", "--titles"), "no title where it was asked for")
		for columns in (80, 120):
			text = doctor.text("--titles", env={"COLUMNS": str(columns)})
			check("Letter to Zach" in text, text)
			widest = max(len(line) for line in text.splitlines())
			check(widest <= columns, f"a line of {widest} in {columns} columns")


def its_word_is_what_the_agent_does():
	"""In each place the doctor is asked, and then a letter of its own is typed: it is kept where (once at least), and only where, the word was open."""
	with Desk() as desk:
		doctor = Doctor(desk)
		doctor.agent.config("capture:\n  exclude_apps: [my-secret-app]\n")
		code, shown = doctor.agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		editor = desk.gtk("Editor", ["text", "password", "button"], geometry="300x160+10+10")
		mine = desk.gtk("Mine", ["text"], geometry="200x80+700+40", env={"GTK_WINDOW_CLASS": "my-secret-app"})
		shell = desk.xterm(title="shell", geometry="40x5+10+300")
		shutil.copy("/bin/cat", desk.home / "my-tool")
		raw = desk.xterm(["sh", "-c", f"stty raw -echo; exec {desk.home}/my-tool"], title="raw", geometry="40x5+10+500")
		kept = plain(desk, "plain")
		doctor.agent.start()

		def to(window):
			left, top, width, height = desk.geometry(window)
			return left + width // 2, top + height // 2
		places = [("Editor", editor.at(0)), ("Editor", editor.at(1)), ("Editor", editor.at(2)), ("Mine", mine.at(0)), ("shell", to(shell.window)),
			("raw", to(raw.window)), ("plain", to(desk.wait_window("plain")))]
		words, letters = [], "abcdefghijklm"
		for (title, at), letter in zip(places, letters):
			desk.click(*at, settle=1.2)
			row = doctor.window(title)
			check(row["focused"], f"{title} has not the focus")
			words.append((letter, title, row["verdict"], row["cause"]))
			desk.type(letter)
			if row["verdict"] == "open":
				# On a busy machine the agent is behind with what it asks applications, and masks until it knows: so more than once.
				for _ in range(4):
					time.sleep(1.5)
					desk.type(letter)
			judged()
		doctor.agent.stop()
		typed = {code for row in doctor.agent.rows() if row["kind"] == "key_down" for code in [row["code"]]}
		note(", ".join(f"{title} {verdict} ({cause})" for _, title, verdict, cause in words))
		for letter, title, verdict, cause in words:
			check((CODES[letter] in typed) == (verdict == "open"), f"{title}: the word is {verdict} ({cause}), but the key was "
				+ ("kept" if CODES[letter] in typed else "masked"))
		check([word[2] for word in words] == ["open", "secret", "unknown", "excluded", "open", "unknown", "unknown"], f"{words}")
		kept.x.XCloseDisplay(kept.d)


def a_hanging_application_does_not_hang_it():
	with Desk() as desk:
		doctor = Doctor(desk)
		editor = desk.gtk("Editor", ["text"])
		desk.click(*editor.at(0))
		doctor.becomes("Editor", focused=True, verdict="open")
		with stopped(editor.pid):
			began = time.monotonic()
			row = doctor.window("Editor")
			took = time.monotonic() - began
		check(row["verdict"] == "unknown" and row["cause"] == "no-focused-field", f"{row}")
		check(took < 10, f"it took {took:.1f} s")


def exit_codes():
	with Desk(a11y=False) as desk:
		doctor = Doctor(desk)
		said = doctor.json()
		bus = [finding for finding in said["findings"] if finding["id"] == "accessibility-bus"]
		check(doctor.code == 3 and said["wants_oracle"] and len(bus) == 1 and bus[0]["problem"] and bus[0]["remedy"], f"exit {doctor.code}, {bus}")
		desk.gtk("Editor", ["text"])
		row = doctor.window("Editor")
		check(row["cause"] == "no-accessibility-bus" and row["verdict"] == "unknown" and row["wants_oracle"], f"{row}")
		said = doctor.json(env={"DISPLAY": ""})
		check(doctor.code == 1 and said["display"] is None and not said["windows"], f"without a display: exit {doctor.code}, {said}")
		check("DISPLAY is not set" in str(said["findings"]), f"{said['findings']}")
		check("DISPLAY" in doctor.text(env={"DISPLAY": ":7654"}) and doctor.code == 1, f"a display that is not there: exit {doctor.code}")
		wrong = doctor.agent.command("doctor", "--nonsense")
		check(wrong.returncode == 2 and "--nonsense" in wrong.stderr, f"exit {wrong.returncode}: {wrong.stderr}")
		check(doctor.agent.command("doctor", "more").returncode == 2, "an argument too many")
		# A copy of assent without its assentd says so.
		alone = desk.home / "alone"
		alone.mkdir()
		shutil.copy(doctor.agent.assent, alone / "assent")
		said = desk.run([alone / "assent", "doctor"])
		check(said.returncode == 1 and "there is no assentd" in said.stderr or pathlib.Path("/usr/local/bin/assentd").exists(),
			f"exit {said.returncode}: {said.stderr}")


def settings_that_are_wrong_are_told():
	with Desk() as desk:
		doctor = Doctor(desk)
		doctor.agent.config("capture:\n  keys: everything\n")
		found = {finding["id"]: finding for finding in doctor.json()["findings"]}
		check("settings" in found and found["settings"]["problem"] and "assent.yaml:2" in found["settings"]["text"], f"{found}")


def it_leaves_everything_as_it_is():
	with Desk() as desk:
		doctor = Doctor(desk)
		before = sorted(path for path in desk.home.rglob("*") if "assent" in path.name)
		desk.gtk("Editor", ["text"])
		doctor.json()
		after = sorted(path for path in desk.home.rglob("*") if "assent" in path.name)
		check(before == after, f"it made {set(after) - set(before)}")
		if not shutil.which("strace"):
			return
		trace = desk.home / "trace"
		said = desk.run(["strace", "-o", trace, "-xx", "-s", "1000000", "-e", "trace=connect,sendmsg,sendto,writev,write,execve,openat", doctor.agent.assentd,
			"--doctor", "--json", "--data", doctor.agent.data], env={"ASAN_OPTIONS": "detect_leaks=0"})
		check(said.returncode in (0, 3), f"exit {said.returncode}: {said.stderr}")
		lines = [re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), line) for line in trace.read_text().splitlines()]
		check(not any("RegisterEvent" in line for line in lines), "it registers for events of applications")
		opened = [line for line in lines if "openat(" in line and ("O_WRONLY" in line or "O_RDWR" in line) and " = -1" not in line and "/dev/null" not in line]
		check(not opened, f"files opened for writing: {opened[:3]}")
		core, others = x_requests(trace.read_text())
		note(f"on the wire: {sum(core.values())} core requests, {sum(others.values())} of extensions")
		check(core[INTERN_ATOM] and core[GET_INPUT_FOCUS] and core[QUERY_TREE], f"the requests cannot be read: {core}")
		check(not core[CHANGE_WINDOW_ATTRIBUTES] and not core[GRAB_KEY] and not core[SET_INPUT_FOCUS], f"it selects or sets something: {core}")
		# XISelectEvents of the input extension, SelectEvents of XKB: whichever major numbers these have here.
		check(not any(minor == 46 for _, minor in others) and not any(minor == 1 and major == 0x87 for major, minor in others), f"it selects input: {others}")


def it_looks_while_the_agent_records():
	with Desk() as desk:
		doctor = Doctor(desk)
		code, shown = doctor.agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		editor = desk.gtk("Editor", ["text", "password"])
		desk.click(*editor.at(0))
		doctor.agent.start()
		time.sleep(0.5)
		desk.type("abc", every=0.05)
		began = time.monotonic()
		said = doctor.json()
		note(f"one look: {time.monotonic() - began:.2f} s")
		check(said["joined"] and not any(finding["id"] in ("agent", "not-joined") for finding in said["findings"]), f"{said['findings']}")
		desk.type("def", every=0.05)
		desk.click(*editor.at(1))
		secret = SECRET[:6]
		desk.type(secret, every=0.05)
		doctor.becomes("Editor", verdict="secret", reason="password")
		check(doctor.agent.command("private", "on").returncode == 0, "private on failed")
		doctor.becomes("Editor", verdict="secret", reason="private", wants_oracle=False)
		judged()
		doctor.agent.stop()
		found = leaks(doctor.agent, [secret], ORDINARY[:6])
		check(not found, lambda: "; ".join(found))
		downs = sum(row["kind"] == "key_down" for row in doctor.agent.rows())
		# Of a busy machine one or two come too late.
		check(4 <= downs <= 6, f"{downs} keys of 6 were kept beside the doctor")
		check("agent" in [finding["id"] for finding in doctor.json()["findings"]], "an agent that does not run is not told")


if __name__ == "__main__":
	sys.exit(run(each_window_has_its_verdict, terminals_are_explained, a_locked_screen_is_no_missing_oracle,
		its_word_is_what_the_agent_does, titles_are_for_the_terminal, a_hanging_application_does_not_hang_it, exit_codes, settings_that_are_wrong_are_told, it_leaves_everything_as_it_is,
		it_looks_while_the_agent_records))
