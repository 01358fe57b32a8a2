# SPDX-License-Identifier: Apache-2.0
"""The file system that a virtual machine starts with: a cpio archive, which the kernel unpacks into memory.

Written here, so that everything in it belongs to root whoever runs the test, and no file system has to be made.
"""

import os
import pathlib
import re
import stat
import subprocess

# Where Debian's packages still have a directory, the system has a link.
MERGED = ("bin", "sbin", "lib", "lib64")


class Archive:
	"""add(), folder(), link(), node(), tree(), then save(); what was added first stays, a later one of the same name is ignored."""

	def __init__(self, file):
		self.out, self.seen, self.count = open(file, "wb"), {""}, 0
		for name in MERGED:
			self.link(name, f"usr/{name}")

	def _entry(self, name, mode, data=b"", owner=(0, 0), device=(0, 0)):
		name = self.place(name)
		if name in self.seen:
			return
		parent = name.rpartition("/")[0]
		if parent not in self.seen:
			self.folder(parent)
		self.seen.add(name)
		self._raw(name, mode, data, owner, device)

	def _raw(self, name, mode, data, owner, device):
		self.count += 1
		text = name.encode() + b"\0"
		numbers = (self.count, mode, *owner, 1, 0, len(data), 0, 0, *device, len(text), 0)
		self._padded(b"070701" + b"".join(b"%08X" % number for number in numbers) + text)
		self._padded(data)

	def _padded(self, data):
		self.out.write(data)
		self.out.write(b"\0" * (-len(data) % 4))

	@staticmethod
	def place(name):
		"""Where a name of a package's is in a system: without a leading slash, and below usr."""
		name = re.sub(r"^\.?/+", "", str(name)).rstrip("/")
		first, slash, _ = name.partition("/")
		return f"usr/{name}" if slash and first in MERGED else name

	def folder(self, name, mode=0o755, owner=(0, 0)):
		if self.place(name) not in MERGED:
			self._entry(name, stat.S_IFDIR | mode, owner=owner)

	def add(self, name, data, mode=0o644, owner=(0, 0)):
		self._entry(name, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data, owner)

	def link(self, name, to):
		self._entry(name, stat.S_IFLNK | 0o777, to.encode())

	def node(self, name, mode, device):
		self._entry(name, stat.S_IFCHR | mode, device=device)

	def tree(self, folder, below=""):
		"""A folder of this machine's."""
		for path in sorted(pathlib.Path(folder).rglob("*")):
			if path.is_file():
				self.add(f"{below}/{path.relative_to(folder)}", path.read_bytes(), stat.S_IMODE(path.stat().st_mode))

	def program(self, name, file, libraries=True):
		"""A program of this machine's, with the shared libraries that it loads."""
		self.add(name, pathlib.Path(file).read_bytes(), 0o755)
		if libraries:
			told = subprocess.run(["ldd", str(file)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
				text=True, timeout=30, check=False).stdout
			for library in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", told, re.MULTILINE):
				self.add(library, pathlib.Path(os.path.realpath(library)).read_bytes(), 0o755)

	def package(self, tar, without=()):
		"""What a package holds (see packages.members); without: beginnings of names that are not wanted."""
		for member in tar:
			name = self.place(member.name)
			if not name or name.startswith(tuple(without)):
				continue
			owner = (member.uid, member.gid)
			if member.isdir():
				self.folder(name, member.mode, owner)
			elif member.issym():
				self._entry(name, stat.S_IFLNK | 0o777, member.linkname.encode(), owner)
			elif member.islnk():
				self.link(name, "/" + self.place(member.linkname))
			elif member.isfile():
				self.add(name, tar.extractfile(member).read(), member.mode, owner)

	def save(self):
		self._raw("TRAILER!!!", 0, b"", (0, 0), (0, 0))
		self.out.close()
