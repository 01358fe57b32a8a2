# SPDX-License-Identifier: Apache-2.0
"""Would the tests notice? Each condition under which a key is kept is switched off in turn: a flow story,
test_context or the model must fail.

	mutants.py              all of them; exit 0 when the tests notice every one
	mutants.py NAME...      these
	mutants.py --list       what each switches off
	mutants.py --all        names every story that fails, not only the first

A mutation is a text of the policy's source and what stands there instead. One whose old text is gone, or is there twice,
is an error: then adapt the list, since a condition that nobody switches off is a condition that nobody tests.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mutations import MUTATIONS  # noqa: E402

PROGRAMS = ("test_context", "policy_model")
STORY_SECONDS, PROGRAM_SECONDS = 20, 120
LONG = "70000"                          # stories of the model for what nothing else notices


class Tree:
	"""A copy of the agent with the flow stories and the model, built apart from all else."""

	def __init__(self, place, source=ROOT):
		self.source, self.build = place / "source", place / "build"
		self.source.mkdir()
		for name in ("agent", "config", "include", "tests/flow", "tests/policy", "CMakeLists.txt"):
			old, new = source / name, self.source / name
			new.parent.mkdir(parents=True, exist_ok=True)
			(shutil.copytree if old.is_dir() else shutil.copy)(old, new)
		said = self.command(["cmake", "-S", self.source, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"])
		if said.returncode:
			raise SystemExit("not ok mutants: cmake fails\n" + said.stdout[-3000:])
		self.stories = sorted((self.source / "tests/flow").glob("*.t"))

	@staticmethod
	def command(argv, seconds=600):
		return subprocess.run([str(part) for part in argv], text=True, errors="replace", stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)

	def make(self):
		"""What the compiler said, or None when all is well."""
		said = self.command(["cmake", "--build", self.build, "-j", str(os.cpu_count() or 1), "--target", "flow", *PROGRAMS])
		return said.stdout if said.returncode else None

	def _fails(self, argv, seconds):
		try:
			return self.command(argv, seconds).returncode != 0
		except subprocess.TimeoutExpired:
			return True

	def failing(self, every=False):
		"""Names of the stories and programs that fail: the first, or every one."""
		found = []
		for story in self.stories:
			if self._fails([self.build / "tests/flow/flow", story], STORY_SECONDS):
				found.append(story.stem)
				if not every:
					return found
		for program in PROGRAMS:
			if (every or not found) and self._fails([self.build / "tests/policy" / program], PROGRAM_SECONDS):
				found.append(program)
		return found

	def long_fails(self):
		return self._fails([self.build / "tests/policy/policy_model", LONG], 10 * PROGRAM_SECONDS)

	def swap(self, name, changes):
		"""Changes the file; the text that it had. ValueError where an old text is not there just once."""
		path = self.source / "agent" / name
		before = text = path.read_text()
		for old, new in changes:
			if text.count(old) != 1:
				raise ValueError(f"{path.name} has {text.count(old)} times {old!r}: adapt tests/policy/mutations.py")
			text = text.replace(old, new)
		path.write_text(text)
		return path, before


def check(tree, mutation, every):
	"""(noticed, the line to print)."""
	name, condition, changes = mutation
	undo = []
	try:
		for file, pairs in changes.items():
			undo.append(tree.swap(file, pairs))
		broken = tree.make()
		if broken:
			return False, f"not ok {name}: it does not build\n" + "\n".join("# " + line for line in broken.splitlines()[-30:])
		found = tree.failing(every)
		if not found and tree.long_fails():
			found = [f"policy_model {LONG}"]
	except ValueError as why:
		return False, f"not ok {name}: {why}"
	finally:
		for path, before in undo:
			path.write_text(before)
	if not found:
		return False, f"not ok {name}: nothing notices that this is gone: {condition}"
	return True, f"ok {name}\n# {name}: noticed by " + ", ".join(found)


def main():
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--list", action="store_true")
	parser.add_argument("--all", action="store_true")
	parser.add_argument("--source", type=pathlib.Path, default=ROOT, help="another checkout")
	parser.add_argument("names", nargs="*")
	arguments = parser.parse_args()
	unknown = set(arguments.names) - {name for name, *_ in MUTATIONS}
	if unknown:
		parser.error("there is no " + ", ".join(sorted(unknown)))
	wanted = [mutation for mutation in MUTATIONS if not arguments.names or mutation[0] in arguments.names]
	if arguments.list:
		for name, condition, changes in wanted:
			print(f"{name:24} {condition} ({', '.join(changes)})")
		return 0
	began = time.monotonic()
	with tempfile.TemporaryDirectory(prefix="assent-mutants-") as place:
		tree = Tree(pathlib.Path(place), arguments.source)
		broken = tree.make()
		if broken:
			print("not ok unchanged: it does not build\n" + "\n".join("# " + line for line in broken.splitlines()[-30:]))
			return 1
		found = tree.failing(every=True)
		if found:
			print("not ok unchanged: fails without a mutation: " + ", ".join(found))
			return 1
		if tree.long_fails():
			print(f"not ok unchanged: policy_model {LONG} fails without a mutation")
			return 1
		print("ok unchanged", flush=True)
		missed = 0
		for mutation in wanted:
			noticed, line = check(tree, mutation, arguments.all)
			missed += not noticed
			print(line, flush=True)
	print(f"# {len(wanted)} mutations, {missed} not noticed, {time.monotonic() - began:.0f} s")
	return 1 if missed else 0


if __name__ == "__main__":
	sys.exit(main())
