#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each register of the documented policy, read and written, from Linux and from a cell; of those whose
# write ends a cell two.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

# write_stops MSR: a cell that writes it is stopped for that.
write_stops() {
	describe_program msrs msr-policy "write=$1"
	cellctl start msrs >/dev/null 2>&1
	if eventually 30 failed msrs; then
		like "a cell that writes MSR $1 is stopped" "$why" "wrote 0x1234 to MSR $1, which cells may not"
	else
		not_ok "a cell that writes MSR $1 is stopped" "state $(cell_property msrs State)" \
			"$(cellctl console msrs)"
	fi
	check 'and can be taken away' cellctl destroy msrs
}

check 'the probe is there' insmod ./partition-probe.ko
begin
bank=$(taskset -c 0 ./probe rdmsr 0xc0002001)
check 'the partition opens' cellctl enable
is 'Linux reads machine check banks as before' "$(taskset -c 0 ./probe rdmsr 0xc0002001)" "$bank"
is 'and writes them' "$(taskset -c 0 ./probe wrmsr 0xc0002001 0)" 'done'
before=$(violations)
said=$(taskset -c 0 ./root-msrs)
like 'every register answers Linux as documented' "$said" '^[1-9][0-9]+ registers, 0 wrong, '
refused=$(sed -n 's/.*, \([0-9]*\) refused$/\1/p' <<<"$said")
is 'what is refused is counted' $(($(violations) - before)) "$refused"

describe_program msrs msr-policy all
check 'a cell that tries every register starts' cellctl start msrs
eventually_check 'it has tried' 30 console_has msrs '^done, '
console=$(cellctl console msrs)
is 'all were answered as documented' "$(grep -E '^not ok|^done' <<<"$console")" 'done, 0 failed'
check 'it can be taken away' cellctl destroy msrs
write_stops 0xc0010015
write_stops 0xc0010020
check 'the probe goes' rmmod partition_probe
end
