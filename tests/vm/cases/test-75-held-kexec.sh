#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Another kernel is to be booted while somebody is in the middle of changing cells, and will be for longer than
# is waited for: the machine is reset instead, and it is said why: not that the hypervisor would not be left.
# That it is says who runs the tests.
# boot: own
# options: --next-kernel
# last-words: somebody has been changing cells for 30 s: the hypervisor is not left
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

begin
check 'the probe loads' insmod ./partition-probe.ko
check 'another kernel is loaded' load_kernel load by-kexec
describe mischief mischief 's/"cpus": .*/"cpus": [1],/'
check 'the hypervisor opens' cellctl enable
nothing_is_held
check 'control: somebody will take his time' plant 'hold cellvisor:cell_take_cpus 120'
dmesg -n 7
(
	trap '' TERM
	cellctl create mischief >/dev/null 2>&1
) &
check 'somebody is making a cell' eventually 10 is_held
is 'control: that is why' "$(planted)" 1
go_down ./next-kernel execute
