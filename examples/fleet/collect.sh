#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Collects what the participants of this machine have released, and puts it into a store (S3 or whatever else rclone speaks). IT's own tool, no part of
# Assent: run by assent-collect.timer, as a user of its own that may become each participant for a moment; or by a participant, of their own outbox.
#
#   collect.sh            settings come from the environment:
#     ASSENT_REMOTE       where to, in rclone's words: store:bucket/collected
#     ASSENT_HOMES        whose; a pattern of home directories (/home/*). A home's owner is who it is asked as
#     ASSENT_FIRST_UID    homes of users below this are left alone (1000)
#     ASSENT_MOST_BYTES   of a user in one run (268435456); what is beyond it comes with the next
#     ASSENT_SECONDS      for a user's outbox to be read (120): nobody keeps the others waiting for longer
#     STATE_DIRECTORY     its own folder (/var/lib/assent-collect), for nobody else
#     RCLONE_CONFIG       with the store's credentials, readable by this user alone
#
# In the store: STUDY/SOURCE/PSEUDONYM/FILE. SOURCE is a keyed hash of machine, user and study: it tells recipients neither machine nor user, differs from
# study to study, and nobody can write to another's. Nothing is removed from an outbox before the store has it, and what is removed is what the store has:
# that is how the participant's agent sees what was collected. Receipts and manifests stay in the outbox: the agent replaces them.
#
# Ends with 1 if anything could not be done; the next run does it. It says nothing when all is well, and asks the store whether it is there also when there
# is nothing to send: neither journal nor exit code tells on which machines somebody takes part. Complaints name users by number.
set -eu
umask 077
LC_ALL=C
export LC_ALL

: "${ASSENT_REMOTE:?is not set: where to put what is collected, as in store:bucket/collected}"
homes=${ASSENT_HOMES:-/home/*}
first=${ASSENT_FIRST_UID:-1000}
most=${ASSENT_MOST_BYTES:-268435456}
seconds=${ASSENT_SECONDS:-120}
state=${STATE_DIRECTORY:-/var/lib/assent-collect}
me=$(id -u)
failed=0

# The only names that there are in an outbox. They have no blank, quote or dot to begin with, and go into the store as they are.
places='[a-z0-9-]{3,64}/[0-9a-f]{32}'
passing='([0-9A-Za-z-]{10,40}\.(seg|key)|[0-9a-f]{32}\.tombstone)'
lasting='(receipts\.jsonl|study-[0-9a-f]{16}\.yaml)'

complain() { echo "collect.sh: $*" >&2; failed=1; }

exec 9>"$state/lock"
flock -n 9 || { echo "collect.sh: another run is at work" >&2; exit 0; }
work=$state/work
clean() { [ ! -e "$work" ] || { chmod -R u+rwX "$work"; rm -rf -- "$work"; }; }
# What a run that was killed had taken is not used: meanwhile it may have been taken back.
clean
trap clean EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work" "$work/out"
[ -s "$state/secret" ] || {
	head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$work/secret"
	mv "$work/secret" "$state/secret"
}

# as UID GID COMMAND...: with nothing of ours: no variable, no descriptor, no right.
as() {
	uid=$1 gid=$2
	shift 2
	if [ "$uid" = "$me" ]; then
		timeout -k 5 "$seconds" "$@" 9>&- 2>/dev/null
	else
		env -i PATH=/usr/bin:/bin LC_ALL=C timeout -k 5 "$seconds" setpriv --reuid="$uid" --regid="$gid" --clear-groups \
			--inh-caps=-all --ambient-caps=-all --no-new-privs -- "$@" 9>&- 2>/dev/null
	fi
}

# Run as the participant. What tells others to delete and what shows consent come first, then the oldest.
# shellcheck disable=SC2016 # it is for another shell
give='cd -- "$1/.local/share/assent/outbox" || exec tar --create --file=- --files-from=/dev/null
	find . -mindepth 3 -maxdepth 3 -regextype posix-extended -type f -regex "$2" -printf "%s %f %p\n" |
	sed -E "s/^/2 /; s/^2( [0-9]+ [^ ]*\.tombstone )/0\1/; s/^2( [0-9]+ (receipts|study-)[^ ]* )/1\1/" | sort -k1,1n -k3,3 |
	awk -v most="$3" "{ n += \$2 + 1024; if (n <= most) print \$4 }" | tar --create --file=- --no-recursion --verbatim-files-from --files-from=-'
# Run as the participant: of what the list names, what is still the same goes.
# shellcheck disable=SC2016
take_away='cd -- "$1/.local/share/assent/outbox" && sha256sum --check 2>/dev/null | sed -n "s/: OK\$//p" | tr "\n" "\0" | xargs -0 -r rm -f --'

# What comes from a participant's process may be anything: it is unpacked by us, who own nothing, and only what has the right name and kind is looked at.
fetch() {
	home=$1 uid=$2 gid=$3
	rm -rf -- "$work/in"
	mkdir "$work/in"
	if ! as "$uid" "$gid" sh -c "$give" sh "$home" "\./$places/($passing|$lasting)" "$most" </dev/null |
		head -c $((most + most / 8 + 1048576)) |
		timeout -k 5 $((seconds + 10)) tar --extract --file=- --directory="$work/in" --no-same-owner --no-same-permissions 2>/dev/null; then
		chmod -R u+rwX "$work/in"
		complain "user $uid: the outbox could not be read whole (nothing of it was taken)"
		return 0
	fi
	chmod -R u+rwX "$work/in"
	strange=$(find "$work/in" -mindepth 1 ! -type d ! \( -type f -links 1 -regextype posix-extended -regex "$work/in/$places/($passing|$lasting)" \) -print -delete | wc -l)
	[ "$strange" = 0 ] || complain "user $uid: $strange files that no outbox has were left out"
	for folder in "$work/in"/*/*; do
		[ -d "$folder" ] || continue
		study=${folder#"$work/in/"}
		study=${study%/*}
		source=$(printf '%s %s %s' "$(cat "$state/secret")" "$uid" "$study" | sha256sum | cut -c1-32)
		[ -d "$work/out/$study/$source" ] || {
			mkdir -p "$work/out/$study/$source"
			printf '%s %s %s %s %s\n' "$study" "$source" "$uid" "$gid" "$home" >>"$work/owners"
		}
		find "$folder" -maxdepth 0 -empty -delete
		[ ! -d "$folder" ] || mv -- "$folder" "$work/out/$study/$source/"
	done
}

# The store's credentials are for rclone alone, and it needs no right that we have.
store() { setpriv --inh-caps=-all --ambient-caps=-all --no-new-privs -- rclone --stats=0 --log-level=ERROR "$@" 9>&-; }

# ---- The run ----

code=0
store lsf --max-depth 1 "$ASSENT_REMOTE" >"$work/there" || code=$?
# 3: nothing was put there yet.
case $code in 0 | 3) ;; *) complain "the store does not answer, or refuses"; exit 1 ;; esac
: >"$work/owners"
for home in $homes; do
	if [ ! -d "$home" ] || [ -h "$home" ]; then continue; fi
	uid=$(stat -c %u -- "$home") gid=$(stat -c %g -- "$home")
	case $home in *[!-A-Za-z0-9_./@]*) complain "a home directory of user $uid has a strange name: left alone"; continue ;; esac
	[ "$uid" -ge "$first" ] || [ "$uid" = "$me" ] || continue
	fetch "$home" "$uid" "$gid"
done
rm -rf -- "$work/in"
[ -s "$work/owners" ] || exit $failed

# Each object is there whole or not at all, and what is there already is not sent again.
store copy --checksum "$work/out" "$ASSENT_REMOTE" || complain "the store did not take everything"
# Its receipt: of which files the store has exactly these bytes.
store check --one-way --match "$work/stored" "$work/out" "$ASSENT_REMOTE" 2>/dev/null || complain "the store does not have everything: the rest stays where it is"
[ -e "$work/stored" ] || : >"$work/stored"

while read -r study source uid gid home; do
	grep -E "^$study/$source/[0-9a-f]{32}/$passing\$" "$work/stored" | sed "s|^$study/$source/||" >"$work/names"
	[ -s "$work/names" ] || continue
	(cd "$work/out/$study/$source" && tr '\n' '\0' <"$work/names" | xargs -0 sha256sum) | sed "s|^\([0-9a-f]*\)  |\1  ./$study/|" >"$work/list"
	as "$uid" "$gid" sh -c "$take_away" sh "$home" <"$work/list" || complain "user $uid: what was collected could not be removed from the outbox"
done <"$work/owners"
exit $failed
