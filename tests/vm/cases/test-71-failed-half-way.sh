#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cell's creation fails at each of its steps in turn: everything is as it was, and the next one comes. The
# scrubbing of one that was destroyed fails: its CPU is another's by then, and stays that. Without the
# hypervisor a call of it is an error.
# boot: own
# x2apic: no (devices with messages are refused there: an IOMMU that is root's remaps them)
# options: --cpus 4 --qemu -device --qemu edu,addr=0x10
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/devices.sh
. ./devices.sh

cpus=/sys/devices/system/cpu
events=/var/tmp/events
enodev=-19

# The hypercalls by their number (include/cell_abi.h).
create=1 destroy=4 info=5

# facts: whose CPUs, device and memory are whose, and what is told of cells.
facts() {
	cat $cpus/online $sysfs/cpus_kept_list $sysfs/cells/0/cpus_assigned_list
	find $sysfs/cells | sort | cksum
	driver_of $edu
	cat $devices/$edu/driver_override
	od -An -v -tx1 -N 64 $devices/$edu/config
	pool_used
	# But for what the daemon notes of the error.
	cellctl list | awk '{ print $1, $2, $3, $4, $5 }'
}

# event_count WHAT: how often it was told of some cell.
event_count() {
	udevadm settle -t 20
	sleep 0.2
	grep -c "^CELLVISOR_EVENT=$1" $events
}

has_failed() { [[ $(planted) == 1 ]]; }

# lives NAME: the cell is created and destroyed, with all that it is to have.
lives() {
	check "$1: the next one is created" cellctl create half
	is 'its CPUs are its own' "$(cat $cpus/online)" 0-1
	is 'its device is held' "$(driver_of $edu)" cellvisor-pci
	check 'and destroyed' cellctl destroy half
	is 'all is as it was' "$(facts)" "$state"
}

# broken NAME FAULT
broken() {
	local before
	before=$(event_count .)
	check "control: $1" plant "$2"
	fails "$1: no cell is created" timeout 60 cellctl create half
	is "$1: that was it" "$(planted)" 1
	plant none
	is "$1: all is as it was" "$(facts)" "$state"
	is "$1: nobody was told of a cell" "$(event_count .)" "$before"
	for cpu in 2 3; do
		check "$1: CPU $cpu works for Linux" timeout 20 taskset -c $cpu seq 10000
	done
	lives "$1"
}

begin
check 'the probe loads' insmod ./partition-probe.ko
udevadm monitor --kernel --property >$events &
monitor=$!

# Before there is a hypervisor, and where there was one.
check 'the driver calls the hypervisor, which is off' plant "call cellvisor:cellvisor_hypercall $info"
is 'that is an error' "$(planted)" $enodev
check 'the hypervisor opens' cellctl enable
check 'control: it is called while it is on' plant "call cellvisor:cellvisor_hypercall $info"
between 'control: that has an answer' "$(planted)" 1 1000000

printf '{ "cpus": [2, 3], "memory": "1M", "image": "%s",\n  "devices": ["pci:1234:11e8"]%s }\n' \
	"$PWD/pci-device.bin" "$unprotected" >"$descriptions/half.json"
reload
before=$(event_count created)
check 'control: the cell is created' cellctl create half
check 'control: and destroyed' cellctl destroy half
is 'control: its events are seen' "$(event_count created)" $((before + 1))
# Root's tables are what they are after any cell.
state=$(facts)

broken 'its memory is not filled' 'fail cellvisor:claims_scrub -12 0 -1'
broken 'its device is refused' 'fail cellvisor:device_check_driver -16 0 -1'
broken 'its device cannot be prepared' 'fail pci_store_saved_state 0 0 -1'
broken 'its first CPU does not go' 'fail cellvisor:hotplug_remove_cpu -16 0 -1'
broken 'its second CPU does not go' 'fail cellvisor:hotplug_remove_cpu -16 1 -1'
broken 'the hypervisor refuses it' "fail cellvisor:cellvisor_hypercall -12 0 $create"
broken 'the hypervisor does not know it' "fail cellvisor:cellvisor_hypercall 0 0 $create"
broken 'it is not to be shown' 'fail cellvisor:cellvisor_sysfs_add -12 0 -1'
broken 'its last counters are not to be shown' 'fail sysfs_create_dir_ns -12 3 -1'

# Its CPU and its memory are two things.
rm "$descriptions/half.json"
describe first turbine 's/"cpus": .*/"cpus": [2],/'
describe second turbine 's/"cpus": .*/"cpus": [2],/'
rm -f "$descriptions/turbine.json"
reload
check 'a cell is created' cellctl create first
check 'control: its memory will stay' plant "fail cellvisor:cellvisor_hypercall -5 1 $destroy"
log=$(kernel_log_mark)
is 'it is destroyed' "$(./driver-call destroy first)" 'done'
eventually_check 'that was it' 20 has_failed
plant none
like 'the log tells' "$(kernel_log_since "$log")" 'cell first: the hypervisor keeps its memory: error -5'
is 'its CPU is back' "$(cat $cpus/online)" 0-3
check 'another cell gets it' cellctl create second
is 'it has it' "$(cat $cpus/online)" 0-1,3
is 'the first one is destroyed again' "$(./driver-call destroy first)" 'done'
is 'Linux does not have the CPU' "$(cat $cpus/online)" 0-1,3
fails 'nor does it get it' timeout 60 bash -c "echo 1 >$cpus/cpu2/online"
like 'because it is busy' "$output" 'Device or resource busy'
check 'the second one starts' cellctl start second
check 'is killed' cellctl kill second
check 'and destroyed' cellctl destroy second
is 'all are back' "$(cat $cpus/online)" 0-3

kill $monitor
wait $monitor 2>/dev/null
check 'the hypervisor closes' cellctl disable
check 'the driver calls the hypervisor, which is off again' plant "call cellvisor:cellvisor_hypercall $info"
is 'that is an error as before' "$(planted)" $enodev
check 'the probe unloads' rmmod partition_probe
rm -f "$descriptions"/{first,second}.json
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
