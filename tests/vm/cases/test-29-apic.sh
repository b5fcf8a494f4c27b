#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cell has its APIC's registers by MSR on a machine in xAPIC mode, and each end of an interrupt is
# an exit, nothing else.
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/apic.sh
. ./apic.sh

begin
letter_of_id
count_exits 0 10
is 'a cell that only counts has no exit in 10 s' "$counted" 0
count_exits 1000 5
if ((counted > 0)); then
	ok 'a cell with a timer has one a tick'
else
	not_ok 'a cell with a timer has one a tick' "$counted in 5 s"
fi
diag "1000 Hz: $counted exits in 5 s"
end
