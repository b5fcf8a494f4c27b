# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# Calls with arguments of the right types that make no sense, and callers that go away in the middle.

# random_calls SEED COUNT [COMMAND...]: the daemon is the same one afterwards, holds no more, and still does its work.
random_calls() {
	local seed=$1 count=$2 pid descriptors size answer
	shift 2

	call StartCell s beta
	pid=$(pid_of cellmgrd)
	answer=$("$@" ./random-peer "$seed" 150 "$manager" "$manager/cell/alpha" "$manager/cell/beta" 2>&1)
	descriptors=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	size=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
	answer=$("$@" ./random-peer "$((seed + 1))" "$count" "$manager" "$manager/cell/alpha" "$manager/cell/beta" 2>&1)
	like "what became of the calls" "$answer" '^[1-9][0-9]+ methods, '"$count"' calls, [1-9][0-9]* good$'
	is "the daemon" "$(pid_of cellmgrd)" "$pid"
	eventually_check "descriptors are given back" 10 holds_no_more "$pid" "$((descriptors + 4))"
	# Under valgrind it keeps for a while what was given back, and tells of leaks by itself.
	compgen -G '/results/valgrind.*' >/dev/null ||
		between "KiB that it grew by" $(($(awk '/VmRSS/ { print $2 }' "/proc/$pid/status") - size)) -100000 1024
	fake clear >/dev/null
	done_well call RestartCell s alpha
	state_is alpha running
}

holds_no_more() {
	(($(find "/proc/$1/fd" -mindepth 1 | wc -l) <= $2))
}

test_random_calls_of_root_do_no_harm() { random_calls 1 1500; }

test_random_calls_of_anybody_do_no_harm() {
	random_calls 3 400 setpriv --reuid=65534 --clear-groups
	state_is beta running
}
