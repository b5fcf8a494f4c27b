# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The daemon dies, cells do not; cells fail, and it is known.

kill_daemon() {
	local old
	old=$(pid_of cellmgrd)
	kill -9 "$old"
	eventually_check "another daemon comes" 25 daemon_is_back "$old"
}

daemon_is_back() {
	local pid
	pid=$(pid_of cellmgrd)
	[ "$pid" != 0 ] && [ "$pid" != "$1" ] && systemctl is-active -q cellmgrd
}

test_killed_daemon_adopts_its_cells() {
	done_well systemctl start cell@alpha
	cell beta Create
	local before after
	before=$(all_of alpha)/$(all_of beta)
	kill_daemon
	after=$(all_of alpha)/$(all_of beta)
	is "the cells" "$after" "$before"
	state_is alpha running
	state_is beta created
	manager_is MemoryTotal $((48 << 20))
	manager_is MemoryFree $((43 << 20))
	unit_is cell@alpha active
	like "journal of the adoption" "$(journal MESSAGE_ID=e5a1d28374f6492cb07e9c5f3b6a8d10)" \
		"Cell alpha goes on"
	# It is not only shown: it is ours.
	done_well systemctl stop cell@alpha
	state_is alpha shut-down
	done_well cell beta Destroy
	done_well call DisableHypervisor b false
	is "pool" "$(fake pool)" 0
}

all_of() {
	echo "$(property "$1" State) $(property "$1" Id) $(property "$1" StartedAt)" \
		"$(property "$1" StartedAtMonotonic)" \
		"$(property "$1" ImageSha256) $(property "$1" Cpus) $(property "$1" Memory)"
}

test_killed_in_the_middle_of_a_create() {
	call EnableHypervisor
	fake rule create 1 hang >/dev/null
	busctl call org.cellmgr1 "$manager/cell/alpha" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	property_becomes 30 alpha Operation create
	eventually_check "the intent is written" 30 grep -q '"intent": *"create"' /run/cellmgr/records/alpha
	cp /run/cellmgr/records/alpha /tmp/record
	kill_daemon
	# The fake gives the call up with its caller.
	fake clear >/dev/null
	property_becomes 10 alpha State defined
	# The driver made the cell, and the daemon died of it before it could write that down.
	systemctl stop cellmgrd
	fake foreign alpha 3 >/dev/null
	cp /tmp/record /run/cellmgr/records/alpha
	systemctl start cellmgrd
	state_is alpha running
	property_is alpha Memory $((1 << 20))
	is "what is left for others" "$(manager_property MemoryFree)" $((47 << 20))
	# Another one of that name, on another CPU, is not it.
	systemctl stop cellmgrd
	fake gone alpha >/dev/null
	fake foreign alpha 2 >/dev/null
	cp /tmp/record /run/cellmgr/records/alpha
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
	property_becomes 30 alpha Operation load
	eventually_check "the intent is written" 30 grep -q '"intent": *"load"' /run/cellmgr/records/alpha
	kill_daemon
	# Half an image is none.
	property_becomes 10 alpha State created
	property_is alpha ImageSha256 ""
	fake clear >/dev/null
}

test_killed_in_the_middle_of_an_enable() {
	call EnableHypervisor
	systemctl stop cellmgrd
	# The driver was done, the daemon had not written it down.
	sed -i 's/"intent": *""/"intent":"enable"/; s/"size": *[0-9]*/"size":0/' /run/cellmgr/state
	systemctl start cellmgrd
	manager_is MemoryTotal $((48 << 20))
	done_well call StartCell s alpha
	done_well call DisableHypervisor b true
	is "pool" "$(fake pool)" 0
}

test_foreign_cells_are_shown_and_not_touched() {
	call EnableHypervisor
	fake foreign stranger 2 >/dev/null
	fake foreign 'we?rd name' 1 >/dev/null
	property_becomes 15 stranger State foreign
	property_is stranger Cpus "1 2"
	property_is stranger Memory 0
	fails_with WrongState "not known to this daemon" manager StopCell s stranger
	fails_with WrongState "not known to this daemon" stranger Kill
	fails_with WrongState "not known to this daemon" stranger Destroy
	# Nobody has described it.
	done_well cell stranger ReadSignals as 0
	is "its signals" "$output" "a{sv} 0"
	call ListCells
	like "list of cells" "$output" '"we\?rd name" "foreign" "/org/cellmgr1/cell/we_3frd_20name"'
	fails_with NoResources "cpus|CPU" beta Create
	kill_daemon
	state_is stranger foreign
	fails_with WrongState "stranger is foreign" manager DisableHypervisor b false
	fake gone stranger >/dev/null
	eventually_check "the foreign cell goes" 15 has_no_object stranger
	done_well call DisableHypervisor b true
}

test_errors_of_ours_are_not_told_of_a_foreign_cell() {
	call StartCell s alpha
	fake answer alpha deny >/dev/null
	fails_with Refused "alpha denied" alpha Stop
	property_like alpha LastError denied
	fake gone alpha >/dev/null
	property_becomes 15 alpha State defined
	fake foreign alpha 2 >/dev/null
	property_becomes 15 alpha State foreign
	property_is alpha LastError ""
	fake gone alpha >/dev/null
	property_becomes 15 alpha State defined
}

test_nonsense_in_the_state_file() {
	call StartCell s alpha
	systemctl stop cellmgrd
	echo '{ "version": 1, "cells": [] ' >/run/cellmgr/state
	systemctl start cellmgrd
	# The file of the cell is another one.
	state_is alpha running
	like "journal of the state file" "$(journal)" 'Cannot use /run/cellmgr/state: .* kept as /run/cellmgr/state.bad'
	is "the evidence" "$(cat /run/cellmgr/state.bad)" '{ "version": 1, "cells": [] '
	fails_with NoResources "memory is not known to this daemon" beta Create
	rm /run/cellmgr/state.bad
}

test_nonsense_in_the_file_of_a_cell_costs_that_cell() {
	done_well call StartCell s boot
	done_well systemctl start cell@alpha
	systemctl stop cellmgrd
	truncate -s 40 /run/cellmgr/records/alpha
	systemctl start cellmgrd
	state_is boot running
	state_is alpha foreign
	like "journal of the record" "$(journal)" \
		'Cannot use /run/cellmgr/records/alpha: .* kept as /run/cellmgr/records/alpha.bad'
	is "size of the evidence" "$(stat -c %s /run/cellmgr/records/alpha.bad)" 40
	fails_with WrongState "alpha is foreign.*not known to this daemon.*'cellctl adopt' takes it over" manager StopCell s alpha
	# It is the described one.
	done_well cell alpha Adopt
	state_is alpha running
	fails_with WrongState "alpha is running: only a foreign cell" alpha Adopt
	kill_daemon
	state_is alpha running
	done_well call StopCell s alpha
	state_is alpha shut-down
	local id
	id=$(property alpha Id)
	done_well call StartCell s alpha
	check "it was made anew" [ "$(property alpha Id)" -ne "$id" ]
	rm /run/cellmgr/records/alpha.bad
}

test_what_does_not_fit_is_not_adopted() {
	call EnableHypervisor
	fake foreign stranger 2 >/dev/null
	fake foreign alpha 1 >/dev/null
	property_becomes 15 stranger State foreign
	property_becomes 15 alpha State foreign
	fails_with Invalid "stranger has no description" stranger Adopt
	fails_with Invalid "alpha.json:2:2: cpus: cell alpha has CPU 1," alpha Adopt
	state_is alpha foreign
	check "no record of it" [ ! -e /run/cellmgr/records/alpha ]
	fake gone stranger >/dev/null
	fake gone alpha >/dev/null
	# A count is what any such cell has.
	fake foreign beta 2 >/dev/null
	property_becomes 15 beta State foreign
	done_well cellctl adopt beta
	state_is beta running
}

# As where /run is full.
test_what_cannot_be_put_on_record_is_not_done() {
	local before
	mkdir /run/cellmgr/state.new
	before=$(fake calls enable)
	fails_with NoResources "/run/cellmgr cannot be written" manager EnableHypervisor
	is "enables" "$(fake calls enable)" "$before"
	rmdir /run/cellmgr/state.new
	done_well call EnableHypervisor
	before=$(fake calls create)
	mkdir /run/cellmgr/records/alpha.new
	fails_with NoResources "/run/cellmgr cannot be written" alpha Create
	is "creates" "$(fake calls create)" "$before"
	state_is alpha defined
	property_like alpha LastError "/run/cellmgr cannot be written"
	rmdir /run/cellmgr/records/alpha.new
	done_well call StartCell s alpha
	mkdir /run/cellmgr/records/alpha.new
	fails_with NoResources "/run/cellmgr cannot be written" alpha Stop
	state_is alpha running
	# The emergency stop does not ask for that.
	done_well cell alpha Kill
	state_is alpha failed
	rmdir /run/cellmgr/records/alpha.new
	# What could not be written is written as soon as it can be.
	eventually_check "it is on record" 15 grep -q '"failure-reported": *true' /run/cellmgr/records/alpha
	is "lines" "$(journal | grep -c 'Cannot write /run/cellmgr/records/alpha')" 2
}

test_unit_follows_the_cell() {
	done_well systemctl start cell@alpha
	unit_is cell@alpha active
	state_is alpha running
	like "status of cell@alpha" "$(status_of cell@alpha)" \
		"The cell runs"
	done_well systemctl restart cell@alpha
	state_is alpha running
	done_well systemctl stop cell@alpha
	unit_is cell@alpha inactive
	state_is alpha shut-down
	# Stopped by somebody over the bus.
	systemctl start cell@alpha
	call StopCell s alpha
	unit_becomes 30 cell@alpha inactive
	# A restart over the bus is none of the unit's business.
	systemctl start cell@alpha
	local pid
	pid=$(pid_of cell@alpha)
	done_well call RestartCell s alpha
	sleep 0.3
	is "process of the unit" "$(pid_of cell@alpha)" "$pid"
	unit_is cell@alpha active
	# One that ends by itself.
	fake shut-down alpha >/dev/null
	unit_becomes 30 cell@alpha inactive
}

test_unit_that_cannot_start_says_why() {
	fails "cell@noimage does not start" systemctl start cell@noimage
	unit_is cell@noimage failed
	like "status of cell@noimage" "$(status_of cell@noimage)" \
		"missing.bin"
	fails "cell@unknown does not start" systemctl start cell@unknown
	like "status of cell@unknown" "$(status_of cell@unknown)" \
		"no cell unknown"
}

test_unit_of_a_replaced_cell_fails() {
	systemctl start cell@alpha
	fake replace alpha 2 >/dev/null
	unit_becomes 30 cell@alpha failed
	state_is alpha foreign
	is "what is told of the other one" "$(property alpha LastError)" ""
	like "and of ours" "$(journal CELL=alpha REASON=gone)" "somebody else has made another cell of its name"
	like "status of cell@alpha" "$(status_of cell@alpha)" \
		"cell is foreign: cellmgrd does not know it.*'cellctl adopt' takes it over"
	fake gone alpha >/dev/null
	property_becomes 15 alpha State defined
}

# The daemon has the list of cells when that happens, and asks the old one; what it saw would be told for a
# while, since the next look takes long, too.
test_unit_of_a_cell_replaced_during_a_look_fails() {
	local before after n
	systemctl start cell@alpha
	before=$(fake calls status)
	fake rule status 1 delay=1000 >/dev/null
	fake rule status 1 delay=1000 >/dev/null
	for ((n = 0; n < 300; n++)); do
		after=$(fake calls status)
		((after == before)) || break
		sleep 0.01
	done
	fake replace alpha 2 >/dev/null
	unit_becomes 30 cell@alpha failed
	state_is alpha foreign
}

test_unit_of_a_cell_without_a_pulse_fails() {
	systemctl start cell@alpha
	fake beat alpha >/dev/null
	property_becomes 15 alpha Health ok
	fake flatline alpha >/dev/null
	unit_becomes 30 cell@alpha failed
	like "status of cell@alpha" "$(status_of cell@alpha)" \
		"no heartbeat"
	done_well call StopCell s alpha
}

test_failure_is_reported_once_and_fails_the_unit() {
	local line
	done_well systemctl start cell@alpha
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	unit_becomes 30 cell@alpha failed
	state_is alpha failed
	property_is alpha Health failed
	line='Cell alpha failed: wrote 4 bytes at guest address 0xdead000, which is not its memory (rip 0x1234, CPU 2)'
	is "journal of the failure" "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=alpha \
		REASON=memory-write ADDRESS=0xdead000 RIP=0x1234 CPU=2 PRIORITY=3)" "$line"
	property_is alpha LastError "${line#Cell alpha failed: }"
	is "status of cell@alpha" "$(status_of cell@alpha)" \
		"${line#Cell alpha failed: }"
	# The evidence stays, also for the next daemon, who does not tell again.
	kill_daemon
	state_is alpha failed
	is "lines" "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 | wc -l)" 1
	# But knows why.
	property_is alpha LastError "${line#Cell alpha failed: }"
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
	property_becomes 15 beta State defined
	property_like beta LastError "wrote 1 byte to I/O port 0xcf9"
	is "lines" "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=beta | wc -l)" 1
	sed -i 's/"on-failure": "destroy", //' /etc/cellmgr/cells/beta.json
	mv /tmp/broken.json /etc/cellmgr/cells/
}

# explains ID PATTERN...: what the catalog says of a message.
explains() {
	local text pattern
	text=$(journalctl --dump-catalog "$1")
	for pattern in "${@:2}"; do
		like "catalog of $1" "$text" "$pattern"
	done
}

test_catalog_explains_messages() {
	journalctl --update-catalog
	explains 03b96cd7e8f14a7da2c5417f0e9d6b82 "lost its record of it" 'cellctl adopt @CELL@' "disabled by force"
	explains e5a1d28374f6492cb07e9c5f3b6a8d10 "daemon before it had the cell" "or on request"
	explains b8e0a7c94a5f4e0f9d1f3c6a2e7748d5 'as "on-failure" in its description says' "cellctl kill"
	like "catalog" "$(journalctl --dump-catalog 6f1c9a52d3d04c4b8f6e2b7a90c51e31)" \
		'Subject: Cell @CELL@ failed'
	local id
	while read -r id; do
		check "message $id" journalctl --dump-catalog "$id"
	done < <(sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' /usr/lib/systemd/catalog/cellmgr.catalog)
}

test_systemd_restarts_what_it_is_told_to() {
	mkdir -p /run/systemd/system/cell@alpha.service.d
	printf '[Service]\nRestart=on-failure\nRestartSec=100ms\n' \
		>/run/systemd/system/cell@alpha.service.d/restart.conf
	systemctl daemon-reload
	systemctl start cell@alpha
	fake fail alpha 8 0 0 0x1234 3 >/dev/null
	property_becomes 15 alpha State failed
	property_becomes 25 alpha State running
	unit_becomes 30 cell@alpha active
	rm -r /run/systemd/system/cell@alpha.service.d
	systemctl daemon-reload
}

test_lost_heartbeat() {
	systemctl start cell@alpha
	property_is alpha Health ok
	start_monitor
	fake flatline alpha >/dev/null
	property_becomes 20 alpha Health failed
	stop_monitor
	is "health" "$(grep '"PropertiesChanged"' /tmp/monitor |
		grep -o '"Health":{"type":"s","data":"[a-z]*"' | cut -d'"' -f10 | tr '\n' ' ')" "late failed "
	# It is not touched, but it is known.
	state_is alpha running
	unit_becomes 30 cell@alpha failed
	like "journal of the lost heartbeat" \
		"$(journal MESSAGE_ID=b8e0a7c94a5f4e0f9d1f3c6a2e7748d5 CELL=alpha REASON=heartbeat)" '^Cell alpha failed: no heartbeat for (1[5-9]|[2-9][0-9])[0-9]{2} ms'
	done_well cell alpha Kill
	state_is alpha failed
	done_well call StartCell s alpha
	property_is alpha Health ok
	# To start one without a pulse is to start it anew.
	fake flatline alpha >/dev/null
	property_becomes 20 alpha Health failed
	local started
	started=$(property alpha StartedAt)
	done_well call StartCell s alpha
	check "it was started anew" [ "$(property alpha StartedAt)" -gt "$started" ]
	fake flatline alpha >/dev/null
	property_becomes 20 alpha Health failed
	# One that has come back can be lost again.
	fake beat alpha >/dev/null
	property_becomes 20 alpha Health ok
	fake flatline alpha >/dev/null
	property_becomes 20 alpha Health failed
	is "times that it was told" "$(journal MESSAGE_ID=b8e0a7c94a5f4e0f9d1f3c6a2e7748d5 | wc -l)" 4
}

test_stopping_the_daemon_leaves_cells_alone() {
	systemctl start cell@beta
	fake answer beta silent >/dev/null
	call StopCell s beta &
	property_becomes 30 beta Operation stop
	done_well systemctl stop cellmgrd
	wait
	is "result of the unit" "$(systemctl show -p Result --value cellmgrd)" success
	is "states below" "$(cat /run/fake/sysfs/cells/*/state)" running
	systemctl start cellmgrd
	state_is beta running
}

test_daemon_is_activated_by_the_bus() {
	systemctl stop cellmgrd
	# Not by who asks whether it is there.
	done_well cellctl version
	unit_is cellmgrd inactive
	state_is alpha defined
	unit_is cellmgrd active
}

test_daemon_lets_go_of_the_device() {
	# While the hypervisor is off the module can be unloaded.
	is "opens" "$(device_opens)" 0
	call StartCell s alpha
	between "it watches the device" "$(device_opens)" 1 1000
	call DisableHypervisor b true
	eventually_check "the device is let go of" 15 no_device_opens
}

# Connections to the fake's device; its own listening socket is there as well.
device_opens() {
	echo $(($(grep -c ' /run/fake/driver$' /proc/net/unix) - 1))
}

no_device_opens() {
	[ "$(device_opens)" = 0 ]
}
