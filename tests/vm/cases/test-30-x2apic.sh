#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where Linux has switched the APICs to x2APIC mode, it and cells use them without exits; a program
# that knows only the page, and one that knows only the MSRs, run there as well.
# machine: x2apic
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/apic.sh
. ./apic.sh

begin
check 'control: Linux has switched to x2APIC mode' grep -q 'x2apic enabled' <(dmesg)
letter_of_id
count_exits 0 10
is 'a cell that only polls has no exit in 10 s' "$counted" 0
count_exits 1000 10
ticked_at_least 2000
is 'nor has one with 1000 ticks a second' "$counted" 0
is 'nor does it use the page' "$by_page" 0
cat >$descriptions/traces.json <<-EOF2
	{ "cpus": [2], "memory": "1M", "image": "$PWD/traces.bin", "console": "virtual" }
EOF2
systemctl reload cellmgrd
check 'a cell that uses the page starts' cellctl start traces
eventually_check 'it finds its registers as after a reset' 30 console_has traces '^traces: 0 at the start'
check 'it stops' cellctl stop traces
check 'it is taken away' cellctl destroy traces
cat >$descriptions/runtime.json <<-EOF2
	{ "cpus": [2, 3], "memory": [ { "size": "1M" }, { "size": "4K", "address": "0x240000000" } ],
	  "image": "$PWD/runtime-test.bin", "parameters": "cpus=2", "console": "virtual",
	  "heartbeat": "5s" }
EOF2
systemctl reload cellmgrd
check 'a cell with two CPUs starts' cellctl start runtime
eventually_check 'its tests end' 60 console_has runtime '^done, '
# How late a timer is is the host's affair.
is 'none has failed' "$(cellctl console runtime | grep '^not ok' |
	grep -vE 'is not late|keeps its rate')" ''
check 'it is taken away too' cellctl destroy runtime
end
