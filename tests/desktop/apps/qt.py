# SPDX-License-Identifier: Apache-2.0
"""Qt 5."""

import json
import pathlib
import subprocess
import sys

LIB = pathlib.Path(__file__).resolve().parents[2] / "lib"
sys.path.insert(0, str(LIB))
from canary import App  # noqa: E402
from desk import PYTHON  # noqa: E402


class Form(App):
	"""An ordinary field (0) and a password field (1) behind it."""

	oracle, packages = "AT-SPI", ("python3-pyqt5",)
	kinds = ("text", "password")
	took = ""

	def start(self):
		self.program = self.desk.start([PYTHON, LIB / "qt_window.py", "Form", *self.kinds], stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, log="qt.log")
		self.told = json.loads(self.program.read_line(30))
		self.desk.focus(self.told["window"])

	def tell(self, line):
		self.program.popen.stdin.write(line.encode() + b"\n")
		self.program.popen.stdin.flush()

	def ordinary(self):
		self.desk.click(*self.told["fields"][0], settle=0.3)

	def to_secret(self):
		self.desk.click(*self.told["fields"][1], settle=0)

	def end_secret(self):
		# While the focus is there: it moves its caret for that, and a password field that nobody is in must not.
		self.tell("text 1")
		self.took = json.loads(self.program.read_line())
		self.tell("clear 1")

	def received(self):
		return self.took

	def stop(self):
		self.program.stop()


class FormClick(Form):
	name, busy = "qt5-form-click", True


class FormTab(Form):
	name = "qt5-form-tab"

	def to_secret(self):
		self.desk.hands.key("Tab")


class ComboClick(Form):
	name, kinds = "qt5-combo-click", ("combo", "password")


class AreaClick(Form):
	name, kinds = "qt5-area-click", ("area", "password")


APPS = [FormClick, FormTab, ComboClick, AreaClick]
