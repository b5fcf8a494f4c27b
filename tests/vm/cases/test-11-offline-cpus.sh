#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A machine that has booted with some of its CPUs, and whose owner has taken another one offline: the
# hypervisor takes all, and all are again as they were. They come online when they are wanted. One that is
# added later stays out.
# boot: own
# options: --append maxcpus=3 --append cpu0_hotplug
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

cpus=/sys/devices/system/cpu

# set_online CPU VALUE
set_online() { timeout 60 bash -c "echo $2 >$cpus/cpu$1/online"; }

online() { cat $cpus/online; }

begin
is 'control: Linux has not booted all' "$(online)" 0-2

# As one is that will be added to the machine.
check 'the probe loads' insmod ./partition-probe.ko
./probe cpu-present 3 0 >/dev/null
check 'the hypervisor opens without one that is not there' cellctl enable
is 'it has the others' "$(cat $sysfs/cells/0/cpus_assigned_list)" 0-2
./probe cpu-present 3 1 >/dev/null
log=$(kernel_log_mark)
fails 'one that comes later does not come online' set_online 3 1
like 'because it is busy' "$output" 'Device or resource busy'
like 'the log says why' "$(kernel_log_since "$log")" 'CPU 3 did not come when the hypervisor was opened'
check 'the hypervisor closes' cellctl disable
check 'then it comes online' set_online 3 1
check 'and goes' set_online 3 0

# Another one goes in the moment between the look and the choice: it would wait outside, in Linux' own code.
check 'control: one will go' plant 'after cellvisor:cpus_check 1'
log=$(kernel_log_mark)
fails 'the hypervisor does not open without one that has gone meanwhile' cellctl enable
is 'control: it has gone' "$(planted)" 1
like 'the log says which, and what to do' "$(kernel_log_since "$log")" \
	'CPU 1 came or went while the hypervisor was opened: try again'
is 'that one is offline, and who was before' "$(online)" 0,2
check 'it comes online' set_online 1 1
check 'the hypervisor opens then' cellctl enable
is 'with all' "$(cat $sysfs/cells/0/cpus_assigned_list)" 0-3
check 'it closes' cellctl disable
is 'all is as it was' "$(online)" 0-2
check 'the probe unloads' rmmod partition_probe

check 'control: one more is taken offline' set_online 1 0
check 'the hypervisor opens' cellctl enable
is 'the same CPUs are online' "$(online)" 0,2
is 'it has all of them' "$(cat $sysfs/cells/0/cpus_assigned_list)" 0-3
check 'one that was offline comes online' set_online 3 1
check 'and does its work' timeout 20 taskset -c 3 seq 100000
check 'the other one does, too' set_online 1 1
check 'and does its work as well' timeout 20 taskset -c 1 seq 100000
describe turbine turbine 's/"cpus": .*/"cpus": [3],/; s/"heartbeat": .*/"heartbeat": "5s",/'
check 'a cell gets it' cellctl start turbine
turbine_reports 'and runs there'
check 'it is killed' cellctl kill turbine
check 'and gives it back' cellctl destroy turbine
is 'all are online' "$(online)" 0-3

# CPU 0, which this kernel could take offline.
log=$(kernel_log_mark)
like 'CPU 0 is no cell'"'"'s' "$(timeout 60 ./abi life 0)" 'not ok a cell is created: got "EINVAL"'
like 'the log says why' "$(kernel_log_since "$log")" 'CPU 0 is always Linux'
is 'it is online' "$(online)" 0-3

check 'one is taken offline while the hypervisor is on' set_online 2 0
check 'the hypervisor closes' cellctl disable
is 'that one is offline' "$(online)" 0-1,3
check 'one comes online without it' set_online 2 1
check 'and one goes' set_online 3 0
check 'the hypervisor opens again' cellctl enable
is 'it is offline still' "$(online)" 0-2
check 'the hypervisor closes again' cellctl disable
is 'and after it' "$(online)" 0-2
check 'all come online' set_online 3 1
end
