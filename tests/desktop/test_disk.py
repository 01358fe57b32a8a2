# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, or takes no files: a message, nothing that was flushed is lost, the rest is kept or counted."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import ORDINARY, Agent, judged, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import GTK_WINDOW, PYTHON, Desk, GtkWindow, wait_for  # noqa: E402
from scene import Scene, word  # noqa: E402


def a_full_disk_loses_nothing_that_was_flushed():
	"""The writer's files may not grow: for it the same as a full disk, and needs no root."""
	with Desk() as desk:
		scene = Scene(desk)
		# So that the segment is larger than the log, which grows under the same limit.
		said = desk.run([scene.agent.build / "tests/tools/inject", "motion", "2000", "10000"])
		injected = int(said.stdout.split()[-1])
		judged()
		scene.agent.flushed()
		size = max(path.stat().st_size for path in scene.agent.data.rglob("*.part"))
		check(size > (desk.home / scene.agent.log).stat().st_size + 2000, f"the segment has {size} bytes only")
		limit = resource.prlimit(scene.pids["writer"], resource.RLIMIT_FSIZE)
		resource.prlimit(scene.pids["writer"], resource.RLIMIT_FSIZE, (size, limit[1]))
		scene.type()
		wait_for(lambda: "cannot write to" in desk.log(scene.agent.log), 10, name="a message about the disk")
		told = scene.agent.status()["agent"]["disk"]
		check(told == {"problem": "File too large", "remedy": "raise the limit of the size of files (ulimit -f)"}, f"status says {told}")
		check("Disk:       nothing can be written: File too large" in scene.agent.command("status").stdout, "status does not show it")
		check(scene.downs() >= scene.flushed, "flushed keys are gone")
		said = desk.run([scene.agent.build / "tests/tools/inject", "motion", "30000", "150000"], seconds=60)
		injected += int(said.stdout.split()[-1])
		judged()
		check(scene.agent.recording(), "a full disk ended the agent")
		scene.rests(3.0)
		resource.prlimit(scene.pids["writer"], resource.RLIMIT_FSIZE, limit)
		wait_for(lambda: "writing to" in desk.log(scene.agent.log), 60, every=0.2, name="writing again")
		scene.type()
		scene.kept(len(scene.typed) - scene.masked - 2)
		check(scene.agent.status()["agent"]["disk"] is None, "status still speaks of the disk")
		scene.agent.flushed()
		counted = scene.agent.status()["agent"]["counters"]["lost"].get("disk-full")
		scene.agent.stop()
		scene.whole()
		rows = scene.agent.rows()
		lost = sum(row["lost"] or 0 for row in rows if row["kind"] == "gap")
		kept = sum(row["kind"] == "motion" for row in rows)
		note(f"full disk: {injected} movements, {kept} kept, {lost} lost: {[row['reason'] for row in rows if row['kind'] == 'gap']}")
		check(scene.gaps("disk-full"), "no gap of reason disk-full")
		check(counted == {"gaps": len(scene.gaps("disk-full")), "events": sum(row["lost"] or 0 for row in scene.gaps("disk-full"))}, f"status counts {counted}")
		check(len(scene.typed) - scene.masked - 2 <= scene.downs() <= len(scene.typed), f"{scene.downs()} of {len(scene.typed)} keys: those before the loss had room")
		# Also what Scene clicked: it moved there before the agent began, or just after.
		check(kept + lost in (injected, injected + 1), f"kept {kept} + lost {lost} is not {injected}")


def a_full_file_system():
	"""A real one, small, in a mount namespace of the agent and the application (others would be foreign to it)."""
	if os.getuid() or not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
		raise Skip("needs root and mount namespaces")
	with Desk() as desk:
		data = desk.home / ".local/share/assent"
		spool = data / "spool"
		spool.mkdir(parents=True, mode=0o700)
		data.chmod(0o700)
		agent = Agent(desk)
		code, shown = agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		holder = desk.start(["unshare", "-m", "--propagation", "private", "sh", "-c",
			f"mount -t tmpfs -o size=256k,mode=0700 tmpfs '{spool}' && echo there && exec sleep 600"], stdout=subprocess.PIPE)
		check(holder.read_line() == "there", "the small file system was not made")
		inside = ["nsenter", "-t", holder.pid, "-m", "--"]
		# Entering a mount namespace goes to its root: in a chroot that is another one.
		if desk.run([*inside, "test", "-e", GTK_WINDOW]).returncode:
			raise Skip("a mount namespace cannot be entered from a chroot")
		editor = desk.start([*inside, PYTHON, GTK_WINDOW, "Editor", "300x100+40+40", "text"], kind=GtkWindow,
			stdout=subprocess.PIPE, log="gtk.log")
		desk.click(*editor.at(0))
		agent.start(wrap=inside)
		typed = word(ORDINARY)
		desk.type(typed, every=0.03)
		judged()
		agent.flushed()
		desk.run([*inside, "sh", "-c", f"cat /dev/zero > '{spool}/ballast'"])
		desk.run([agent.build / "tests/tools/inject", "motion", "5000", "30000"], seconds=60)
		wait_for(lambda: "cannot write to" in desk.log(agent.log), 30, name="a message about the disk")
		check(agent.recording(), "a full file system ended the agent")
		check(desk.run([*inside, agent.assent, "verify", data]).returncode == 0, "verify fails while it is full")
		desk.run([*inside, "rm", f"{spool}/ballast"])
		wait_for(lambda: "writing to" in desk.log(agent.log), 60, every=0.2, name="writing again")
		judged()
		agent.flushed()
		verified = desk.run([*inside, agent.assent, "verify", data])
		check(verified.returncode == 0, lambda: "verify: " + verified.stdout + verified.stderr)
		shown = desk.run([*inside, agent.assent, "show", "--json", data], seconds=60).stdout
		keys, moves = (sum(json.loads(line)["kind"] == kind for line in shown.splitlines()) for kind in ("key_down", "motion"))
		note(f"full file system: {moves} movements of 30,000, {keys} keys of {len(typed)}")
		check(keys == len(typed) and moves in (30000, 30001), f"{keys} of {len(typed)} keys, {moves} of 30000 movements")
		agent.stop()


def a_spool_that_takes_no_files():
	with Desk() as desk:
		scene = Scene(desk)
		scene.agent.stop()
		spool = scene.agent.data / "spool/test-study"
		spool.chmod(0o500)
		try:
			scene.agent.start(ready=False)
			wait_for(lambda: "cannot write to the spool" in desk.log(scene.agent.log), 10, name="a message about the spool")
			time.sleep(1.0)
			why = scene.waits()
			note(f"status: {why}")
			check("writer" in why or "spool" in why, f"status says: {why}")
			scene.pids = scene.agent.pids()
			scene.rests()
		finally:
			spool.chmod(0o700)
		wait_for(scene.agent.recording, 40, every=0.2, name="recording when it can be written again")
		check(scene.word_kept() >= 15, "what is typed then is not kept")
		scene.agent.stop()
		scene.whole()


if __name__ == "__main__":
	sys.exit(run(a_full_disk_loses_nothing_that_was_flushed, a_full_file_system, a_spool_that_takes_no_files))
