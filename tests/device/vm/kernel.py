# SPDX-License-Identifier: Apache-2.0
"""Debian's own kernel for a virtual machine: vmlinux, and the modules that are wanted with those that they need.

Not the cloud kernel: that has no uinput.
"""

import gzip
import lzma
import os
import platform
import re
import shutil
import struct
import subprocess
import tempfile

from cases import Skip
from packages import Apt, AptError, made, members

# Input, a screen, and what QEMU's devices need; a module that Debian builds into the kernel is not missed.
MODULES = ("evdev", "uinput", "virtio_pci", "virtio_input", "xhci_pci", "usbhid", "hid_generic", "virtio_gpu")


class Kernel:
	"""vmlinux: path; version; folder: below it lib/modules as it is to be in the guest."""

	def __init__(self, folder):
		self.folder, self.vmlinux = folder, folder / "vmlinux"
		self.version = (folder / "version").read_text().strip()


def get():
	if platform.machine() != "x86_64":
		raise Skip(f"the virtual machine is an x86-64 one, emulated; on {platform.machine()} nobody tried that")
	apt = Apt()
	try:
		files = apt.files("linux-image-amd64")
	except AptError as error:
		if "Unable to locate package linux-image-amd64" in str(error):
			raise Skip("apt knows no linux-image-amd64, even with new lists: this is no Debian") from None
		raise
	file = next((name for name in files if re.match(r"linux-image-[0-9][^_]*-amd64_", name)), None)
	if not file:
		raise AptError(f"linux-image-amd64 needs no kernel: {files}")
	package = file.split("_")[0]
	return Kernel(made("kernel", " ".join((file, *MODULES)), lambda folder: _unpack(apt, package, folder)))


def _unpack(apt, package, folder):
	with tempfile.TemporaryDirectory(dir=folder.parent) as place:
		deb = apt.download_only(place, package)[0]
		modules, version = {}, package.removeprefix("linux-image-")
		with members(deb) as tar:
			for member in tar:
				name = member.name.removeprefix("./").removeprefix("usr/")
				if name.startswith("boot/vmlinuz-"):
					(folder / "vmlinux").write_bytes(_vmlinux(tar.extractfile(member).read()))
				elif re.search(r"\.ko(\.xz|\.zst|\.gz)?$", name):
					modules[_name(name)] = (name, _needs(_expand(tar.extractfile(member).read())))
		wanted = {}
		for name in MODULES:
			_close(name, modules, wanted)
		with members(deb) as tar:
			for member in tar:
				name = member.name.removeprefix("./").removeprefix("usr/")
				if _name(name) in wanted and modules[_name(name)][0] == name:
					to = folder / _plain(name)
					to.parent.mkdir(parents=True, exist_ok=True)
					to.write_bytes(_expand(tar.extractfile(member).read()))
	for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
		(folder / "lib" / "modules" / version / name).touch()
	subprocess.run([_depmod(), "-b", str(folder), version], stdin=subprocess.DEVNULL, timeout=60, check=True)
	(folder / "version").write_text(version + "\n")


def _depmod():
	tool = shutil.which("depmod", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
	if not tool:
		raise Skip("depmod is not installed (packaging/deps.sh vm)")
	return tool


def _name(path):
	return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def _plain(path):
	return path.partition(".ko")[0] + ".ko"


def _expand(data):
	if data.startswith(b"\xfd7zXZ\0"):
		return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)
	if data.startswith(b"\x1f\x8b"):
		return gzip.decompress(data)
	if data.startswith(b"\x28\xb5\x2f\xfd"):
		if not shutil.which("zstd"):
			raise Skip("zstd is not installed: this kernel is compressed with it")
		# What follows the frame is no error: the image has its length there.
		return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=False).stdout
	return data


def _vmlinux(image):
	"""The kernel in a bzImage: QEMU starts it at once, without an emulated decompressor's ten seconds."""
	sectors = image[0x1F1] or 4
	offset, length = struct.unpack_from("<II", image, 0x248)
	start = (sectors + 1) * 512 + offset
	kernel = _expand(image[start:start + length])
	if not kernel.startswith(b"\x7fELF"):
		raise Skip("the kernel's image is compressed in a way that is not known here")
	return kernel


def _needs(module):
	"""The modules that it needs."""
	needs = re.search(rb"\0depends=([^\0]*)\0", module)
	return [name.replace("-", "_") for name in needs[1].decode().split(",") if name] if needs else []


def _close(name, modules, wanted):
	if name not in modules or name in wanted:
		return
	for need in modules[name][1]:
		_close(need, modules, wanted)
	wanted[name] = True
