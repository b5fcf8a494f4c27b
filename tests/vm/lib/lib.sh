# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests in the machine share: tap.sh's words, how they begin and end, the kernel's log, memory
# and load. Sourced.
# shellcheck disable=SC2034 # what the tests use
# shellcheck source-path=SCRIPTDIR source=../../lib/tap.sh
. ./tap.sh

sysfs=/sys/devices/jailhouse
examples=/usr/share/doc/cellmgr/examples
descriptions=/etc/cellmgr/cells

# begin: the module is loaded and the daemon runs; from here on the kernel must not complain.
begin() {
	modprobe cellvisor || bail 'the module does not load'
	systemctl start cellmgrd || bail 'the daemon does not start'
	mark=$(kernel_log_mark)
}

# end: the hypervisor closes, Linux has all of its CPUs, no description is left, and the kernel has not
# complained since the test began; the last command of most tests.
end() {
	check 'the hypervisor closes' cellctl disable
	all_cpus_back
	rm -f "$descriptions"/*.json
	systemctl reload cellmgrd
	kernel_log_clean 'the kernel has nothing to complain about' "$mark"
	finish
}

# cases_of [--remarks] PREFIX COMMAND...: each line that it prints is a case, "ok NAME" or "not ok NAME";
# with remarks one that begins with # is none. Whatever else it says has failed. Sets cases, their number.
cases_of() {
	local line remarks=0 prefix from
	if [[ $1 == --remarks ]]; then
		remarks=1
		shift
	fi
	prefix=$1 from=$(kernel_log_mark)
	shift
	cases=0
	while IFS= read -r line; do
		if ((remarks)) && [[ $line == '#'* ]]; then
			diag "${line#\# }"
			continue
		fi
		case $line in
		'ok '*) ok "$prefix${line#ok }" ;;
		*) not_ok "$prefix${line#not ok }" "$(kernel_log_since "$from" | grep cellvisor: | tail -n 5)" ;;
		esac
		cases=$((cases + 1))
	done < <("$@" 2>&1)
}

# go_down COMMAND...: the end of a test that ends the machine itself, as soon as the host has all results.
go_down() {
	(
		trap '' TERM
		until [[ -e /run/results/done ]]; do sleep 0.05; done
		"$@"
	) &
	finish
}

# load_kernel load|panic [WORD...]: what boots next, of a machine with --next-kernel: its own kernel, with
# words added to its command line.
load_kernel() {
	local words
	words=$(</proc/cmdline)
	[[ $1 != panic ]] || words=$(sed 's/ crashkernel=[^ ]*//' <<<"$words")
	./next-kernel "$1" /run/results/vmlinuz /run/results/initrd.cpio "$words ${*:2}"
}

# in_next_kernel: whether this one came after another in which the same test began; then its cases are
# counted on. leave_kernel: the next one will know.
in_next_kernel() {
	local output
	[[ -e /run/results/again ]] || return 1
	output=/run/results/$(</run/results/again).tap
	tap_count=$(grep -cE '^(not )?ok ' "$output")
	tap_failed=$(grep -c '^not ok ' "$output")
	true
}
leave_kernel() {
	basename "$0" >/run/results/again
	sync
}

all_cpus_back() {
	is 'all CPUs are back' "$(cat /sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/present)"
}

# kernel_log_mark: prints a mark for the next two.
kernel_log_mark() {
	local mark
	mark="vmtest mark $$ $RANDOM$RANDOM"
	echo "<6>$mark" >/dev/kmsg
	echo "$mark"
}

# kernel_log_since MARK
kernel_log_since() { dmesg | awk -v mark="$1" 'seen; index($0, mark) { seen = 1 }'; }

kernel_complaints='WARNING:|BUG:|Oops|Call Trace|general protection|stack-protector|rcu.*stall|soft lockup|hard LOCKUP|unregister_netdevice|Kernel panic|list_(add|del) corruption|Bad page|hung_task|blocked for more than'

# kernel_log_clean NAME MARK: no complaint of the kernel since MARK.
kernel_log_clean() {
	local complaints
	complaints=$(kernel_log_since "$2" | grep -E "$kernel_complaints" | head -n 5)
	if ! dmesg | grep -qF "$2"; then
		not_ok "$1" "the mark \"$2\" is no longer in the kernel's log: too much was logged"
	elif [[ $complaints ]]; then
		not_ok "$1" "$complaints"
	else
		ok "$1"
	fi
}

# monitor COMMAND: has QEMU do that. The machine was started with --monitor.
monitor() {
	echo "$1" >/run/results/monitor.new
	mv /run/results/monitor.new /run/results/monitor
	eventually 20 test ! -e /run/results/monitor
}

# pool_used: pages of the hypervisor's pool. A cell that was destroyed has some until it is scrubbed.
pool_used() {
	local before now=''
	for _ in {1..20}; do
		before=$now
		now=$(<$sysfs/mem_pool_used)
		[[ $now != "$before" ]] || break
		sleep 0.2
	done
	echo "$now"
}

# meminfo KEY: kilobytes, e.g. meminfo MemFree.
meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }

# memory_settle: caches are dropped, free pages are where they are counted.
memory_settle() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	echo 1 >/proc/sys/vm/compact_memory
	sleep 1
	echo 1 >/proc/sys/vm/stat_refresh
}

# background_load SECONDS: memory and disk load on all CPUs of Linux, ends by itself.
background_load() {
	local cpu
	for cpu in $(seq "$(nproc)"); do
		timeout "$1" sh -c "while :; do dd if=/dev/zero of=/var/tmp/load-$cpu bs=1M count=24 conv=fsync; \
			dd if=/var/tmp/load-$cpu of=/dev/null bs=64k; sort -R /proc/kallsyms | head -n 1; done" \
			>/dev/null 2>&1 &
	done
	timeout "$1" sh -c 'while :; do head -c 96M /dev/zero | tail -c 1 | wc -c; done' >/dev/null 2>&1 &
}

# kernel_warnings_since MARK: what the kernel logged as a warning or worse, without its remark that an
# interrupt took long, which is the host's speed.
kernel_warnings_since() {
	dmesg -x | awk -v mark="$1" 'seen; index($0, mark) { seen = 1 }' |
		grep -E '^[a-z]+ *:(warn|err|crit|alert|emerg) *:' |
		grep -v 'hrtimer: interrupt took [0-9]* ns$'
}

# memory_of_the_kernel: two figures in kilobytes: what is neither free nor a program's nor a cache, and
# what of that is nobody's in /proc/meminfo: pages that somebody in the kernel took by the page, and
# what was lost. Free pages that CPUs keep for themselves are free; stacks are part of what vmalloc
# uses. A page may go from one of the two files to the other while they are read: hence the middle one
# of several readings.
memory_of_the_kernel() {
	local reading pages zones
	for reading in 1 2 3 4 5; do
		mapfile -t pages </proc/meminfo
		mapfile -t zones </proc/zoneinfo
		printf '%s\n' "reading: $reading" "${pages[@]}" "${zones[@]}"
	done | awk '
		$1 == "reading:" { n++ }
		$1 == "MemTotal:" { kernel[n] += $2 }
		$1 ~ /^(MemFree|Buffers|Cached|SwapCached|AnonPages|SReclaimable):$/ { kernel[n] -= $2 }
		$1 ~ /^(SUnreclaim|PageTables|SecPageTables|Percpu|VmallocUsed):$/ { known[n] += $2 }
		$1 == "count:" { kernel[n] -= 4 * $2 }
		END { for (n in kernel) print kernel[n], kernel[n] - known[n] }' |
		sort -n -k 2 | sed -n 3p
}
