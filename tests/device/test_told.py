# SPDX-License-Identifier: Apache-2.0
"""What status and doctor say when input is to come from the devices: the real programs, in a /run of their own, with the broker of inputd.py
and a logind that is nothing but its files."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

from agent import Agent, study  # noqa: E402
from cases import Skip, check, note, run  # noqa: E402
from desk import Desk, DeskError, wait_for  # noqa: E402
from inputd import BUILD, NONE, REFUSED, Broker, Client  # noqa: E402
from participant import Participant  # noqa: E402
from sway import Sway  # noqa: E402

NOWHERE = "/nonexistent/socket"
INSIDE = """mount -t tmpfs -o mode=755 none /run && mkdir /run/assent && ln -s "$0" /run/assent/inputd.sock && { [ ! "$1" ] || cp -r "$1" /run/systemd; } && shift && exec "$@" """


def inside(address, logind, *argv):
	return ["unshare", "-m", "--propagation", "private", "sh", "-c", INSIDE, str(address), str(logind or ""), *map(str, argv)]


class Person(Participant):
	"""A participant who has joined, on a machine with this broker (None: none)."""

	def __init__(self, source="evdev", broker=None, logind=None):
		super().__init__(id="told-test")
		self.address = broker.address if broker else NOWHERE
		self.logind = logind
		self.source = source
		probe = subprocess.run(inside(self.address, None, "true"), capture_output=True, text=True)
		if probe.returncode:
			self.__exit__()
			raise Skip("needs the right to mount: " + probe.stderr.strip())
		self.env["XDG_CONFIG_HOME"] = str(self.home / "config")
		(self.home / "config/assent").mkdir(parents=True)
		(self.home / "config/assent/assent.yaml").write_text(f"source: {source}\n")
		self.agent = None

	def start(self, **env):
		self.join()
		self.log = open(self.home / "log", "w+")
		self.agent = subprocess.Popen(inside(self.address, self.logind, self.assentd, "--data", self.data), env={**self.env, **env},
			stdin=subprocess.DEVNULL, stderr=self.log)
		return self

	def __exit__(self, *error):
		if self.agent:
			self.agent.terminate()
			self.agent.wait(10)
			self.log.close()
		super().__exit__(*error)

	def obstacle(self):
		"""What the agent found in its way, once it has found it."""
		def found():
			status = self.status()
			return status if status["agent"] and status["agent"]["obstacle"] else None
		return wait_for(found, 10, every=0.05, name="an obstacle")

	def doctor(self, *argv, **env):
		"""(exit code, its findings by id, all of it)"""
		said = subprocess.run(inside(self.address, self.logind, self.assent, "doctor", "--data", self.data, "--json", *argv),
			env={**self.env, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
		check(not said.stderr, lambda: said.stderr)
		told = json.loads(said.stdout)
		return said.returncode, {finding["id"]: finding for finding in told["findings"]}, told


# ---- status ----


def said_of(status, part, refusal, *words):
	told = status["agent"]["obstacle"]
	check(told["part"] == part and told["refusal"] == refusal, f"{told}")
	check(not status["recording"] and status["state"] in ("waiting", "starting"), f"{status['state']}")
	for text in words:
		check(text in told["text"] + told["remedy"], f"{text!r} is not in {told}")


def reason(person):
	"""Why it says that nothing is recorded, in both ways. Not while it is trying again."""
	wait_for(lambda: person.status()["state"] == "waiting", 10, every=0.05, name="it waits")
	why = person.status()["why"]
	text = " ".join(person.command("status").stdout.split())
	check("Recording: no (waiting: " + " ".join(why.split()) in text, text)
	check(f"Source: {person.source} " in text, text)
	return why


def no_broker():
	with Person().start() as person:
		said_of(person.obstacle(), "broker", None, "assent-inputd", "systemctl enable --now assent-inputd.socket")
		why = reason(person)
		check("assent-inputd" in why and "systemctl enable" in why, why)
		limits = person.status()["limits"]
		check(limits["keys"] == {"value": "class", "from": "evdev_keys"}, limits["keys"])
		check("source evdev: /etc/assent/policy.yaml names no evdev_keys" in person.command("status").stdout or os.path.exists("/etc/assent"),
			person.command("status").stdout)


def somebody_else_reads():
	with Broker() as broker:
		other = Client(broker)
		other.begin(2)
		with Person(broker=broker).start() as person:
			said_of(person.obstacle(), "broker", "busy", "another program of this user reads the devices")
			check("another program of this user reads the devices" in reason(person), "why")
			# It tries again, and then it is something else that stands in the way.
			other.close()
			wait_for(lambda: (person.status()["agent"]["obstacle"] or {}).get("part") == "context", 20, every=0.1, name="another try")


def refused():
	for policy, seats, why in (("capture: forbidden\n", None, "policy"), (None, {os.getuid(): "seat0 inactive"}, "inactive"), (None, {os.getuid(): "- 5"}, "remote")):
		with Broker(policy=policy, seats=seats) as broker, Person(source="x11+evdev", broker=broker).start() as person:
			said_of(person.obstacle(), "broker", why)
			check(person.status()["limits"]["keys"] == {"value": "text", "from": "study"}, "x11+evdev lowers keys")


def nobody_says_where():
	for env, words in (({"WAYLAND_DISPLAY": "wayland-7"}, ("Wayland",)), ({"SWAYSOCK": NOWHERE, "WAYLAND_DISPLAY": "wayland-7"}, ()),
			({"DISPLAY": ":7654"}, ("x11",)), ({}, ("console",))):
		with Broker() as broker, Person(broker=broker).start(**env) as person:
			said_of(person.obstacle(), "context", None, *words)
			check(reason(person), "no reason")


def another_source_begins_at_once():
	"""`source:` in assent.yaml is obeyed while the agent runs, as the limits in it are."""
	with Person().start() as person:
		person.obstacle()
		(person.home / "config/assent/assent.yaml").write_text("source: x11\n")
		wait_for(lambda: person.status()["agent"]["source"] == "x11", 10, every=0.05, name="the other source")
		wait_for(lambda: "X server" in (person.status()["why"] or ""), 20, every=0.1, name="the other reason")
		check(person.status()["limits"]["keys"] == {"value": "text", "from": "study"}, "keys stay lowered")


# ---- doctor ----


def logind(place, **changes):
	"""Files as logind's: one session of this user, active at seat0."""
	session = dict(UID=os.getuid(), USER="participant", ACTIVE=1, STATE="active", REMOTE=0, TYPE="wayland", CLASS="user", SEAT="seat0")
	session.update(changes)
	for name in ("seats", "sessions", "users"):
		(place / name).mkdir(parents=True, exist_ok=True)
	(place / "sessions/7").write_text("".join(f"{name}={value}\n" for name, value in session.items() if value is not None))
	(place / f"users/{os.getuid()}").write_text("NAME=participant\nSTATE=active\nSESSIONS=7\nONLINE_SESSIONS=7\nACTIVE_SESSIONS=7\n")
	(place / "seats/seat0").write_text(f"ACTIVE=7\nACTIVE_UID={os.getuid()}\nSESSIONS=7\nUIDS={os.getuid()}\n")
	return place


def doctor_and_broker():
	with Person() as person:
		code, found, told = person.doctor()
		check(code == 1 and told["source"] == "evdev" and told["context"] is None and told["display"] is None, f"{code} {told}")
		check(found["broker"]["problem"] and "systemctl enable --now assent-inputd.socket" in found["broker"]["remedy"], found["broker"])
		check(found["session"]["problem"] and "no logind" in found["session"]["text"], found["session"])
		check("seat" in found and found["context"]["problem"] and "console" in found["context"]["text"], found)
		check(os.path.exists("/etc/assent") or "keys: class" in found["evdev-keys"]["text"] and "evdev_keys: code" in found["evdev-keys"]["remedy"], found)
	with Broker() as broker, Person(broker=broker) as person:
		code, found, _ = person.doctor()
		check(not found["broker"]["problem"] and "serves" in found["broker"]["text"], found["broker"])
		check(broker.open_devices() == 0, "its probe keeps devices open")
		# Nothing hangs on the probe: who wants the stream has it.
		client = Client(broker)
		client.begin(2)
		code, found, _ = person.doctor()
		check(code == 1 and found["broker"]["problem"] and "another program of this user" in found["broker"]["text"], found["broker"])
		check("end the other one" in found["broker"]["remedy"], found["broker"])
	for policy, seats, words in (("capture: forbidden\n", None, "policy"), (None, {os.getuid(): "seat0 inactive"}, "another session is active")):
		with Broker(policy=policy, seats=seats) as broker, Person(broker=broker) as person:
			found = person.doctor()[1]["broker"]
			check(found["problem"] and words in found["text"] and found["remedy"], found)


def doctor_and_session():
	with Person() as person:
		for changes, problem, words in (({}, False, "is active at seat0"), ({"ACTIVE": 0, "STATE": "online"}, True, "not active"),
				({"REMOTE": 1}, True, "remote"), ({"CLASS": "greeter"}, True, "greeter"), ({"SEAT": None}, True, "no seat")):
			person.logind = logind(person.home / "logind", **changes)
			found = person.doctor()[1]["session"]
			check(found["problem"] == problem and words in found["text"] and bool(found["remedy"]) == problem, found)


def doctor_and_place():
	"""Each kind of session, and with each source."""
	with Broker() as broker, Person(broker=broker) as person:
		for env, words in (({"WAYLAND_DISPLAY": "wayland-7"}, "sway does"), ({"SWAYSOCK": NOWHERE, "WAYLAND_DISPLAY": "wayland-7"}, ""),
				({"DISPLAY": ":7654"}, "X session")):
			code, found, told = person.doctor(**env)
			check(code == 1 and found["context"]["problem"] and words in found["context"]["text"] and found["context"]["remedy"], found["context"])
			check("display" not in found and "wayland" not in found, f"{list(found)}")
		code, found, told = person.doctor("--source", "x11", WAYLAND_DISPLAY="wayland-7")
		check(told["source"] == "x11" and code == 1 and found["wayland"]["problem"] and "Xwayland" in found["wayland"]["text"], f"{found}")
		check(not {"broker", "session", "seat", "context", "evdev-keys"} & set(found), f"x11 looks at devices: {list(found)}")
		code, found, told = person.doctor("--source", "x11+evdev")
		check({"broker", "session", "seat", "display"} <= set(found) and "context" not in found, f"{list(found)}")
		check(subprocess.run([person.assent, "doctor", "--source", "nonsense"], env=person.env, capture_output=True).returncode == 2, "any source")
		(person.home / "config/assent/assent.yaml").write_text("source: evdev\nprivate_hotkey: ctrl+alt+shift+p\n")
		found = person.doctor()[1]
		check(os.path.exists("/etc/assent") or found["hotkey"]["problem"], f"{list(found)}")


def while_the_agent_reads():
	"""With a real X server: it records, and neither status nor doctor is in its way; then the broker ends, and both say so."""
	desk = Desk()
	try:
		desk.__enter__()
	except DeskError as why:
		raise Skip(str(why)) from why
	try:
		with Broker() as broker:
			probe = desk.run(inside(broker.address, None, "true"))
			if probe.returncode:
				raise Skip("needs the right to mount: " + probe.stderr.strip())
			agent = Agent(desk)
			check(agent.join(study(desk.home / "study.yaml"))[0] == 0, "joins")
			agent.start("--source", "x11+evdev", wrap=inside(broker.address, None))
			state = agent.status()
			check(state["agent"]["source"] == "x11+evdev" and state["agent"]["obstacle"] is None, state["agent"])
			check("Source:     x11+evdev" in agent.command("status").stdout, "the source is not told")
			opened = broker.said().count("begins")
			said = desk.run(inside(broker.address, None, agent.assent, "doctor", "--source", "x11+evdev", "--data", agent.data, "--json"))
			found = {finding["id"]: finding for finding in json.loads(said.stdout)["findings"]}
			check(not found["broker"]["problem"] and "the agent reads" in found["broker"]["text"], found["broker"])
			check(broker.said().count("begins") == opened and "refused" not in broker.said(), "the doctor disturbs it")
			check(Client(broker).refusal == REFUSED["busy"], "a second reader")
			check(agent.recording(), "it does not record any more")
			broker.process.terminate()
			said_of(wait_for(lambda: (lambda s: s if s["agent"]["obstacle"] else None)(agent.status()), 10, every=0.05, name="the end"), "broker", "failed", "assent-inputd")
			check(agent.stop() == 0, "the agent's exit status")
	finally:
		desk.__exit__(None, None, None)


def doctor_in_a_nested_sway():
	"""One without devices of its own is no word on where the seat's keys go."""
	if not shutil.which("sway"):
		raise Skip("sway is not installed")
	with Sway() as sway:
		doctor = sway.copy(BUILD / "agent/assentd")
		said = json.loads(sway.run([doctor, "--doctor", "--source", "evdev", "--json", "--data", sway.home / "data"]).stdout)
		found = {finding["id"]: finding for finding in said["findings"]}
		check(said["context"] is None and found["context"]["problem"] and "without the devices" in found["context"]["text"], found["context"])


def probe_asks_for_nothing():
	with Broker() as broker:
		client = Client(broker, keys=NONE, pointer=0, scroll=0)
		check(client.granted == (0, 0, 0) and not client.refusal, f"{client.granted} {client.refusal}")
		time.sleep(0.2)
		check(broker.open_devices() == 0, "devices are open for who wants nothing")
		client.close()
	with Broker(policy="capture: forbidden\n") as broker:
		check(Client(broker, keys=NONE, pointer=0, scroll=0).refusal, "a policy that forbids all lets it in")
	note("a policy of evdev_keys: none still serves who wants nothing: it forbids nothing that was asked for")


if __name__ == "__main__":
	sys.exit(run(no_broker, somebody_else_reads, refused, nobody_says_where, another_source_begins_at_once, doctor_and_broker, doctor_and_session, doctor_and_place, while_the_agent_reads, doctor_in_a_nested_sway,
		probe_asks_for_nothing))
