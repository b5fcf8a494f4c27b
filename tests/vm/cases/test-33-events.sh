#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Events are counted, however fast they follow each other; a cell decides not how much of Linux' time
# they take; and where there is no cell nobody looks for any.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

tracing=/sys/kernel/tracing

# looks SECONDS: how often the module looks at cells in that time.
looks() {
	echo >$tracing/trace
	echo 1 >$tracing/events/workqueue/workqueue_execute_start/enable
	sleep "$1"
	echo 0 >$tracing/events/workqueue/workqueue_execute_start/enable
	grep -c report_changes $tracing/trace
}

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
mountpoint -q $tracing || mount -t tracefs tracefs $tracing
cases_of '' timeout 60 ./counts
((cases > 10)) || not_ok 'all of that comes to its end'

check 'the hypervisor is on' ./abi enable
sleep 0.2
is 'without a cell nobody looks' "$(looks 3)" 0
timeout 20 cat /dev/jailhouse >/dev/null &
reader=$!
sleep 0.2
between 'for who waits for text one looks now and then' "$(looks 4)" 2 6
kill $reader
wait $reader
sleep 2
is 'and then no more' "$(looks 3)" 0
check 'it closes' ./abi disable
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
