# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager: of lib.sh
# What is to be done with cells after a failure, and could not be done yet.

# Alpha and beta run, and the driver does not come back from a create of boot.
stuck_create() {
	echo '{ "deadlines": { "create": "1s" } }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake rule create 0 stuck >/dev/null
	fails_with Timeout "create" boot Create
}

come_back() {
	fake clear >/dev/null
	rm /etc/cellmgr/cellmgrd.conf
}

test_what_fails_before_it_can_be_stopped_does_not_come_back() {
	with_keys alpha '"on-failure": "stop-all"'
	with_keys beta '"on-failure": "restart", "restart": { "delay": "100ms" }'
	stuck_create
	fail_alpha
	eventually_check "all are to be stopped" 30 journal_tells 'All cells are stopped, since cell alpha'
	fake fail beta 1 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 30 beta State failed
	property_is beta Operation ""
	come_back
	without_keys alpha beta
	is "plans" "$(journal MESSAGE_ID=b2c4f07d6a194e83a51e7d90f3c8264b | wc -l)" 0
}

test_a_driver_that_hangs_does_not_keep_a_failed_cell_from_being_destroyed() {
	with_keys alpha '"on-failure": "destroy"'
	stuck_create
	fail_alpha
	eventually_check "it is on record" 30 journal_tells 'failure of cell alpha is on record'
	state_is alpha failed
	come_back
	property_becomes 30 alpha State defined
	without_keys alpha
}

# Alpha's failure stops all while beta is on its way up, and boot, which runs, cannot be stopped yet.
all_to_be_stopped() {
	with_keys alpha '"on-failure": "stop-all"'
	done_well call StartCell s alpha
	done_well call StartCell s boot
	beta_comes_up
	fail_alpha
	property_becomes 30 boot Operation "stop, waiting"
}

# A daemon that dies over it leaves it to the next one.
test_all_cells_are_stopped_by_the_next_daemon() {
	local name
	with_keys alpha '"on-failure": "stop-all"'
	done_well call StartCell s boot
	done_well call StartCell s beta
	done_well call StartCell s alpha
	for name in boot beta alpha; do
		unit_becomes 30 "cell@$name" active
	done
	fake answer beta silent >/dev/null
	fail_alpha
	property_becomes 30 beta Operation stop
	property_is boot Operation "stop, waiting"
	kill_daemon
	property_becomes 30 beta Operation stop
	fake answer beta approve >/dev/null
	property_becomes 30 beta State shut-down
	property_becomes 30 boot State shut-down
	unit_becomes 30 cell@boot inactive
	like "journal" "$(journal CELL=boot)" 'stopped, since cell alpha has failed.*stopped, since cell alpha has failed'
	# That is over then.
	done_well call StartCell s boot
	kill_daemon
	property_becomes 30 boot State running
	unit_becomes 30 cell@boot active
	without_keys alpha
}

test_a_failed_cell_is_destroyed_by_the_next_daemon() {
	with_keys alpha '"on-failure": "destroy"'
	done_well call StartCell s alpha
	done_well call StartCell s beta
	unit_becomes 30 cell@alpha active
	fake answer beta silent >/dev/null
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s beta >/dev/null 2>&1 &
	property_becomes 30 beta Operation stop
	fail_alpha
	property_becomes 30 alpha Operation "destroy, waiting"
	kill_daemon
	property_becomes 30 alpha State defined
	wait
	eventually_check "its unit is down" 30 unit_is_down cell@alpha
	# Not so what was started anew meanwhile.
	done_well call StartCell s alpha
	kill_daemon
	property_becomes 30 alpha State running
	without_keys alpha
}

test_who_starts_a_cell_after_all_were_stopped_has_it_run() {
	local start later
	all_to_be_stopped
	start_monitor
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s beta >/tmp/later 2>&1 &
	later=$!
	eventually_check "it is on its way" 30 called_more_often StartCell 0
	call ListCells
	call ListCells
	stop_monitor
	fake clear >/dev/null
	wait "$start"
	like "what was at work" "$(cat /tmp/start)" 'WrongState: cell beta is not started: all cells are stopped'
	wait "$later"
	is "the later start" "$?: $(cat /tmp/later)" "0: "
	state_is beta running
	is "what is said of a stop" "$(journal CELL=beta | grep -c 'beta is stopped, since')" 0
	property_becomes 30 boot State shut-down
	without_keys alpha
}

# What the daemon itself wants stays in the queue when a caller goes, whose call waits behind it.
test_a_caller_that_goes_takes_nothing_of_the_daemon_with_it() {
	local start caller
	all_to_be_stopped
	./bus-peer call "$(cell_path noimage)" org.cellmgr1.Cell Create >/dev/null 2>&1 &
	caller=$!
	property_becomes 30 noimage Operation "create, waiting"
	kill "$caller"
	property_becomes 30 noimage Operation ""
	property_is boot Operation "stop, waiting"
	fake clear >/dev/null
	wait "$start"
	property_becomes 30 boot State shut-down
	state_is noimage defined
	without_keys alpha
}

# Neither on its way on nor on its way back.
test_apply_brings_up_nothing_after_all_were_stopped() {
	local apply
	with_keys alpha '"on-failure": "stop-all"'
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s beta
	done_well call StartCell s boot
	change beta 's/"4M"/"5M"/'
	change boot 's/"1M"/"2M"/'
	fake rule create 0 hang >/dev/null
	./bus-peer call "$manager" org.cellmgr1.Manager Apply s "" >/tmp/apply 2>&1 &
	apply=$!
	property_becomes 30 beta State defined
	property_becomes 30 boot State defined
	fail_alpha
	eventually_check "all are to be stopped" 30 journal_tells 'All cells are stopped, since cell alpha'
	fake clear >/dev/null
	wait "$apply"
	like "its answer" "$(cat /tmp/apply)" 'cell (beta|boot) .*was stopped meanwhile'
	is "starts" "$(journal MESSAGE_ID="$started_id" | wc -l)" 3
	restore_cells
	without_keys alpha
}
