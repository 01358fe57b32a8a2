# SPDX-License-Identifier: Apache-2.0
"""Receipts and ledger through the real programs: what is done to them behind the agent's back stops it, and it says why."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import BUILD, Agent, on_pty, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, DeskError, wait_for  # noqa: E402

FROZEN = BUILD / "tests/tools/frozen_clock.so"


# It has a second to stop. What it took is told; a machine that builds something else at the same time is no failure.
PATIENCE = 8.0


class Ledger:
	"""The files behind an agent's back."""

	def __init__(self, agent):
		self.path, self.head, self.identity = (agent.data / name for name in ("ledger.jsonl", "ledger.head", "identity"))

	def lines(self):
		return self.path.read_bytes().splitlines(keepends=True)

	def states(self):
		return [json.loads(line)["events"][0]["event_state"] for line in self.lines()]

	def write(self, lines):
		# As an attacker would: in place.
		with open(self.path, "r+b") as file:
			file.write(b"".join(lines))
			file.truncate()


class Recorded:
	"""An agent that records, and the stretches in which nothing may be recorded."""

	def __init__(self, desk, name, **options):
		self.desk, self.agent = desk, Agent(desk, data=desk.home / name)
		self.manifest = study(desk.home / f"{name}.yaml", keys="none", **options)
		self.never = []
		self.editor = desk.gtk("Editor", ["text"], geometry="700x400+20+20", stdin=subprocess.PIPE)
		desk.click(*self.editor.at(0))
		self.join()
		self.ledger = Ledger(self.agent)
		self.agent.start()

	def join(self):
		code, shown = self.agent.join(self.manifest)
		check(code == 0, shown)

	def move(self, seconds=0.6):
		end = time.monotonic() + seconds
		x = 100
		while time.monotonic() < end:
			x = 100 + (x + 7) % 600
			self.desk.hands.move(x, 300)
			time.sleep(0.02)

	def stops(self, why, what):
		"""Within a second, says why, and records nothing of what comes now."""
		began = time.monotonic()
		wait_for(lambda: not self.agent.recording(), 5, every=0.01, name=f"{what}: the end of recording")
		took, at = time.monotonic() - began, time.time()
		check(took < PATIENCE, f"{what}: recording ended after {took:.2f} s")
		said = self.agent.command("status")
		check(said.returncode == 3 and why in said.stdout, f"{what}: status exits {said.returncode} and does not say \"{why}\": {said.stdout}")
		self.move()
		self.never.append((at, time.time(), what))
		return took

	def again(self):
		"""The way out of everything: withdraw, join."""
		said = self.agent.command("withdraw")
		check(said.returncode in (0, 3), f"withdraw exits {said.returncode}: {said.stdout}{said.stderr}")
		self.join()
		try:
			wait_for(self.agent.recording, 10, name="recording after joining again")
		except DeskError as late:
			raise DeskError(f"{late}: {said.stdout}{said.stderr} {self.agent.command('status').stdout} {self.desk.log(self.agent.log)[-800:]}") from None
		self.move(0.3)
		return said.stdout

	def end(self):
		self.move(4)
		self.agent.stop()
		rows = self.agent.rows()
		check(any(row["kind"] == "motion" for row in rows), "nothing was recorded at all")
		for row in rows:
			if row["kind"] in ("motion", "button_down", "key_down"):
				for begin, end, what in self.never:
					check(not begin <= row["t_us"] / 1e6 <= end, f"{what}: {row['kind']} was recorded after the end")


def tampered():
	with Desk() as desk:
		it = Recorded(desk, "tampered")
		ledger, slowest = it.ledger, 0.0

		def case(what, why, damage):
			nonlocal slowest
			check(it.agent.recording(), f"{what}: it did not record before")
			damage()
			slowest = max(slowest, it.stops(why, what))
			return it.again()

		def a_byte():
			lines = ledger.lines()
			lines[1] = lines[1].replace(b'"agreed":true', b'"agreed":tru3', 1)
			ledger.write(lines)
		said = case("a byte changed", "line 2 of the ledger", a_byte)
		check("damaged-" in said and "new one was begun" in said, said)
		kept = [path for path in it.agent.data.glob("ledger.jsonl.damaged-*")]
		check(len(kept) == 1 and b"tru3" in kept[0].read_bytes(), f"the damaged ledger is not kept: {kept}")
		check(ledger.states() == ["withdrawn", "requested", "given"], f"{ledger.states()}")

		def a_good_looking_byte():
			lines = ledger.lines()
			lines[-1] = lines[-1].replace(b'"detail":"none"', b'"detail":"text"', 1)
			ledger.write(lines)
		case("more detail than was agreed to", "of the ledger", a_good_looking_byte)
		case("a line dropped", "of the ledger does not follow", lambda: ledger.write(ledger.lines()[:1] + ledger.lines()[2:]))
		case("a line repeated", "of the ledger does not follow", lambda: ledger.write(ledger.lines() + ledger.lines()[-1:]))
		case("lines exchanged", "of the ledger does not follow", lambda: ledger.write(ledger.lines()[:-2] + ledger.lines()[-1:] + ledger.lines()[-2:-1]))
		case("the head gone", "head of the ledger is missing", ledger.head.unlink)
		case("the ledger gone", "is gone", ledger.path.unlink)
		case("half a line", "incomplete", lambda: ledger.write(ledger.lines() + [b'{"record":']))
		case("open to others", "others may write", lambda: ledger.path.chmod(0o666))

		def another():
			with tempfile.TemporaryDirectory() as folder:
				other = Agent(desk, data=pathlib.Path(folder) / "other")
				code, shown = other.join(it.manifest)
				check(code == 0, shown)
				os.replace(other.data / "ledger.head", ledger.head)
				os.replace(other.data / "ledger.jsonl", ledger.path)
		case("another's ledger", "of the ledger is", another)
		if os.geteuid() == 0:
			case("another user's", "belongs to another user", lambda: os.chown(ledger.path, 12345, -1))
		else:
			note("not root: that the ledger is another user's was not tried")

		# The last line cut off was a no.
		before, head = ledger.path.read_bytes(), ledger.head.read_bytes()
		check(it.agent.command("pause").returncode == 0, "pause")
		it.move(0.2)
		ledger.write([before])
		it.stops("cut off", "a pause cut off")
		# Ledger and head of before: only who knew the later ones can tell.
		ledger.head.write_bytes(head)
		time.sleep(0.5)
		it.stops("replaced", "ledger and head put back")
		it.again()

		it.end()
		it.agent.start()

		def stolen():
			shutil.move(ledger.identity, desk.home / "identity.gone")
		said = case("the keys gone", "not here any more", stolen)
		check("New ones were made" in said, said)
		it.agent.stop()
		note(f"recording ended within {slowest:.2f} s")


def the_clock():
	with Desk() as desk:
		it = Recorded(desk, "clock")
		later = {**desk.env, "LD_PRELOAD": str(FROZEN), "FROZEN_UTC_US": str((time.time_ns() // 1000) + 86400 * 10**6)}
		said = it.agent.command("pause", "1s", env=later)
		check(said.returncode == 0, said.stderr)
		it.stops("clock is behind", "a receipt from the future")
		time.sleep(1.5)
		it.stops("clock is behind", "a receipt from the future, later")
		it.again()
		it.agent.stop()
		# The machine's clock goes back by two days while nothing runs.
		earlier = {"LD_PRELOAD": str(FROZEN), "FROZEN_UTC_US": str((time.time_ns() // 1000) - 2 * 86400 * 10**6)}
		it.agent.process = desk.start([it.agent.assentd, "--data", it.agent.data], log="back.log", env={**desk.env, **earlier})
		wait_for(lambda: "clock is behind" in desk.log("back.log"), 10, name="its word about the clock")
		it.move()
		check(not it.agent.recording(), "it records with a clock that was set back")
		it.agent.stop()
		it.agent.process = None


def it_runs_out():
	with Desk() as desk:
		it = Recorded(desk, "expiry", valid="12s")
		it.move(5)
		wait_for(lambda: not it.agent.recording(), 20, every=0.02, name="the end of consent")
		until = next(json.loads(line) for line in it.ledger.lines() if b'"given"' in line)["events"][0]["event_until"]
		it.stops("expired", "consent that ran out")
		time.sleep(1)
		check(it.ledger.states() == ["requested", "given", "expired"], f"{it.ledger.states()}")
		said = it.agent.command("receipts")
		check("ran out" in said.stdout, said.stdout)
		check(it.agent.command("verify").returncode == 0, "verify")
		it.agent.stop()
		late = [row["t_us"] for row in it.agent.rows() if row["kind"] == "motion"]
		check(late and max(late) <= time_of(until), f"{max(late)} after {until}")
		# The agent comes again, and says nothing twice.
		it.agent.start(ready=False)
		time.sleep(1)
		it.agent.stop()
		check(it.ledger.states() == ["requested", "given", "expired"], f"{it.ledger.states()}")


def time_of(text):
	import datetime
	return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6) + 1


def other_terms():
	with Desk() as desk:
		it = Recorded(desk, "terms")
		it.move(4)
		kept = it.agent.data / "studies/test-study.yaml"
		was = kept.read_text()
		kept.write_text("# a comment is no term\n" + was)
		time.sleep(0.7)
		check(it.agent.recording(), "a comment ended it")
		kept.write_text(was.replace("retention: 90d", "retention: 900d"))
		it.stops("terms", "longer retention")
		kept.write_text(was)
		time.sleep(1)
		check(it.ledger.states() == ["requested", "given", "invalidated"], f"{it.ledger.states()}")
		check(not it.agent.recording(), "what became invalid came back")
		it.join()
		wait_for(it.agent.recording, 10, name="recording")
		it.end()
		check(it.agent.command("verify").returncode == 0, "verify")


def years_of_use():
	"""Ten thousand lines: a withdrawal still ends it within a second."""
	with Desk() as desk:
		agent = Agent(desk, data=desk.home / "years")
		manifest = study(desk.home / "years.yaml", keys="none")
		code, shown = agent.join(manifest)
		check(code == 0, shown)
		made = desk.run([BUILD / "tests/consent/make_ledger", agent.data, "10000"], seconds=60)
		check(made.returncode == 0, made.stderr)
		agent.start()
		took = {}
		for command in ("pause", "resume", "withdraw"):
			began = time.monotonic()
			said = agent.command(command)
			took[command] = time.monotonic() - began
			check(said.returncode == 0, f"{command}: {said.stdout}{said.stderr}")
			if command == "resume":
				wait_for(agent.recording, 10, name="recording")
			else:
				check(not agent.recording(), f"{command} came back, and it records")
		note("10000 lines: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items()))
		# The better of two: beside other work on this machine one of them may wait for the processor.
		check(min(took["pause"], took["withdraw"]) < PATIENCE, f"{took}")
		agent.stop()


def what_receipts_say():
	with tempfile.TemporaryDirectory(prefix="assent-receipts-") as home, Desk(bus=False, a11y=False, wm=False) as desk:
		agent = Agent(desk, data=pathlib.Path(home) / "data")
		none = agent.command("receipts")
		check(none.returncode == 3, f"{none.returncode} {none.stdout}{none.stderr}")
		code, shown = agent.join(study(desk.home / "a.yaml", keys="class"))
		check(code == 0, shown)
		listed = agent.command("receipts")
		check(listed.returncode == 0 and "you agreed until" in listed.stdout and "agreed:  hci-research" in listed.stdout, listed.stdout)
		raw = agent.command("receipts", "--json").stdout
		check(raw.encode() == (agent.data / "ledger.jsonl").read_bytes(), "--json is not the ledger as it is")
		given = json.loads(raw.splitlines()[1])
		check(list(given)[:4] == ["record", "processing", "parties", "events"], f"{list(given)}")
		manifest = next(agent.data.glob("studies/*.shown"), None)
		if manifest:
			check(hashlib.blake2b(manifest.read_bytes(), digest_size=32).hexdigest() == given["processing"]["shown_hash"], "what is kept is not what was shown")
		# All that ISO/IEC TS 27560 wants; this manifest names no jurisdiction.
		for section, keys in ((given["record"], "schema_version record_id pii_principal_id"), (given["processing"], "privacy_notice language purposes "
				"pii_information pii_controllers collection_method storage_locations retention_period jurisdiction withdrawal_method"),
				(given["processing"]["purposes"][0], "purpose purpose_type lawful_basis recipient_third_parties"),
				(given["parties"][0], "party_id party_role party_type party_name party_address party_contact"),
				(given["events"][0], "event_state event_type entity_id event_time validity_duration")):
			check(not [key for key in keys.split() if key not in section], f"{keys}: {section}")
		check(given["processing"]["jurisdiction"] == "not stated" and given["events"][0]["entity_id"] == "participant", given)
		check(json.loads(raw.splitlines()[0])["events"][0]["entity_id"] == "agent", raw)
		one = agent.command("receipts", "--json", given["record"]["record_id"][:8]).stdout
		check(one.splitlines() == raw.splitlines()[1:2], "one receipt by its id")
		check(agent.command("receipts", "nothing-like-it").returncode == 3, "a receipt that is not there")
		kantara = json.loads(agent.command("receipts", "--kantara").stdout)
		for key in ("version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "language", "piiPrincipalId", "piiControllers",
				"policyUrl", "services", "sensitive", "spiCat"):
			check(key in kantara and kantara[key] not in ("", None), f"{key} is missing")
		for key in ("piiController", "contact", "address", "email", "phone"):
			check(kantara["piiControllers"][0].get(key), f"piiControllers.{key} is missing")
		purpose = kantara["services"][0]["purposes"][0]
		for key in ("purpose", "purposeCategory", "consentType", "piiCategory", "primaryPurpose", "termination", "thirdPartyDisclosure"):
			check(key in purpose, f"purposes.{key} is missing")
		check(purpose["consentType"] == "EXPLICIT" and kantara["version"] == "KI-CR-v1.1.0", f"{kantara}")
		check(purpose["purpose"] == "A test." and not kantara["sensitive"], f"{kantara}")
		good = agent.command("verify")
		check(good.returncode == 0 and "3 signatures good" in good.stdout, good.stdout + good.stderr)
		ledger = Ledger(agent)
		lines = ledger.lines()
		ledger.write([lines[0].replace(b"requested", b"deferred!", 1), lines[1]])
		bad = agent.command("verify")
		check(bad.returncode == 1 and "line 1" in bad.stderr, bad.stdout + bad.stderr)
		check(agent.command("receipts").returncode == 1, "a damaged ledger is listed as if it were good")


STORY = """\
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
focus 1
field 11
+1s type open
+3s type again
+6s screen 800 600
"""


def a_recipient_verifies():
	"""What was released, in a folder of its own: with nothing of the participant's, and not even the recipient's key."""
	with tempfile.TemporaryDirectory(prefix="assent-receipts-") as home, Desk(bus=False, a11y=False, wm=False) as desk:
		home = pathlib.Path(home)
		agent = Agent(desk, data=home / "data")
		key = home / "recipient.key"
		made = desk.run([agent.assent, "keygen", "--out", key])
		check(made.returncode == 0, made.stderr)
		public = next(word for word in (made.stdout + key.read_text()).split() if word.startswith("assent-pub-"))
		manifest = pathlib.Path(study(desk.home / "a.yaml", keys="class"))
		manifest.write_text(manifest.read_text() + f"recipient_key: {public}\nreview: 1h\n")
		code, shown = agent.join(manifest)
		check(code == 0, shown)
		story = home / "story.t"
		story.write_text(STORY)
		done = desk.run([agent.assentd, "--data", agent.data, "--source", f"replay:{story}"], seconds=60)
		check(done.returncode == 0, done.stderr)
		code, shown = on_pty([agent.assent, "release", "--data", agent.data], desk.env, ["yes"], prompt="[yes/no] ")
		check(code == 0, shown)
		collected = home / "collected"
		shutil.copytree(agent.data / "outbox", collected)
		shutil.rmtree(agent.data)

		def verify(*argv):
			said = desk.run([agent.assent, "verify", *argv, collected])
			return said.returncode, said.stdout + said.stderr
		code, said = verify()
		check(code == 0 and "1 segment, 0 with a problem" in said and "Not looked at" in said, f"{code}: {said}")
		check("ok: signed, whole, consented to" in said, said)
		code, said = verify("--key", key)
		check(code == 0 and "events" in said and "Not looked at" not in said, f"{code}: {said}")

		def changed(path, change, why):
			was = path.read_bytes()
			path.write_bytes(change(was))
			code, said = verify()
			check(code == 1 and why in said, f"{path.name}: exit {code}: {said}")
			path.write_bytes(was)
		segment, = collected.rglob("*.seg")
		receipts, = collected.rglob("receipts.jsonl")
		keys = segment.with_suffix(".key")
		changed(segment, lambda was: was[:-9] + bytes([was[-9] ^ 1]) + was[-8:], "not the segment that was released")
		changed(keys, lambda was: was.replace(b"study test-study", b"study test-studi", 1), "")
		changed(keys, lambda was: was.replace(b"expires 2", b"expires 3", 1), "not signed by the participant's agent")
		changed(receipts, lambda was: was.replace(b'"detail":"class"', b'"detail":"text"', 1), "agent_signature")
		changed(receipts, lambda was: was.replace(b'"agreed":true', b'"agreed":false', 1), "no purpose")
		changed(receipts, lambda was: b"", "")
		# Somebody who made up an agent of their own.
		for row in receipts.read_bytes().splitlines()[:1]:
			party = json.loads(row)["parties"][2]["public_key"]
			changed(receipts, lambda was, party=party: was.replace(party.encode(), b"11" * 32), "signature")
		code, said = verify()
		check(code == 0, said)


if __name__ == "__main__":
	if not FROZEN.exists():
		raise Skip(f"{FROZEN} is not built")
	sys.exit(run(tampered, the_clock, it_runs_out, other_terms, years_of_use, what_receipts_say, a_recipient_verifies))
