# SPDX-License-Identifier: Apache-2.0
# fish completion for assent, assentd and assent-inputd. tests/manual looks that it offers what the programs take, and nothing else.

function __assent_data
	set -l words (commandline -opc)
	set -l at (contains -i -- --data $words)
	if test -n "$at"; and test (count $words) -gt $at
		echo $words[(math $at + 1)]
	else if test -n "$XDG_DATA_HOME"
		echo $XDG_DATA_HOME/assent
	else
		echo $HOME/.local/share/assent
	end
end

function __assent_studies
	for folder in (__assent_data)/spool/*/
		string replace -r '.*/([^/]+)/$' '$1' $folder
	end
end

function __assent_segments
	for file in (__assent_data)/spool/*/*.seg
		string replace -r '.*/(.*)\.seg$' '$1' $file
	end
end

function __assent_offered
	for file in /etc/assent/studies.d/*.yaml
		string replace -r '.*/(.*)\.yaml$' '$1' $file
	end
end

# Folders, and files that end so.
function __assent_files
	for file in (__fish_complete_path (commandline -ct))
		set -l name (string split -f 1 \t -- $file)
		for suffix in / $argv
			string match -q -- "*$suffix" $name; and echo $name
		end
	end
end

# The command of the line is one of these.
function __assent_is
	set -l words (commandline -opc)
	test (count $words) -ge 2; and contains -- $words[2] $argv
end

function __assent_no_command
	test (count (commandline -opc)) -eq 1
end

complete -c assent -f
complete -c assent -n __assent_no_command -l help -d 'Tell which commands there are'
complete -c assent -n __assent_no_command -l version -d 'Tell the version'

complete -c assent -n __assent_no_command -a notice -d 'Show what a study would record, why, for how long, and who gets it'
complete -c assent -n __assent_no_command -a join -d 'Read a study\'s notice and decide about each of its purposes'
complete -c assent -n __assent_no_command -a withdraw -d 'End recording for good; with --erase, delete what was recorded, too'
complete -c assent -n __assent_no_command -a release -d 'Hand recordings to the study\'s recipient now'
complete -c assent -n __assent_no_command -a pause -d 'Stop recording for a while'
complete -c assent -n __assent_no_command -a resume -d 'Go on after a pause'
complete -c assent -n __assent_no_command -a private -d 'Mask everything from now on, while recording goes on'
complete -c assent -n __assent_no_command -a secret -d 'Name phrases that are never recorded'
complete -c assent -n __assent_no_command -a passphrase -d 'Put your keys under a passphrase, change it, or take it away'
complete -c assent -n __assent_no_command -a status -d 'Tell whether anything is recorded now, and within which limits'
complete -c assent -n __assent_no_command -a doctor -d 'Tell for every window whether its keys could be vouched for'
complete -c assent -n __assent_no_command -a show -d 'Show what was recorded'
complete -c assent -n __assent_no_command -a forget -d 'Delete a part of what was recorded, for good'
complete -c assent -n __assent_no_command -a expire -d 'Delete now what was kept as long as it may be'
complete -c assent -n __assent_no_command -a export -d 'Write a dataset'
complete -c assent -n __assent_no_command -a receipts -d 'List your decisions'
complete -c assent -n __assent_no_command -a verify -d 'Check decisions and recordings'
complete -c assent -n __assent_no_command -a keygen -d 'Make a key pair for a recipient'
complete -c assent -n __assent_no_command -a help -d 'Tell more about a command'

set -l places notice join withdraw release pause resume private secret passphrase status doctor forget expire receipts
complete -c assent -n "__assent_is $places" -l data -x -a '(__fish_complete_directories (commandline -ct))' -d 'Your recordings and decisions'
complete -c assent -n "__assent_is $places" -l config -x -a '(__assent_files .yaml)' -d 'Your settings'

complete -c assent -n '__assent_is notice withdraw release secret status doctor show forget expire receipts keygen' -l json -d 'For programs'
complete -c assent -n '__assent_is status' -l inventory -d 'For IT, the same whatever was decided'
complete -c assent -n '__assent_is join' -l again -d 'Ask although you refused lately'
complete -c assent -n '__assent_is withdraw' -l erase -d 'Delete what was recorded, too'
complete -c assent -n '__assent_is withdraw' -l keep -d 'What it does without --erase'
complete -c assent -n '__assent_is release' -l before -x -a '10m 1h 1d 7d' -d 'Only what was begun before'
complete -c assent -n '__assent_is release forget' -l study -x -a '(__assent_studies)' -d 'Only of this study'
complete -c assent -n '__assent_is release forget' -l dry-run -d 'Only say what would happen'
complete -c assent -n '__assent_is secret' -l name -x -d 'What it is called in the list'
complete -c assent -n '__assent_is passphrase' -l remove -d 'No passphrase any more'
complete -c assent -n '__assent_is doctor' -l source -x -a 'x11 x11+evdev evdev' -d 'Instead of what your settings say'
complete -c assent -n '__assent_is doctor' -l titles -d 'With the windows\' titles'
complete -c assent -n '__assent_is show forget' -l since -x -a '10m 1h 1d 7d' -d 'From then on'
complete -c assent -n '__assent_is show forget' -l until -x -a '10m 1h 1d 7d' -d 'Up to then'
complete -c assent -n '__assent_is show forget' -l app -x -d 'Of applications whose name fits'
complete -c assent -n '__assent_is show export verify' -l key -r -F -d 'A secret key, as a recipient'
complete -c assent -n '__assent_is forget' -l last -x -a '10m 30m 1h 1d' -d 'The last'
complete -c assent -n '__assent_is forget' -l segment -x -a '(__assent_segments)' -d 'This segment'
complete -c assent -n '__assent_is forget' -l yes -d 'Asks nothing'
complete -c assent -n '__assent_is export' -l format -x -a 'parquet arrow csv jsonl' -d 'Of what is written'
complete -c assent -n '__assent_is export' -l out -x -a '(__fish_complete_directories (commandline -ct))' -d 'Where it is written'
complete -c assent -n '__assent_is keygen' -l out -r -F -d 'Where the secret key is written'
complete -c assent -n '__assent_is export' -l force -d 'Replace what is there'
complete -c assent -n '__assent_is export' -l purpose -x -d 'What for'
complete -c assent -n '__assent_is export' -l append -d 'What is there stays'
complete -c assent -n '__assent_is export' -l tombstones -x -a '(__fish_complete_directories (commandline -ct))' -d 'Look for tombstones there, too'
complete -c assent -n '__assent_is receipts' -l kantara -d 'As Consent Receipts'
complete -c assent -n '__assent_is keygen' -l passphrase -d 'Asks for one'
complete -c assent -n '__assent_is keygen' -l public -r -F -d 'Shows the public key of this file'

complete -c assent -n '__assent_is notice join' -a '(__assent_files .yaml)'
complete -c assent -n '__assent_is notice join' -a '(__assent_offered; __assent_studies)'
complete -c assent -n '__assent_is show verify export' -a '(__assent_files .seg .part)'
complete -c assent -n '__assent_is pause' -a '10m 30m 1h 2h'
complete -c assent -n '__assent_is private' -a 'on off'
complete -c assent -n '__assent_is secret' -a 'add list remove'
complete -c assent -n '__assent_is receipts' -a '(__assent_studies)'
complete -c assent -n '__assent_is help' -a 'notice join withdraw release pause resume private secret passphrase status doctor show forget expire export receipts verify keygen'

complete -c assentd -f
complete -c assentd -l source -x -a 'x11 x11+evdev evdev replay:' -d 'Where input comes from'
complete -c assentd -l data -x -a '(__fish_complete_directories (commandline -ct))' -d 'Your recordings and decisions'
complete -c assentd -l config -x -a '(__assent_files .yaml)' -d 'Your settings'
complete -c assentd -l check-config -d 'Read configuration and policy, and end'
complete -c assentd -l doctor -d 'Look once which windows could be vouched for, and end'
complete -c assentd -l json -d 'With --doctor: one object on one line'
complete -c assentd -l titles -d 'With --doctor: with the windows\' titles'
complete -c assentd -l verbose -d 'More messages'
complete -c assentd -l help -d 'Say it, and end'
complete -c assentd -l version -d 'Say it, and end'

complete -c assent-inputd -f
complete -c assent-inputd -l socket -r -F -d 'Listen there, and stay'
complete -c assent-inputd -l policy -x -a '(__assent_files .yaml)' -d 'Instead of the usual one'
complete -c assent-inputd -l without-logind -d 'Serve only the user who runs this'
complete -c assent-inputd -l verbose -d 'More messages'
complete -c assent-inputd -l help -d 'Say it, and end'
complete -c assent-inputd -l version -d 'Say it, and end'
