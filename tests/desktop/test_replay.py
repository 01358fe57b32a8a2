# SPDX-License-Identifier: Apache-2.0
"""assentd --source replay:FILE: the whole agent, both processes and their sandboxes, without a display."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD, on_pty, study  # noqa: E402

STORY = """\
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
object 11 pid=10 role=text
object 21 pid=20 role=password
focus 1
field 11
+1s type open
+1s focus 2
field 21
+1s type secret
+2s focus 1
field 11
+3s type again
+6s {end}
"""


def check(name, true, why=""):
	print(f"ok {name}" if true else f"not ok {name}: {why}", flush=True)
	return bool(true)


def main():
	good = True
	with tempfile.TemporaryDirectory(prefix="assent-replay-") as home:
		home = pathlib.Path(home)
		env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
		assent, assentd = BUILD / "agent/assent", BUILD / "agent/assentd"

		def run(*argv):
			return subprocess.run([str(part) for part in argv], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
				stderr=subprocess.PIPE, text=True, timeout=60)

		story = home / "story.t"
		story.write_text(STORY.format(end="screen 800 600"))
		refused = run(assentd, "--source", f"replay:{story}")
		good &= check("no-consent-no-replay", refused.returncode == 4 and not list(home.rglob("*.seg")), refused.stderr)
		code, shown = on_pty([assent, "join", study(home / "study.yaml", keys="text")], env, ["yes"])
		good &= check("join", code == 0, shown[-300:])
		done = run(assentd, "--source", f"replay:{story}")
		rows = [json.loads(line) for line in run(assent, "show", "--json").stdout.splitlines()]
		typed = "".join(row["text"] for row in rows if row["kind"] == "key_down")
		good &= check("replay", done.returncode == 0 and typed == "openagain", f"exit {done.returncode}, {typed!r}: {done.stderr}")
		good &= check("replay-span", [row["reason"] for row in rows if row["kind"] == "span"] == ["password"], str(rows)[:300])
		good &= check("replay-ends-well", rows and rows[0]["kind"] == "start" and rows[-1]["kind"] == "stop")
		# A file cannot give what the ledger has not given: its own yes is bounded by the real one.
		story.write_text(STORY.format(end="consent withdrawn\n+1s consent given for=9000d\nfocus 1\nfield 11\n+1s clock 400d\ntype later"))
		done = run(assentd, "--source", f"replay:{story}")
		rows = [json.loads(line) for line in run(assent, "show", "--json").stdout.splitlines()]
		typed = "".join(row["text"] for row in rows if row["kind"] == "key_down")
		good &= check("replay-is-bounded", done.returncode == 0 and typed == "openagain" * 2, f"{typed!r}: {done.stderr}")
		broken = home / "broken.t"
		broken.write_text("window 1 exe=/x pid=1\nfocus 7\n")
		done = run(assentd, "--source", f"replay:{broken}")
		good &= check("replay-error-names-the-line", done.returncode != 0 and "line 2" in done.stderr, done.stderr)
		good &= check("verify", run(assent, "verify").returncode == 0, run(assent, "verify").stdout)
	return 0 if good else 1


if __name__ == "__main__":
	sys.exit(main())
