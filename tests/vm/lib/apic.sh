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
	check 'it is taken away' cellctl destroy letter
}

# count_exits HZ SECONDS: sets counted, of a cell that has that many ticks a second.
# shellcheck disable=SC2034 # counted is for whoever calls
count_exits() {
	local before
	ticks "ticks$1" "$1"
	check "$1 Hz: the cell starts" cellctl start "ticks$1"
	sleep 1
	before=$(exits "ticks$1")
	sleep "$2"
	counted=$(($(exits "ticks$1") - before))
	is "$1 Hz: it runs on" "$(cell_property "ticks$1" State)" running
	check "$1 Hz: the cell is taken away" cellctl destroy "ticks$1"
}
