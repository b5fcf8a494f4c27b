#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The hypervisor can be left although a CPU of a cell's has had a fault of the hypervisor, one of Linux
# is not let online any more, and another one is offline. Afterwards all of them are as good as new.
# boot: own
# options: --cpus 5
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

exception=0x50540000
online() { cat /sys/devices/system/cpu/online; }
bring() { echo 1 >"/sys/devices/system/cpu/cpu$1/online"; }

plant_faults
begin
insmod partition-probe.ko
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/; s/"cpus": .*/"cpus": [3],/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
is 'another CPU is to be kept after cells' "$(./keep-cpus 0 0 4)" 'done'
describe_program planted planted "fault=$exception argument=0"
check 'a cell starts whose CPU will have a fault of the hypervisor' cellctl start planted
eventually_check 'it has failed' 20 cell_is planted State failed
log=$(kernel_log_mark)
before=$SECONDS
check 'it can be destroyed' timeout 60 cellctl destroy planted
check 'that does not take long' test $((SECONDS - before)) -lt 10
like 'the log tells that its CPU does not come back' "$(kernel_log_since "$log")" 'CPU 2 does not come back'
is 'it has not' "$(online)" 0-1,4
is 'nor is it kept for another cell' "$(cat $sysfs/cpus_kept_list)" ''
turbine_goes_on 'the turbine goes on'

# Somebody else's module does not let it.
./probe cpu-veto 3 >/dev/null
check 'the turbine is killed' cellctl kill turbine
check 'and destroyed' cellctl destroy turbine
is 'its CPU is not let in' "$(online)" 0-1,4
check 'another one is taken offline' sh -c 'echo 0 >/sys/devices/system/cpu/cpu1/online'

log=$(kernel_log_mark)
before=$SECONDS
check 'the hypervisor closes' timeout 60 cellctl disable
check 'that does not take long' test $((SECONDS - before)) -lt 20
is 'the CPU that had the fault is back' "$(online)" 0,2,4
like 'the log tells of the other' "$(kernel_log_since "$log")" 'CPU 3 does not come back'
has_no_line 'and of it alone' "$(kernel_log_since "$log")" 'CPU [0-24] does not come back'
./probe cpu-veto -1 >/dev/null
check 'it comes when it is let' bring 3
check 'the one that was offline comes' bring 1
for cpu in 1 2 3; do
	is "CPU $cpu runs" "$(timeout 20 taskset -c $cpu seq 100000 | tail -n 1)" 100000
done
rmmod partition_probe

describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/; s/"cpus": .*/"cpus": [2],/'
check 'a cell starts on the CPU that had the fault' cellctl start turbine
turbine_reports 'it reports'
check 'it is killed' cellctl kill turbine
check 'and destroyed' cellctl destroy turbine
end
