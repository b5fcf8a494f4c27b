#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guide for controllers, word for word: its programs are built (tests/guide/), its commands are given here. The
# controller runs, follows its set-point as soon as it is rung, refuses what is out of range; the one that
# overflows its stack says so everywhere.
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# follow NAME WORD: gives the commands of that block; what they print is in output.
follow() {
	output=$(bash -e "$2.sh" 2>&1)
	is "$1" "$?" 0
	diag "$output"
}

# temperature_is LOW HIGH
temperature_is() {
	local value
	value=$(busctl call org.cellmgr1 /org/cellmgr1/cell/oven org.cellmgr1.Cell ReadSignals as 1 temperature |
		sed -n 's/.*(vts) d \([0-9.]*\) [0-9]* "good".*/\1/p')
	diag "temperature ${value:-unknown}"
	[[ $value ]] && awk -v value="$value" -v low="$1" -v high="$2" 'BEGIN { exit !(value >= low && value <= high) }'
}

begin
mkdir /root/oven
tar -xf guide-controller.tar -C /root/oven || bail 'the guide is not there'
cd /root/oven || bail 'no directory'

follow 'the controller starts' run
like 'it runs' "$(cellctl status oven)" 'State: running'
eventually_check 'it says so' 30 console_has oven '^oven: 100 cycles a second, set-point 0\.0$'
eventually_check 'it is cold' 30 temperature_is 19.9 20.1
follow 'it is operated' operate
like 'its signals are shown' "$output" 'temperature .*°C'
eventually_check 'the oven becomes warm' 90 temperature_is 79.5 80.5
output=$(bash -e refused.sh 2>&1)
is 'what is out of range is refused' $? 1
like 'with the range' "$output" 'setpoint: 400 °C is more than max, 250'
follow 'a gateway reads and sets' gateway
like 'it reads a value with its quality' "$output" '"temperature" \(vts\) d [0-9.]+ [0-9]+ "good"'
like 'the journal has who set what' "$output" 'signal setpoint was set from 80 to 60 °C by user 0'
eventually_check 'the oven becomes colder' 90 temperature_is 59.5 60.5

bash -e fail.sh >/dev/null 2>&1
eventually_check 'the one with an endless recursion fails' 30 cell_is deep State failed
eventually_check 'and its service' 30 systemctl is-failed cell@deep
# Of a cell that failed the status is no success.
output=$(bash look.sh 2>&1)
is 'where to look ends with the unit' "$? ${output##*$'\n'}" '0 failed'
overflow='had a stack overflow at 0x[0-9a-f]+, in a stack of 16384 bytes \(rip 0x[0-9a-f]+\)'
like 'cellctl status says what it was' "$(cellctl status deep)" "$overflow"
like 'so does the journal' "$output" "Cell deep failed: $overflow"
like 'and the console, with what to do' "$output" 'stack overflow in the program on CPU 0: its stack has 16384 bytes; .*inmate_stack_size'
is 'the controller goes on' "$(cell_property oven State), $(cell_property oven Health)" 'running, ok'
check 'the other one is taken away' cellctl destroy deep

follow 'the controller ends' end
like 'by itself' "$output" 'oven: off at [0-9.]+ degrees after [0-9]+ cycles'
cd / && rm -r /root/oven
end
