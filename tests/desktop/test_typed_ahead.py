# SPDX-License-Identifier: Apache-2.0
"""Real prompts in a terminal, answered before they are there: command, Return, password and Return in one go.

sudo switches the echo off 5 ms after the Return, ssh a quarter of a second later, su has to load PAM: the keys are ahead of it.
"""

import os
import pathlib
import random
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from agent import CODES, ORDINARY, SECRET, Agent, judged, leaks, spans, study  # noqa: E402
from cases import check, note, run  # noqa: E402
from desk import PYTHON, Desk, wait_for  # noqa: E402

SOMEBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups " if os.getuid() == 0 else ""
RATES = (0.0, 0.012)
SLOW = """import os, termios, time, tty
time.sleep(1)
old = termios.tcgetattr(0)
tty.setraw(0, termios.TCSADRAIN)
while os.read(0, 1) not in (b"\\r", b"\\n", b"\\3"):
	os.write(1, b"*")
time.sleep(0.3)
termios.tcsetattr(0, termios.TCSADRAIN, old)
"""


def word(alphabet, length):
	return "".join(random.choice(alphabet) for _ in range(length))


def story(command, rates=RATES, before=None):
	"""Types the command's answer ahead of its prompt; then looks for it in all that was written."""
	with Desk(a11y=False) as desk:
		if before:
			command = before(desk, command)
		(desk.home / "rc").write_text(f"PS1='$ '\nunset command_not_found_handle\nflag() {{ {command}; }}\n")
		agent, typed, secrets = Agent(desk), "", []
		code, shown = agent.join(study(desk.home / "study.yaml"))
		check(code == 0, shown)
		agent.start("--verbose")
		xterm = desk.xterm(["bash", "--noprofile", "--rcfile", str(desk.home / "rc")])
		left, top, width, height = desk.geometry(xterm.window)
		desk.click(left + width // 2, top + height // 2)
		time.sleep(2.5)
		words = []
		for rate in rates:
			words.append(word(ORDINARY, 16))
			desk.type(words[-1], every=0.03)
			judged()
			secrets.append(word(SECRET, 12))
			desk.type("\nflag\n" + secrets[-1] + "\n", every=rate)
			typed += words[-1] + "flag"
			# sudo and ssh think for 2 s about a wrong password before they ask again.
			time.sleep(4.0)
			desk.hands.key("Control_L", True)
			desk.hands.key("c")
			desk.hands.key("Control_L", False)
			typed += "c"
			time.sleep(2.5)
		judged()
		agent.stop()
		found = leaks(agent, secrets, typed)
		check(not found, lambda: "; ".join(sorted(set(found))[:5]))
		rows = agent.rows()
		reasons = {reason for reason, _ in spans(rows)}
		check("terminal-echo-off" in reasons or "unknown" in reasons, f"spans: {reasons}")
		downs = [row["code"] for row in rows if row["kind"] == "key_down"]
		kept = sum(any([CODES[c] for c in text] == downs[i:i + len(text)] for i in range(len(downs))) for text in words)
		note(f"{kept} of {len(words)} words that were typed before are whole; spans: {', '.join(sorted(reasons))}")
		check(kept == len(words), f"only {kept} of {len(words)} words before the command were kept whole")


def serve(desk, command):
	with socket.socket() as free:
		free.bind(("127.0.0.1", 0))
		port = free.getsockname()[1]
	desk.run(["dropbearkey", "-t", "ed25519", "-f", desk.home / "host"])
	desk.start(["dropbear", "-F", "-E", "-m", "-r", desk.home / "host", "-P", desk.home / "pid", "-p", f"127.0.0.1:{port}"], log="ssh.log")

	def listens():
		with socket.socket() as s:
			return s.connect_ex(("127.0.0.1", port)) == 0
	wait_for(listens, 10, name="the server")
	return command.format(port=port)


def sudo():
	story(SOMEBODY + "sudo -k true")


def su():
	story(SOMEBODY + "su -c true")


def ssh():
	story("ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PubkeyAuthentication=no"
		" -p {port} root@127.0.0.1", before=serve)


def a_slow_script():
	"""What reads letter by letter is started, and thinks for a second, which it does with the echo on; and again about the answer."""
	def write(desk, command):
		(desk.home / "ask.py").write_text(SLOW)
		return command.format(path=desk.home / "ask.py")
	story(PYTHON + " {path}", before=write)


def read_silent():
	"""Of bash itself, which restores the echo at once: a prompt must last as long as a look takes to come."""
	story("read -r -s x", rates=(0.012, 0.03))


if __name__ == "__main__":
	sys.exit(run(sudo, su, ssh, a_slow_script, read_silent))
