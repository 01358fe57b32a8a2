#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of a segment in Python, by libassent and ctypes alone: read_segment.py SEGMENT.seg KEYFILE [PASSPHRASE]

rows() gives them as dicts with the names of every export; columns() as arrays, which numpy.frombuffer() takes without a copy.
"""

import array
import ctypes
import os
import sys

lib = ctypes.CDLL(os.environ.get("LIBASSENT", "libassent.so.0"))

I64, I32, U32, F32, I16, U8, TEXT = (ctypes.c_int64, ctypes.c_int32, ctypes.c_uint32, ctypes.c_float, ctypes.c_int16, ctypes.c_uint8, ctypes.c_char_p)


class Event(ctypes.Structure):
	"""struct assent_event"""
	_fields_ = [("t_us", I64), ("mono_us", I64), ("end_us", I64), ("text", TEXT), ("app", TEXT), ("title", TEXT), ("has", U32), ("x", I32),
		("y", I32), ("dx", F32), ("dy", F32), ("lost", I32), ("device", I16), ("code", I16), ("scroll_x", I16), ("scroll_y", I16), ("kind", U8),
		("key_class", U8), ("reason", U8), ("synthetic", U8), ("reserved", U8 * 4)]


class Columns(ctypes.Structure):
	"""struct assent_columns"""
	TYPES = {"t_us": "q", "mono_us": "q", "end_us": "q", "text": "i", "app": "i", "title": "i", "has": "I", "x": "i", "y": "i", "dx": "f",
		"dy": "f", "lost": "i", "device": "h", "code": "h", "scroll_x": "h", "scroll_y": "h", "kind": "B", "key_class": "B", "reason": "B",
		"synthetic": "B"}
	_fields_ = [(name, ctypes.c_void_p) for name in TYPES]


HAS = {name: 1 << bit for bit, names in enumerate(("device", "class", "code", "text", "x y", "dx dy", "scroll_x scroll_y", "app", "title", "reason",
	"end_us", "lost", "synthetic")) for name in names.split()}

for name in ("strerror", "kind_name", "class_name", "reason_name", "word"):
	getattr(lib, "assent_" + name).restype = ctypes.c_char_p
lib.assent_word_count.restype = U32
lib.assent_close.argtypes = lib.assent_keys_free.argtypes = [ctypes.c_void_p]
lib.assent_word.argtypes = [ctypes.c_void_p, ctypes.c_int, I32]
lib.assent_word_count.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.assent_next.argtypes = lib.assent_read_columns.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
lib.assent_seek.argtypes = [ctypes.c_void_p, I64]


class Error(Exception):
	pass


def check(status, what=None):
	if status < 0:
		raise Error(what.value.decode() if what else lib.assent_strerror(status).decode())
	return status


class Reader:
	def __init__(self, path, key_file, passphrase=None):
		self.reader, keys, why = ctypes.c_void_p(), ctypes.c_void_p(), TEXT()
		check(lib.assent_keys_new(ctypes.byref(keys)))
		try:
			check(lib.assent_keys_add(keys, os.fsencode(key_file), passphrase and passphrase.encode(), ctypes.byref(why)), why)
			check(lib.assent_open_keys(os.fsencode(path), keys, ctypes.byref(self.reader)))
		finally:
			lib.assent_keys_free(keys)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		lib.assent_close(self.reader)
		self.reader = None

	def seek(self, t_us):
		check(lib.assent_seek(self.reader, t_us))

	def rows(self):
		e = Event()
		while check(lib.assent_next(self.reader, ctypes.byref(e), ctypes.sizeof(e))):
			row = {"t_us": e.t_us, "mono_us": e.mono_us, "kind": lib.assent_kind_name(e.kind).decode()}
			for name, bit in HAS.items():
				if not e.has & bit:
					row[name] = None
				elif name == "class":
					row[name] = lib.assent_class_name(e.key_class).decode()
				elif name == "reason":
					row[name] = lib.assent_reason_name(e.reason).decode()
				else:
					value = getattr(e, name)
					row[name] = value.decode() if isinstance(value, bytes) else bool(value) if name == "synthetic" else value
			yield row

	def columns(self, *names):
		"""For each block a dict of arrays; text, app and title as (numbers, words), where -1 is null."""
		rows = U32()
		while check(lib.assent_next_block(self.reader, ctypes.byref(rows))):
			found = {name: array.array(Columns.TYPES[name], bytes(rows.value * array.array(Columns.TYPES[name]).itemsize)) for name in names}
			c = Columns(**{name: values.buffer_info()[0] for name, values in found.items()})
			check(lib.assent_read_columns(self.reader, ctypes.byref(c), ctypes.sizeof(c)))
			for which, name in enumerate(("text", "app", "title")):
				if name in found:
					count = lib.assent_word_count(self.reader, which)
					found[name] = found[name], [lib.assent_word(self.reader, which, i).decode() for i in range(count)]
			yield found


if __name__ == "__main__":
	try:
		with Reader(*sys.argv[1:]) as reader:
			for row in reader.rows():
				print({name: value for name, value in row.items() if value is not None})
	except Error as error:
		sys.exit(f"read_segment: {error}")
