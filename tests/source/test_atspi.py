# SPDX-License-Identifier: Apache-2.0
"""What the accessibility bus says about the focused field."""

import importlib.util
import json
import pathlib
import subprocess
import time
import unittest

from dump import Desk, Dump, wait_for
from desk import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
LIB = HERE.parent / "lib"


class AtspiTest(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.desk = Desk()
		cls.addClassCleanup(cls.desk.close)
		cls.desk.open()

	def dump(self, *args, env=None):
		d = Dump(self.desk, *args, env=env)
		self.addCleanup(d.program.stop)
		return d

	def role_of(self, dump, role, pid):
		found = dump.wait("field", role=role, pid=pid)
		news = [f for f in dump.all("field", role="pending") if f["object"] == found["object"]]
		self.assertTrue(news and news[0]["asked"] == "0", "told as pending first")
		self.assertNotEqual(found["asked"], "0")
		return found

	def test_zenity(self):
		for option, role in (("--entry", "text"), ("--password", "secret")):
			with self.subTest(option):
				dump = self.dump()
				zenity = self.desk.start(["zenity", option, "--title", "Ask" + option])
				window = self.desk.wait_window("Ask" + option)
				self.desk.focus(window)
				found = self.role_of(dump, role, zenity.pid)
				self.assertEqual(found["focused"], "1")
				zenity.stop()
				dump.stop()

	def test_moving_between_fields(self):
		window = self.desk.gtk("Form", ["text", "password", "button", "area"], "400x300+40+40")
		self.addCleanup(window.stop)
		self.desk.focus(window.window)
		dump = self.dump()
		for index, role in enumerate(("text", "secret", "other", "text")):
			self.desk.click(*window.at(index))
			dump.wait_last("field", role=role, focused=1, pid=window.pid)
		self.assertEqual(len({f["object"] for f in dump.all("field")}), 4)

	def test_focus_from_before(self):
		window = self.desk.gtk("Before", ["text", "password"], "400x200+40+40")
		self.addCleanup(window.stop)
		self.desk.focus(window.window)
		self.desk.click(*window.at(1))
		dump = self.dump()
		dump.wait_last("field", role="secret", focused=1, pid=window.pid)

	def test_asked_again(self):
		"""The same object, once a password field, is asked again: "show password" changes its role, not its id."""
		window = self.desk.gtk("Show", ["text", "password"], "400x200+40+40", stdin=subprocess.PIPE)
		self.addCleanup(window.stop)
		self.desk.focus(window.window)
		dump = self.dump("--sample", "100")
		self.desk.click(*window.at(1))
		secret = dump.wait("field", role="secret", pid=window.pid)
		window.popen.stdin.write(b"show 1\n")
		window.popen.stdin.flush()
		dump.wait_last("field", role="text", object=secret["object"], focused=1)
		self.desk.click(*window.at(0))
		self.assertNotEqual(dump.wait("field", role="pending")["object"], secret["object"])

	def carets(self, dump, **wanted):
		return sum(max(1, int(f["moved"])) for f in dump.all("caret", **wanted))

	def test_a_caret_for_each_key(self):
		"""In plain and in password fields, with the object that the news spoke of, at any speed."""
		window = self.desk.gtk("Carets", ["text", "password", "area"], "400x300+40+40")
		self.addCleanup(window.stop)
		self.desk.focus(window.window)
		for index, role in enumerate(("text", "secret", "text")):
			for every in (0.03, 0):
				with self.subTest(field=index, every=every):
					self.desk.click(*window.at((index + 1) % 3))
					dump = self.dump()
					self.desk.click(*window.at(index))
					field = dump.wait_last("field", role=role, focused=1, pid=window.pid) or dump.all("field")[-1]
					before = self.carets(dump)
					self.desk.type("abcdefgh", every)
					wait_for(lambda: self.carets(dump, object=field["object"], pid=window.pid) >= before + 8, name="eight carets")
					time.sleep(0.2)
					self.assertEqual(self.carets(dump), before + 8)
					dump.stop()

	def qt(self, *kinds):
		qt = self.desk.start([PYTHON, LIB / "qt_window.py", "Qt", *kinds], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		self.addCleanup(qt.stop)
		qt.told = json.loads(qt.read_line(30))
		self.desk.focus(qt.told["window"])
		return qt

	@unittest.skipUnless(importlib.util.find_spec("PyQt5"), "needs python3-pyqt5")
	def test_a_part_speaks_for_the_whole(self):
		"""The line edit in a combo box: its carets are the combo box's, which takes text then."""
		dump = self.dump("--sample", "200")
		qt = self.qt("text", "combo")
		self.desk.click(*qt.told["fields"][1])
		combo = dump.wait_last("field", role="other", focused=1, pid=qt.pid) or dump.all("field")[-1]
		self.desk.type("abcd", 0.03)
		wait_for(lambda: self.carets(dump, object=combo["object"]) == 4, name="its carets")
		dump.wait_last("field", role="text", object=combo["object"], focused=1)

	@unittest.skipUnless(importlib.util.find_spec("PyQt5"), "needs python3-pyqt5")
	def test_a_secret_without_news(self):
		"""A password field whose caret moves is known, though it never had the focus; a text field's moves are nobody's."""
		dump = self.dump()
		qt = self.qt("text", "password", "area")
		self.desk.click(*qt.told["fields"][0])
		text = dump.wait_last("field", role="text", focused=1, pid=qt.pid) or dump.all("field")[-1]
		for line in (b"clear 2\n", b"clear 1\n"):
			qt.popen.stdin.write(line)
			qt.popen.stdin.flush()
		secret = dump.wait("field", role="secret", focused=0, pid=qt.pid)
		self.assertNotEqual(secret["object"], text["object"])
		dump.settle()
		self.assertEqual({f["object"] for f in dump.all("caret")} - {text["object"], secret["object"]}, set())

	def test_not_there_yet(self):
		"""Who tells of a focus and cannot be asked about it yet is asked again; and not for ever (a mock: see late_application.py)."""
		for late, role in ((0, "text"), (0.5, "text"), (30, "dead")):
			with self.subTest(late=late):
				dump = self.dump()
				app = self.desk.start([PYTHON, HERE / "late_application.py", late], log="late.log")
				dump.wait("field", role="pending", focused=1)
				if role == "text":
					dump.wait_last("field", role="text", focused=1, pid=app.pid)
				else:
					wait_for(lambda: len(dump.all("field", role="dead")) == 6, name="six questions")
					time.sleep(1)
				self.assertLessEqual(len(dump.all("field", role="dead")), 6)
				app.stop()
				dump.stop()

	def test_application_dies(self):
		window = self.desk.gtk("Dies", ["text"], "400x200+40+40")
		dump = self.dump()
		self.desk.focus(window.window)
		self.desk.click(*window.at(0))
		found = dump.wait("field", role="text", pid=window.pid)
		window.popen.kill()
		window.popen.wait()
		dump.wait("field", role="dead", object=found["object"])

	def test_application_does_not_answer(self):
		window = self.desk.gtk("Hangs", ["text"], "400x200+40+40")
		self.addCleanup(window.stop)
		dump = self.dump("--sample", "200")
		self.desk.focus(window.window)
		self.desk.click(*window.at(0))
		found = dump.wait("field", role="text", pid=window.pid)
		window.popen.send_signal(19)
		begin = time.monotonic()
		try:
			dump.wait("field", role="dead", object=found["object"])
			self.assertLess(time.monotonic() - begin, 2.5)
		finally:
			window.popen.send_signal(18)
		dump.wait_last("field", role="text", object=found["object"])

	def test_all_of_it_in_the_sandbox(self):
		"""Nothing that the sources do later needs what capture gives up."""
		dump = self.dump("--sandbox", "--text", "--titles", "--sample", "100")
		self.assertTrue(dump.any("ready"))
		window = self.desk.gtk("Form", ["text", "password"], "400x300+40+40")
		self.addCleanup(window.stop)
		self.desk.focus(window.window)
		self.desk.click(*window.at(1))
		dump.wait_last("field", role="secret", focused=1, pid=window.pid)
		self.desk.run(["setxkbmap", "de"])
		self.addCleanup(self.desk.run, ["setxkbmap", "us"])
		xterm = self.desk.xterm(title="Boxed")
		self.addCleanup(xterm.stop)
		self.desk.focus(xterm.window)
		dump.wait_last("tty", state="program")
		self.desk.type("read -s", 0.002)
		self.desk.hands.key("Return")
		dump.wait("key", code=28, action="up")
		self.desk.run(["xinput", "create-master", "Boxed"])
		self.addCleanup(self.desk.run, ["xinput", "remove-master", "Boxed pointer"])
		dump.wait("device", device=5)
		dump.wait("layout", name="German")
		self.assertEqual(dump.stop()["error"], "0")

	def test_only_focus_and_carets_are_asked_for(self):
		dump = self.dump()
		address = self.desk._a11y_address()
		said = self.desk.run(["busctl", "--address=" + address, "call", "org.a11y.atspi.Registry", "/org/a11y/atspi/registry",
			"org.a11y.atspi.Registry", "GetRegisteredEvents"]).stdout
		self.assertIn("focused", said.lower())
		self.assertIn("caret", said.lower())
		self.assertNotIn("changed\"", said.lower().replace("statechanged", "").replace("state-changed", ""))
		self.assertNotIn("text-changed", said.lower())
		dump.stop()
		wait_for(lambda: "focused" not in self.desk.run(["busctl", "--address=" + address, "call", "org.a11y.atspi.Registry",
			"/org/a11y/atspi/registry", "org.a11y.atspi.Registry", "GetRegisteredEvents"]).stdout.lower(), name="its end")

	def test_no_bus(self):
		for env in ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}, {"DBUS_SESSION_BUS_ADDRESS": "disabled:"}):
			dump = self.dump(env=env)
			self.assertTrue(dump.any("failed", error="-8"))


class BusDies(unittest.TestCase):
	def test_it_is_told(self):
		with Desk() as desk:
			dump = Dump(desk)
			buses = [pid for pid in desk.marked() if self.is_a11y_bus(pid)]
			self.assertEqual(len(buses), 1)
			subprocess.run(["kill", "-9", str(buses[0])], check=True)
			dump.wait("gone", server="atspi")
			self.assertEqual(dump.all("total")[0]["error"], "-8")

	@staticmethod
	def is_a11y_bus(pid):
		with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
			words = cmdline.read()
		return b"dbus-daemon" in words and b"accessibility.conf" in words


if __name__ == "__main__":
	unittest.main(verbosity=2)
