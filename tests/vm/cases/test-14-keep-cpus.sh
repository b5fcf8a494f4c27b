#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# CPUs that are kept out of Linux between cells: they come to cells and back without Linux' hotplug, nobody
# brings them online, and Linux has all of them again when they are not to be kept any more, or the
# hypervisor is left.
# boot: own
# options: --cpus 5
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

cpus=/sys/devices/system/cpu
conf=/etc/cellmgr/cellmgrd.conf

set_online() { timeout 60 bash -c "echo $2 >$cpus/cpu$1/online"; }

online() { cat $cpus/online; }

kept() { cat $sysfs/cpus_kept_list; }

manager_property() { busctl get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager "$1"; }

# keep ERROR NAME FLAGS RESERVED CPUS…: the driver's call.
keep() { is "$2" "$(timeout 60 ./keep-cpus "${@:3}")" "$1"; }

# cpus_are NAME ONLINE KEPT
cpus_are() {
	is "$1: what Linux has" "$(online)" "$2"
	is "$1: what is kept" "$(kept)" "$3"
}

# lives NAME CPU ONLINE KEPT: a cell has the CPU, from its creation to its end, by the driver's calls; Linux
# has the others, and these are kept meanwhile.
lives() {
	local line count=0
	while IFS= read -r line; do
		[[ $line != ok* ]] || count=$((count + 1))
		[[ $line == ok* ]] || diag "$line"
	done < <(timeout 60 ./abi life "$2" 2>&1)
	is "$1: a cell is created, loaded, started, runs, is killed and destroyed" "$count" 6
	cpus_are "$1, after it" "$3" "$4"
}

# comings: how often a CPU has come or gone in Linux so far.
comings() { kernel_log_since "$mark" | grep -c 'Booting Node\|is now offline'; }

# configure TEXT: cellmgrd.conf, and a daemon that goes by it.
configure() {
	echo "$1" >$conf
	check "the daemon starts with $1" systemctl restart cellmgrd
}

kept_is() { [[ $(manager_property CpusKept) == "$1" ]]; }

begin
mark=$(kernel_log_mark)
systemctl mask --runtime --now -q cellmgrd
is 'control: Linux has all' "$(online)" 0-4
keep EINVAL 'while the hypervisor is off none can be kept' 0 0 8
systemctl unmask --runtime -q cellmgrd
check 'the hypervisor opens' cellctl enable
cpus_are 'at first' 0-4 ''

# What cannot be.
log=$(kernel_log_mark)
keep EINVAL 'CPU 0 stays with Linux' 0 0 9
keep EINVAL 'one that there is not' 0 0 0x28
keep EINVAL 'one that there cannot be' 0 0 8 0x8000000000000000
keep EINVAL 'a flag that there is not' 2 0 8
keep EINVAL 'something reserved' 0 1 8
cpus_are 'after what was refused' 0-4 ''
like 'the log says why not CPU 0' "$(kernel_log_since "$log")" "CPU 0 cannot be kept for cells: it is always Linux'"
like 'and why not the other' "$(kernel_log_since "$log")" 'CPU 5 cannot be kept for cells: the hypervisor has none'
keep 'done' 'one is kept' 0 0 2
state=$(sed -n 's/^ *\([0-9]*\): *workqueue:online$/\1/p' $cpus/hotplug/states)
check 'control: CPU 3 is made not to go, once' sh -c "echo $state >$cpus/cpu3/hotplug/fail"
keep EAGAIN 'two more, of which the second does not go' 1 0 0xc
cpus_are 'it is as it was before' 0,2-4 1
is 'control: an ended cell would keep nothing, as before' "$(timeout 60 ./abi life 4 2>&1 | grep -c ^ok)" 6
cpus_are 'nothing of the call is left' 0,2-4 1
keep 'done' 'none is kept' 0 0 0
cpus_are 'all are back' 0-4 ''

# A list.
keep 'done' 'two are kept' 0 0 0xc
cpus_are 'they are' 0-1,4 2-3
log=$(kernel_log_mark)
fails 'Linux cannot bring one online' set_online 3 1
like 'because it is busy' "$output" 'Device or resource busy'
like 'the log says why' "$(kernel_log_since "$log")" 'CPU 3 is kept for cells ."keep-cpus" in cellmgrd.conf.'
before=$(comings)
lives 'one that is kept' 3 0-1,4 2-3
lives 'the same once more' 3 0-1,4 2-3
is 'Linux had nothing to do with it' "$(comings)" "$before"
lives 'one that is not' 4 0-1,4 2-3
is 'control: there Linux had, twice' "$(comings)" $((before + 2))
keep 'done' 'one less is kept' 0 0 4
cpus_are 'the other is back' 0-1,3-4 2
check 'and does its work' timeout 20 taskset -c 3 seq 100000

# What cells have had.
keep 'done' 'what cells have had, and one' 1 0 4
lives 'one of a cell' 4 0-1,3 2,4
keep 'done' 'the same, without that one' 1 0 0
cpus_are 'what a cell has had is kept' 0-3 4
log=$(kernel_log_mark)
like 'a cell that cannot be made' "$(timeout 60 ./abi life 0)" 'got "EINVAL"'
cpus_are 'leaves all as it was' 0-3 4
lives 'another one' 1 0,2-3 1,4
keep 'done' 'what cells have had is kept no more' 0 0 0
cpus_are 'all are back' 0-4 ''

# One that Linux has offline itself does not come with it.
check 'Linux takes one offline' set_online 2 0
keep 'done' 'that one and another are kept' 0 0 0xc
cpus_are 'both are' 0-1,4 2-3
lives 'a cell on it' 2 0-1,4 2-3
keep 'done' 'none is kept' 0 0 0
cpus_are 'it is offline still' 0-1,3-4 ''
check 'it comes when it is wanted' set_online 2 1
keep 'done' 'what cells have had' 1 0 8
lives 'with a cell' 4 0-2 3-4
check 'the hypervisor closes' cellctl disable
cpus_are 'all are back then' 0-4 ''
check 'and opens' cellctl enable
lives 'what was to be kept is forgotten' 4 0-4 ''
check 'it closes' cellctl disable

# The daemon and its configuration.
configure '{ "keep-cpus": [2, 3] }'
check 'the hypervisor opens' cellctl enable
cpus_are 'by the configuration' 0-1,4 2-3
is 'the bus tells' "$(manager_property CpusKept)" 'au 2 2 3'
like 'status shows them' "$(cellctl status)" 'Kept CPUs: *2-3, out of Linux'
like 'and in JSON' "$(cellctl --json=short status)" '"cpus-kept":\[2,3\]'
describe turbine turbine 's/"cpus": .*/"cpus": 1,/; s/"heartbeat": .*/"heartbeat": "5s",/'
before=$(comings)
check 'a cell that wants any CPU starts' cellctl start turbine
turbine_reports 'it runs'
is 'it has one of those' "$(cell_property turbine Cpus)" '1 3'
is 'Linux had nothing to do with it' "$(comings)" "$before"
cpus_are 'the other one' 0-1,4 2
check 'the daemon is started again' systemctl restart cellmgrd
turbine_goes_on 'the turbine goes on'
check 'it stops' cellctl stop turbine
check 'and is destroyed' cellctl destroy turbine
cpus_are 'both are kept' 0-1,4 2-3
check 'a daemon that was not there before finds it a CPU, too' systemctl restart cellmgrd
check 'it starts' cellctl start turbine
is 'on one of those' "$(cell_property turbine Cpus)" '1 3'
configure '{ "keep-cpus": true }'
eventually_check 'what no cell has had is Linux'"'"' again' 30 kept_is 'au 0'
cpus_are 'it is' 0-2,4 ''
check 'the cell stops' cellctl stop turbine
check 'it is destroyed' cellctl destroy turbine
cpus_are 'what it had is kept' 0-2,4 3
eventually_check 'the bus tells' 10 kept_is 'au 1 3'
rm $conf
check 'a daemon without a configuration' systemctl restart cellmgrd
eventually_check 'gives all back' 30 kept_is 'au 0'
cpus_are 'Linux has them' 0-4 ''
configure '{ "keep-cpus": [3, 7] }'
eventually_check 'one that there is not: none is kept, and the log says so' 30 \
	sh -c 'journalctl -q -u cellmgrd | grep "keep-cpus.*are not kept out of Linux: Invalid"'
cpus_are 'Linux has all' 0-4 ''
rm $conf
systemctl restart cellmgrd
check 'the hypervisor closes' cellctl disable

# With what is kept the machine can go on to something else.
configure '{ "keep-cpus": [1, 2, 3, 4] }'
check 'the hypervisor opens' cellctl enable
cpus_are 'one is left to Linux' 0 1-4
check 'the hypervisor closes' cellctl disable
cpus_are 'all are back' 0-4 ''
rm $conf
systemctl stop cellmgrd
check 'nothing holds the module' rmmod cellvisor
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
