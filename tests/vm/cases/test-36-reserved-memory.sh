#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory that was reserved at boot is used where the configuration names it, and Linux gives up none of its
# own; what is not named is left alone, and what is named wrongly keeps nobody from working. All that
# holds in a kernel that is locked down as well.
# boot: own
# options: --append memmap=96M$0x28000000 --append memmap=4M$0x50000000
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

start=$((0x28000000))
end=$((0x2e000000))

# inside NAME ADDRESS: it is in the reserved memory.
inside() { between "$1" "${2:-0}" $start $((end - 1)); }

# round NUMBER REGEX: opens, runs a cell, closes. There may be no memory behind what else is reserved: what the log
# says of that.
round() {
	check "round $1: the turbine starts" cellctl start turbine
	eventually_check "round $1: it reports" 30 turbine_passes 0
	inside "round $1: the hypervisor is in the reserved memory" "$(hypervisor_memory start)"
	inside "round $1: and so is the cell" "$(cell_memory turbine 0)"
	like "round $1: cellctl says so" "$(cellctl status)" '80M free for cells, reserved at boot'
	like "round $1: and /proc/iomem" "$(cat /proc/iomem)" ' 28000000-2dffffff : cellvisor pool'
	is "round $1: Linux has all of its memory" "$(meminfo MemTotal)" "$memory"
	is "round $1: what the pool has does not come to it twice" \
		"$(./driver-call add 2 0x200000 0x2dc00000)" EBUSY
	log=$(kernel_log_mark)
	is "round $1: nor what root has not, at run time" "$(./driver-call add 2 0x200000 0x50000000)" EINVAL
	like "round $1: the log says so" "$(kernel_log_since "$log")" "$2"
	is "round $1: the pool is as it was" "$(./driver-call pieces)" '0x28000000 0x6000000 2'
	check "round $1: the turbine stops" cellctl stop turbine
	check "round $1: the hypervisor closes" cellctl disable
}

# configure JSON: what the daemon is to do from now on.
configure() {
	echo "$1" >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
}

# is_reserved ADDRESS
is_reserved() { (($1 >= start && $1 < end)); }

# of_linux NAME: the hypervisor opens with memory that was not reserved.
of_linux() {
	check "$1" cellctl enable
	fails "$1: the reserved memory is not used" is_reserved "$(hypervisor_memory start)"
	is "$1: cellctl says nothing of it" "$(cellctl status | grep -c 'reserved at boot')" 0
	check "$1: the hypervisor closes" cellctl disable
}

rm -f /etc/cellmgr/cellmgrd.conf
memory=$(meminfo MemTotal)
like 'the kernel has left the memory out' "$(grep -i reserved /proc/iomem)" '28000000-2dffffff : Reserved'
begin
of_linux 'reserved memory that nobody names is left alone'
configure '{ "reserved-memory": { "phys": "0x28000000", "size": "98M" } }'
of_linux 'more than is reserved is not taken'
like 'and the log says why' "$(journalctl -u cellmgrd -o cat)" 'reserves no such memory .memmap=0x6200000.0x28000000'

configure '{ "reserved-memory": { "phys": "0x28000000", "size": "96M" } }'
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
round 1 "is not in the root cell's configuration"
round 2 "is not in the root cell's configuration"

# A description may also name a place in it, outside what the pool then has for others.
describe turbine turbine 's/"memory": .*/"memory": [ { "size": "1M", "phys": "0x2df00000" } ],/'
check 'a description may name a place in it' cellctl check
check 'a cell is made there' cellctl start turbine
is 'just there' "$(hex "$(cell_memory turbine 0)")" 0x2df00000
eventually_check 'and runs' 30 turbine_passes 0
check 'it stops' cellctl stop turbine
check 'the hypervisor closes' cellctl disable
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$memory"

# For good: until the machine's end. What the command line reserves was memory before.
check 'the kernel is locked down' sh -c 'echo integrity >/sys/kernel/security/lockdown'
round 3 '0x50000000 is not reserved at boot'
rm /etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
end
