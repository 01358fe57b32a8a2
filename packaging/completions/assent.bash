# SPDX-License-Identifier: Apache-2.0
# bash completion for assent, assentd and assent-inputd. tests/manual looks that it offers what the programs take, and nothing else.

# The data directory: that of the line, or the usual one.
_assent_data() {
	local i
	for ((i = 1; i < ${#words[@]}; i++)); do
		case ${words[i]} in
		--data) printf '%s' "${words[i + 1]-}"; return ;;
		--data=*) printf '%s' "${words[i]#--data=}"; return ;;
		esac
	done
	printf '%s' "${XDG_DATA_HOME:-$HOME/.local/share}/assent"
}

_assent_words() {
	local IFS=$' \t\n'
	# shellcheck disable=SC2207
	COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# Files and folders; of the files those that end in one of the suffixes ($2..., if any).
_assent_files() {
	local kind=$1 name suffix IFS=$'\n'
	compopt -o filenames 2>/dev/null
	shift
	# shellcheck disable=SC2207
	COMPREPLY=($(compgen -d -- "$cur"))
	[ "$kind" = folder ] && return
	for name in $(compgen -f -- "$cur"); do
		[ -d "$name" ] && continue
		[ $# -eq 0 ] && COMPREPLY+=("$name")
		for suffix; do
			case $name in *"$suffix") COMPREPLY+=("$name") ;; esac
		done
	done
}

# Studies that something was recorded for, and, with "offered", those that may be joined.
_assent_studies() {
	local found='' folder file
	folder=$(_assent_data)
	for file in "$folder"/spool/*/; do
		[ -d "$file" ] || continue
		file=${file%/}
		found+=" ${file##*/}"
	done
	if [ "${1-}" = offered ]; then
		for file in /etc/assent/studies.d/*.yaml; do
			[ -e "$file" ] || continue
			file=${file##*/}
			found+=" ${file%.yaml}"
		done
	fi
	_assent_words "$found"
}

_assent_segments() {
	local found='' file
	for file in "$(_assent_data)"/spool/*/*.seg; do
		[ -e "$file" ] || continue
		file=${file##*/}
		found+=" ${file%.seg}"
	done
	_assent_words "$found"
}

# What the option $1 takes; false: it is none that takes something.
_assent_value() {
	case $1 in
	--data | --tombstones) _assent_files folder ;;
	--out) if [ "$command" = keygen ]; then _assent_files file; else _assent_files folder; fi ;;
	--config) _assent_files file .yaml ;;
	--policy) _assent_files file .yaml ;;
	--key | --public | --socket) _assent_files file ;;
	--format) _assent_words 'parquet arrow csv jsonl' ;;
	# A colon would begin a word of its own: FILE is typed by hand.
	--source) _assent_words 'x11 x11+evdev evdev' ;;
	--last) _assent_words '10m 30m 1h 1d' ;;
	--since | --until | --before) _assent_words '10m 1h 1d 7d' ;;
	--study) _assent_studies ;;
	--segment) _assent_segments ;;
	--app | --name | --purpose) COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

# Which options a command has.
_assent_options() {
	local places='--data --config'
	case $1 in
	notice) printf '%s' "--json $places" ;;
	join) printf '%s' "--again $places" ;;
	withdraw) printf '%s' "--erase --keep --json $places" ;;
	release) printf '%s' "--before --study --dry-run --json $places" ;;
	pause | resume | private) printf '%s' "$places" ;;
	secret) printf '%s' "--name --json $places" ;;
	passphrase) printf '%s' "--remove $places" ;;
	status) printf '%s' "--json --inventory $places" ;;
	doctor) printf '%s' "--source --json --titles $places" ;;
	show) printf '%s' '--since --until --app --json --key' ;;
	forget) printf '%s' "--last --since --until --app --segment --study --yes --dry-run --json $places" ;;
	expire) printf '%s' "--json $places" ;;
	export) printf '%s' '--format --out --force --key --purpose --append --tombstones' ;;
	receipts) printf '%s' "--json --kantara $places" ;;
	verify) printf '%s' '--key' ;;
	keygen) printf '%s' '--out --passphrase --public --json' ;;
	esac
}

# What a command takes that is no option.
_assent_argument() {
	case $1 in
	notice | join)
		_assent_studies offered
		local ids=("${COMPREPLY[@]}")
		_assent_files file .yaml
		COMPREPLY+=("${ids[@]}")
		;;
	pause) _assent_words '10m 30m 1h 2h' ;;
	private) _assent_words 'on off' ;;
	secret) _assent_words 'add list remove' ;;
	receipts) _assent_studies ;;
	show | verify | export) _assent_files file .seg .part ;;
	help) _assent_words "$commands" ;;
	*) COMPREPLY=() ;;
	esac
}

_assent() {
	local cur prev command='' i words
	local commands='notice join withdraw release pause resume private secret passphrase status doctor show forget expire export receipts verify keygen'
	words=("${COMP_WORDS[@]}")
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	# --name=value comes as three words.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case ${words[0]##*/} in
	assentd)
		_assent_value "$prev" ||
			_assent_words '--source --data --config --check-config --doctor --json --titles --verbose --help --version'
		return
		;;
	assent-inputd)
		_assent_value "$prev" || _assent_words '--socket --policy --without-logind --verbose --help --version'
		return
		;;
	esac
	if [ "$COMP_CWORD" -eq 1 ]; then
		case $cur in
		-*) _assent_words '--help --version' ;;
		*) _assent_words "$commands help" ;;
		esac
		return
	fi
	command=${COMP_WORDS[1]}
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then
			_assent_argument "$command"
			return
		fi
	done
	_assent_value "$prev" && return
	case $cur in
	-*) _assent_words "$(_assent_options "$command")" ;;
	*) _assent_argument "$command" ;;
	esac
}

complete -F _assent assent assentd assent-inputd
