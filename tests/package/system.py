# SPDX-License-Identifier: Apache-2.0
"""The Debian of tests/device/vm, with systemd as process 1, so that packages can be installed in it: dpkg knows what is there, a user's own manager
starts at login, people log in on text consoles and type on the machine's keyboard."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

VM = pathlib.Path(__file__).resolve().parents[1] / "device" / "vm"
sys.path[:0] = [str(VM), str(VM.parents[1] / "lib")]

import archive
import debian
from cases import check
from packages import Apt, AptError, made, members

# Of a system that the tests of the broker have no use for: dpkg and what its scripts call, a login, a user's own bus.
MORE = ("dpkg", "diffutils", "init-system-helpers", "perl-base", "bash", "grep", "sed", "login", "apparmor", "libc-bin", "ncurses-base", "dbus-user-session")
# debian.base() leaves its files out.
AGAIN = ("perl-base",)
WITHOUT = tuple(name for name in debian.WITHOUT if "perl" not in name or name == "usr/share/perl")

# What dpkg asks of what is there.
FIELDS = ("Package", "Essential", "Multi-Arch", "Maintainer", "Architecture", "Version", "Provides", "Description")

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
PAM = {"login": "auth required pam_unix.so\naccount sufficient pam_permit.so\nsession required pam_systemd.so\n",
	"systemd-user": "account sufficient pam_permit.so\nsession required pam_permit.so\nsession optional pam_systemd.so\n",
	"other": "auth required pam_deny.so\n"}
# A desktop, as far as systemd can tell: what sway-session.target or GNOME's are.
DESKTOP = """[Unit]
Description=A desktop
BindsTo=graphical-session.target
Before=graphical-session.target
Wants=graphical-session-pre.target
After=graphical-session-pre.target
"""
QCODES = {" ": ("spc",), "\n": ("ret",), "-": ("minus",), "/": ("slash",), ".": ("dot",)}


def layer(needs):
	"""The file of an archive to come after debian.base(). needs: what the packages that are to be installed depend on, by name."""
	apt = Apt()
	base, files = apt.files(*debian.PACKAGES), sorted(apt.files(*debian.PACKAGES, *MORE, *needs))
	wanted = [name for file in files if (name := file.split("_")[0]) in AGAIN or file not in base]
	recipe = [pathlib.Path(name).read_text() for name in (__file__, archive.__file__)]
	return made("system", " ".join((*files, *recipe)), lambda folder: _make(apt, files, wanted, folder)) / "archive"


def _make(apt, files, wanted, folder):
	more = archive.Archive(folder / "archive")
	_database(more, apt, [file.split("_")[0] for file in files])
	for name, text in PAM.items():
		more.add(f"/etc/pam.d/{name}", text)
	more.add("/etc/systemd/system/console@.service", GETTY)
	more.add("/etc/systemd/user/desktop.target", DESKTOP)
	more.link("/etc/systemd/system/user@.service", "/lib/systemd/system/user@.service") # debian.py masks it
	more.add("/etc/passwd", "".join(line.replace(":/tmp:/bin/sh", f":/home/{line.split(':')[0]}:/bin/bash") + "\n" for line in debian.USERS.splitlines()))
	for uid in (1001, 1002):
		more.folder(f"/home/user{uid - 1000}", 0o700, (uid, uid))
		more.add(f"/home/user{uid - 1000}/.bashrc", "PS1='$ '\n", owner=(uid, uid))
	with tempfile.TemporaryDirectory(dir=folder.parent) as place:
		for package in apt.download_only(place, *wanted):
			with members(package) as tar:
				more.package(tar, WITHOUT)
	more.save()


def _database(into, apt, names):
	"""What dpkg is to think of the packages whose files are there: installed, properly."""
	done = subprocess.run(["apt-cache", *apt.options, "show", "--no-all-versions", *names], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"}, timeout=120, check=False)
	if done.returncode:
		raise AptError(f"apt-cache show: {done.stderr.strip()[-600:]}")
	status = []
	for stanza in done.stdout.strip().split("\n\n"):
		# Where apt has fetched no translations there is no description, of which dpkg complains.
		told = {"Description": "not told", **dict(line.split(": ", 1) for line in stanza.splitlines() if re.match(r"[A-Z][A-Za-z-]*: ", line))}
		status.append("".join(f"{name}: {told[name]}\n" for name in FIELDS if name in told) + "Status: install ok installed\n")
		into.add(f"/var/lib/dpkg/info/{told['Package']}{':amd64' if told.get('Multi-Arch') == 'same' else ''}.list", "/.\n")
	into.add("/var/lib/dpkg/status", "\n".join(status))
	into.add("/var/lib/dpkg/available", "")
	into.add("/var/lib/dpkg/info/format", "1\n")
	for folder in ("updates", "triggers", "parts"):
		into.folder(f"/var/lib/dpkg/{folder}")


class Person:
	"""Who sits at the machine's keyboard, logged in as user NUMBER on terminal NUMBER."""

	def __init__(self, machine, number):
		self.machine, self.number, self.uid = machine, number, 1000 + number

	def log_in(self):
		self.machine.run(f"systemctl start console@{self.number}; busybox chvt {self.number}")
		self.machine.until(f"test -S /run/user/{self.uid}/systemd/private", 60)
		self.machine.until(f"loginctl --no-legend list-sessions | grep -q tty{self.number}", 30)
		self.session = next(line.split()[0] for line in self.machine.run("loginctl --no-legend list-sessions").splitlines() if f"tty{self.number}" in line)
		self.machine.until(f"grep -aq '[$] ' /dev/vcs{self.number}", 30)

	def come(self):
		"""Their terminal is in front."""
		self.machine.run(f"busybox chvt {self.number}")
		self.machine.until(f"grep -q tty{self.number} /sys/class/tty/tty0/active")

	def type(self, text):
		for c in text:
			for key in QCODES.get(c, (c,)):
				self.machine.key(key, True)
				self.machine.key(key, False)
			time.sleep(0.02) # its keyboard holds 64 events

	def screen(self):
		"""The lines that are on it, without those that are empty."""
		return [line for line in self.machine.run(f"busybox fold -w 80 /dev/vcs{self.number}").splitlines() if line.strip()]

	def turn(self, page, question, seconds=60):
		"""Goes on with Enter where the last line has page, until it has question; how often."""
		deadline, turned, before = time.monotonic() + seconds, 0, None
		while question not in (now := self.screen())[-1]:
			check(time.monotonic() < deadline, lambda: f"no '{question}' on the screen: {now}")
			if page in now[-1] and now != before:
				self.type("\n")
				turned, before = turned + 1, now
			time.sleep(0.2)
		return turned

	def run(self, command, status=0):
		"""Without the keyboard, as their programs would."""
		return self.machine.run(f"cd /home/user{self.number} && setpriv --reuid={self.uid} --regid={self.uid} --clear-groups env -i HOME=/home/user{self.number} "
			f"PATH=/usr/bin:/usr/sbin LANG=C.UTF-8 XDG_RUNTIME_DIR=/run/user/{self.uid} {command}", 90, status)

	def unit(self, name="assentd.service"):
		"""What their manager says of it."""
		told = self.run(f"systemctl --user show {name} -p ActiveState -p SubState -p MainPID -p NRestarts -p Result -p LoadState")
		return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)

	def lock(self, on):
		self.machine.run(f"guest lock {self.session} {self.uid} {int(on)}")


def until(holds, name, seconds=40, every=0.5):
	deadline = time.monotonic() + seconds
	while not (now := holds()):
		check(time.monotonic() < deadline, lambda: f"not {name() if callable(name) else name}")
		time.sleep(every)
	return now
