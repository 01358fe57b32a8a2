# SPDX-License-Identifier: Apache-2.0
"""A private desktop for tests: Xvfb, a session bus, accessibility, a window manager, a home of its own.

	with Desk() as desk:
		editor = desk.gtk("Editor", ["text", "password"])
		desk.click(*editor.at(0))
		desk.type("hello")

Everything it starts carries a mark in its environment and is ended by pid, also what was started by a
bus or left its parent; nothing of the user's own session is touched or used.
"""

import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
GTK_WINDOW = HERE / "gtk_window.py"
PYTHON = "/usr/bin/python3"

# What a test needs from the caller's environment. All else (buses, displays, input methods) stays outside.
KEPT = ("PATH", "LANG", "LC_ALL", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TERM")


class DeskError(Exception):
	pass


LATE = 3 # times what is enough on a machine that has nothing else to do: late is not wrong


def wait_for(what, seconds=10.0, every=0.02, name="it"):
	"""Calls what() until it is true; returns its value. DeskError when that takes far longer than seconds."""
	seconds *= LATE
	end = time.monotonic() + seconds
	while True:
		value = what()
		if value:
			return value
		if time.monotonic() > end:
			raise DeskError(f"{name} did not happen within {seconds} s")
		time.sleep(every)


class Program:
	"""A started program: .pid, .popen, .read_line(), .stop()."""

	def __init__(self, popen, argv):
		self.popen, self.pid, self.argv = popen, popen.pid, argv
		self._rest = b""

	def read_line(self, seconds=10.0):
		"""The next line of its standard output (start it with stdout=subprocess.PIPE)."""
		end = time.monotonic() + seconds
		fd = self.popen.stdout.fileno()
		while b"\n" not in self._rest:
			left = end - time.monotonic()
			if left <= 0 or not select.select([fd], [], [], left)[0]:
				raise DeskError(f"{self.argv[0]}: no line within {seconds} s")
			more = os.read(fd, 65536)
			if not more:
				raise DeskError(f"{self.argv[0]}: ended (status {self.popen.wait()})")
			self._rest += more
		line, self._rest = self._rest.split(b"\n", 1)
		return line.decode("utf-8", "replace")

	def stop(self, seconds=3.0):
		"""SIGTERM, then SIGKILL; its exit status."""
		if self.popen.poll() is None:
			self.popen.terminate()
			try:
				self.popen.wait(seconds)
			except subprocess.TimeoutExpired:
				self.popen.kill()
				self.popen.wait()
		for pipe in (self.popen.stdin, self.popen.stdout):
			if pipe:
				pipe.close()
		return self.popen.returncode


class GtkWindow(Program):
	"""A window of gtk_window.py: .at(i) is the middle of field i on the screen, .window its X id."""

	def __init__(self, popen, argv):
		super().__init__(popen, argv)
		self.told = json.loads(self.read_line(20))
		self.window = self.told["window"]

	def at(self, index):
		return tuple(self.told["fields"][index])

	def ask(self, command):
		"""What it says to "text N" or "keys" (start it with stdin=subprocess.PIPE)."""
		self.tell(command)
		return json.loads(self.read_line())

	def tell(self, command):
		self.popen.stdin.write(command.encode() + b"\n")
		self.popen.stdin.flush()


class Desk:
	"""wm: openbox; a11y: the accessibility bus (else NO_AT_BRIDGE); bus: a session bus; screen: (w, h).

	.env      the environment for everything on this desktop
	.display  ":N"
	.home     a private home, removed at the end (kept where keep is given)
	"""

	def __init__(self, screen=(1280, 800), wm=True, bus=True, a11y=True, keep=None, server_args=()):
		self.screen, self.wm, self.bus, self.a11y = screen, wm, bus, a11y and bus
		self.server_args = list(server_args)
		self.keep = keep
		self.mark = uuid.uuid4().hex
		self.programs = []
		self.env, self.display, self.home = None, None, None
		self.server = self.dbus = None
		self._hands = None

	# -- life --

	def __enter__(self):
		try:
			self.open()
		except BaseException:
			self.close()
			raise
		return self

	def __exit__(self, *_):
		self.close()

	def open(self):
		# Ended from outside (timeout(1), ctest): leave by the front door, so that nothing stays behind.
		if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
			signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
		self.home = pathlib.Path(self.keep or tempfile.mkdtemp(prefix="assent-desk-"))
		places = {name: self.home / part for name, part in (
			("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".local/share"),
			("XDG_STATE_HOME", ".local/state"), ("XDG_CACHE_HOME", ".cache"), ("TMPDIR", "tmp"))}
		for place in places.values():
			place.mkdir(parents=True, exist_ok=True)
			place.chmod(0o700)
		self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
		self.env.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
		self.env.setdefault("LANG", "C.UTF-8")
		self.env.update({name: str(place) for name, place in places.items()})
		# GTK's own compose tables and memory-backed settings: no ibus, no dconf service, no GVfs mounts.
		self.env.update(HOME=str(self.home), ASSENT_DESK=self.mark, GTK_IM_MODULE="gtk-im-context-simple",
			GSETTINGS_BACKEND="memory", GIO_USE_VFS="local", LIBGL_ALWAYS_SOFTWARE="1",
			HISTFILE="/dev/null", DBUS_SESSION_BUS_ADDRESS="disabled:",
			# Nor the machine's own: whether its session is locked is none of this desktop's business (logind.py).
			DBUS_SYSTEM_BUS_ADDRESS="disabled:")
		if not self.a11y:
			self.env["NO_AT_BRIDGE"] = "1"
		self._open_server()
		if self.bus:
			self._open_bus()
		if self.wm:
			self._open_wm()

	def _open_server(self):
		width, height = self.screen
		reader, writer = os.pipe()
		try:
			self.server = self.start(
				["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24",
				 "-nolisten", "tcp", "-noreset", *self.server_args],
				pass_fds=(writer,), log="xvfb.log")
			os.close(writer)
			writer = -1
			number = b""
			# To the end of the line: the server writes it in two pieces, and ends if it cannot.
			while not number.endswith(b"\n"):
				if not select.select([reader], [], [], 20)[0]:
					raise DeskError("Xvfb did not start within 20 s")
				more = os.read(reader, 32)
				if not more:
					raise DeskError("Xvfb ended at once: " + self.log("xvfb.log"))
				number += more
		finally:
			os.close(reader)
			if writer >= 0:
				os.close(writer)
		self.display = ":" + number.decode().strip()
		self.env["DISPLAY"] = self.display

	def _open_bus(self):
		# In the desk's own folder: in /tmp its socket would stay behind.
		self.dbus = self.start(["dbus-daemon", "--session", f"--address=unix:path={self.env['XDG_RUNTIME_DIR']}/bus", "--nofork", "--nopidfile", "--print-address=1"],
			stdout=subprocess.PIPE, log="dbus.log")
		self.env["DBUS_SESSION_BUS_ADDRESS"] = self.dbus.read_line()
		if self.a11y:
			# --launch-immediately: its bus exists before the first application asks for it.
			launcher = next((path for path in ("/usr/libexec/at-spi-bus-launcher",
				"/usr/lib/at-spi2-core/at-spi-bus-launcher") if os.path.exists(path)), None)
			if not launcher:
				raise DeskError("at-spi-bus-launcher is missing: install at-spi2-core")
			self.start([launcher, "--launch-immediately"], log="atspi.log")
			wait_for(self._a11y_address, 15, name="the accessibility bus")

	def _a11y_address(self):
		said = self.run(["dbus-send", "--session", "--print-reply=literal", "--dest=org.a11y.Bus",
			"/org/a11y/bus", "org.a11y.Bus.GetAddress"])
		return said.stdout.strip() if said.returncode == 0 else None

	def _open_wm(self):
		self.manager = self.start(["openbox", "--sm-disable"], log="openbox.log")
		wait_for(lambda: "window id" in self.run(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]).stdout
			if shutil.which("xprop") else True, 30, name="openbox")

	def close(self):
		"""Ends everything with this desk's mark, by pid, and removes the home."""
		if self._hands:
			self._hands.close()
			self._hands = None
		for program in reversed(self.programs):
			if program is not self.server:
				self._end([program.pid], signal.SIGTERM)
		for sign, seconds in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
			end = time.monotonic() + seconds
			while True:
				for program in self.programs:
					program.popen.poll()
				left = self.marked()
				if not left:
					break
				self._end(left, sign)
				if time.monotonic() > end:
					break
				time.sleep(0.05)
		for program in self.programs:
			program.stop(1)
		self.programs.clear()
		if self.home and not self.keep:
			shutil.rmtree(self.home, ignore_errors=True)

	def marked(self):
		"""Pids of all living processes of this desk."""
		mark = b"ASSENT_DESK=" + self.mark.encode()
		found = []
		for entry in os.listdir("/proc"):
			if not entry.isdigit() or int(entry) == os.getpid():
				continue
			try:
				with open(f"/proc/{entry}/environ", "rb") as environ:
					if mark in environ.read().split(b"\0"):
						found.append(int(entry))
			except OSError:
				pass
		# A process that made itself undumpable (our own daemon) hides its environment from other users.
		known = set(found)
		for program in self.programs:
			if program.popen.poll() is None and program.pid not in known:
				found.append(program.pid)
		return found

	@staticmethod
	def _end(pids, sign):
		for pid in pids:
			try:
				os.kill(pid, sign)
			except OSError:
				pass

	# -- programs --

	def start(self, argv, log=None, env=None, kind=Program, **popen):
		"""Starts a program on this desktop. log: a file in .home for its output (default: nowhere)."""
		environment = dict(self.env, **(env or {}))
		sink = open(self.home / log, "ab") if log else subprocess.DEVNULL
		try:
			popen.setdefault("stdin", subprocess.DEVNULL)
			popen.setdefault("stdout", sink)
			popen.setdefault("stderr", sink)
			popen.setdefault("cwd", str(self.home))
			popen.setdefault("start_new_session", True)
			argv = [str(part) for part in argv]
			program = Program(subprocess.Popen(argv, env=environment, **popen), argv)
		finally:
			if log:
				sink.close()
		self.programs.append(program)
		if kind is not Program:
			program.__class__ = kind
			kind.__init__(program, program.popen, argv)
		return program

	def run(self, argv, seconds=30, env=None, **options):
		"""Runs a command to its end; a CompletedProcess with text."""
		return subprocess.run([str(part) for part in argv], env=dict(self.env, **(env or {})), text=True,
			stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			timeout=seconds, cwd=str(self.home), **options)

	def log(self, name):
		try:
			return (self.home / name).read_text(errors="replace")
		except OSError:
			return ""

	# -- windows --

	def gtk(self, title, fields=("text",), geometry="360x200+40+40", **options):
		"""A GTK3 window with fields of the kinds text, password, button, area; returns when it is on the screen."""
		return self.start([PYTHON, GTK_WINDOW, title, geometry, *fields], kind=GtkWindow,
			stdout=subprocess.PIPE, log="gtk.log", **options)

	def xterm(self, command=("bash", "--norc", "--noprofile"), title="terminal", geometry="80x24+40+300", log=None):
		"""An xterm that runs command; .window is its X id."""
		program = self.start(["xterm", "-T", title, "-n", title, "-geometry", geometry, "-e", *command], log=log)
		program.window = self.wait_window(title)
		return program

	def windows(self, title):
		"""X ids of the visible windows whose title is exactly this."""
		pattern = "^" + "".join("\\" + c if c in r".[]()*+?^$|\{}" else c for c in title) + "$"
		said = self.run(["xdotool", "search", "--onlyvisible", "--name", pattern])
		return [int(line) for line in said.stdout.split()]

	def wait_window(self, title, seconds=15):
		return wait_for(lambda: self.windows(title), seconds, name=f"window “{title}”")[0]

	def geometry(self, window):
		"""(x, y, width, height) on the screen."""
		said = self.run(["xdotool", "getwindowgeometry", "--shell", str(window)]).stdout
		value = dict(line.split("=", 1) for line in said.split())
		return tuple(int(value[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

	def focus(self, window):
		"""Asks the window manager to activate a window; waits until the focus is there."""
		self.run(["xdotool", "windowactivate", "--sync", str(window)])

	def focused(self):
		said = self.run(["xdotool", "getwindowfocus"]).stdout.strip()
		return int(said) if said else 0

	# -- hands --

	@property
	def hands(self):
		if not self._hands:
			self._hands = Hands(self.display)
		return self._hands

	def click(self, x, y, button=1, settle=0.15):
		"""Moves there, clicks, and lets the focus settle."""
		self.hands.move(x, y)
		self.hands.click(button)
		time.sleep(settle)

	def type(self, text, every=0.01):
		"""Types ASCII text, one key each `every` seconds."""
		self.hands.type(text, every)


class Hands:
	"""Keys and pointer by XTEST, on one connection of its own."""

	SHIFTED = {"!": "exclam", "@": "at", "#": "numbersign", "$": "dollar", "%": "percent", "^": "asciicircum",
		"&": "ampersand", "*": "asterisk", "(": "parenleft", ")": "parenright", "_": "underscore", "+": "plus",
		"{": "braceleft", "}": "braceright", "|": "bar", ":": "colon", '"': "quotedbl", "<": "less",
		">": "greater", "?": "question", "~": "asciitilde"}
	PLAIN = {" ": "space", "-": "minus", "=": "equal", "[": "bracketleft", "]": "bracketright", "\\": "backslash",
		";": "semicolon", "'": "apostrophe", ",": "comma", ".": "period", "/": "slash", "`": "grave",
		"\n": "Return", "\t": "Tab", "\b": "BackSpace"}

	def __init__(self, display):
		self.x = ctypes.CDLL("libX11.so.6")
		self.t = ctypes.CDLL("libXtst.so.6")
		pointer, ulong = ctypes.c_void_p, ctypes.c_ulong
		self.x.XOpenDisplay.restype = pointer
		self.x.XOpenDisplay.argtypes = [ctypes.c_char_p]
		self.x.XStringToKeysym.restype = ulong
		self.x.XStringToKeysym.argtypes = [ctypes.c_char_p]
		self.x.XKeysymToKeycode.restype = ctypes.c_ubyte
		self.x.XKeysymToKeycode.argtypes = [pointer, ulong]
		for name in ("XFlush", "XCloseDisplay"):
			getattr(self.x, name).argtypes = [pointer]
		self.x.XSync.argtypes = [pointer, ctypes.c_int]
		self.t.XTestFakeKeyEvent.argtypes = [pointer, ctypes.c_uint, ctypes.c_int, ulong]
		self.t.XTestFakeButtonEvent.argtypes = [pointer, ctypes.c_uint, ctypes.c_int, ulong]
		self.t.XTestFakeMotionEvent.argtypes = [pointer, ctypes.c_int, ctypes.c_int, ctypes.c_int, ulong]
		self.t.XTestFakeRelativeMotionEvent.argtypes = [pointer, ctypes.c_int, ctypes.c_int, ulong]
		self.x.XDefaultRootWindow.argtypes = [pointer]
		self.x.XDefaultRootWindow.restype = ulong
		self.x.XWarpPointer.argtypes = [pointer, ulong, ulong] + [ctypes.c_int] * 6
		self.d = self.x.XOpenDisplay(display.encode())
		if not self.d:
			raise DeskError(f"cannot open {display}")

	def close(self):
		# Not XCloseDisplay: where the server is dead already, Xlib would end this process.
		self.d = None

	def code(self, name):
		"""X key code of a keysym's name ("a", "Return", "Shift_L")."""
		return self.x.XKeysymToKeycode(self.d, self.x.XStringToKeysym(name.encode()))

	def flush(self):
		self.x.XFlush(self.d)

	def sync(self):
		self.x.XSync(self.d, 0)

	def key(self, name, down=None):
		"""Presses (True), releases (False) or strikes (None) a key."""
		code = self.code(name)
		if down is not False:
			self.t.XTestFakeKeyEvent(self.d, code, 1, 0)
		if down is not True:
			self.t.XTestFakeKeyEvent(self.d, code, 0, 0)
		self.flush()

	def type(self, text, every=0.0):
		for c in text:
			shift = c in self.SHIFTED or c.isupper()
			if shift:
				self.key("Shift_L", True)
			self.key(self.SHIFTED.get(c) or self.PLAIN.get(c) or c)
			if shift:
				self.key("Shift_L", False)
			if every:
				time.sleep(every)
		self.sync()

	def move(self, x, y):
		self.t.XTestFakeMotionEvent(self.d, -1, int(x), int(y), 0)
		self.flush()

	def move_by(self, dx, dy):
		self.t.XTestFakeRelativeMotionEvent(self.d, int(dx), int(dy), 0)
		self.flush()

	def warp(self, x, y):
		"""As applications do it: without an input event."""
		self.x.XWarpPointer(self.d, 0, self.x.XDefaultRootWindow(self.d), 0, 0, 0, 0, int(x), int(y))
		self.flush()

	def button(self, number, down):
		self.t.XTestFakeButtonEvent(self.d, number, 1 if down else 0, 0)
		self.flush()

	def click(self, number=1):
		self.button(number, True)
		self.button(number, False)


if __name__ == "__main__":
	# By hand: python3 desk.py [COMMAND...] runs a command (default: a shell) on a private desktop.
	with Desk() as by_hand:
		print(f"DISPLAY={by_hand.display} home={by_hand.home}", file=sys.stderr)
		sys.exit(subprocess.call(sys.argv[1:] or ["bash", "--norc"], env=by_hand.env))
