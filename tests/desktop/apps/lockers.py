# SPDX-License-Identifier: Apache-2.0
"""Screen lockers. Keys are typed from the first moment at which the locker holds the keyboard.

Where they ask PAM, they ask a PAM of this desk's own (libpam-wrapper): it lets everybody in, and writes down the password that
it was given. So the locker goes by itself, and what it took is compared with what was typed.
"""

import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from agent import BUILD, SECRET  # noqa: E402
from canary import App  # noqa: E402
from desk import PYTHON, DeskError, wait_for  # noqa: E402
from eyes import Eyes  # noqa: E402

GUEST = 61000              # a user id that is nobody's


def wrapper(name):
	found = sorted(pathlib.Path("/usr/lib").glob(f"*/{name}"))
	if not found:
		raise DeskError(f"{name} is missing")
	return str(found[0])


def users(place, name, uid, gid):
	"""The environment in which there is this user, with a password that nobody knows."""
	(place / "passwd").write_text(f"{name}:x:{uid}:{gid}::{place}:/bin/sh\n")
	(place / "group").write_text(f"{name}:x:{gid}:\n")
	(place / "shadow").write_text(f"{name}:$5$assent$4GYCxY0yvbAZ0oCIcmPP7LtSwpTcTZDGeQ4MvqnVVF2:19000:0:99999:7:::\n")
	return {"LD_PRELOAD": wrapper("libnss_wrapper.so"), "NSS_WRAPPER_PASSWD": str(place / "passwd"),
		"NSS_WRAPPER_GROUP": str(place / "group"), "NSS_WRAPPER_SHADOW": str(place / "shadow"), "LOGNAME": name, "USER": name}


class Locker(App):
	ordinary_keys = False
	note = "nothing but a lock"
	oracle = "grab probe"
	service = None             # what it calls itself to PAM

	def start(self):
		self.eyes = Eyes(self.desk.display)
		self.program, self.took = None, None
		self.env = self.pam() if self.service else {}

	def pam(self, place=None):
		place = place or self.desk.home / "pam"
		place.mkdir(exist_ok=True)
		self.token = place / "token"
		script = place / "take"
		script.write_text(f"#!/bin/sh\ncat >{self.token}.new && mv {self.token}.new {self.token}\n")
		script.chmod(0o755)
		(place / self.service).write_text(f"auth required pam_exec.so quiet expose_authtok {script}\n"
			"account required pam_permit.so\nsession required pam_permit.so\npassword required pam_deny.so\n")
		return {"LD_PRELOAD": wrapper("libpam_wrapper.so"), "PAM_WRAPPER": "1", "PAM_WRAPPER_SERVICE_DIR": str(place)}

	def launch(self):
		raise NotImplementedError

	def lock(self):
		"""Makes it lock; it may run already."""
		self.program = self.launch()

	def to_secret(self):
		self.lock()
		self.eyes.taken(0, seconds=20, focus=False)

	def end_secret(self):
		self.desk.hands.key("Return")
		if self.service:
			wait_for(self.token.exists, 15, name=f"a password for {self.name}")
			self.took = self.token.read_text().rstrip("\0\n")
			self.token.unlink()
			self.unlocked()
		else:
			self.end()
		self.eyes.free(15)
		text = self.companion.ask("text 0")
		if any(c in SECRET for c in text):
			raise DeskError("keys of the secret went past the locker, into the editor")

	def unlocked(self):
		wait_for(lambda: self.program.popen.poll() is not None, 15, name=f"the end of {self.name}")

	def end(self):
		if self.program:
			self.program.stop()
			self.program = None

	def received(self):
		return self.took

	def stop(self):
		self.end()


class I3lock(Locker):
	name, packages, service = "i3lock", ("i3lock", "libpam-wrapper"), "i3lock"

	def launch(self):
		return self.desk.start(["i3lock", "-n", "-c", "202020"], env=self.env, log="locker.log")


class Xtrlock(Locker):
	"""It compares with the password file, not by PAM; none can be made before the secret is. So it is ended from outside."""

	name, packages = "xtrlock", ("xtrlock", "libnss-wrapper")

	def start(self):
		super().start()
		place = self.desk.home / "users"
		place.mkdir()
		# A copy is not set-group-ID: that bit turns LD_PRELOAD off.
		self.path = shutil.copy("/usr/bin/xtrlock", place / "xtrlock")
		self.env = users(place, "locked", os.getuid(), os.getgid())

	def launch(self):
		return self.desk.start([self.path], env=self.env, log="locker.log")


class Xsecurelock(Locker):
	"""Its dialog is another process (auth_x11), PAM a third. The first key only wakes it."""

	name, packages, service = "xsecurelock", ("xsecurelock", "libpam-wrapper"), "assent-test"

	def launch(self):
		return self.desk.start(["xsecurelock"], env={**self.env, "XSECURELOCK_PAM_SERVICE": self.service,
			"XSECURELOCK_SAVER": "saver_blank", "XSECURELOCK_BLANK_TIMEOUT": "-1"}, log="locker.log")


class Xscreensaver(Locker):
	"""Its dialog (xscreensaver-auth) is set-user-ID: no PAM but the machine's own is asked. So it is ended from outside.

	It wants a person: for root it does not lock. In a test that root runs the session is that of a user who does not exist, and who
	gets no dialog; the keys go to xscreensaver-auth all the same.
	"""

	name, packages = "xscreensaver", ("xscreensaver", "x11-xserver-utils")

	def start(self):
		super().start()
		self.place = pathlib.Path(tempfile.mkdtemp(prefix="assent-locker-"))
		self.env = {"HOME": str(self.place), "TMPDIR": str(self.place)}
		self.become = []
		settings = self.place / ".xscreensaver"
		settings.write_text("mode:\tblank\nlock:\tTrue\nsplash:\tFalse\nfade:\tFalse\nunfade:\tFalse\ndpmsEnabled:\tFalse\n")
		if os.getuid() == 0:
			for path in (self.place, settings):
				os.chown(path, GUEST, GUEST)
			self.desk.run(["xhost", f"+SI:localuser:#{GUEST}"])
			self.become = ["setpriv", f"--reuid={GUEST}", f"--regid={GUEST}", "--clear-groups"]

	def say_to(self, word):
		said = self.desk.run(["xscreensaver-command", word])
		return said.stdout + said.stderr

	def lock(self):
		self.program = self.desk.start([*self.become, "xscreensaver", "--no-splash"], env=self.env, log="locker.log", cwd="/")
		wait_for(lambda: "non-blanked" in self.say_to("-time"), 15, name="xscreensaver")
		said = self.say_to("-lock")
		if "locking" not in said:
			raise DeskError(f"xscreensaver does not lock: {said} {self.desk.log('locker.log')}")

	def stop(self):
		super().stop()
		shutil.rmtree(self.place, ignore_errors=True)


class LightLocker(Locker):
	"""It shows a black window, holds the keyboard and leaves the asking to LightDM, which is a mock here, as logind is."""

	name, packages = "light-locker", ("light-locker", "python3-dbusmock")

	def start(self):
		from logind import Logind, SystemBus
		super().start()
		bus = SystemBus(self.desk)
		self.logind = Logind(bus, of_all=True)
		self.logind.start()
		manager, path = "org.freedesktop.DisplayManager", "/org/freedesktop/DisplayManager"
		self.desk.start([PYTHON, "-m", "dbusmock", "--system", manager, f"{path}/Seat0", f"{manager}.Seat"], log="lightdm.log")
		wait_for(lambda: bus.has(manager), 15, name="the mock of LightDM")
		self.program = self.desk.start(["light-locker"], log="locker.log", env={"XDG_SESSION_ID": "1", "XDG_SEAT_PATH": f"{path}/Seat0",
			"XDG_SESSION_PATH": f"{path}/Session0", "LD_PRELOAD": str(BUILD / "tests/tools/one_session.so")})
		wait_for(lambda: self.tell("--query").returncode == 0, 15, name="light-locker")

	def tell(self, word):
		return self.desk.run(["light-locker-command", word])

	def lock(self):
		self.tell("--lock")

	def end(self):
		self.logind.ask_to_unlock()

	def stop(self):
		if self.program:
			self.program.stop()


APPS = [I3lock, Xtrlock, Xsecurelock, Xscreensaver, LightLocker]
