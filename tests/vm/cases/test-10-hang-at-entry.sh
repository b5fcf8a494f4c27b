#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine stands still on its way into the hypervisor, and a watchdog resets it. The next load of the
# module tells how far each CPU had come and what the hypervisor had said. The hang is planted in an image
# that only tests have (include/planted_faults.h); the machine has memory above 4 GiB, since what starts
# its Linux puts that into the rest.
# boot: own
# options: --memory 4G --qemu -device --qemu i6300esb --qemu -action --qemu reboot=reset
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# Outlives the reset.
marker=/run/results/hung
step=5 # IMAGE_STEP_SUBSYSTEMS

# hang: until the reset; what follows it is seen in the next boot.
hang() {
	local before
	modprobe i6300esb heartbeat=30
	printf '{ "debug-console": { "port": "0x%x" } }\n' $((0x5000 + step)) >/etc/cellmgr/cellmgrd.conf
	systemctl stop cellmgrd
	modprobe -r cellvisor
	before=$(kernel_log_mark)
	insmod ./cellvisor-planted.ko
	is 'control: the module has nothing to tell' "$(kernel_log_since "$before" | grep 'was reset')" ''
	systemctl start cellmgrd
	echo begun >$marker
	sync -f $marker
	echo >/dev/watchdog
	timeout 60 cellctl enable
	rm $marker
	sleep 60
	not_ok 'the machine stands still'
	finish
}

[[ -e $marker ]] || hang
# Goes on behind the case of the first boot.
tap_count=1
rm -f /etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
begin
told=$(dmesg | sed -n 's/.*cellvisor: //p')
diag "$told"
like 'the module tells that there was a hypervisor, and where' "$told" \
	'the machine was reset with a hypervisor in it, which was at 0x[0-9a-f]*00000'
like 'how far the CPU had come that stood still' "$told" \
	'the last it came to, CPUs [0-3]: setting up what it guards'
like 'and the others, which waited for it' "$told" \
	'the last it came to, CPUs [-,0-3]*: inside, while another CPU set everything up'
like 'and what it said' "$told" '\| virtualization: AMD SVM'
mark=$(kernel_log_mark)
systemctl stop cellmgrd
rmmod cellvisor
modprobe cellvisor
is 'it is told once' "$(kernel_log_since "$mark" | grep 'was reset')" ''
systemctl start cellmgrd
check 'the hypervisor opens' cellctl enable
check 'and closes' cellctl disable
systemctl stop cellmgrd
rmmod cellvisor
modprobe cellvisor
is 'one that closed leaves nothing' "$(kernel_log_since "$mark" | grep 'was reset')" ''
systemctl start cellmgrd
end
