# SPDX-License-Identifier: Apache-2.0
"""Other people's readers (DuckDB, Polars, Apache Arrow, hyparquet ...), as npm packages of pinned versions (tests/dataset/package.json, package-lock.json with
each one's hash), installed once into the build tree. The first time needs the npm registry; after that nothing."""

import fcntl
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import threading

from cases import Skip, check

HERE = pathlib.Path(__file__).resolve().parent.parent / "dataset"
# Where the machine trusts a proxy's certificate: Node.js has a list of its own.
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
# What npm and Node.js say when nobody answers, as against a package that is not what it was.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT",
	"SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE")


def folder(build):
	"""Where node_modules is. Skip without Node.js, or where the registry cannot be reached; an AssertionError when they cannot be installed for another reason."""
	if platform.machine() != "x86_64":
		raise Skip("the readers' packages are pinned for x86-64")
	for program in ("node", "npm"):
		if not shutil.which(program):
			raise Skip(f"there is no {program} (packaging/deps.sh test installs it)")
	place = pathlib.Path(build) / "readers"
	place.mkdir(parents=True, exist_ok=True)
	wanted = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in ("package.json", "package-lock.json"))).hexdigest()
	stamp = place / "installed"
	# Tests that run at the same time install once.
	with open(place / "lock", "w", encoding="ascii") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
			return place
		stamp.unlink(missing_ok=True)
		for name in ("package.json", "package-lock.json"):
			shutil.copyfile(HERE / name, place / name)
		more = {} if "NODE_EXTRA_CA_CERTS" in os.environ or not CERTIFICATES.exists() else {"NODE_EXTRA_CA_CERTS": str(CERTIFICATES)}
		# No script of a package is run.
		done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place, stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280, check=False, env={**os.environ, **more})
		failure = next((word for word in UNREACHABLE if done.returncode and word in done.stdout), None)
		if failure:
			raise Skip(f"the npm registry cannot be reached ({failure})")
		check(done.returncode == 0, f"npm could not install tests/dataset/package.json into {place} (once, it needs the npm registry): "
			+ done.stdout[-500:])
		stamp.write_text(wanted, encoding="ascii")
	return place


def run(build, script, *arguments, timeout=250, **environment):
	"""Runs an .mjs of tests/ with these packages; what it prints, which is JSON if it is anything. It fails as it fails."""
	place = folder(build)
	script = pathlib.Path(script)
	# A module finds packages from where it lies.
	copy = place / f"{script.stem}-{os.getpid()}-{threading.get_ident()}.mjs"
	shutil.copyfile(script, copy)
	try:
		done = subprocess.run(["node", str(copy), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
			env={**os.environ, **environment})
	finally:
		copy.unlink()
	check(done.returncode == 0, lambda: f"{script.name} {' '.join(map(str, arguments))}: {(done.stderr or done.stdout)[-1500:]}")
	return json.loads(done.stdout) if done.stdout.strip() else None
