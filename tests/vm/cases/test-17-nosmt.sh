#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A machine of two cores with two threads each, which has booted with nosmt and without its last CPU: the
# hypervisor opens with one thread of each core. The others are nobody's: they are named, execute nothing,
# come to nobody, and are Linux' again when it is closed and they are wanted.
# boot: own
# options: --append nosmt --append maxcpus=3 --threads
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

cpus=/sys/devices/system/cpu

# set_online CPU VALUE
set_online() { timeout 60 bash -c "echo $2 >$cpus/cpu$1/online"; }
set_smt() { timeout 60 bash -c "echo $1 >$cpus/smt/control"; }
online() { cat $cpus/online; }
left_out() { cat $sysfs/cpus_left_out_list; }

begin
is 'control: Linux keeps threads off' "$(cat $cpus/smt/control)" off
is 'control: it has one of each core' "$(online)" 0,2
fails 'control: the other one does not come' set_online 1 1

log=$(kernel_log_mark)
check 'the hypervisor opens' cellctl enable
like 'the log names those that stay out' "$(kernel_log_since "$log")" 'CPUs 1,3 are threads that Linux keeps off'
is 'the root cell has the others' "$(cat $sysfs/cells/0/cpus_assigned_list)" 0,2
is 'sysfs names them' "$(left_out)" 1,3
is 'so does the bus' "$(busctl get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager CpusLeftOut)" 'au 2 1 3'
like 'and the status' "$(cellctl status)" 'Left out: CPUs 1,3'
is 'Linux has what it had' "$(online)" 0,2

log=$(kernel_log_mark)
fails 'all threads do not come meanwhile' set_smt on
like 'the log says why' "$(kernel_log_since "$log")" 'CPU 1 did not come when the hypervisor was opened'
fails 'nor does one of them' set_online 3 1
is 'Linux has what it had' "$(online)" 0,2
check 'the switch goes back' set_smt off

log=$(kernel_log_mark)
like 'no cell gets one of them' "$(timeout 60 ./abi life 3)" 'not ok a cell is created'
like 'the log says why' "$(kernel_log_since "$log")" 'CPU 3 is not in the partition'
sed 's/"cpus": .*/"cpus": [1],/' $examples/turbine.json >"$descriptions/turbine.json"
like 'a description that names one is told' "$(cellctl check 2>&1)" 'second threads of cores are kept so'
describe turbine turbine 's/"cpus": .*/"cpus": [2],/; s/"heartbeat": .*/"heartbeat": "5s",/'
check 'a cell gets a core' cellctl start turbine
turbine_reports 'and runs there'
check 'it is killed' cellctl kill turbine
check 'and gives it back' cellctl destroy turbine
is 'Linux has its CPUs' "$(online)" 0,2
rm "$descriptions/turbine.json"
reload

check 'the hypervisor closes' cellctl disable
is 'nobody is left out any more' "$(left_out)" ''
check 'all threads come' set_smt on
is 'Linux has them' "$(online)" 0-3
check 'and one that was parked does its work' timeout 20 taskset -c 1 seq 100000
check 'so does the other one' timeout 20 taskset -c 3 seq 100000

check 'the hypervisor opens with all' cellctl enable
is 'nobody is left out' "$(left_out)" ''
check 'threads are switched off while it is on' set_smt off
is 'they are gone' "$(online)" 0,2
check 'the hypervisor closes' cellctl disable
check 'and opens without them' cellctl enable
is 'they are left out' "$(left_out)" 1,3
check 'the hypervisor closes again' cellctl disable
check 'all threads come back' set_smt on
end
