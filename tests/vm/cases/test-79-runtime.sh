#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The runtime library works in a cell as on a bare machine, with several CPUs: they start each other,
# interrupt each other, have timers of their own and keep their registers to themselves; exceptions
# are reported with registers, a stack that is used up as that; AVX and C++ are there for who wants them. Some
# of it is about time: hence the deterministic machine.
# machine: icount
# timeout: 480
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# describe_runtime PARAMETERS [IMAGE]
describe_runtime() {
	cat >$descriptions/runtime.json <<-EOF2
		{
		    "cpus": [2, 3],
		    "memory": [ { "size": "1M" }, { "size": "4K", "address": "0x240000000" } ],
		    "image": "$PWD/${2:-runtime-test}.bin",
		    "parameters": "$1",
		    "console": "virtual",
		    "heartbeat": "5s"
		}
	EOF2
	systemctl reload cellmgrd
}

# crash KIND TEXT LAST-ERROR: the program reports the exception itself and fails; what it was is also where people look
# who do not read consoles.
crash() {
	describe_runtime "crash=$1"
	# It may have failed before the start is answered.
	cellctl start runtime >/dev/null 2>&1
	eventually_check "$1: the cell fails" 30 cell_is runtime State failed
	like "$1: its console says why" "$(cellctl console runtime)" "$2"
	like "$1: LastError says it" "$(cell_property runtime LastError)" "$3"
	check "$1: it can be taken away" cellctl destroy runtime
}

# run_tests NAME PARAMETERS IMAGE: a program that tests something and shuts itself down, none failed.
run_tests() {
	describe_runtime "$2" "$3"
	check "$1: the cell starts" cellctl start runtime
	eventually_check "$1: its tests end" 60 console_has runtime '^done, '
	console=$(cellctl console runtime)
	is "$1: none failed" "$(grep -E '^not ok|^done' <<<"$console")" 'done, 0 failed'
	eventually_check "$1: the cell has shut itself down" 20 cell_is runtime State shut-down
	check "$1: it can be taken away" cellctl destroy runtime
}

begin
describe_runtime 'cpus=2'
check 'the hypervisor opens' cellctl enable
run_tests runtime 'cpus=2' runtime-test
like 'the second CPU was there' "$console" 'ok another CPU calculates, with a timer of its own'
between 'all of them were run' "$(grep -c '^ok ' <<<"$console")" 40 1000
crash page-fault 'exception 14 \(page fault\) error-code=0x2 cpu=0' \
	'^caused an exception: page fault at 0x140000000 \(rip 0x[0-9a-f]*\)$'
crash undefined 'exception 6 \(invalid opcode\) error-code=0x0 cpu=0' '^caused an exception: invalid opcode'
crash divide 'exception 0 \(divide error\) error-code=0x0 cpu=0' '^caused an exception: divide error'
crash nmi 'exception 2 \(NMI\)' '^caused an exception: NMI'
crash overflow 'stack overflow in the program on CPU 0: its stack has 16384 bytes' \
	'^had a stack overflow at 0x[0-9a-f]*, in a stack of 16384 bytes \(rip 0x[0-9a-f]*\)$'
crash overflow-interrupt 'stack overflow in an interrupt handler on CPU 0: its stack has 8192 bytes' \
	'^had a stack overflow at 0x[0-9a-f]*, in a stack of 8192 bytes \(rip 0x[0-9a-f]*\)$'
crash overflow-cpu 'stack overflow in the program on CPU 1: its stack has 16384 bytes' \
	'^had a stack overflow at 0x[0-9a-f]*, in a stack of 16384 bytes \(rip 0x[0-9a-f]*\)$'
crash avx 'an instruction of AVX, which is off; compile without it, or link with --defsym=inmate_avx=1' \
	'^caused an exception: invalid opcode'
crash nothing 'still alive after: nothing' '^gave up: still alive after: nothing$'
run_tests AVX 'cpus=2' avx
like 'AVX: two CPUs had it' "$console" 'ok another CPU has AVX as well'
run_tests C++ '' plus
end
