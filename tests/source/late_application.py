# SPDX-License-Identifier: Apache-2.0
"""late_application.py SECONDS: tells the accessibility bus of a focus, and is there to be asked about it only so much later.

A mock of GTK 4 as it starts, which does this by chance only: it joins the bus, tells of the focus in its first window, and exports its objects then.
"""

import sys

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

PATH, ACCESSIBLE = "/org/assent/late", "org.a11y.atspi.Accessible"
TEXT, EDITABLE, FOCUSED = 61, 1 << 7, 1 << 12
XML = f"""<node><interface name="{ACCESSIBLE}">
<property name="Parent" type="(so)" access="read"/>
<method name="GetRole"><arg type="u" direction="out"/></method>
<method name="GetState"><arg type="au" direction="out"/></method>
<method name="GetAttributes"><arg type="a{{ss}}" direction="out"/></method>
<method name="GetIndexInParent"><arg type="i" direction="out"/></method>
</interface></node>"""
ANSWERS = {"GetRole": ("(u)", (TEXT,)), "GetState": ("(au)", ([EDITABLE | FOCUSED, 0],)), "GetAttributes": ("(a{ss})", ({},)), "GetIndexInParent": ("(i)", (0,))}


def main():
	session = Gio.bus_get_sync(Gio.BusType.SESSION)
	address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, -1).unpack()[0]
	bus = Gio.DBusConnection.new_for_address_sync(address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
		Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

	def there():
		bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0],
			lambda _bus, _sender, _path, _interface, method, _arguments, call: call.return_value(GLib.Variant(*ANSWERS[method])),
			lambda *_: GLib.Variant("(so)", (bus.get_unique_name(), PATH)), None)
		return False
	bus.emit_signal(None, PATH, "org.a11y.atspi.Event.Object", "StateChanged",
		GLib.Variant("(siiva{sv})", ("focused", 1, 0, GLib.Variant("s", "0"), {})))
	GLib.timeout_add(int(float(sys.argv[1]) * 1000), there)
	GLib.MainLoop().run()


main()
