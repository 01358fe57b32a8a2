#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The recipient's end: takes a study out of the store, adds it to a dataset, and honours tombstones and the end of retention in both. For a timer or by hand.
#
#   fetch.sh STUDY PURPOSE...       settings come from the environment:
#     ASSENT_REMOTE       where collect.sh puts things: store:bucket/collected
#     ASSENT_KEY          the study's key (assent keygen)
#     ASSENT_FOLDER       a folder of one's own: STUDY/collected, STUDY/dataset
#     RCLONE_CONFIG       with credentials that may read and delete
#
# Ends with 1 if something is damaged, forged, or left to do (it says what); everything else is done all the same. Done again, it goes on.
set -eu
umask 077
LC_ALL=C.UTF-8
export LC_ALL

[ $# -ge 2 ] || { echo "usage: fetch.sh STUDY PURPOSE..." >&2; exit 2; }
: "${ASSENT_REMOTE:?is not set: where collect.sh puts things}" "${ASSENT_KEY:?is not set: the file of the key}" "${ASSENT_FOLDER:?is not set: a folder of your own}"
study=$1
shift
case $study in *[!a-z0-9-]* | '') echo "fetch.sh: \"$study\" is no study" >&2; exit 2 ;; esac
for purpose; do
	set -- "$@" --purpose "$purpose"
	shift
done
remote=$ASSENT_REMOTE/$study
key=$(realpath -- "$ASSENT_KEY")
failed=0
complain() { echo "fetch.sh: $*" >&2; failed=1; }

mkdir -p "$ASSENT_FOLDER/$study/collected"
cd -- "$ASSENT_FOLDER/$study"
in=collected
exec 9>lock
flock -n 9 || { echo "fetch.sh: another run is at work on $study" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM
store() { rclone --stats=0 --log-level=ERROR "$@" 9>&-; }

# What has another name is none of collect.sh's. Segments, keys and tombstones never change: the size tells whether they came whole. Receipts grow.
id='{{[0-9a-f]{32}}}'
store copy --size-only --include "/$id/$id/{{([0-9A-Za-z-]{10,40}\.(seg|key)|[0-9a-f]{32}\.tombstone)}}" "$remote" "$in"
store copy --checksum --include "/$id/$id/{{(receipts\.jsonl|study-[0-9a-f]{16}\.yaml)}}" "$remote" "$in"
if [ -z "$(find "$in" -name receipts.jsonl -print -quit)" ]; then
	echo "fetch.sh: nothing of $study was collected yet"
	exit 0
fi

# What of it is not whole, or not by whom it claims to be. The dataset leaves it out; dataset.json says why.
assent verify "$in" >"$work/verified" 2>&1 || { grep -E 'PROBLEM|^assent: ' "$work/verified" >&2 || :; }

code=0
assent export --append --key "$key" "$@" --format parquet --out dataset "$in" 2>"$work/said" || code=$?
cat "$work/said" >&2
case $code in
0 | 3) ;;
1) complain "something is damaged, forged or left to do (above)" ;;
*) exit "$code" ;;
esac

# ---- What has to be deleted: the dataset has just been rid of it ----

# By a tombstone that the participant signed, which takes their receipts to tell.
sed -n 's/^receipts of \([0-9a-f]\{32\}\) in [a-z0-9-]*: [0-9]* lines\{0,1\}, [0-9]* signatures good.*/\1/p' "$work/verified" | sort -u >"$work/known"
sed -n "s|^assent: $in/\([0-9a-f]\{32\}/[0-9a-f]\{32\}/[0-9A-Za-z-]*\)\.seg: must be deleted, .*|\1|p" "$work/said" |
	awk -F / 'NR == FNR { known[$1] = 1; next } $2 in known' "$work/known" - >"$work/over"
# By the end of the retention that its key file names, which is signed, too.
if [ -e dataset/dataset.json ]; then
	jq -r '.left_out[] | select(.kind == "expired") | "\(.participant)/\(.segment)"' dataset/dataset.json |
		grep -E '^[0-9a-f]{32}/[0-9A-Za-z-]{10,40}$' | sort -u |
	while read -r segment; do
		(cd "$in" && find . -path "./*/$segment.seg") | sed 's|^\./||; s|\.seg$||'
	done >>"$work/over"
fi
[ -s "$work/over" ] || exit $failed

# In the store first: what is left of it there would come back. Keys before what they open.
sed 's|$|.key|' "$work/over" >"$work/keys"
sed 's|$|.seg|' "$work/over" >"$work/segments"
for list in keys segments; do
	store delete --files-from-raw "$work/$list" "$remote" || complain "not all could be deleted in the store: do it again"
	if ! store lsf -R --files-only --files-from-raw "$work/$list" "$remote" >"$work/left" || [ -s "$work/left" ]; then
		complain "the store may still have what was to be deleted: do it again"
	fi
	(cd "$in" && tr '\n' '\0' <"$work/$list" | xargs -0 -r rm -f --)
done
echo "fetch.sh: $(wc -l <"$work/over") segments of $study deleted: called back, or past their retention"
exit $failed
