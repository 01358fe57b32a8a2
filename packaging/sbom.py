#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A bill of materials (SPDX 2.3, JSON) of one package: each program and library in it with its checksums, and each library that it was
linked with, with the package of this machine that it came from. From the files themselves, so nothing is in it that was only asked for.
The same package gives the same bytes: the time is SOURCE_DATE_EPOCH's, and everything is in order.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys


def said(*argv):
	done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ, LC_ALL="C"))
	return done.stdout if done.returncode == 0 else ""


def begins_with(path, magic):
	with path.open("rb") as f:
		return f.read(len(magic)) == magic


def programs(root):
	"""Programs, shared and static libraries below root; links are not files of their own."""
	return [path for path in sorted(root.rglob("*"))
		if path.is_file() and not path.is_symlink() and (begins_with(path, b"\x7fELF") or begins_with(path, b"!<arch>\n"))]


def needed(path):
	return re.findall(r"\(NEEDED\).*\[(.+)\]", said("readelf", "-dW", str(path)))


def places(triplet):
	"""Of each shared library on this machine, its file."""
	found = {}
	for folder in (f"/usr/lib/{triplet}", f"/lib/{triplet}") if triplet else ():
		for path in pathlib.Path(folder).glob("*.so*"):
			found.setdefault(path.name, str(path))
	for name, path in re.findall(r"^\s+(\S+) \(.*\) => (\S+)$", said("/sbin/ldconfig", "-p"), re.M):
		found.setdefault(name, path)
	return found


def owner(path):
	"""(package, version, kind of package) that a library's file belongs to."""
	names = [path, os.path.realpath(path)]
	# On a system whose /lib is /usr/lib the list may have either name.
	names += [name[4:] if name.startswith("/usr/lib/") else "/usr" + name for name in list(names)]
	for name in names:
		if shutil.which("dpkg-query"):
			package = said("dpkg-query", "-S", name).split(": ")[0].split(", ")[0]
			told = said("dpkg-query", "-W", "-f", "${source:Package} ${Version} ${binary:Package}", package).split() if package else ()
			if len(told) == 3:
				return told[2].split(":")[0], told[1], "deb"
		if shutil.which("rpm"):
			told = said("rpm", "-qf", "--qf", "%{NAME} %{VERSION}-%{RELEASE}", name).split()
			if len(told) == 2:
				return told[0], told[1], "rpm"
	sys.exit(f"sbom.py: {path} belongs to no package of this machine: link with libraries of the distribution")


def identifier(text):
	return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-")


def distribution():
	told = pathlib.Path("/etc/os-release").read_text() if pathlib.Path("/etc/os-release").exists() else ""
	name = re.search(r'^ID="?([a-z0-9._-]+)', told, re.M)
	return name.group(1) if name else "linux"


def purl(kind, name, version, architecture):
	return f"pkg:{kind}/{distribution()}/{name}@{version.replace('+', '%2B').replace(':', '%3A').replace('~', '%7E')}?arch={architecture}"


def package(name, version, kind, architecture, **more):
	return dict({
		"SPDXID": identifier(f"Package-{name}"), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
		"filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
		"externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
			"referenceLocator": purl(kind, name, version, architecture)}]}, **more)


def bill(arguments):
	root = pathlib.Path(arguments.root)
	triplet = said("dpkg-architecture", "-a" + arguments.architecture, "-qDEB_HOST_MULTIARCH").strip() if arguments.kind == "deb" else ""
	known, files, relations, others = None, [], [], {}
	me = identifier(f"Package-{arguments.package}")
	own = {path.name for path in root.parent.rglob("lib*.so*")} if arguments.kind == "deb" else {path.name for path in root.rglob("lib*.so*")}
	for path in programs(root):
		name = "./" + str(path.relative_to(root))
		data = path.read_bytes()
		files.append({"SPDXID": identifier("File-" + name), "fileName": name, "fileTypes": ["BINARY"], "licenseConcluded": "Apache-2.0",
			"copyrightText": "NOASSERTION", "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
				{"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()}]})
		relations.append((me, "CONTAINS", files[-1]["SPDXID"]))
		for library in sorted(needed(path)):
			if library in own:
				continue
			known = known or places(triplet)
			if library not in known:
				sys.exit(f"sbom.py: {name} needs {library}, which is not on this machine")
			told = owner(known[library])
			others.setdefault(told, set()).add(library)
			relations.append((files[-1]["SPDXID"], "DYNAMIC_LINK", identifier(f"Package-{told[0]}")))
	compiler = said("cc", "-dumpfullversion").strip()
	packages = [package(arguments.package, arguments.version, arguments.kind, arguments.architecture, licenseDeclared="Apache-2.0",
		primaryPackagePurpose="APPLICATION")]
	for told in sorted(others):
		packages.append(package(*told, arguments.architecture, primaryPackagePurpose="LIBRARY", comment="as " + ", ".join(sorted(others[told]))))
	if files and compiler:
		packages.append(package("gcc", compiler, "generic", arguments.architecture, externalRefs=[]))
		relations.append((identifier("Package-gcc"), "BUILD_TOOL_OF", me))
	when = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
	told = {
		"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
		"name": f"{arguments.package}-{arguments.version}-{arguments.architecture}",
		"creationInfo": {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: assent/packaging/sbom.py"]},
		"packages": packages, "files": files,
		"relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": me}] +
			[{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relations]}
	# One name for one content.
	digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
	told["documentNamespace"] = f"https://spdx.org/spdxdocs/{told['name']}-{digest[:32]}"
	return told


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--root", required=True, help="the folder of what the package installs")
	parser.add_argument("--package", required=True)
	parser.add_argument("--version", required=True)
	parser.add_argument("--architecture", required=True)
	parser.add_argument("--kind", choices=("deb", "rpm"), default="deb")
	parser.add_argument("--out", required=True)
	arguments = parser.parse_args()
	if not shutil.which("readelf"):
		sys.exit("sbom.py: readelf is not installed (binutils)")
	out = pathlib.Path(arguments.out)
	out.parent.mkdir(parents=True, exist_ok=True)
	out.write_text(json.dumps(bill(arguments), indent=1, sort_keys=True) + "\n")
	out.chmod(0o644)


if __name__ == "__main__":
	main()
