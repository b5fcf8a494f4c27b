# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output, submitted: of lib.sh
# A Kill is the emergency stop: it waits for nothing that it need not wait for.

games() {
	setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$@"
}

# The step of another cell hangs before each kill and after its answer, and its caller still waits:
# it was not waited for. The machine that tests has other things to do: the faster one of two counts.
test_kill_does_not_wait_for_a_driver_that_hangs() {
	local name creator began took fastest=1000000
	done_well call StartCell s alpha
	done_well call StartCell s boot
	fake rule create 0 stuck >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$(cell_path beta)" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	creator=$!
	property_becomes 30 beta Operation create
	for name in alpha boot; do
		began=${EPOCHREALTIME/./}
		done_well cell "$name" Kill
		took=$((${EPOCHREALTIME/./} - began))
		((took > fastest)) || fastest=$took
		check "the step hung until after the kill of $name" kill -0 "$creator"
		property_is beta Operation create
		state_is "$name" failed
	done
	between "microseconds of a kill" "$fastest" 1 100000
	fake clear >/dev/null
	wait "$creator"
	state_is beta created
}

test_kill_of_a_cell_whose_stop_hangs_in_the_driver() {
	done_well call StartCell s alpha
	fake rule shutdown 0 stuck >/dev/null
	call StopCell s alpha &
	property_becomes 30 alpha Operation stop
	done_well cell alpha Kill
	is "state below" "$(cat /run/fake/sysfs/cells/*/state)" failed
	wait $!
	state_is alpha failed
	fake clear >/dev/null
	property_becomes 15 alpha Operation ""
	done_well call StartCell s alpha
}

test_kill_ends_what_would_start_the_cell() {
	local restart start
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	./bus-peer call "$manager" org.cellmgr1.Manager RestartCell s beta >/tmp/restart 2>&1 &
	restart=$!
	property_becomes 30 beta Operation restart
	start_monitor
	submit StartCell s beta >/tmp/start
	start=$submitted
	stop_monitor
	done_well cell beta Kill
	wait $restart
	like "answer to the restart" "$(cat /tmp/restart)" '^org.cellmgr1.Error.WrongState: .*killed on request'
	wait "$start" && not_ok "the start that waited was done"
	state_is beta failed
	property_is beta Operation ""
	is "starts" "$(journal MESSAGE_ID=2d7f60be1c9b4d5ea3c0f18b5d94e6a7 CELL=beta | wc -l)" 1
}

# A signal that was to end something else may come just then.
test_kill_is_not_given_up_for_a_signal() {
	done_well call StartCell s alpha
	fake rule kill 1 EINTR >/dev/null
	done_well cell alpha Kill
	state_is alpha failed
	is "attempts" "$(journal CELL=alpha | grep -c 'Cannot kill')" 0
}

# One that does not run yet, too: what would have it run is all there is to end.
test_kill_ends_a_start_that_waits() {
	local creator start
	fake rule create 0 stuck >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StartCell s beta >/tmp/create 2>&1 &
	creator=$!
	property_becomes 30 beta Operation start
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha >/tmp/start 2>&1 &
	start=$!
	property_becomes 30 alpha Operation "start, waiting"
	done_well cell alpha Kill
	wait "$start"
	like "answer to the start" "$(cat /tmp/start)" '^org.cellmgr1.Error.WrongState: .*killed on request'
	property_is alpha Operation ""
	fails_with WrongState "nothing to kill" alpha Kill
	fake clear >/dev/null
	wait "$creator"
	state_is alpha defined
}

# Where the cell goes anyway there is nothing to cut short.
test_kill_leaves_a_destroy_alone() {
	local destroy kill
	done_well call StartCell s alpha
	done_well call StopCell s alpha
	fake rule destroy 0 hang >/dev/null
	./bus-peer call "$(cell_path alpha)" org.cellmgr1.Cell Destroy >/tmp/destroy 2>&1 &
	destroy=$!
	property_becomes 30 alpha Operation destroy
	start_monitor
	./bus-peer call "$(cell_path alpha)" org.cellmgr1.Cell Kill >/tmp/kill 2>&1 &
	kill=$!
	eventually_check "the kill is on its way" 30 called_more_often Kill 0
	call ListCells
	call ListCells
	stop_monitor
	fake clear >/dev/null
	wait "$destroy"
	is "answer to the destroy" "$?: $(cat /tmp/destroy)" "0: "
	wait "$kill" && not_ok "a cell that was not there was killed"
	state_is alpha defined
	is "steps that were cut short" "$(journal CELL=alpha | grep -c 'told to give up')" 0
}

# A cell that does not answer would be asked five times, for a second each.
test_the_same_wish_is_done_once() {
	local stops=() n before
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake answer alpha silent >/dev/null
	fake answer beta silent >/dev/null
	call StopCell s beta &
	property_becomes 30 beta Operation stop
	start_monitor
	for n in 1 2 3 4 5; do
		submit StopCell s alpha
		stops+=("$submitted")
	done
	stop_monitor
	before=$(fake calls shutdown)
	done_well cell beta Kill
	for n in "${stops[@]}"; do
		wait "$n" && not_ok "a stop that had no answer"
	done
	is "shutdowns" $(($(fake calls shutdown) - before)) 1
	is "what is said of them" "$(journal | grep -c '^Cannot stop alpha: .*did not answer')" 1
	state_is alpha running
}

test_a_user_cannot_keep_a_cell_busy() {
	local calls=() n
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	call StopCell s beta &
	property_becomes 30 beta Operation stop
	for n in 1 2 3 4 5 6 7 8; do
		games "$manager" org.cellmgr1.Manager StopCell s alpha >"/tmp/games-$n" 2>&1 &
		calls+=($!)
	done
	eventually_check "four are refused" 20 is_refused_to_games 4
	done_well cell beta Kill
	wait "${calls[@]}"
	is "refused" "$(cat /tmp/games-* | grep -c 'LimitsExceeded.*with cell alpha')" 4
	state_is alpha shut-down
}

is_refused_to_games() {
	[ "$(cat /tmp/games-* | grep -c LimitsExceeded)" = "$1" ]
}

test_root_comes_before_others() {
	local calls=()
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	call StopCell s beta &
	property_becomes 30 beta Operation stop
	start_monitor
	games "$manager" org.cellmgr1.Manager StopCell s alpha &
	calls+=($!)
	eventually_check "it is on its way" 30 called_more_often StopCell 0
	# Polkit has to be asked about that one.
	sleep 1
	submit StartCell s boot
	calls+=("$submitted")
	stop_monitor
	done_well cell beta Kill
	wait "${calls[@]}"
	is "in this order" "$(journal MESSAGE_ID=2d7f60be1c9b4d5ea3c0f18b5d94e6a7 CELL=boot + \
		MESSAGE_ID=94c3e15f7ab24868bd2a6e0c81f7d359 CELL=alpha | tr '\n' ,)" \
		"Cell boot started,Cell alpha shut down,"
}
