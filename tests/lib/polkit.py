# SPDX-License-Identifier: Apache-2.0
"""polkit.py ACTION: a MOCK of polkitd on the system bus of a desk.

The real one asks systemd's logind which session asks, and that runs only where systemd is process 1. This one takes an agent's
registration, prints "registered", and for each line on its standard input lets the agent ask for a password; it prints
"ended" when the agent's dialog is gone. Agent, dialog and helper are the real ones.
"""

import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME, PATH, AUTHORITY = "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority"
AGENT = "org.freedesktop.PolicyKit1.AuthenticationAgent"


def say(word):
	print(word, flush=True)


class Authority(dbus.service.Object):
	agent, number = None, 0

	@dbus.service.method(AUTHORITY, "(sa{sv})ss", "", sender_keyword="sender")
	def RegisterAuthenticationAgent(self, _subject, _locale, path, sender=None):
		self.agent = (sender, path)
		say("registered")

	@dbus.service.method(AUTHORITY, "(sa{sv})ssa{sv}", "", sender_keyword="sender")
	def RegisterAuthenticationAgentWithOptions(self, subject, locale, path, _options, sender=None):
		self.RegisterAuthenticationAgent(subject, locale, path, sender=sender)

	@dbus.service.method(AUTHORITY, "(sa{sv})s", "")
	def UnregisterAuthenticationAgent(self, _subject, _path):
		self.agent = None

	@dbus.service.method(AUTHORITY, "s", "a(ssssssuuua{ss})")
	def EnumerateActions(self, _locale):
		return dbus.Array([], signature="(ssssssuuua{ss})")

	@dbus.service.method("org.freedesktop.DBus.Properties", "ss", "v")
	def Get(self, _interface, name):
		return self.GetAll("")[name]

	@dbus.service.method("org.freedesktop.DBus.Properties", "s", "a{sv}")
	def GetAll(self, _interface):
		return {"BackendName": "mock", "BackendVersion": "1", "BackendFeatures": dbus.UInt32(0)}

	def ask(self, action):
		self.number += 1
		agent = dbus.Interface(self.connection.get_object(*self.agent, introspect=False), AGENT)
		who = dbus.Struct(("unix-user", dbus.Dictionary({"uid": dbus.UInt32(os.getuid())}, signature="sv")), signature="sa{sv}")
		agent.BeginAuthentication(action, "Authentication is needed", "", dbus.Dictionary({}, signature="ss"),
			f"cookie-{self.number}", dbus.Array([who], signature="(sa{sv})"),
			reply_handler=lambda: say("ended"), error_handler=lambda _error: say("ended"), timeout=300)


def main():
	dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
	bus = dbus.SystemBus()
	name = dbus.service.BusName(NAME, bus)
	authority = Authority(bus, PATH)

	def line(channel, _condition):
		if not sys.stdin.readline():
			loop.quit()
			return False
		authority.ask(sys.argv[1])
		return True

	GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, line)
	loop = GLib.MainLoop()
	say("ready")
	loop.run()
	del name


if __name__ == "__main__":
	main()
