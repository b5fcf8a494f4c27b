#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Artefacts as the field has them, configuration blobs and programs that need nothing of ours, through
# the device's own ioctls: what the ABI promises them.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# artefacts CASE: each thing that it finds is a result.
artefacts() {
	local line count=0
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "$1: ${line#ok }" ;;
		*) not_ok "$1: ${line#not ok }" "$(kernel_log_since "$mark" | grep cellvisor: | tail -n 5)" ;;
		esac
		count=$((count + 1))
	done < <(timeout 60 ./abi "$1" 2>&1)
	((count > 2)) || not_ok "$1: it comes to its end"
	# Half way, something is left; it would be the next case's trouble.
	./abi disable 2>/dev/null
}

# told NAME REGEX: the kernel's log has it.
told() { like "$1" "$(kernel_log_since "$mark" | grep 'cellvisor:')" "$2"; }

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
artefacts trailing
artefacts refused
told 'a name that is taken is told' 'cell first: there is a cell of this name'
told 'half a descriptor is told' '100 bytes, a descriptor alone has 132'
artefacts read
artefacts busy
artefacts smp
artefacts locked
artefacts messages
artefacts device
artefacts claims
told 'what is not served is told' 'not served'
artefacts divide
artefacts x2apic
artefacts pm-timer
artefacts ports
artefacts ports-of-nobody
like 'who has the ports is told' "$(cat $sysfs/console)" 'cell three: port 0x2f8 belongs to (one|two)'
artefacts test-page
artefacts rights

# A root configuration that leaves PCI to the hypervisor.
devices=$(lspci -nnvx 2>&1)
check 'a root configuration without PCI and IO-APICs is taken' ./abi enable
is 'Linux sees the devices that it saw' "$(lspci -nnvx 2>&1)" "$devices"
is 'nothing of it was refused' "$(cat $sysfs/root_violations)" 0
before=$(awk '/IO-APIC/ { for (i = 2; i <= 5; i++) sum += $i } END { print sum }' /proc/interrupts)
dd if=/dev/vda of=/dev/null bs=1M count=4 iflag=direct status=none 2>/dev/null
echo >/dev/ttyS0
after=$(awk '/IO-APIC/ { for (i = 2; i <= 5; i++) sum += $i } END { print sum }' /proc/interrupts)
diag "interrupts through the IO-APIC: $before, then $after"
check 'it closes' ./abi disable
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
