# SPDX-License-Identifier: Apache-2.0
"""A system bus of a desk's own, and a logind on it.

The logind is a MOCK (python3-dbusmock's template): the machines that run these tests have no systemd as process 1, and
logind runs nowhere else. It has the real one's names, types and signals, not its judgement: what it calls the user's
session, and when it says so, is only as true as the template. The real one belongs to a virtual machine.
"""

import os
import subprocess
import sys

import dbus
import dbus.bus

from desk import PYTHON, wait_for

LOGIN = "org.freedesktop.login1"
MOCK = "org.freedesktop.DBus.Mock"


class SystemBus:
	"""Set before anything that is to use it starts: it is in desk.env from then on."""

	def __init__(self, desk, *policy):
		self.desk = desk
		place = desk.home / "system-bus"
		place.mkdir(exist_ok=True)
		self.address = f"unix:path={place}/socket"
		config = place / "system.conf"
		# Open to everybody of this desk; the real one's rules about names are not what is tested.
		config.write_text("<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN' "
			"'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'><busconfig><type>system</type>"
			f"<listen>{self.address}</listen><auth>EXTERNAL</auth><policy context='default'><allow user='*'/>"
			"<allow own='*'/><allow send_type='method_call'/><allow send_type='signal'/>"
			"<allow send_requested_reply='true' send_type='method_return'/><allow send_requested_reply='true' send_type='error'/>"
			"<allow receive_type='method_call'/><allow receive_type='signal'/><allow receive_type='method_return'/>"
			"<allow receive_type='error'/></policy></busconfig>")
		self.daemon = desk.start(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"],
			stdout=subprocess.PIPE, log="system-bus.log")
		self.daemon.read_line()
		desk.env["DBUS_SYSTEM_BUS_ADDRESS"] = self.address

	def connection(self):
		return dbus.bus.BusConnection(self.address)

	def has(self, name):
		return self.connection().name_has_owner(name)


class Logind:
	"""One session of this user, id "1"; lock(), active(), sleep(), die(), start()."""

	PATH = f"/{LOGIN.replace('.', '/')}"

	def __init__(self, bus, of_all=False):
		"""of_all: every process is in the session, and not only the user's."""
		self.bus, self.of_all, self.process = bus, of_all, None

	def start(self, locked=False):
		self.process = self.bus.desk.start([PYTHON, "-m", "dbusmock", "--system", "--template", "logind"], log="logind.log")
		wait_for(lambda: self.bus.has(LOGIN), 15, name="the mock of logind")
		self.connection = self.bus.connection()
		manager = self._object(self.PATH, MOCK)
		uid = os.getuid()
		self.session = str(manager.AddSession("1", "seat0", dbus.UInt32(uid), "participant", True))
		# What the template lacks: whose session a process is in, and which one of a user has the display.
		manager.AddMethod(f"{LOGIN}.Manager", "GetSessionByPID", "u", "o", f'ret = "{self.session}"' if self.of_all else
			f'raise dbus.exceptions.DBusException("none", name="{LOGIN}.NoSessionForPID")')
		# The template's own adds a number to a string.
		manager.AddMethod(f"{LOGIN}.Manager", "GetUser", "u", "o", f'ret = "{self.PATH}/user/" + str(int(args[0]))')
		self._object(f"{self.PATH}/user/{uid}", "org.freedesktop.DBus.Properties").Set(f"{LOGIN}.User", "Display",
			dbus.Struct(("1", dbus.ObjectPath(self.session)), signature="so", variant_level=1))
		if locked:
			self.lock(True)

	def _object(self, path, interface):
		return dbus.Interface(self.connection.get_object(LOGIN, path, introspect=False), interface)

	def _set(self, path, interface, values):
		self._object(path, MOCK).UpdateProperties(interface, dbus.Dictionary(values, signature="sv"))

	def lock(self, on):
		# As a locker does it.
		self._object(self.session, f"{LOGIN}.Session").SetLockedHint(dbus.Boolean(on))

	def ask_to_unlock(self):
		"""As a display manager does when the password was right."""
		self._object(self.session, f"{LOGIN}.Session").Unlock()

	def active(self, on):
		self._set(self.session, f"{LOGIN}.Session", {"Active": dbus.Boolean(on)})

	def sleep(self, on):
		self._set(self.PATH, f"{LOGIN}.Manager", {"PreparingForSleep": dbus.Boolean(on)})
		self._object(self.PATH, MOCK).EmitSignal(f"{LOGIN}.Manager", "PrepareForSleep", "b", [dbus.Boolean(on)])

	def forge(self, agent_names=()):
		"""Another program says that the session is not locked: to all, and to each connection on the bus by its name."""
		liar = self.bus.connection()
		names = [name for name in liar.list_names() if name.startswith(":")]
		for name in [None, *names]:
			signal = dbus.lowlevel.SignalMessage(self.session, "org.freedesktop.DBus.Properties", "PropertiesChanged")
			signal.append(f"{LOGIN}.Session", dbus.Dictionary({"LockedHint": dbus.Boolean(False), "Active": dbus.Boolean(True)},
				signature="sv"), dbus.Array([], signature="s"), signature="sa{sv}as")
			if name:
				signal.set_destination(name)
			liar.send_message(signal)
		liar.flush()

	def die(self):
		self.process.stop()
		wait_for(lambda: not self.bus.has(LOGIN), 5, name="the end of the mock of logind")
