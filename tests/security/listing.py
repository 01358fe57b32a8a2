# SPDX-License-Identifier: Apache-2.0
"""What security_rights (rights.c) tells of each process, as the tables of docs/SECURITY-EVIDENCE.md."""

import re
import subprocess
import tempfile

FILTERED = ("supervisor", "capture", "writer", "inputd")
PROCESSES = ("supervisor", "capture", "writer", "keeper", "inputd", "command")
NAMES = {"inputd": "broker", "command": "`assent`"}
ANY = "any"
OWN_PID = 7  # as rights.c has it

READ_ONLY = "flags: reading only (no O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE)"
NO_CODE = "protection: without PROT_EXEC"
LIBRARY = "protection: PROT_EXEC without PROT_WRITE (a library)"
IOCTLS = {0x5401: "TCGETS", 0x802c542a: "TCGETS2", 0x541b: "FIONREAD", 0x540f: "TIOCGPGRP", 0x4b44: "KDGKBMODE", 0x4b3b: "KDGETMODE",
	0x5421: "FIONBIO", 0x400445a0: "EVIOCSCLOCKID", 0x40104593: "EVIOCSMASK", 0x40044591: "EVIOCREVOKE"}
FCNTLS = {0: "F_DUPFD", 1: "F_GETFD", 2: "F_SETFD", 3: "F_GETFL", 4: "F_SETFL", 5: "F_GETLK", 6: "F_SETLK", 7: "F_SETLKW", 36: "F_OFD_GETLK",
	37: "F_OFD_SETLK", 38: "F_OFD_SETLKW", 1030: "F_DUPFD_CLOEXEC"}
PRCTLS = {1: "PR_SET_PDEATHSIG", 3: "PR_GET_DUMPABLE", 4: "PR_SET_DUMPABLE", 15: "PR_SET_NAME", 16: "PR_GET_NAME", 21: "PR_GET_SECCOMP",
	22: "PR_SET_SECCOMP", 23: "PR_CAPBSET_READ", 29: "PR_SET_TIMERSLACK", 38: "PR_SET_NO_NEW_PRIVS", 39: "PR_GET_NO_NEW_PRIVS"}
EXACT, WIDE = 0xffffffff, 0xffffffffffffffff

# (call, argument, mask, value): what it means. A rule that is not here is an error: somebody has to find words for it.
WORDS = {
	("open", 1, 0x400643, 0): READ_ONLY, ("openat", 2, 0x400643, 0): READ_ONLY,
	("mmap", 2, 4, 0): NO_CODE, ("mprotect", 2, 4, 0): NO_CODE, ("mmap", 2, 6, 4): LIBRARY, ("mprotect", 2, 6, 4): LIBRARY,
	("ioctl", 1, 0xffffffffc000ff00, 0x80004500): "all that asks an input device (_IOR 'E')",
	("ioctl", 1, 0xc000ff00, 0x80004500): "all that asks an input device (_IOR 'E')",
	("prlimit64", 2, WIDE, 0): "asks only (no new limit)", ("prlimit64", 0, EXACT, 0): "its own",
	("socket", 0, EXACT, 1): "AF_UNIX", ("socketpair", 0, EXACT, 1): "AF_UNIX",
	("clone", 0, 0x7e030100 | 0x00020000 | 0x10000, 0): "a process: no thread, no shared memory, no namespace",
	("kill", 0, 0x80000000, 0): "one process: no group, not all", ("kill", 0, EXACT, OWN_PID): "itself", ("tgkill", 0, EXACT, OWN_PID): "itself",
	**{("ioctl", 1, EXACT, number): name for number, name in IOCTLS.items()},
	**{("fcntl", 1, EXACT, number): name for number, name in FCNTLS.items()},
	**{("prctl", 0, EXACT, number): name for number, name in PRCTLS.items()},
}
LANDLOCK = ("EXECUTE", "WRITE_FILE", "READ_FILE", "READ_DIR", "REMOVE_DIR", "REMOVE_FILE", "MAKE_CHAR", "MAKE_DIR", "MAKE_REG", "MAKE_SOCK",
	"MAKE_FIFO", "MAKE_BLOCK", "MAKE_SYM", "REFER", "TRUNCATE", "IOCTL_DEV")
CAPABILITIES = {2: "CAP_DAC_READ_SEARCH", 19: "CAP_SYS_PTRACE"}


class Strange(Exception):
	pass


def _condition(parts):
	"""{argument: (mask, value)} of the comparisons on the way to an action."""
	found = {}
	for argument, half, mask, value in parts:
		shift = 32 if half == "hi32" else 0
		before = found.get(int(argument), (0, 0))
		found[int(argument)] = (before[0] | int(mask or "ffffffff", 16) << shift, before[1] | int(value) << shift)
	return found


def _words(call, parts):
	conditions = _condition(parts)
	if not conditions:
		return ANY
	if len(conditions) > 1:
		raise Strange(f"{call}: conditions on several arguments: {conditions}")
	(argument, (mask, value)), = conditions.items()
	words = WORDS.get((call, argument, mask, value))
	if not words:
		raise Strange(f"{call}: no words for argument {argument} & {mask:#x} == {value:#x}: add them to WORDS in listing.py, and look at docs/SECURITY-EVIDENCE.md")
	return words


def parse_filter(lines):
	"""{call: {words}}, {call: fate}, fate of all others; of libseccomp's pseudo filter code."""
	allowed, fates, default, call, stack = {}, {}, None, None, []
	for line in lines:
		text = line.strip()
		depth = len(line) - len(line.lstrip())
		if head := re.match(r'# filter for syscall "(\w+)" \((\d+)\)', text):
			# Numbers of other machines' calls, which this one does not have.
			call, stack = (head[1] if int(head[2]) < 1 << 31 else None), []
		elif text.startswith("# default action"):
			call, stack = "default", []
		elif text.startswith("# invalid arch"):
			call, stack = None, []
		elif re.match(r"if \(\$(syscall|arch) |else #|#|$", text):
			continue
		elif test := re.match(r"if \(\$a(\d)\.(hi32|lo32) (?:& 0x([0-9a-f]{8}) )?== (\d+)\)$", text):
			stack = [entry for entry in stack if entry[0] < depth] + [(depth, test.groups())]
		elif action := re.match(r"action (\w+)(?:\((\d+)\))?;$", text):
			fate = action[1] + (f"({action[2]})" if action[2] else "")
			if call == "default":
				default = fate
			elif call and fate == "ALLOW":
				parts = [entry[1] for entry in stack if entry[0] < depth]
				allowed.setdefault(call, set()).add(_words(call, parts))
			elif call:
				fates[call] = fate
		else:
			raise Strange(f"not understood in the filter: {text!r}")
	return allowed, fates, default


def _bits(number, names):
	return [names[i] for i in range(len(names)) if number >> i & 1]


class Rights:
	"""Of one process. steps: what it gives up, in words; allowed, fates, default: its filter; landlock: [(place, [rights])]."""

	def __init__(self, program, name):
		with tempfile.TemporaryDirectory() as folder:
			said = subprocess.run([program, name, folder], capture_output=True, text=True, timeout=20)
		if said.returncode:
			raise Strange(f"{program} {name}: {said.stderr}")
		self.name, self.steps, self.landlock = name, [], []
		self.allowed, self.fates, self.default = {}, {}, None
		lines = iter(said.stdout.splitlines())
		for line in lines:
			words = line.split()
			if line == "seccomp":
				body = []
				while (line := next(lines)) != "end":
					body.append(line)
				self.allowed, self.fates, self.default = parse_filter(body)
				self.steps.append("seccomp")
			else:
				self._step(words)

	def _step(self, words):
		if words == ["prctl", "38", "1"]:
			self.steps.append("no new privileges")
		elif words == ["prctl", "4", "0"]:
			self.steps.append("not dumpable")
		elif words == ["core", "0", "0"]:
			self.steps.append("no core files (RLIMIT_CORE 0, soft and hard)")
		elif words[0] == "memory":
			self.steps.append("memory " + " ".join(words[1:]))
		elif words[0] == "capabilities":
			if int(words[2], 16):
				raise Strange("capabilities are inherited")
			left = [CAPABILITIES[i] for i in range(64) if int(words[1], 16) >> i & 1]
			self.steps.append("no capabilities" + (f" but {' and '.join(left)}, if root runs it" if left else ""))
		elif words[0] == "landlock-handles":
			self.handled = _bits(int(words[1], 16), LANDLOCK)
			self.steps.append("Landlock: " + ("every right over files" if len(self.handled) == len(LANDLOCK) else ", ".join(self.handled)) +
				(", TCP" if words[2] == "3" else "") + (", abstract sockets and signals" if words[3] == "3" else ""))
		elif words[0] == "landlock-below":
			self.landlock.append((words[1], _bits(int(words[2], 16), LANDLOCK)))
		elif words[0] != "landlock-enter":
			raise Strange(f"not understood: {' '.join(words)}")


def _calls(names):
	return " ".join(f"`{name}`" for name in sorted(names))


def page(program):
	"""(markdown, [what contradicts itself])."""
	rights = {name: Rights(program, name) for name in PROCESSES}
	wrong = [f"{name}: its own calls are not within the supervisor's: {sorted(set(rights[name].allowed) - set(rights['supervisor'].allowed))}"
		for name in ("capture", "writer", "keeper") if set(rights[name].allowed) - set(rights["supervisor"].allowed)]
	if (rights["keeper"].allowed, rights["keeper"].fates) != (rights["writer"].allowed, rights["writer"].fates):
		wrong.append("keeper and writer have different filters")
	out = ["| process | gives up, in this order | files that Landlock leaves it |", "|---|---|---|"]
	for name in PROCESSES:
		below = "; ".join(f"below *{place}*: " + ", ".join(r for r in granted) for place, granted in rights[name].landlock) or "–"
		out.append(f"| {NAMES.get(name, name)} | {'; '.join(rights[name].steps)} | {below} |")
	free = {name: {call for call, words in rights[name].allowed.items() if ANY in words} for name in FILTERED}
	common = set.intersection(*free.values())
	out += ["", f"Calls that all of them may make, whatever the arguments ({len(common)}): {_calls(common)}.", ""]
	for name in FILTERED:
		out += [f"Beyond these, the {NAMES.get(name, name)} ({len(free[name] - common)}): {_calls(free[name] - common) or 'none'}.", ""]
	conditions = {}
	for name in FILTERED:
		for call, words in rights[name].allowed.items():
			for word in words - {ANY}:
				conditions.setdefault((call, word), set()).add(name)
	some = {call for call, _ in conditions}
	for name in FILTERED:
		for call in some & free[name]:
			conditions.setdefault((call, ANY), set()).add(name)
	out += ["| call | with | " + " | ".join(NAMES.get(name, name) for name in FILTERED) + " |", "|---" * (2 + len(FILTERED)) + "|"]
	rows = {}
	for (call, word), names in sorted(conditions.items()):
		rows.setdefault((call, tuple(name in names for name in FILTERED)), []).append(word)
	for (call, who), words in rows.items():
		out.append(f"| `{call}` | {', '.join(words)} | " + " | ".join("yes" if may else "" for may in who) + " |")
	killed = {name: frozenset(call for call, fate in rights[name].fates.items() if fate == "KILL_PROCESS") for name in FILTERED}
	other = {name: {call: fate for call, fate in rights[name].fates.items() if fate != "KILL_PROCESS"} for name in FILTERED}
	for name in FILTERED:
		if killed[name] != killed["supervisor"] or other[name] != {"clone3": "ERRNO(38)"} or rights[name].default != "ERRNO(1)":
			wrong.append(f"{name}: {sorted(killed[name])}, {other[name]}, {rights[name].default}")
	out += ["", f"End the process at once, in each of them: {_calls(killed['supervisor'])}; so does a call of another architecture. Everything else fails with EPERM "
		"(`clone3` with ENOSYS: the C library then uses `clone`)."]
	return "\n".join(out) + "\n", wrong
