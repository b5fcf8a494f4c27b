#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the life of a cell with a kept CPU takes where one instruction is one nanosecond, and that it disturbs
# neither a CPU of Linux nor another cell: the bounds that tests/bench/run is to stay below.
# boot: own
# machine: icount
# options: --memory 2G
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh
# shellcheck source-path=SCRIPTDIR source=../lib/lifecycle.sh
. ./lifecycle.sh

declare -A figure
measure() {
	figure[${*:1:$#-2}]=${*: -2:1}
	diag "measure $*"
}

# at_most NAME LIMIT FIGURE...: what these are together.
at_most() {
	local sum=0 name
	for name in "${@:3}"; do sum=$((sum + ${figure[$name]:?is not measured})); done
	between "$1" "$sum" 0 "$2"
}

check 'this is the deterministic machine' test -e deterministic
without_daemons
lifecycle steps
at_most 'the hypervisor opens' 15000 enable
while read -r size begin; do
	cell="$size MiB, CPU kept"
	at_most "a cell of $size MiB is created, loaded and started" "$begin" \
		"create of $cell" "load of $cell" "start of $cell"
	at_most "a cell of $size MiB is destroyed" 1000 "destroy of $cell"
done <<<$'1 2200\n64 2200\n256 3000'
lifecycle growth 0
for cpus in '1 CPUs' '2 CPUs' 'cell 1' 'cell 2'; do
	at_most "$cpus: where Linux has one CPU left the answer does not wait for the scrubbing" 300 "end $cpus"
done
lifecycle_lives kept
lifecycle_lives linux
for cpu in kept linux; do
	at_most "CPU $cpu: no call holds the CPU that makes it for long" 200 \
		"longest call of the hypervisor, CPU $cpu"
	at_most "CPU $cpu: a cell of 256 MiB runs as soon as Linux lets its CPU go" 3000 \
		"create, load and start beside the hotplug, CPU $cpu"
	at_most "CPU $cpu: a cell of 256 MiB is gone as soon as Linux has its CPU" 1000 \
		"destroy beside the hotplug, CPU $cpu"
done
lifecycle holds
for deed in create load start destroy; do
	at_most "$deed: a CPU of Linux that is not concerned runs on" \
		$((${figure["longest pause of a CPU of Linux, nothing"]} + 20)) \
		"longest pause of a CPU of Linux, $deed"
	at_most "$deed: another cell's CPU never leaves it" 0 "exits of another cell's CPU, $deed"
done
cases_of '' timeout 100 ./counts often
with_daemons
finish
