#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever a cell does, it ends alone: the unit fails, the journal says why in one line, the turbine
# beside it and Linux go on.
# timeout: 420
# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh
# shellcheck source-path=SCRIPTDIR source=cells.sh
. ./cells.sh

delay=500
message_failed=6f1c9a52d3d04c4b8f6e2b7a90c51e31

# journal_lines TIME: what the daemon said of a cell's failure since. (A cursor would not do: with a
# match, journalctl skips the first entry after it.)
journal_lines() { journalctl --sync; journalctl -q -o cat --since "@$1" "MESSAGE_ID=$message_failed"; }

now() { date +%s.%6N; }

# start_deed DEED [SED-EXPRESSION]: the demo cell, about to do it.
start_deed() {
	describe mischief mischief "s/\"parameters\": .*/\"parameters\": \"$1 delay-ms=$delay\",/; ${2:-}"
	systemctl reset-failed cell@mischief 2>/dev/null
	systemctl start cell@mischief
}

# deed DEED REASON REGEX: it ends the cell, and why is told.
deed() {
	local here lines
	here=$(now)
	start_deed "$1" || { not_ok "$1: the cell starts" "$(journalctl -u cell@mischief -n 5 -o cat)"; return; }
	eventually_check "$1: the cell ends as failed" 30 cell_is mischief State failed
	eventually_check "$1: its unit has failed" 20 systemctl is-failed cell@mischief
	lines=$(journal_lines "$here")
	is "$1: the journal has one line" "$(grep -c . <<<"$lines")" 1
	like "$1: it says what, where and by which instruction" "$lines" "$3"
	is "$1: and for programs" "$(journalctl -q -o export --since "@$here" \
		"MESSAGE_ID=$message_failed" | sed -n 's/^REASON=//p')" "$2"
	turbine_goes_on "$1: the turbine goes on"
	check "$1: the cell can be taken away" cellctl destroy mischief
}

modprobe cellvisor
systemctl start cellmgrd
mark=$(kernel_log_mark)
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' systemctl start cell@turbine
eventually_check 'it reports' 30 turbine_passes 0

deed wild-write memory-write 'mischief failed: wrote .* 0x200000.*rip 0x[0-9a-f]+, CPU 2'
deed wild-read memory-read 'mischief failed: read .* 0x200000.*rip 0x[0-9a-f]+, CPU 2'
deed wild-exec memory-execute 'mischief failed: .*0x200000.*rip 0x[0-9a-f]+, CPU 2'
deed wild-port port-write 'mischief failed: wrote .*port 0x3f8.*rip 0x[0-9a-f]+, CPU 2'
deed wild-msr msr-write 'mischief failed: wrote .*0xc0010117.*rip 0x[0-9a-f]+, CPU 2'
deed triple-fault triple-fault 'mischief failed: .*triple fault.*rip 0x[0-9a-f]+, CPU 2'
deed exception cell 'mischief failed: '

# Hangs with interrupts off.
start_deed endless-loop 's/"heartbeat": .*/"heartbeat": "1s",/'
eventually_check 'endless-loop: health becomes failed' 40 cell_is mischief Health failed
is 'endless-loop: the cell counts as running' "$(cell_property mischief State)" running
turbine_goes_on 'endless-loop: the turbine goes on'
check 'endless-loop: cellctl kill ends it' cellctl kill mischief
eventually_check 'endless-loop: now it has failed' 20 cell_is mischief State failed
eventually_check 'endless-loop: and so has its unit' 20 systemctl is-failed cell@mischief
check 'endless-loop: the cell can be taken away' cellctl destroy mischief

# Says no, from the start.
delay=0
start_deed refuse-shutdown 's/"force": true/"force": false/'
output=$(cellctl stop mischief 2>&1)
is 'refuse-shutdown: the stop fails' $? 1
like 'refuse-shutdown: because the cell said no' "$output" 'denied to shut down'
is 'refuse-shutdown: the cell runs on' "$(cell_property mischief State)" running
turbine_goes_on 'refuse-shutdown: the turbine goes on'
check 'refuse-shutdown: cellctl kill ends it' cellctl kill mischief
check 'refuse-shutdown: the cell can be taken away' cellctl destroy mischief
start_deed refuse-shutdown
check 'refuse-shutdown: a stop with force ends it' systemctl stop cell@mischief
check 'refuse-shutdown: the cell can be taken away again' cellctl destroy mischief

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

# Interrupts for everybody.
start_deed ipi
eventually_check 'ipi: all were sent' 30 sh -c 'cellctl console mischief | grep -q "ipi done"'
is 'ipi: the cell runs on' "$(cell_property mischief State)" running
turbine_goes_on 'ipi: the turbine goes on'
is 'ipi: the turbine is the same' "$(cell_property turbine State)" running
check 'ipi: the cell stops when asked' systemctl stop cell@mischief

check 'the turbine stops when asked' systemctl stop cell@turbine
check 'the hypervisor closes' cellctl disable
is 'all CPUs are back' "$(cat /sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/present)"
rm $descriptions/*.json
systemctl reload cellmgrd
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
