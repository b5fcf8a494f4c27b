#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine goes down with a cell that has a PCI device whose driver in Linux begins with a reboot
# notifier: it does not get the device back in the middle of those. A cell that runs is ended there. That the
# machine is off in the end says who runs the tests.
# boot: own
# options: --qemu -device --qemu i6300esb,addr=0x10
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

place=0000:00:10.0
driver() { basename "$(readlink "/sys/bus/pci/devices/$place/driver")"; }

begin
modprobe i6300esb
is 'control: the watchdog has its driver' "$(driver)" 'i6300ESB timer'
cat >"$descriptions/watchdog.json" <<-END
	{ "cpus": [2], "memory": "1M", "image": "$PWD/pci-device.bin", "dma": "unprotected",
	  "devices": [{ "pci": "$place", "take-from": "$(driver)" }] }
END
reload
check 'the hypervisor opens' cellctl enable
check 'a cell takes it' cellctl create watchdog
check 'and gives it back' cellctl destroy watchdog
is 'to its driver' "$(driver)" 'i6300ESB timer'
check 'a cell takes it once more' cellctl create watchdog
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'another one starts' cellctl start turbine
turbine_reports 'and works'
state=$(dirname "$(grep -lx turbine $sysfs/cells/*/name)")/state
is 'control: that can be seen' "$(<"$state")" running
check 'the probe loads' insmod ./partition-probe.ko
check 'control: the machine will take its time to go down' plant 'hold cellvisor:reboot_event 60'
(
	trap '' TERM
	systemctl poweroff -ff
) &
eventually_check 'it goes down' 20 happened 1
is 'the one that worked has been ended' "$(<"$state")" failed
is 'the other has its device still' "$(driver)" cellvisor-pci
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
go_down plant none
