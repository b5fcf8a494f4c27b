# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The daemon dies, cells do not; cells fail, and it is known.

kill_daemon() {
	local old
	old=$(systemctl show -p MainPID --value cellmgrd)
	kill -9 "$old"
	eventually 5 daemon_is_back "$old"
}

daemon_is_back() {
	local pid
	pid=$(systemctl show -p MainPID --value cellmgrd)
	[ "$pid" != 0 ] && [ "$pid" != "$1" ] && unit_is cellmgrd active
}

test_killed_daemon_adopts_its_cells() {
	done_well systemctl start cell@alpha
	cell beta Create
	local before after
	before=$(all_of alpha)/$(all_of beta)
	kill_daemon
	after=$(all_of alpha)/$(all_of beta)
	equal "$after" "$before" "the cells"
	state_is alpha running
	state_is beta created
	equal "$(manager_property MemoryTotal)" $((48 << 20))
	equal "$(manager_property MemoryFree)" $((43 << 20))
	unit_is cell@alpha active || not "cell@alpha is not active any more"
	matches "$(journal MESSAGE_ID=e5a1d28374f6492cb07e9c5f3b6a8d10)" "Cell alpha goes on"
	# It is not only shown: it is ours.
	done_well systemctl stop cell@alpha
	state_is alpha shut-down
	done_well cell beta Destroy
	done_well call DisableHypervisor b false
	equal "$(fake pool)" 0 "pool"
}

all_of() {
	echo "$(property "$1" State) $(property "$1" Id) $(property "$1" StartedAt)" \
		"$(property "$1" ImageSha256) $(property "$1" Cpus) $(property "$1" Memory)"
}

test_killed_in_the_middle_of_a_create() {
	call EnableHypervisor
	fake rule create 1 delay=600 >/dev/null
	busctl call org.cellmgr1 "$manager/cell/alpha" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	eventually 1 operation_is alpha create
	sleep 0.1
	matches "$(cat /run/cellmgr/state)" '"intent": *"create"'
	cp /run/cellmgr/state /tmp/state
	kill_daemon
	# The fake gives the call up with its caller.
	eventually 2 is_state alpha defined
	# The driver made the cell, and the daemon died of it before it could write that down.
	systemctl stop cellmgrd
	fake foreign alpha 3 >/dev/null
	cp /tmp/state /run/cellmgr/state
	systemctl start cellmgrd
	state_is alpha running
	equal "$(property alpha Memory)" $((1 << 20)) "what it has"
	equal "$(manager_property MemoryFree)" $((47 << 20)) "what is left for others"
	# Another one of that name, on another CPU, is not it.
	systemctl stop cellmgrd
	fake gone alpha >/dev/null
	fake foreign alpha 2 >/dev/null
	cp /tmp/state /run/cellmgr/state
	systemctl start cellmgrd
	state_is alpha foreign
	fake gone alpha >/dev/null
}

test_killed_in_the_middle_of_a_load() {
	call EnableHypervisor
	cell alpha Create
	cell alpha Load 'a(ht)' 0
	fake rule load 2 hang >/dev/null
	busctl call org.cellmgr1 "$manager/cell/alpha" org.cellmgr1.Cell Load 'a(ht)' 0 >/dev/null 2>&1 &
	eventually 1 operation_is alpha load
	eventually 1 grep -q '"intent": *"load"' /run/cellmgr/state
	kill_daemon
	# Half an image is none.
	eventually 2 is_state alpha created
	equal "$(property alpha ImageSha256)" "" "hash"
	fake clear >/dev/null
}

test_killed_in_the_middle_of_an_enable() {
	call EnableHypervisor
	systemctl stop cellmgrd
	# The driver was done, the daemon had not written it down.
	sed -i 's/"intent": *""/"intent":"enable"/; s/"size": *[0-9]*/"size":0/' /run/cellmgr/state
	systemctl start cellmgrd
	equal "$(manager_property MemoryTotal)" $((48 << 20))
	done_well call StartCell s alpha
	done_well call DisableHypervisor b true
	equal "$(fake pool)" 0 "pool"
}

test_foreign_cells_are_shown_and_not_touched() {
	call EnableHypervisor
	fake foreign stranger 2 >/dev/null
	fake foreign 'we?rd name' 1 >/dev/null
	eventually 3 is_state stranger foreign
	equal "$(property stranger Cpus)" "1 2"
	equal "$(property stranger Memory)" 0
	fails WrongState "made by somebody else" manager StopCell s stranger
	fails WrongState "made by somebody else" stranger Kill
	fails WrongState "made by somebody else" stranger Destroy
	call ListCells
	matches "$output" '"we\?rd name" "foreign" "/org/cellmgr1/cell/we_3frd_20name"'
	fails NoResources "cpus|CPU" beta Create
	kill_daemon
	state_is stranger foreign
	fails WrongState "stranger is foreign" manager DisableHypervisor b false
	fake gone stranger >/dev/null
	eventually 3 has_no_object stranger
	done_well call DisableHypervisor b true
}

has_no_object() {
	! call GetCell s "$1"
}

test_nonsense_in_the_state_file() {
	call StartCell s alpha
	systemctl stop cellmgrd
	echo '{ "version": 1, "cells": [] ' >/run/cellmgr/state
	systemctl start cellmgrd
	state_is alpha foreign
	matches "$(journal)" 'Cannot use /run/cellmgr/state'
	fails NoResources "enabled by somebody else" beta Create
}

test_unit_follows_the_cell() {
	done_well systemctl start cell@alpha
	unit_is cell@alpha active || not "not active"
	state_is alpha running
	matches "$(systemctl show -p StatusText --value cell@alpha)" "The cell runs"
	done_well systemctl restart cell@alpha
	state_is alpha running
	done_well systemctl stop cell@alpha
	unit_is cell@alpha inactive || not "not inactive: $(systemctl is-active cell@alpha)"
	state_is alpha shut-down
	# Stopped by somebody over the bus.
	systemctl start cell@alpha
	call StopCell s alpha
	eventually 2 unit_is cell@alpha inactive
	# A restart over the bus is none of the unit's business.
	systemctl start cell@alpha
	local pid
	pid=$(systemctl show -p MainPID --value cell@alpha)
	done_well call RestartCell s alpha
	sleep 0.3
	equal "$(systemctl show -p MainPID --value cell@alpha)" "$pid"
	unit_is cell@alpha active || not "not active after a restart of the cell"
	# One that ends by itself.
	fake shut-down alpha >/dev/null
	eventually 2 unit_is cell@alpha inactive
}

test_unit_that_cannot_start_says_why() {
	systemctl start cell@noimage 2>/dev/null && not "cell@noimage started"
	unit_is cell@noimage failed || not "not failed"
	matches "$(systemctl show -p StatusText --value cell@noimage)" "missing.bin"
	systemctl start cell@unknown 2>/dev/null && not "cell@unknown started"
	matches "$(systemctl show -p StatusText --value cell@unknown)" "no cell unknown"
}

test_unit_of_an_unwilling_cell_fails() {
	systemctl start cell@alpha
	fake answer alpha deny >/dev/null
	systemctl stop cell@alpha 2>/dev/null
	unit_is cell@alpha failed || not "not failed"
	state_is alpha running
	matches "$(systemctl show -p StatusText --value cell@alpha)" "denied"
}

test_failure_is_reported_once_and_fails_the_unit() {
	local line
	systemctl start cell@alpha
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	eventually 2 unit_is cell@alpha failed
	state_is alpha failed
	equal "$(property alpha Health)" failed
	line='Cell alpha failed: wrote 4 bytes at guest address 0xdead000, which is not its memory (rip 0x1234, CPU 2)'
	equal "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=alpha REASON=memory-write \
		ADDRESS=0xdead000 RIP=0x1234 CPU=2)" "$line"
	equal "$(property alpha LastError)" "${line#Cell alpha failed: }"
	equal "$(systemctl show -p StatusText --value cell@alpha)" "${line#Cell alpha failed: }"
	# The evidence stays, also for the next daemon, who does not tell again.
	kill_daemon
	state_is alpha failed
	equal "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 | wc -l)" 1 "lines"
	# And a start is a start.
	done_well systemctl restart cell@alpha
	state_is alpha running
}

test_failed_cell_is_destroyed_where_wanted() {
	mv /etc/cellmgr/cells/broken.json /tmp/
	sed -i 's/"cpus"/"on-failure": "destroy", "cpus"/' /etc/cellmgr/cells/beta.json
	done_well call Reload
	call StartCell s beta
	fake fail beta 5 0xcf9 1 0x1234 2 >/dev/null
	eventually 3 is_state beta defined
	matches "$(property beta LastError)" "wrote 1 byte to I/O port 0xcf9"
	equal "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=beta | wc -l)" 1 "lines"
	sed -i 's/"on-failure": "destroy", //' /etc/cellmgr/cells/beta.json
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_catalog_explains_messages() {
	journalctl --update-catalog
	matches "$(journalctl --dump-catalog 6f1c9a52d3d04c4b8f6e2b7a90c51e31)" 'Subject: Cell @CELL@ failed'
	local id
	while read -r id; do
		journalctl --dump-catalog "$id" >/dev/null 2>&1 || not "message $id"
	done < <(sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' /usr/lib/systemd/catalog/cellmgr.catalog)
}

test_systemd_restarts_what_it_is_told_to() {
	mkdir -p /run/systemd/system/cell@alpha.service.d
	printf '[Service]\nRestart=on-failure\nRestartSec=100ms\n' \
		>/run/systemd/system/cell@alpha.service.d/restart.conf
	systemctl daemon-reload
	systemctl start cell@alpha
	fake fail alpha 8 0 0 0x1234 3 >/dev/null
	eventually 3 is_state alpha failed
	eventually 5 is_state alpha running
	eventually 2 unit_is cell@alpha active
	rm -r /run/systemd/system/cell@alpha.service.d
	systemctl daemon-reload
}

test_lost_heartbeat() {
	systemctl start cell@alpha
	equal "$(property alpha Health)" ok
	start_monitor
	fake flatline alpha >/dev/null
	eventually 4 is_health alpha failed
	stop_monitor
	equal "$(grep '"PropertiesChanged"' /tmp/monitor |
		grep -o '"Health":{"type":"s","data":"[a-z]*"' | cut -d'"' -f10 | tr '\n' ' ')" \
		"late failed " "health"
	# It is not touched, but it is known.
	state_is alpha running
	eventually 2 unit_is cell@alpha failed
	matches "$(journal MESSAGE_ID=b8e0a7c94a5f4e0f9d1f3c6a2e7748d5 CELL=alpha REASON=heartbeat)" \
		'^Cell alpha failed: no heartbeat for (1[5-9]|[2-9][0-9])[0-9]{2} ms'
	done_well cell alpha Kill
	state_is alpha failed
	done_well call StartCell s alpha
	equal "$(property alpha Health)" ok
	# To start one without a pulse is to start it anew.
	fake flatline alpha >/dev/null
	eventually 4 is_health alpha failed
	local started
	started=$(property alpha StartedAt)
	done_well call StartCell s alpha
	[ "$(property alpha StartedAt)" -gt "$started" ] || not "it was not started anew"
}

test_stopping_the_daemon_leaves_cells_alone() {
	systemctl start cell@alpha
	fake answer alpha silent >/dev/null
	call StopCell s alpha &
	eventually 1 operation_is alpha stop
	done_well systemctl stop cellmgrd
	wait
	equal "$(systemctl show -p Result --value cellmgrd)" success
	equal "$(cat /run/fake/sysfs/cells/*/state)" running
	systemctl start cellmgrd
	state_is alpha running
}

test_daemon_is_activated_by_the_bus() {
	systemctl stop cellmgrd
	state_is alpha defined
	unit_is cellmgrd active || not "not active"
}

test_daemon_lets_go_of_the_device() {
	# While the hypervisor is off the module can be unloaded.
	equal "$(device_opens)" 0 "opens"
	call StartCell s alpha
	[ "$(device_opens)" -ge 1 ] || not "it does not watch the device"
	call DisableHypervisor b true
	eventually 3 no_device_opens
}

# Connections to the fake's device; its own listening socket is there as well.
device_opens() {
	echo $(($(grep -c ' /run/fake/driver$' /proc/net/unix) - 1))
}

no_device_opens() {
	[ "$(device_opens)" = 0 ]
}
