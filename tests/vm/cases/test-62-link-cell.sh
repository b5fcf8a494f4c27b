#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux and a cell share memory: each reads what the other has written and rings the other; a peer that
# goes is missed; nobody takes root's end away while a cell has the other one.
# kernels: core
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

place=0000:00:1e.0 bdf=0xf0 node=/dev/cellmgr/plant-turbine

# says NAME LINE: the cell has put that out.
says() { eventually_check "$1" 30 sh -c "dd if=/dev/jailhouse iflag=nonblock bs=64k status=none | grep -q \"$2\""; }

# waiter DEVICE: a program waits for a ring, in the background.
waiter() {
	timeout 100 ./link-device "$1" wait 60 1 >/tmp/waiter &
	waiter=$!
	eventually 30 grep -q ready /tmp/waiter
}

# said_ready TIMES: so many cells have, one after the other.
said_ready() { [[ $(dd if=/dev/jailhouse iflag=nonblock bs=64k status=none | grep -c 'peer: ready') == "$1" ]]; }

# state_of CELL
state_of() {
	local dir
	for dir in "$sysfs"/cells/*; do
		[[ $(<"$dir/name") != "$1" ]] || cat "$dir/state"
	done
}

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
mkdir -p /run/cellmgr/links
echo CELLMGR_LINK=plant-turbine >/run/cellmgr/links/$place
is 'the hypervisor opens' "$(./root-links enable)" 0
is 'root has an end' "$(./root-links add $bdf 2 2)" 0
udevadm settle -t 30
check 'which is known by its name' test -c $node
is 'nobody is at the other one' "$(./link-device $node states)" '0 0'

waiter $node
is 'a cell has the other end' "$(./root-links cell peer 3 $bdf 1 2 2 link-peer.bin)" 0
is 'and starts' "$(./root-links start peer)" 0
says 'it finds its device by itself' 'peer: ready'
wait $waiter
is 'that it is there is an event' "$(sed -n 2p /tmp/waiter)" 1
is 'and a state' "$(./link-device $node states)" '0 1'
is 'root'"'"'s end stays while the cell has one' "$(./root-links remove $bdf)" EBUSY
like 'and the kernel'"'"'s log says whose' "$(kernel_log_since "$mark")" 'link test link: cell peer has an end of it'

check 'Linux writes' ./link-device $node write output 'set point 3000'
waiter $node.vector1
check 'and rings' ./link-device $node ring 1 1 1
wait $waiter
is 'the cell has read it, and answered' "$(./link-device $node read 1)" 'SET POINT 3000'
is 'with a ring of that vector' "$(sed -n 2p /tmp/waiter)" 1
is '200 rings there, each answered by one back' "$(timeout 90 ./link-device $node call 1 0 200)" 200
is '100 of the other vector' "$(timeout 90 ./link-device $node call 1 1 100)" 100

# A cell that rings in a loop: as often as Linux has it.
interrupts() { awk '/uio_ivshmem-.*-1$/ { for (n = 2; n <= 5; n++) sum += $n } END { print sum + 0 }' /proc/interrupts; }
came() { (($(interrupts) > $1)); }
limit=/sys/module/uio_ivshmem/parameters/rings_per_second
usual=$(<$limit)
echo 1000 >$limit
timeout 60 ./link-device $node.vector1 wait 50 1000000 >/dev/null &
storm=$!
before=$(interrupts)
check 'Linux asks for a storm' ./link-device $node write output storm
check 'and rings for it' ./link-device $node ring 1 1 1
eventually_check 'it comes' 20 came $((before + 100))
before=$(interrupts) began=$EPOCHREALTIME
sleep 5
# Fewer where the host has little time for the machine.
between 'the interrupts of it are as many as may be' \
	"$(awk "BEGIN { print int(($(interrupts) - $before) / ($EPOCHREALTIME - $began)) }")" 10 1050
check 'it ends' ./link-device $node write output 'set point 3000'
kill $storm
wait $storm
echo "$usual" >$limit
is 'then each ring is answered as before' "$(timeout 90 ./link-device $node call 1 1 100)" 100

timeout 20 ./link-device $node state 5 3 >/dev/null &
says 'the cell sees a state of root'"'"'s' "peer: root's state is 5"
wait $!
says 'and that the program with it is gone' "peer: root's state is 0"

waiter $node
is 'the cell ends' "$(./root-links destroy peer)" 0
wait $waiter
is 'that is an event' "$(sed -n 2p /tmp/waiter)" 1
is 'and nobody is there' "$(./link-device $node states)" '0 0'
is 'it can come again' "$(./root-links cell peer 3 $bdf 1 2 2 link-peer.bin)" 0
is 'and start' "$(./root-links start peer)" 0
eventually_check 'the link works as before' 30 sh -c "./link-device $node states | grep -qx '0 1'"
is 'with rings' "$(timeout 90 ./link-device $node call 1 1 20)" 20
is 'the memory was not cleared in between' "$(./link-device $node read 0)" 'set point 3000'

# Two cells without root, at another place: the second one does not clear what the first one works with.
is 'a cell shares memory with another one only' \
	"$(./root-links cell one 1 0xe8 1 2 1 link-peer.bin private)" 0
is 'it starts' "$(./root-links start one)" 0
eventually_check 'and has written' 30 said_ready 3
is 'the other one comes' "$(./root-links cell two 2 0xe8 0 2 1 link-peer.bin private)" 0
like 'what the first one has written stays' "$(state_of one)" running
is 'there is no third end, for root' "$(./root-links add 0xe8 2 1)" EBUSY
is 'the other one goes' "$(./root-links destroy two)" 0
like 'the first one goes on' "$(state_of one)" running
is 'and ends' "$(./root-links destroy one)" 0

# Linux' driver goes and comes while the cell goes on.
check 'the driver goes' rmmod uio_ivshmem
check 'and comes' modprobe uio_ivshmem
udevadm settle -t 30
is 'and finds the cell' "$(timeout 90 ./link-device $node call 1 0 20)" 20
is 'nothing that root did was refused' "$(<$sysfs/root_violations)" 0
is 'all of it ends' "$(./root-links disable)" 0
check 'the device with it' test ! -e /sys/bus/pci/devices/$place
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
rm -r /run/cellmgr/links/$place
systemctl unmask --runtime -q cellmgrd
finish
