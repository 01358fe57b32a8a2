# SPDX-License-Identifier: Apache-2.0
"""field.py: a GTK3 window with one text field, as an application that is typed into for hours.

The field empties itself now and then, so that its own cost does not grow with the text. Prints one line of JSON when it
is on the screen (as tests/lib/gtk_window.py does); then, for each line "dump" on its standard input, when each key press
since the last dump arrived (CLOCK_MONOTONIC, ns; JSON).
"""

import json
import os
import sys
import time

import gi
gi.require_version("Gtk", "3.0")
gi.require_version("GdkX11", "3.0")
from gi.repository import GdkX11, GLib, Gtk  # noqa: E402,F401

LONGEST = 60


def main():
	arrived = []
	window = Gtk.Window(title="Field")
	window.set_default_size(360, 100)
	field = Gtk.Entry(margin=20)
	window.add(field)
	window.move(40, 40)
	window.connect("destroy", Gtk.main_quit)
	field.connect("changed", lambda entry: entry.get_text_length() > LONGEST and entry.set_text(""))

	def pressed(_window, _event):
		arrived.append(time.monotonic_ns())
		del arrived[:-100000]
		return False

	window.connect("key-press-event", pressed)
	window.show_all()

	def tell():
		_, x, y = window.get_window().get_origin()
		left, top = field.translate_coordinates(window, field.get_allocated_width() // 2, field.get_allocated_height() // 2)
		print(json.dumps({"pid": os.getpid(), "window": window.get_window().get_xid(),
			"fields": [[x + left, y + top]]}), flush=True)
		return False

	def obey(_channel, _condition):
		line = sys.stdin.readline()
		if not line:
			return False
		if line.strip() == "dump":
			print(json.dumps(arrived), flush=True)
			arrived.clear()
		return True

	GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, obey)
	GLib.timeout_add(250, tell)
	Gtk.main()


main()
