#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The RPM packages: built here by rpmbuild, the same split as the Debian packages, the same bytes from two builds; and in a root: install, join, record,
upgrade, erase.

The root is a Debian: there is no mirror of a distribution of RPMs that these tests could rely on. So rpm installs with --nodeps, since no package of Debian's
is in its database; what is tried are files, scripts and programs, not the names of dependencies (those of libraries are rpm's own finding).
"""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent / "lib")]

import debs  # noqa: E402
from agent import BUILD, ROOT  # noqa: E402
from cases import check, full, note, run  # noqa: E402
from installed import first  # noqa: E402
from root import Root  # noqa: E402
from test_deb import INPUT, Someone, files, needs, sh  # noqa: E402

NAMES = {"assent": "assent", "assent-inputd": "assent-inputd", "assent-tools": "assent-tools", "libassent": "libassent0", "libassent-devel": "libassent-dev"}
WORKSTATION = ("assent", "assent-tools", "assent-inputd")
DATABASE = "/var/lib/rpm"


def build(folder, *arguments, umask=0o022, **environment):
	# rpm writes a database there, wherever that is.
	with tempfile.TemporaryDirectory(prefix="assent-home-") as home:
		env = dict({"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8"}, **environment)
		done = subprocess.run(["nice", "sh", ROOT / "packaging/rpm.sh", "--out", folder, *arguments], env=env, stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=umask, timeout=900, errors="replace")
	check(done.returncode == 0, lambda: f"rpm.sh: exit {done.returncode}: {done.stdout[-3000:]}")
	return packages(folder)


def packages(folder):
	"""By name; the source package as "src"."""
	return {"src" if path.name.endswith(".src.rpm") else re.sub(r"-[0-9][^-]*-[^-]*$", "", path.name): path for path in pathlib.Path(folder).glob("*.rpm")}


def built(wanted=None):
	"""The packages of this tree, under its own version or under another: built once for a state of the source."""
	debs.needed("rpmbuild", "rpm2archive", "find-debuginfo", "eu-strip", "scdoc")
	folder = BUILD / "rpm" / (wanted or debs.version())
	folder.mkdir(parents=True, exist_ok=True)
	with open(folder.parent / ".lock", "w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		stamp, own = folder / "stamp", sorted((ROOT / "packaging").glob("rpm*/*")) + [ROOT / "packaging/rpm.sh"]
		now = debs.source() + "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in own)
		if not stamp.exists() or stamp.read_text() != now:
			shutil.rmtree(folder)
			folder.mkdir()
			build(folder, *(["--version", wanted] if wanted else []))
			stamp.write_text(now)
	return packages(folder)


def query(package, what):
	return sh("rpm", "-qp", what, built()[package]).splitlines()


def program(package, path, into):
	"""A file of a package, unpacked."""
	shutil.copy(built()[package], into)
	sh("rpm2archive", pathlib.Path(into) / built()[package].name)
	sh("tar", "-C", into, "-xzf", pathlib.Path(into) / f"{built()[package].name}.tgz")
	return next(found for found in sorted(pathlib.Path(into).glob(path)) if not found.is_symlink())


def builds():
	found = built()
	check(set(found) == {"src", "assent-debuginfo", *NAMES}, f"{sorted(found)}")
	for name, path in found.items():
		told = sh("rpm", "-qp", "--qf", "%{VERSION} %{LICENSE} %{BUILDHOST}", path)
		check(told == f"{debs.version()} Apache-2.0 reproducible", f"{name}: {told}")
	spec = (path.parent / "assent.spec").read_text()
	check("@VERSION@" not in spec, "the spec file is a template")


def same_split():
	"""What lies where, as in the Debian packages; but for folders that the distributions call otherwise, documentation, and AppArmor's profiles."""
	def plain(paths):
		kept = set()
		for path in paths:
			path = re.sub(r"^(/usr)?/lib/systemd", "/usr/lib/systemd", re.sub(r"^/usr/lib(64|/[^/]*-linux-gnu)/", "/usr/LIB/", path))
			path = path.replace("/vendor-completions/", "/site-functions/").removesuffix(".gz")
			if not path.startswith(("/usr/share/doc", "/usr/share/licenses", "/usr/lib/.build-id", "/etc/apparmor.d", "/usr/share/lintian")):
				kept.add(path)
		return kept
	for name, debian in NAMES.items():
		folders = {line.split()[-1] for line in query(name, "-lv") if line.startswith("d")}
		ours, theirs = plain(set(query(name, "-l")) - folders), plain(files(debian))
		check(ours == theirs, lambda: f"{name} only: {sorted(ours - theirs)}; {debian} only: {sorted(theirs - ours)}")
		odd = [line for line in query(name, "-lv") if line[0] not in "-dl" or line[0] != "l" and ("s" in line[:10] or line[8] == "w")]
		check(not odd, f"{name}: {odd}")


def no_capture_code_in_tools():
	for name in ("assent-tools", "libassent"):
		needed = [line for line in query(name, "--requires") if line.startswith(INPUT) or line.split()[0] == "assent"]
		check(not needed, f"{name} needs {needed}")
	check(any(line.startswith("libXi.so") for line in query("assent", "--requires")), "rpm finds no libraries")


def debugging_symbols():
	with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
		stripped, symbols = program("assent", "usr/bin/assentd", folder), program("assent-debuginfo", "usr/lib/debug/usr/bin/assentd-*.debug", other)
		build_id = [re.search(r"Build ID: (\w+)", sh("readelf", "-n", path))[1] for path in (stripped, symbols)]
		check(build_id[0] == build_id[1], f"{build_id}")
		check(" supervisor_run" in sh("nm", symbols) and "no symbols" in sh("nm", stripped, code=None), "the symbols are in the wrong place")
		text = stripped.read_bytes() + symbols.read_bytes()
		check(str(BUILD).encode() not in text and b".work." not in text, "it knows where it was built")


def bills_of_material():
	for name, path in ((name, built()[name]) for name in NAMES):
		told = json.loads(path.with_suffix(".spdx.json").read_text())
		check(told["spdxVersion"] == "SPDX-2.3" and told["files"], name)
		with tempfile.TemporaryDirectory() as folder:
			for item in told["files"]:
				file = program(name, item["fileName"].removeprefix("./"), folder)
				sums = {s["algorithm"]: s["checksumValue"] for s in item["checksums"]}
				check(sums["SHA256"] == hashlib.sha256(file.read_bytes()).hexdigest(), f"{name}: {item['fileName']}")


@full
def the_same_bytes_again():
	"""Another path, umask, locale, time zone."""
	before = built()
	with tempfile.TemporaryDirectory(prefix="assent-elsewhere-with-a-longer-name-") as folder:
		after = build(pathlib.Path(folder) / "out", umask=0o077, TMPDIR=folder, LC_ALL="POSIX", TZ="Asia/Kathmandu")
		check(set(after) == set(before), f"{sorted(before)} and {sorted(after)}")
		for name in sorted(before):
			one, other = (hashlib.sha256(where[name].read_bytes()).hexdigest() for where in (before, after))
			check(one == other, f"{name}: {one[:16]} and {other[:16]}")
		note(f"{len(before)} packages, the same SHA-256")


def scripts_start_nothing():
	for name in NAMES:
		text = "\n".join(query(name, "--scripts"))
		check(not re.search(r"\b(start|restart|--now)\b", text.replace("try-restart", "")), f"{name}: {text}")
		check(not re.search(r"/home|\bfind\b|\brm\b|getent", text), f"{name}: a script reaches into homes")


def rpm(root, *argv):
	"""As of this machine: rpm itself enters the root for the scripts. Both, what it says and what they say."""
	return sh("rpm", "--root", root.path, "--dbpath", DATABASE, *argv)


def from_install_to_erase():
	debs.needed("mmdebstrap")
	old, new = built(), built(debs.newer())
	with Root(needs()) as root:
		said = rpm(root, "-i", "--nodeps", *(old[name] for name in WORKSTATION), old["libassent"])
		note(f"rpm --root --nodeps, into a Debian: {' '.join(said.split()) or 'no message'}")
		check(not root.processes("assent"), "installing started something")
		check((root.path / "etc/systemd/user/graphical-session.target.wants/assentd.service").is_symlink(), "the agent would not start with the session")
		check(not list((root.path / "etc/systemd/system").rglob("*assent*")), "the broker is enabled")
		check("assent-inputd" in root.run("getent", "passwd", "assent-inputd"), "the broker has no user")
		root.run("/usr/libexec/assent/assent-inputd", "--help")
		check(rpm(root, "-V", *WORKSTATION, "--nodeps").strip() == "", "rpm -V finds changes")
		check("not found" not in root.run("ldd", "/usr/lib64/libassent.so.0"), "libassent")
		person = Someone(root)
		first(person)
		_, decided = person.verified()
		before = person.digest()

		policy = root.path / "etc/assent/policy.yaml"
		policy.write_text((ROOT / "config/policy.yaml").read_text())
		# What IT switched off for everybody stays off.
		root.run("systemctl", "--global", "disable", "assentd.service")
		rpm(root, "-U", "--nodeps", *(new[name] for name in WORKSTATION), new["libassent"])
		check(root.run("assent", "--version").strip() == f"assent {debs.newer()}", "the upgrade is no upgrade")
		check(not (root.path / "etc/systemd/user/graphical-session.target.wants/assentd.service").is_symlink(), "the upgrade enabled it again")
		check(not root.processes("assent") and person.digest() == before, "upgrading started something, or changed a home")
		person.record()
		rows, states = person.verified()
		check(states == decided, f"{decided} and {states}")
		note(f"{len(rows)} rows of two versions")
		before = person.digest()

		# And back again: nothing of what the newer one wrote is of a later format.
		rpm(root, "-U", "--nodeps", "--oldpackage", *(old[name] for name in WORKSTATION), old["libassent"])
		person.verified()
		check(person.digest() == before, "going back changed a home")

		said = rpm(root, "-e", "--nodeps", *WORKSTATION, "libassent")
		check(".local/share/assent" in said and "withdraw --erase" in said, lambda: f"it does not say where the data are: {said}")
		check(person.digest() == before and policy.exists(), "erasing changed a home, or IT's policy")
		left = [path for path in root.run("find", "/etc", "/usr", "/lib", "/var", "-xdev", "-iname", "*assent*").split()
			if not path.startswith(("/var/log", "/var/cache", "/etc/passwd"))]
		check(left == ["/etc/assent"], lambda: f"left behind: {left}")
		rpm(root, "-i", "--nodeps", *(new[name] for name in WORKSTATION))
		person.record()
		person.verified()


if __name__ == "__main__":
	sys.exit(run(builds, same_split, no_capture_code_in_tools, debugging_symbols, bills_of_material, scripts_start_nothing, from_install_to_erase,
		the_same_bytes_again))
