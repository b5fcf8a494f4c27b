#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Somebody else does in between what an operation was about to do, or Linux does not do what it is asked: a CPU
# comes online by another hand, a cell is destroyed while its creation is taken back, the hypervisor is to be
# opened in memory that is on its way to the pool, a memory block does not go back. Nothing is lost, nor told
# as such. What is freed in the kernel is filled with a pattern, so that who still uses it is found out.
# boot: own
# options: --memory 1G --append movablecore=512M --append nokaslr --append memmap=96M$0x10000000 --append slub_debug=FZP
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

cpus=/sys/devices/system/cpu
memory_blocks=/sys/devices/system/memory
block=$((16#$(<$memory_blocks/block_size_bytes)))
boot=2 blocks=3
mib=$((1 << 20))
reserved=0x10000000

# The hypercall by its number (include/cell_abi.h).
destroy=4

online() { cat $cpus/online; }

pieces() { ./driver-call pieces; }

# create NAME: a cell on CPU 2 at the end of the pool, by the driver's call, of which no daemon knows.
create() { ./driver-call create "$1" 2 "$place" 0; }

# stays NAME COUNT COMMAND...: Linux does not take the last COUNT blocks back; the pool has all it had.
stays() {
	local before iomem
	before=$(pieces) iomem=$(</proc/iomem)
	check "control: $1" plant 'fail cellvisor:pool_give_blocks -12'
	is "$1" "$(./driver-call "${@:2}")" EBUSY
	is "$1: that was it" "$(planted)" 1
	plant none
	is "$1: the pool has it all the same" "$(pieces)" "$before"
	is "$1: so does /proc/iomem" "$(</proc/iomem)" "$iomem"
}

begin
check 'the probe loads' insmod ./partition-probe.ko

# A CPU of which the hypervisor was about to ask Linux.
check 'Linux takes a CPU offline' sh -c "echo 0 >$cpus/cpu2/online"
check 'control: somebody will bring it online' plant 'before cellvisor:hotplug_add_cpu 2'
log=$(kernel_log_mark)
check 'the hypervisor opens for all that' cellctl enable
is 'control: somebody has' "$(planted)" 1
is 'who wanted it online has it so' "$(online)" 0-3
fails 'nothing is told of it' grep 'cellvisor:.*CPU 2' <(kernel_log_since "$log")
read -r start size _ < <(pieces)
place=$(hex $((start + size - 2 * mib)))
is 'a cell has the CPU' "$(create first)" 'done'
is 'it has' "$(online)" 0-1,3
check 'control: somebody will bring it online again' plant 'before cellvisor:hotplug_add_cpu 2'
log=$(kernel_log_mark)
is 'the cell goes' "$(./driver-call destroy first)" 'done'
is 'control: somebody has, when the cell had gone' "$(planted)" 1
is 'it is online' "$(online)" 0-3
fails 'nobody says that it does not come back' grep 'does not come back' <(kernel_log_since "$log")
plant none
# Root's tables are what they are after any cell.
used=$(pool_used)

# A creation that is taken back, and is ended by somebody else.
destroyed_half_way create half
is 'Linux has all CPUs' "$(online)" 0-3
is 'the pool of the hypervisor has all of its pages' "$(pool_used)" "$used"
is 'the next one comes' "$(create half)" 'done'
is 'it has its CPU' "$(online)" 0-1,3
is 'and goes' "$(./driver-call destroy half)" 'done'
is 'Linux has all CPUs again' "$(online)" 0-3

# What is destroyed is scrubbed later: who wants its name, or its memory, waits for that, also in vain.
is 'a cell is created' "$(create once)" 'done'
check 'control: it will not be scrubbed at once' plant 'late cellvisor:scrub_dying 60'
is 'it is destroyed' "$(./driver-call destroy once)" 'done'
eventually_check 'control: it is not' 20 happened 1
is 'who wants its name waits' "$(timeout 1 ./driver-call create once 3 "$(hex $((place - 2 * mib)))" 0; echo $?)" 124
is 'control: who wants neither does not' "$(./driver-call create other 3 "$(hex $((place - 2 * mib)))" 0)" 'done'
plant none
is 'he gets it when it is' "$(./driver-call create once 2 "$(hex $((place - 4 * mib)))" 0)" 'done'
is 'and another the memory' "$(./driver-call create heir 1 "$place" 0)" 'done'
for cell in other heir; do is "$cell goes" "$(./driver-call destroy $cell)" 'done'; done
check 'control: the scrubbing will be late' plant 'late cellvisor:scrub_dying 4'
check 'control: and fail' plant "and fail cellvisor:cellvisor_hypercall -5 1 $destroy"
is 'the cell is destroyed' "$(./driver-call destroy once)" 'done'
eventually_check 'control: it is late' 20 happened 1
is 'who waits for its name is told in the end' "$(timeout 30 ./driver-call create once 3 "$place" 0)" EEXIST
is 'control: it failed' "$(planted)" 2
plant none
is 'it can be destroyed again' "$(./driver-call destroy once)" 'done'
is 'the pool of the hypervisor has all of its pages then' "$(pool_used)" "$used"
is 'and Linux all CPUs' "$(online)" 0-3
check 'the hypervisor closes' cellctl disable

# What comes to the pool is filled with zeros first, however long that takes.
systemctl stop cellmgrd
check 'control: that takes a while' plant 'hold cellvisor:clean_pool 60'
./driver-call add $boot $((96 * mib)) $reserved >/var/tmp/came &
adder=$!
eventually_check 'memory that was reserved at boot is on its way' 20 happened 1
is 'nobody has it yet' "$(pieces)" ''
log=$(kernel_log_mark)
fails 'the hypervisor does not open in it' env ABI_POOL=$reserved ABI_POOL_COMES=1 ./abi enable
like 'the log says why' "$(kernel_log_since "$log")" \
	"memory at $reserved, size 0x[0-9a-f]*: some is the pool's, or on its way there or back: try again"
plant none
wait $adder
like 'it comes' "$(</var/tmp/came)" "^$reserved $(hex $((96 * mib))) $boot"
check 'control: now the hypervisor opens in it' env ABI_POOL=$reserved ABI_POOL_COMES=1 ./abi enable
log=$(kernel_log_mark)
is 'what begins before it is refused' "$(./driver-call add $boot $((4 * mib)) "$(hex $((reserved - 2 * mib)))")" EBUSY
like 'the log says why it is' "$(kernel_log_since "$log")" "some is the pool's$"
check 'it closes, and the pool goes' ./abi disable
is 'none is left' "$(pieces)" ''

# Memory blocks that Linux does not take back.
echo online_movable >$memory_blocks/auto_online_blocks
is 'two blocks come' "$(./driver-call add $blocks $((2 * block)) | cut -d' ' -f2)" "$(hex $((2 * block)))"
read -r start size _ < <(pieces)
end=$(hex $((start + block)))
stays 'the second one does not go' remove "$end" $block
stays 'nor both' remove "$start" $((2 * block))
stays 'nor with the pool' release
is 'then the second one goes' "$(./driver-call remove "$end" $block)" 'done'
stays 'the first one does not go' remove "$start" $block
is 'the pool goes' "$(./driver-call release)" 'done'
is 'none is left' "$(pieces)" ''
fails 'nor in /proc/iomem' grep cellvisor /proc/iomem
for at in $((start / block)) $((start / block + 1)); do
	is "Linux has block $at" "$(<"$memory_blocks/memory$at/state")" online
done

systemctl start cellmgrd
check 'the probe unloads' rmmod partition_probe
check 'the hypervisor opens' cellctl enable
end
