#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cell finds its CPU as after a reset: nothing in the registers of what Linux had there, nor of its
# own last run.
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# looked TIMES: the program has, so often since its cell was made.
looked() { (($(cellctl console traces | grep -c '^stains: ') == $1)); }

# traces WHEN TIMES: of what the program found last, the registers' names are shown.
traces() {
	eventually_check "$1: the program has looked" 30 looked "$2"
	is "$1: no register is otherwise than after a reset" \
		"$(cellctl console traces | grep '^traces\?: ' | tail -n 1)" 'traces: 0 at the start' ||
		diag "$(cellctl console traces)"
}

# all_found: the program finds each of the stains that it has left, so it would find others'.
all_found() {
	local line
	line=$(cellctl console traces | grep '^stains: ' | tail -n 1)
	[[ $line =~ ^stains:\ ([1-9][0-9]+)\ of\ ([0-9]+)\  ]] && ((BASH_REMATCH[1] == BASH_REMATCH[2]))
}

begin
cat >$descriptions/traces.json <<-EOF2
	{ "cpus": [2], "memory": "1M", "image": "$PWD/traces.bin", "console": "virtual" }
EOF2
systemctl reload cellmgrd
check 'the cell starts' cellctl start traces
traces 'after Linux' 1
check 'control: what the program leaves it finds' all_found
diag "$(cellctl console traces | grep '^stains: ')"
check 'it stops' cellctl stop traces
check 'it starts again, Linux has not been on the CPU' cellctl start traces
traces 'after itself' 2
check 'it stops again' cellctl stop traces
check 'and is taken away' cellctl destroy traces
is 'the CPU is back' "$(cat /sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/present)"
check 'it starts once more' cellctl start traces
traces 'after Linux once more' 1
check 'it stops once more' cellctl stop traces
check 'and is taken away again' cellctl destroy traces
end
