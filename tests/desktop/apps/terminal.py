# SPDX-License-Identifier: Apache-2.0
"""Terminal emulators, and what asks for secrets in them: bash's prompt is the ordinary place.

Every command is a function of the ordinary alphabet, flag, since what is typed at the prompt may be kept.
"""

import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from canary import App  # noqa: E402
from cases import Skip  # noqa: E402
from desk import PYTHON, wait_for  # noqa: E402

# Root is asked for no password: then somebody else asks.
SOMEBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups " if os.getuid() == 0 else ""


class Terminal(App):
	"""bash in a terminal emulator's window of the title TITLE."""

	oracle, packages = "termios", ("xterm",)
	title = "Shell"
	functions = 'flag() { read -r -s x; printf "%s" "$x" >took; }\n'
	told = True                # flag() leaves what it read in the file "took"

	def shell(self):
		"""The command that runs in the terminal."""
		return ["bash", "--noprofile", "--rcfile", str(self.rc)]

	def emulator(self):
		"""The command of the terminal emulator."""
		return ["xterm", "-T", self.title, "-n", self.title, "-geometry", "80x24+40+300", "-e", *self.shell()]

	def start(self):
		self.rc = self.desk.home / "bashrc"
		self.rc.write_text("PS1='$ '\nunset command_not_found_handle\nPATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n"
			f"cd '{self.desk.home}'\n" + self.functions)
		self.took_file = self.desk.home / "took"
		self.terminal = self.desk.start(self.emulator(), log="terminal.log")
		self.window = self.desk.wait_window(self.title, 30)
		self.desk.run(["xdotool", "windowmove", "--sync", str(self.window), "40", "260"])
		time.sleep(1.0)
		self.enter()

	def enter(self):
		"""What else it takes until the ordinary prompt is there."""

	def ordinary(self):
		left, top, width, height = self.desk.geometry(self.window)
		self.desk.click(left + width // 2, top + height // 2, settle=0.4)

	def to_secret(self):
		self.took_file.unlink(missing_ok=True)
		# Ends the line that the ordinary word is on.
		self.say("\nflag\n")

	def end_secret(self):
		self.desk.hands.key("Return")

	def received(self):
		if not self.told:
			return None
		wait_for(self.took_file.exists, 10, name="what the prompt took")
		time.sleep(0.3)
		return self.took_file.read_text().strip()

	def stop(self):
		self.terminal.stop()


class Interrupted(Terminal):
	"""A prompt that nobody can answer: Ctrl+C ends it."""

	told = False

	def end_secret(self):
		self.chord("Control_L", "c")
		time.sleep(0.4)


class Sudo(Interrupted):
	functions = "flag() { " + SOMEBODY + "sudo -k true; }\n"


# ---- emulators ----

class Xfce(Sudo):
	"""VTE."""

	name, packages = "xfce4-terminal-sudo", ("xfce4-terminal", "sudo")

	def emulator(self):
		return ["xfce4-terminal", "--disable-server", "--hide-menubar", f"--title={self.title}", "--dynamic-title-mode=none",
			"--geometry=80x20", "-x", *self.shell()]


class XfceTabs(Terminal):
	"""Two tabs of one process; the prompt is in the second one."""

	name, packages = "xfce4-terminal-tabs", ("xfce4-terminal",)

	def emulator(self):
		command = " ".join(self.shell())
		return ["xfce4-terminal", "--disable-server", "--hide-menubar", f"--title={self.title}", "--dynamic-title-mode=none",
			"--geometry=80x20", "-e", command, "--tab", f"--title={self.title}", "-e", command]


class Gnome(Terminal):
	name, packages = "gnome-terminal-read-s", ("gnome-terminal",)

	def emulator(self):
		# A client: the window belongs to a server that the bus starts.
		return ["gnome-terminal", "--wait", f"--title={self.title}", "--geometry=80x20", "--", *self.shell()]


class Alacritty(Terminal):
	name, packages = "alacritty-read-s", ("alacritty",)

	def emulator(self):
		return ["alacritty", "-t", self.title, "-o", "window.dimensions.columns=80", "-o", "window.dimensions.lines=20",
			"-e", *self.shell()]


class Kitty(Sudo):
	name, packages = "kitty-sudo", ("kitty", "sudo")

	def emulator(self):
		return ["kitty", "--config", "NONE", "--title", self.title, "-o", "update_check_interval=0", "-o", "remember_window_size=no",
			"-o", "initial_window_width=640", "-o", "initial_window_height=400", *self.shell()]

	def stop(self):
		"""It waits 11 s for whoever keeps its pty open: nobody may."""
		if self.terminal.popen.poll() is None:
			began = time.monotonic()
			self.terminal.stop(20)
			took = time.monotonic() - began
			if took > 5:
				raise AssertionError(f"kitty took {took:.1f} s to close")


# ---- multiplexers ----

class Tmux(Terminal):
	"""All servers of the user count, so that two of these side by side mask each other's words."""

	name, packages, busy = "tmux-read-s", ("xterm", "tmux"), True

	def shell(self):
		self.socket = "assent-" + self.desk.mark[:8]
		return ["tmux", "-L", self.socket, "-f", "/dev/null", "new-session", *super().shell()]

	def stop(self):
		self.desk.run(["tmux", "-L", self.socket, "kill-server"])
		super().stop()


class Screen(Sudo):
	name, packages = "screen-sudo", ("xterm", "screen", "sudo")

	def shell(self):
		return ["screen", "-c", "/dev/null", *super().shell()]


# ---- prompts that draw ----

class Pinentry(Terminal):
	name, oracle, packages = "pinentry-curses", "list", ("xterm", "pinentry-curses")
	functions = ('flag() { printf "OPTION ttyname=%s\\nOPTION ttytype=xterm\\nGETPIN\\n" "$(tty)" | pinentry-curses |'
		' sed -n "s/^D //p" >took; }\n')


class Dialog(Terminal):
	name, oracle, packages = "dialog-passwordbox", "list", ("xterm", "dialog")
	functions = "flag() { dialog --passwordbox Secret 8 40 2>took; }\n"

	def end_secret(self):
		# Its cursor stands in the field: one Return leaves it by the OK button.
		self.desk.hands.key("Return")


class RawPrompt(Terminal):
	"""A script that reads letter by letter and shows stars."""

	name, oracle, packages, busy = "python-raw-prompt", "list", ("xterm", "python3"), True
	script = """import os, sys, termios, tty
old = termios.tcgetattr(0)
tty.setraw(0, termios.TCSADRAIN)
text = ""
while (c := os.read(0, 1).decode()) != "\\r":
	text += c
	os.write(1, b"*")
termios.tcsetattr(0, termios.TCSADRAIN, old)
open("took", "w").write(text)
"""

	def start(self):
		(self.desk.home / "ask.py").write_text(self.script)
		super().start()

	functions = f"flag() {{ {PYTHON} ask.py; }}\n"


class Bites(Terminal):
	"""A shell function that reads a PIN of so many letters: raw mode, with a known program, but not its line editor."""

	name = "xterm-read-s-n"
	# One more than come: a prompt that is over within a look's 50 ms is nobody's hands'.
	functions = 'flag() { read -r -s -n 13 x; printf "%s" "$x" >took; }\n'


# ---- elsewhere, and as somebody else ----

class Ssh(Interrupted):
	"""ssh's own prompt, which comes late, from a server of our own."""

	name, packages = "ssh-password", ("xterm", "openssh-client", "dropbear-bin")
	options = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"

	def start(self):
		with socket.socket() as free:
			free.bind(("127.0.0.1", 0))
			self.port = free.getsockname()[1]
		self.place = self.desk.home / "sshd"
		self.place.mkdir(mode=0o700)
		self.server = self.desk.start(self.serve(), log="sshd.log")
		self.functions = self.command()
		wait_for(self._listens, 10, name="the server")
		super().start()

	def serve(self):
		self.desk.run(["dropbearkey", "-t", "ed25519", "-f", self.place / "host"])
		return ["dropbear", "-F", "-E", "-m", "-r", self.place / "host", "-P", self.place / "pid", "-p", f"127.0.0.1:{self.port}"]

	def command(self):
		return f"flag() {{ ssh {self.options} -o PubkeyAuthentication=no -p {self.port} root@127.0.0.1; }}\n"

	def _listens(self):
		with socket.socket() as s:
			return s.connect_ex(("127.0.0.1", self.port)) == 0

	def stop(self):
		super().stop()
		self.server.stop()


class SshShell(Ssh):
	"""A remote shell, where nobody can see what asks. The package of the server is not asked for: it would start a service."""

	name, oracle, packages = "ssh-shell", "list", ("xterm", "openssh-client")

	def start(self):
		self.sshd = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin")
		if not self.sshd:
			raise Skip("no sshd here (Debian: openssh-server)")
		if os.getuid() == 0:
			os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
		super().start()

	def serve(self):
		for name in ("host", "client"):
			self.desk.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.place / name])
		(self.place / "config").write_text(f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.place}/host\nPidFile none\n"
			f"UsePAM no\nStrictModes no\nAuthorizedKeysFile {self.place}/client.pub\nPermitRootLogin yes\nPasswordAuthentication no\n"
			"PrintMotd no\nPrintLastLog no\n")
		return [self.sshd, "-D", "-f", self.place / "config"]

	def command(self):
		return (f"flag() {{ ssh {self.options} -i {self.place}/client -t -p {self.port} {getpass.getuser()}@127.0.0.1"
			f" 'touch {self.desk.home}/there; exec bash --norc --noprofile'; }}\n")

	def to_secret(self):
		there = self.desk.home / "there"
		there.unlink(missing_ok=True)
		super().to_secret()
		wait_for(there.exists, 20, every=0.005, name="the remote shell (" + self.desk.log("sshd.log") + ")")

	def end_secret(self):
		# An interrupted line, and the end of the shell.
		self.chord("Control_L", "c")
		time.sleep(0.2)
		self.chord("Control_L", "d")
		time.sleep(0.5)


class SudoShell(Interrupted):
	"""A shell as root."""

	name, oracle, packages = "sudo-s", "list", ("xterm", "sudo")
	functions = "flag() { sudo -s bash --norc --noprofile; }\n"

	def start(self):
		if self.desk.run(["sudo", "-n", "true"]).returncode:
			raise Skip("sudo asks for a password here")
		super().start()

	def to_secret(self):
		super().to_secret()
		time.sleep(0.3)

	def end_secret(self):
		self.chord("Control_L", "c")
		time.sleep(0.2)
		self.chord("Control_L", "d")
		time.sleep(0.5)


class Su(Interrupted):
	name, packages = "xterm-su", ("xterm",)
	functions = "flag() { " + SOMEBODY + "su -c true; }\n"


class Namespace(Terminal):
	"""Another mount namespace: its files and ptys are not ours."""

	name, oracle = "mount-namespace", "namespace"
	functions = "flag() { unshare --mount bash --norc --noprofile; }\n"
	told = False

	def start(self):
		if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode:
			raise Skip("no mount namespace can be made here (needs root, and a root that is a mount point)")
		super().start()

	def to_secret(self):
		super().to_secret()
		time.sleep(0.3)

	def end_secret(self):
		self.chord("Control_L", "c")
		time.sleep(0.2)
		self.chord("Control_L", "d")
		time.sleep(0.5)


class SecureKeyboard(Interrupted):
	"""xterm's own: it grabs the keyboard, and the shell takes what is typed as ever."""

	name, oracle = "xterm-secure-keyboard", "grab probe"

	def emulator(self):
		command = super().emulator()
		return [command[0], "-xrm", "*VT100.translations: #override Ctrl<Key>l: secure()", *command[1:]]

	def to_secret(self):
		self.say("\n")
		self.chord("Control_L", "l")
		time.sleep(0.3)

	def end_secret(self):
		self.chord("Control_L", "l")
		time.sleep(0.3)
		self.chord("Control_L", "c")


APPS = [Xfce, XfceTabs, Gnome, Alacritty, Kitty, Tmux, Screen, Pinentry, Dialog, RawPrompt, Bites, Ssh, SshShell, SudoShell, Su,
	Namespace, SecureKeyboard]
