# SPDX-License-Identifier: Apache-2.0
"""gtk4_window.py TITLE KIND... : a GTK4 window with one field of each kind (text password area search).

When it is on the screen it prints one line of JSON: its X window and where the middle of each field is in it. Then it
obeys lines on its standard input: "clear N", "text N" (prints what field N holds, as JSON).
"""

import json
import sys

import gi
gi.require_version("Gtk", "4.0")
gi.require_version("GdkX11", "4.0")
gi.require_version("Graphene", "1.0")
from gi.repository import GdkX11, GLib, Graphene, Gtk  # noqa: E402,F401

MAKE = {"text": Gtk.Entry, "password": Gtk.PasswordEntry, "area": Gtk.TextView, "search": Gtk.SearchEntry}


def main():
	title, kinds = sys.argv[1], sys.argv[2:]
	Gtk.init()
	window = Gtk.Window(title=title)
	window.set_default_size(360, 240)
	box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
	fields = [MAKE[kind]() for kind in kinds]
	for field in fields:
		field.set_size_request(-1, 40)
		box.append(field)
	window.set_child(box)
	window.present()

	def middle(field):
		_, point = field.compute_point(window, Graphene.Point().init(field.get_width() / 2, field.get_height() / 2))
		left, top = window.get_surface_transform()
		return [point.x + left, point.y + top]

	def tell():
		print(json.dumps({"window": window.get_surface().get_xid(), "fields": [middle(field) for field in fields]}), flush=True)
		return False

	def obey(_channel, _condition):
		line = sys.stdin.buffer.raw.readline().decode()  # unbuffered: no line may wait unseen
		if not line:
			return False
		word, _, rest = line.strip().partition(" ")
		field = fields[int(rest)]
		buffer = field.get_buffer() if isinstance(field, Gtk.TextView) else None
		if word == "clear":
			buffer.set_text("") if buffer else field.set_text("")
		elif word == "text":
			print(json.dumps(buffer.get_text(*buffer.get_bounds(), True) if buffer else field.get_text()), flush=True)
		return True

	GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, obey)
	# After the window manager has had its say.
	GLib.timeout_add(500, tell)
	GLib.MainLoop().run()


main()
