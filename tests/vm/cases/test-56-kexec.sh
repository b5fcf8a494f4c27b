#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Another kernel is booted by kexec with cells running, one of which has a PCI device, and one that somebody is
# loading who hangs: it finds the machine without a hypervisor, with all CPUs, all of memory and the device, and
# can open one itself.
# boot: own
# options: --next-kernel --qemu -device --qemu i6300esb,addr=0x10
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

place=0000:00:10.0
driver() { basename "$(readlink "/sys/bus/pci/devices/$place/driver")"; }

# fill_memory: nearly all that there is, and looks whether it is still there. What a hypervisor keeps reads as
# ones.
fill_memory() {
	local size=$(($(meminfo MemAvailable) * 8 / 10))K
	mkdir -p /var/tmp/memory
	mount -t tmpfs -o "size=$size" memory /var/tmp/memory
	tr '\0' '\125' </dev/zero | dd of=/var/tmp/memory/file bs=64k 2>/dev/null
	tr '\0' '\125' </dev/zero | cmp -n "$(stat -c %s /var/tmp/memory/file)" - /var/tmp/memory/file
}

if in_next_kernel; then
	like 'control: it came by kexec' "$(</proc/cmdline)" ' by-kexec$'
	like 'the kernel before left the hypervisor' "$(grep -a cellvisor: /run/results/console.log)" 'hypervisor off'
	all_cpus_back
	memory=$(</run/results/memory)
	# Kernels take some pages more or less for themselves from boot to boot; the pool has MiB.
	between 'all of memory is there' "$(meminfo MemTotal)" $((memory - 512)) $((memory + 512))
	check 'and usable' fill_memory
	umount /var/tmp/memory
	begin
	is 'the device has its driver' "$(modprobe i6300esb && driver)" 'i6300ESB timer'
	describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
	check 'a hypervisor opens, and a cell starts' cellctl start turbine
	turbine_reports 'it reports'
	check 'it is ended' cellctl kill turbine
	check 'and goes' cellctl destroy turbine
	end
	exit
fi

begin
modprobe i6300esb
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
cat >"$descriptions/watchdog.json" <<-END
	{ "cpus": [2], "memory": "1M", "image": "$PWD/pci-device.bin", "dma": "unprotected",
	  "devices": [{ "pci": "$place", "take-from": "$(driver)" }] }
END
reload
# Whoever asks the daemon asks for the pool, which is not the next kernel's affair.
meminfo MemTotal >/run/results/memory
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
check 'another cell has a PCI device' cellctl create watchdog
describe mischief mischief 's/"cpus": .*/"cpus": [1],/'
check 'a third one is created' cellctl create mischief
(
	trap '' TERM
	exec ./hang-load mischief 0x1000
) &
check 'control: its loading hangs' eventually 20 is_busy mischief
check 'the next kernel is loaded' load_kernel load by-kexec
leave_kernel
rm -f "$descriptions"/*.json
dmesg -n 7
./next-kernel execute
not_ok 'the next kernel comes' "status $?"
finish
