#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever a cell does, it ends alone: the unit fails, the journal says why in one line, the turbine
# beside it and Linux go on.
# timeout: 420
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

delay=500
message_failed=6f1c9a52d3d04c4b8f6e2b7a90c51e31

# look_at_journal TIME: what the daemon said of a cell's failure since: lines, to people, and fields, to
# programs (reason, address, instruction pointer). (A cursor would not do: with a match, journalctl
# skips the first entry after it.)
look_at_journal() {
	local line reason='' address='' rip=''
	lines=''
	journalctl --sync
	while IFS= read -r line; do
		case $line in
		MESSAGE=*) lines+=${lines:+$'\n'}${line#*=} ;;
		REASON=*) reason+=${line#*=} ;;
		ADDRESS=*) address+=" ${line#*=}" ;;
		RIP=*) rip+=" ${line#*=}" ;;
		esac
	done < <(journalctl -q -o export --since "@$1" "MESSAGE_ID=$message_failed")
	fields=$reason$address$rip
}

now() { echo "$EPOCHREALTIME"; }

# start_deed DEED [SED-EXPRESSION]: the demo cell, about to do it.
start_deed() {
	describe mischief mischief "s/\"parameters\": .*/\"parameters\": \"$1 delay-ms=$delay\",/; ${2:-}"
	systemctl reset-failed cell@mischief 2>/dev/null
	systemctl start cell@mischief
}

# deed DEED REASON ADDRESS REGEX [CONSOLE-REGEX]: it ends the cell, and why is told: to people in words that match,
# to programs as fields.
deed() {
	local here lines fields rip
	here=$(now)
	# Where the machine is slow, the deed is done before the unit counts as started.
	start_deed "$1"
	eventually_check "$1: the cell ends as failed" 30 cell_is mischief State failed
	eventually_check "$1: its unit has failed" 20 systemctl is-failed cell@mischief
	look_at_journal "$here"
	is "$1: the journal has one line" "$(grep -c . <<<"$lines")" 1
	like "$1: it says what, where and by which instruction" "$lines" "$4"
	rip=$(sed -n 's/.*(rip \(0x[0-9a-f]*\)\(, CPU 2\)\{0,1\})$/\1/p' <<<"$lines")
	is "$1: and for programs" "$fields" "$2 $3 $rip"
	[[ ! ${5:-} ]] || like "$1: its console says more" "$(cellctl console mischief)" "$5"
	turbine_goes_on "$1: the turbine goes on"
	check "$1: the cell can be taken away" cellctl destroy mischief
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/; s/report-ms=1000/report-ms=250/'
check 'the turbine starts' systemctl start cell@turbine
turbine_reports 'it reports'

deed wild-write memory-write 0x200000 'mischief failed: wrote .* 0x200000.*rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'
deed wild-read memory-read 0x200000 'mischief failed: read .* 0x200000.*rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'
deed wild-exec memory-execute 0x200000 'mischief failed: .*0x200000.*rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'
deed wild-port port-write 0x3f8 'mischief failed: wrote .*port 0x3f8.*rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'
deed wild-msr msr-write 0xc0010117 'mischief failed: wrote .*0xc0010117.*rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'
deed triple-fault triple-fault 0x0 'mischief failed: .*triple fault.*rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'
deed exception exception 0x0 'mischief failed: caused an exception: divide error \(rip 0x[1-9a-f][0-9a-f]*\)$' \
	'exception 0 \(divide error\).*rip=0x0*[1-9a-f]'

# ended NAME TIME REGEX: a cell that was killed is told of like all others.
ended() {
	local lines fields
	eventually_check "$1: the cell has failed" 20 cell_is mischief State failed
	eventually_check "$1: and so has its unit" 20 systemctl is-failed cell@mischief
	look_at_journal "$2"
	is "$1: the journal has one line of its end" "$(grep -c . <<<"$lines")" 1
	like "$1: it says why, and where the cell was" "$lines" "$3"
	like "$1: and for programs" "$fields" '^killed 0x0 0x[1-9a-f][0-9a-f]*$'
	turbine_goes_on "$1: the turbine goes on"
	check "$1: the cell can be taken away" cellctl destroy mischief
}

# Hangs with interrupts off.
start_deed endless-loop 's/"heartbeat": .*/"heartbeat": "1s",/'
eventually_check 'endless-loop: health becomes failed' 40 cell_is mischief Health failed
is 'endless-loop: the cell counts as running' "$(cell_property mischief State)" running
like 'endless-loop: what is wrong is told, and what to do' "$(cell_property mischief LastError)" \
	'^no heartbeat for [0-9]+ ms, though it still runs; kill it or restart it$'
turbine_goes_on 'endless-loop: the turbine goes on'
here=$(now)
check 'endless-loop: cellctl kill ends it' cellctl kill mischief
ended endless-loop "$here" 'mischief failed: was killed on request \(rip 0x[1-9a-f][0-9a-f]*, CPU 2\)$'

# Says no, from the start.
delay=0
start_deed refuse-shutdown 's/"force": true/"force": false/'
output=$(cellctl stop mischief 2>&1)
is 'refuse-shutdown: the stop fails' $? 1
like 'refuse-shutdown: because the cell said no' "$output" 'denied to shut down'
is 'refuse-shutdown: the cell runs on' "$(cell_property mischief State)" running
turbine_goes_on 'refuse-shutdown: the turbine goes on'
here=$(now)
check 'refuse-shutdown: cellctl kill ends it' cellctl kill mischief
ended 'refuse-shutdown, killed' "$here" 'mischief failed: was killed on request \(rip .*CPU 2\)$'
start_deed refuse-shutdown
here=$(now)
systemctl stop cell@mischief
ended 'refuse-shutdown, stopped with force' "$here" \
	'mischief failed: denied to shut down and was killed \(rip .*CPU 2\)$'

# Forbids changes.
start_deed lock
eventually_check 'lock: the cell is locked' 30 cell_is mischief State running-locked
describe other jitter 's/"cpus": .*/"cpus": [1],/'
output=$(cellctl create other 2>&1)
is 'lock: no other cell can be made' $? 1
like 'lock: the error names the cell that locks' "$output" mischief
is 'lock: nothing was done' "$(cell_property other State)" defined
turbine_goes_on 'lock: the turbine goes on'
check 'lock: the cell can be killed' cellctl kill mischief
check 'lock: and taken away' cellctl destroy mischief
check 'lock: then the other one can be made' cellctl create other
check 'lock: and taken away, too' cellctl destroy other
rm $descriptions/other.json

# By its console.
start_deed ''
output=$(cellctl console -i turbine </dev/null 2>&1)
is 'input: a program that does not ask for any gets none' $? 1
like 'input: which is told' "$output" 'takes no input'
# What comes there ends what is typed.
# shellcheck disable=SC2094
(
	echo nonsense
	# More than it keeps: it is read as it is written.
	head -c 300 /dev/zero | tr '\0' x
	printf '\n'
	eventually 15 grep -qE '^mischief: no such command: x{63}$' /tmp/typed
) | timeout 20 cellctl console -i mischief >/tmp/typed 2>&1
has_line 'input: the cell has what was typed' "$(</tmp/typed)" '^mischief: no such command: nonsense$'
has_line 'input: all of it' "$(</tmp/typed)" '^mischief: no such command: x{63}$'
is 'input: the cell runs on' "$(cell_property mischief State)" running
here=$(now)
echo wild-port | timeout 20 cellctl console -i mischief >/tmp/typed 2>&1
eventually_check 'input: what was typed is done' 30 cell_is mischief State failed
look_at_journal "$here"
like 'input: with what comes of it' "$lines" 'mischief failed: wrote .*port 0x3f8'
turbine_goes_on 'input: the turbine goes on'
check 'input: the cell can be taken away' cellctl destroy mischief

# Interrupts for everybody.
start_deed ipi
eventually_check 'ipi: all were sent' 30 sh -c 'cellctl console mischief | grep -q "ipi done"'
is 'ipi: the cell runs on' "$(cell_property mischief State)" running
turbine_goes_on 'ipi: the turbine goes on'
is 'ipi: the turbine is the same' \
	"$(cell_property turbine State), since $(cell_property turbine StartedAt)" "running, since $turbine_started"
check 'ipi: the cell stops when asked' systemctl stop cell@mischief

check 'the turbine stops when asked' systemctl stop cell@turbine
end
