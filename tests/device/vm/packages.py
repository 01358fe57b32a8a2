# SPDX-License-Identifier: Apache-2.0
"""Debian packages for a virtual machine: downloaded with this machine's apt, taken apart, never installed.

Everything that was made is kept in build/vm of the source tree (or in $ASSENT_VM), by the names and versions of the
packages: made once, and anew when Debian has newer ones.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

from cases import Skip, note

KEPT = pathlib.Path(os.environ.get("ASSENT_VM") or pathlib.Path(__file__).resolve().parents[3] / "build" / "vm")


class AptError(Exception):
	pass


@contextlib.contextmanager
def alone(name):
	"""Only one process makes it (or runs it) at a time; it waits for the other."""
	KEPT.mkdir(parents=True, exist_ok=True)
	with open(KEPT / f"{name}.lock", "w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		yield


def made(name, key, make):
	"""The folder that make(folder) fills; it is made only if there is none of this key (a text) yet."""
	folder = KEPT / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
	with alone(name):
		if not folder.is_dir():
			for old in (*KEPT.glob(f"{name}-*"), *KEPT.glob(f"unfinished-{name}.*")):
				shutil.rmtree(old, ignore_errors=True)
			unfinished = pathlib.Path(tempfile.mkdtemp(prefix=f"unfinished-{name}.", dir=KEPT))
			try:
				make(unfinished)
				unfinished.chmod(0o755)
				unfinished.rename(folder)
			finally:
				shutil.rmtree(unfinished, ignore_errors=True)
	return folder


class Apt:
	"""This machine's sources and keys; but as if nothing was installed, and writing only into our own folder."""

	known = {}

	def __init__(self):
		if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
			raise Skip("no apt-get or dpkg-deb: the kernel of the virtual machine is a package of Debian's")
		self.place = KEPT / "apt"
		(self.place / "archives" / "partial").mkdir(parents=True, exist_ok=True)
		(self.place / "none" / "partial").mkdir(parents=True, exist_ok=True)
		(self.place / "lists" / "partial").mkdir(parents=True, exist_ok=True)
		(self.place / "status").touch()
		self.options = ["-qq", "-o", f"Dir::State::status={self.place}/status", "-o", f"Dir::Cache::archives={self.place}/archives",
			"-o", "Debug::NoLocking=1", "-o", "APT::Install-Recommends=false", "-o", "Acquire::Retries=3"]
		if os.getuid() == 0:
			self.options += ["-o", "APT::Sandbox::User=root"] # _apt may not write here

	def _run(self, *argv):
		done = subprocess.run(["apt-get", *self.options, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
			text=True, env={**os.environ, "LC_ALL": "C"}, timeout=600, check=False)
		if done.returncode:
			raise AptError(f"apt-get {' '.join(argv)}: {done.stderr.strip()[-600:]}")
		return done.stdout

	def _own_lists(self):
		"""The machine has none (an image without them), or too old ones: its own stay as they are."""
		note("apt's lists are missing or too old: fetching them into " + str(self.place))
		self.options += ["-o", f"Dir::State::lists={self.place}/lists"]
		self._run("update")

	def _either(self, work):
		"""work() with this machine's lists; with new ones if that fails."""
		try:
			return work()
		except AptError:
			if f"Dir::State::lists={self.place}/lists" in self.options:
				raise
			self._own_lists()
			return work()

	def files(self, *packages):
		"""Names of the files of packages, and of all that they depend on."""
		if packages not in self.known:
			# It names what is still to be downloaded: all, into an empty folder.
			out = self._either(lambda: self._run("-o", f"Dir::Cache::archives={self.place}/none", "--print-uris", "install", *packages))
			self.known[packages] = [line.split()[1] for line in out.splitlines() if line.startswith("'")]
		return self.known[packages]

	def download(self, *packages):
		"""The files of packages, and of all that they depend on."""
		with alone("apt"):
			self._either(lambda: self._run("--yes", "--download-only", "install", *packages))
			return [self.place / "archives" / name for name in self.files(*packages)]

	def download_only(self, folder, *packages):
		"""The files of packages, without what they depend on."""
		def fetch():
			subprocess.run(["apt-get", *self.options, "download", *packages], cwd=folder, stdin=subprocess.DEVNULL, text=True,
				stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600, check=True)
		def work():
			try:
				fetch()
			except subprocess.CalledProcessError as error:
				raise AptError(f"apt-get download {' '.join(packages)}: {error.stderr.strip()[-600:]}") from None
		self._either(work)
		found = sorted(pathlib.Path(folder).glob("*.deb"))
		if len(found) != len(packages):
			raise AptError(f"apt-get download {' '.join(packages)}: {len(found)} files")
		return found

	def clean(self):
		"""The packages were taken apart."""
		for file in (self.place / "archives").glob("*.deb"):
			file.unlink()


@contextlib.contextmanager
def members(file):
	"""The files in a package, one after the other: an open tarfile, to be read in its order."""
	with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(file)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
		with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
			yield tar
		process.stdout.read() # what tarfile leaves: dpkg-deb complains of a closed pipe
	if process.returncode:
		raise AptError(f"dpkg-deb cannot read {file}")
