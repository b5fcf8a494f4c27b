#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cells that share memory by devices of the field's ABI: configuration space by both doors, registers,
# interrupts in both directions, rights to the sections, what one sees of the other's end.
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# all_right CELL: its program is through, and all that it looked at was as it shall be.
through() { ./links console "$1" | grep -q '^done, '; }
all_right() {
	eventually_check "$1: its program comes to its end" 60 through "$1"
	is "$1: all was as it shall be" "$(./links console "$1" | grep -E '^not ok|^done')" 'done, 0 failed'
	diag "$(./links console "$1" | grep -c '^ok ') answers; $(./links console "$1" | grep rounds)"
}
console_has() { ./links console "$1" | grep -qE "$2"; }

# makes CALL...: it succeeds.
makes() { is "$1 $2${4:+ $4}" "$(./links "$@")" 'done'; }

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
is 'the hypervisor opens' "$(./links enable)" 'done'

makes create one
makes start one pci-config.bin 'bdf=0xf0 vectors=3'
all_right one
makes destroy one

makes create one
makes create two
makes start one ivshmem.bin rounds=2000
makes start two ivshmem.bin rounds=2000
all_right one
all_right two
makes destroy two
makes destroy one

# One stays while the other goes and comes.
makes create one
makes create two
makes start one ivshmem.bin 'rounds=10 stay'
makes start two ivshmem.bin 'rounds=10 stay'
eventually_check 'one stays' 60 console_has one '^it stays'
eventually_check 'two stays' 60 console_has two '^it stays'
makes destroy two
eventually_check 'one sees that two is gone' 20 console_has one '^the other one is gone'
makes create two
makes destroy one
makes destroy two

# deed NAME PARAMETER REGEX: the cell is stopped for it.
deed() {
	makes create one
	makes start one ivshmem.bin "deed=$1"
	eventually_check "$1: it is stopped for it" 30 grep -qE "cell one, CPU 2: stopped: memory-write, address $2" \
		$sysfs/console
	like "$1: after what it may do" "$(./links console one)" 'control: the common section is written'
	like "$1: nothing else" "$(./links console one | grep -c 'nobody has stopped')" '^0$'
	makes destroy one
}
deed table 0x200000000
deed output 0x200003000

# What does not fit together.
makes create one
is 'other memory at the same address of the bus is refused' "$(./links create two 0xf0 8)" EINVAL
like 'by name' "$(tail -n 5 $sysfs/console)" 'two: shared memory of PCI device 0xf0: not the same memory as in one'
is 'the same memory at another address is' "$(./links create two 0xe8)" EBUSY
like 'by name as well' "$(tail -n 5 $sysfs/console)" 'two: memory at 0x[0-9a-f]+ belongs to the link of one'
is 'another link beside it is not' "$(./links create two 0xe8 8)" 'done'
makes destroy two
makes destroy one
is 'the hypervisor closes' "$(./links disable)" 'done'
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
