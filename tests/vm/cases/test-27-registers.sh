#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cell finds its CPU as after a reset: nothing in the registers of what Linux had there, of another
# cell before, nor of its own last run. Linux finds nothing of the cell's.
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# looked CELL TIMES: the program has, so often since its cell was made.
looked() { (($(cellctl console "$1" | grep -c '^stains: ') == $2)); }

# traces CELL WHEN TIMES: of what the program found last, the registers' names are shown.
traces() {
	eventually_check "$2: the program has looked" 30 looked "$1" "$3"
	is "$2: no register is otherwise than after a reset" \
		"$(cellctl console "$1" | grep '^traces\?: ' | tail -n 1)" 'traces: 0 at the start' ||
		diag "$(cellctl console "$1")"
}

# all_found: the program finds each of the stains that it has left, so it would find others'.
all_found() {
	local line
	line=$(cellctl console traces | grep '^stains: ' | tail -n 1)
	[[ $line =~ ^stains:\ ([1-9][0-9]+)\ of\ ([0-9]+)\  ]] && ((BASH_REMATCH[1] == BASH_REMATCH[2]))
}

# Registers of which a CPU that comes back to Linux has the same in all of its life: what CPUs start
# with, what the kernel sets once. The last one is AMD's core configuration.
linux_registers='0x174 0x175 0x176 0x1d9 0x277 0xda0 0xc0000080 0xc0000081 0xc0000082 0xc0000083 0xc0000084
	0xc0000103 0xc0010015'

# The thermal sensor's local vector, which Linux leaves alone.
stain_apic() {
	if [[ -e x2apic ]]; then
		taskset -c 2 ./probe wrmsr 0x833 0x1005a >/dev/null
		taskset -c 2 ./probe rdmsr 0x833
	else
		taskset -c 2 ./probe write 0xfee00330 4 0x1005a >/dev/null
		taskset -c 2 ./probe read 0xfee00330 4
	fi
}

# registers: as CPU 2 of Linux has them.
registers() {
	local msr
	for msr in $linux_registers; do echo "$msr $(taskset -c 2 ./probe rdmsr "$msr")"; done
}

# stain: into what Linux does not use while the CPU goes. Prints what they then read.
stain() {
	local msr
	for msr in 0x1d9 0xda0 0xc0000083 0xc0000103 0x175; do
		taskset -c 2 ./probe wrmsr "$msr" 0x5a00 >/dev/null
		echo "$msr $(taskset -c 2 ./probe rdmsr "$msr")"
	done
	echo "thermal $(stain_apic)"
	taskset -c 2 ./probe debug 0x5a3c5a3c
}

check 'the probe is there' insmod ./partition-probe.ko
begin
for cell in traces others; do
	cat >$descriptions/$cell.json <<-EOF2
		{ "cpus": [2], "memory": "1M", "image": "$PWD/traces.bin", "console": "virtual" }
	EOF2
done
systemctl reload cellmgrd
check 'the partition opens' cellctl enable
before=$(registers)
stained=$(stain)
diag "$stained"
like 'control: what Linux leaves is there' "$stained" '0xc0000103 0x5a00.*thermal 0x1005a.*done'
check 'the cell starts' cellctl start traces
traces traces 'after Linux' 1
check 'control: what the program leaves it finds' all_found
diag "$(cellctl console traces | grep -E '^(no )?stains?: ')"
check 'it stops' cellctl stop traces
check 'it starts again, Linux has not been on the CPU' cellctl start traces
traces traces 'after itself' 2
check 'it stops again' cellctl stop traces
check 'and is taken away' cellctl destroy traces
is 'the CPU is back' "$(cat /sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/present)"
is 'with the registers that it had' "$(registers)" "$before"
check 'another cell starts there' cellctl start others
traces others 'after a cell and Linux' 1
check 'it stops once more' cellctl stop others
check 'and is taken away again' cellctl destroy others
check 'the hypervisor goes' cellctl disable
# But for EFER: SVME goes with the hypervisor.
is 'Linux has what it had without it, too' "$(registers | grep -v ^0xc0000080)" \
	"$(grep -v ^0xc0000080 <<<"$before")"
check 'it comes again' cellctl enable
check 'the probe goes' rmmod partition_probe
end
