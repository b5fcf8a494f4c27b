#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs at both ends of a link, by the libraries for cells and for Linux: records through queues in both
# directions, each once and in order, no wake-up missed; a peer that goes in the middle and comes again;
# a sine that arrives, and that Linux can change.
# timeout: 500
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

place=0000:00:1e.0 bdf=0xf0 link=plant-turbine

# says LINE: a cell has put that out.
says() { dd if=/dev/jailhouse iflag=nonblock bs=64k status=none | grep -q "$1"; }

# exchange NAME RUN RECORDS ONE-SHOT
exchange() {
	local output
	output=$(timeout 200 ./link-queue $link "$2" "$3" "$4")
	is "$1: all came, each once and in order" "$? $(head -n 1 <<<"$output")" "0 records $3, 0 wrong"
	diag "$output"
	eventually_check "$1: in the cell as well" 30 says "queue-peer: run $2, $3 records, 0 wrong, 0 missed"
}

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
mkdir -p /run/cellmgr/links
echo CELLMGR_LINK=$link >/run/cellmgr/links/$place
is 'the hypervisor opens' "$(./root-links enable)" 0
is 'root has an end' "$(./root-links add $bdf 2 2)" 0
udevadm settle -t 30
check 'which is known by its name' test -c /dev/cellmgr/$link

is 'a cell has the other end' "$(./root-links cell peer 3 $bdf 1 2 2 queue-peer.bin)" 0
is 'and starts' "$(./root-links start peer)" 0
exchange 'a million records each way' 1 1000000 0
exchange 'one-shot interrupts' 2 200000 1

timeout 100 ./link-queue $link 3 1000000000 0 >/tmp/exchange &
exchange=$!
sleep 3
is 'the cell is taken away in the middle' "$(./root-links destroy peer)" 0
wait $exchange
is 'Linux is told' "$? $(head -n 1 /tmp/exchange)" '3 peer 1 is gone, 0 wrong'
is 'it comes again' "$(./root-links cell peer 3 $bdf 1 2 2 queue-peer.bin)" 0
is 'and starts' "$(./root-links start peer)" 0
exchange 'after that' 4 20000 0
is 'the cell ends' "$(./root-links destroy peer)" 0

is 'a cell calculates' "$(./root-links cell sine 3 $bdf 1 2 2 /usr/lib/cellmgr/images/sine.bin)" 0
is 'from now on' "$(./root-links start sine)" 0
picture=$(timeout 60 /usr/lib/cellmgr/sine-plot -n 12 $link)
is 'its sine arrives' "$? $(grep -c '\*' <<<"$picture") $(grep -o '[0-9]* torn' <<<"$picture")" '0 12 0 torn'
diag "$picture"
picture=$(timeout 60 /usr/lib/cellmgr/sine-plot -n 60 -a 7 -p 0.5 $link)
is 'Linux makes it smaller' "$(tail -n 30 <<<"$picture" | awk '/\*/ && ($3 > 7.001 || $3 < -7.001)' | wc -l)" 0
is 'but not nothing' "$(tail -n 30 <<<"$picture" | awk '/\*/ && ($3 > 3 || $3 < -3)' | head -n 1 | wc -l)" 1
is 'the cell ends' "$(./root-links destroy sine)" 0

is 'nothing that root did was refused' "$(<$sysfs/root_violations)" 0
is 'all of it ends' "$(./root-links disable)" 0
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
rm -r /run/cellmgr/links/$place
systemctl unmask --runtime -q cellmgrd
finish
