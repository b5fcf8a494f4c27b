#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The walls of the partition, from the side of a cell: it cannot reach the memory of Linux, of the
# hypervisor or of another cell, nor ports and registers that are not its own, nor other CPUs; it is
# stopped for trying, and nobody else notices. What is its own it can use.
# timeout: 900
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh
# shellcheck source-path=SCRIPTDIR source=../lib/apic.sh
. ./apic.sh

pattern=0x7a69a5f01c3e8d42
turbine_port=0x82 # latches of the DMA controller that nothing uses
own_port=0x83
own_address=0x400000 # the cell's second region

# allowed COMMAND PARAMETERS: the mischief program does it, is not stopped, and says so.
allowed() {
	describe_with_port mischief 2 mischief $own_port "$1 $2 delay-ms=100"
	cellctl start mischief >/dev/null 2>&1
	eventually_check "control, allowed: $1 $2" 60 console_has mischief "mischief: $1 (went through|done)"
	is "control: it runs on after $1" "$(cell_property mischief State)" running
}

# ticks CPU: timer interrupts that it has had.
ticks() { awk -v field=$(($1 + 2)) '$1 == "LOC:" { print $field }' /proc/interrupts; }

# ticks_on CPU: it is kept busy for a second; its timer's interrupts in that time.
ticks_on() {
	local before
	before=$(ticks "$1")
	timeout 1 taskset -c "$1" sh -c 'while :; do :; done'
	echo $(($(ticks "$1") - before))
}

# CPUs of Linux answer, each by running something.
linux_cpus_answer() {
	local cpu
	for cpu in 0 1; do
		timeout 20 taskset -c $cpu true || return 1
	done
}

check 'the probe loads' insmod ./partition-probe.ko
page=$(./probe page $pattern)
./probe out $turbine_port 1 0x3e >/dev/null
begin
describe_with_port turbine 3 turbine $turbine_port 'setpoint=3000 report-ms=500'
check 'the hypervisor opens' cellctl enable
check 'the turbine is made' cellctl create turbine
check 'and loaded' cellctl load turbine
spare=$(cell_memory turbine 1)
hypervisor=$(hypervisor_memory start)
[[ $page && $spare && $hypervisor ]] || bail "no addresses: $page, $(cat $state_file $records/*)"
./probe fill "$(hex "$spare")" 8 64 $pattern >/dev/null
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'

# The controls: the same deeds where they are allowed.
allowed probe-allowed ''
cellctl stop mischief >/dev/null
cellctl destroy mischief >/dev/null
allowed wild-write "addr=$own_address value=0x1020304050607080"
own=$(cell_memory mischief 1)
is 'control: Linux does not see it while the cell runs' "$(./probe read "$(hex "$own")" 8)" \
	0xffffffffffffffff
cellctl stop mischief >/dev/null
is 'control: the write has reached the memory' "$(./probe read "$(hex "$own")" 8)" 0x1020304050607080
cellctl destroy mischief >/dev/null
allowed wild-port "port=$own_port value=0x2d"
cellctl stop mischief >/dev/null
cellctl destroy mischief >/dev/null
is 'control: the write has reached the port' "$(./probe in $own_port 1)" 0x2d
allowed wild-msr 'msr=0xc0000100 value=0x1234'
cellctl stop mischief >/dev/null
cellctl destroy mischief >/dev/null

# What a cell may ask for, and what only root may.
describe_with_port mischief 2 "$PWD/hypercalls" $own_port \
	"cpu=2 foreign-cpu=3 cell=$(cell_property turbine Id)"
check 'a cell that calls the hypervisor starts' cellctl start mischief
eventually_check 'it has made its calls' 30 console_has mischief '^done, '
console=$(cellctl console mischief)
is 'all answers were right' "$(grep -E '^not ok|^done' <<<"$console")" 'done, 0 failed'
diag "$(grep -c '^ok ' <<<"$console") answers"
eventually_check 'it shuts itself down' 20 cell_is mischief State shut-down
cellctl destroy mischief >/dev/null
describe_with_port mischief 2 "$PWD/hypercalls" $own_port no-console
sed -i 's/"console": "virtual"/"console": "none"/' $descriptions/mischief.json
reload
check 'one without a console starts' cellctl start mischief
eventually_check 'it may not write to one' 20 cell_is mischief State shut-down
cellctl destroy mischief >/dev/null
turbine_goes_on 'the turbine goes on'

for place in "Linux $page" "the hypervisor $(hex "$hypervisor")" "the turbine $(hex "$spare")"; do
	address=${place##* }
	diag "memory of ${place% *}"
	deed "wild-write addr=$address value=0x58" "^wrote 8 bytes at guest address $address,.*rip 0x[0-9a-f]+, CPU 2"
	deed "wild-read addr=$address" "^read 8 bytes at guest address $address,.*rip 0x"
	deed "wild-exec addr=$address" "^executed code at guest address $address,.*rip $address"
done
is 'the memory of Linux is as it was' "$(./probe page-check $pattern)" 0

deed 'wild-port port=0x3f8' 'wrote 1 byte to I/O port 0x3f8, which is not its own'
deed "wild-port port=$turbine_port" "wrote 1 byte to I/O port $turbine_port, which is not its own"
deed 'wild-port port=0xcf9 value=6' 'wrote 1 byte to I/O port 0xcf9, which is not its own'
deed 'wild-msr msr=0xc0010117' 'wrote 0x58 to MSR 0xc0010117, which cells may not'
deed 'wild-msr msr=0x1b value=0xfee01900' 'wrote 0xfee01900 to MSR 0x1b, which cells may not'
deed 'wild-msr msr=0x10' 'wrote 0x58 to MSR 0x10, which cells may not'
deed 'wild-msr msr=0xc0010015' 'wrote 0x58 to MSR 0xc0010015, which cells may not'
deed 'wild-msr msr=0xc0010020' 'wrote 0x58 to MSR 0xc0010020, which cells may not'
turbine_goes_on 'the turbine has noticed nothing of all that'

# Interrupts to everybody. Linux says so in its log when a vector comes that nobody expects.
nmis=$(interrupt_count NMI)
allowed ipi ''
like 'what was meant for others went nowhere, what was meant for all came to itself' \
	"$(cellctl console mischief)" 'ipi done, [1-9][0-9]+ commands, received here: fixed=2 nmi=0'
sent=$(cellctl console mischief | sed -n 's/.*ipi done, \([0-9]*\) commands.*/\1/p')
if [[ -e x2apic ]]; then
	is 'control: each has left it, by one register' "$(exits mischief msr_x2apic_icr)" "$sent"
else
	between 'control: each has left it, by two registers' "$(exits mischief xapic)" $((2 * sent)) \
		$((10 * sent))
	diag "$sent commands, $(exits mischief xapic) exits"
fi
is 'Linux has had no NMI' "$(interrupt_count NMI)" "$nmis"
is 'Linux has had no interrupt that it does not know' \
	"$(kernel_log_since "$mark" | grep -cE 'No irq handler for vector|NMI received|[Ss]purious')" 0
check 'all CPUs of Linux answer' linux_cpus_answer
# An INIT would have switched their APICs off, and with them the timers.
between "the first one's timer still ticks" "$(ticks_on 0)" 1 1000000
between "the second one's timer still ticks" "$(ticks_on 1)" 1 1000000
is 'Linux has the CPUs that it had' "$(cat /sys/devices/system/cpu/online)" 0-1
turbine_goes_on 'INIT, start-up, fixed interrupts and NMIs have not reached the turbine'
turbine_undisturbed 'and it has counted none of them'
taskset -c 0 ./probe ipi 1 0x4041 >/dev/null
eventually_check 'control: Linux says so when that vector reaches it' 10 \
	sh -c 'dmesg | tail -n 5 | grep -q "No irq handler for"'
cellctl stop mischief >/dev/null
cellctl destroy mischief >/dev/null

check 'the turbine stops when asked' cellctl stop turbine
is 'its memory is as it was' "$(./probe copy-from "$(hex "$spare")" 8 64)" "$pattern differ=0 left=0"
check 'the turbine is taken away' cellctl destroy turbine
is 'its port is as it was' "$(./probe in $turbine_port 1)" 0x3e
check 'the probe goes' rmmod partition_probe
end
