# SPDX-License-Identifier: Apache-2.0
"""gtk_window.py TITLE WxH+X+Y KIND... : a GTK3 window with one field of each kind (text password button area).

When it is on the screen it prints one line of JSON: pid, X window (0: there is none), and where the middle of each field is. Then it
obeys lines on its standard input: "title NAME", "show N" (makes password field N readable), "text N" (prints what
field N holds, as JSON), "clear N" (empties it), "keys" (prints what all keys pressed in this window produced, as JSON), "has" (prints whether it
has the keyboard, as JSON), "where" (prints where the middle of each field is now, as JSON), "quit".
"""

import json
import os
import re
import sys

import gi
gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
gi.require_version("GdkX11", "3.0")
from gi.repository import Gdk, GdkX11, GLib, Gtk  # noqa: E402,F401


def make(kind):
	if kind == "button":
		return Gtk.Button(label="Button")
	if kind == "area":
		area = Gtk.TextView()
		area.set_size_request(-1, 60)
		return area
	entry = Gtk.Entry()
	if kind == "password":
		entry.set_visibility(False)
		entry.set_input_purpose(Gtk.InputPurpose.PASSWORD)
	elif kind != "text":
		sys.exit(f"gtk_window.py: unknown kind {kind}")
	return entry


def main():
	title, geometry, kinds = sys.argv[1], sys.argv[2], sys.argv[3:]
	width, height, left, top = map(int, re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+)", geometry).groups())
	# Its window class: what a list of excluded applications can name.
	GLib.set_prgname(os.environ.get("GTK_WINDOW_CLASS", "gtk-window"))
	window = Gtk.Window(title=title)
	window.set_default_size(width, height)
	box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin=8)
	fields = [make(kind) for kind in kinds]
	for field in fields:
		box.add(field)
	window.add(box)
	window.connect("destroy", Gtk.main_quit)
	keys = []

	def pressed(_window, event):
		keys.append(event.string)
		return False

	window.connect("key-press-event", pressed)
	window.move(left, top)
	window.show_all()

	def middle(field):
		x, y = field.translate_coordinates(window, field.get_allocated_width() // 2, field.get_allocated_height() // 2)
		_, ox, oy = window.get_window().get_origin()
		return [ox + x, oy + y]

	def tell():
		print(json.dumps({"pid": os.getpid(), "window": getattr(window.get_window(), "get_xid", int)(),
			"fields": [middle(field) for field in fields]}), flush=True)
		return False

	def obey(channel, _condition):
		line = sys.stdin.readline()
		if not line:
			return False
		word, _, rest = line.strip().partition(" ")
		if word == "title":
			window.set_title(rest)
		elif word == "show":
			fields[int(rest)].set_visibility(True)
		elif word == "text":
			field = fields[int(rest)]
			if isinstance(field, Gtk.TextView):
				buffer = field.get_buffer()
				text = buffer.get_text(*buffer.get_bounds(), True)
			else:
				text = field.get_text()
			print(json.dumps(text), flush=True)
		elif word == "clear":
			fields[int(rest)].set_text("")
		elif word == "keys":
			print(json.dumps("".join(keys)), flush=True)
		elif word == "has":
			print(json.dumps(window.has_toplevel_focus()), flush=True)
		elif word == "where":
			print(json.dumps([middle(field) for field in fields]), flush=True)
		elif word == "quit":
			Gtk.main_quit()
		return True

	if not sys.stdin.isatty():
		GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, obey)
	# After the window manager has put its frame around it.
	GLib.timeout_add(250, tell)
	Gtk.main()


main()
