# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The words of all shell tests, in the Test Anything Protocol; sourced. What a case is called comes
# first, and what was found before what was expected. A test ends with `finish`, which prints the plan:
# one that dies before has no plan and so counts as failed.
#
# A test may define on_failure: what it prints is shown with each case that failed. One whose commands
# write to standard output sets tap_fd to another descriptor.
set -u

tap_fd=1
tap_count=0
tap_failed=0
# In a case of many checks: whether one has failed; else empty.
tap_case=''
# Seconds from one try to the next.
tap_pause=0.2

# diag LINE...: for people.
diag() { printf '%s\n' "$@" | sed 's/^/# /' >&"$tap_fd"; }

# tap_result WORD TEXT
tap_result() {
	tap_count=$((tap_count + 1))
	echo "$1 $tap_count - $2" >&"$tap_fd"
}

# ok NAME: a case that passed.
ok() { [[ $tap_case ]] || tap_result ok "$1"; }

# not_ok NAME [LINE...]: a case that failed, and why.
not_ok() {
	if [[ $tap_case ]]; then
		tap_case=failed
		diag "failed: $1"
	else
		tap_failed=$((tap_failed + 1))
		tap_result 'not ok' "$1"
	fi
	shift
	(($# == 0)) || diag "$@"
	! declare -F on_failure >/dev/null || diag "$(on_failure | cat -v)"
	return 1
}

# skip NAME REASON
skip() { tap_result ok "$1 # SKIP $2"; }

# bail REASON: nothing further makes sense.
bail() {
	echo "Bail out! $*" >&"$tap_fd"
	exit 1
}

# finish: the plan; the last command of every test.
finish() {
	echo "1..$tap_count" >&"$tap_fd"
	((tap_failed == 0))
}

# case_of_many NAME COMMAND...: a single case that all the checks in COMMAND (a function) decide; only
# those that fail are told of.
case_of_many() {
	local name=$1 began=${EPOCHREALTIME/./} verdict
	shift
	tap_case=passed
	"$@"
	verdict=$tap_case
	tap_case=''
	name+=" ($(((${EPOCHREALTIME/./} - began) / 1000)) ms)"
	if [[ $verdict == passed ]]; then ok "$name"; else not_ok "$name"; fi
}

# check NAME COMMAND...: passes if COMMAND succeeds; shows its output if not.
check() {
	local name=$1 output result
	shift
	output=$("$@" 2>&1)
	result=$?
	if ((result == 0)); then
		ok "$name"
	else
		not_ok "$name" "command: $*" "status: $result" "$output"
	fi
}

# fails NAME COMMAND...: passes if COMMAND fails by its own verdict (a crash is no verdict, and
# neither is a time-out). What it said is left in $output.
fails() {
	local name=$1 result
	shift
	output=$("$@" 2>&1)
	result=$?
	if ((result > 0 && result < 124)); then
		ok "$name"
	else
		not_ok "$name" "command: $*" "status: $result, a failure was expected" "$output"
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

# isnt NAME ACTUAL UNEXPECTED
isnt() {
	if [[ $2 != "$3" ]]; then
		ok "$1"
	else
		not_ok "$1" "got what was not expected: $2"
	fi
}

# like NAME ACTUAL REGEX: anywhere in the text.
like() {
	if [[ $2 =~ $3 ]]; then
		ok "$1"
	else
		not_ok "$1" "got:               $2" "expected to match: $3"
	fi
}

# has_line NAME TEXT REGEX: one of its lines matches.
has_line() {
	if grep -Eq -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "got:                            $2" "expected a line of it to match: $3"
	fi
}

# has_no_line NAME TEXT REGEX: none does.
has_no_line() {
	if ! grep -Eq -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "got:                           $2" "expected no line of it to match: $3"
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
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		((${EPOCHREALTIME/./} < until)) || return 1
		sleep "$tap_pause"
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
