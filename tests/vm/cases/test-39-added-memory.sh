#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory that is added to the machine while the hypervisor is on stays out of Linux, which says so; what
# was there before may come and go as ever.
# boot: own
# options: --memory 1G,slots=2,maxmem=2G --monitor
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

memory=/sys/devices/system/memory

# blocks: the memory blocks that there are.
blocks() { ls -d $memory/memory[0-9]*; }

# added: those that there were not at the beginning.
added() { comm -13 <(echo "$before" | sort) <(blocks | sort); }

# have_come COUNT
have_come() { (($(added | wc -l) >= $1)); }

# set_state STATE BLOCK...: each of them; status 1 if one refuses.
set_state() {
	local block status=0
	for block in "${@:2}"; do
		[[ $(<"$block/state") == "$1" ]] || echo "$1" >"$block/state" || status=1
	done
	return "$status"
}

# plug NUMBER: 128 MiB into a slot.
plug() {
	monitor "object_add memory-backend-ram,id=stick$1,size=128M"
	monitor "device_add pc-dimm,id=dimm$1,memdev=stick$1"
}

begin
before=$(blocks)
echo offline >$memory/auto_online_blocks
plug 1
eventually_check 'memory is added before the hypervisor opens' 30 have_come 1
mapfile -t early < <(added)

check 'the hypervisor opens' cellctl enable
opened=$(meminfo MemTotal)
plug 2
eventually_check 'more is added' 30 have_come $((${#early[@]} + 1))
mapfile -t late < <(comm -13 <(printf '%s\n' "${early[@]}") <(added))
mark=$(kernel_log_mark)
fails 'it does not come online' set_state online "${late[@]}"
like 'the kernel log says why, and what to do' "$(kernel_log_since "$mark")" \
	'cellvisor: memory at 0x[0-9a-f]*, size 0x[0-9a-f]* stays offline.*disable'
is 'Linux has none of it' "$(meminfo MemTotal)" "$opened"
check 'what was there before comes online' set_state online "${early[@]}"
total=$(meminfo MemTotal)
between 'and Linux has that' "$total" $((opened + (64 << 10))) $((opened + (128 << 10)))

check 'the hypervisor closes' cellctl disable
check 'now the memory comes online' set_state online "${late[@]}"
between 'and Linux has more' "$(meminfo MemTotal)" $((total + 65536 + (64 << 10))) $((total + 65536 + (128 << 10)))
check 'the hypervisor opens with it' cellctl enable
describe turbine turbine ''
check 'a cell starts' cellctl start turbine
eventually_check 'and reports' 60 turbine_passes 0
check 'the hypervisor closes' cellctl disable --force
end
