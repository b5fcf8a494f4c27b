#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each register of the documented policy, read and written from Linux.
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

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
end
