# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A document that is followed as somebody would who reads it. Its blocks, by the words behind their ```, which nobody sees:
#
#   console [WORD...]  what is typed behind "# ", lines that end with \ go on, and below it what is seen then. "…" stands for
#                      whatever is there: within a line for a part of it, as a line for any number of lines. How many blanks
#                      there are does not matter. Nothing below a command: it says nothing.
#     until            the last command is given again until it shows that
#     fails            the last command fails; all others succeed
#     install          done beforehand where the disk is made so (mkdisk)
#     reboots          the last command ends this boot
#   json PATH          a file that is written
#
# Others are not followed. Sourced.

# Where the number of the block is that was begun last.
document_place=/run/results/document-block

# document_blocks FILE: for each block that is followed a line "@ NUMBER WORD...", then its lines, each behind a bar.
document_blocks() {
	awk '
		/^```/ && !inside {
			inside = 1
			followed = sub(/^```console/, "console") || /^```json \//
			sub(/^```/, "")
			if (followed) print "@ " ++number " " $0
			next
		}
		/^```$/ { inside = 0; next }
		inside && followed { print "|" $0 }' "$1"
}

# document_commands FILE WORD: the commands of the blocks with that word, for a shell.
document_commands() {
	document_blocks "$1" | awk -v word="$2" '
		/^@/ { wanted = 0; for (i = 4; i <= NF; i++) wanted += $i == word; next }
		wanted && (/^\|# / || more) { sub(/^\|(# )?/, ""); print; more = /\\$/; next }'
}

# looks_like SHOWN OUTPUT: whether a reader would say so.
looks_like() {
	local patterns=() seen=()
	mapfile -t patterns < <([[ ! $1 ]] || printf '%s\n' "$1" |
		sed -E '/^…$/n; s/[][*?\\]/\\&/g; s/[[:blank:]]+/ /g; s/ $//; s/…/*/g')
	mapfile -t seen < <([[ ! $2 ]] || printf '%s\n' "$2" | sed -E 's/[[:blank:]]+/ /g; s/ $//')
	looks_like_from 0 0
}

# looks_like_from I J: from those places in patterns and seen on.
looks_like_from() {
	local i=$1 j=$2
	for (( ; i < ${#patterns[@]}; i++, j++)); do
		if [[ ${patterns[i]} == … ]]; then
			for (( ; j <= ${#seen[@]}; j++)); do
				if looks_like_from $((i + 1)) "$j"; then return 0; fi
			done
			return 1
		fi
		# shellcheck disable=SC2053 # it is a pattern
		((j < ${#seen[@]})) && [[ ${seen[j]} == ${patterns[i]} ]] || return 1
	done
	((j == ${#seen[@]}))
}

# give COMMAND: as somebody at a terminal who sees all of it. Sets output and status.
give() {
	output=$(cd /root && env HOME=/root LC_ALL=C.UTF-8 SYSTEMD_PAGER='' SYSTEMD_COLORS=0 timeout 1800 bash -c "$1" 2>&1 </dev/null)
	status=$?
}

# as_shown COMMAND SHOWN FAILS: gives it, and it is as the document has it.
as_shown() {
	give "$1"
	((status == 0 ? !$3 : status < 124 && $3)) && looks_like "$2" "$output"
}

# step COMMAND SHOWN WORDS: the words that are of this command.
step() {
	local command=$1 shown=$2 words=" $3 " fails=0 seconds=0
	[[ $words != *' fails '* ]] || fails=1
	[[ $words != *' until '* ]] || seconds=180
	diag "# $command"
	# Not while it goes on is the machine busy with asking.
	if tap_pause=1 eventually "$seconds" as_shown "$command" "$shown" "$fails"; then
		ok "$command"
	else
		not_ok "$command" 'shown in the document:' "$shown" "seen (status $status):" "$output"
	fi
}

# reboot_by COMMAND: the next boot goes on behind it.
reboot_by() {
	local down=0 until=$((SECONDS + 120))
	leave_kernel
	trap 'down=1' TERM
	give "$1"
	while ((!down && SECONDS < until)); do sleep 1; done
	# What comes next is the next boot's, and not the runner's, which is gone in a moment.
	((!down)) || { sleep 3; exit; }
	not_ok "$1: the machine goes down" "status $status" "$output"
}

# follow_session WORDS: the lines of a block on standard input.
follow_session() {
	local words=$1 line command='' shown='' more=0 commands=() screens=() i
	while IFS= read -r line; do
		if ((more)); then
			commands[-1]+=$'\n'$line
		elif [[ $line == '# '* ]]; then
			commands+=("${line#\# }") screens+=('')
		else
			screens[-1]+=${screens[-1]:+$'\n'}$line
			continue
		fi
		more=0
		[[ $line != *\\ ]] || more=1
	done
	for i in "${!commands[@]}"; do
		command=${commands[i]} shown=${screens[i]}
		if ((i < ${#commands[@]} - 1)); then
			step "$command" "$shown" ''
		elif [[ " $words " == *' reboots '* ]]; then
			reboot_by "$command"
		else
			step "$command" "$shown" "$words"
		fi
	done
}

# follow_block NUMBER WORDS LINES
follow_block() {
	local number=$1 words=$2 lines=$3
	if [[ $words == 'json '* ]]; then
		check "the reader writes ${words#json }" write_as_shown "${words#json }" "$lines"
		return
	fi
	echo "$number" >"$document_place"
	follow_session "${words#console}" <<<"$lines"
}

write_as_shown() { printf '%s\n' "$2" >"$1"; }

# follow_document FILE BLOCK [DONE]: from behind that block on; but not what has been done.
follow_document() {
	local line number=0 words='' lines='' after=$2 beforehand=${3-}
	while IFS= read -r line; do
		if [[ $line == '|'* ]]; then
			lines+=${lines:+$'\n'}${line#|}
			continue
		fi
		if ((number > after)) && [[ ! $beforehand || " $words " != *" $beforehand "* ]]; then
			follow_block "$number" "$words" "$lines"
		fi
		read -r _ number words <<<"$line"
		lines=''
	done < <(document_blocks "$1"; echo '@ 0')
}
