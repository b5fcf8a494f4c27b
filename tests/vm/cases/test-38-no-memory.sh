#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where no contiguous memory can be had, though much is free, that is said soon, and all stays as it was.
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

begin
memory_settle
coproc holder { ./hold-memory 50000; }
# shellcheck disable=SC2154 # set by coproc
pid=$holder_PID input=${holder[1]}
read -r -t 200 answer <&"${holder[0]}"
is 'pages that do not move are everywhere' "$answer" holding
memory=$(meminfo MemTotal)
between 'much is free all the same' "$(meminfo MemFree)" 300000 1000000
echo '{ "pool-size": "256M" }' >/etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
mark=$(kernel_log_mark)
started=$SECONDS
fails 'the hypervisor does not open' cellctl enable
between 'which is said within 30 s' $((SECONDS - started)) 0 30
like 'with what to do' "$output" 'could not give up 256M.*lower "pool-size" in .* or reserve'
like 'in the kernel log, too' "$(kernel_log_since "$mark")" 'no 256 MiB of contiguous memory'
is 'Linux has what it had' "$(meminfo MemTotal)" "$memory"
exec {input}>&-
wait "$pid"
rm /etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
check 'control: without them it opens' cellctl enable
is 'Linux counts what it gave up no more' "$(meminfo MemTotal)" $((memory - 65536))
pool=$(printf '%08x-%08x' $(($(hypervisor_memory start))) $(($(hypervisor_memory start) + (64 << 20) - 1)))
is 'and /proc/iomem says who has it' "$(grep -A 1 'cellvisor pool' /proc/iomem | sed 's/^ *//')" \
	"$pool : cellvisor pool
${pool%%-*}-$(printf '%08x' $(($(hypervisor_memory start) + (16 << 20) - 1))) : cellvisor"
check 'it closes' cellctl disable
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$memory"
fails 'and nothing is left in /proc/iomem' grep cellvisor /proc/iomem
end
