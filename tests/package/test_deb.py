#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: what lintian says, the same bytes from two builds, what is in which, what the scripts do; and in a clean root:
install, join, record, upgrade, remove, purge. Builds them (deb.sh) unless this state of the source is built already.
"""

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
from cases import Skip, check, note, run  # noqa: E402
from installed import Person, first  # noqa: E402
from root import PERSON, Root  # noqa: E402

# Libraries through which input could be had. What is not linked cannot be called.
INPUT = ("libX11", "libXi", "libXRes", "libxcb", "libxkbcommon", "libwayland", "libevdev", "libinput", "libudev", "libsystemd", "libdbus")


def sh(*argv, code=0, **env):
	done = subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
		errors="replace", env=dict(os.environ, LC_ALL="C.UTF-8", PATH=os.environ["PATH"] + ":/usr/sbin:/sbin", **env))
	check(code is None or done.returncode == code, lambda: f"{argv[0]} {argv[1:3]}: exit {done.returncode}: {done.stdout[-1500:]}")
	return done.stdout


def unpacked():
	"""Each package's files and its scripts (DEBIAN/), in a folder."""
	folder = BUILD / "deb/unpacked"
	found, stamp = debs.built(), (BUILD / "deb" / debs.version() / "stamp").read_text()
	if not (folder / "stamp").exists() or (folder / "stamp").read_text() != stamp:
		shutil.rmtree(folder, ignore_errors=True)
		for name in debs.NAMES:
			sh("dpkg-deb", "-R", found[name], _made(folder / name))
		(folder / "stamp").write_text(stamp)
	return folder


def _made(folder):
	folder.mkdir(parents=True)
	return folder


def files(name):
	base = unpacked() / name
	return {"/" + str(path.relative_to(base)) for path in base.rglob("*") if not path.is_dir() and "DEBIAN" not in path.relative_to(base).parts}


def lintian():
	debs.needed("lintian")
	changes = list((BUILD / "deb" / debs.version()).glob("*.changes")) if debs.built() else []
	check(len(changes) == 1, f"{changes}")
	# Packages of one's own close no bug of Debian's.
	said = sh("lintian", "--allow-root", "--suppress-tags", "initial-upload-closes-no-bugs", "--fail-on", "error,warning", changes[0], code=None)
	check(not re.search(r"^[EW]: ", said, re.M), lambda: said[-1500:])


def the_same_bytes_again():
	"""Another path, time, umask, locale, time zone."""
	before, made_of = debs.built(), debs.source()
	with tempfile.TemporaryDirectory(prefix="assent-elsewhere-with-a-longer-name-") as folder:
		(pathlib.Path(folder) / "tmp").mkdir()
		locales = sh("locale", "-a").split()
		locale = next((name for name in ("tr_TR.utf8", "de_DE.utf8", "POSIX") if name in locales), "C")
		after = debs.build(pathlib.Path(folder) / "out", umask=0o077, TMPDIR=folder + "/tmp", LC_ALL=locale, TZ="Asia/Kathmandu")
		if debs.source() != made_of or (BUILD / "deb" / debs.version() / "stamp").read_text() != made_of:
			raise Skip("the source was changed meanwhile")
		check(set(after) == set(before) and len(before) == 9, lambda: f"{sorted(before)} and {sorted(after)}")
		for name in sorted(before):
			one, other = (hashlib.sha256(where[name].read_bytes()).hexdigest() for where in (before, after))
			if one != other:
				differ = sh("diffoscope", before[name], after[name], code=None)[:1500] if shutil.which("diffoscope") else ""
				raise AssertionError(f"{name}: {one[:16]} and {other[:16]} {differ}")
		note(f"{len(before)} packages, the same SHA-256 (locale {locale})")


def what_is_in_which():
	wanted = {
		"assent": ("/usr/bin/assentd", "/usr/lib/systemd/user/assentd.service", "/usr/lib/systemd/user-preset/80-assent.preset",
			"/etc/xdg/autostart/assentd.desktop", "/etc/apparmor.d/assentd", "/usr/share/man/man8/assentd.8.gz"),
		"assent-inputd": ("/usr/libexec/assent/assent-inputd", "/etc/apparmor.d/assent-inputd", "/usr/lib/sysusers.d/assent-inputd.conf",
			"/usr/lib/systemd/system-preset/80-assent.preset", "/usr/share/man/man8/assent-inputd.8.gz"),
		"assent-tools": ("/usr/bin/assent", "/usr/share/man/man1/assent.1.gz", "/usr/share/man/man5/assent-segment.5.gz",
			"/usr/share/bash-completion/completions/assent", "/usr/share/zsh/vendor-completions/_assent", "/usr/share/fish/vendor_completions.d/assent.fish"),
		"libassent0": (),
		"libassent-dev": ("/usr/include/assent/assent.h",)}
	places = {}
	for name, expected in wanted.items():
		there = files(name)
		check(set(expected) <= there, lambda: f"{name}: missing {set(expected) - there}")
		for path in there:
			check(places.setdefault(path, name) == name, lambda: f"{path} is in {places[path]} and in {name}")
		programs = {path for path in there if re.match(r"/usr/(bin|sbin|libexec)/", path)}
		check(programs <= set(expected), lambda: f"{name}: programs that nobody expects: {programs - set(expected)}")
	units = {path.rsplit("/", 1)[1] for path in files("assent-inputd") if "/systemd/system/" in path}
	check(units == {"assent-inputd.service", "assent-inputd.socket"}, f"{units}")
	check(any(path.endswith("/libassent.so.0") for path in files("libassent0")), "no libassent.so.0")
	for name in debs.NAMES:
		fields = sh("dpkg-deb", "-f", debs.built()[name])
		check(f"Version: {debs.version()}-1\n" in fields, f"{name}: {fields}")
		# Nothing that is set-user-id, writable for others, or a device.
		odd = [line for line in sh("dpkg-deb", "-c", debs.built()[name]).splitlines() if line[0] not in "-dl" or (line[0] != "l" and ("s" in line[:10] or line[8] == "w"))]
		check(not odd, lambda: f"{name}: {odd}")


def no_capture_code_in_tools():
	"""By what it is linked with, by its names before they were stripped, and by what is in it."""
	for package, path in (("assent-tools", "usr/bin/assent"), ("libassent0", None)):
		base = unpacked() / package
		program = base / path if path else next(item for item in base.rglob("libassent.so.0.*"))
		linked = re.findall(r"\(NEEDED\).*\[(.+)\]", sh("readelf", "-dW", program))
		bad = [name for name in linked if name.startswith(INPUT)]
		check(linked and not bad, f"{package}: linked with {bad}")
		# ldd: what comes along with those.
		along = [line.split()[0] for line in sh("ldd", program).splitlines() if line.split()]
		check(not [name for name in along if name.startswith(INPUT)], lambda: f"{package}: loads {along}")
		for word in (b"/dev/input", b"XInputExtension", b"org.a11y", b"/dev/uinput", b"assent/inputd.sock"):
			check(word not in program.read_bytes(), f"{package}: knows of {word.decode()}")
	depends = sh("dpkg-deb", "-f", debs.built()["assent-tools"], "Depends")
	check(not re.search(r"libx|libevdev|wayland|systemd|\bassent\b", depends), depends)
	with tempfile.TemporaryDirectory() as folder:
		sh("dpkg-deb", "-x", debs.built()["assent-tools-dbgsym"], folder)
		symbols = next(pathlib.Path(folder).rglob("*.debug"))
		names = set(re.findall(r" [tTdDbBrR] (\w+)", sh("nm", symbols)))
	check("cli_export" in names, "the symbols are not those of assent")
	# Every name that a file of source/, policy/ or inputd/ makes visible to others.
	rooms = set()
	for room in ("source", "policy", "inputd"):
		archive = BUILD / f"agent/{room}/libassent_{room}.a"
		check(archive.exists(), f"{archive} is not built")
		rooms |= set(re.findall(r"^[0-9a-f]+ T (\w+)$", sh("nm", archive), re.M))
	both = names & rooms
	check(len(rooms) > 100 and not both, lambda: f"of {len(rooms)} names of capture, policy and broker in assent: {sorted(both)[:20]}")
	note(f"none of {len(rooms)} functions of source/, policy/, inputd/ in assent ({len(names)} names)")


def bills_of_material():
	for name in debs.NAMES:
		base = unpacked() / name
		told = json.loads(next((base / "usr/share/doc" / name).glob("*.spdx.json")).read_text())
		check(told["spdxVersion"] == "SPDX-2.3" and told["dataLicense"] == "CC0-1.0" and told["documentNamespace"].startswith("https://"), name)
		listed = {item["fileName"]: {sum["algorithm"]: sum["checksumValue"] for sum in item["checksums"]} for item in told["files"]}
		programs = {"./" + str(path.relative_to(base)): path for path in base.rglob("*")
			if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] in (b"\x7fELF", b"!<ar")}
		check(set(listed) == set(programs), lambda: f"{name}: {set(listed) ^ set(programs)}")
		wanted = set()
		for file, path in programs.items():
			check(listed[file]["SHA256"] == hashlib.sha256(path.read_bytes()).hexdigest(), f"{name}: {file} is another one")
			wanted |= set(re.findall(r"\(NEEDED\).*\[(.+)\]", sh("readelf", "-dW", path)))
		there = {library for item in told["packages"] for library in re.findall(r"lib\S+\.so[.\d]*", item.get("comment", ""))}
		check(there == wanted, lambda: f"{name}: {there ^ wanted}")
		ids = {item["SPDXID"] for item in told["packages"] + told["files"]} | {"SPDXRef-DOCUMENT"}
		used = {part for item in told["relationships"] for part in (item["spdxElementId"], item["relatedSpdxElement"])}
		check(used <= ids and len(ids) == len(told["packages"]) + len(told["files"]) + 1, lambda: f"{name}: {used - ids}")


def scripts_start_nothing():
	for name in debs.NAMES:
		for script in (unpacked() / name / "DEBIAN").glob("p*"):
			text = script.read_text()
			sh("dash", "-n", script)
			check(not re.search(r"\b(invoke|systemctl)\b[^\n]*\b(start|restart|enable --now)\b", re.sub(r"try-restart|is-active", "", text)) or
				"deb-systemd-invoke $_dh_action" in text, f"{name}: {script.name} starts something")
			check(not re.search(r"/home|find |rm -r|getent passwd|\.local/share/assent/", text), f"{name}: {script.name} reaches into homes")
	enabled = (unpacked() / "assent-inputd/DEBIAN/postinst").read_text()
	check("debian-installed 'assent-inputd.socket'" in enabled, "the broker's socket would be enabled")


def profiles():
	"""Parsed, warnings as errors, also where the kernel has no AppArmor; enforced, and nothing is run."""
	debs.needed("apparmor_parser")
	features = pathlib.Path("/etc/apparmor.d/abi/3.0")
	for name, package in (("assentd", "assent"), ("assent-inputd", "assent-inputd")):
		path = unpacked() / package / "etc/apparmor.d" / name
		said = sh("apparmor_parser", "-Q", "-K", *(["-M", features] if features.exists() else []), "--warn=all", "--Werror", path)
		check(not said.strip(), said)
		text = re.sub(r"^\s*#.*", "", path.read_text(), flags=re.M)
		check("complain" not in text and not re.search(r"\b[pPcCuUi]x\b", text), f"{name}: runs something, or only complains")
		writes = set(re.findall(r"^\s*(?:owner )?(\S+) (?:[a-z]*w[a-z]*),$", text, re.M))
		if name == "assent-inputd":
			check(writes == {"@{run}/dbus/system_bus_socket", "@{run}/systemd/notify", "@{run}/assent/inputd.sock"}, lambda: f"writes {writes}")


def units():
	debs.needed("systemd-analyze")
	with tempfile.TemporaryDirectory() as folder:
		env = {"XDG_RUNTIME_DIR": folder, "SYSTEMD_PAGER": ""}
		unit = unpacked() / "assent/usr/lib/systemd/user/assentd.service"
		# It is judged as if root ran it: no option of a user's unit takes capabilities away that nobody has.
		said = sh("systemd-analyze", "--user", "security", "--offline=yes", "--no-pager", "--threshold=62", unit, **env)
		note("user unit: " + said.strip().splitlines()[-1].encode("ascii", "ignore").decode().strip())
		said = sh("systemd-analyze", "--user", "verify", "--man=no", unit, code=None, **env)
		check(not [line for line in said.splitlines() if "assentd.service" in line and "not executable" not in line], said)
		broker = next(path for path in unpacked().rglob("assent-inputd.service"))
		said = sh("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=10", broker, **env)
		note("broker: " + said.strip().splitlines()[-1].encode("ascii", "ignore").decode().strip())
	text = unit.read_text()
	# Each would put it into a user namespace, where it could not tell one program from another.
	check(not re.search(r"^(Private|Protect|ReadOnly|Inaccessible|Root|Bind|TemporaryFile|DynamicUser)\w*=", text, re.M), "the unit makes namespaces")


class Someone(Person):
	"""A person of the root."""

	def __init__(self, root):
		super().__init__(root.path / "home/person", "/home/person", root.wrap(person=True))

	def file(self, name, text):
		inside = super().file(name, text)
		os.chown(self.outside / name, PERSON, PERSON)
		return inside

	def join(self):
		super().join()
		os.chown(self.outside / "study.yaml", PERSON, PERSON)


def needs():
	"""Of the packages, but those of ours; of alternatives the first."""
	found = set()
	for name in ("assent", "assent-inputd", "assent-tools", "libassent0"):
		for part in sh("dpkg-deb", "-f", debs.built()[name], "Depends").split(","):
			package = part.split("|")[0].split("(")[0].strip()
			if package not in debs.NAMES:
				found.add(package)
	return found


def from_install_to_purge():
	debs.needed("mmdebstrap")
	old, new = debs.built(), debs.built(debs.newer())
	workstation = ("assent", "assent-tools", "assent-inputd")
	with Root(needs()) as root:
		root.install(*(old[name] for name in workstation))
		check(not root.processes("assent"), "installing started something")
		check((root.path / "etc/systemd/user/graphical-session.target.wants/assentd.service").is_symlink(), "the agent would not start with the session")
		check(not list((root.path / "etc/systemd/system").rglob("*assent*")), "the broker is enabled")
		check("assent-inputd" in root.run("getent", "passwd", "assent-inputd"), "the broker has no user")
		root.run("/usr/libexec/assent/assent-inputd", "--help")
		check(root.run("assent", "--version").strip() == f"assent {debs.version()}", "another version")
		check("on-a-desktop" in desktop(root), "no desktop")
		person = Someone(root)
		first(person)
		_, states = person.verified()
		check(states == ["requested", "given"], f"{states}")
		before = person.digest()

		# IT's files are theirs.
		policy = root.path / "etc/assent/policy.yaml"
		policy.write_text((ROOT / "config/policy.yaml").read_text())
		root.install(*(new[name] for name in workstation))
		check(root.run("assent", "--version").strip() == f"assent {debs.newer()}", "the upgrade is no upgrade")
		check(not root.processes("assent"), "upgrading started something")
		check(person.digest() == before, "upgrading changed a home")
		person.record()
		rows, states = person.verified()
		check(states == ["requested", "given"], lambda: f"the upgrade asked again, or lost the decision: {states}")
		note(f"{len(rows)} rows of two versions")
		before = person.digest()

		# An agent that runs while its package goes: the data are whole (a root has no systemd that would end it).
		said = root.run("dpkg", "--remove", "assent")
		check(".local/share/assent" in said and "withdraw --erase" in said, lambda: f"removal does not say where the data are: {said}")
		check(person.digest() == before, "removing changed a home")
		person.verified()
		check(not (root.path / "usr/bin/assentd").exists() and policy.exists(), "files")
		said = root.run("dpkg", "--purge", *workstation)
		check(person.digest() == before, "purging changed a home")
		left = [path for path in root.run("find", "/etc", "/usr", "/lib", "/var", "-xdev", "-iname", "*assent*").split()
			if not path.startswith(("/var/log", "/var/cache", "/etc/passwd", "/var/lib/dpkg"))]
		check(left in ([], ["/etc/assent"]) and policy.exists(), lambda: f"left behind: {left}")

		# And back: what was left is what it was.
		policy.unlink()
		root.install(*(new[name] for name in workstation))
		person.record()
		person.verified()
		said = person.run("assent", "withdraw", "--erase")
		check(not list(person.data.rglob("*.seg")) and not list(person.data.rglob("*.key")), "withdraw --erase left something")


def desktop(root):
	"""inside.py, as the root's person."""
	home = root.path / "home/person/desk"
	home.mkdir()
	os.chown(home, PERSON, PERSON)
	tree = root.path / "media/build/agent"
	tree.mkdir(parents=True)
	for name in ("assent", "assentd"):
		(tree / name).symlink_to(f"/usr/bin/{name}")
	done = subprocess.run([*root.wrap(person=True), "/usr/bin/python3", "-B", "/mnt/tests/package/inside.py", "/home/person/desk", "/media/build"],
		env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/home/person"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
		timeout=300, start_new_session=True)
	for line in done.stdout.splitlines():
		if line.startswith("# "):
			note(line[2:])
	check(done.returncode == 0, lambda: f"inside.py: {done.stdout[-1500:]}")
	shutil.rmtree(home)
	return done.stdout


def tools_alone():
	"""On a server: the commands, the library and the reader, without agent or desktop."""
	debs.needed("mmdebstrap")
	packages = debs.built()
	with Root(needs()) as root:
		root.install(packages["assent-tools"], packages["libassent0"])
		person = Someone(root)
		person.run("assent", "keygen", "--out", "/home/person/lab.key")
		check(not (root.path / "usr/bin/assentd").exists(), "there is an agent")
		said = person.run("assent", "doctor", status=1)
		check("assentd" in said and "install" in said, lambda: f"doctor: {said}")
		code = "import ctypes; l = ctypes.CDLL('libassent.so.0'); l.assent_version.restype = ctypes.c_char_p; print(l.assent_version().decode())"
		check(root.run("python3", "-c", code).strip() == debs.version(), "libassent")


if __name__ == "__main__":
	sys.exit(run(what_is_in_which, no_capture_code_in_tools, bills_of_material, scripts_start_nothing, profiles, units, lintian,
		the_same_bytes_again, from_install_to_purge, tools_alone))
