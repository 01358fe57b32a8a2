# SPDX-License-Identifier: Apache-2.0
"""Who has the keyboard, asked on one connection in a tenth of a millisecond: to type at the very moment when a prompt can be typed into."""

import ctypes
import time

from desk import DeskError

ALREADY_GRABBED = 1


class Eyes:
	def __init__(self, display):
		self.x = ctypes.CDLL("libX11.so.6")
		pointer, ulong = ctypes.c_void_p, ctypes.c_ulong
		self.x.XOpenDisplay.restype = pointer
		self.x.XOpenDisplay.argtypes = [ctypes.c_char_p]
		self.x.XDefaultRootWindow.argtypes = [pointer]
		self.x.XDefaultRootWindow.restype = ulong
		self.x.XCreateWindow.argtypes = [pointer, ulong, ctypes.c_int, ctypes.c_int] + [ctypes.c_uint] * 3 + [
			ctypes.c_int, ctypes.c_uint, pointer, ulong, pointer]
		self.x.XCreateWindow.restype = ulong
		self.x.XGrabKeyboard.argtypes = [pointer, ulong, ctypes.c_int, ctypes.c_int, ctypes.c_int, ulong]
		self.x.XUngrabKeyboard.argtypes = [pointer, ulong]
		self.x.XGetInputFocus.argtypes = [pointer, ctypes.POINTER(ulong), ctypes.POINTER(ctypes.c_int)]
		self.x.XSync.argtypes = [pointer, ctypes.c_int]
		self.d = self.x.XOpenDisplay(display.encode())
		if not self.d:
			raise DeskError(f"cannot open {display}")
		self.root = self.x.XDefaultRootWindow(self.d)
		# InputOnly (2), never mapped: a grab on it is refused, and why says whether there is another.
		self.probe = self.x.XCreateWindow(self.d, self.root, -1, -1, 1, 1, 0, 0, 2, None, 0, None)
		self.x.XSync(self.d, 0)

	def focus(self):
		window, revert = ctypes.c_ulong(), ctypes.c_int()
		self.x.XGetInputFocus(self.d, ctypes.byref(window), ctypes.byref(revert))
		return window.value

	def grabbed(self):
		return self.x.XGrabKeyboard(self.d, self.probe, 0, 1, 1, 0) == ALREADY_GRABBED

	def hold(self, seconds):
		"""Holds the keyboard, as a locker or a menu does."""
		if self.x.XGrabKeyboard(self.d, self.root, 1, 1, 1, 0) != 0:
			raise DeskError("the keyboard is held already")
		self.x.XSync(self.d, 0)
		time.sleep(seconds)
		self.x.XUngrabKeyboard(self.d, 0)
		self.x.XSync(self.d, 0)

	def taken(self, before, seconds=10.0, focus=True, grab=True):
		"""Waits until another window than `before` has the focus, or somebody holds the keyboard; which of both."""
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			if grab and self.grabbed():
				return "grab"
			if focus and self.focus() not in (before, 0, 1, self.root):
				return "focus"
			time.sleep(0.0002)
		raise DeskError(f"nobody took the keyboard within {seconds} s")

	def free(self, seconds=10.0):
		end = time.monotonic() + seconds
		while self.grabbed():
			if time.monotonic() > end:
				raise DeskError(f"the keyboard is still held after {seconds} s")
			time.sleep(0.005)
