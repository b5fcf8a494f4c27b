#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What exits of Linux' kernel cost, where one instruction is one nanosecond: what the simulation has
# recorded.
# machine: icount
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

check 'this is the deterministic machine' test -e deterministic
check 'the probe is there' insmod ./partition-probe.ko
begin
check 'the partition opens' cellctl enable
describe_with_port mischief 2 "$PWD/ticks" 0x83 'hz=1'
check 'a cell has a port' cellctl start mischief
while read -r ticks recorded name; do
	diag "measure $name: $ticks, recorded $recorded"
	# VMRUN counts here; beyond that a twentieth, as there.
	between "$name" $((ticks - 1)) $((recorded * 19 / 20)) $((recorded * 21 / 20))
	count=$((${count:-0} + 1))
done < <(taskset -c 0 ./exit-cost kernel 0x83)
is 'all were measured' "${count:-0}" 7
check 'the cell stops' cellctl stop mischief
check 'it is taken away' cellctl destroy mischief
check 'the probe goes' rmmod partition_probe
end
