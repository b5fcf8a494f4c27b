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

# lives: of such a trace; no figure where one life's calls are not as many as another's.
lives() {
	awk '
		function least(of, figure) { if (!lives || figure < of) return figure; return of }
		/\/\* lives \*\// { calls = remove = add = lives = 0 }
		/ us .*cellvisor_hypercall/ { held[++calls] = took(); next }
		/ us .*remove_cpu/ { remove += took() }
		/ us .*add_cpu/ { add += took() }
		/\/\* life [0-9]* [0-9]* \*\// {
			sub(/.*life /, "")
			begin = least(begin, $1 - remove)
			end = least(end, $2 - add)
			for (n = 1; n <= calls; n++) least_held[n] = least(least_held[n], held[n])
			if (lives && calls != each) exit 1
			each = calls
			calls = remove = add = 0
			lives++
		}
		function took() { match($0, /[0-9.]+ us/); return substr($0, RSTART, RLENGTH) + 0 }
		END {
			if (!lives) exit 1
			for (n = 1; n <= each; n++) if (least_held[n] > longest) longest = least_held[n]
			printf "longest call of the hypervisor\t%d\n", longest
			printf "create, load and start beside the hotplug\t%d\n", begin
			printf "destroy beside the hotplug\t%d\n", end
		}' "$1"
}

# lifecycle_lives kept|linux: of cells of 256 MiB, what the CPU that makes a call of the hypervisor is held by the
# longest one, and what it takes until a cell runs and until it is gone beside what Linux takes for its own
# hotplug, which waits now for more and now for less of its own; with what it costs to watch that. Each time the
# least of all lives: in between another CPU has its turn.
lifecycle_lives() {
	local name value
	mountpoint -q $tracing || mount -t tracefs tracefs $tracing
	echo 4096 >$tracing/buffer_size_kb
	echo 1 >$tracing/max_graph_depth
	echo 1 >$tracing/options/funcgraph-tail
	echo 'cellvisor_hypercall remove_cpu add_cpu' >$tracing/set_graph_function
	echo function_graph >$tracing/current_tracer
	taskset -c 0 ./lifecycle lives "$1" >/dev/null || bail "lifecycle lives $1, traced"
	cp $tracing/trace "/run/results/lives-$1.trace"
	echo nop >$tracing/current_tracer
	while IFS=$'\t' read -r name value; do
		measure "$name, CPU $1" "$value" microseconds
	done < <(lives "/run/results/lives-$1.trace")
}
