# SPDX-License-Identifier: Apache-2.0
"""What the terminals of a window say: echo, known program, secret, unknown."""

import shutil
import stat
import subprocess
import unittest

from dump import Desk, Dump

RAW = """import sys, termios, tty
old = termios.tcgetattr(0)
tty.setraw(0)
sys.stdout.write("password: "); sys.stdout.flush()
while sys.stdin.read(1) != "\\r": sys.stdout.write("*"); sys.stdout.flush()
termios.tcsetattr(0, termios.TCSANOW, old)
"""


class TtyTest(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.desk = Desk(a11y=False)
		cls.addClassCleanup(cls.desk.close)
		cls.desk.open()

	def terminal(self, *command):
		xterm = self.desk.xterm(command or ("bash", "--norc", "--noprofile"), title=f"T {self.id().rsplit('.', 1)[-1]}")
		self.addCleanup(xterm.stop)
		self.desk.focus(xterm.window)
		dump = Dump(self.desk, "--no-atspi", "--sample", "50")
		self.addCleanup(dump.program.stop)
		return dump

	def enter(self, text):
		self.desk.type(text + "\n", 0.002)

	def script(self, name, text):
		path = self.desk.home / name
		path.write_text(text)
		path.chmod(path.stat().st_mode | stat.S_IXUSR)
		return path

	def test_shell_prompt(self):
		self.terminal().wait_last("tty", state="program")

	def test_read_s(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("read -s")
		dump.wait_last("tty", state="secret")
		self.enter("x")
		dump.wait_last("tty", state="program")

	def test_getpass(self):
		dump = self.terminal()
		self.enter("python3 -c 'import getpass; getpass.getpass()'")
		dump.wait_last("tty", state="secret")
		self.enter("x")
		dump.wait_last("tty", state="program")

	def test_cat_echoes(self):
		dump = self.terminal()
		self.enter("cat")
		dump.wait_last("tty", state="echo")

	def test_raw_programs(self):
		dump = self.terminal()
		self.enter("/usr/bin/python3 -q")
		dump.wait_last("tty", state="program")
		self.enter("exit()")
		if shutil.which("less"):
			self.enter("clear")
			self.enter("less /etc/passwd")
			dump.wait_last("tty", state="program")
			self.desk.type("q")

	def test_script_that_reads_raw(self):
		"""An interpreter with a script may be asking for a password, whatever its executable."""
		path = self.script("ask.py", RAW)
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"/usr/bin/python3 {path}")
		dump.wait_last("tty", state="unknown")
		self.enter("x")
		dump.wait_last("tty", state="program")

	def test_shell_script_that_reads_raw(self):
		path = self.script("ask.sh", "#!/bin/bash\nstty -icanon -echo; while read -r -n1 c && [ \"$c\" ]; do printf '*'; done\n")
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"{path}")
		dump.wait_last("tty", state="unknown")

	def test_name_can_be_claimed(self):
		"""It is the executable that counts."""
		path = self.script("vim", RAW.replace("import sys", "#!/usr/bin/python3\nimport sys", 1))
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"{path}")
		dump.wait_last("tty", state="unknown")

	def test_second_pty_inside(self):
		"""The worst of all ttys below the window counts."""
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("/usr/bin/python3 -c 'import pty; pty.spawn([\"bash\", \"--norc\"])'")
		dump.wait_last("tty", state="unknown")
		self.enter("read -s")
		dump.wait_last("tty", state="secret")

	@unittest.skipUnless(subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0,
		"no mount namespace can be made here (needs root, and a root that is a mount point)")
	def test_other_mount_namespace(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("unshare -m bash --norc")
		dump.wait_last("tty", state="unknown")

	def test_a_look_is_cheap(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		costs = sorted(int(t["us"]) for t in dump.all("tty"))
		self.assertLess(costs[0], 2000, costs)


if __name__ == "__main__":
	unittest.main(verbosity=2)
