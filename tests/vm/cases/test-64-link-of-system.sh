#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A system configuration that has shared memory for root itself, as those of the field may: Linux finds
# the device when the hypervisor is on, gives its registers a place, and loses it when it goes off.
# boot: own
# options: --append memmap=1M$0x28000000 --qemu -device --qemu pcie-root-port,chassis=1
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

place=0000:00:1c.0 bdf=0xe0 node=/dev/cellmgr/of-system

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
mkdir -p /run/cellmgr/links
echo CELLMGR_LINK=of-system >/run/cellmgr/links/$place
devices=$(lspci -nnvx 2>&1) addresses=$(grep -v cellvisor /proc/iomem)
like 'the kernel has left memory out' "$addresses" '28000000-280fffff : Reserved'

real=$(lspci -n -d 1af4:1005 | cut -d' ' -f1)
IFS=':.' read -r bus device function <<<"$real"
is 'at the place of a real device there can be none' \
	"$(./root-links enable 0x28000000 $((16#$bus << 8 | 16#$device << 3 | function)))" EEXIST
like 'which the log names' "$(kernel_log_since "$mark")" "cellvisor: 0000:$real: there is a PCI device"
is 'the hypervisor is off' "$(./root-links disable)" EINVAL
is 'and the device is as it was' "$(lspci -nnvx 2>&1)" "$devices"
behind=$(cat /sys/bus/pci/devices/*/secondary_bus_number | head -n 1)
[[ $behind ]] || bail 'the machine has no bridge'

# round N: on, used, off.
round() {
	is "round $1: the hypervisor opens" "$(./root-links enable 0x28000000)" 0
	udevadm settle -t 30
	like "round $1: Linux has found the device" "$(lspci -nnk -s ${place#*:})" '110a:4106.*uio_ivshmem'
	like "round $1: its memory is told" "$(grep -i ': 0000:00:1c.0$' /proc/iomem)" '28000000-28006fff'
	like "round $1: its registers have a place" "$(lspci -v -s ${place#*:})" 'Memory at [0-9a-f]{8} .*size=4K'
	is "round $1: the memory is clear" "$(./link-device $node read 0)" ''
	check "round $1: it can be written" ./link-device $node write output 'round'
	is "round $1: each ring is an event" "$(timeout 60 ./link-device $node call 0 1 20)" 20
	is "round $1: it does not go by itself" "$(./root-links remove $bdf)" EPERM
	is "round $1: none is added behind a bridge" "$(./root-links add $((behind << 8)) 1 1)" EINVAL
	is "round $1: nothing that root did was refused" "$(<$sysfs/root_violations)" 0
	is "round $1: the hypervisor closes" "$(./root-links disable)" 0
	is "round $1: Linux has lost it" "$(lspci -nnvx 2>&1)" "$devices"
	is "round $1: and its addresses" "$(grep -v cellvisor /proc/iomem)" "$addresses"
}
round 1
round 2
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
rm /run/cellmgr/links/$place
systemctl unmask --runtime -q cellmgrd
finish
