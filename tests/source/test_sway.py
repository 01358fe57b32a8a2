# SPDX-License-Identifier: Apache-2.0
"""The place of the keys as the agent's source takes it from sway: a real one, real windows, and what sway does not tell."""

import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from cases import Skip, check, note, run  # noqa: E402
from desk import DeskError, wait_for  # noqa: E402
from process import stopped  # noqa: E402
from sway import SOMEBODY, Sway  # noqa: E402

DUMP = pathlib.Path(os.environ.get("ASSENT_BUILD", "build")).resolve() / "tests/source/sway_dump"
FIELD = re.compile(r"(\w+)=(.*?)(?= \w+=|$)")


def need(*tools):
	missing = [tool for tool in tools if not shutil.which(tool)]
	if missing:
		raise Skip(f"{', '.join(missing)}: not installed")


class Dump:
	"""sway_dump in a sway."""

	count = 0

	def __init__(self, sway, *options, path=None):
		Dump.count += 1
		self.sway, self.name = sway, f"dump{Dump.count}.log"
		self.program = sway.start([sway.copy(DUMP), *options, path or sway.socket], log=self.name, stdin=subprocess.PIPE)
		wait_for(lambda: self.lines("ready") or self.lines("failed"), 10, name="sway_dump")

	def lines(self, *kinds):
		"""[(kind, {field: text})] in order."""
		found = []
		for line in self.sway.log(self.name).splitlines():
			kind, _, rest = line.partition(" ")
			if not kinds or kind in kinds:
				found.append((kind, dict(FIELD.findall(rest))))
		return found

	def focus(self):
		return self.lines("focus")[-1][1]

	def sample(self):
		"""Asks; what came of it."""
		before = len(self.lines("sampled"))
		self.program.popen.stdin.write(b"sample\n")
		self.program.popen.stdin.flush()
		wait_for(lambda: len(self.lines("sampled")) > before, 5, name="sample")
		return self.lines("sampled")[-1][1]

	def wait(self, node, seconds=10):
		"""Until a sample agrees that the keys go there; what was told."""
		window = str(node + 1 if node else 0)
		wait_for(lambda: self.sample()["agreed"] == "1" and self.focus()["window"] == window, seconds, name=f"agreement at {window}")
		return self.focus()

	def refuses(self, name):
		"""A sample asks, and gets no agreement."""
		said = self.sample()
		check(said["agreed"] == "0", f"agreed {name}: {self.focus()}")
		return said

	def agreements(self):
		return [fields for _, fields in self.lines("agree")]


def foot(sway, title, *more):
	return sway.window(["foot", "-T", title, *more, "sleep", "600"], title)


def windows_and_workspaces():
	need("sway", "foot", "zenity")
	with Sway() as sway:
		dump = Dump(sway)
		check(dump.focus()["window"] == "0", f"a window where there is none: {dump.focus()}")
		check(dump.sample()["agreed"] == "1", "an empty workspace is nowhere, and sway says so")
		one = foot(sway, "one")
		told = dump.wait(one.node)
		check(told["pid"] == str(one.pid) and told["exe"] == os.path.realpath(shutil.which("foot")) and told["class"] == "foot" and
			told["terminal"] == "1" and told["foreign"] == "0" and told["title"] == "one", told)
		two = sway.window(["zenity", "--entry", "--title", "two", "--text", "x"], "two")
		told = dump.wait(two.node)
		check(told["pid"] == str(two.pid) and told["terminal"] == "0" and told["class"] == "zenity", told)
		sway.command("[title=one] focus")
		dump.wait(one.node)
		sway.command("[title=one] floating enable")
		dump.wait(one.node)
		sway.command("focus parent")
		wait_for(lambda: dump.sample() and dump.focus()["window"] in ("0", str(one.node + 1)), name="parent")
		sway.command("workspace 2")
		dump.wait(0)
		three = foot(sway, "three")
		dump.wait(three.node)
		four = foot(sway, "four")
		dump.wait(four.node)
		sway.command("focus parent")
		wait_for(lambda: dump.sample()["agreed"] == "1" and dump.focus()["window"] == "0", name="nowhere: two windows at once")
		sway.command("[title=three] focus")
		dump.wait(three.node)
		sway.command("workspace 1")
		dump.wait(one.node)
		os.kill(one.pid, signal.SIGKILL)
		dump.wait(two.node)
		os.kill(two.pid, signal.SIGKILL)
		dump.wait(0)
		sway.command("reload")
		dump.wait(0)
		sway.command("workspace 2")
		dump.wait(three.node)
		check(not any(a["late"] == "1" for a in dump.agreements()), "an agreement from before the focus was told")
		took = sorted(int(fields["us"]) for _, fields in dump.lines("sampled"))
		note(f"a sample: {took[len(took) // 2]} us, {took[-1]} at most, of {len(took)}")
		check(all(fields["loose"] == "1" for _, fields in dump.lines("focus")), "told as if it were in the order of the input")


def titles_and_private_windows():
	need("sway", "foot")
	with Sway() as sway:
		dump = Dump(sway)
		browser = sway.window(["foot", "-a", "firefox-esr", "-T", "Page — Mozilla Firefox", "sh", "-c",
			"sleep 1; printf '\\033]0;Page — Mozilla Firefox Private Browsing\\007'; sleep 1; printf '\\033]0;Page — Mozilla Firefox\\007'; sleep 600"],
			"Page — Mozilla Firefox")
		dump.wait(browser.node)
		wait_for(lambda: dump.focus()["private"] == "1", name="private")
		check(dump.focus()["title"] == "Page — Mozilla Firefox Private Browsing", dump.focus())
		wait_for(lambda: dump.focus()["private"] == "0", name="no longer private")
		check({fields["window"] for _, fields in dump.lines("focus")} == {"0", str(browser.node + 1)}, dump.lines("focus"))


def layers():
	need("sway", "foot", "fuzzel")
	with Sway() as sway:
		dump = Dump(sway, "--inside")
		one = foot(sway, "one")
		dump.wait(one.node)
		launcher = sway.start(["fuzzel"], log="fuzzel.log")
		wait_for(lambda: sway.focus() == 0, name="fuzzel has the keys")
		# Nothing was told of it: the sample finds out.
		check(dump.focus()["window"] != "0", "sway tells of layers: use that")
		before = len([a for a in dump.agreements()])
		dump.sample()
		check(dump.focus()["window"] == "0", f"a launcher's keys are the window's: {dump.focus()}")
		check(all(int(f["window"]) == 0 for _, f in dump.lines("focus")[-1:]) and len(dump.agreements()) <= before + 1, "agreed")
		launcher.stop()
		dump.wait(one.node)
		# It comes and goes between two samples, and leaves a trace.
		told = len(dump.lines("focus"))
		launcher = sway.start(["fuzzel"], log="fuzzel.log")
		wait_for(lambda: sway.focus() == 0, name="fuzzel has the keys")
		launcher.stop()
		wait_for(lambda: len(dump.lines("focus")) >= told + 2, name="a trace")
		check([f["window"] for _, f in dump.lines("focus")[told:]] == ["0", str(one.node + 1)], dump.lines("focus")[told:])
		dump.wait(one.node)
		# On an empty workspace, and the program that was launched comes after it.
		sway.command("workspace 2")
		dump.wait(0)
		launcher = sway.start(["fuzzel"], log="fuzzel.log")
		wait_for(lambda: sway.focus() == 0, name="fuzzel has the keys")
		dump.sample()
		launcher.stop()
		two = foot(sway, "two")
		dump.wait(two.node)


def lockers():
	need("sway", "foot", "swaylock")
	with Sway() as sway:
		dump = Dump(sway)
		one = foot(sway, "one")
		dump.wait(one.node)
		locker = sway.start(["swaylock"], log="swaylock.log")
		wait_for(lambda: sway.focus() == 0, name="the locker has the keys")
		# Nobody asks while nobody types: then a window opens under the locker.
		under = sway.window(["foot", "-T", "under", "sleep", "600"], "under", focused=False)
		time.sleep(0.3)
		for _ in range(3):
			dump.sample()
			check(dump.focus()["window"] == "0", f"the locker's keys are a window's: {dump.focus()}")
		# Killed, since nobody knows the password; where sway stays locked after that, this is all that can be seen.
		os.kill(locker.pid, signal.SIGKILL)
		locker.popen.wait()
		time.sleep(0.3)
		if sway.focus() == 0:
			raise Skip("this sway stays locked when its locker dies")
		dump.wait(under.node)


def a_locker_that_runs_is_believed_more_than_sway():
	need("sway", "foot", "fuzzel")
	with Sway() as sway:
		dump = Dump(sway)
		one = foot(sway, "one")
		dump.wait(one.node)
		false = sway.home / "bin" / "swaylock"
		shutil.copy(shutil.which("sleep"), false)
		false.chmod(0o755)
		locker = sway.start([false, "600"])
		check(dump.sample()["agreed"] == "1", "one that does not lock")
		launcher = sway.start(["fuzzel"], log="fuzzel.log")
		wait_for(lambda: sway.focus() == 0, name="fuzzel has the keys")
		launcher.stop()
		wait_for(lambda: sway.focus() == one.node, name="back")
		said = dump.refuses("while a locker may have the keys")
		check("locker" in said["doubt"] and dump.focus()["window"] == "0", f"{said} {dump.focus()}")
		locker.stop()
		dump.wait(one.node)


def x11_programs():
	need("sway", "foot", "Xwayland", "xterm", "dmenu")
	with Sway(xwayland=True) as sway:
		x11 = {"DISPLAY": sway.x11, "GDK_BACKEND": "x11"}
		dump = Dump(sway, "--inside")
		one = foot(sway, "one")
		dump.wait(one.node)
		xterm = sway.window(["xterm", "-T", "x", "-e", "sleep", "600"], "x", env=x11)
		wait_for(lambda: dump.focus()["window"] == str(xterm.node + 1), name="xterm")
		told = dump.focus()
		check(told["pid"] == "0" and told["exe"] == "" and told["foreign"] == "1", f"whose it is, only it says: {told}")
		dump.refuses("while an X11 program runs")
		sway.command("[title=one] focus")
		wait_for(lambda: dump.focus()["window"] == str(one.node + 1), name="back")
		check("X11" in dump.refuses("while an X11 program runs")["doubt"], "why")
		xterm.stop()
		told = len(dump.lines("focus"))
		dump.wait(one.node)
		check([f["window"] for _, f in dump.lines("focus")[told:]] == ["0", str(one.node + 1)], "what was typed meanwhile is nobody's")
		# One that sway says nothing of: it has the keys, and sway's word is that the window below has them.
		told = len(dump.lines("focus"))
		menu = sway.start(["dmenu"], env=x11, stdin=subprocess.DEVNULL, log="dmenu.log")
		wait_for(lambda: "X11" in dump.sample()["doubt"], name="dmenu")
		time.sleep(0.5)
		check(sway.focus() == one.node, "sway tells of such windows: use that")
		dump.refuses("while dmenu has the keys")
		menu.stop()
		wait_for(lambda: [f["window"] for _, f in dump.lines("focus")[told:]] == ["0", str(one.node + 1)], name="a trace")
		dump.wait(one.node)


def silence_and_the_end():
	need("sway", "foot")
	with Sway() as sway:
		dump = Dump(sway)
		one = foot(sway, "one")
		dump.wait(one.node)
		with stopped(sway.server.pid):
			for _ in range(4):
				began = time.monotonic()
				check(dump.refuses("by silence")["doubt"] == "sway does not answer", dump.lines("sampled")[-1])
				check(time.monotonic() - began < 2, "waited for long")
		there = ["0", str(one.node + 1)]
		told = len(dump.lines("focus"))
		dump.wait(one.node)
		check([f["window"] for _, f in dump.lines("focus")[told:]] == there, f"its silence leaves a trace: {dump.lines('focus')}")
		# Late, but it answers: what was typed meanwhile came to its window later than a prompt is waited for.
		told = len(dump.lines("focus"))
		os.kill(sway.server.pid, signal.SIGSTOP)
		threading.Timer(0.6, os.kill, (sway.server.pid, signal.SIGCONT)).start()
		check(int(dump.sample()["us"]) > 400000, "it did not stand still")
		dump.sample()
		check([f["window"] for _, f in dump.lines("focus")[told:]] == there, "its standstill leaves a trace")
		dump.wait(one.node)
		try:
			sway.command("exit")
		except DeskError:
			pass  # it does not stay for the answer
		wait_for(lambda: dump.lines("end"), name="its end")
		check("went away" in dump.lines("end")[0][1]["why"], dump.lines("end"))
	with Sway() as sway:
		dump = Dump(sway)
		os.kill(sway.server.pid, signal.SIGKILL)
		wait_for(lambda: dump.lines("end"), name="its end")


def who_is_refused():
	need("sway")
	with Sway() as sway:
		def why(*options, **more):
			return Dump(sway, *options, **more).lines("failed")[0][1]["why"]
		check("without the devices" in why("--real"), "one without devices")
		check("no sway" in why(path=str(sway.home / "nowhere")), "none")
		if SOMEBODY:
			said = subprocess.run([DUMP, sway.socket], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10).stdout
			check("another user" in said, f"another user's: {said}")
		inner = sway.home / "inner"
		inner.write_text(f"xwayland disable\nexec touch {sway.home}/inner-ready\n")
		sway.start(["sway", "--config", inner], log="inner.log", env={"WLR_BACKENDS": "wayland", "SWAYSOCK": str(sway.home / "run/inner.sock")})
		wait_for(lambda: (sway.home / "inner-ready").exists(), 20, name="a sway inside of the other")
		check("inside of another" in why("--real", path=str(sway.home / "run/inner.sock")), "one in another")


class Liar(threading.Thread):
	"""A sway of ours: answers by answer(type), in small pieces; then says the rest."""

	def __init__(self, path, answer, rest=b""):
		super().__init__(daemon=True)
		self.answer, self.rest = answer, rest
		self.listener = socket.socket(socket.AF_UNIX)
		self.listener.bind(str(path))
		self.listener.listen()
		self.start()

	def run(self):
		with self.listener, self.listener.accept()[0] as s:
			s.settimeout(10)
			got = b""
			try:
				while more := s.recv(65536):
					got += more
					while len(got) >= 14 and len(got) >= 14 + struct.unpack("=I", got[6:10])[0]:
						length, kind = struct.unpack("=II", got[6:14])
						got = got[14 + length:]
						text = self.answer(kind)
						piece = len(text) // 100 + 1
						for at in range(0, len(text), piece):
							s.sendall(text[at:at + piece])
						if kind == 101 and self.rest:
							s.sendall(self.rest)
			except OSError:
				pass


def message(kind, text):
	return b"i3-ipc" + struct.pack("=II", len(text.encode()), kind) + text.encode()


def lies():
	good = {2: '{"success": true}', 3: '[{"name": "eDP-1"}]', 101: '[{"name": "seat0", "focus": 0, "devices": []}]',
		11: '{"success": false}', 4: '{"id": 1, "type": "root", "focus": [], "focused": false}'}
	huge = b"i3-ipc" + struct.pack("=II", 1 << 30, 101)
	deep = "[" * 100000
	cases = {
		"good": (good, b"", "ready"),
		"old": ({**good, 2: '{"success": false}'}, b"", "too old"),
		"not-json": ({**good, 101: "["}, b"", "cannot be understood"),
		"no-seat": ({**good, 101: "[]"}, b"", "cannot be understood"),
		"deep": ({**good, 101: deep}, b"", "cannot be understood"),
		"wide": ({**good, 101: "[" + "[]," * 200000 + "[]]"}, b"", "cannot be understood"),
		"huge": (good, huge, "end"),
		"noise": (good, b"GET / HTTP/1.1\r\n\r\n", "end"),
		"unasked": (good, message(4, good[4]) * 3, "end"),
		"event": (good, message(0x80000003, '{"change": "focus", "container": {"id": -1}}'), "end"),
		"unknown": (good, message(0x80000001, "{}"), "end"),
	}
	with tempfile.TemporaryDirectory() as folder:
		for name, (answers, rest, wanted) in cases.items():
			path = pathlib.Path(folder) / name
			Liar(path, lambda kind: message(kind, answers[kind]), rest)  # noqa: B023  it answers before the next comes
			with subprocess.Popen([DUMP, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as dump:
				if wanted == "ready":
					dump.stdin.close()
				said = dump.stdout.read()
			check(("failed" in said if wanted == "end" and "end" not in said else wanted in said) and dump.returncode in (0, 1), f"{name}: {said}")


if __name__ == "__main__":
	sys.exit(run(windows_and_workspaces, titles_and_private_windows, layers, lockers, a_locker_that_runs_is_believed_more_than_sway, x11_programs,
		silence_and_the_end, who_is_refused, lies, all_skipped=77))
