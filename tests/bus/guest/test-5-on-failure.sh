# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# What the daemon does by itself when a cell has failed.

# with_keys CELL KEYS: into its description, in force at once.
with_keys() {
	[ -e "/tmp/$1.json" ] || cp "/etc/cellmgr/cells/$1.json" "/tmp/$1.json"
	sed "s/\"cpus\"/$2, \"cpus\"/" "/tmp/$1.json" >"/etc/cellmgr/cells/$1.json"
	call Reload
}

without_keys() {
	local name
	for name; do
		mv "/tmp/$name.json" "/etc/cellmgr/cells/$name.json"
	done
	call Reload
}

started_id=2d7f60be1c9b4d5ea3c0f18b5d94e6a7

fail_alpha() {
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
}

restarts='"on-failure": "restart", "restart": { "delay": "300ms", "max-delay": "500ms", "limit": 2, "within": "1min" }'

started_anew() {
	[ "$(property alpha StartedAt)" -gt "$1" ] && property_has alpha State running && property_has alpha Operation ""
}

says_it_is_started_again() {
	[[ $(status_of cell@alpha) == "The cell failed, and is to be started again: wrote 4 bytes"* ]]
}

test_a_cell_is_started_again() {
	local started
	with_keys alpha "$restarts"
	mkdir -p /etc/systemd/system/cell@alpha.service.d
	printf '[Unit]\nOnFailure=cell@beta.service\n' >/etc/systemd/system/cell@alpha.service.d/test.conf
	systemctl daemon-reload
	done_well systemctl start cell@alpha
	for _ in 1 2; do
		started=$(property alpha StartedAt)
		fail_alpha
		property_becomes 15 alpha Operation restart
		unit_is cell@alpha active
		eventually_check "it is started again" 30 started_anew "$started"
		unit_is cell@alpha active
		property_is alpha LastError ""
	done
	like "journal" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b CELL=alpha)" \
		'started again in 300ms, time 1 of at most 2 within 1min.*started again in 500ms, time 2 of'
	unit_is cell@beta inactive
	# That was enough.
	fail_alpha
	property_becomes 15 alpha State failed
	unit_becomes 15 cell@alpha failed
	property_is alpha Operation ""
	property_like alpha LastError 'wrote 4 bytes .*started again 2 times within 1min and stays failed'
	like "journal" "$(journal MESSAGE_ID=5d13e8a07c924fb6b08f2a6e41d7c953 CELL=alpha)" 'stays failed'
	unit_becomes 30 cell@beta active
	sleep 1
	state_is alpha failed
	# Who asks the next daemon hears it, too.
	systemctl restart cellmgrd
	property_like alpha LastError 'wrote 4 bytes .*started again 2 times within 1min and stays failed'
	# Who starts it now begins anew.
	done_well call StartCell s alpha
	fail_alpha
	property_becomes 15 alpha Operation restart
	rm -r /etc/systemd/system/cell@alpha.service.d
	systemctl daemon-reload
	done_well call StopCell s alpha
	without_keys alpha
}

test_a_heart_that_stops_is_started_again() {
	local started
	with_keys alpha "$restarts"
	done_well systemctl start cell@alpha
	started=$(property alpha StartedAt)
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Operation restart
	eventually_check "it is started again" 40 started_anew "$started"
	unit_is cell@alpha active
	like "journal" "$(journal CELL=alpha)" 'no heartbeat for .* started again in .*was killed for that failure'
	without_keys alpha
}

# That it ends before it is killed is no second failure.
test_a_cell_without_a_pulse_that_ends_is_started_again_once() {
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "1min", "max-delay": "1min" }'
	done_well call StartCell s alpha
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Operation restart
	fail_alpha
	property_becomes 30 alpha State failed
	property_is alpha Operation restart
	is "plans" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b | wc -l)" 1
	without_keys alpha
}

test_a_stop_ends_what_was_planned() {
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "1s" }'
	done_well systemctl start cell@alpha
	fail_alpha
	property_becomes 15 alpha Operation restart
	done_well systemctl stop cell@alpha
	sleep 2.5
	state_is alpha failed
	property_is alpha Operation ""
	like "journal" "$(journal CELL=alpha)" 'alpha that was planned is given up, since stop was asked for'
	# So does a kill, though nothing runs; and the unit ends with it.
	done_well systemctl start cell@alpha
	fail_alpha
	property_becomes 15 alpha Operation restart
	done_well cell alpha Kill
	unit_becomes 15 cell@alpha failed
	sleep 2.5
	state_is alpha failed
	# And what disables the hypervisor.
	done_well call StartCell s alpha
	fail_alpha
	property_becomes 15 alpha Operation restart
	done_well call DisableHypervisor b true
	sleep 2.5
	manager_is HypervisorState off
	without_keys alpha
}

# What waits was asked for before it failed: a success of it is no start a second later.
test_nothing_is_planned_behind_a_stop_that_waits() {
	local stop
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "100ms" }'
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/dev/null 2>&1 &
	property_becomes 30 beta Operation stop
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s alpha >/tmp/stop-alpha 2>&1 &
	stop=$!
	property_becomes 30 alpha Operation "stop, waiting"
	fail_alpha
	property_becomes 15 alpha State failed
	done_well cell beta Kill
	wait $stop
	is "the stop" "$(</tmp/stop-alpha)" ""
	sleep 1.5
	state_is alpha failed
	property_is alpha Operation ""
	without_keys alpha
}

# Somebody has destroyed it.
test_a_cell_that_is_gone_is_not_started_again() {
	with_keys alpha "$restarts"
	done_well call StartCell s alpha
	fake gone alpha >/dev/null
	property_becomes 15 alpha State defined
	property_like alpha LastError "it is gone"
	property_is alpha Operation ""
	is "plans" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b CELL=alpha | wc -l)" 0
	without_keys alpha
}

test_a_killed_cell_is_not_started_again() {
	with_keys alpha "$restarts"
	done_well call StartCell s alpha
	done_well cell alpha Kill
	property_becomes 15 alpha State failed
	sleep 1
	state_is alpha failed
	is "plans" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b | wc -l)" 0
	without_keys alpha
}

test_what_was_planned_outlives_the_daemon() {
	local started
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "3s", "limit": 1 }'
	done_well systemctl start cell@alpha
	started=$(property alpha StartedAt)
	fail_alpha
	property_becomes 15 alpha Operation restart
	kill_daemon
	property_is alpha Operation restart
	unit_is cell@alpha active
	eventually_check "it is started again" 60 started_anew "$started"
	unit_is cell@alpha active
	kill_daemon
	# It is still known how often.
	fail_alpha
	unit_becomes 15 cell@alpha failed
	property_like alpha LastError 'started again 1 time within .* stays failed'
	without_keys alpha
}

# On its way it was destroyed, and could not be created.
test_what_was_planned_of_a_cell_that_is_not_there_outlives_the_daemon() {
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "3s", "max-delay": "6s" }'
	done_well call StartCell s alpha
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "3s", "max-delay": "6s" }'
	sed -i 's/"1M"/"2M"/' /etc/cellmgr/cells/alpha.json
	call Reload
	fake rule create 0 EIO >/dev/null
	fail_alpha
	property_becomes 60 alpha State defined
	property_becomes 30 alpha Operation restart
	kill_daemon
	property_is alpha Operation restart
	fake clear >/dev/null
	property_becomes 60 alpha State running
	without_keys alpha
}

test_a_start_that_cannot_be_is_tried_again_and_given_up() {
	with_keys alpha "$restarts"
	done_well systemctl start cell@alpha
	fake rule load 0 EIO >/dev/null
	fail_alpha
	unit_becomes 60 cell@alpha failed
	is "plans" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b | wc -l)" 2
	fake clear >/dev/null
	without_keys alpha
}

test_all_cells_are_stopped_where_wanted() {
	with_keys alpha '"on-failure": "stop-all"'
	done_well systemctl start cell@boot
	done_well systemctl start cell@beta
	done_well systemctl start cell@alpha
	fake answer beta deny >/dev/null
	fail_alpha
	property_becomes 30 boot State shut-down
	unit_becomes 15 cell@boot inactive
	unit_becomes 15 cell@alpha failed
	# Its description says "force".
	property_becomes 30 beta State failed
	like "journal" "$(journal MESSAGE_ID=e7603b9f12d84c5a96c7f4d05ab8e231)" 'All cells are stopped, since cell alpha has failed'
	like "last started, first stopped" "$(journal _COMM=cellmgrd)" \
		'Cell beta is stopped, since cell alpha.*Cell boot is stopped, since cell alpha'
	# A kill on request is none.
	done_well call StartCell s beta
	done_well call StartCell s alpha
	done_well cell alpha Kill
	sleep 0.5
	state_is beta running
	without_keys alpha
}

# beta_comes_up: its start is at work for as long as the rule stands. Sets start, the process that waits for it.
beta_comes_up() {
	cell beta Create
	cell beta Load 'a(ht)' 0
	fake rule start 0 hang >/dev/null
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s beta >/tmp/start 2>&1 &
	start=$!
	property_becomes 30 beta Operation start
}

# What waits does not begin, and what is at work on a start is stopped when that is done.
test_nothing_comes_up_after_all_were_stopped() {
	local start waiting load
	with_keys alpha '"on-failure": "stop-all"'
	with_keys boot '"on-failure": "restart", "restart": { "delay": "3s" }'
	done_well call StartCell s alpha
	done_well call StartCell s boot
	beta_comes_up
	./bus-peer call "$(cell_path noimage)" org.cellmgr1.Cell Create >/tmp/waiting 2>&1 &
	waiting=$!
	property_becomes 30 noimage Operation "create, waiting"
	fake fail boot 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 boot Operation restart
	fail_alpha
	wait $waiting
	like "what waited" "$(cat /tmp/waiting)" 'WrongState: cell noimage is not started: all cells are stopped'
	property_is boot Operation ""
	# Who asks for something else with it does not want it to run.
	start_monitor
	./bus-peer load beta >/tmp/load 2>&1 &
	load=$!
	eventually_check "it is on its way" 30 called_more_often Load 0
	call ListCells
	call ListCells
	stop_monitor
	fake clear >/dev/null
	wait "$start"
	like "what was at work" "$(cat /tmp/start)" 'WrongState: cell beta is not started: all cells are stopped'
	wait $load
	like "what was asked for then" "$(cat /tmp/load)" 'WrongState: .* does not run'
	property_becomes 30 beta State shut-down
	sleep 3
	state_is boot failed
	state_is noimage defined
	# What somebody starts now runs.
	done_well call StartCell s beta
	sleep 1
	state_is beta running
	without_keys alpha boot
}

# asked_while_polkit_hangs METHOD [ARGUMENT...]: by somebody who has to be looked up. Sets asking, the process that waits
# for the answer, which is in /tmp/asking.
asked_while_polkit_hangs() {
	local before
	systemctl start polkit
	systemctl kill -s STOP polkit
	start_monitor
	before=$(times_called CheckAuthorization)
	setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" org.cellmgr1.Manager "$@" >/tmp/asking 2>&1 &
	asking=$!
	eventually_check "polkit is asked" 30 called_more_often CheckAuthorization "$before"
	stop_monitor
}

polkit_answers() {
	systemctl kill -s CONT polkit
	wait "$asking"
}

# What had been asked for before, though nobody knew yet whether he may.
test_who_is_looked_up_while_all_are_stopped_starts_nothing() {
	local asking
	with_keys beta '"on-failure": "stop-all"'
	done_well call StartCell s beta
	asked_while_polkit_hangs StartCell s alpha
	fake fail beta 2 0xdead000 4 0x1234 2 >/dev/null
	eventually_check "all are stopped" 30 journal_tells 'All cells are stopped, since cell beta has failed'
	polkit_answers
	like "the start" "$(cat /tmp/asking)" 'WrongState: cell alpha is not started: all cells are stopped'
	state_is alpha defined
	unit_is cell@alpha inactive
	# Who asks now has it started.
	check "games may start it" setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" \
		org.cellmgr1.Manager StartCell s alpha
	state_is alpha running
	# A restart starts as well, and of what runs.
	done_well call StartCell s beta
	asked_while_polkit_hangs RestartCell s alpha
	fake fail beta 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 30 alpha State shut-down
	polkit_answers
	like "the restart" "$(cat /tmp/asking)" 'WrongState: cell alpha is not started: all cells are stopped'
	state_is alpha shut-down
	without_keys beta
}

# Nor where the hypervisor was disabled, though it is on again by now.
test_who_is_looked_up_while_the_hypervisor_is_disabled_starts_nothing() {
	local asking
	done_well call EnableHypervisor
	asked_while_polkit_hangs StartCell s alpha
	done_well call DisableHypervisor b true
	done_well call EnableHypervisor
	polkit_answers
	like "the start" "$(cat /tmp/asking)" 'WrongState: cell alpha is not started: the hypervisor was disabled after'
	state_is alpha defined
	# One that was refused ends nothing.
	done_well call StartCell s beta
	asked_while_polkit_hangs StartCell s alpha
	fails_with WrongState "" manager DisableHypervisor b false
	polkit_answers
	is "the start" "$(cat /tmp/asking)" ""
	state_is alpha running
}

# What was planned is not done later than planned, though nothing else happens then: nobody asks for figures, for which
# there would be looks; of which one comes a second after the failure, and the next one five later.
test_a_start_is_as_late_as_planned() {
	local planned
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "1500ms", "max-delay": "2s" }'
	systemctl mask -q --runtime cell@alpha.service
	done_well call StartCell s alpha
	sleep 5
	fail_alpha
	eventually_check "it is started again" 30 journal_has_starts 2
	planned=$(stamp MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b CELL=alpha)
	between "milliseconds" $((($(stamp MESSAGE_ID="$started_id" CELL=alpha) - planned) / 1000)) 1400 5000
	systemctl unmask -q --runtime cell@alpha.service
	without_keys alpha
}

journal_has_starts() {
	[ "$(journal MESSAGE_ID="$started_id" CELL=alpha | wc -l)" = "$1" ]
}

# stamp MATCH...: when the last such line of the daemon was written, in µs.
stamp() {
	journalctl --sync
	journalctl -b -o json --since "@$case_began" "$@" | tail -n 1 | jq -r .__MONOTONIC_TIMESTAMP
}

# Nor is one that was due and waits for the driver done before the stop.
test_a_stop_takes_back_a_start_that_waits() {
	local asked stop before
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "100ms" }'
	done_well call StartCell s beta
	done_well call StartCell s alpha
	fake answer beta silent >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/dev/null 2>&1 &
	asked=$!
	property_becomes 30 beta Operation stop
	before=$(fake calls start)
	fail_alpha
	property_becomes 30 alpha Operation "start, waiting"
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
	stop=$!
	property_becomes 30 alpha Operation "stop, waiting"
	done_well cell beta Kill
	wait "$asked"
	wait "$stop"
	is "answer to the stop" $? 0
	is "starts" "$(fake calls start)" "$before"
	without_keys alpha
}

test_cancel_ends_what_was_planned() {
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "1500ms", "limit": 1 }'
	done_well systemctl start cell@alpha
	fail_alpha
	property_becomes 15 alpha Operation restart
	done_well cell alpha Cancel
	property_is alpha Operation ""
	unit_becomes 15 cell@alpha failed
	fails_with WrongState "nothing" alpha Cancel
	# What has not come about is none that was too many.
	systemctl restart cellmgrd
	property_like alpha LastError 'which is not its memory [^;]*$'
	# Where it waits for the driver.
	done_well call StartCell s beta
	done_well call StartCell s alpha
	fake answer beta silent >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/dev/null 2>&1 &
	property_becomes 30 beta Operation stop
	fail_alpha
	property_becomes 30 alpha Operation "start, waiting"
	done_well cell alpha Cancel
	property_is alpha Operation ""
	done_well cell beta Kill
	wait
	# Where it is at work.
	done_well call StartCell s alpha
	unit_becomes 30 cell@alpha active
	fake rule load 0 hang >/dev/null
	fail_alpha
	property_becomes 30 alpha Operation start
	eventually_check "its unit does not say that it runs" 30 says_it_is_started_again
	done_well cell alpha Cancel
	fake clear >/dev/null
	property_becomes 30 alpha Operation ""
	sleep 3
	property_is alpha Operation ""
	isnt "alpha" "$(property alpha State)" running
	is "plans" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b CELL=alpha | wc -l)" 3
	without_keys alpha
}

# A driver that hangs when its time has come does not make it forgotten.
test_what_was_planned_outlives_a_driver_that_hangs() {
	local started
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "2s" }'
	echo '{ "deadlines": { "create": "1s" } }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	done_well call StartCell s alpha
	started=$(property alpha StartedAt)
	fake rule create 0 stuck >/dev/null
	./bus-peer call "$(cell_path boot)" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	property_becomes 30 boot Operation create
	fail_alpha
	property_becomes 30 alpha Operation "start, waiting"
	wait $!
	like "the create" "$(cat /tmp/create)" 'Timeout'
	property_becomes 30 alpha Operation restart
	fake clear >/dev/null
	eventually_check "it is started again" 60 started_anew "$started"
	rm /etc/cellmgr/cellmgrd.conf
	without_keys alpha
}

# Nor does it make forgotten what is to be done with a cell, whoever else asked for the same.
test_a_driver_that_hangs_does_not_keep_cells_from_being_stopped() {
	local stop
	with_keys alpha '"on-failure": "stop-all"'
	echo '{ "deadlines": { "create": "1s" } }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake rule create 0 stuck >/dev/null
	./bus-peer call "$(cell_path boot)" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	property_becomes 30 boot Operation create
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s beta >/tmp/stop 2>&1 &
	stop=$!
	property_becomes 30 beta Operation "stop, waiting"
	fail_alpha
	wait $stop
	like "the stop" "$(cat /tmp/stop)" 'Busy: the driver has not come back from create'
	state_is beta running
	# Nor does each look in vain tell of it.
	sleep 3
	fake clear >/dev/null
	property_becomes 30 beta State shut-down
	wait
	between "lines of the stop" "$(journal CELL=beta | grep -c 'beta is stopped, since')" 1 2
	rm /etc/cellmgr/cellmgrd.conf
	without_keys alpha
}

# Also where somebody had asked for the same before, and was told by then that the driver hangs.
test_a_driver_that_hangs_does_not_keep_units_from_being_stopped() {
	local stop create
	with_keys beta '"on-failure": "stop-all"'
	drop_in alpha 'ExecStart=' "ExecStart=/bin/sleep infinity" TimeoutStartSec=infinity
	done_well call StartCell s beta
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha activating
	fake rule create 0 hang >/dev/null
	./bus-peer call "$(cell_path boot)" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	create=$!
	property_becomes 30 boot Operation create
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/tmp/stop 2>&1 &
	stop=$!
	property_becomes 30 alpha Operation "stop, waiting"
	fake fail beta 2 0xdead000 4 0x1234 2 >/dev/null
	eventually_check "it is stopped with all others" 30 journal_tells 'Cell alpha is stopped, since cell beta has failed'
	# In place before the create lets the stop begin.
	fake rule shutdown 0 stuck >/dev/null
	fake clear create >/dev/null
	wait "$create"
	wait "$stop"
	like "the stop" "$(cat /tmp/stop)" 'Timeout: the driver did not come back from stop'
	unit_is cell@alpha activating
	fake clear >/dev/null
	property_becomes 30 alpha State shut-down
	unit_becomes 30 cell@alpha inactive
	no_drop_ins
	without_keys beta
}

test_a_driver_that_hangs_does_not_keep_the_failed_cell_from_being_killed() {
	local kill
	with_keys alpha '"on-failure": "stop-all"'
	echo '{ "deadlines": { "kill": "1s" } }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	done_well call StartCell s alpha
	done_well call StartCell s boot
	fake rule kill 0 stuck >/dev/null
	./bus-peer call "$(cell_path boot)" org.cellmgr1.Cell Kill >/tmp/kill 2>&1 &
	kill=$!
	property_becomes 30 boot Operation kill
	fake flatline alpha >/dev/null
	wait $kill
	like "the kill" "$(cat /tmp/kill)" 'Timeout: the driver did not come back from kill'
	property_becomes 60 alpha Health failed
	is "cells that run below" "$(grep -l running /run/fake/sysfs/cells/*/state | wc -l)" 2
	fake clear >/dev/null
	property_becomes 30 alpha Operation ""
	property_becomes 30 alpha State failed
	is "times that all were stopped" "$(journal MESSAGE_ID=e7603b9f12d84c5a96c7f4d05ab8e231 | wc -l)" 1
	rm /etc/cellmgr/cellmgrd.conf
	without_keys alpha
}

# Nor does its unit start a cell again that was stopped with all others, whatever its Restart= says.
test_no_unit_undoes_that_all_were_stopped() {
	with_keys alpha '"on-failure": "stop-all"'
	mkdir -p /run/systemd/system/cell@boot.service.d
	printf '[Service]\nRestart=always\nRestartSec=0\n' >/run/systemd/system/cell@boot.service.d/test.conf
	systemctl daemon-reload
	done_well systemctl start cell@boot
	done_well systemctl start cell@alpha
	fail_alpha
	property_becomes 30 boot State shut-down
	unit_becomes 15 cell@boot inactive
	sleep 2
	unit_is cell@boot inactive
	state_is boot shut-down
	rm -r /run/systemd/system/cell@boot.service.d
	systemctl daemon-reload
	without_keys alpha
}

# Nor a start that it waited for, at work or in the queue; nor that of the one that failed.
test_no_unit_asks_again_for_a_start_after_all_were_stopped() {
	local name
	with_keys alpha '"on-failure": "stop-all"'
	for name in alpha beta boot; do
		mkdir -p "/run/systemd/system/cell@$name.service.d"
		printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=on-failure\nRestartSec=1\n' \
			>"/run/systemd/system/cell@$name.service.d/test.conf"
	done
	systemctl daemon-reload
	done_well systemctl start cell@alpha
	cell beta Create
	cell beta Load 'a(ht)' 0
	fake answer beta silent >/dev/null
	fake rule start 0 hang >/dev/null
	systemctl start --no-block cell@beta
	property_becomes 30 beta Operation start
	systemctl start --no-block cell@boot
	property_becomes 30 boot Operation "start, waiting"
	fail_alpha
	property_becomes 30 boot Operation ""
	fake clear rules >/dev/null
	property_becomes 30 beta Operation stop
	# Long enough for another process of its unit, which would wait for the end of that.
	sleep 2
	fake answer beta approve >/dev/null
	property_becomes 30 beta State shut-down
	unit_becomes 30 cell@alpha failed
	for name in beta boot; do
		eventually_check "cell@$name is down" 30 unit_is_down "cell@$name"
	done
	sleep 3
	state_is alpha failed
	state_is beta shut-down
	state_is boot defined
	is "starts" "$(journal MESSAGE_ID="$started_id" | sort | tr '\n' ';')" "Cell alpha started;Cell beta started;"
	rm -r /run/systemd/system/cell@*.service.d
	systemctl daemon-reload
	without_keys alpha
}

unit_is_down() {
	[[ $(state_of "$1") =~ ^(inactive|failed)$ ]]
}

test_a_cell_without_a_pulse_goes_with_all_others() {
	with_keys alpha '"on-failure": "stop-all"'
	done_well call StartCell s boot
	done_well call StartCell s alpha
	fake flatline alpha >/dev/null
	property_becomes 60 alpha State failed
	property_becomes 30 boot State shut-down
	without_keys alpha
}
