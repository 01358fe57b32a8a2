# SPDX-License-Identifier: Apache-2.0
"""Are the canaries worth anything? The agent is built once more with its masking switched off: they must find the secrets."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "apps"))
from agent import BUILD, ROOT  # noqa: E402
import basic  # noqa: E402
import canary  # noqa: E402
import test_canary  # noqa: E402

# What is switched off: every verdict but "wait" is "open".
CHANGES = {
	"agent/pipeline.c": [("	if (verdict == VERDICT_WAIT)\n		return false;\n",
		"	if (verdict == VERDICT_WAIT)\n		return false;\n	verdict = VERDICT_OPEN;\n"),
		("	bool plain = verdict ==", "	bool plain = 0 && verdict ==")],
}


def build():
	"""A copy of the source with the masking switched off, built apart from all else."""
	source, tree = BUILD.parent / "mutant-source", BUILD.parent / "mutant"
	shutil.rmtree(source, ignore_errors=True)
	source.mkdir(parents=True)
	for name in ("agent", "config", "include", "CMakeLists.txt"):
		place = ROOT / name
		(shutil.copytree if place.is_dir() else shutil.copy)(place, source / name)
	for name, changes in CHANGES.items():
		path = source / name
		text = path.read_text()
		for old, new in changes:
			if text.count(old) != 1:
				raise SystemExit(f"not ok mutant: {name} has {text.count(old)} times {old!r}: adapt this test")
			text = text.replace(old, new)
		path.write_text(text)
	for step in (["cmake", "-S", source, "-B", tree, "-G", "Ninja", "-DBUILD_TESTING=OFF"],
			["cmake", "--build", tree, "--target", "assentd", "assent"]):
		done = subprocess.run([str(part) for part in step], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
		if done.returncode:
			raise SystemExit("not ok mutant: it does not build\n" + done.stdout[-3000:])
	return tree


def main():
	tree = build()
	found, _, _ = test_canary.story("text", build=tree)
	print(f"# with the masking off {len(set(found))} findings, e.g. {sorted(set(found))[:3]}", flush=True)
	failed = not found
	print("ok mutant" if found else "not ok mutant: masking is off and the canaries find nothing", flush=True)
	# The matrix must find every secret of every kind of place, key by key, in each detail.
	for kind, keys in ((basic.FormTab, "code"), (basic.Zenity, "text"), (basic.Sudo, "class"), (basic.Excluded, "code")):
		result = canary.Story(kind, "idle", [(0.030, 0.030)], keys, build=tree).run()
		good = result["leaked"] == result["secrets"]
		failed = failed or not good
		print(f"ok {kind.name}" if good else f"not ok {kind.name}: masking is off and the secret is not found", flush=True)
	return 1 if failed else 0


if __name__ == "__main__":
	os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
	sys.exit(main())
