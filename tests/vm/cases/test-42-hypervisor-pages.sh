#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which of its pages the hypervisor shows to Linux: the public ones, to be read, and no other; those
# of a cell as long as it is there. What memory has seen does not stay in it when it changes hands.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

pattern=0x6e0155ec7e75a5c3

# walk: what Linux finds in the memory of the hypervisor: pages, how many of them take a write.
walk() {
	walked=$(./probe pages "$hypervisor" "$size")
	answering=$(sed -n 's/^answering *//p' <<<"$walked")
	taking=$(sed -n 's/^taking //p' <<<"$walked")
}

# shows NAME COUNT: so many pages answer, none takes a write.
shows() {
	walk
	is "$1: pages that answer, and pages that take a write" "$(wc -w <<<"$answering"), $taking" "$2, 0"
}

check 'the probe loads' insmod ./partition-probe.ko
begin
describe_with_port turbine 3 turbine 0x82 'setpoint=3000 report-ms=500'
check 'the hypervisor opens' cellctl enable
hypervisor=$(hex "$(hypervisor_memory start)") size=$(hypervisor_memory size)
read -r always cell_pages <<<"$(./probe public-pages)"
shows 'without a cell' "$always"
without=$answering
check 'a cell is made' cellctl create turbine
shows 'with a cell' $((always + cell_pages))
check 'it starts' cellctl start turbine
shows 'while it runs' $((always + cell_pages))
check 'it stops when asked' cellctl stop turbine
spare=$(hex "$(cell_memory turbine 1)")
check 'and is taken away' cellctl destroy turbine
pool_used >/dev/null
shows 'after a cell' "$always"
is 'they are the same as before it' "$answering" "$without"

# What was in its memory goes to nobody.
check 'the cell is made again' cellctl create turbine
is 'control: at the same place' "$(hex "$(cell_memory turbine 1)")" "$spare"
check 'and loaded' cellctl load turbine
./probe fill "$spare" 8 512 $pattern >/dev/null
is 'control: Linux writes where it is loaded' "$(./probe copy-from "$spare" 8 512)" "$pattern differ=0 left=0"
check 'the cell is taken away with something in it' cellctl destroy turbine
pool_used >/dev/null
is 'and on the way back' "$(./probe copy-from "$spare" 8 512)" '0x0 differ=0 left=0'

check 'the hypervisor closes' cellctl disable
walk
is 'control: then Linux reads and writes all of its memory' \
	"$(wc -w <<<"$answering"), $taking" "$((size / 4096)), $((size / 4096))"
like 'in which nothing of it is left' "$walked" 'nonzero 0$'

# Nor do Linux' own secrets go to a cell: memory that it has had.
./probe fill "$spare" 8 512 $pattern >/dev/null
systemctl stop cellmgrd
check 'the memory goes back to Linux with something in it' rmmod cellvisor
modprobe cellvisor
systemctl start cellmgrd
check 'the hypervisor opens again' cellctl enable
check 'a cell is made' cellctl create turbine
check 'and loaded' cellctl load turbine
is 'its memory was cleared on the way to it' \
	"$(./probe copy-from "$(hex "$(cell_memory turbine 1)")" 8 512)" '0x0 differ=0 left=0'
check 'it is taken away' cellctl destroy turbine
check 'the hypervisor closes again' cellctl disable
check 'the probe goes' rmmod partition_probe
end
