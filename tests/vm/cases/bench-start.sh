#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `cellctl start` of a cell that is created takes in the deterministic machine, from its exec to its end: a
# "# measure" line with the median of seven, and one with what the driver's calls had of the last one. starts.trace in
# the results has the events of that one.
# machine: icount
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

tracing=/sys/kernel/tracing
starts=7

# took: how many microseconds it was from that exec to that exit, by a trace of both.
took() {
	awk '
		/ sched_process_exec: / && / filename=[^ ]*cellctl / { begin = at() }
		/ sched_process_exit: comm=cellctl / && begin { printf "%d\n", (at() - begin) * 1000000; exit }
		function at() { match($0, /[0-9]+\.[0-9]+: /); return substr($0, RSTART, RLENGTH - 2) + 0 }
	' $tracing/trace
}

# driven: how many microseconds the driver had for load and start, by a trace of calls of ioctl().
driven() {
	awk '
		match($0, /-[0-9]+ +\[/) { thread = substr($0, RSTART, RLENGTH) }
		/ sys_enter: NR 16 \([0-9a-f]+, (40300003|40280004),/ { begin[thread] = at() }
		/ sys_exit: NR 16 / && begin[thread] { sum += at() - begin[thread]; calls++; begin[thread] = 0 }
		END { if (calls == 2) printf "%d\n", sum * 1000000 }
		function at() { match($0, /[0-9]+\.[0-9]+: /); return substr($0, RSTART, RLENGTH - 2) + 0 }
	' $tracing/trace
}

# one EVENT...: a start, with these events in the trace, after which it is as before.
one() {
	local event
	check 'it is created' cellctl create ticker
	# What its creation has set off comes to its end.
	sleep 2
	echo >$tracing/trace
	for event in sched/sched_process_exec sched/sched_process_exit "$@"; do
		echo 1 >"$tracing/events/$event/enable"
	done
	check 'it starts' cellctl start ticker
	echo 0 >$tracing/events/enable
	took >>/var/tmp/took
	check 'it stops' cellctl stop ticker
	check 'it goes' cellctl destroy ticker
}

check 'this is the deterministic machine' test -e deterministic
mountpoint -q $tracing || mount -t tracefs tracefs $tracing
begin
echo mono >$tracing/trace_clock
describe_program ticker ticks hz=20
check 'the hypervisor opens' cellctl enable
rm -f /var/tmp/took
for ((n = 1; n < starts; n++)); do one; done
echo 'id == 16' | tee $tracing/events/raw_syscalls/sys_{enter,exit}/filter >/dev/null
one sched/sched_switch sched/sched_wakeup raw_syscalls/sys_enter raw_syscalls/sys_exit
driven=$(driven)
cp $tracing/trace /run/results/starts.trace
is 'all were measured' "$(grep -c . /var/tmp/took)" $starts
diag "microseconds each: $(paste -sd' ' /var/tmp/took)"
check "the driver's calls were seen" test "$driven"
diag "measure cellctl start of a created cell $(sort -n /var/tmp/took | sed -n $(((starts + 1) / 2))p) microseconds"
diag "measure of which the driver had in the last one $driven microseconds"
end
