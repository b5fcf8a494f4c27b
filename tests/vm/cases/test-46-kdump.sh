#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux panics with a cell running: the crash kernel comes up above the hypervisor, the cell runs on, and
# the memory of the kernel that died can be saved.
# part: long
# boot: own
# x2apic: no (there an IOMMU of another vendor is in the way of the next kernel)
# options: --next-kernel --may-panic --append crashkernel=300M
# timeout: 500
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

get_state=6
dump=/run/results/vmcore

if in_next_kernel; then
	like 'control: it is the crash kernel' "$(</proc/cmdline)" ' after-panic '
	insmod partition-probe.ko
	is 'the cell runs' "$(./probe hypercall $get_state 1)" 0x0
	like 'control: another one there is not' "$(./probe hypercall $get_state 2)" 'fffffffe$'
	# By the page: one that is a cell's or the hypervisor's is an error where it is copied by string
	# instructions, as Linux does on most processors, and ones elsewhere.
	is 'the dump is written, and has what the kernel said that died' \
		"$(dd if=/proc/vmcore bs=4096 conv=noerror,sync 2>/run/results/unread | tee $dump | tr '\0\377' '\n' |
			grep -caF "last words $(</run/results/secret)" | sed 's/^[1-9][0-9]*$/some/')" some
	is 'all of it' "$(stat -c %s $dump)" "$(stat -c %s /proc/vmcore)"
	between 'but at most what Linux had given up' "$(($(grep -c 'error reading' /run/results/unread) * 4096))" \
		0 "$(</run/results/taken)"
	diag "$(stat -c %s $dump) bytes"
	is 'the cell still runs' "$(./probe hypercall $get_state 1)" 0x0
	rm -f $dump
	finish
	exit
fi

begin
is 'memory is kept for a crash kernel' "$(($(</sys/kernel/kexec_crash_size) >> 20))" 300
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
# The pool, in bytes.
sed -n 's/^ *\([0-9a-f]*\)-\([0-9a-f]*\) : cellvisor pool.*/0x\2 - 0x\1 + 1/p' /proc/iomem |
	while read -r size; do echo "$((size))"; done | awk '{ sum += $1 } END { print sum }' >/run/results/taken
between 'control: Linux has given up memory' "$(</run/results/taken)" 1 $((128 << 20))
is 'control: it runs' "$(insmod partition-probe.ko; ./probe hypercall $get_state 1)" 0x0
check 'the crash kernel is loaded' load_kernel panic after-panic nr_cpus=1 irqpoll reset_devices
echo "$RANDOM$RANDOM" >/run/results/secret
echo "<6>last words $(</run/results/secret)" >/dev/kmsg
leave_kernel
echo c >/proc/sysrq-trigger
not_ok 'Linux panics'
finish
