# SPDX-License-Identifier: Apache-2.0
"""Plain X windows for tests, by ctypes on a connection of their own: made, focused, destroyed, grabbing."""

import ctypes


class XWindows:
	def __init__(self, display):
		self.x = x = ctypes.CDLL("libX11.so.6")
		p, ul, i, ui = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_uint
		x.XOpenDisplay.restype, x.XOpenDisplay.argtypes = p, [ctypes.c_char_p]
		x.XDefaultRootWindow.restype, x.XDefaultRootWindow.argtypes = ul, [p]
		x.XCreateSimpleWindow.restype = ul
		x.XCreateSimpleWindow.argtypes = [p, ul, i, i, ui, ui, ui, ul, ul]
		for name in ("XMapWindow", "XDestroyWindow"):
			getattr(x, name).argtypes = [p, ul]
		x.XSetInputFocus.argtypes = [p, ul, i, ul]
		x.XSync.argtypes = [p, i]
		x.XGrabKeyboard.argtypes = [p, ul, i, i, i, ul]
		x.XUngrabKeyboard.argtypes = [p, ul]
		x.XCloseDisplay.argtypes = [p]
		# BadMatch for a window that is not viewable yet is expected.
		self.handler = ctypes.CFUNCTYPE(i, p, p)(lambda *_: 0)
		x.XSetErrorHandler(self.handler)
		self.d = x.XOpenDisplay(display.encode())
		self.root = x.XDefaultRootWindow(self.d)

	def make(self, width=120, height=80, parent=None):
		window = self.x.XCreateSimpleWindow(self.d, parent or self.root, 10, 10, width, height, 0, 0, 0)
		self.x.XMapWindow(self.d, window)
		self.sync()
		return window

	def focus(self, window):
		"""A window, 0 for None, 1 for PointerRoot."""
		self.x.XSetInputFocus(self.d, window, 0, 0)
		self.sync()

	def destroy(self, window):
		self.x.XDestroyWindow(self.d, window)

	def grab(self):
		return self.x.XGrabKeyboard(self.d, self.root, 0, 1, 1, 0)

	def ungrab(self):
		self.x.XUngrabKeyboard(self.d, 0)
		self.sync()

	def sync(self):
		self.x.XSync(self.d, 0)
