# SPDX-License-Identifier: Apache-2.0
"""What the terminals of a window say: echo, known program, secret, unknown."""

import os
import shutil
import stat
import subprocess
import time
import unittest

from dump import Desk, Dump, wait_for

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

	def terminal(self, *command, options=()):
		self.title = f"T {self.id().rsplit('.', 1)[-1]}"
		self.xterm = self.desk.xterm(command or ("bash", "--norc", "--noprofile"), title=self.title)
		self.addCleanup(self.xterm.stop)
		self.desk.focus(self.xterm.window)
		return self.dump(*options)

	def dump(self, *options):
		dump = Dump(self.desk, "--no-atspi", "--sample", "50", *options)
		self.addCleanup(dump.program.stop)
		return dump

	def interrupt(self, key="c"):
		self.desk.hands.key("Control_L", True)
		self.desk.hands.key(key)
		self.desk.hands.key("Control_L", False)

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

	def test_many(self):
		"""A pty beyond the 256th."""
		for _ in range(260):
			master, slave = os.openpty()
			os.close(slave)
			self.addCleanup(os.close, master)
		self.test_read_s()

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

	def test_read_letters(self):
		"""The shell is known, but it is not its line editor that reads."""
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("read -s -n 9")
		dump.wait_last("tty", state="unknown")
		self.enter("")
		dump.wait_last("tty", state="program")

	def test_pipeline(self):
		dump = self.terminal()
		self.enter("clear; cat /etc/passwd | less")
		dump.wait_last("tty", state="program")
		self.desk.type("q")

	def test_busybox(self):
		"""One file, many programs."""
		dump = self.terminal("busybox", "sh")
		dump.wait_last("tty", state="program")
		self.enter("read -s x")
		dump.wait_last("tty", state="secret")
		self.enter("x")
		dump.wait_last("tty", state="program")
		self.enter("read -s -n 9 x")
		dump.wait_last("tty", state="unknown")

	# -- what no configuration opens --

	def program(self, name):
		"""A program of that name that echoes, sleeps and asks nothing."""
		path = self.desk.home / name
		shutil.copy("/bin/sleep", path)
		return path

	def test_never_also_while_it_echoes(self):
		"""sudo before its prompt: keys are ahead of it."""
		path = self.program("sudo")
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"{path} 100")
		dump.wait_last("tty", state="unknown")
		self.interrupt()
		dump.wait_last("tty", state="program")
		self.enter(f"bash -c '{path} 100; true'")
		dump.wait_last("tty", state="unknown")

	def test_never_by_name_of_script(self):
		path = self.script("pass", "#!/bin/sh\nsleep 100\n")
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"{path}")
		dump.wait_last("tty", state="unknown")
		self.interrupt()
		dump.wait_last("tty", state="program")
		self.enter(f"sh {path}")
		dump.wait_last("tty", state="unknown")

	def test_configuration_cannot_override(self):
		dump = self.terminal(options=("--program", "*"))
		dump.wait_last("tty", state="program")
		path = self.script("ask.py", RAW)
		self.enter(f"/usr/bin/python3 {path}")
		dump.wait_last("tty", state="unknown")
		self.enter("x")
		dump.wait_last("tty", state="program")
		self.enter(f"{self.program('ssh')} 100")
		dump.wait_last("tty", state="unknown")
		self.interrupt()
		dump.wait_last("tty", state="program")
		self.enter("dialog --passwordbox x 8 40")
		dump.wait_last("tty", state="unknown")

	def test_configured_program(self):
		path = self.desk.home / "mine"
		shutil.copy("/bin/sleep", path)
		dump = self.terminal(options=("--program", "mine"))
		dump.wait_last("tty", state="program")
		self.enter(f"stty raw -echo; {path} 2; stty sane")
		time.sleep(0.5)
		dump.wait_last("tty", state="program", seconds=1)
		dump.program.stop()
		dump = self.dump()
		self.enter(f"stty raw -echo; {path} 2; stty sane")
		dump.wait_last("tty", state="unknown")

	def test_copy_of_the_shell(self):
		"""Forked, and not yet the program that it is going to be, for too long."""
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("(read x; true)")
		dump.wait_last("tty", state="unknown")
		self.enter("")
		dump.wait_last("tty", state="program")

	def test_script_hides(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("script -q /dev/null")
		dump.wait_last("tty", state="unknown")

	@unittest.skipUnless(os.getuid() == 0, "another user's shell needs root")
	def test_other_user(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("setpriv --reuid=nobody bash --norc")
		dump.wait_last("tty", state="unknown")
		self.enter("cat")
		time.sleep(0.3)
		dump.wait_last("tty", state="unknown")

	@unittest.skipUnless(os.getuid() == 0, "chroot needs root")
	def test_other_root(self):
		root = self.desk.home / "root"
		for path in ["/bin/busybox"] + [word for word in subprocess.run(["ldd", "/bin/busybox"], text=True,
				stdout=subprocess.PIPE, check=False).stdout.split() if word.startswith("/")]:
			target = root / path.lstrip("/")
			target.parent.mkdir(parents=True, exist_ok=True)
			shutil.copy(path, target)
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"chroot {root} /bin/busybox sh")
		dump.wait_last("tty", state="unknown")
		self.enter("exit")
		dump.wait_last("tty", state="program")

	# -- terminals in terminals --

	def tmux(self, *argv, server="assent-one"):
		return self.desk.run(["tmux", "-L", server, "-f", "/dev/null", *argv])

	def test_tmux(self):
		for server in ("assent-one", "assent-two"):
			self.addCleanup(self.tmux, "kill-server", server=server)
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("tmux -L assent-one -f /dev/null new-session bash --norc")
		time.sleep(0.5)
		dump.wait_last("tty", state="program")
		self.enter("read -s")
		dump.wait_last("tty", state="secret")
		self.enter("x")
		dump.wait_last("tty", state="program")
		# a pane that is not shown, and a server that this client knows nothing of, made while we look
		self.tmux("new-window", "-d", "read -s")
		dump.wait_last("tty", state="secret")
		self.tmux("kill-window", "-t", ":1")
		dump.wait_last("tty", state="program")
		self.tmux("new-session", "-d", f"exec {self.program('ssh')} 100", server="assent-two")
		dump.wait_last("tty", state="unknown")
		self.tmux("kill-server", server="assent-two")
		dump.wait_last("tty", state="program")
		# without a server there is nothing that could vouch
		self.assertNotIn("echo", {t["state"] for t in dump.all("tty")[-5:]})
		self.enter("exit")
		dump.wait_last("tty", state="program")

	def test_screen(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("screen -c /dev/null bash --norc")
		time.sleep(1.0)
		dump.wait_last("tty", state="program")
		self.enter("read -s")
		dump.wait_last("tty", state="secret")
		self.enter("x")
		dump.wait_last("tty", state="program")
		self.enter("exit")

	def test_name_of_tmux_alone(self):
		"""A program that says that it is tmux, and has no server."""
		path = self.desk.home / "tmux"
		shutil.copy("/bin/sleep", path)
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter(f"stty raw -echo; {path} 3; stty sane")
		dump.wait_last("tty", state="unknown")

	def test_tmux_of_somebody_else(self):
		"""A socket that is not the user's: our own servers cannot vouch for what is shown."""
		self.addCleanup(self.tmux, "kill-server")
		self.tmux("new-session", "-d", "bash --norc")
		path, script = self.desk.home / "as" / "tmux", self.script("wait.py", "import time\ntime.sleep(100)\n")
		path.parent.mkdir()
		shutil.copy(os.path.realpath("/usr/bin/python3"), path)
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		for words, state in ((f"{script}", "program"), (f"-S {script}", "unknown")):
			self.enter(f"stty raw isig -echo; PYTHONHOME=/usr {path} {words}; stty sane")
			time.sleep(0.5)
			dump.wait_last("tty", state=state)
			self.interrupt()
			time.sleep(0.3)
			dump.wait_last("tty", state="program")

	@unittest.skipUnless(shutil.which("vim"), "no vim")
	def test_terminal_of_an_editor(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("vim -u NONE -c terminal")
		time.sleep(1.0)
		dump.wait_last("tty", state="program")
		self.enter("read -s")
		dump.wait_last("tty", state="secret")

	def test_pinentry_from_elsewhere(self):
		"""gpg-agent starts it on a terminal where the shell has the foreground."""
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		pty = next(os.readlink(f"/proc/{child}/fd/0") for child in
			(self.desk.run(["cat", f"/proc/{self.xterm.pid}/task/{self.xterm.pid}/children"]).stdout.split()))
		words = f"OPTION ttyname={pty}\\nOPTION ttytype=xterm\\nGETPIN\\n"
		ask = self.desk.start(["sh", "-c", f"(printf '{words}'; sleep 100) | pinentry-curses"])
		self.addCleanup(ask.stop)
		dump.wait_last("tty", state="secret")

	# -- several windows --

	def test_window_of_a_child(self):
		"""What was started from a terminal, and shows a terminal itself, is another place."""
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		self.enter("xterm -T inner -e 'stty -echo; cat' &")
		inner = self.desk.wait_window("inner")
		self.desk.focus(inner)
		dump.wait_last("tty", state="secret")
		self.desk.focus(self.xterm.window)
		dump.wait_last("tty", state="program")

	@unittest.skipUnless(shutil.which("xfce4-terminal"), "no xfce4-terminal")
	def test_tabs(self):
		start = ["xfce4-terminal", "--disable-server", "--title=tabs", "--dynamic-title-mode=none", "-e", "bash --norc"]
		terminal = self.desk.start([*start, "--tab", "--title=tabs", "-e", "bash --norc -c 'read -s'"])
		self.addCleanup(terminal.stop)
		self.desk.focus(self.desk.wait_window("tabs"))
		dump = self.dump()
		dump.wait_last("tty", state="secret")
		self.enter("x")
		dump.wait_last("tty", state="program")

	@unittest.skipUnless(shutil.which("kitty"), "no kitty")
	def test_pty_is_not_kept_open(self):
		"""kitty waits up to 11 s for whoever has it open still."""
		kitty = self.desk.start(["kitty", "--config", "NONE", "--title", "kitty", "-o", "update_check_interval=0", "bash", "--norc"])
		self.addCleanup(kitty.stop)
		self.desk.focus(self.desk.wait_window("kitty", 30))
		dump = self.dump()
		dump.wait_last("tty", state="program")
		began = time.monotonic()
		self.enter("exit")
		kitty.popen.wait(20)
		self.assertLess(time.monotonic() - began, 3)
		self.assertTrue(dump.any("tty"))

	def test_a_look_is_cheap(self):
		dump = self.terminal()
		dump.wait_last("tty", state="program")
		wait_for(lambda: len(dump.all("tty")) >= 20, name="20 looks")
		costs = sorted(int(t["us"]) for t in dump.all("tty"))
		self.assertLess(costs[0], 2000, costs)


if __name__ == "__main__":
	unittest.main(verbosity=2)
