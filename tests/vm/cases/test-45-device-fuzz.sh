#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Five hundred and more wrong configurations, ids, images and pointers into the ioctls of the real
# device: each gets an error, or was sound after all; nothing changes, nothing is lost.
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# fuzz PART TRIES: shows what came of it, and where it broke.
fuzz() {
	local output
	if output=$(timeout 180 ./device-fuzz "$1" "$2" 2>&1); then
		diag "$(tail -n 1 <<<"$output")"
		ok "$2 wrong inputs, $1: an error each, or made and undone; nothing else changed"
	else
		not_ok "$2 wrong inputs, $1" "status $?" "$output" "$(tail -n 5 <(dmesg))"
		return 1
	fi
}

# told NAME REGEX: the kernel's log has it. (What is wrong at random has its own line there, too, but
# nobody could say which.)
told() { like "$1" "$(kernel_log_since "$mark" | grep 'cellvisor:')" "$2"; }

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
memory=$(meminfo MemTotal)
fuzz enable 250
told 'a system configuration of another revision is refused, with both' \
	'system configuration of revision 12, this driver takes revision 14'
told 'one of another architecture is refused, with both' \
	'system configuration refused: made for arm64, this is x86'
told 'a CPU that is offline and not in it is named' 'CPU 3 is there but not in the configuration'
fuzz create 350
told 'a cell of another revision is refused, with both' 'made for revision 12, this is revision 14'
told 'a cell of another architecture is refused, with both' \
	'cell configuration refused: made for arm64, this is x86'
told 'one without a whole descriptor is refused, with its size' '131 bytes, a descriptor alone has 132'
told 'a name that is taken is named' 'cell root: there is a cell of this name'
told 'what a cell asks for and nobody serves is named' 'asks for stream ids, which are not served'
told 'what stays with Linux, unwatched, is told' 'root cell: IOMMU units: not served'
fuzz cells 300
is 'the hypervisor is off' "$(cat $sysfs/enabled)" 0
is 'all CPUs are with Linux' "$(cat /sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/present)"
is 'all memory is' "$(meminfo MemTotal)" "$memory"
check 'nothing holds the module' rmmod cellvisor
systemctl unmask --runtime -q cellmgrd
modprobe cellvisor
check 'the hypervisor opens as ever' cellctl enable
check 'and closes' cellctl disable
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
