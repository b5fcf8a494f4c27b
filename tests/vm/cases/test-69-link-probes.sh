#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A hostile Linux at links: it reaches no memory of those that it is no peer of, of its own ones it changes
# nothing that is another peer's, nor the table of states; registers, tables of vectors and configuration
# space take nothing in other ways than theirs. Each probe is first shown to work where it may.
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/walls.sh
. ./walls.sh

place=0000:00:1e.0 bdf=0xf0 node=/dev/cellmgr/test-link
pieces=([0]='the table of states' [0x1000]='the common section' [0x5000]='the first output section'
	[0x7000]='the second output section' [0x8ff8]='its last word')

# at OFFSET: of the link.
at() { hex $((link + $1)); }

# bar NUMBER: where the registers of root's end are.
bar() { sed -n "$(($1 + 1))s/ .*//p" /sys/bus/pci/devices/$place/resource; }

# Of the other devices.
others() { lspci -xxx 2>&1 | awk -v RS= 'index($0, "00:1e.0") != 1' | cksum; }

# cleared NAME: Linux has the memory of the link, and nothing is in it.
cleared() {
	local piece
	for piece in 0 0x1000 0x5000 0x7000 0x8000; do
		is "$1: nothing is left at $piece" "$(./probe copy-from "$(at $piece)" 8 512)" '0x0 differ=0 left=0'
	done
}

check 'the probe loads' insmod ./partition-probe.ko
function=$(hex $((16#$(sed -n 's/^ *\([0-9a-f]*\)-.*PCI \(MMCONFIG\|ECAM\) 0000.*/\1/p' /proc/iomem) + bdf * 4096)))
absent=$(hex $((function + 4096)))
# Machines answer some of what is not aligned there in ways of their own.
machine_answers=$(./pci-probe ports $((bdf + 1)) "$absent")
like 'control: without a hypervisor a function that there is not is all ones, by ports' "$machine_answers" 'ones=256$'
systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
mkdir -p /run/cellmgr/links
echo CELLMGR_LINK=test-link >/run/cellmgr/links/$place
is 'the hypervisor opens' "$(./root-links enable)" 0

# Cells only.
link=$(./root-links place 0xe8)
reaches 'memory that no link has' "$(at 0x1000)"
is 'two cells share it' "$(./root-links cell one 1 0xe8 1 2 1 link-peer.bin private)" 0
is 'one of them runs' "$(./root-links start one)" 0
eventually_check 'and has written' 30 sh -c './links console one | grep -q "peer: ready"'
walled 'the common section of cells' "$(at 0x1000)"
# Linux wonders at the copy, once in its life.
is 'of all this Linux wonders at the copy alone' \
	"$(kernel_log_since "$mark" | grep 'WARNING: ' | grep -vc fixup_exception)" 0
mark=$(kernel_log_mark)
for piece in "${!pieces[@]}"; do
	refused "of cells: ${pieces[$piece]} is not read" 1 0xffffffffffffffff ./probe read "$(at "$piece")" 8
	refused "of cells: ${pieces[$piece]} is not written" 1 'done' ./probe write "$(at "$piece")" 8 0
done
like 'the cell goes on' "$(cat $sysfs/cells/*/state)" running
is 'it ends' "$(./root-links destroy one)" 0
cleared 'after it'

# Root is a peer.
link=$(./root-links place $bdf)
devices=$(others)
is 'root has an end' "$(./root-links add $bdf 2 2)" 0
udevadm settle -t 30
check 'which is known by its name' test -c $node
is 'a cell has the other one' "$(./root-links cell peer 3 $bdf 1 2 2 link-peer.bin)" 0
is 'and starts' "$(./root-links start peer)" 0
eventually_check 'it is there' 30 sh -c "./link-device $node states | grep -qx '0 1'"
./probe fill "$(at 0x5000)" 8 4 0x6f6e6d6c6b6a6968 >/dev/null
is 'control: the own output section is written' "$(./probe read "$(at 0x5000)" 8)" 0x6f6e6d6c6b6a6968
./probe write "$(at 0x5000)" 8 0x676665646362 >/dev/null
./link-device $node ring 1 1 1
eventually_check 'the cell has read it' 20 sh -c "./probe read $(at 0x7000) 8 | grep -qx 0x474645444342"
./probe write "$(at 0x1800)" 8 0x1234 >/dev/null
is 'control: so is the common section' "$(./probe read "$(at 0x1800)" 8)" 0x1234
read_only 'the table of states' "$(at 0)" 0x100000000
read_only "the cell's output section" "$(at 0x7000)" 0x474645444342
is 'the cell sees its own as it was' "$(timeout 20 ./link-device $node read 1)" BCDEFG

# Registers.
before=$(violations)
registers='id=0 peers=2 control=0 doorbell=0 state=0 others=0'
is 'registers: whatever is no access by 32 bits gives 0' "$(./pci-probe registers "$(bar 0)")" "$registers"
is 'registers: nor does it do anything' "$(./pci-probe registers-write "$(bar 0)")" "$registers"
is 'the table of vectors: nothing but words, aligned' "$(./pci-probe table "$(bar 1)")" 'changed=0 others=0'
is 'nothing of that was refused: the device has answered' $(($(violations) - before)) 0
is 'registers: what reads and writes at once does nothing, the rest is refused' "$(./pci-probe strange "$(bar 0)")" \
	'or=done exchange=done copy=refused fill=refused vector=refused execute=refused '
is 'registers: they are what they were' "$(./pci-probe registers "$(bar 0)")" "$registers"
is 'the cell answers' "$(timeout 60 ./link-device $node call 1 0 20)" 20
timeout 60 ./link-device $node wait 5 >/tmp/waiter &
eventually_check 'vectors are let in' 20 grep -q ready /tmp/waiter
entry=$(($(bar 1))) message=$(./probe read "$(bar 1)" 4)
like 'control: the first vector is an interrupt' "$message" '^0xfee'
data=$(./probe read $((entry + 8)) 4)
./probe write $((entry + 8)) 4 0x4ff >/dev/null
if ((message & 0x10)); then
	diag 'messages are remapped by an IOMMU: what they do stands in its table, and their data says nothing'
else
	like 'an NMI is no message of a device' "$(tail -n 3 $sysfs/console)" \
		'PCI device 0xf0: vector 0, 0x4ff at 0xfee[0-9a-f]*, is no interrupt of its CPUs'
fi
./probe write $((entry + 8)) 4 "$data" >/dev/null
wait
is 'the first vector as it was, the cell answers again' "$(timeout 60 ./link-device $node call 1 0 20)" 20

# Configuration space.
like 'configuration space: each width gives what the bytes give' "$(./pci-probe read "$function" 4096)" '^differ=0 ones=[0-9]$'
like 'configuration space: so do the data ports' "$(./pci-probe ports $bdf "$function")" '^differ=0 ones=[0-9]$'
is 'of a function that there is not: all ones' "$(./pci-probe read "$absent" 4096)" 'differ=0 ones=4096'
is 'of a function that there is not: as without a hypervisor, by ports' "$(./pci-probe ports $((bdf + 1)) "$absent")" \
	"$machine_answers"
command=$(./probe read $((function + 4)) 2)
./probe write $((function + 4)) 2 $((command ^ 0x400)) >/dev/null
is 'control: what may be written is' "$(./probe read $((function + 4)) 2)" "$(hex $((command ^ 0x400)))"
./probe write $((function + 4)) 2 "$command" >/dev/null
is 'configuration space: nothing else takes a write' "$(./pci-probe write "$function" 4096 4 0x10 0x14 0x40 0x60)" changed=0
is 'configuration space: nor by ports' "$(./pci-probe write-ports $bdf "$function" 4 0x10 0x14 0x40 0x60)" changed=0
is 'of a function that there is not: nothing' "$(./pci-probe write "$absent" 4096)" changed=0
is 'of a function that there is not: nothing, by ports' "$(./pci-probe write-ports $((bdf + 1)) "$absent")" changed=0
is 'no other device has changed' "$(others)" "$devices"
is 'the cell answers after all that' "$(timeout 60 ./link-device $node call 1 1 20)" 20

is 'the cell ends' "$(./root-links destroy peer)" 0
is 'so does the link' "$(./root-links remove $bdf)" 0
cleared 'after the link'
is 'there is no function any more' "$(./pci-probe read "$function" 4096)" 'differ=0 ones=4096'
is 'all of it ends' "$(./root-links disable)" 0
check 'the probe goes' rmmod partition_probe
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
rm -r /run/cellmgr/links/$place
systemctl unmask --runtime -q cellmgrd
finish
