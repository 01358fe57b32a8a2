# SPDX-License-Identifier: Apache-2.0
"""GTK 3 beyond the plainest form, and GTK 4."""

import json
import pathlib
import re
import subprocess
import sys

LIB = pathlib.Path(__file__).resolve().parents[2] / "lib"
sys.path.insert(0, str(LIB))
from canary import App  # noqa: E402
from desk import PYTHON  # noqa: E402

GTK3 = ("python3-gi", "gir1.2-gtk-3.0")
GTK4 = ("python3-gi", "gir1.2-gtk-4.0")


class Area(App):
	"""A text view, and a password field that has been made readable: "show password"."""

	name, oracle, packages = "gtk3-show-password", "AT-SPI", GTK3

	def start(self):
		self.window = self.desk.gtk("Area", ["area", "password", "text"], stdin=subprocess.PIPE)
		self.desk.click(*self.window.at(1))
		self.window.tell("show 1")

	def ordinary(self):
		self.window.tell("clear 1")
		self.desk.click(*self.window.at(0), settle=0.3)

	def to_secret(self):
		self.desk.click(*self.window.at(1), settle=0)

	def received(self):
		return self.window.ask("text 1")


class Form4(App):
	"""A GTK 4 form: fields 0 (ordinary) and 1 (a GtkPasswordEntry)."""

	oracle, packages = "AT-SPI", (*GTK4, "x11-utils")
	kinds = ("text", "password", "area")
	took = ""

	def start(self):
		# What draws it does not matter, and the software GL of a virtual screen is slow.
		self.program = self.desk.start([PYTHON, LIB / "gtk4_window.py", "Form4", *self.kinds], stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, log="gtk4.log", env={"GSK_RENDERER": "cairo"})
		self.told = json.loads(self.program.read_line(30))
		self.desk.focus(self.told["window"])

	def tell(self, line):
		self.program.popen.stdin.write(line.encode() + b"\n")
		self.program.popen.stdin.flush()

	def at(self, index):
		# xdotool adds the window manager's frame twice here.
		said = self.desk.run(["xwininfo", "-id", str(self.told["window"])]).stdout
		left, top = (int(re.search(rf"upper-left {axis}: +(-?\d+)", said)[1]) for axis in "XY")
		x, y = self.told["fields"][index]
		return left + x, top + y

	def ordinary(self):
		self.desk.click(*self.at(0), settle=0.3)

	def end_secret(self):
		# While the focus is there: it moves its caret for that, and a password field that nobody is in must not.
		self.tell("text 1")
		self.took = json.loads(self.program.read_line())
		self.tell("clear 1")
		self.tell("text 1")
		self.program.read_line()

	def received(self):
		return self.took

	def stop(self):
		self.program.stop()


class Form4Click(Form4):
	name = "gtk4-form-click"
	place = None

	def ordinary(self):
		super().ordinary()
		self.place = self.at(1)

	def to_secret(self):
		self.desk.click(*self.place, settle=0)


class Form4Tab(Form4):
	name = "gtk4-form-tab"

	def to_secret(self):
		self.desk.hands.key("Tab")


APPS = [Area, Form4Click, Form4Tab]
