#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The daemon dies, its cells do not; the next one knows them again.
# boot: own
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

daemon_pid() { systemctl show -P MainPID cellmgrd; }

# kill_daemon: as hard as it goes; returns when another one answers.
kill_daemon() {
	local old
	old=$(daemon_pid)
	kill -9 "$old"
	eventually 30 sh -c "[ \"\$(systemctl show -P MainPID cellmgrd)\" != $old ] &&
		busctl --timeout=5 get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager HypervisorState"
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' systemctl start cell@turbine
eventually_check 'it reports' 30 turbine_passes 0
unit_pid=$(systemctl show -P MainPID cell@turbine)
started=$(cell_property turbine StartedAt)
image=$(cell_property turbine ImageSha256)
id=$(cell_property turbine Id)
cycle=$(turbine_cycle)
like 'the image has a digest' "$image" '^[0-9a-f]{64}$'

check 'the daemon is killed and comes back' kill_daemon
is 'the cell is running under the same object' "$(cell_property turbine State)" running
is 'it was started when it was started' "$(cell_property turbine StartedAt)" "$started"
is 'its image is known' "$(cell_property turbine ImageSha256)" "$image"
is 'its id is the same' "$(cell_property turbine Id)" "$id"
eventually_check 'it ran on' 30 turbine_passes "$cycle"
is 'its unit is active' "$(systemctl is-active cell@turbine)" active
is 'in the same process' "$(systemctl show -P MainPID cell@turbine)" "$unit_pid"
check 'it can be stopped' systemctl stop cell@turbine
is 'and is' "$(cell_property turbine State)" shut-down

# In the middle of a start: it is killed as soon as it says what it is about to do. Whatever was
# reached is known, and the next start gets there.
check 'it can be taken away' cellctl destroy turbine
old=$(daemon_pid)
until=$((SECONDS + 20))
cellctl start turbine >/dev/null 2>&1 &
starter=$!
# Without a process for each look, which takes as long as all of the start where the host is busy.
record=''
until [[ $record =~ \"intent\":\ *\"(create|load|start)\" ]] || ((SECONDS > until)); do
	{ read -r -d '' record </run/cellmgr/records/turbine; } 2>/dev/null
done
kill -9 "$old"
diag "it died with the intent to ${BASH_REMATCH[1]:-nothing}"
like 'a start was under way' "${BASH_REMATCH[1]:-}" '^(create|load|start)$'
wait "$starter"
is 'the daemon is killed before the start is done' $(($? != 0)) 1
check 'another one comes' eventually 30 \
	busctl --timeout=5 get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager HypervisorState
like 'it knows the cell' "$(cell_property turbine State)" \
	'^(defined|created|loaded|running|shut-down|failed)$'
check 'the cell can be started all the same' cellctl start turbine
is 'and runs' "$(cell_property turbine State)" running

# A cell that no daemon remembers.
systemctl stop cellmgrd
rm -rf /run/cellmgr/*
rm $descriptions/turbine.json
systemctl start cellmgrd
eventually_check 'a cell of nobody is shown as foreign' 20 cell_is turbine State foreign
for verb in stop kill destroy load start restart disable; do
	target=turbine
	[[ $verb != disable ]] || target=''
	# shellcheck disable=SC2086 # nothing where there is no cell to name
	fails "and is not touched: $verb" cellctl $verb $target
	like "because it is foreign: $verb" "$output" foreign
done
is 'it runs' "$(cat /sys/devices/jailhouse/cells/"$id"/state)" running
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
