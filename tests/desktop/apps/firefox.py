# SPDX-License-Identifier: Apache-2.0
"""Firefox with accessibility switched on at run time."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from browser import kinds  # noqa: E402

PREFERENCES = {
	"browser.aboutwelcome.enabled": False, "browser.preonboarding.enabled": False, "termsofuse.acceptedVersion": 999,
	"browser.shell.checkDefaultBrowser": False, "browser.startup.page": 0, "browser.sessionstore.resume_from_crash": False,
	"browser.tabs.warnOnClose": False, "datareporting.policy.dataSubmissionEnabled": False, "datareporting.policy.firstRunURL": "",
	"toolkit.telemetry.enabled": False, "signon.rememberSignons": False, "browser.urlbar.suggest.searches": False,
	"browser.search.suggest.enabled": False, "network.captive-portal-service.enabled": False, "app.update.enabled": False,
}


class Firefox:
	def launch(self, address):
		profile = self.desk.home / "firefox"
		profile.mkdir()
		(profile / "user.js").write_text("".join(
			f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()))
		width, height = self.size
		# Otherwise it takes the whole of a small screen, and the companion's place with it.
		(profile / "xulstore.json").write_text(json.dumps({"chrome://browser/content/browser.xhtml": {"main-window": {
			"screenX": "0", "screenY": "0", "width": str(width), "height": str(height), "sizemode": "normal"}}}))
		self.desk.start(["firefox-esr", "--no-remote", "--profile", profile,
			*(["--private-window"] if self.private else []), address], log="firefox.log")


APPS = kinds(Firefox, "firefox", ("firefox-esr",))
