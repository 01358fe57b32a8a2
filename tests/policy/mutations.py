# SPDX-License-Identifier: Apache-2.0
"""The conditions under which a key is kept, and how each is switched off: (name, condition, {file: [(old, new)]}).

Files stand below agent/.
"""

CONTEXT = "policy/context.c"

MUTATIONS = [
	("grab", "no other client has grabbed the keyboard",
		{CONTEXT: [("	else if (c->grabbed)\n", "	else if (c->grabbed && 0)\n")]}),
	("lock", "the session is not locked",
		{CONTEXT: [("if (c->locked)\n", "if (c->locked && 0)\n")]}),
	("agree", "the order of FocusIn equals XGetInputFocus",
		{CONTEXT: [("		if (raw->as.agree.agrees)\n", "		if (1)\n")]}),
	("excluded", "the application is not excluded",
		{CONTEXT: [("else if (s->excluded)\n", "else if (s->excluded && 0)\n")]}),
	("once-a-password", "what once was a password field stays one",
		{CONTEXT: [("		if (c->secret[i] == object)\n			return true;\n", "		if (c->secret[i] == object)\n			return false;\n")]}),
]
