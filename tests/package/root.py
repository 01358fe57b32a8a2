# SPDX-License-Identifier: Apache-2.0
"""A clean Debian to install packages into: made once by mmdebstrap (ASSENT_BUILD/root-*.tar), unpacked for each test, entered by chroot.

What is mounted in it is mounted for this process and its children only, and goes with them.
"""

import ctypes
import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

from agent import BUILD, ROOT
from cases import Skip, check

# What stands in the root beside what the packages depend on: a desktop, and the tests' own hands.
DESKTOP = ("xvfb", "openbox", "at-spi2-core", "dbus", "python3", "python3-gi", "gir1.2-gtk-3.0", "fonts-dejavu-core", "libxtst6", "libx11-6",
	"x11-utils", "xdotool")
PERSON = 1000
CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_BIND, MS_RDONLY, MS_REMOUNT = 0x20000, 0x4000, 1 << 18, 0x1000, 1, 32

libc = ctypes.CDLL(None, use_errno=True)


def own_mounts():
	"""From here on mounts are this process' own; for former_mounts()."""
	before = [os.open(name, os.O_RDONLY | os.O_CLOEXEC) for name in ("/proc/self/ns/mnt", "/", ".")]
	if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
		raise Skip(f"cannot mount anything here: {os.strerror(ctypes.get_errno())}")
	return before


def former_mounts(before):
	"""Back to those; False: could not."""
	space, root, place = before
	if libc.setns(space, CLONE_NEWNS):
		return False
	# setns() goes to the root of the namespace, which is not ours where this runs in a chroot itself.
	os.fchdir(root)
	os.chroot(".")
	os.fchdir(place)
	for file in before:
		os.close(file)
	return True


def mount(what, where, kind=None, flags=0, data=None):
	where.mkdir(parents=True, exist_ok=True)
	if libc.mount(str(what).encode(), str(where).encode(), kind and kind.encode(), flags, data and data.encode()):
		raise Skip(f"{where}: cannot be mounted: {os.strerror(ctypes.get_errno())}")


def archive(needs):
	"""The clean Debian, with what the packages need and none of ours."""
	include = sorted({*DESKTOP, *needs})
	suite = platform.freedesktop_os_release().get("VERSION_CODENAME") or "bookworm"
	file = BUILD / f"root-{suite}-{hashlib.sha256(' '.join(include).encode()).hexdigest()[:12]}.tar"
	with open(BUILD / "root.lock", "w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		if file.exists():
			return file
		with tempfile.TemporaryDirectory(prefix="assent-mmdebstrap-") as folder:
			# As apt fetches on this machine: sources, proxies.
			options = pathlib.Path(folder) / "apt.conf"
			options.write_text(subprocess.run(["apt-config", "dump", "Acquire"], stdout=subprocess.PIPE, text=True, check=True).stdout)
			sources = [str(path) for path in [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
				if path.is_file() and path.suffix in (".list", ".sources")]
			part = file.with_suffix(".part")
			done = subprocess.run(["nice", "mmdebstrap", "--variant=minbase", "--format=tar", "--quiet", f"--aptopt={options}",
				"--dpkgopt=path-exclude=/usr/share/locale/*", f"--include={','.join(include)}", suite, part, *sources],
				stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200)
			if done.returncode != 0:
				raise Skip(f"mmdebstrap could not make a Debian {suite} (is there a mirror?): {' '.join(done.stdout[-400:].split())}")
			part.rename(file)
	return file


class Root:
	"""with Root(needs) as root: root.run("dpkg", "-i", ...)"""

	def __init__(self, needs):
		if os.geteuid() != 0:
			raise Skip("needs root (chroot)")
		self.archive = archive(needs)

	def __enter__(self):
		if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
			signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
		self.path = pathlib.Path(tempfile.mkdtemp(prefix="assent-root-"))
		self.path.chmod(0o755)
		self.outside = None
		try:
			self.open()
		except BaseException:
			self.__exit__()
			raise
		return self

	def open(self):
		subprocess.run(["tar", "-C", self.path, "--numeric-owner", "--exclude=./dev/*", "-xf", self.archive], check=True)
		self.outside = own_mounts()
		mount("proc", self.path / "proc", "proc")
		mount("/dev", self.path / "dev", flags=MS_BIND | MS_REC)
		mount("run", self.path / "run", "tmpfs", data="mode=755")
		mount(ROOT, self.path / "mnt", flags=MS_BIND)
		mount(ROOT, self.path / "mnt", flags=MS_BIND | MS_REMOUNT | MS_RDONLY)
		mount("packages", self.path / "media", "tmpfs", data="mode=755")
		self.run("useradd", "--create-home", "--uid", str(PERSON), "person")

	def __exit__(self, *_):
		# Back to where nothing is mounted in it: only then may it be removed.
		if self.outside and not former_mounts(self.outside):
			return
		shutil.rmtree(self.path, ignore_errors=True)

	def wrap(self, person=False):
		return ["/usr/sbin/chroot", *(["--userspec=person", "--groups="] if person else []), str(self.path)]

	def run(self, *argv, status=0, **options):
		done = subprocess.run([*self.wrap(), *map(str, argv)], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
			"DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
			timeout=300, start_new_session=True, **options)
		check(status is None or done.returncode == status, lambda: f"{' '.join(map(str, argv))}: exit {done.returncode}: {done.stdout[-1500:]}")
		return done.stdout

	def install(self, *files):
		"""Without a network: what they need is there, or it fails."""
		for file in files:
			shutil.copy(file, self.path / "media")
		return self.run("dpkg", "-i", *(f"/media/{file.name}" for file in files))

	def processes(self, name):
		"""Of this root, with that name."""
		found = []
		for entry in os.listdir("/proc"):
			try:
				if entry.isdigit() and os.readlink(f"/proc/{entry}/root") == str(self.path) and (pathlib.Path("/proc") / entry / "comm").read_text().startswith(name):
					found.append(int(entry))
			except OSError:
				pass
		return found
