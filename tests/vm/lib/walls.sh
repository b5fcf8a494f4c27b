# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Accesses of Linux to memory, by the probe's module: those that do what they say, and those that have no
# effect; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

pattern=0x1122334455667788
all_ones=(x 0xff 0xffff x 0xffffffff x x x 0xffffffffffffffff) # by width in bytes

# reaches NAME ADDRESS: the control. Every kind of access does what it says, on memory that Linux may
# use; the pattern is left there.
reaches() {
	local at=$2 w value
	for w in 1 2 4 8; do
		value=$(hex $((pattern & (w == 8 ? -1 : (1 << 8 * w) - 1))))
		./probe write "$at" "$w" "$value" >/dev/null
		is "control, $1: $w bytes are written and read" "$(./probe read "$at" "$w")" "$value"
	done
	./probe write "$at" 8 0x0f >/dev/null
	./probe or "$at" 4 0xf0 >/dev/null
	is "control, $1: OR" "$(./probe read "$at" 8)" 0xff
	is "control, $1: exchange gives the old value" "$(./probe xchg "$at" 8 0x12)" 0xff
	is "control, $1: exchange leaves the new one" "$(./probe compare "$at" 8 0x12)" 0x1
	is "control, $1: string store" "$(./probe fill "$at" 4 64 0x5a5a5a5a)" '0x5a5a5a5a differ=0 left=0'
	is "control, $1: string copy out" "$(./probe copy-from "$at" 8 32)" \
		'0x5a5a5a5a5a5a5a5a differ=0 left=0'
	./probe copy-to "$at" 2 128 0x6b6b >/dev/null
	is "control, $1: string copy in" "$(./probe copy-from "$at" 1 256)" '0x6b differ=0 left=0'
	is "control, $1: from user mode" "$(./probe user-write "$at" $pattern && ./probe user-read "$at")" \
		"done"$'\n'"$pattern"
	./probe write "$at" 1 0xc3 >/dev/null # a return
	is "control, $1: code is executed" "$(./probe user-exec "$at")" 'done'
	is "control, $1: a vector is read" "$(./probe user-vector "$at")" 'done'
	./probe fill "$at" 8 64 $pattern >/dev/null
}

# refused NAME COUNT ANSWER COMMAND...: the answer, and as many refusals counted.
refused() {
	local name=$1 count=$2 answer=$3 before got
	shift 3
	before=$(violations)
	got=$("$@" 2>&1)
	is "$name" "$got, $(($(violations) - before)) refused" "$answer, $count refused"
}

# walled NAME ADDRESS: nothing of what reaches() does has any effect.
walled() {
	local at=$2 w
	for w in 1 2 4 8; do
		refused "$1: $w bytes are not read" 1 "${all_ones[w]}" ./probe read "$at" "$w"
		refused "$1: $w bytes are not written" 1 'done' ./probe write "$at" "$w" 0
	done
	refused "$1: no OR" 1 'done' ./probe or "$at" 4 0
	refused "$1: no exchange" 1 0xffffffffffffffff ./probe xchg "$at" 8 0
	refused "$1: nothing to compare" 1 0x0 ./probe compare "$at" 8 $pattern
	refused "$1: no string store" 1 fault ./probe fill "$at" 4 64 0
	refused "$1: no string copy out" 1 fault ./probe copy-from "$at" 8 32
	refused "$1: no string copy in" 1 fault ./probe copy-to "$at" 1 256 0
	refused "$1: not read from user mode" 1 0xffffffffffffffff ./probe user-read "$at"
	refused "$1: not written from user mode" 1 'done' ./probe user-write "$at" 0
	refused "$1: no code there" 1 SIGILL ./probe user-exec "$at"
	refused "$1: no vector, for the kernel" 1 fault ./probe vector "$at"
	refused "$1: no vector, for a program" 1 SIGSEGV ./probe user-vector "$at"
	# By single loads or by a string instruction, as this kernel has it.
	copied=$(./probe copy-user "$at")
	like "$1: nothing is copied to a program" "$copied" '^ones=(0 left=512|512 left=0) zeros-elsewhere=4096$'
}

# read_only NAME ADDRESS VALUE: eight bytes that Linux may read, and no way to change them.
read_only() {
	local at=$2 value=$3 w
	for w in 1 2 4 8; do
		refused "$1: $w bytes are read" 0 "$(hex $((value & (w == 8 ? -1 : (1 << 8 * w) - 1))))" \
			./probe read "$at" "$w"
		refused "$1: $w bytes are not written" 1 'done' ./probe write "$at" "$w" $((~value))
	done
	./probe or "$at" 4 0xffffffff >/dev/null
	./probe xchg "$at" 8 0x12 >/dev/null
	refused "$1: no string store" 1 fault ./probe fill "$at" 4 2 0x5a5a5a5a
	refused "$1: no string copy in" 1 fault ./probe copy-to "$at" 1 8 0x5a
	refused "$1: not written from user mode" 1 'done' ./probe user-write "$at" $((~value))
	is "$1: nothing of that has come" "$(./probe read "$at" 8)" "$value"
}
