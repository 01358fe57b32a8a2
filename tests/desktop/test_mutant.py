# SPDX-License-Identifier: Apache-2.0
"""Are the canaries worth anything? The agent is built once more with its masking switched off: they must find the secrets."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from agent import BUILD, ROOT  # noqa: E402
import test_canary  # noqa: E402

# What is switched off: every firm no, and the mask of what waits in the airlock.
CHANGES = {
	"agent/policy/context.c": [("enum verdict context_judge(", "enum verdict mutant_judge("), ("s->masked = true;\n", "s->masked = false; return;\n")],
	"agent/policy/airlock.c": [("if (h->focus >= focus &&", "if (0 && h->focus >= focus &&")],
}
ALWAYS_OPEN = """
enum verdict mutant_judge(const struct context *c, uint64_t serial, int64_t mono_us, bool is_key, int64_t barrier_us,
			  int64_t now_us, enum reason *reason);
enum verdict context_judge(const struct context *c, uint64_t serial, int64_t mono_us, bool is_key, int64_t barrier_us,
			   int64_t now_us, enum reason *reason)
{
	(void)mutant_judge(c, serial, mono_us, is_key, barrier_us, now_us, reason);
	return VERDICT_OPEN;
}
"""


def build():
	"""A copy of the source with the masking switched off, built apart from all else."""
	source, tree = BUILD.parent / "mutant-source", BUILD.parent / "mutant"
	shutil.rmtree(source, ignore_errors=True)
	source.mkdir(parents=True)
	for name in ("agent", "include", "CMakeLists.txt"):
		place = ROOT / name
		(shutil.copytree if place.is_dir() else shutil.copy)(place, source / name)
	for name, changes in CHANGES.items():
		path = source / name
		text = path.read_text()
		for old, new in changes:
			if old not in text:
				raise SystemExit(f"not ok mutant: {name} has no {old!r} any more: adapt this test")
			text = text.replace(old, new, 1)
		path.write_text(text + (ALWAYS_OPEN if name.endswith("context.c") else ""))
	for step in (["cmake", "-S", source, "-B", tree, "-G", "Ninja", "-DBUILD_TESTING=OFF"],
			["cmake", "--build", tree, "--target", "assentd", "assent"]):
		done = subprocess.run([str(part) for part in step], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
		if done.returncode:
			raise SystemExit("not ok mutant: it does not build\n" + done.stdout[-3000:])
	return tree


def main():
	found, share, _ = test_canary.story("text", build=build())
	print(f"# with the masking off {len(set(found))} findings, e.g. {sorted(set(found))[:3]}")
	if not found:
		print("not ok mutant: masking is off and the canaries find nothing")
		return 1
	print("ok mutant")
	return 0


if __name__ == "__main__":
	os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
	sys.exit(main())
