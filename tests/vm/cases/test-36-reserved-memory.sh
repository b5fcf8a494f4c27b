#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory that was reserved at boot is used where there is some, and Linux gives up none of its own. Nothing of
# that goes to the hypervisor once the kernel is locked down.
# boot: own
# options: --append memmap=96M$0x28000000
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

start=$((0x28000000))
end=$((0x2e000000))

# inside NAME ADDRESS: it is in the reserved memory.
inside() { between "$1" "${2:-0}" $start $((end - 1)); }

# round NUMBER: opens, runs a cell, closes.
round() {
	check "round $1: the turbine starts" cellctl start turbine
	eventually_check "round $1: it reports" 30 turbine_passes 0
	inside "round $1: the hypervisor is in the reserved memory" "$(hypervisor_memory start)"
	inside "round $1: and so is the cell" "$(cell_memory turbine 0)"
	is "round $1: Linux has all of its memory" "$(meminfo MemTotal)" "$memory"
	check "round $1: the turbine stops" cellctl stop turbine
	check "round $1: the hypervisor closes" cellctl disable
}

memory=$(meminfo MemTotal)
like 'the kernel has left the memory out' "$(grep -i reserved /proc/iomem)" '28000000-2dffffff : Reserved'
begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
round 1
round 2

# A description may also name a place in it, outside what the pool then has for others.
describe turbine turbine 's/"memory": .*/"memory": [ { "size": "1M", "phys": "0x2df00000" } ],/'
check 'a description may name a place in it' cellctl check
check 'a cell is made there' cellctl start turbine
is 'just there' "$(hex "$(cell_memory turbine 0)")" 0x2df00000
eventually_check 'and runs' 30 turbine_passes 0
check 'it stops' cellctl stop turbine
check 'the hypervisor closes' cellctl disable
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$memory"

# For good: until the machine's end.
log=$(kernel_log_mark)
check 'the kernel is locked down' sh -c 'echo integrity >/sys/kernel/security/lockdown'
fails 'the hypervisor does not open then' cellctl enable
like 'the log says why' "$(kernel_log_since "$log")" 'cellvisor: the kernel is locked down'
end
