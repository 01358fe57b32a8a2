# SPDX-License-Identifier: Apache-2.0
"""What one process can try on another: each function returns None where it succeeds, else the error's name."""

import ctypes
import errno
import os
import platform
import resource
import signal

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 16, 17, 0x4206
# The same numbers on every architecture but for kcmp.
PIDFD_OPEN, PIDFD_GETFD, PROCESS_MADVISE = 434, 438, 440
KCMP = {"x86_64": 312, "aarch64": 272}.get(platform.machine())

READABLE = ("mem", "maps", "smaps", "environ", "auxv", "syscall", "stack", "pagemap", "io", "fd", "map_files", "cwd", "exe", "root", "ns/mnt")
WRITABLE = ("mem", "clear_refs", "coredump_filter")


class IoVec(ctypes.Structure):
	_fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def _error(returned):
	return None if returned >= 0 else errno.errorcode.get(ctypes.get_errno(), "?")


def read_proc(pid, name):
	"""/proc/PID/NAME, a file, a folder or a link."""
	path = f"/proc/{pid}/{name}"
	try:
		if name in ("fd", "map_files"):
			os.listdir(path)
		elif name in ("cwd", "exe", "root", "ns/mnt"):
			os.readlink(path)
		else:
			with open(path, "rb", buffering=0) as f:
				if name != "mem":
					f.read(16)
	except OSError as error:
		return errno.errorcode[error.errno]
	return None


def write_proc(pid, name):
	try:
		with open(f"/proc/{pid}/{name}", "r+b", buffering=0) as f:
			if name == "coredump_filter":
				f.write(b"0xff")
	except OSError as error:
		return errno.errorcode[error.errno]
	return None


def attach(pid):
	error = _error(libc.ptrace(PTRACE_ATTACH, pid, None, None))
	if error is None:
		os.waitpid(pid, 0x40000000) # __WALL
		libc.ptrace(PTRACE_DETACH, pid, None, None)
		os.kill(pid, signal.SIGCONT)
	return error


def seize(pid):
	error = _error(libc.ptrace(PTRACE_SEIZE, pid, None, None))
	if error is None:
		os.kill(pid, signal.SIGSTOP)
		os.waitpid(pid, 0x40000000)
		libc.ptrace(PTRACE_DETACH, pid, None, None)
		os.kill(pid, signal.SIGCONT)
	return error


def _vectors(address):
	buffer = ctypes.create_string_buffer(16)
	return buffer, IoVec(ctypes.addressof(buffer), 16), IoVec(address, 16)


def process_vm_readv(pid, address):
	_, local, remote = _vectors(address)
	return _error(libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))


def process_vm_writev(pid, address):
	_, local, remote = _vectors(address)
	return _error(libc.process_vm_writev(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))


def take_descriptor(pid):
	fd = libc.syscall(PIDFD_OPEN, pid, 0)
	if fd < 0:
		return _error(fd)
	taken = libc.syscall(PIDFD_GETFD, fd, 0, 0)
	error = _error(taken)
	os.close(fd)
	if taken >= 0:
		os.close(taken)
	return error


def process_madvise(pid, address):
	fd = libc.syscall(PIDFD_OPEN, pid, 0)
	if fd < 0:
		return _error(fd)
	_, _, remote = _vectors(address & ~4095)
	remote.length = 4096
	error = _error(libc.syscall(PROCESS_MADVISE, fd, ctypes.byref(remote), 1, 20, 0)) # MADV_COLD
	os.close(fd)
	return error


def compare(pid):
	return _error(libc.syscall(KCMP, pid, os.getpid(), 1, 0, 0)) if KCMP else "ENOSYS"


def permit_core(pid):
	try:
		resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
	except (OSError, ValueError, PermissionError) as error:
		return errno.errorcode.get(getattr(error, "errno", None), "EPERM")
	return None


def all_attempts(pid, address):
	"""{what was tried: None or the error}."""
	tried = {f"reading /proc/PID/{name}": read_proc(pid, name) for name in READABLE}
	tried.update((f"writing /proc/PID/{name}", write_proc(pid, name)) for name in WRITABLE)
	tried.update({"ptrace attach": attach(pid), "ptrace seize": seize(pid), "process_vm_readv": process_vm_readv(pid, address),
		"process_vm_writev": process_vm_writev(pid, address), "pidfd_getfd": take_descriptor(pid), "process_madvise": process_madvise(pid, address),
		"kcmp": compare(pid), "raising RLIMIT_CORE": permit_core(pid)})
	return tried
