#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PCI devices of the machine in cells: configuration space by both doors, registers, messages to the
# cell's own CPU and to nobody else's; root sees nothing there meanwhile, and has it back afterwards.
# boot: own
# options: --qemu -device --qemu edu,addr=0x10 --qemu -device --qemu e1000e,addr=0x11,romfile=
# kernels: core
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

edu=0000:00:10.0 nic=0000:00:11.0

through() { ./devices console "$1" | grep -qE '^done, |^it stays'; }
all_right() {
	eventually_check "$1: its program comes to its end" 60 through "$1"
	is "$1: all was as it shall be" \
		"$(./devices console "$1" | grep -E '^not ok|^0x|^done|^it stays' | sed 's/^it stays/done/' | sort -u)" \
		'done, 0 failed'
	diag "$(./devices console "$1" | grep -c '^ok ') answers"
}
console_has() { ./devices console "$1" | grep -q "$2"; }
makes() { is "$1 $2${3:+ $3}" "$(./devices "$@")" 'done'; }
# told NAME REGEX: the hypervisor's console has it.
told() { like "$1" "$(<$sysfs/console)" "$2"; }

# config PLACE [OFFSET COUNT]: bytes of configuration space: by ports, from 256 on by memory.
config() { od -An -v -tx1 -j "${2:-0}" -N "${3:-64}" "/sys/bus/pci/devices/$1/config" | tr -d ' \n'; }
ones() { printf 'f%.0s' $(seq $((2 * $1))); }
# Without the command, in which a cell's end leaves nothing on.
resting() { config "$1" 0 4 && config "$1" 8 248; }

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
for device in $edu $nic; do
	[[ -e /sys/bus/pci/devices/$device/config ]] || bail "there is no $device"
	[[ ! -e /sys/bus/pci/devices/$device/driver ]] || echo $device >/sys/bus/pci/devices/$device/driver/unbind
done
command=$(config $edu 4 2)
edu_before=$(resting $edu) nic_before=$(resting $nic) extended=$(config $nic 256 16)
is 'the hypervisor opens' "$(./devices enable)" 'done'
is 'control: Linux sees the device by ports' "${edu_before:0:8}" 3412e811
isnt 'control: and the other one by memory' "$extended" "$(ones 16)"

if [[ -e x2apic ]]; then
	# An IOMMU looks up the messages of devices there, in a table of Linux.
	is 'a device whose messages are remapped is refused' "$(./devices create one $edu)" EOPNOTSUPP
	told 'by name' 'cell one: PCI device 0x80: interrupts are remapped by an IOMMU'
	is 'Linux has it as it was' "$(resting $edu)" "$edu_before"
	is 'the hypervisor closes' "$(./devices disable)" 'done'
	kernel_log_clean 'the kernel has nothing to complain about' "$mark"
	systemctl unmask --runtime -q cellmgrd
	finish
	exit
fi
makes create one $edu
is 'Linux sees nothing there by ports' "$(config $edu)" "$(ones 64)"
setpci -s ${edu#*:} COMMAND=7 BASE_ADDRESS_0=0
is 'nor after it has written' "$(config $edu)" "$(ones 64)"
refused=$(<$sysfs/root_violations)
check 'which is told as refused' test "$refused" -gt 0
is 'it sees its other devices as ever' "$(resting $nic)" "$nic_before"
is 'also by memory' "$(config $nic 256 16)" "$extended"
is 'another cell does not get it' "$(./devices create two $nic && ./devices destroy two)" $'done\ndone'
makes start one pci-device.bin 'edu=0x80 others=0 stay'
all_right one
told 'a message to another CPU was refused' 'cell one: PCI device 0x80: message 0x[0-9a-f]* at 0xfee00000 is no interrupt'
is 'Linux still sees nothing' "$(config $edu)" "$(ones 64)"
# It is started anew while the device is on.
answers=$(./devices console one | grep -c '^ok ')
makes start one pci-device.bin 'edu=0x80 others=3'
eventually_check 'it ends a second time' 60 console_has one '^done'
all_right one
is 'with as many answers again' "$(./devices console one | grep -c '^ok ')" $((2 * answers))
makes destroy one
is 'Linux has the device back as it was' "$(resting $edu)" "$edu_before"
is 'with as much on as before' "$(config $edu 4 2)" "$command"

makes create two $nic
is 'by memory Linux sees nothing of the other' "$(config $nic 256 16)" "$(ones 16)"
makes start two pci-device.bin 'nic=0x88 others=1 stay'
all_right two
told 'a message of MSI-X to another CPU was refused' 'cell two: PCI device 0x88: message 0x[0-9a-f]* at 0xfee01000 is no interrupt'
is 'a device that a cell has no other gets' "$(./devices create one $nic)" EBUSY
makes destroy two
is 'Linux has it back as it was' "$(resting $nic)" "$nic_before"
is 'its extended space, too' "$(config $nic 256 16)" "$extended"

is 'a bridge is refused' "$(./devices create one 0000:00:1f.0)" EXDEV
like 'by name' "$(kernel_log_since "$mark")" '0000:00:1f.0: not for cell one: it is a bridge'
for round in 1 2 3 4 5; do
	./devices create one $edu && ./devices destroy one
done | sort | uniq -c | sed 's/^ *//' >to-and-fro
is 'it goes to and fro' "$(<to-and-fro)" '10 done'
is 'and is as it was' "$(resting $edu)" "$edu_before"
is 'the hypervisor closes' "$(./devices disable)" 'done'
is 'no interrupt has come to Linux that it does not know' \
	"$(kernel_log_since "$mark" | grep -c 'No irq handler for vector')" 0
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
