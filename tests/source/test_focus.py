# SPDX-License-Identifier: Apache-2.0
"""Whose window the keys went to, and whether somebody grabs them."""

import json
import os
import random
import subprocess
import time
import unittest

from dump import Desk, Dump, wait_for
from x_windows import XWindows


class FocusTest(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.desk = Desk(a11y=False)
		cls.addClassCleanup(cls.desk.close)
		cls.desk.open()

	def dump(self, *args):
		d = Dump(self.desk, "--no-atspi", *args)
		self.addCleanup(d.program.stop)
		return d

	def editor(self, title, geometry, fields=("text",)):
		w = self.desk.gtk(title, fields, geometry, stdin=subprocess.PIPE)
		self.addCleanup(w.stop)
		return w

	@staticmethod
	def ask(window, line):
		window.popen.stdin.write(line.encode() + b"\n")
		window.popen.stdin.flush()

	def test_keys_right_after_a_click(self):
		"""What each window really got is the truth; the order of events must say the same."""
		windows = [self.editor("Left", "300x120+20+20"), self.editor("Right", "300x120+600+20")]
		dump = self.dump("--text")
		hands, chance = self.desk.hands, random.Random(7)
		for turn in range(80):
			hands.move(*windows[turn % 2].at(0))
			hands.click()
			hands.type("".join(chance.choice("abcdefghij") for _ in range(5)))
			time.sleep(0.12)
		dump.settle()
		told, pid = {w.pid: "" for w in windows}, 0
		for kind, fields in dump.events("focus", "key"):
			if kind == "focus":
				pid = int(fields["pid"])
			elif fields["action"] == "down":
				told[pid] = told.get(pid, "") + fields["text"]
		for w in windows:
			self.ask(w, "keys")
			self.assertEqual(json.loads(w.read_line()), told[w.pid], w.argv)
		self.assertEqual(sum(map(len, told.values())), 400)

	def test_who_it_is(self):
		window = self.editor("Who", "200x100+20+20")
		self.desk.focus(window.window)
		dump = self.dump()
		told = dump.all("focus")[-1]
		self.assertEqual(told["pid"], str(window.pid))
		self.assertEqual(told["exe"], os.readlink(f"/proc/{window.pid}/exe"))
		self.assertEqual((told["instance"], told["terminal"], told["foreign"]), ("gtk-window", "0", "0"))
		self.assertEqual(told["title"], "")
		xterm = self.desk.xterm(title="Shell")
		self.addCleanup(xterm.stop)
		self.desk.focus(xterm.window)
		dump.wait_last("focus", pid=xterm.pid, terminal=1, **{"class": "XTerm"})

	def test_titles_only_if_asked(self):
		window = self.editor("Größe", "200x100+20+20")
		dump = self.dump("--titles")
		self.desk.focus(window.window)
		dump.wait_last("focus", title="Größe", pid=window.pid)
		self.ask(window, "title Second")
		dump.wait_last("focus", title="Second", pid=window.pid)

	def test_new_windows(self):
		"""A window gets the focus before we can have watched it."""
		dump = self.dump("--sample", "100")
		for turn in range(5):
			window = self.editor(f"New {turn}", "200x100+300+20")
			wait_for(lambda w=window: self.desk.focused() != 0, name="focus")
			dump.wait_last("focus", pid=window.pid)
			dump.wait_last("agree", agrees=1)
			window.stop()

	def test_windows_vanish_under_our_feet(self):
		dump = self.dump("--sample", "20", "--delay", "5")
		x = XWindows(self.desk.display)
		for turn in range(300):
			outer = x.make()
			inner = x.make(20, 20, outer)
			x.focus(inner if turn % 2 else outer)
			self.desk.hands.key("a")
			if turn % 3 == 0:
				time.sleep(0.004)
			x.destroy(outer)
			x.sync()
		dump.settle()
		self.assertEqual(len(dump.all("key", action="down")), 300)
		window = self.editor("After", "200x100+300+20")
		self.desk.focus(window.window)
		dump.wait_last("focus", pid=window.pid)
		dump.wait_last("agree", agrees=1)
		self.assertEqual(dump.stop()["error"], "0")

	def test_grabs(self):
		window = self.editor("Under", "200x100+20+20")
		self.desk.focus(window.window)
		dump = self.dump("--sample", "50")
		dump.wait_last("grab", grabbed=0)
		x = XWindows(self.desk.display)
		self.assertEqual(x.grab(), 0)
		x.sync()
		dump.wait_last("grab", grabbed=1)
		self.desk.hands.key("s")
		dump.wait("key", code=31)
		x.ungrab()
		dump.wait_last("grab", grabbed=0)
		# A key that is held is nobody's grab, and the probe takes nothing from anybody.
		self.desk.hands.key("a", True)
		time.sleep(0.4)
		self.desk.hands.key("a", False)
		self.assertEqual({g["grabbed"] for g in dump.all("grab")[-6:]}, {"0"})
		dump.wait_last("agree", agrees=1)
		self.assertEqual(dump.all("focus")[-1]["pid"], str(window.pid))

	def test_screen_locker(self):
		dump = self.dump("--sample", "50")
		locker = self.desk.start(["i3lock", "-n", "-c", "204060"])
		dump.wait_last("grab", grabbed=1)
		locker.stop()
		dump.wait_last("grab", grabbed=0)


class NobodyTest(unittest.TestCase):
	"""Without a window manager, which would give the focus to somebody at once."""

	def test_nobody_has_the_focus(self):
		with Desk(a11y=False, wm=False) as desk:
			x = XWindows(desk.display)
			window = x.make()
			x.focus(window)
			dump = Dump(desk, "--no-atspi", "--sample", "50")
			for nobody in (0, 1):
				x.focus(nobody)
				dump.wait_last("focus", window=0, pid=0)
				dump.wait_last("agree", agrees=1)
				x.focus(window)
				dump.wait_last("focus", window=window, pid=os.getpid())
				dump.wait_last("agree", agrees=1)


if __name__ == "__main__":
	unittest.main(verbosity=2)
