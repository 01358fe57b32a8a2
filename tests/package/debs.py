# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of this tree for tests: built once for a state of the source, kept in ASSENT_BUILD/deb."""

import fcntl
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from agent import BUILD, ROOT
from cases import Skip, check

SCRIPT = ROOT / "packaging/deb.sh"
NAMES = ("assent", "assent-inputd", "assent-tools", "libassent0", "libassent-dev")
# What of the tree cannot change a package.
OUTSIDE = ("tests/", ".ci/", "packaging/rpm", "packaging/deps.sh", "packaging/quickstart.sh", "packaging/demo.py")


def needed(*programs):
	missing = [name for name in programs if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
	if missing:
		raise Skip(f"{', '.join(missing)}: not installed (sh packaging/deps.sh package)")


def source():
	"""What the packages are made of, as a hash."""
	if (ROOT / ".git").exists():
		said = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
			stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
	else:
		said = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if "__pycache__" not in path.parts and not path.relative_to(ROOT).parts[0].startswith("build")]
	total = hashlib.sha256()
	for name in sorted(set(said)):
		path = ROOT / name
		if name and path.is_file() and not name.startswith(OUTSIDE):
			total.update(f"{name}\0{path.stat().st_mode & 0o111}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
	return total.hexdigest()


def version():
	text = (ROOT / "CMakeLists.txt").read_text()
	return text.split("project(assent VERSION ")[1].split()[0]


def newer():
	"""A version that comes after this one: for an upgrade."""
	parts = version().split(".")
	return ".".join([*parts[:-1], str(int(parts[-1]) + 1)])


def build(folder, *arguments, umask=0o022, **environment):
	"""Runs deb.sh; the packages by name, as paths."""
	# rpm writes a database there, wherever that is.
	with tempfile.TemporaryDirectory(prefix="assent-home-") as home:
		env = dict({"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8"}, **environment)
		done = subprocess.run(["nice", "sh", SCRIPT, "--out", folder, *arguments], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			stderr=subprocess.STDOUT, text=True, umask=umask, timeout=900)
	check(done.returncode == 0, lambda: f"deb.sh: exit {done.returncode}: {done.stdout[-3000:]}")
	return packages(folder)


def packages(folder):
	return {path.name.split("_")[0]: path for path in pathlib.Path(folder).glob("*.deb")}


@functools.cache
def built(wanted=None):
	"""The packages of this tree, under its own version or under another, by name. Several tests may ask at once."""
	needed("dpkg-buildpackage", "dh", "dh_apparmor", "scdoc")
	folder = BUILD / "deb" / (wanted or version())
	folder.mkdir(parents=True, exist_ok=True)
	with open(folder.parent / ".lock", "w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		stamp, now = folder / "stamp", source()
		if not stamp.exists() or stamp.read_text() != now:
			shutil.rmtree(folder)
			folder.mkdir()
			build(folder, *(["--version", wanted] if wanted else []))
			stamp.write_text(now)
	return packages(folder)
