# SPDX-License-Identifier: Apache-2.0
"""rawdump on a desk, and what it saw."""

import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from desk import Desk, DeskError, wait_for  # noqa: E402,F401

TOOLS = pathlib.Path(os.environ.get("ASSENT_BUILD", "build")).resolve() / "tests/tools"
RAWDUMP = TOOLS / "rawdump"
FIELD = re.compile(r"(\w+)=(.*?)(?= \w+=|$)")


class Dump:
	count = 0

	def __init__(self, desk, *args, env=None):
		Dump.count += 1
		self.desk, self.name = desk, f"raw{Dump.count}.log"
		self.program = desk.start([RAWDUMP, *args], log=self.name, env=env)
		if "--open-only" not in args:
			wait_for(lambda: self.any("ready") or self.any("failed"), 20, name="rawdump")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.program.stop()

	def events(self, *kinds):
		"""[(kind, {field: text})] in order."""
		found = []
		for line in self.desk.log(self.name).splitlines():
			kind, _, rest = line.partition(" ")
			if not kinds or kind in kinds:
				found.append((kind, dict(FIELD.findall(rest))))
		return found

	def all(self, kind, **wanted):
		return [f for _, f in self.events(kind) if all(f.get(k) == str(v) for k, v in wanted.items())]

	def any(self, kind, **wanted):
		return bool(self.all(kind, **wanted))

	def wait(self, kind, seconds=30, **wanted):
		"""The last such event, once there is one."""
		return wait_for(lambda: self.all(kind, **wanted), seconds, name=f"{kind} {wanted}")[-1]

	def wait_last(self, kind, seconds=30, **wanted):
		"""Waits until the newest event of this kind is such."""
		def newest():
			found = self.all(kind)
			return found and all(found[-1].get(k) == str(v) for k, v in wanted.items())
		wait_for(newest, seconds, name=f"newest {kind} {wanted}")

	def settle(self, quiet=0.3, seconds=20):
		"""Waits until nothing more comes."""
		end, before = time.monotonic() + seconds, -1
		while time.monotonic() < end:
			size = (self.desk.home / self.name).stat().st_size
			if size == before:
				return
			before = size
			time.sleep(quiet)

	def stop(self):
		status = self.program.stop()
		if status not in (0, 1):
			raise DeskError(f"rawdump ended with status {status}: " + self.desk.log(self.name)[-2000:])
		return self.all("total")[-1]
