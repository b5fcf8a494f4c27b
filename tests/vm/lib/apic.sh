# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Cells that use their APICs, in whatever mode the machine's are; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# sixteen_bit NAME BYTES: a cell of plain code for the reset address, without a library.
sixteen_bit() {
	local byte
	# shellcheck disable=SC2059 # the format is what makes bytes
	for byte in $2; do printf "\\x$byte"; done >"/run/$1.bin"
	cat >"$descriptions/$1.json" <<-EOF2
		{ "cpus": [2], "memory": "1M", "image": "/run/$1.bin", "console": "virtual",
		  "comm-region": { "passive": true } }
	EOF2
	systemctl reload cellmgrd
}

# ticks NAME HZ: a cell that counts ticks, and nothing else.
ticks() {
	cat >"$descriptions/$1.json" <<-EOF2
		{ "cpus": [3], "memory": "1M", "image": "$PWD/ticks.bin", "console": "virtual",
		  "parameters": "hz=$2", "heartbeat": "5s" }
	EOF2
	systemctl reload cellmgrd
}

# exits CELL [REASON]
exits() {
	local name
	name=$(grep -lx "$1" /sys/devices/jailhouse/cells/*/name)
	cat "${name%/name}/statistics/vmexits_${2:-total}"
}

# letter_of_id: abi.md's smallest guest: reads its id by MSR 0x802, puts K on the console, halts.
letter_of_id() {
	sixteen_bit letter '66 b9 02 08 00 00 0f 32 66 b8 08 00 00 00 66 bf 4b 00 00 00 0f 01 d9 f4 eb fd'
	check 'a guest that reads its id by MSR starts' cellctl start letter
	eventually_check 'it got as far as its console' 10 console_has letter '^K'
	check 'it stops' cellctl stop letter
	check 'it is taken away' cellctl destroy letter
}

# count_exits HZ SECONDS: a cell that has that many ticks a second, or only polls with none. Sets
# counted, its exits in that time; by_page, its writes to the APIC's page since it was started; ticked,
# how many ticks it has counted since then.
# shellcheck disable=SC2034 # for whoever calls
count_exits() {
	local before name=ticks$1
	ticks "$name" "$1"
	check "$1 Hz: the cell starts" cellctl start "$name"
	sleep 1
	before=$(exits "$name")
	sleep "$2"
	counted=$(($(exits "$name") - before))
	is "$1 Hz: it runs on" "$(cell_property "$name" State)" running
	check "$1 Hz: the cell stops" cellctl stop "$name"
	by_page=$(exits "$name" xapic)
	ticked=$(cellctl console "$name" | sed -n 's/^ticks: //p')
	check "$1 Hz: the cell is taken away" cellctl destroy "$name"
	diag "$1 Hz: $counted exits in $2 s, $by_page by the page and $ticked ticks in all"
}

# ticked_at_least NUMBER
ticked_at_least() {
	if ((ticked >= $1)); then
		ok 'control: it had its ticks'
	else
		not_ok 'control: it had its ticks' "got: $ticked, expected: $1 at least"
	fi
}
