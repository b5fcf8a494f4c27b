#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cell has its APIC's registers by MSR on a machine in xAPIC mode, and each end of an interrupt is
# an exit, nothing else.
# x2apic: no
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/apic.sh
. ./apic.sh

# How often the inmates' library writes to the page besides, when it starts and stops.
at_most_besides=30

begin
check 'control: Linux has left the APICs in xAPIC mode' sh -c '! dmesg | grep -q "x2apic enabled"'
letter_of_id
count_exits 0 10
is 'a cell that only polls has no exit in 10 s' "$counted" 0
count_exits 1000 10
ticked_at_least 2000
besides=$((by_page - ticked))
if ((counted > 0 && besides >= 0 && besides <= at_most_besides)); then
	ok 'a cell with a timer has one exit a tick'
else
	not_ok 'a cell with a timer has one exit a tick' \
		"$counted exits in 10 s; in all $by_page by the page and $ticked ticks"
fi
end
