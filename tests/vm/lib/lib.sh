# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests in the machine share. A test sources it, calls these and ends with `finish`, which
# prints the plan: a test that dies before has no plan and so counts as failed.
set -u

tap_count=0

# ok NAME: a case that passed.
ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# not_ok NAME [LINE...]: a case that failed, and why.
not_ok() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $1"
	shift
	(($# == 0)) || diag "$@"
	return 1
}

# skip NAME REASON
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# bail REASON: nothing further makes sense.
bail() {
	echo "Bail out! $*"
	exit 1
}

# diag LINE...: for people.
diag() { printf '%s\n' "$@" | sed 's/^/# /'; }

# finish: the plan; the last command of every test.
finish() { echo "1..$tap_count"; }

# check NAME COMMAND...: passes if COMMAND succeeds; shows its output if not.
check() {
	local name=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	if ((status == 0)); then
		ok "$name"
	else
		not_ok "$name" "command: $*" "status: $status" "$output"
	fi
}

# fails NAME COMMAND...: passes if COMMAND fails by its own verdict (a crash is no verdict).
fails() {
	local name=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	if ((status > 0 && status < 124)); then
		ok "$name"
	else
		not_ok "$name" "command: $*" "status: $status, a failure was expected" "$output"
	fi
}

# is NAME ACTUAL EXPECTED
is() {
	if [[ $2 == "$3" ]]; then
		ok "$1"
	else
		not_ok "$1" "got:      $2" "expected: $3"
	fi
}

# like NAME ACTUAL REGEX
like() {
	if [[ $2 =~ $3 ]]; then
		ok "$1"
	else
		not_ok "$1" "got:               $2" "expected to match: $3"
	fi
}

# between NAME ACTUAL LOW HIGH: integers.
between() {
	if [[ $2 =~ ^-?[0-9]+$ ]] && (($2 >= $3 && $2 <= $4)); then
		ok "$1"
	else
		not_ok "$1" "got: $2, expected $3 to $4"
	fi
}

# eventually SECONDS COMMAND...: succeeds as soon as COMMAND does.
eventually() {
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < until)) || return 1
		sleep 0.2
	done
}

# eventually_check NAME SECONDS COMMAND...
eventually_check() {
	local name=$1 seconds=$2
	shift 2
	if eventually "$seconds" "$@"; then
		ok "$name"
	else
		not_ok "$name" "not within $seconds s: $*" "$("$@" 2>&1)"
	fi
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

# meminfo KEY: kilobytes, e.g. meminfo MemFree.
meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }

# memory_settled: MemFree in kilobytes after caches are dropped and per-CPU lists are drained.
memory_settled() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	echo 1 >/proc/sys/vm/compact_memory
	sleep 1
	meminfo MemFree
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

# kernel_warnings_since MARK: what the kernel logged as a warning or worse, without what it says of
# CPUs that come and go.
kernel_warnings_since() {
	dmesg -x | awk -v mark="$1" 'seen; index($0, mark) { seen = 1 }' |
		grep -E '^[a-z]+ *:(warn|err|crit|alert|emerg) *:'
}

# memory_unaccounted: kilobytes that are neither free nor anybody's in /proc/meminfo: pages that
# somebody in the kernel took by the page, and what was lost. Free pages that CPUs keep for themselves
# are free.
memory_unaccounted() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '$1 == "MemTotal:" { left += $2 }
		$1 ~ /^(MemFree|Buffers|Cached|SwapCached|AnonPages|Slab|KernelStack|PageTables|SecPageTables|Percpu|VmallocUsed):$/ {
			left -= $2 }
		$1 == "count:" { left -= 4 * $2 }
		END { print left }' /proc/meminfo /proc/zoneinfo
}
