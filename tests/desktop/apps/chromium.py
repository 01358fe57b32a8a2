# SPDX-License-Identifier: Apache-2.0
"""Chromium, started with accessibility."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from browser import kinds  # noqa: E402


class Chromium:
	def launch(self, address):
		width, height = self.size
		# Its own sandbox needs user namespaces and refuses root: neither is what is tested.
		self.desk.start(["chromium", "--force-renderer-accessibility", "--no-sandbox", "--disable-gpu", "--no-first-run",
			f"--user-data-dir={self.desk.home / 'chromium'}", "--password-store=basic", "--disable-background-networking",
			"--disable-sync", "--disable-component-update", "--disable-save-password-bubble",
			"--window-position=10,10", f"--window-size={width},{height}",
			*(["--incognito"] if self.private else []), address], log="chromium.log")


APPS = kinds(Chromium, "chromium", ("chromium",))
