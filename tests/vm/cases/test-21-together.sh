#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything at once, on CPUs that really run beside each other: a cell is made and ended over and
# over while Linux takes a CPU of its own away and back, works, and looks at everything there is to
# see. Nothing is lost, and the turbine does not notice.
# machine: parallel
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh
rounds=12

# hotplug: CPU 1 goes and comes until the cells are done.
hotplug() {
	local count=0 cpu=/sys/devices/system/cpu/cpu1/online
	while [[ -e running ]]; do
		echo 0 >$cpu && echo 1 >$cpu || return 1
		count=$((count + 1))
	done
	echo "$count"
}

# look: at all that the driver and the daemon show, until the cells are done.
look() {
	local count=0
	while [[ -e running ]]; do
		cat $sysfs/console $sysfs/cells/*/state $sysfs/cells/*/console \
			$sysfs/cells/*/statistics/* >/dev/null 2>&1
		cellctl list >/dev/null || return 1
		count=$((count + 1))
	done
	echo "$count"
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "10s",/'
describe quiet mischief '/"parameters"/d; s/"heartbeat": .*/"heartbeat": "10s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
check 'a cell lives and ends' ./cycle cell quiet 3
pool_before=$(pool_used)

touch running
background_load 300
hotplug >hotplug.out 2>&1 &
hotplug=$!
look >look.out 2>&1 &
look=$!
check "a cell lives and ends $rounds times" ./cycle cell quiet $rounds
rm running
wait $hotplug
is 'a CPU of Linux could go and come meanwhile' $? 0
wait $look
is 'and all could be looked at' $? 0
diag "$rounds cells, CPU 1 $(cat hotplug.out) times away, $(cat look.out) looks at everything"
between 'the CPU did, at least once for every eight cells' "$(cat hotplug.out)" $((rounds / 8)) 100000
between 'and it was looked, at least as often' "$(cat look.out)" $((rounds / 8)) 100000
pkill -f /var/tmp/load- || true
is 'no page of the pool is lost' "$(pool_used)" "$pool_before"
turbine_goes_on 'the turbine goes on'
is 'it has not failed meanwhile' "$(cell_property turbine LastError)" ''
check 'it stops when asked' cellctl stop turbine
end
