# SPDX-License-Identifier: Apache-2.0
"""What is told of a text console: on real virtual terminals, with real logins, typed on the machine's own keyboard."""

import contextlib
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "lib")]

import archive
import debian
from broker import BUILD
from cases import check, note, run
from machine import Gone, Machine, started

# As getty@.service has it, but that it asks for no name.
GETTY = """[Service]
ExecStart=-/sbin/agetty -o '-p -f -- \\\\u' --autologin user%i --noclear tty%i linux
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/tty%i
TTYReset=yes
TTYVHangup=yes
IgnoreSIGPIPE=no
UtmpIdentifier=tty%i
Environment=LANG=C.UTF-8
"""
ASKS = GETTY.replace("-f -- ", "-- ").replace("--autologin user%i ", "")
PAM = {"login": "auth required pam_unix.so\naccount sufficient pam_permit.so\nsession required pam_systemd.so\n",
	"su": "auth required pam_unix.so\n", "sudo": "auth required pam_unix.so\naccount sufficient pam_permit.so\n"}
QCODES = {" ": ("spc",), "\n": ("ret",), "-": ("minus",), "/": ("slash",), ".": ("dot",), "_": ("minus", "shift"), ">": ("dot", "shift"),
	"&": ("7", "shift"), "\x1b": ("esc",), "Z": ("z", "shift")}
DUMP = "setpriv --reuid={0} --regid={0} --clear-groups env -i PATH=/bin console_dump 50"

machine = dump = None


class Dump:
	"""What the source says: the newest word of each kind."""

	def __init__(self, uid=1001):
		self.command, self.last, self.all = machine.start(DUMP.format(uid)), {}, []

	def expect(self, kind, wanted, seconds=15):
		"""Until the newest line of this kind begins so."""
		deadline = time.monotonic() + seconds
		while not self.last.get(kind, "no word").startswith(wanted):
			left = deadline - time.monotonic()
			check(left > 0, lambda: f"{kind}: {self.last.get(kind)}, not {wanted}; {self.all[-8:]}")
			self.next(left)
		return self.last[kind]

	def stays(self, wanted, seconds=1.0):
		"""What the terminal is said to be in the end, after that time."""
		deadline = time.monotonic() + seconds
		while (left := deadline - time.monotonic()) > 0:
			with contextlib.suppress(Gone):
				self.next(left)
		check(self.last["tty"] == wanted, lambda: f"{self.last['tty']}, not {wanted}; {self.all[-8:]}")

	def next(self, seconds):
		line = self.command.line(max(0.1, seconds))
		check(line is not None, lambda: f"ended: {self.all[-5:]}")
		self.all.append(line)
		kind, _, rest = line.partition(" ")
		self.last["sample" if kind in ("agrees", "silent") else kind] = rest or kind

	def state(self, *wanted):
		for state in wanted:
			self.expect("tty", state)


def press(key, *held):
	for k in (*held, key):
		machine.key(k, True)
	for k in (key, *reversed(held)):
		machine.key(k, False)
	time.sleep(0.01) # its keyboard holds 64 events


def enter(text):
	for c in text + "\n":
		press(*QCODES.get(c, (c,)))


def before_login():
	other = machine.run(DUMP.format(1003), status=1)
	check("this user has no active session on a text console" in other, other)


def place():
	"""The session that the dump was started for, and its sample."""
	told = dump.expect("focus", "1 ").split()
	name = machine.run(f"cat /proc/{told[1]}/comm; cut -d ' ' -f 6 /proc/{told[1]}/stat").split()
	check(name == ["login", told[1]] and told[2] == "console", f"{told} {name}")
	dump.expect("sample", "agrees")
	dump.state("program")


def prompts():
	enter("read -s x")
	dump.state("secret")
	enter("abc")
	dump.state("program")
	enter("read -s -n 9 x")
	dump.state("unknown")
	enter("")
	dump.state("program")
	for command in ("sudo -k true", "su user2"):
		enter(command)
		dump.state("secret")
		press("c", "ctrl")
		dump.state("program")


def shell():
	"""The prompt is there again: a command that the state tells of, and its end."""
	enter("read -s x")
	dump.state("secret")
	enter("")
	dump.state("program")


def programs():
	enter("cat")
	dump.state("echo")
	press("d", "ctrl")
	dump.state("program")
	for command, keys in (("less /etc/passwd", "q"), ("vim.tiny", "\x1bZZ")):
		enter(command)
		machine.until(f"busybox pidof {command.split()[0]} >/dev/null")
		dump.stays("program")
		for key in keys:
			press(*QCODES.get(key, (key,)))
		shell()


def terminals_inside():
	for command in ("tmux -f /dev/null new bash", "screen -c /dev/null bash"):
		enter(command)
		machine.until(f"busybox pidof {command.split()[0]} >/dev/null")
		dump.stays("program", 2)
		enter("read -s x")
		dump.state("secret")
		enter("abc")
		dump.state("program")
		enter("exit")
		machine.until(f"! busybox pidof {command.split()[0]} >/dev/null")
		shell()


def display_server():
	"""The terminal that one was started from is still in the foreground, and its keys go nowhere."""
	for words, back in (("off", "keys"), ("raw", "keys"), ("graphics", "text")):
		machine.run(f"guest console 1 {words}")
		dump.state("unknown")
		machine.run(f"guest console 1 {back}")
		dump.state("program")


def switch():
	dump.expect("sample", "agrees")
	machine.run("busybox chvt 2")
	dump.expect("focus", "0 ")
	dump.expect("sample", "silent")
	machine.run("busybox chvt 1")
	dump.expect("focus", "1 ")
	dump.expect("sample", "agrees")


def switch_and_back():
	"""Too short for a sample: what was typed meanwhile went elsewhere."""
	for _ in range(3):
		said = len(dump.all)
		machine.run("busybox chvt 2; busybox chvt 1")
		deadline = time.monotonic() + 10
		while [line.split()[1] for line in dump.all[said:] if line.startswith("focus ")][-2:] != ["0", "1"]:
			check(time.monotonic() < deadline, lambda: dump.all[said:])
			dump.next(10)
		dump.expect("sample", "agrees")


def login_prompt():
	"""Nobody is logged in at the third one; and it belongs to no session."""
	machine.run("busybox chvt 3")
	dump.expect("focus", "0 ")
	machine.run("busybox chvt 1")
	dump.expect("focus", "1 ")


def own_session():
	"""Whoever is in a session means that one, though another is in the foreground."""
	machine.run("busybox chvt 2")
	machine.until("busybox grep -q tty2 /sys/class/tty/tty0/active")
	enter("console_dump 50 >/tmp/own &")
	machine.until("busybox grep -q ^agrees /tmp/own")
	machine.run("busybox chvt 1")
	machine.until("busybox grep -q ^silent /tmp/own")
	told = [line.split()[1] for line in machine.run("cat /tmp/own").splitlines() if line.startswith("focus ")]
	check(told == ["2", "0"], told)
	dump.expect("focus", "0 ")
	dump.expect("focus", "1 ")


def logout():
	"""The next one at the same terminal is somebody else."""
	dump.expect("sample", "agrees")
	enter("exit")
	dump.expect("end:", "the other end went away")
	check(dump.last["focus"].startswith("0 "), dump.all[-5:])


def make(file):
	over = archive.Archive(file)
	over.program("/usr/bin/guest", BUILD / "tests" / "device" / "vm" / "guest", libraries=False)
	over.program("/usr/bin/console_dump", BUILD / "tests" / "device" / "console_dump")
	over.add("/etc/passwd", debian.USERS.replace(":/tmp:/bin/sh", ":/tmp:/bin/bash"))
	over.add("/etc/sudoers", "ALL ALL=(ALL) ALL\n", 0o440)
	for name, text in {**PAM, "other": "auth required pam_deny.so\n"}.items():
		over.add(f"/etc/pam.d/{name}", text)
	over.add("/etc/systemd/system/console@.service", GETTY)
	over.add("/etc/systemd/system/asks@.service", ASKS)
	over.save()
	return file


def main():
	global machine, dump
	with contextlib.ExitStack() as stack:
		folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assent-vm-")))
		packages = ("bash", "login", "sudo", "less", "vim-tiny", "tmux", "screen", "ncurses-base", "libc-bin")
		machine = started("console", stack, lambda: Machine([debian.base(), debian.layer("console", packages), make(folder / "over")],
			memory=768, devices=["-device", "virtio-keyboard-pci"]))
		machine.run("systemctl start console@1 console@2 asks@3; busybox chvt 1")
		machine.until("loginctl --no-legend list-sessions | busybox grep -q tty1", 30)
		dump = Dump()
		failed = run(before_login, place, prompts, programs, terminals_inside, display_server, switch, switch_and_back, login_prompt, own_session,
			logout)
		if failed:
			note(f"the dump's last words: {dump.all[-20:]}")
			for line in machine.run("loginctl; busybox ps -o pid,user,tty,comm,args | busybox grep tty; journalctl -b --no-pager -o cat | tail -n 60",
					status=None).splitlines():
				note(line)
		return failed


if __name__ == "__main__":
	sys.exit(main())
