# SPDX-License-Identifier: Apache-2.0
"""The plainest applications: a GTK 3 form, zenity, a terminal's prompt, an excluded application."""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from canary import App  # noqa: E402
from desk import wait_for  # noqa: E402

GTK = ("python3-gi", "gir1.2-gtk-3.0")


class Form(App):
	"""A text field and a password field of one window."""

	oracle, packages = "AT-SPI", GTK

	def start(self):
		self.window = self.desk.gtk("Form", ["text", "password"], stdin=subprocess.PIPE)

	def ordinary(self):
		self.window.tell("clear 1")
		self.desk.click(*self.window.at(0), settle=0.3)

	def received(self):
		return self.window.ask("text 1")


class FormClick(Form):
	name, busy = "gtk3-form-click", True

	def to_secret(self):
		self.desk.click(*self.window.at(1), settle=0)


class FormTab(Form):
	name = "gtk3-form-tab"

	def to_secret(self):
		self.desk.hands.key("Tab")


class Zenity(App):
	"""A dialog of its own that comes up under the user's hands."""

	name, oracle, packages, ordinary_keys = "zenity-password", "AT-SPI", ("zenity",), False
	note = "nothing but a password dialog"

	def start(self):
		self.dialog = None
		self.took = ""

	def to_secret(self):
		self.dialog = self.desk.start(["zenity", "--password", "--title=Unlock"], stdout=subprocess.PIPE)
		window = self.desk.wait_window("Unlock")
		wait_for(lambda: self.desk.focused() == window, 10, every=0.01, name="the dialog's focus")

	def end_secret(self):
		self.desk.hands.key("Return")
		self.took = self.dialog.read_line()
		self.dialog.stop()

	def received(self):
		return self.took

	def stop(self):
		if self.dialog:
			self.dialog.stop()


class Terminal(App):
	"""bash in an xterm. Its commands are functions whose names are of the ordinary alphabet."""

	oracle, packages = "termios", ("xterm",)
	functions = ""

	def start(self):
		rc = self.desk.home / "bashrc"
		rc.write_text("PS1='$ '\n" + self.functions)
		self.terminal = self.desk.xterm(["bash", "--noprofile", "--rcfile", str(rc)], title="Terminal")
		left, top, width, height = self.desk.geometry(self.terminal.window)
		self.middle = left + width // 2, top + height // 2
		time.sleep(0.5)

	def ordinary(self):
		self.desk.click(*self.middle, settle=0.4)

	def stop(self):
		self.terminal.stop()


class ReadSilent(Terminal):
	name, busy = "xterm-read-s", True
	functions = 'flag() { read -r -s -p "password: " x; printf "%s" "$x" >took; }\n'

	def to_secret(self):
		# Ends the line that the ordinary word is on.
		self.say("\nflag\n")

	def end_secret(self):
		self.desk.hands.key("Return")

	def received(self):
		time.sleep(0.2)
		return (self.desk.home / "took").read_text()


class Sudo(Terminal):
	"""A real sudo that asks nobody for a password, since the tests may be root."""

	name = "xterm-sudo"
	functions = "flag() { " + ("setpriv --reuid=nobody --regid=nogroup --clear-groups " if os.getuid() == 0 else "") + "sudo -k true; }\n"

	def to_secret(self):
		self.say("\nflag\n")

	def end_secret(self):
		self.chord("Control_L", "c")


class Excluded(App):
	"""The participant's own exclusion, by window class."""

	name, oracle, packages, ordinary_keys = "excluded-app", "list", GTK, False
	note = "excluded as a whole"
	config = "capture: {exclude_apps: [payroll]}\n"

	def start(self):
		self.window = self.desk.gtk("Payroll", ["text"], geometry="300x100+40+400", env={"GTK_WINDOW_CLASS": "payroll"},
			stdin=subprocess.PIPE)

	def to_secret(self):
		self.window.tell("clear 0")
		self.desk.click(*self.window.at(0), settle=0)

	def received(self):
		return self.window.ask("text 0")


APPS = [FormClick, FormTab, Zenity, ReadSilent, Sudo, Excluded]
