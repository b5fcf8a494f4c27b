#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that is locked down, as with Secure Boot: the hypervisor opens and cells run. What a
# configuration could name to reach the kernel's memory is refused, each with a line that says what it is.
# boot: own
# x2apic: no (there is the IOMMU that the test names as one that is not, and no pin is served beside it)
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# refused NAME REGEX: the kernel's log has said that since the test began, and why.
refused() { like "$1" "$(kernel_log_since "$log" | grep cellvisor:)" "cellvisor: $2.*; the kernel is locked down"; }

begin
# A module of the distribution's is signed; this one comes before.
check 'the kernel is locked down' sh -c 'echo integrity >/sys/kernel/security/lockdown'
fails 'control: no module without a signature comes' insmod ./partition-probe.ko
fails 'control: nor does a program reach memory' dd if=/dev/mem of=/dev/null bs=4k count=1

check 'the hypervisor opens' cellctl enable
describe turbine turbine ''
check 'a cell runs' cellctl start turbine
turbine_reports 'and works'
check 'it is stopped' cellctl stop turbine
check 'and destroyed' cellctl destroy turbine
check 'the hypervisor closes' cellctl disable

systemctl mask --runtime --now -q cellmgrd
log=$(kernel_log_mark)
cases_of '' timeout 200 ./lockdown
((cases > 20)) || not_ok 'all of them are tried'
refused 'the log tells of the interrupt controller' 'root cell root: .*no interrupt controller at 0x1000000'
refused 'of configuration space' 'root cell: .*no PCI configuration space of domain 0, to bus [0-9]*, at 0x1000000'
refused 'of a domain of it' 'root cell: .*no PCI configuration space of domain 1'
refused 'of the timer' 'root cell: .*no PM timer at port 0xcf8'
refused 'of the console' 'root cell: the debug console at port 0xcf8 is no serial port'
refused 'of the IOMMU' 'root cell: .*no such IOMMU unit at 0xfed90000'
refused 'of ports' 'cell locked: ports from 0xcf8 on, 8, are no serial port'
refused 'of a device' 'cell locked: nothing holds the DMA of PCI device 0000:fe:1f.0'
refused 'of registers' 'cell locked: 0xfed00000 is neither of the pool nor memory reserved at boot'
refused 'of memory' 'cell locked: 0xfffc0000 is neither of the pool nor memory reserved at boot'
systemctl unmask --runtime -q cellmgrd
systemctl start cellmgrd
check 'the hypervisor opens at last' cellctl enable
end
