# SPDX-License-Identifier: Apache-2.0
"""A web browser with a page of fields, served by this process, which is told where they are and what they hold."""

import http.server
import json
import threading
import time

from canary import App
from desk import DeskError, wait_for

PAGE = """<!doctype html><meta charset=utf-8><title>Fields</title>
<style>body{margin:0} .f{position:absolute;left:20px;width:300px;height:24px;box-sizing:border-box} button{height:24px}</style>
<input class=f id=text autocomplete=off style="top:10px">
<input class=f id=password type=password autocomplete=off style="top:50px">
<textarea class=f id=area style="top:90px;height:60px"></textarea>
<div class=f id=rich contenteditable style="top:170px;height:60px;border:1px solid"><p>&nbsp;</p></div>
<input class=f id=turns autocomplete=off style="top:250px" onfocus="this.type='password'">
<input class=f id=shown type=password autocomplete=off style="top:290px">
<button class=f id=show style="left:340px;width:60px;top:290px" onclick="shown.type=shown.type=='password'?'text':'password';shown.focus()">show</button>
<iframe class=f id=frame src="/frame" style="top:330px;height:80px;border:0"></iframe>
<script>
function places() {
	const x = window.mozInnerScreenX ?? screenX + (outerWidth - innerWidth) / 2;
	const y = window.mozInnerScreenY ?? screenY + outerHeight - innerHeight;
	const at = {};
	for (const e of document.querySelectorAll('.f')) {
		const r = e.getBoundingClientRect();
		at[e.id] = [x + r.left + Math.min(100, r.width / 2), y + r.top + 12];
	}
	const r = frame.getBoundingClientRect();
	at.framed = [x + r.left + 100, y + r.top + 52];
	tell('places', at);
}
let number = 0;
function tell(what, it) { navigator.sendBeacon('/' + what, JSON.stringify([++number, it])); }
addEventListener('input', e => tell('holds', [e.target.id, e.target.value ?? e.target.textContent]));
addEventListener('message', e => tell('holds', e.data));
setInterval(places, 500);
</script>"""

FRAME = """<!doctype html><meta charset=utf-8><title>Frame</title><style>body{margin:0}</style>
<input style="position:absolute;left:0;top:0;width:280px;height:24px" id=above>
<input type=password autocomplete=off style="position:absolute;left:0;top:40px;width:280px;height:24px" id=framed>
<script>addEventListener('input', e => parent.postMessage([e.target.id, e.target.value], '*'));</script>"""


class Pages:
	"""Serves the page on .address; .places and .holds are what it told."""

	def __init__(self):
		self.places, self.holds, self.numbers = {}, {}, {}
		self.lock = threading.Lock()
		pages = self

		class Handler(http.server.BaseHTTPRequestHandler):
			def do_GET(self):
				body = {"/": PAGE, "/frame": FRAME}.get(self.path, "").encode()
				self.send_response(200 if body else 404)
				self.send_header("Content-Type", "text/html")
				self.send_header("Content-Length", str(len(body)))
				self.end_headers()
				self.wfile.write(body)

			def do_POST(self):
				number, said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
				with pages.lock:
					if self.path == "/places":
						pages.places = said
					elif number > pages.numbers.get(said[0], 0):
						# They come on several connections: not always in order.
						pages.numbers[said[0]], pages.holds[said[0]] = number, said[1]
				self.send_response(204)
				self.end_headers()

			def log_message(self, *_):
				pass

		self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.server.daemon_threads = True
		self.address = f"http://127.0.0.1:{self.server.server_port}/"
		threading.Thread(target=self.server.serve_forever, daemon=True).start()

	def close(self):
		self.server.shutdown()
		self.server.server_close()


class Browser(App):
	"""ordinary_field and secret_field are ids of the page; how tells how the focus gets to the latter."""

	frame = 0.15

	oracle = "AT-SPI"
	ordinary_field, secret_field = "text", "password"
	size = (900, 640)
	private = False

	def launch(self, address):
		raise NotImplementedError

	def start(self):
		# What a participant's desktop has when accessibility is switched on.
		said = self.desk.run(["dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus",
			"org.freedesktop.DBus.Properties.Set", "string:org.a11y.Status", "string:IsEnabled", "variant:boolean:true"])
		if said.returncode:
			raise DeskError("accessibility cannot be switched on: " + said.stderr)
		self.pages = Pages()
		self.took = ""
		self.launch(self.pages.address)
		wait_for(lambda: self.pages.places, 60, every=0.2, name=f"{self.name}'s page")
		self.settle()
		self.desk.focus(self.window())
		time.sleep(1)

	def settle(self):
		"""Until the window stands still, and accessibility has seen the page."""
		before = None
		for _ in range(20):
			time.sleep(1)
			if self.pages.places == before:
				break
			before = self.pages.places
		time.sleep(2)

	def window(self):
		def find():
			said = self.desk.run(["xdotool", "search", "--onlyvisible", "--name", "^Fields "]).stdout.split()
			return int(said[-1]) if said else None
		return wait_for(find, 30, name=f"{self.name}'s window")

	def click(self, field, settle):
		self.desk.click(*self.pages.places[field], settle=settle)

	def ordinary(self):
		self.click(self.ordinary_field, 0.5)

	def to_secret(self):
		self.click(self.secret_field, 0)

	def end_secret(self):
		# Cleared while the focus is there.
		self.took = self.pages.holds.get(self.secret_field, "")
		self.chord("Control_L", "a")
		self.desk.hands.key("BackSpace")
		time.sleep(0.3)

	def received(self):
		return self.took

	def stop(self):
		if hasattr(self, "pages"):
			self.pages.close()


class ByTab(Browser):
	def to_secret(self):
		self.desk.hands.key("Tab")


class InFrame(Browser):
	ordinary_field, secret_field = "area", "framed"


class TurnsSecret(Browser):
	"""The page makes a password field of it when it gets the focus."""

	ordinary_field, secret_field = "rich", "turns"


class Shown(Browser):
	"""The page's "show password": the field is plain text when it is typed into."""

	ordinary_field, secret_field = "area", "shown"

	def to_secret(self):
		self.click(self.secret_field, 0.5)
		self.click("show", 0)

	def end_secret(self):
		super().end_secret()
		self.click("show", 0.3)


class AddressBar(Browser):
	"""The ordinary place is the address bar."""

	def ordinary(self):
		# Nobody can vouch for a shortcut right behind a click, and the span of it lasts up to two seconds.
		self.click("area", 1.0)
		self.chord("Control_L", "l")
		time.sleep(0.5)
		self.desk.hands.key("BackSpace")
		time.sleep(0.3)


class Private(Browser):
	"""An ordinary field of a private window, which is excluded as a whole."""

	ordinary_keys, private = False, True
	note = "excluded as a whole"
	secret_field = "text"

	def ordinary(self):
		App.ordinary(self)


KINDS = {"click": Browser, "tab": ByTab, "iframe": InFrame, "type-on-focus": TurnsSecret, "show-password": Shown,
	"address-bar": AddressBar, "private-window": Private}


def kinds(launcher, prefix, packages):
	"""One App class for each of KINDS, started by launcher's launch()."""
	return [type(prefix + story, (launcher, base), {"name": f"{prefix}-{story}", "packages": packages, "busy": story == "click"})
		for story, base in KINDS.items()]
