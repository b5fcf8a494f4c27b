#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What programs made for the original driver find, and what ours has beyond it: the tree in sysfs, the
# hypervisor's console, counters, events by poll() and uevents.
# kernels: core
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

reasons=(cpuid cr exception hypercall management mmio msr_other msr_x2apic_icr pio total xapic xsetbv)

# attributes DIRECTORY: the files in it, without the kernel's own.
attributes() {
	find "$1" -maxdepth 1 -type f ! -name uevent -printf '%f\n' | sort | paste -sd' '
}

# events: how many poll() has told so far.
events() { grep -c '^event' /var/tmp/polled; }

# more_events COUNT
more_events() { (($(events) > $1)); }

# exits_counted REASON
exits_counted() { (($(cat "$cell/statistics/vmexits_$1") > 0)); }

# counters_shown: the cell's exit counters as the daemon shows them, in the words of the ABI's list, but
# named as in sysfs.
counters_shown() {
	cell_property mischief Exits | grep -o '[a-z][a-z0-9_]*' | sed 's/^/vmexits_/' | sort | paste -sd' '
}

# counters_agree: whether sysfs has those, and no others.
counters_agree() { [[ $(attributes "$cell/statistics") == "$(counters_shown)" ]]; }

# console: what the device gives of it at once.
console() { timeout 10 dd if=/dev/jailhouse iflag=nonblock bs=64k status=none; }

# console_read REGEX: whether the one who has been reading all the time has it.
console_read() { grep -qE "$1" /var/tmp/console; }

# cell_said FILE TEXT: rings are read one after the other, so that a line of the hypervisor's can come in the middle of
# one of the cell's.
cell_said() { sed 's/cell mischief, CPU 2: stopped.*//' "$1" | tr -d '\n' | grep -qF "$2"; }

# states_seen STATES: the watcher of the attribute has seen these, one after the other.
states_seen() { [[ $(uniq /var/tmp/states | paste -sd' ') == "$1"* ]]; }

# told EVENT [CELL STATE]: a uevent with all of that has come.
told() {
	awk -v RS= -v event="CELLVISOR_EVENT=$1" -v cell="${2:+CELL=$2}" -v state="${3:+CELL_STATE=$3}" '
		index($0, event) && index($0, cell) && index($0, state) { found = 1 }
		END { exit !found }' /var/tmp/uevents
}

# The text of the device outlives the hypervisor: a module that others have used has theirs.
systemctl stop cellmgrd
[[ ! -e $sysfs ]] || rmmod cellvisor || bail 'the module does not go'
begin
is 'the device is root'"'"'s' "$(stat -c '%U %F' /dev/jailhouse)" 'root character special file'
is 'the hypervisor is off' "$(cat $sysfs/enabled)" 0
fails 'root without the right to the machine'"'"'s memory and ports has no access' \
	setpriv --bounding-set=-sys_rawio dd if=/dev/jailhouse iflag=nonblock
like 'it is told so' "$output" 'Operation not permitted'
check 'control: with it there is' sh -c 'exec 3</dev/jailhouse'
is 'the tree is the original'"'"'s, and one count and two lists more' "$(attributes $sysfs)" \
	'console core cpus_kept_list cpus_left_out_list enabled mem_pool_size mem_pool_used remap_pool_size remap_pool_used root_violations'
./watch-device 60 >/var/tmp/polled &
watcher=$!
udevadm monitor --kernel --property >/var/tmp/uevents &
monitor=$!
eventually_check 'somebody waits for events' 10 grep -q ready /var/tmp/polled
eventually_check 'and for uevents' 10 grep -q KERNEL /var/tmp/uevents

is 'there is no text yet, and who must not wait gets nothing' "$(console; echo $?)" 0
cat /dev/jailhouse >/var/tmp/console &
reader=$!

check 'the hypervisor opens' cellctl enable
is 'sysfs says so' "$(cat $sysfs/enabled)" 1
eventually_check 'poll() says so' 10 more_events 0
eventually_check 'a uevent says so' 10 told enabled
like 'its console is read from the device' "$(console)" 'virtualization: AMD SVM'
eventually_check 'by who waited for text, too' 10 console_read 'virtualization: AMD SVM'
check 'and waits on' sh -c "sleep 1; kill -0 $reader"
like 'and from sysfs' "$(cat $sysfs/console)" 'virtualization: AMD SVM'
between 'it tells of its pool' "$(cat $sysfs/mem_pool_used)" 1 "$(cat $sysfs/mem_pool_size)"
between 'and of its windows' "$(cat $sysfs/remap_pool_used)" 1 "$(cat $sysfs/remap_pool_size)"
is 'the root cell is there' "$(cat $sysfs/cells/0/cpus_assigned_list)" 0-3

describe mischief mischief 's/"parameters": .*/"parameters": "wild-write delay-ms=15000",/'
before=$(events)
check 'a cell is made' cellctl create mischief
eventually_check 'poll() says so' 10 more_events "$before"
eventually_check 'a uevent says so' 10 told created mischief 'shut down'
id=$(cell_property mischief Id)
cell=$sysfs/cells/$id
is 'it has the attributes that the original has' "$(attributes "$cell")" \
	'cpus_assigned cpus_assigned_list cpus_failed cpus_failed_list name state'
is 'its name' "$(cat "$cell/name")" mischief
is 'its state' "$(cat "$cell/state")" 'shut down'
is 'its CPUs' "$(cat "$cell/cpus_assigned") $(cat "$cell/cpus_assigned_list")" '4 2'
is 'none of them failed' "$(cat "$cell/cpus_failed") $(cat "$cell/cpus_failed_list")" '0 '
is 'the root cell has the others' "$(cat $sysfs/cells/0/cpus_assigned_list)" 0-1,3
is 'none of the original'"'"'s counters is missing' "$(comm -23 <(printf 'vmexits_%s\n' "${reasons[@]}") \
	<(attributes "$cell/statistics" | tr ' ' '\n'))" ''
eventually_check 'its counters are those that the daemon shows' 10 counters_agree
is 'its CPU has the same' "$(attributes "$cell/statistics/cpu2")" "$(attributes "$cell/statistics")"
./watch-device 60 "$cell/state" >/var/tmp/states &
state_watcher=$!
eventually_check 'somebody watches its state in sysfs' 10 grep -qx 'shut down' /var/tmp/states
between 'they began with the cell' "$(cat "$cell/statistics/vmexits_total")" 0 100

before=$(events)
check 'it starts' cellctl start mischief
eventually_check 'poll() says so' 10 more_events "$before"
eventually_check 'a uevent says so' 10 told state mischief running
before=$(events)
is 'sysfs says so' "$(cat "$cell/state")" running
eventually_check 'it counts exits' 10 exits_counted hypercall
between 'its CPU counts them' "$(cat "$cell/statistics/cpu2/vmexits_hypercall")" 1 1000000
is 'Linux, which had the CPU before, counts none of them' "$(cat $sysfs/cells/0/statistics/cpu2/vmexits_total)" 0
eventually_check 'it fails' 60 grep -qx failed "$cell/state"
eventually_check 'poll() says so' 10 more_events "$before"
eventually_check 'a uevent says so' 10 told state mischief failed
eventually_check 'who watched its state in sysfs was woken, each time' 10 \
	states_seen 'shut down running failed'
is 'its CPU counts as failed' "$(cat "$cell/cpus_failed") $(cat "$cell/cpus_failed_list")" '4 2'
is 'the exit that ended it was counted' "$(cat "$cell/statistics/vmexits_mmio")" 1
eventually_check 'what it put out is in the text of the device' 10 \
	cell_said /var/tmp/console 'mischief: writing 0x58'
check 'and in sysfs' cell_said $sysfs/console 'mischief: writing 0x58'
check 'it starts once more' cellctl start mischief
is 'its counters begin anew with it' "$(cat "$cell/statistics/vmexits_mmio")" 0
kill "$state_watcher"
cellctl kill mischief
before=$(events)
check 'it is taken away' cellctl destroy mischief
eventually_check 'poll() says so' 10 more_events "$before"
eventually_check 'a uevent says so' 10 told destroyed mischief
is 'it is gone from sysfs' "$(ls $sysfs/cells)" 0
before=$(events)
check 'the hypervisor closes' cellctl disable
eventually_check 'poll() says so' 10 more_events "$before"
eventually_check 'a uevent says so' 10 told disabled
is 'and no cell is left in sysfs' "$(ls $sysfs/cells)" ''

like 'the last text is still to be had' "$(console)" 'cell mischief destroyed'
like 'in sysfs, too' "$(cat $sysfs/console)" 'cell mischief destroyed'
check 'who reads has all of it' console_read 'cell mischief destroyed'
check 'and waits on' kill -0 "$reader"
is 'it is no more than one has read' "$(grep -c 'cell mischief created' /var/tmp/console)" 1
kill "$watcher" "$monitor" "$reader"
end
