# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the lives of cells take, for the deterministic machine, by bare ioctls; sourced.

tracing=/sys/kernel/tracing
udev='systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service'

# without_daemons, with_daemons: whoever hears of each cell does so on another CPU; here CPUs take turns, and
# its work would be time of the cell's.
without_daemons() {
	udevadm settle
	# shellcheck disable=SC2086 # words
	systemctl stop $udev
	systemctl mask --runtime --now -q cellmgrd
	modprobe cellvisor
}

with_daemons() {
	systemctl unmask --runtime -q cellmgrd
	# shellcheck disable=SC2086 # words
	systemctl start $udev
}

# lifecycle PART [ARGUMENT...]: measures what the program of that name does; of the numbers that tell
# exits, those.
lifecycle() {
	local name value unit
	while IFS=$'\t' read -r name value; do
		[[ $value =~ ^[0-9]+$ ]] || bail "lifecycle $*: $name"
		unit=microseconds
		[[ $name != exits* ]] || unit=exits
		measure "$name" "$value" "$unit"
	done < <(taskset -c 0 ./lifecycle "$@")
}

# lifecycle_calls: the longest that the CPU which makes a call of the hypervisor is held by it, while cells
# live; with what it costs to watch that.
lifecycle_calls() {
	local duration longest=0
	mountpoint -q $tracing || mount -t tracefs tracefs $tracing
	echo 1 >$tracing/max_graph_depth
	echo cellvisor_hypercall >$tracing/set_graph_function
	echo function_graph >$tracing/current_tracer
	taskset -c 0 ./lifecycle steps >/dev/null || bail 'lifecycle steps, traced'
	while read -r duration; do
		((duration <= longest)) || longest=$duration
	done < <(sed -n 's/^ *[0-9]*) [^0-9]*\([0-9]*\)[.0-9]* us .*cellvisor_hypercall.*/\1/p' $tracing/trace)
	cp $tracing/trace /run/results/calls.trace
	echo nop >$tracing/current_tracer
	measure 'longest call of the hypervisor' "$longest" microseconds
}
