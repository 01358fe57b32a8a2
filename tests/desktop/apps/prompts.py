# SPDX-License-Identifier: Apache-2.0
"""Prompts for a secret that come up under the user's hands: pinentry, ssh-askpass, KeePassXC's unlock dialog.

Keys are typed from the first moment at which the prompt has the focus or holds the keyboard. What it then hands to its caller is
compared with what was typed: a secret that no prompt took proves nothing. zenity is in basic.py.
"""

import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from agent import BUILD, SECRET  # noqa: E402
from canary import App  # noqa: E402
from desk import HERE, PYTHON, DeskError, wait_for  # noqa: E402
from eyes import Eyes  # noqa: E402

CLIPBOARD = """
import gi
gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk
print(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text() or "")
"""


class Prompt(App):
	"""Started by to_secret(), ended by Return; .took is what it handed over."""

	ordinary_keys = False
	note = "nothing but a prompt for a secret"
	oracle = "list"
	grab = False               # it holds the keyboard: type only then, and not when it has no more than the focus

	def start(self):
		self.eyes = Eyes(self.desk.display)
		self.program, self.took = None, None

	def launch(self):
		raise NotImplementedError

	def answer(self):
		"""Reads what it hands over."""
		raise NotImplementedError

	def to_secret(self):
		before = self.eyes.focus()
		self.program = self.launch()
		self.eyes.taken(before, focus=not self.grab)

	def end_secret(self):
		self.desk.hands.key("Return")
		try:
			self.took = self.answer()
		finally:
			self.program.stop()
		self.eyes.free()

	def received(self):
		return self.took

	def stop(self):
		if self.program:
			self.program.stop()


class Pinentry(Prompt):
	"""By its Assuan protocol, as gpg-agent speaks it."""

	program_path = None
	option = "no-grab"

	def launch(self):
		program = self.desk.start([self.program_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, log="pinentry.log")
		for line in (f"OPTION {self.option}", "SETDESC Unlock the key", "SETPROMPT Passphrase:", "GETPIN"):
			program.popen.stdin.write(line.encode() + b"\n")
		program.popen.stdin.flush()
		return program

	def answer(self):
		while True:
			line = self.program.read_line(10)
			if line.startswith("ERR"):
				raise DeskError(f"pinentry: {line}")
			if line.startswith("D "):
				self.program.read_line(5)  # OK
				self.program.popen.stdin.write(b"BYE\n")
				self.program.popen.stdin.flush()
				return line[2:]


class PinentryGtk2(Pinentry):
	name, packages, program_path = "pinentry-gtk2", ("pinentry-gtk2",), "/usr/bin/pinentry-gtk-2"


class PinentryGtk2Grab(PinentryGtk2):
	name, oracle, option, grab = "pinentry-gtk2-grab", "list, grab probe", "grab", True


class PinentryQt(Pinentry):
	name, packages, program_path = "pinentry-qt", ("pinentry-qt",), "/usr/bin/pinentry-qt"
	oracle = "list, AT-SPI"


class PinentryQtGrab(PinentryQt):
	name, oracle, option, grab = "pinentry-qt-grab", "list, AT-SPI, grab probe", "grab", True


class PinentryGnome3(Pinentry):
	"""Its window is gcr-prompter's, which the session bus starts, and which serves the next prompt, too."""

	name, packages, program_path = "pinentry-gnome3", ("pinentry-gnome3", "gcr"), "/usr/bin/pinentry-gnome3"
	oracle = "list, AT-SPI"


class PinentryGnome3Grab(PinentryGnome3):
	name, oracle, option, grab = "pinentry-gnome3-grab", "list, AT-SPI, grab probe", "grab", True


class Askpass(Prompt):
	path = None
	grab = True
	oracle = "list, grab probe"

	def launch(self):
		return self.desk.start([self.path, "Passphrase for the key:"], stdout=subprocess.PIPE, log="askpass.log")

	def answer(self):
		return self.program.read_line(10)


class X11Askpass(Askpass):
	name, packages, path = "x11-ssh-askpass", ("ssh-askpass",), "/usr/libexec/ssh-askpass/x11-ssh-askpass"


class GnomeAskpass(Askpass):
	name, packages, path = "ssh-askpass-gnome", ("ssh-askpass-gnome",), "/usr/lib/openssh/gnome-ssh-askpass"
	oracle = "list, AT-SPI, grab probe"


class KeePassXC(App):
	"""The unlock page of a real database: it opens only with what was typed."""

	name, packages, ordinary_keys = "keepassxc-unlock", ("keepassxc",), False
	oracle, note = "list, AT-SPI", "a password manager is excluded as a whole"

	def start(self):
		self.eyes = Eyes(self.desk.display)
		self.program = None
		config = pathlib.Path(self.desk.env["XDG_CONFIG_HOME"]) / "keepassxc/keepassxc.ini"
		config.parent.mkdir(parents=True, exist_ok=True)
		# No question on the first start, and no icon in a tray that is not there.
		config.write_text("[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\nSingleInstance=false\nMinimizeAfterUnlock=false\n"
			"[GUI]\nCheckForUpdates=false\nShowTrayIcon=false\n[Security]\nLockDatabaseIdle=false\n")
		self.database = self.desk.home / "canary.kdbx"
		said = subprocess.run(["keepassxc-cli", "db-create", "--set-password", "-t", "100", str(self.database)], env=self.desk.env,
			input="placeholder\nplaceholder\n", text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
		if not self.database.exists():
			raise DeskError("keepassxc-cli: " + said.stdout)

	def to_secret(self):
		before = self.eyes.focus()
		self.program = self.desk.start(["keepassxc", "--config", pathlib.Path(self.desk.env["XDG_CONFIG_HOME"]) / "keepassxc/keepassxc.ini",
			str(self.database)], log="keepassxc.log")
		self.eyes.taken(before, seconds=30, grab=False)

	def end_secret(self):
		# No database opens by a password that is chosen after it was made: the page shows what it took, and gives it away.
		for key in "hac":
			self.chord("Control_L", key)
			time.sleep(0.2)
		self.took = self.desk.run([PYTHON, "-c", CLIPBOARD]).stdout.strip()
		self.program.stop()

	def received(self):
		return self.took

	def stop(self):
		if self.program:
			self.program.stop()


class PolkitAgent(App):
	"""LXDE's agent, its dialog and polkit's own helper, which asks PAM; only the authority is a mock (tests/lib/polkit.py)."""

	name, packages, ordinary_keys = "lxpolkit", ("lxpolkit", "polkitd", "python3-dbusmock"), False
	oracle, note = "list", "nothing but a prompt for a secret"

	def start(self):
		from logind import SystemBus
		SystemBus(self.desk)
		self.eyes = Eyes(self.desk.display)
		self.authority = self.desk.start([PYTHON, HERE / "polkit.py", "org.example.canary"], stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, log="polkit.log")
		self.said_by_authority("ready")
		self.new_agent()

	def said_by_authority(self, word):
		line = self.authority.read_line(20)
		if line != word:
			raise DeskError(f"the authority says {line}, not {word}: " + self.desk.log("polkit.log"))

	def new_agent(self):
		shim = BUILD / "tests/tools/one_session.so"
		self.agent = self.desk.start(["lxpolkit"], env={"LD_PRELOAD": str(shim)}, log="agent.log")
		self.said_by_authority("registered")
		self.refused = self.desk.log("agent.log").count("pam_authenticate failed")

	def to_secret(self):
		before = self.eyes.focus()
		self.authority.popen.stdin.write(b"ask\n")
		self.authority.popen.stdin.flush()
		self.eyes.taken(before)

	def end_secret(self):
		self.desk.hands.key("Return")
		# Its helper was given a password, and PAM did not like it: so the dialog took one.
		wait_for(lambda: self.desk.log("agent.log").count("pam_authenticate failed") > self.refused, 15, name="the helper's no")
		text = self.companion.ask("text 0")
		if any(c in SECRET for c in text):
			raise DeskError("keys of the secret went past the dialog, into the editor")
		self.agent.stop()
		self.said_by_authority("ended")
		self.new_agent()

	def stop(self):
		if getattr(self, "agent", None):
			self.agent.stop()


APPS = [PinentryGtk2, PinentryGtk2Grab, PinentryQt, PinentryQtGrab, PinentryGnome3, PinentryGnome3Grab, X11Askpass, GnomeAskpass,
	KeePassXC, PolkitAgent]
