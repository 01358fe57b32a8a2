#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libassent as others get it: installed into a prefix, found by pkg-config and by CMake, used from C99, C++ and Python.

test_install.py BUILD SOURCE MAKE_SEGMENT STORE_READING [CASE...]
"""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

BUILD, SOURCE, MAKE, READING = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(4))
sys.path.insert(0, str(SOURCE / "tests/lib"))

from cases import Skip, check, run

WORK = pathlib.Path(tempfile.mkdtemp(prefix="assent-install-"))
PREFIX = WORK / "prefix"
WARN = ["-Wall", "-Wextra", "-Wshadow", "-pedantic", "-Werror"]


def sh(*argv, code=0, **env):
	said = subprocess.run([str(part) for part in argv], env=dict(os.environ, **env), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
		text=True, errors="surrogateescape")
	check(said.returncode == code, lambda: f"{argv[0]} {argv[1:4]}: {said.returncode}: {said.stderr[-800:]}{said.stdout[-800:]}")
	return said.stdout


def install():
	sh("cmake", "--install", BUILD, "--prefix", PREFIX, "--component", "libassent")
	sh(MAKE, WORK)


def libdir():
	return next(PREFIX.glob("lib*/**/libassent.so.0")).parent


def pkg_config(*argv):
	return sh("pkg-config", *argv, "assent", PKG_CONFIG_PATH=str(libdir() / "pkgconfig")).split()


def exported():
	names = re.findall(r"^\t\t(assent_\w+);$", (SOURCE / "agent/libassent/libassent.map").read_text(), re.M)
	check(names == sorted(set(names)) and names, "the version script's list is not in order")
	return names


def what_is_seen():
	"""Header, version script, shared and static library name the same functions, and nothing else."""
	wanted = exported()
	declared = re.findall(r"^ASSENT_API\b[^;]*?\b(assent_\w+)\(", (PREFIX / "include/assent/assent.h").read_text(), re.M)
	check(sorted(declared) == wanted, lambda: f"the header and the version script differ: {set(declared) ^ set(wanted)}")
	dynamic = [line.split()[-1] for line in sh("nm", "-D", "--defined-only", libdir() / "libassent.so").splitlines()]
	check(sorted(dynamic) == sorted([f"{name}@@ASSENT_0.1" for name in wanted] + ["ASSENT_0.1"]), lambda: f"exported: {dynamic}")
	static = [line.split()[-1] for line in sh("nm", "--extern-only", "--defined-only", libdir() / "libassent.a").splitlines() if " " in line]
	check(sorted(static) == wanted, lambda: f"the static library shows {sorted(set(static) ^ set(wanted))[:10]}")


def what_it_needs():
	"""It asks the system for nothing that writes, removes, connects, runs or ends."""
	head = sh("readelf", "-d", libdir() / "libassent.so")
	check("[libassent.so.0]" in head, "its soname is another")
	needed = set(re.findall(r"NEEDED.*\[(.*?)\.so", head))
	check(needed == {"libc", "libsodium", "libzstd"}, f"it needs {needed}")
	calls = {line.split()[-1].split("@")[0] for line in sh("nm", "-D", "--undefined-only", libdir() / "libassent.so").splitlines()}
	bad = {"write", "pwrite", "writev", "fwrite", "fopen", "unlink", "unlinkat", "rename", "renameat", "link", "mkdir", "truncate", "ftruncate", "chmod",
		"mkostemp", "socket", "connect", "fork", "execve", "system", "exit", "_exit", "abort", "raise", "kill", "printf", "puts", "fprintf",
		"__fprintf_chk", "__printf_chk", "syslog", "perror", "signal", "sigaction", "setlocale", "getenv", "__assert_fail"} & calls
	check(not bad, f"it calls {bad}")


def compilers(names):
	found = [name for name in names if shutil.which(name)]
	if not found:
		raise Skip(f"there is none of {', '.join(names)}")
	return found


def the_header_alone():
	"""Strict C99 and later, C++98 and later, nothing included before it."""
	for suffix, names, standards in ((".c", ("gcc", "clang"), ("c99", "c11", "c17")), (".cpp", ("g++", "clang++"), ("c++98", "c++11", "c++20"))):
		source = WORK / ("alone" + suffix)
		source.write_text("#include <assent/assent.h>\n#include <assent/assent.h>\nint main(void) { return assent_strerror(0) == 0; }\n")
		for compiler in compilers(names):
			for standard in standards:
				extra = ["-Wno-long-long"] if standard == "c++98" else ["-Wstrict-prototypes", "-Wmissing-prototypes"] if suffix == ".c" else []
				sh(compiler, f"-std={standard}", *WARN, *extra, "-fsyntax-only", f"-I{PREFIX}/include", source)


def the_example_in_the_header():
	"""The comment at its top is a program."""
	comment = re.search(r"^ \*\n((?: \*\t.*\n)+)", (PREFIX / "include/assent/assent.h").read_text(), re.M)[1]
	body = re.sub(r"^ \*\t", "\t", comment, flags=re.M).replace("20260501T123456Z-0f3a9c11.seg", "desk.seg")
	source = WORK / "comment.c"
	source.write_text("#include <assent/assent.h>\n#include <inttypes.h>\n#include <stdio.h>\nint main(void)\n{\n" + body + "\treturn status;\n}\n")
	program = WORK / "comment"
	sh("gcc", "-std=c99", *WARN, source, *pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{libdir()}", "-o", program)
	said = subprocess.run([program], cwd=WORK, stdout=subprocess.PIPE, text=True)
	check(said.returncode == 0 and said.stdout.count("\n") == 2000, f"{said.returncode}, {said.stdout.count(chr(10))} rows")


def wanted_rows(name):
	rows = []
	for line in (WORK / f"{name}.rows").read_text(errors="surrogateescape").splitlines():
		part = line.split("|")
		check(len(part) == 20, f"{line} is no row")
		rows.append(part)
	return rows


def judge(program, **env):
	"""What the example prints of both segments."""
	for name in ("desk", "random"):
		rows = wanted_rows(name)
		said = sh(program, WORK / f"{name}.seg", WORK / "lab.key", **env).splitlines()
		check(said[0].startswith("study typing-2026 participant p-3f9c segment " + name), said[0])
		check([line.split()[0] for line in said[1:]] == [row[0] for row in rows], f"{name}: other times than were written")
		kinds = {}
		for row, line in zip(rows, said[1:]):
			kinds.setdefault(row[16], line.split()[1])
			check(line.split()[1] == kinds[row[16]], f"{name}: {line}")
			check((" class=" in line) == bool(int(row[6]) & 2) and (" app=" in line) == (row[4] != "-"), f"{name}: {line}")
		counted = dict(line.split() for line in sh(program, "--columns", WORK / f"{name}.seg", WORK / "lab.key", **env).splitlines()[1:])
		for number, kind in kinds.items():
			check(int(counted[kind]) == sum(row[16] == number for row in rows), f"{name}: {counted[kind]} rows of {kind}")
		middle = int(rows[1000][0])
		later = sh(program, "--from", middle, WORK / f"{name}.seg", WORK / "lab.key", **env).splitlines()
		check(len(later) - 1 == sum(int(row[0]) >= middle for row in rows), f"{name}: {len(later)} rows from the middle on")


def by_pkg_config_as_c99():
	program = WORK / "by-pkg-config"
	sh("gcc", "-std=c99", *WARN, SOURCE / "examples/read_segment.c", *pkg_config("--cflags", "--libs"), "-lm", "-o", program)
	judge(program, LD_LIBRARY_PATH=str(libdir()))


def by_pkg_config_as_cpp_static():
	program = WORK / "static-cpp"
	compilers(["g++"])
	check(pkg_config("--modversion") == ["0.1.0"], "another version")
	libs = [str(libdir() / "libassent.a") if flag == "-lassent" else flag for flag in pkg_config("--static", "--libs")]
	sh("g++", "-std=c++11", *WARN, "-x", "c++", SOURCE / "examples/read_segment.c", "-x", "none", *pkg_config("--cflags"), *libs, "-lm", "-o", program)
	check("libassent" not in sh("readelf", "-d", program), "it is not static")
	judge(program)


def by_cmake():
	out = WORK / "cmake"
	compilers(["g++", "clang++"])
	# Elsewhere than where it was installed: nothing in it names its place.
	moved = WORK / "moved"
	shutil.copytree(PREFIX, moved, symlinks=True)
	sh("cmake", "-G", "Ninja", "-S", SOURCE / "examples", "-B", out, f"-DCMAKE_PREFIX_PATH={moved}", "-DCMAKE_C_FLAGS=" + " ".join(WARN),
		"-DCMAKE_CXX_FLAGS=" + " ".join(WARN))
	sh("cmake", "--build", out)
	judge(out / "read_segment")
	judge(out / "read_segment_cpp")
	for version, code in (("0.1.0", 0), ("0.2", 1), ("1.0", 1)):
		other = WORK / f"cmake-{version}"
		other.mkdir()
		(other / "CMakeLists.txt").write_text(f"cmake_minimum_required(VERSION 3.16)\nproject(x LANGUAGES NONE)\nfind_package(assent {version} REQUIRED)\n")
		sh("cmake", "-G", "Ninja", "-S", other, "-B", other / "out", f"-DCMAKE_PREFIX_PATH={moved}", code=code)


def example():
	os.environ["LIBASSENT"] = str(libdir() / "libassent.so.0")
	sys.path.insert(0, str(SOURCE / "examples"))
	sys.dont_write_bytecode = True
	import read_segment
	return read_segment


def by_python():
	ours = example()
	bits = lambda value: struct.unpack("I", struct.pack("f", value))[0]
	for name in ("desk", "random"):
		rows = wanted_rows(name)
		with ours.Reader(WORK / f"{name}.seg", WORK / "lab.key") as reader:
			read = list(reader.rows())
			reader.seek(-2**63)
			blocks = list(reader.columns(*ours.Columns.TYPES))
		check(len(read) == len(rows), f"{len(read)} rows")
		whole = {column: [] for column in ours.Columns.TYPES}
		for block in blocks:
			for column, values in block.items():
				if isinstance(values, tuple):
					values = ["-" if n < 0 else values[1][n] for n in values[0]]
				whole[column] += values
		order = list("t_us mono_us end_us text app title has x y dx dy lost device code scroll_x scroll_y kind key_class reason synthetic".split())
		for i, (row, got) in enumerate(zip(rows, read)):
			want = dict(zip(order, row))
			columns = {column: whole[column][i] for column in order}
			columns.update(dx=bits(columns["dx"]), dy=bits(columns["dy"]))
			check({column: str(value) for column, value in columns.items()} == want, lambda: f"{name} row {i}: {columns}, not {want}")
			check(got["t_us"] == int(want["t_us"]) and (got["text"] or "") == want["text"].replace("-", ""), f"{name} row {i}: {got}")
			check(got["x"] is None or got["x"] == int(want["x"]), f"{name} row {i}: {got}")
			check((got["reason"] is None) == (not int(want["has"]) & 512), f"{name} row {i}: {got}")
	try:
		ours.Reader(WORK / "desk.seg", WORK / "desk.rows")
	except ours.Error as error:
		check("chmod 600" in str(error) or "recipient" in str(error), str(error))
	else:
		check(False, "read without a key")


def what_assent_show_says():
	"""A participant's own spool, with their own key: the rows of each segment are those of the program."""
	ours, data, rows = example(), WORK / "data", []
	sh(READING, "make", data)
	for segment in sorted(data.glob("spool/*/*.seg")) + sorted(data.glob("spool/*/*.part")):
		with ours.Reader(segment, data / "identity") as reader:
			try:
				for row in reader.rows():
					rows.append(row)
				check(segment.suffix == ".seg", f"{segment.name} is still being written, and seems whole")
			except ours.Error as error:
				check(segment.suffix == ".part" and "still being written" in str(error), f"{segment.name}: {error}")
	wanted = [json.loads(line) for line in sh(READING, "show", "--json", data).splitlines()]
	for row in wanted:
		for column in ("dx", "dy"):
			if row[column] is not None:
				row[column] = struct.unpack("f", struct.pack("f", row[column]))[0]
		for column in ("study", "epoch", "participant", "segment"):
			row.pop(column)
	key = lambda row: json.dumps(row, sort_keys=True)
	check(len(wanted) > 1000, f"only {len(wanted)} rows")
	check(sorted(rows, key=key) == sorted(wanted, key=key), "other rows")


if __name__ == "__main__":
	try:
		install()
		status = run(what_is_seen, what_it_needs, the_header_alone, the_example_in_the_header, by_pkg_config_as_c99, by_pkg_config_as_cpp_static,
			by_cmake, by_python, what_assent_show_says)
	finally:
		shutil.rmtree(WORK)
	sys.exit(status)
