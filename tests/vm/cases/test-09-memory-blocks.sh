#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where no contiguous memory can be had Linux gives up whole memory blocks: the hypervisor and cells live in
# them, and they come back online as they were, while the hypervisor is on as well as after it.
# boot: own
# options: --memory 1G --append movablecore=512M --append nokaslr
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

blocks=3 movable=4
mib=$((1 << 20))
memory_blocks=/sys/devices/system/memory
block=$((16#$(<$memory_blocks/block_size_bytes)))

pieces() { ./driver-call pieces; }

# block_states: which blocks there are, with their states and zones.
block_states() {
	local at
	for at in "$memory_blocks"/memory[0-9]*; do
		echo "${at##*/} $(<"$at/state") $(<"$at/valid_zones")"
	done | sort
}

# blocks_are STATES
blocks_are() { [[ $(block_states) == "$1" ]]; }

# zone_pages ZONE: that Linux manages in it.
zone_pages() {
	awk -v zone="$1" '$1 == "Node" { in_zone = $4 == zone } in_zone && $1 == "managed" { print $2 }' /proc/zoneinfo
}

# linux_has KIB NAME: less than it had at the beginning. What it knows of a block's pages is elsewhere when
# the block has come back once, 2 MiB for each, and counts as memory of Linux' then.
linux_has() { between "$2" "$(meminfo MemTotal)" $((memory - $1)) $((memory - $1 + 4 * 2048)); }

# use_memory: nearly all that is free is written, and read again.
use_memory() {
	local kib=$(($(meminfo MemFree) - 120000))
	mount -t tmpfs -o "size=${kib}K" tmpfs /mnt || return 1
	head -c "$((kib - 1000))K" /dev/zero | tr '\0' 'c' >/mnt/file
	[[ $(stat -c %s /mnt/file) == $(((kib - 1000) * 1024)) && ! $(tr -d 'c' </mnt/file | head -c 10) ]]
	local status=$?
	umount /mnt
	return "$status"
}

# start_wide SIZE: the turbine with that much memory.
start_wide() {
	describe turbine turbine "s/\"memory\": .*/\"memory\": \"$1\",/; s/\"heartbeat\": .*/\"heartbeat\": \"5s\",/"
	cellctl start turbine
}

# removed START SIZE
removed() { [[ $(./driver-call remove "$1" "$2") == 'done' ]]; }

begin
# Not by itself: that is what Debian's 6.1 does, and whoever gives memory back brings it online.
echo offline >$memory_blocks/auto_online_blocks
states=$(block_states)
memory=$(meminfo MemTotal)
movable_pages=$(zone_pages Movable)
between 'control: Linux has a part for what can be moved' "$movable_pages" 100000 140000

# Linux cannot let go of a block where what is above it has a name in its list: of the pool, for one.
read -r start size source < <(./driver-call add 1 $((16 * mib)))
is 'no block comes below a piece of pages' "$(./driver-call add $blocks $((2 * mib)))" ENOMEM
is 'the piece goes' "$(./driver-call remove "$start" "$size")" 'done'
is 'all is as it was' "$(block_states)|$(meminfo MemTotal)" "$states|$memory"

# By the driver's calls, without the hypervisor.
read -r start size source < <(./driver-call add $blocks $((2 * mib)))
is 'a block comes for a piece of less' $((size)) $block
is 'of what can be moved' "$source" $movable
is 'at the border of a block' $((start % block)) 0
linux_has $((block / 1024)) 'Linux has that much less'
fails 'it is no block of Linux any more' test -e "$memory_blocks/memory$((start / block))"
like '/proc/iomem says who has it' "$(</proc/iomem)" "$(printf '%08x-%08x : cellvisor pool' $((start)) $((start + block - 1)))"
is 'a part of it does not go' "$(./driver-call remove "$(hex $((start + size - 2 * mib)))" $((2 * mib)))" EINVAL
is 'all of it goes' "$(./driver-call remove "$start" "$size")" 'done'
is 'Linux has it back, offline' "$(<"$memory_blocks/memory$((start / block))/state")" offline
check 'and online when it is told to' sh -c "echo online_movable >$memory_blocks/memory$((start / block))/state"
is 'all is as it was' "$(block_states)" "$states"
memory_settle
is 'two come at once' "$(./driver-call add $blocks $((block + 2 * mib)) | cut -d' ' -f2)" "$(hex $((2 * block)))"
read -r start size source < <(pieces)
is 'the second one goes alone' "$(./driver-call remove "$(hex $((start + block)))" $block)" 'done'
is 'the first one stays' "$(pieces)" "$start $(hex $block) $movable"
is 'and goes with the pool' "$(./driver-call release)" 'done'
for at in $((start / block)) $((start / block + 1)); do
	echo online_movable >"$memory_blocks/memory$at/state"
done
is 'all is as it was again' "$(block_states)" "$states"
mark=$(kernel_log_mark)
is 'more than can be moved does not come' "$(./driver-call add $blocks $((896 * mib)))" ENOMEM
like 'the log says so' "$(kernel_log_since "$mark")" 'no 896 MiB of memory blocks to be had'
is 'and all is as it was' "$(block_states)" "$states"
linux_has 0 'Linux has all of its memory'

# The hypervisor and a cell in a block, and one more that goes while they are on.
read -r start size source < <(./driver-call reserve $blocks $((64 * mib)))
is 'the pool is a block' $((size)) $block
check 'the hypervisor opens in it' cellctl enable
is 'just there' "$(hex "$(hypervisor_memory start)")" "$start"
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
between 'it is in the block as well' "$(cell_memory turbine 0)" $((start)) $((start + size - 1))
read -r second size source < <(./driver-call add $blocks $((2 * mib)))
is 'another block comes while the hypervisor is on' $((size)) $block
turbine_goes_on 'the turbine goes on'
is 'and goes' "$(./driver-call remove "$second" "$size")" 'done'
check 'it comes online under the hypervisor' \
	sh -c "echo online_movable >$memory_blocks/memory$((second / block))/state"
linux_has $((block / 1024)) 'Linux has all but the first'
check 'and works with it' use_memory
turbine_goes_on 'the turbine still goes on'
check 'the hypervisor closes' cellctl disable --force
eventually_check 'the daemon brings the first one online, where it was' 30 blocks_are "$states"
linux_has 0 'Linux has all of its memory'

# One that is out of Linux when the hypervisor opens comes back under it: root has it as memory.
read -r start size source < <(./driver-call reserve 1 $((64 * mib)))
read -r second size source < <(./driver-call add $blocks $((2 * mib)))
check 'the hypervisor opens without a block' cellctl enable
check 'a cell with more memory than the first piece starts' start_wide 100M
between 'in the block' "$(cell_memory turbine 0)" $((second)) $((second + size - 1))
eventually_check 'it reports' 60 turbine_passes 0
is 'the block does not go' "$(./driver-call remove "$second" "$size")" EBUSY
check 'the cell stops' cellctl stop turbine
check 'and is destroyed' cellctl destroy turbine
eventually_check 'now it goes' 30 removed "$second" "$size"
check 'it comes online under a hypervisor that was opened without it' \
	sh -c "echo online_movable >$memory_blocks/memory$((second / block))/state"
linux_has $((64 << 10)) 'Linux has all but the first piece'
check 'and works with it' use_memory
is 'root has touched nothing that it should not' "$(violations)" 0
check 'the hypervisor closes' cellctl disable
linux_has 0 'Linux has all of its memory'
is 'all blocks are as they were' "$(block_states)" "$states"
between 'in their zones' "$(zone_pages Movable)" "$movable_pages" $((movable_pages + 4 * 512))
fails 'and nothing is left in /proc/iomem' grep cellvisor /proc/iomem
end
