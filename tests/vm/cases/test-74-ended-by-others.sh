#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Another module of Linux' kernel ends cells by hypercalls of its own. The driver lives on, says that they are
# gone, and destroys what it has of them, also one that it scrubs, and one that is in the way of closing.
# boot: own
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

cpus=/sys/devices/system/cpu/online

# The hypercalls by their number (include/cell_abi.h), and what the hypervisor says.
destroy=4 get_state=6 kill=$((0x43560002))
no_such_cell='fffffffe$' # -ENOENT
failed=3

# end_behind ID: in the hypervisor there is nothing of the cell any more.
end_behind() {
	local answer
	./probe hypercall $kill "$1" >/dev/null
	for ((n = 0; n < 10000; n++)); do
		answer=$(./probe hypercall $destroy "$1")
		[[ $answer == 0x0 ]] && return
		[[ ! $answer =~ $no_such_cell ]] || break
	done
	echo "the last answer: $answer"
	return 1
}

# comes NAME: the cell is created and runs; sets id.
comes() {
	check "$1" cellctl start ticker
	id=$(basename "$(dirname "$(grep -lx ticker $sysfs/cells/*/name)")")
	is 'it runs' "$(./driver-call status "$id")" 'state 0, reason 0'
}

# is_gone NAME: nothing of the cell is left, and it can be had anew.
is_gone() {
	is "$1: Linux has all CPUs" "$(<$cpus)" "$online"
	is "$1: only root's cell is shown" "$(ls $sysfs/cells)" 0
	is "$1: the pool has all of its pages" "$(pool_used)" "$used"
}

begin
check 'the probe loads' insmod ./partition-probe.ko
online=$(<$cpus)
describe_program ticker ticks ''
check 'the hypervisor opens' cellctl enable
# Root's tables are what they are after any cell.
check 'control: a cell is created' cellctl create ticker
check 'control: and destroyed' cellctl destroy ticker
used=$(pool_used)

comes 'a cell starts'
./probe hypercall $kill "$id" >/dev/null
like 'control: when it is killed its status says so' "$(./driver-call status "$id")" "state $failed, reason [1-9]"
check 'another module destroys it' end_behind "$id"
like 'control: the hypervisor does not know it' "$(./probe hypercall $get_state "$id")" "$no_such_cell"
log=$(kernel_log_mark)
is 'its status cannot be had' "$(./driver-call status "$id")" ENOENT
is 'the driver says that it has failed' "$(<"$sysfs/cells/$id/state")" failed
check 'so does the daemon' eventually 10 cell_is ticker State failed
check 'its console can be asked for' timeout 20 cellctl console ticker
check 'it is destroyed' timeout 30 cellctl destroy ticker
like 'the log tells' "$(kernel_log_since "$log")" 'cell ticker: the hypervisor does not know it'
is_gone 'after that'

comes 'it starts again'
check 'another module destroys it again' end_behind "$id"
check 'the hypervisor closes for all that' timeout 60 cellctl disable
is 'Linux has all CPUs' "$(<$cpus)" "$online"
check 'and opens' cellctl enable

comes 'it starts a third time'
systemctl stop cellmgrd
check 'another module destroys it once more' end_behind "$id"
log=$(kernel_log_mark)
check 'closed with it, without the daemon, the hypervisor closes' timeout 60 ./abi disable
like 'the log tells that' "$(kernel_log_since "$log")" 'cell ticker: the hypervisor does not know it'
is 'Linux has all CPUs then' "$(<$cpus)" "$online"
systemctl start cellmgrd
check 'and opens for the daemon' cellctl enable

# The second call of it: its CPU is back, its memory is not clean. One that runs may be asked more than once before.
comes 'it starts once more'
check 'it stops' cellctl stop ticker
check 'control: it will be gone while it is scrubbed' plant "fail cellvisor:cellvisor_hypercall -2 1 $destroy"
log=$(kernel_log_mark)
is 'the driver destroys it' "$(./driver-call destroy ticker)" 'done'
has_gone() { [[ $(ls $sysfs/cells) == 0 && $(planted) == 1 ]]; }
eventually_check 'it has none any more' 20 has_gone
plant none
like 'the log tells that, too' "$(kernel_log_since "$log")" 'cell ticker: the hypervisor does not know it'
check 'control: the hypervisor has had it until now' end_behind "$id"
is_gone 'after all'
comes 'the next one starts'
check 'it stops' cellctl stop ticker
check 'and is destroyed' cellctl destroy ticker
is_gone 'in the end'

# As in test-76, but where what was freed keeps what was in it: who gives it back twice is found out here.
read -r start size _ < <(./driver-call pieces)
destroyed_half_way ./driver-call create half 2 "$(printf 0x%x $((start + size - (2 << 20))))" 0
is_gone 'after that as well'

check 'the probe unloads' rmmod partition_probe
end
