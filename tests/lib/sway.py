# SPDX-License-Identifier: Apache-2.0
"""A sway without a screen or devices of its own, and programs in it.

	with Sway() as sway:
		window = sway.window(["foot", "-T", "one"], "one")
		sway.command("[title=one] focus")

It does not run as root: then it, and what is started in it, belongs to nobody. What a test needs of the build is copied to where nobody can read it.
"""

import json
import os
import pathlib
import shutil
import socket
import struct

from desk import Desk, DeskError, wait_for

SOMEBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
GET_TREE, GET_SEATS = 4, 101


class Sway(Desk):
	"""xwayland: X11 programs can be started (env={"DISPLAY": sway.x11}). .socket: SWAYSOCK."""

	def __init__(self, xwayland=False, **options):
		super().__init__(wm=False, bus=False, a11y=False, **options)
		self.xwayland, self.x11, self.socket, self.clients = xwayland, None, None, 0

	def _open_server(self):
		(self.home / "bin").mkdir()
		self.env.update(GDK_BACKEND="wayland", WLR_BACKENDS="headless", WLR_LIBINPUT_NO_DEVICES="1", WLR_RENDERER="pixman",
			WLR_RENDERER_ALLOW_SOFTWARE="1")
		(self.home / "config").write_text(f"xwayland {'enable' if self.xwayland else 'disable'}\n"
			f"exec env > {self.home}/told.part && mv {self.home}/told.part {self.home}/told\n")
		if SOMEBODY:
			for place in [self.home, *self.home.rglob("*")]:
				shutil.chown(place, "nobody", "nogroup")
			self.home.chmod(0o755)
		self.server = self.start(["sway", "--config", self.home / "config"], log="sway.log")
		told = self.home / "told"
		wait_for(lambda: told.exists() or self.server.popen.poll() is not None, 20, name="sway")
		if not told.exists():
			raise DeskError("sway ended at once: " + self.log("sway.log")[-2000:])
		told = dict(line.split("=", 1) for line in told.read_text().splitlines() if "=" in line)
		self.socket, self.x11 = told["SWAYSOCK"], told.get("DISPLAY")
		self.env.update(SWAYSOCK=self.socket, WAYLAND_DISPLAY=told["WAYLAND_DISPLAY"])

	def start(self, argv, **options):
		return super().start(argv, **{**SOMEBODY, **options})

	def run(self, argv, **options):
		return super().run(argv, **{**SOMEBODY, **options})

	def copy(self, program):
		"""A program of the build's, for somebody who may not see it there."""
		to = self.home / "bin" / pathlib.Path(program).name
		if not to.exists():
			shutil.copy(program, to)
			to.chmod(0o755)
		return to

	# -- its own words --

	def ask(self, kind, text=""):
		"""The answer to a message of sway-ipc(7)."""
		with socket.socket(socket.AF_UNIX) as s:
			s.settimeout(10)
			s.connect(self.socket)
			s.sendall(b"i3-ipc" + struct.pack("=II", len(text.encode()), kind) + text.encode())
			got = b""
			while len(got) < 14 or len(got) < 14 + struct.unpack("=I", got[6:10])[0]:
				more = s.recv(65536)
				if not more:
					raise DeskError("sway closed the connection")
				got += more
			return json.loads(got[14:])

	def command(self, text):
		answer = self.ask(0, text)
		if not all(one["success"] for one in answer):
			raise DeskError(f"sway does not {text}: {answer}")

	def focus(self):
		return next(seat["focus"] for seat in self.ask(GET_SEATS) if seat["name"] == "seat0")

	def nodes(self):
		found, left = [], [self.ask(GET_TREE)]
		while left:
			node = left.pop()
			found.append(node)
			left += node.get("nodes", []) + node.get("floating_nodes", [])
		return found

	def window(self, argv, title, env=None, focused=True):
		"""Starts a program, and waits until its window is there; .node is its id."""
		program = self.start(argv, env=env, log="programs.log")

		def find():
			return next((n for n in self.nodes() if n.get("shell") and n["name"] == title and (n["focused"] or not focused)), None)
		program.node = wait_for(find, 20, name=f"window “{title}”")["id"]
		return program
