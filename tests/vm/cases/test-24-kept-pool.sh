#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a cell gets is full of zeros, whatever has been in it: what is known to be clean is not cleared
# again, and nothing else counts as that. Nor is anything cleared that is a device's.
# boot: own
# options: --append memmap=32M$0x28000000
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

pattern=0x5a5a5a5a5a5a5a5a

# hibernate: as far as the tasks' freezing: from further on there is no way back without a disk for it.
hibernate() {
	echo freezer >/sys/power/pm_test
	timeout 100 bash -c 'echo disk >/sys/power/state'
}

# soil: something is in what the next cell gets.
soil() { ./probe fill "$cell" 8 64 $pattern >/dev/null; }

# holds NAME VALUE: a cell is made, and has this in its memory; it stays.
holds() {
	check "$1: a cell is made" ./abi hold
	is "$1: root is to load it" "$(./driver-call load holder)" 'done'
	is "$1: what is in it" "$(./probe copy-from "$cell" 8 64)" "$2 differ=0 left=0"
}

# ends: the cell does, and all of the rest.
ends() {
	is 'it goes' "$(./driver-call destroy holder)" 'done'
	check 'the hypervisor closes, and its memory is Linux'"'"' again' ./abi disable
}

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
insmod ./partition-probe.ko
mark=$(kernel_log_mark)

# What firmware reserves is not memory only.
registers=0x$(sed -n 's/^ *\([0-9a-f]*\)-.* : PCI \(MMCONFIG\|ECAM\) .*/\1/p' /proc/iomem | head -n 1)
fails 'configuration space of PCI is no pool' env "ABI_POOL=$registers" ./abi pool
like 'the log says why' "$(kernel_log_since "$mark")" "memory at 0x0*${registers#0x}, size 0x2000000 belongs to somebody"

# By whom a probe writes there nobody knows: so it shows what is cleared and what is not.
cell=$(printf '0x%x' $(($(./abi pool) + 0x800000)))
soil
check 'the hypervisor opens' ./abi enable
holds 'control: what is known to be clean is not cleared again' $pattern
ends

cell=$(printf '0x%x' $(($(./abi pool) + 0x800000)))
check 'the machine hibernates with a pool' hibernate
soil
check 'the hypervisor opens' ./abi enable
holds 'after hibernation, which saves nothing of it' 0x0
ends

export ABI_POOL=0x28000000
cell=0x28800000
check 'the hypervisor opens in reserved memory that root cannot execute' ./abi data
is 'that is where it is' "$(./abi pool)" $ABI_POOL
holds 'the first one there' 0x0
soil
is 'control: it was written' "$(./probe copy-from $cell 8 64)" "$pattern differ=0 left=0"
is 'it goes' "$(./driver-call destroy holder)" 'done'
holds 'the next one' 0x0
ends
check 'the probe goes' rmmod partition_probe
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
