# SPDX-License-Identifier: Apache-2.0
"""Input, positions, devices, layout, screen: the X11 source against a real server."""

import shutil
import time
import unittest

from dump import TOOLS, Desk, Dump, wait_for


class X11Test(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.desk = Desk(a11y=False)
		cls.addClassCleanup(cls.desk.close)
		cls.desk.open()

	def inject(self, *args):
		said = self.desk.run([TOOLS / "inject", *args])
		self.assertEqual(said.returncode, 0, said.stderr)
		return int(said.stdout.split()[-1])

	def dump(self, *args, **kw):
		d = Dump(self.desk, "--no-atspi", *args, **kw)
		self.addCleanup(d.program.stop)
		return d

	def test_counts_are_exact(self):
		for rate in ("0", "4000"):
			for what, field in (("keys", "keys"), ("motion", "motion")):
				with self.subTest(rate=rate, what=what):
					dump = self.dump("--quiet")
					self.inject(what, rate, "2000")
					time.sleep(0.3)
					self.assertEqual(int(dump.stop()[field]), 2000)

	def test_nothing_is_lost_flat_out(self):
		dump = self.dump("--quiet")
		self.inject("motion", "0", "60000")
		time.sleep(0.5)
		self.assertEqual(int(dump.stop()["motion"]), 60000)

	def test_text_class_and_chord(self):
		dump = self.dump("--text")
		self.desk.type("aB1 !\n\t\b", 0)
		hands = self.desk.hands
		hands.key("Control_L", True)
		hands.key("c")
		hands.key("Control_L", False)
		hands.key("F5")
		dump.wait("key", code=63, action="up")
		downs = dump.all("key", action="down")
		self.assertEqual("".join(d["text"] for d in downs), "aB1 !")
		self.assertEqual([d["class"] for d in downs if d["class"] != "modifier"],
			["letter", "letter", "digit", "space", "punctuation", "enter", "navigation", "erase", "letter", "function"])
		self.assertEqual([d["code"] for d in downs if d["chord"] == "1"], ["46"])
		# A release has the class of its press, though Shift may be up by then.
		ups = dump.all("key", action="up")
		self.assertEqual(sorted(d["class"] for d in ups), sorted(d["class"] for d in downs))
		self.assertTrue(all(d["synthetic"] == "1" for d in downs + ups))

	def test_without_text_there_is_none(self):
		dump = self.dump()
		self.desk.type("secret", 0)
		dump.wait("key", code=20, action="up")
		self.assertEqual({d["text"] for d in dump.all("key")}, {""})

	def test_held_key_is_one_press(self):
		dump = self.dump()
		self.desk.hands.key("a", True)
		time.sleep(0.8)
		self.desk.hands.key("a", False)
		dump.wait("key", action="up")
		self.assertEqual(len(dump.all("key", action="down")), 1)

	def test_relative_and_absolute_movement(self):
		hands = self.desk.hands
		hands.move(200, 200)
		hands.sync()
		dump = self.dump()
		for step in range(40):
			hands.move_by(3, -1 if step % 2 else 2)
		dump.settle()
		moves = dump.all("motion")
		self.assertEqual(len(moves), 40)
		self.assertTrue(all(m["dx"] == "3" for m in moves))
		self.assertEqual((moves[-1]["x"], moves[-1]["y"]), ("320", "220"))
		for m, step in zip(moves, range(1, 41)):
			self.assertLessEqual(abs(int(m["x"]) - (200 + 3 * step)), 1)
		for step in range(20):
			hands.move(500 + step, 300 - step)
		dump.settle()
		moves = dump.all("motion")[40:]
		self.assertEqual([(m["x"], m["y"]) for m in moves], [(str(500 + s), str(300 - s)) for s in range(20)])
		self.assertFalse(any("dx" in m for m in moves))

	def test_edges_of_the_screen(self):
		hands = self.desk.hands
		hands.move(1270, 790)
		hands.sync()
		dump = self.dump()
		for _ in range(10):
			hands.move_by(5, 5)
		for _ in range(10):
			hands.move_by(-5, -5)
		dump.settle()
		moves = dump.all("motion")
		self.assertTrue(all(int(m["x"]) <= 1279 and int(m["y"]) <= 799 for m in moves))
		last = self.desk.run(["xdotool", "getmouselocation"]).stdout.split()
		self.assertEqual(["x:" + moves[-1]["x"], "y:" + moves[-1]["y"]], last[:2])

	def test_warp_leaves_only_what_is_certain(self):
		hands = self.desk.hands
		hands.move(100, 100)
		hands.sync()
		dump = self.dump()
		hands.move_by(4, 4)
		hands.warp(640, 480)
		hands.move_by(2, 1)
		dump.settle()
		moves = dump.all("motion")
		self.assertEqual(len(moves), 2)
		self.assertNotIn("x", moves[0])
		self.assertEqual((moves[1]["x"], moves[1]["y"]), ("642", "481"))

	def test_buttons_and_scroll(self):
		dump = self.dump()
		for button in (1, 2, 3, 8, 9, 4, 5, 6, 7):
			self.desk.hands.click(button)
		dump.settle()
		self.assertEqual([b["code"] for b in dump.all("button", action="down")], ["272", "274", "273", "275", "276"])
		self.assertEqual([b["code"] for b in dump.all("button", action="up")], ["272", "274", "273", "275", "276"])
		self.assertEqual([(s["scroll_x"], s["scroll_y"]) for s in dump.all("scroll")],
			[("0", "-120"), ("0", "120"), ("-120", "0"), ("120", "0")])

	def test_only_what_is_permitted_is_selected(self):
		cases = {
			("--no-keys",): (0, 1, 1, 1), ("--pointer", "none"): (1, 0, 0, 0),
			("--pointer", "buttons"): (1, 1, 0, 1), ("--no-scroll",): (1, 1, 1, 0),
			("--no-keys", "--pointer", "none"): (0, 0, 0, 0)}
		for args, wanted in cases.items():
			with self.subTest(args=args):
				dump = self.dump(*args)
				self.desk.hands.key("a")
				self.desk.hands.click(1)
				self.desk.hands.click(5)
				self.desk.hands.move_by(1, 1)
				dump.settle(0.2)
				seen = tuple(min(1, len(dump.all(kind))) for kind in ("key", "button", "motion", "scroll"))
				self.assertEqual(seen, wanted)
				if "buttons" in args:
					self.assertFalse(any("x" in f for _, f in dump.events("button", "scroll")))
				dump.stop()

	def test_times_are_the_servers(self):
		dump = self.dump("--delay", "400")
		before = time.monotonic_ns() // 1000
		self.desk.hands.key("a")
		self.desk.hands.sync()
		after = time.monotonic_ns() // 1000
		at = int(dump.wait("key", action="down")["t"])
		self.assertGreaterEqual(at, before - 2000)
		self.assertLessEqual(at, after + 2000)

	@unittest.skipUnless(shutil.which("setxkbmap"), "no setxkbmap")
	def test_layout_follows(self):
		dump = self.dump("--text")
		self.assertTrue(dump.any("layout", name="English (US)"))
		self.addCleanup(self.desk.run, ["setxkbmap", "us"])
		self.desk.run(["setxkbmap", "de"])
		hands = self.desk.hands
		for code in (29, 34):            # where US has y and [
			hands.t.XTestFakeKeyEvent(hands.d, code, 1, 0)
			hands.t.XTestFakeKeyEvent(hands.d, code, 0, 0)
		hands.flush()
		dump.wait("layout", name="German")
		dump.settle()
		downs = dump.all("key", action="down")
		self.assertEqual([(d["text"], d["class"]) for d in downs], [("z", "letter"), ("ü", "letter")])

	@unittest.skipUnless(shutil.which("xinput"), "no xinput")
	def test_devices_come_and_go(self):
		dump = self.dump()
		before = len(dump.all("device", present=1))
		self.desk.run(["xinput", "create-master", "Second"])
		wait_for(lambda: len(dump.all("device", present=1)) == before + 2, name="two XTEST devices")
		self.desk.run(["xinput", "remove-master", "Second pointer"])
		wait_for(lambda: len(dump.all("device", present=0)) == 2, name="their end")
		self.assertEqual({d["device"] for d in dump.all("device", present=0)}, {str(before), str(before + 1)})

	@unittest.skipUnless(shutil.which("xrandr"), "no xrandr")
	def test_screen_size(self):
		dump = self.dump()
		self.assertTrue(dump.any("screen", width=1280, height=800))
		self.addCleanup(self.desk.run, ["xrandr", "--fb", "1280x800"])
		self.desk.run(["xrandr", "--fb", "1024x768"])
		dump.wait("screen", width=1024, height=768)

	def test_idle_means_asleep(self):
		dump = self.dump()
		time.sleep(0.5)

		def wakeups():
			with open(f"/proc/{dump.program.pid}/status", encoding="utf-8") as status:
				return sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
		before = wakeups()
		time.sleep(2)
		self.assertEqual(wakeups(), before)

	def test_tcp_displays_are_refused(self):
		for display in ("localhost:0", "127.0.0.1:0", "tcp/localhost:0"):
			dump = self.dump(env={"DISPLAY": display})
			self.assertTrue(dump.any("failed", error="-9"), display)


class ServerDies(unittest.TestCase):
	def test_dead_server(self):
		with Desk(a11y=False) as desk:
			dump = Dump(desk, "--no-atspi", "--sample", "100")
			desk.server.popen.kill()
			dump.wait("gone", server="x11")
			self.assertEqual(dump.program.popen.wait(5), 1)
			self.assertEqual(dump.all("total")[0]["error"], "-8")
			self.assertNotIn("XIO", desk.log(dump.name))

	def test_no_server(self):
		with Desk(a11y=False, wm=False) as desk:
			dump = Dump(desk, "--no-atspi", env={"DISPLAY": ":4321"})
			self.assertTrue(dump.any("failed", error="-8"))


if __name__ == "__main__":
	unittest.main(verbosity=2)
