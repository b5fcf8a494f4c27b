#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A CPU that the hypervisor has lost takes nobody with it: its cell has failed and says why, all others
# come, run and go, Linux does not wait. The faults are planted in an image that only tests have.
# boot: own
# last-words: the machine goes down without it, at once
# options: --cpus 6 --append isolcpus=4 --append irqaffinity=0
# timeout: 480
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

exception=0x50540000 silence=0x50540001 call=0x50540004
message_failed=6f1c9a52d3d04c4b8f6e2b7a90c51e31

# planted FAULT ARGUMENT: the cell on CPU 2 that orders it soon.
planted() {
	describe_program planted planted "fault=$1 argument=$2"
	cellctl start planted
}

# failures: what the daemon said of cells' failures.
failures() { journalctl --sync; journalctl -q -o cat "MESSAGE_ID=$message_failed"; }

# others_go_on NAME: a cell is made, started, looked at, killed and destroyed; the turbine runs on.
others_go_on() {
	check "$1: another cell is made and started" timeout 60 cellctl start mischief
	check "$1: its state can be read" cell_is mischief State running
	check "$1: it is killed" timeout 60 cellctl kill mischief
	check "$1: it is destroyed" timeout 60 cellctl destroy mischief
	turbine_goes_on "$1: the turbine goes on"
}

# linux_goes_on NAME: on each CPU that Linux still has.
linux_goes_on() {
	local cpu
	for cpu in 0 5; do
		is "$1: CPU $cpu goes on" "$(timeout 20 taskset -c $cpu seq 100000 | tail -n 1)" 100000
	done
}

# cell_lives NAME: from its creation to its end, on CPU 1. By the driver's calls: the daemon takes no CPU
# that is offline already.
cell_lives() {
	local line count=0
	while IFS= read -r line; do
		[[ $line != ok* ]] || count=$((count + 1))
		diag "$line"
	done < <(timeout 60 ./abi life 1 2>&1)
	is "$1: another cell is created, loaded, started, runs, is killed and destroyed" "$count" 6
	turbine_goes_on "$1: the turbine goes on"
}

# refused NAME COMMAND...: in the end, and the kernel's log says why.
refused() {
	local log before=$SECONDS
	log=$(kernel_log_mark)
	fails "$1" timeout 60 "${@:2}"
	check "$1: that does not take long" test $((SECONDS - before)) -lt 30
	like "$1: the log says why" "$(kernel_log_since "$log")" 'CPU 4 of Linux does not answer'
}

systemctl stop cellmgrd
modprobe -r cellvisor
insmod ./cellvisor-planted.ko
begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
describe mischief mischief 's/"cpus": .*/"cpus": [1],/; s/"parameters": .*/"parameters": "delay-ms=600000",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'

check 'a cell starts whose CPU will not answer' planted $silence 0
eventually_check 'its program has run' 20 console_has planted 'planted: in'
sleep 2
before=$SECONDS
timeout 60 cellctl kill planted >/var/tmp/kill 2>&1
check 'to kill it does not hang' test $((SECONDS - before)) -lt 20
diag "$((SECONDS - before)) s: $(</var/tmp/kill)"
eventually_check 'it has failed' 20 cell_is planted State failed
like 'it says why' "$(failures)" 'planted failed: has a CPU that does not answer the hypervisor \(CPU 2\)'
others_go_on 'with a silent CPU'
fails 'the cell with it is not destroyed' timeout 60 cellctl destroy planted
insmod partition-probe.ko
is 'the CPU is called' "$(./probe hypercall $call 0)" 0x0
eventually_check 'when it is back the cell is destroyed' 120 timeout 60 cellctl destroy planted

check 'a cell starts whose CPU will have a fault of the hypervisor' planted $exception 0
eventually_check 'it has failed' 20 cell_is planted State failed
like 'it says why' "$(failures)" \
	'planted failed: met a fault of the hypervisor itself: invalid opcode, address 0x[0-9a-f]* \(rip 0x[1-9a-f][0-9a-f]*, CPU 2\)'
others_go_on 'after a fault of the hypervisor'
like 'the console tells of it' "$(cat /sys/devices/jailhouse/console 2>/dev/null; dmesg)" 'hypervisor exception 6 on CPU 2'

# A CPU of root: Linux has to wait for it where Linux needs it, the hypervisor does not.
taskset -c 1 ./probe hypercall $silence 8000 >/var/tmp/silence &
sleep 1
check 'with a silent CPU of Linux a cell is killed' timeout 30 taskset -c 0 cellctl kill turbine
eventually_check 'its state can be read' 20 cell_is turbine State failed
wait $!
is 'the CPU comes back' "$(</var/tmp/silence)" 0x0
check 'then the cell starts again' timeout 60 cellctl start turbine
check 'and once more, with nothing of before on its console' \
	sh -c 'cellctl kill turbine; cellctl destroy turbine && cellctl start turbine'
turbine_reports 'it reports again'

# The same fault on a CPU of root, for good, in the middle of an operation that has stopped others. From
# then on Linux can neither take nor give a CPU, as all of its CPUs meet for that: the cell gets one that
# was taken out before. To RCU the dead CPU is idle, and no device interrupts it, so that the rest of
# Linux needs nothing from it.
echo 0 >/sys/devices/system/cpu/cpu1/online
others=$((1 << 0 | 1 << 3 | 1 << 5))
taskset -c 4 ./probe hypercall-idle $exception $((1 | others << 1)) &
eventually_check 'a CPU of Linux has a fault of the hypervisor' 20 \
	grep -qx 4 $sysfs/cells/0/cpus_failed_list
like 'the console tells of that one, too' "$(cat $sysfs/console)" 'hypervisor exception 6 on CPU 4'
linux_goes_on 'with a dead CPU of Linux'
cell_lives 'with a dead CPU of Linux'
describe mischief mischief 's/"cpus": .*/"cpus": [5],/'
refused 'no cell gets a CPU that Linux would have to take out' cellctl start mischief
check 'a cell is killed' timeout 60 cellctl kill turbine
check 'it is destroyed' timeout 60 cellctl destroy turbine
fails 'its CPU stays out of Linux' grep -qx 1 /sys/devices/system/cpu/cpu3/online
refused 'the hypervisor does not close' cellctl disable
linux_goes_on 'after all that'
# Linux' own end would wait for the dead CPU for ever.
go_down systemctl poweroff -ff
