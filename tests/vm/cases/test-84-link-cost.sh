#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a link costs, in instructions: the way of a block from one cell to another, records in a queue, a
# ring, a look at a peer's state, which is no exit. No more than a twentieth above what is recorded here.
# machine: icount
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/link-cost.sh
. ./link-cost.sh

# The best of many rounds each. A record takes 436 where its reader takes a whole queue for one ring, 507 where it looks
# earlier; a block takes 2214 to 2341, by where in its loop the reader is.
declare -A recorded=(
	['block there, one way']=2341
	['record of 64 bytes, with its share of rings']=507
	['ring of nobody']=629
	['state of another peer']=7
)

check 'this is the deterministic machine' test -e deterministic
modprobe cellvisor
mark=$(kernel_log_mark)
link_costs >/tmp/costs 2>/tmp/said
diag "$(</tmp/costs)" "$(tr '\n' ' ' </tmp/said)"
for name in "${!recorded[@]}"; do
	measured=$(sed -n "s/^\([0-9]*\) $name$/\1/p" /tmp/costs)
	between "$name" "${measured:-none}" 1 $((recorded[$name] * 21 / 20))
done
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
