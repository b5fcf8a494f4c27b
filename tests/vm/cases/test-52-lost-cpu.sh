#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A CPU that the hypervisor has lost takes nobody with it: its cell has failed and says why, all others
# come, run and go, Linux does not wait. The faults are planted in an image that only tests have.
# boot: own
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

exception=0x50540000 silence=0x50540001
silence_ms=60000
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

cp cellvisor-planted-x86.bin /lib/firmware/cellvisor-x86.bin
begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
describe mischief mischief 's/"cpus": .*/"cpus": [1],/; s/"parameters": .*/"parameters": "delay-ms=600000",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'

check 'a cell starts whose CPU will not answer' planted $silence $silence_ms
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
eventually_check 'when the CPU is back it is' 120 timeout 60 cellctl destroy planted

check 'a cell starts whose CPU will have a fault of the hypervisor' planted $exception 0
eventually_check 'it has failed' 20 cell_is planted State failed
like 'it says why' "$(failures)" \
	'planted failed: met a fault of the hypervisor itself: invalid opcode, address 0x[0-9a-f]* \(rip 0x[1-9a-f][0-9a-f]*, CPU 2\)'
others_go_on 'after a fault of the hypervisor'
like 'the console tells of it' "$(cat /sys/devices/jailhouse/console 2>/dev/null; dmesg)" 'hypervisor exception 6 on CPU 2'

# A CPU of root: Linux has to wait for it where Linux needs it, the hypervisor does not.
insmod partition-probe.ko
taskset -c 1 ./probe hypercall $silence 8000 >/var/tmp/silence &
sleep 1
check 'with a silent CPU of Linux a cell is killed' timeout 30 taskset -c 0 cellctl kill turbine
eventually_check 'its state can be read' 20 cell_is turbine State failed
wait $!
is 'the CPU comes back' "$(</var/tmp/silence)" 0x0
check 'then the cell starts again' timeout 60 cellctl start turbine
finish
