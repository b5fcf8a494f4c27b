#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Artefacts as the field has them, configuration blobs and programs that need nothing of ours, through
# the device's own ioctls: what the ABI promises them.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# artefacts CASE: each thing that it finds is a result.
artefacts() {
	cases_of "$1: " timeout 60 ./abi "$1"
	((cases > 2)) || not_ok "$1: it comes to its end"
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
# The next one takes the HPET away, by which Linux may count time.
clock=/sys/devices/system/clocksource/clocksource0/current_clocksource
[[ $(<$clock) != hpet ]] || echo acpi_pm >$clock
artefacts device
artefacts claims
told 'what is not served is told' 'not served'
artefacts divide
artefacts x2apic
artefacts pm-timer
artefacts ports
artefacts ports-of-nobody
like 'who has the ports is told' "$(cat $sysfs/console)" 'cell three: port 0x2f8 belongs to (one|two)'
told 'in the kernel'"'"'s log as well' '\| .*cell three: port 0x2f8 belongs to (one|two)'
artefacts test-page
artefacts rights
artefacts memory
told 'memory that nobody reserved is told' 'memory at 0x1000000000, size 0x[0-9a-f]*: 0x1000000000 is not reserved at boot'

# A root configuration that leaves PCI to the hypervisor.
devices=$(lspci -nnvx 2>&1)
check 'a root configuration without PCI and IO-APICs is taken' ./abi enable
is 'Linux sees the devices that it saw' "$(lspci -nnvx 2>&1)" "$devices"
# interrupts PATTERN COLUMN...: of those CPUs, counted from 2.
interrupts() {
	awk -v pattern="$1" -v columns="${*:2}" '$0 ~ pattern { n = split(columns, c); while (n) sum += $c[n--] }
		END { print sum + 0 }' /proc/interrupts
}

# The UART's interrupt comes through the IO-APIC, whose page Linux writes to send it to another CPU.
exec 9>/dev/ttyS0
echo 3 >/proc/irq/4/smp_affinity_list
uart=$(interrupts '^ *4: .*IO-APIC' 5) disk=$(interrupts virtio 2 3 4 5)
dd if=/dev/vda of=/dev/null bs=1M count=4 iflag=direct status=none
for _ in 1 2 3 4; do echo 'a line' >&9; sleep 0.1; done
between 'interrupts go where the IO-APIC is told to send them' \
	$(($(interrupts '^ *4: .*IO-APIC' 5) - uart)) 1 1000
between 'the disk has its own' $(($(interrupts virtio 2 3 4 5) - disk)) 1 10000
exec 9>&-
is 'nothing of it was refused' "$(cat $sysfs/root_violations)" 0
check 'it closes' ./abi disable
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
