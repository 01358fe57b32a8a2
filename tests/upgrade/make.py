# SPDX-License-Identifier: Apache-2.0
"""Makes golden/NAME.tar.gz with the programs of an older version: a participant's data folder, what was collected, the recipient's key, and what that
version read in it. To be run once, with a build of that version, before its format or its files change:

	ASSENT_BUILD=/path/to/an/older/build make.py NAME SHIM    (SHIM: tests/tools/frozen_clock.so of any build)

The clock stands still in January 2024, with a consent of ten years: the tests use a clock of their own, too, so that nothing in it ever runs out.
"""

import gzip
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import participant  # noqa: E402
from cases import check  # noqa: E402
from participant import Participant  # noqa: E402

SECOND = 1000000
BEGUN = 1705312800 * SECOND   # 2024-01-15T10:00:00Z

# A field, a password, a terminal, another application, the pointer.
FIRST = """\
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/kate pid=20
object 11 pid=10 role=text
object 12 pid=10 role=password
object 21 pid=20 role=text
focus 1
field 11
+1s motion 100 100
+100ms button down
+20ms button up
+400ms type abcdefgh
+2s field 12
+300ms type nopqrs
+2s field 11
+3s type badcafe
+3s focus 2
field 21
+2s type lagfeld
+1s motion 300 120
+6s screen 800 600
"""
SECOND_STORY = FIRST.replace("abcdefgh", "hedgehgf").replace("badcafe", "facade")


def at(p, shim, seconds):
	p.env.update(LD_PRELOAD=str(shim), FROZEN_UTC_US=str(BEGUN + seconds * SECOND), FROZEN_MONO_US=str(9000 * SECOND + seconds * SECOND))


def ok(said, code=0):
	check(said.returncode == code, lambda: f"{said.args}: {said.returncode}: {said.stdout}{said.stderr}")
	return said


def made(name, shim):
	participant.STUDY = participant.STUDY.replace("90d", "3650d").replace("180d", "3650d")
	with Participant(review="manual", id="golden-study") as p:
		at(p, shim, 0)
		p.join()
		at(p, shim, 100)
		p.replay(FIRST)
		at(p, shim, 4000)
		ok(p.command("pause", "10m"))
		at(p, shim, 4300)
		ok(p.command("resume"))
		at(p, shim, 4400)
		p.replay(SECOND_STORY)
		# The prompts of both questions end alike.
		code, shown = p.person("secret", "add", "--name", "one", answers=["lagfeld", "lagfeld"], prompt=": ")
		check(code == 0, shown)
		at(p, shim, 5000)
		code, shown = p.person("release", answers=["yes"])
		check(code == 0, shown)
		at(p, shim, 8000)
		p.replay(FIRST)
		# One of those that were released is forgotten again: a tombstone.
		released = sorted(path.stem for path in p.files("outbox") if path.suffix == ".key")
		check(len(released) == 2, released)
		at(p, shim, 8100)
		ok(p.command("forget", "--segment", released[1], "--yes"))
		ok(p.command("verify"))
		rows = ok(p.command("show", "--json")).stdout
		collected = ok(p.plain("show", "--json", "--key", p.home / "recipient.key", p.data / "outbox")).stdout
		receipts = ok(p.command("receipts", "--json")).stdout
		version = ok(p.plain("--version")).stdout.strip()
		pack(p, name, dict(program=version, made=name, rows=[json.loads(row) for row in rows.splitlines()],
			collected=[json.loads(row) for row in collected.splitlines()], receipts=[json.loads(line) for line in receipts.splitlines()]))


def pack(p, name, about):
	"""Always the same bytes of the same files."""
	out = pathlib.Path(__file__).resolve().parent / "golden" / f"{name}.tar.gz"
	out.parent.mkdir(exist_ok=True)
	(p.home / "expected.json").write_text(json.dumps(about, indent="\t") + "\n")
	shutil.move(p.data, p.home / "data")
	content = io.BytesIO()
	with tarfile.open(fileobj=content, mode="w") as tar:
		for path in [p.home / "expected.json", p.home / "recipient.key", p.home / "study.yaml", *sorted((p.home / "data").rglob("*"))]:
			if path.is_socket() or path.name == "reserve":
				continue
			info = tar.gettarinfo(path, str(path.relative_to(p.home)))
			info.uid = info.gid = 0
			info.uname = info.gname = ""
			info.mtime = BEGUN // SECOND
			with (open(path, "rb") if path.is_file() else io.BytesIO()) as f:
				tar.addfile(info, f if path.is_file() else None)
	with open(out, "wb") as f, gzip.GzipFile(fileobj=f, mode="wb", mtime=0, filename="") as packed:
		packed.write(content.getvalue())
	print(f"{out}: {out.stat().st_size} bytes, {len(about['rows'])} rows, {len(about['receipts'])} receipts")


if __name__ == "__main__":
	made(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
