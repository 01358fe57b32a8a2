#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What IT may know of this machine: a line of JSON for each user with a home, as root. It is the same for who was never asked, refused, takes part or
# withdrew: `assent status --inventory` opens nothing that tells.
#
#   inventory.sh          ASSENT_HOMES (/home/*) and ASSENT_FIRST_UID (1000) as for collect.sh
set -eu
homes=${ASSENT_HOMES:-/home/*}
first=${ASSENT_FIRST_UID:-1000}
me=$(id -u)
command -v jq >/dev/null || { echo "inventory.sh: jq is not installed" >&2; exit 1; }

for home in $homes; do
	if [ ! -d "$home" ] || [ -h "$home" ]; then continue; fi
	uid=$(stat -c %u -- "$home") gid=$(stat -c %g -- "$home")
	[ "$uid" -ge "$first" ] || [ "$uid" = "$me" ] || continue
	set -- env -i PATH="$PATH" LC_ALL=C HOME="$home" XDG_RUNTIME_DIR="/run/user/$uid"
	[ "$uid" = "$me" ] || set -- "$@" setpriv --reuid="$uid" --regid="$gid" --clear-groups --inh-caps=-all --no-new-privs --
	# It is that user's process: what it says is taken as text, and for JSON only if it is.
	said=$(timeout -k 5 20 "$@" assent status --inventory 2>/dev/null </dev/null | head -c 65536 | jq -c . 2>/dev/null) || said=
	printf '{"uid":%s,"assent":%s}\n' "$uid" "${said:-null}"
done
