#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What bash, zsh and fish offer behind a Tab, asked of the shells themselves: every command, option and word that the programs take, and nothing else."""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import truth
from truth import ASSENTD, INPUTD, ROOT

import cases  # noqa: E402  truth knows where it is
from cases import Skip, check

HERE = ROOT / "packaging/completions"
STUDY, SEGMENT = "typing-2026", "20260501T123456Z-0f3a9c11"
SOURCES = {"x11", "x11+evdev", "evdev"}
# What stands behind what is typed so far.
WORDS = {
	"assent export --format ": {"parquet", "arrow", "csv", "jsonl"},
	"assent export --format p": {"parquet"},
	"assent doctor --source ": SOURCES,
	"assent private ": {"on", "off"},
	"assent secret ": {"add", "list", "remove"},
	"assent receipts ": {STUDY},
	"assent forget --study ": {STUDY},
	"assent forget --segment ": {SEGMENT},
	"assent notice ": {"study.yaml", "folder/", STUDY},
	"assent join s": {"study.yaml"},
	"assent verify ": {SEGMENT + ".seg", "folder/"},
	"assent export --tombstones ": {"folder/"},
	"assentd --config ": {"study.yaml", "folder/"},
}


class Home:
	"""A home with a study and a segment, and a folder to be in."""

	def __enter__(self):
		self.root = pathlib.Path(tempfile.mkdtemp(prefix="assent-completion-"))
		spool = self.root / ".local/share/assent/spool" / STUDY
		spool.mkdir(parents=True)
		(spool / f"{SEGMENT}.seg").touch()
		self.here = self.root / "here"
		(self.here / "folder").mkdir(parents=True)
		for name in ("study.yaml", "notes.txt", SEGMENT + ".seg"):
			(self.here / name).touch()
		self.env = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LC_ALL": "C.UTF-8", "TERM": "dumb", "XDG_CONFIG_HOME": str(self.root / "config"),
			"XDG_DATA_HOME": str(self.root / ".local/share"), "COLUMNS": "300", "LINES": "60"}
		return self

	def __exit__(self, *_):
		shutil.rmtree(self.root)

	def run(self, *argv):
		done = subprocess.run([str(part) for part in argv], env=self.env, cwd=self.here, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
		check(done.returncode == 0 and not done.stderr, lambda: f"{argv[0]}: exit {done.returncode}: {done.stderr[-400:]}")
		return done.stdout


class Bash:
	"""Calls the function as bash's readline would."""

	ASK = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
# As readline splits: at blanks, and = is a word.
COMP_WORDS=() COMP_CWORD=0
read -ra COMP_WORDS <<<"${COMP_LINE//=/ = }"
case $COMP_LINE in *[\\ ]) COMP_WORDS+=('') ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
complete -p "${COMP_WORDS[0]}" >/dev/null
"$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
for reply in "${COMPREPLY[@]}"; do
	if [ -d "$reply" ]; then reply=$reply/; fi
	printf '%s\\n' "$reply"
done
"""

	def __init__(self, home):
		self.home = home

	def offers(self, line):
		return set(self.home.run("bash", "--norc", "--noprofile", "-c", self.ASK, "bash", HERE / "assent.bash", line).split())

	def close(self):
		pass


class Fish:
	def __init__(self, home):
		self.home = home

	def offers(self, line):
		said = self.home.run("fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', HERE / "assent.fish", line)
		return {one.split("\t")[0] for one in said.splitlines()}

	def close(self):
		pass


class Zsh:
	"""On a terminal, since its completion runs in its line editor only. What compadd is given is printed between marks."""

	SETUP = r"""
PS1= PS2= RPS1=
unsetopt prompt_cr prompt_sp zle_bracketed_paste 2>/dev/null
stty -echo
fpath=(%(folder)s $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' completer _complete
zstyle ':completion:*' list-colors ''
# Of what is added, what matches is put down; nothing is inserted.
compadd() {
	local -a got names
	local slash= part
	# Whoever asks for the matches themselves (-A, -O, -D) gets them; it adds nothing.
	case " $* " in *" -[AOD] "*|*" -"[^-[:space:]]#[AOD]" "*) builtin compadd "$@"; return ;; esac
	builtin compadd -A got "$@"
	[[ " ${(j: :)argv[1,(i)--]} " == *" -W "* || " $* " == *" -f "* ]] && slash=yes
	for part in $got; do
		if [[ -n $slash && -d $part ]]; then print -r -- $part/ >>$ASKED; else print -r -- $part >>$ASKED; fi
	done
	builtin compadd "$@"
}
ask() { : >$ASKED; zle complete-word; BUFFER=; print -r -- END >>$ASKED; zle -I; }
zle -N ask
bindkey '^I' ask
setopt extended_glob no_list_beep no_beep no_always_last_prompt
unsetopt list_ambiguous auto_menu
print READY
"""

	def __init__(self, home):
		self.home, self.answer = home, home.root / "asked"
		env = dict(home.env, ASKED=str(self.answer))
		self.pid, self.fd = pty.fork()
		if self.pid == 0:
			try:
				os.chdir(home.here)
				os.execvpe("zsh", ["zsh", "-f", "-i"], env)
			finally:
				os._exit(127)
		setup = home.root / "setup.zsh"
		setup.write_text(self.SETUP % {"folder": HERE})
		self.said = b""
		os.write(self.fd, f"source {setup}\r".encode())
		self.until(lambda: b"READY" in self.said)

	def until(self, holds, seconds=30):
		end = time.monotonic() + seconds
		while not holds():
			check(time.monotonic() < end, lambda: f"zsh does not answer: {self.said[-400:]!r}")
			if select.select([self.fd], [], [], 0.02)[0]:
				try:
					self.said += os.read(self.fd, 65536)
				except OSError:
					check(False, f"zsh ended: {self.said[-400:]!r}")

	def offers(self, line):
		self.answer.write_text("")
		os.write(self.fd, line.encode() + b"\t")
		self.until(lambda: self.answer.read_text().endswith("END\n"))
		os.write(self.fd, b"\x15")
		return set(self.answer.read_text().split()) - {"END"}

	def close(self):
		os.kill(self.pid, signal.SIGKILL)
		os.waitpid(self.pid, 0)
		os.close(self.fd)


def judge(shell):
	program = shell.__name__.lower()
	if not shutil.which(program):
		raise Skip(f"there is no {program} (packaging/deps.sh test installs it)")
	with Home() as home:
		asked = shell(home)
		try:
			def must(line, wanted):
				offered = asked.offers(line)
				check(offered == wanted, f"behind {line!r}: not offered {sorted(wanted - offered)}, and offered without need {sorted(offered - wanted)}")

			commands = truth.commands()
			must("assent ", set(commands) | {"help"})
			must("assent -", {"--help", "--version"})
			must("assent help ", set(commands))
			for command in commands:
				must(f"assent {command} --", truth.helped(command))
			must("assentd --", truth.told(ASSENTD))
			must("assent-inputd --", truth.told(INPUTD))
			for line, wanted in WORDS.items():
				must(line, wanted)
			check(asked.offers("assentd --source ") >= SOURCES, "assentd --source")
			# Where there is nothing else, zsh offers the options.
			check(asked.offers("assent status ") in (set(), truth.helped("status")), "assent status")
			# Another folder, from the line.
			must(f"assent forget --data {home.root}/nowhere --segment ", set())
			for line in ("assent pause ", "assent forget --last ", "assent show --since "):
				check(all(re.fullmatch(r"\d+[mhd]", word) for word in asked.offers(line)) and asked.offers(line), line)
		finally:
			asked.close()


def bash_offers_what_there_is():
	judge(Bash)
	# The form with = is bash's own matter.
	with Home() as home:
		check(Bash(home).offers("assent export --format=a") == {"arrow"}, Bash(home).offers("assent export --format=a"))


def zsh_offers_what_there_is():
	judge(Zsh)


def fish_offers_what_there_is():
	judge(Fish)


def bash_completes_at_a_prompt():
	"""Through readline, on a terminal: what the function offers arrives on the line."""
	with Home() as home:
		(home.root / "rc").write_text(f"PS1=; source {HERE / 'assent.bash'}; assent() {{ printf '<%s>' assent \"$@\"; echo; }}\n")
		pid, fd = pty.fork()
		if pid == 0:
			try:
				os.chdir(home.here)
				os.execvpe("bash", ["bash", "--noprofile", "--rcfile", str(home.root / "rc"), "-i"], home.env)
			finally:
				os._exit(127)
		said, end = b"", time.monotonic() + 20
		os.write(fd, b"assent expo\t--form\tparq\t--out fol\t\r")
		while b"<assent><" not in said and time.monotonic() < end:
			if select.select([fd], [], [], 0.1)[0]:
				said += os.read(fd, 65536)
		os.kill(pid, signal.SIGKILL)
		os.waitpid(pid, 0)
		os.close(fd)
		check(b"<assent><export><--format><parquet><--out><folder/>" in said, repr(said[-400:]))


def bash_loads_it_by_itself():
	"""As it is installed: a file of the command's name, found by bash-completion."""
	if not pathlib.Path("/usr/share/bash-completion/bash_completion").exists():
		raise Skip("there is no bash-completion (packaging/deps.sh test installs it)")
	with Home() as home:
		folder = home.root / ".local/share/bash-completion/completions"
		folder.mkdir(parents=True)
		shutil.copy(HERE / "assent.bash", folder / "assent")
		said = home.run("bash", "--norc", "--noprofile", "-c", "source /usr/share/bash-completion/bash_completion; _completion_loader assent; complete -p assent")
		check(said.strip() == "complete -F _assent assent", said)


if __name__ == "__main__":
	sys.exit(cases.run(bash_offers_what_there_is, zsh_offers_what_there_is, fish_offers_what_there_is, bash_completes_at_a_prompt, bash_loads_it_by_itself, all_skipped=77))
