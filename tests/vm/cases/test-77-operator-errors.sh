#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What people do to a machine with cells who do not know it well, or are in a hurry: the module is taken away,
# loaded twice and away from under the daemon, CPUs go on and off as cells come and go, what reads and what
# closes meets what creates, callers are killed in the middle. Nothing hangs, nothing is lost, and the machine
# does its work in the end.
# boot: own
# options: --cpus 4
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

cpus=/sys/devices/system/cpu

set_online() { timeout 60 bash -c "echo $2 >$cpus/cpu$1/online"; }

online() { cat $cpus/online; }

# working NAME: a cell comes, runs and goes, and all is as it was.
working() {
	check "$1: a cell starts" timeout 60 cellctl start turbine
	eventually_check "$1: it runs" 60 turbine_passes 0
	check "$1: it stops" timeout 60 cellctl stop turbine
	check "$1: and is destroyed" timeout 60 cellctl destroy turbine
	is "$1: Linux has all CPUs" "$(online)" 0-3
	is "$1: only root's cell is there" "$(ls $sysfs/cells)" 0
}

begin
memory=$(meminfo MemTotal)
describe turbine turbine 's/"cpus": .*/"cpus": [2],/; s/"heartbeat": .*/"heartbeat": "10s",/'
check 'a cell starts' cellctl start turbine
turbine_reports 'it runs'

# The module.
fails 'the module does not go while the hypervisor is on' timeout 30 rmmod cellvisor
check 'to load it once more does nothing' timeout 30 modprobe cellvisor
fails 'nor does it come twice' timeout 30 insmod "$(modinfo -n cellvisor)"
turbine_goes_on 'the turbine goes on'

# CPUs.
fails 'its CPU does not come online' set_online 2 1
check 'another one goes' set_online 1 0
check 'and comes' set_online 1 1
check 'all of Linux'"'"' but one go' set_online 1 0
check 'the last of them, too' set_online 3 0
turbine_goes_on 'the turbine does not notice'
check 'it stops' timeout 60 cellctl stop turbine
check 'and is destroyed with one CPU of Linux' timeout 60 cellctl destroy turbine
is 'which has its CPU then' "$(online)" 0,2
check 'one comes back' set_online 1 1
check 'the other, too' set_online 3 1
working 'with all'

# Impatience: who asks is killed again and again, who closes meets who creates.
for n in 1 2 3 4 5 6; do
	timeout -s KILL "0.$n" cellctl start turbine >/dev/null 2>&1
	timeout -s KILL 0.2 cellctl destroy turbine >/dev/null 2>&1
done
timeout 60 cellctl kill turbine >/dev/null 2>&1
timeout 60 cellctl destroy turbine >/dev/null 2>&1
eventually_check 'after much impatience no cell is there' 60 sh -c "[ \"\$(ls $sysfs/cells)\" = 0 ]"
working 'after it'
for n in 1 2 3 4; do
	timeout 60 cellctl start turbine >/dev/null 2>&1 &
	timeout 60 cellctl disable --force >/dev/null 2>&1 &
	timeout 60 cat $sysfs/cells/*/* $sysfs/cells/*/statistics/* >/dev/null 2>&1 &
	wait %%
	wait
done
check 'the hypervisor closes, whatever was first' timeout 60 cellctl disable --force
is 'Linux has all CPUs' "$(online)" 0-3
is 'and all of its memory' "$(meminfo MemTotal)" "$memory"

# The module goes and comes under the daemon.
check 'the module goes under the daemon' timeout 30 rmmod cellvisor
fails 'without it the hypervisor does not open' timeout 60 cellctl enable
check 'it comes again' timeout 30 modprobe cellvisor
eventually_check 'and the hypervisor opens' 60 cellctl enable
working 'over another module'

fails 'the machine does not sleep beside the hypervisor' timeout 60 bash -c 'echo mem >/sys/power/state'
working 'after that'
end
