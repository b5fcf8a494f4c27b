#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a machine of two nodes the pool comes from that of the cells' CPUs, or the one that is configured.
# boot: own
# options: --nodes 2
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

border=$((512 << 20)) # between the nodes' memory

# describe_on CPUS: the turbine's description, which alone is there.
describe_on() { describe turbine turbine "s/\"cpus\": .*/\"cpus\": [$1],/"; }

# configure JSON: what the daemon is to do from now on.
configure() {
	echo "$1" >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
}

# of_node NUMBER NAME: the hypervisor opens with memory of that node.
of_node() {
	check "$2" cellctl enable
	between "$2: its memory is of node $1" "$(hypervisor_memory start)" $(($1 * border)) $((($1 + 1) * border - 1))
}

begin
rm -f "$descriptions"/*.json
is 'control: there are two nodes' "$(cat /sys/devices/system/node/node{0,1}/cpulist | paste -sd' ')" '0-1 2-3'
describe_on 1
of_node 0 'a cell is to have a CPU of node 0'
is 'nothing is told of nodes' "$(cellctl check 2>&1 | grep -c node)" 0
check 'the cell starts' cellctl start turbine
eventually_check 'the cell reports' 60 turbine_passes 0
check 'it stops' cellctl stop turbine
check 'it goes' cellctl destroy turbine
describe_on '2, 3'
like 'memory that is far from a CPU is told' "$(cellctl check 2>&1)" 'CPUs are of node 1, the pool.s memory is of node 0'
check 'the hypervisor closes' cellctl disable
of_node 1 'then the cell has CPUs of node 1'
is 'nothing is told any more' "$(cellctl check 2>&1 | grep -c node)" 0
check 'the hypervisor closes again' cellctl disable

configure '{ "memory-node": 0 }'
of_node 0 'the configuration says where from'
check 'the hypervisor closes at last' cellctl disable
configure '{ "memory-node": 7 }'
check 'a node that there is not is no hindrance' cellctl enable
like 'but the log says so' "$(journalctl -u cellmgrd -o cat)" 'Node 7 has no such memory'
rm /etc/cellmgr/cellmgrd.conf
end
