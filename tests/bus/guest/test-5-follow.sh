# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# Whoever has a cell started or stopped, its unit knows.

# drop_in CELL LINE...: for its unit, below [Service].
drop_in() {
	mkdir -p "/run/systemd/system/cell@$1.service.d"
	{
		echo '[Service]'
		printf '%s\n' "${@:2}"
	} >"/run/systemd/system/cell@$1.service.d/test.conf"
	systemctl daemon-reload
}

no_drop_ins() {
	rm -rf /run/systemd/system/cell@*.service.d
	systemctl daemon-reload
}

test_start_over_the_bus_starts_the_unit() {
	local method
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	is "status of cell@alpha" "$(status_of cell@alpha)" "The cell runs"
	eventually_check "the next daemon has nothing to do about it" 15 test ! -e /run/cellmgr/units/alpha.follow
	done_well systemctl stop cell@alpha
	state_is alpha shut-down
	# By single steps, and by one that replaces the run that there is.
	cell alpha Load 'a(ht)' 0
	done_well cell alpha Start
	unit_becomes 15 cell@alpha active
	systemctl kill -s SEGV cell@alpha
	unit_becomes 15 cell@alpha failed
	done_well call RestartCell s alpha
	unit_becomes 15 cell@alpha active
	# Of a cell that runs already it takes the unit along.
	systemctl kill -s SEGV cell@alpha
	unit_becomes 15 cell@alpha failed
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	done_well systemctl stop cells.target
	unit_becomes 15 cell@alpha inactive
	state_is alpha shut-down
	# What could not be started has no unit, and the answer is the cell's own.
	fails_with Invalid "missing.bin" manager StartCell s noimage
	unit_is cell@noimage inactive
	for method in StopCell StartCell; do
		fails_with NoSuchCell "no cell unknown" manager "$method" s unknown
	done
	unit_is cell@unknown inactive
}

# called_meanwhile METHOD: by the daemon itself, between the call of StartCell and its answer.
called_meanwhile() {
	awk -v method="$1" '
		/"member":"StartCell"/ { began = 1; match($0, /"sender":"[^"]*"/); caller = substr($0, RSTART + 10, RLENGTH - 11) }
		began && /"type":"method_return"/ && index($0, "\"destination\":\"" caller "\"") { exit }
		began && /"type":"method_call"/ && index($0, "\"member\":\"" method "\"") { count++ }
		END { print count + 0 }' /tmp/monitor
}

is_at_hand() {
	[[ $(systemctl list-units --all --plain --no-legend "cell@$1.service") ]]
}

is_not_at_hand() {
	! is_at_hand "$1"
}

# Each message is time that somebody waits.
test_start_asks_nobody_for_more_than_it_needs() {
	local method n
	done_well call EnableHypervisor
	done_well cell alpha Create
	# The service manager has read the unit before.
	eventually_check "the unit is at hand" 30 is_at_hand alpha
	start_monitor
	done_well call StartCell s alpha
	stop_monitor
	# Which jobs end. Who goes from the bus is nothing to a call that begins what it is about.
	is "ears" "$(called_meanwhile AddMatch)" 1
	for method in GetConnectionCredentials StartUnit; do
		is "$method" "$(called_meanwhile $method)" 1
	done
	# Not if the unit has stopped the cell for a case before this one.
	between "ResetFailedUnit" "$(called_meanwhile ResetFailedUnit)" 0 1
	for method in Subscribe RefUnit RemoveMatch NameHasOwner; do
		is "$method" "$(called_meanwhile $method)" 0
	done
	unit_becomes 15 cell@alpha active
	done_well call StopCell s alpha
	unit_is cell@alpha inactive
	check "it stays at hand" is_at_hand alpha
	# When the unit has stopped the cell it is told, and not again with the next start.
	done_well systemctl start cell@alpha
	start_monitor
	done_well systemctl stop cell@alpha
	eventually_check "it is told so" 30 grep -q '"member":"ResetFailedUnit"' /tmp/monitor
	stop_monitor
	for n in 0 1; do
		start_monitor
		done_well call StartCell s alpha
		stop_monitor
		is "ResetFailedUnit of start $n behind that" "$(called_meanwhile ResetFailedUnit)" $n
		unit_becomes 15 cell@alpha active
		fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
		unit_becomes 15 cell@alpha failed
	done
	systemctl reset-failed cell@alpha
	done_well cell alpha Destroy
	eventually_check "of a cell that is gone it is not kept" 30 is_not_at_hand alpha
}

# Whatever its unit has been through since the cell was created, or stopped.
test_unit_that_was_started_too_often_is_started_for_who_asks_the_daemon() {
	local begins n
	call EnableHypervisor
	# A section of its own behind the one that drop_in begins.
	drop_in alpha '[Unit]' StartLimitIntervalSec=120 StartLimitBurst=2
	done_well cell alpha Create
	eventually_check "the unit is at hand" 30 is_at_hand alpha
	for begins in create stop; do
		for n in 1 2; do
			done_well systemctl start cell@alpha
			fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
			unit_becomes 15 cell@alpha failed
		done
		fails "once more is too often after $begins" systemctl start cell@alpha
		done_well call StartCell s alpha
		unit_becomes 15 cell@alpha active
		done_well systemctl stop cell@alpha
	done
	no_drop_ins
}

# Of a daemon that comes after another one, and of a cell whose description goes.
test_units_of_cells_are_kept_for_the_next_daemon() {
	done_well call EnableHypervisor
	done_well cell alpha Create
	eventually_check "the unit is at hand" 30 is_at_hand alpha
	systemctl kill -s KILL cellmgrd
	eventually_check "another daemon is there" 30 call ListCells
	eventually_check "the unit is at hand again" 30 is_at_hand alpha
	mv /etc/cellmgr/cells/alpha.json /tmp/
	done_well call Reload
	eventually_check "without a description there is none" 30 is_not_at_hand alpha
	mv /tmp/alpha.json /etc/cellmgr/cells/
	done_well call Reload
}

# The service manager keeps it, and with it how often it was started: what was stopped on request begins anew.
test_unit_starts_as_often_as_it_is_stopped() {
	local n
	done_well call EnableHypervisor
	done_well cell alpha Create
	eventually_check "the unit is at hand" 30 is_at_hand alpha
	for n in 1 2 3 4 5 6 7; do
		done_well systemctl start cell@alpha
		done_well systemctl stop cell@alpha
	done
	unit_is cell@alpha inactive
}

test_adoption_starts_the_unit() {
	call EnableHypervisor
	fake foreign alpha 3 >/dev/null
	property_becomes 15 alpha State foreign
	unit_is cell@alpha inactive
	done_well cell alpha Adopt
	unit_becomes 15 cell@alpha active
	done_well systemctl stop cell@alpha
	state_is alpha shut-down
}

test_stop_over_the_bus_stops_the_unit() {
	local n
	drop_in alpha Restart=always RestartSec=0
	done_well systemctl start cell@alpha
	for n in StopCell Stop; do
		if [ "$n" = Stop ]; then
			done_well cell alpha Stop
		else
			done_well call StopCell s alpha
		fi
		# It is at its end when the answer comes.
		unit_is cell@alpha inactive
		fails "nothing is noted of the run" test -e /run/cellmgr/units/alpha
		state_is alpha shut-down
		done_well call StartCell s alpha
		unit_becomes 15 cell@alpha active
		state_is alpha running
	done
	# Nor does one come back that was killed, or stopped with all others.
	done_well cell alpha Kill
	unit_becomes 15 cell@alpha failed
	sleep 0.5
	unit_is cell@alpha failed
	state_is alpha failed
	done_well systemctl start cell@alpha
	done_well call DisableHypervisor b true
	unit_becomes 15 cell@alpha inactive
	sleep 0.5
	manager_is HypervisorState off
	unit_is cell@alpha inactive
	# One that ends by itself does.
	done_well systemctl start cell@alpha
	fake shut-down alpha >/dev/null
	property_becomes 15 alpha State shut-down
	property_becomes 15 alpha State running
	unit_becomes 15 cell@alpha active
	# And one whose unit waits to start it again, does not any more.
	drop_in alpha Restart=always RestartSec=1
	fake shut-down alpha >/dev/null
	unit_becomes 15 cell@alpha activating
	done_well call StopCell s alpha
	unit_is cell@alpha inactive
	sleep 1.5
	unit_is cell@alpha inactive
	state_is alpha shut-down
	no_drop_ins
}

test_restart_of_the_unit_is_not_undone_by_its_own_stop() {
	local n before
	done_well call StartCell s alpha
	for n in 1 2 3; do
		before=$(property alpha StartedAt)
		done_well systemctl restart cell@alpha
		unit_is cell@alpha active
		check "it is another run" [ "$(property alpha StartedAt)" -gt "$before" ]
	done
}

# More often than the service manager lets units be started by themselves.
test_starts_over_the_bus_are_not_limited() {
	local n
	for n in 1 2 3 4 5 6 7; do
		call StartCell s alpha || not_ok "start $n" "$output"
		call StopCell s alpha || not_ok "stop $n" "$output"
		unit_has cell@alpha inactive || not_ok "unit after stop $n" "$(state_of "cell@alpha")"
	done
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
}

test_masked_unit_does_not_keep_a_cell_from_running() {
	systemctl mask -q --runtime cell@alpha.service
	done_well call StartCell s alpha
	state_is alpha running
	like "journal" "$(journal CELL=alpha)" "its unit was not started: .*masked"
	done_well call StopCell s alpha
	state_is alpha shut-down
	systemctl unmask -q --runtime cell@alpha.service
}

# service_manager_is_slow [COMMANDS [VERB]]: it answers nothing while its generators run, which VERB has them do. Sets
# reload, the process that waits for that.
service_manager_is_slow() {
	mkdir -p /run/systemd/system-generators
	printf '#!/bin/sh\n%s\n' "${1-sleep 4}" >/run/systemd/system-generators/slow
	chmod +x /run/systemd/system-generators/slow
	systemctl "${2-daemon-reload}" &
	reload=$!
	eventually_check "it is at work" 15 pgrep -f system-generators/slow
}

service_manager_is_back() {
	rm /run/systemd/system-generators/slow
	wait "$reload"
}

test_nobody_waits_long_for_the_service_manager() {
	local began reload
	done_well call EnableHypervisor
	service_manager_is_slow
	began=$EPOCHREALTIME
	done_well call StartCell s alpha
	between "seconds" "$(seconds_since "$began")" 2 5
	like "journal" "$(journal CELL=alpha)" "not started cell@alpha.service in time"
	state_is alpha running
	service_manager_is_back
	# It does it yet.
	unit_becomes 15 cell@alpha active
	done_well call StopCell s alpha
	unit_is cell@alpha inactive
}

# Not even who comes when the one before has given up, while it has not answered yet.
test_who_comes_late_waits_no_longer_for_the_service_manager() {
	local stop reload
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	service_manager_is_slow 'until [ -e /run/manager-may-go-on ]; do sleep 0.1; done'
	done_well call StopCell s alpha
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
	stop=$!
	eventually_check "the second is answered" 15 has_ended "$stop"
	check "the service manager is still at work" pgrep -f system-generators/slow
	touch /run/manager-may-go-on
	service_manager_is_back
	rm /run/manager-may-go-on
	wait "$stop"
	unit_becomes 15 cell@alpha inactive
}

# However often somebody asks, the service manager is asked once, and listened to once.
test_many_starts_are_one_order() {
	local reload peers=() n
	done_well call EnableHypervisor
	service_manager_is_slow
	start_monitor
	for n in 1 2 3 4 5 6; do
		./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha &
		peers+=($!)
	done
	for n in "${peers[@]}"; do
		wait "$n" || not_ok "a start"
	done
	service_manager_is_back
	unit_becomes 15 cell@alpha active
	# All of them are at their end with it.
	peers=()
	for n in 1 2 3 4; do
		./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha &
		peers+=($!)
	done
	done_well call StopCell s alpha
	unit_is cell@alpha inactive
	wait "${peers[@]}"
	stop_monitor
	between "orders to start" "$(times_called StartUnit)" 1 2
	between "ears for them" "$(grep '"member":"AddMatch"' /tmp/monitor | grep -c JobRemoved)" 1 3
}

# It is told once more what it had been told before the opposite.
test_last_wish_counts_where_the_service_manager_is_slow() {
	local reload peers=()
	done_well call EnableHypervisor
	service_manager_is_slow
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha &
	peers+=($!)
	property_becomes 15 alpha State running
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha &
	peers+=($!)
	property_becomes 15 alpha State shut-down
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha &
	peers+=($!)
	property_becomes 15 alpha State running
	service_manager_is_back
	wait "${peers[@]}"
	unit_becomes 15 cell@alpha active
	is "no job is left" "$(systemctl list-jobs --no-legend 'cell@*')" ""
	state_is alpha running
}

# What stops all units has come to its end when the hypervisor is off: a start behind it is one.
test_start_behind_a_disable_is_not_undone_by_it() {
	local reload n
	for n in 1 2 3; do
		done_well call EnableHypervisor
		done_well call DisableHypervisor b true
		is "jobs of units" "$(systemctl list-jobs --no-legend 'cell@*')" ""
		done_well systemctl start cell@alpha cell@beta cell@boot
		unit_is cell@alpha active
	done
	# It is waited for, but not for ever.
	service_manager_is_slow
	done_well call DisableHypervisor b true
	service_manager_is_back
	eventually_check "no cell's unit is up" 15 no_unit_is_up
}

no_unit_is_up() {
	[ -z "$(systemctl list-units --no-legend --state=active 'cell@*')" ]
}

# The process of the unit is told to stop before it can listen.
test_unit_that_is_stopped_at_once_stops_its_cell() {
	drop_in alpha 'ExecStart=' "ExecStart=/bin/sleep infinity" TimeoutStartSec=infinity
	done_well call StartCell s alpha
	state_is alpha running
	unit_becomes 15 cell@alpha activating
	done_well systemctl stop cell@alpha
	unit_is cell@alpha inactive
	state_is alpha shut-down
	no_drop_ins
}

# It comes to ask for a start when the stop that is meant for it is over.
test_unit_that_is_being_stopped_starts_nothing() {
	drop_in alpha 'ExecStart=' "ExecStart=/bin/sh -c 'trap \"\" TERM; touch /run/cellmgr/units/deaf; sleep 1; exec /usr/lib/cellmgr/cell-unit %i'"
	done_well call StartCell s alpha
	eventually_check "it is deaf" 15 test -e /run/cellmgr/units/deaf
	done_well call StopCell s alpha
	state_is alpha shut-down
	unit_becomes 15 cell@alpha failed
	state_is alpha shut-down
	is "starts of it" "$(journal CELL=alpha | grep -c 'Cell alpha started')" 1
	rm /run/cellmgr/units/deaf
	no_drop_ins
}

test_unit_that_stops_is_not_started_over_it() {
	systemctl start cell@alpha
	fake answer alpha deny >/dev/null
	systemctl stop cell@alpha &
	eventually_check "it says why it waits" 15 status_is_like cell@alpha "denied.*asked again"
	# It runs: that is what is wanted here, but the unit goes on stopping it.
	done_well call StartCell s alpha
	unit_is cell@alpha deactivating
	fake answer alpha approve >/dev/null
	wait $!
	unit_is cell@alpha inactive
	state_is alpha shut-down
}

alpha_runs_without_its_unit() {
	systemctl mask -q --runtime cell@alpha.service
	done_well call StartCell s alpha
	systemctl unmask -q --runtime cell@alpha.service
}

# The daemon has started a cell, and dies before the service manager knows.
test_unit_is_started_by_the_next_daemon() {
	local file=/run/cellmgr/units/alpha.follow
	alpha_runs_without_its_unit
	touch -d '1 minute ago' "$file"
	kill_daemon
	state_is alpha running
	check "what is old is forgotten" [ ! -e "$file" ]
	unit_is cell@alpha inactive
	touch "$file"
	kill_daemon
	unit_becomes 15 cell@alpha active
	state_is alpha running
}

# The driver has done it, and nobody has heard of that.
test_unit_of_a_cell_whose_start_the_daemon_died_over_comes_up() {
	local old
	done_well call EnableHypervisor
	old=$(pid_of cellmgrd)
	fake rule start 1 kill-after >/dev/null
	fails "the start, over which the daemon dies" timeout 20 ./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha
	eventually_check "another daemon comes" 25 daemon_is_back "$old"
	state_is alpha running
	unit_becomes 15 cell@alpha active
	done_well systemctl stop cell@alpha
	state_is alpha shut-down
}

# It has its name on the bus before the driver has told it which cells there are.
test_unit_is_started_by_a_daemon_that_sees_late() {
	local file=/run/cellmgr/units/alpha.follow
	alpha_runs_without_its_unit
	systemctl stop cellmgrd
	fake rule status 0 stuck >/dev/null
	systemctl start cellmgrd
	fails_with org.freedesktop.DBus.Error.Timeout "not told yet" manager ListCells
	touch "$file"
	fake clear >/dev/null
	unit_becomes 15 cell@alpha active
	state_is alpha running
}

# However slow the unit and the machine are: it is that start as long as the service manager is at it.
kill_daemon_over_a_start() {
	touch -c -d '1 minute ago' /run/cellmgr/units/alpha.follow
	kill_daemon
}

# Alpha runs, its unit is on its way up by the daemon's word, and does not come to ask for the cell before it may.
alpha_comes_up_slowly() {
	rm -f /run/cellmgr/units/may-come
	drop_in alpha 'ExecStart=' "ExecStart=/bin/sh -c 'until [ -e /run/cellmgr/units/may-come ]; do sleep 0.1; done; exec /usr/lib/cellmgr/cell-unit %i'" "$@"
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha activating
}

# alpha_is_not_started_anew STATE STARTED: whatever its unit asks for yet; it was started then.
alpha_is_not_started_anew() {
	touch /run/cellmgr/units/may-come
	eventually_check "its unit has come to its end" 30 units_rest
	state_is alpha "$1"
	is "its last start" "$(property alpha StartedAt)" "$2"
	# Somebody's wish is one.
	done_well systemctl start cell@alpha
	state_is alpha running
	rm /run/cellmgr/units/may-come
	no_drop_ins
}

# By a daemon that has died since; the next one knows whose start that was.
test_unit_of_a_cell_that_failed_before_the_daemon_died_starts_nothing() {
	local started
	alpha_comes_up_slowly
	started=$(property alpha StartedAt)
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	kill_daemon_over_a_start
	alpha_is_not_started_anew failed "$started"
}

test_unit_of_a_cell_that_ended_while_no_daemon_was_there_starts_nothing() {
	local how when started
	for how in "fail alpha 2 0xdead000 4 0x1234 2" "shut-down alpha"; do
		for when in before after; do
			alpha_comes_up_slowly Restart=always
			started=$(property alpha StartedAt)
			kill -STOP "$(pid_of cellmgrd)"
			if [ "$when" = before ]; then
				# It has asked for the cell, and asks again.
				touch /run/cellmgr/units/may-come
				eventually_check "it asks" 30 status_is_like cell@alpha "Starting the cell"
			fi
			# shellcheck disable=SC2086 # words
			fake $how >/dev/null
			kill_daemon_over_a_start
			alpha_is_not_started_anew "$([[ $how == fail* ]] && echo failed || echo shut-down)" "$started"
			done_well systemctl stop cell@alpha
		done
	done
}

# Its next run is that of its unit, too.
test_unit_of_a_cell_that_is_started_again_by_the_next_daemon_comes_up() {
	local started
	with_keys alpha '"on-failure": "restart", "restart": { "delay": "100ms" }'
	alpha_comes_up_slowly
	started=$(property alpha StartedAt)
	kill -STOP "$(pid_of cellmgrd)"
	fail_alpha
	kill_daemon_over_a_start
	eventually_check "it is started again" 30 started_anew "$started"
	touch /run/cellmgr/units/may-come
	unit_becomes 30 cell@alpha active
	state_is alpha running
	rm /run/cellmgr/units/may-come
	no_drop_ins
	without_keys alpha
}

test_what_a_daemon_left_is_no_word_for_a_later_start() {
	touch /run/cellmgr/units/alpha.follow
	done_well systemctl start cell@alpha
	state_is alpha running
	rm /run/cellmgr/units/alpha.follow
}

# While it stops, the cell is started anew by somebody else: the later wish counts.
test_start_while_the_unit_ends() {
	local n
	for n in 1 2 3 4 5; do
		systemctl start cell@alpha
		call StopCell s alpha &
		property_becomes 15 alpha State shut-down >/dev/null
		wait $!
		call StartCell s alpha
		unit_becomes 15 cell@alpha active
	done
	state_is alpha running
}

# Told to stop because others have stopped its cell, the unit is slow, and the cell has been started again.
test_unit_stops_no_later_run() {
	local pid
	done_well systemctl start cell@alpha
	pid=$(pid_of cell@alpha)
	kill -STOP "$pid"
	done_well call StopCell s alpha
	done_well call StartCell s alpha
	kill -CONT "$pid"
	# It ends, and comes back for the run that there is now.
	unit_becomes 10 cell@alpha active
	isnt "its process" "$(pid_of cell@alpha)" "$pid"
	state_is alpha running
	done_well call StopCell s alpha
	# The same for all of them.
	done_well systemctl start cell@alpha
	pid=$(pid_of cell@alpha)
	kill -STOP "$pid"
	done_well call DisableHypervisor b true
	done_well call StartCell s alpha
	kill -CONT "$pid"
	sleep 2
	state_is alpha running
}

is_not_ending() {
	! unit_has "$1" deactivating
}

# Alpha's unit, which had not come up, is being stopped by the daemon's word, and asks for its cell's stop when it may end.
alpha_ends_slowly() {
	drop_in alpha 'ExecStart=' "ExecStart=/bin/sleep infinity" 'ExecStopPost=' \
		"ExecStopPost=/bin/sh -c 'until [ -e /run/cellmgr/units/may-end ]; do sleep 0.1; done; exec /usr/lib/cellmgr/cell-unit --after %i'"
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha activating
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
	property_becomes 15 alpha State shut-down
	unit_becomes 15 cell@alpha deactivating
	no_drop_ins
}

# Sets $started; who starts it waits for its unit.
alpha_is_started_meanwhile() {
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha >/dev/null 2>&1 &
	property_becomes 30 alpha State running
	started=$(property alpha StartedAt)
}

alpha_runs_on() {
	touch /run/cellmgr/units/may-end
	eventually_check "its end is over" 30 is_not_ending cell@alpha
	wait
	state_is alpha running
	property_is alpha StartedAt "$started"
	rm /run/cellmgr/units/may-end
}

# Nor does one that had not come up, and does not know for which run it was.
test_unit_that_had_not_come_up_stops_no_later_run() {
	local started
	alpha_ends_slowly
	alpha_is_started_meanwhile
	alpha_runs_on
}

# Nor where the daemon that has had it stopped is another one by then.
test_unit_that_had_not_come_up_stops_no_later_run_of_another_daemon() {
	local when started
	for when in before after unanswered; do
		alpha_ends_slowly
		[ "$when" != after ] || alpha_is_started_meanwhile
		[ "$when" != unanswered ] || truncate -c -s 0 /run/cellmgr/units/alpha.stop
		kill_daemon
		kill_daemon
		[ "$when" != before ] || done_well systemctl daemon-reexec
		[ "$when" = after ] || alpha_is_started_meanwhile
		alpha_runs_on
		unit_becomes 30 cell@alpha active
		# With that the order is at its end: this is a wish.
		done_well systemctl stop cell@alpha
		state_is alpha shut-down
		eventually_check "the next daemon has nothing to do about it" 15 no_order_is_on_record
	done
}

no_order_is_on_record() {
	! compgen -G '/run/cellmgr/units/*.*' >/dev/null
}

# It hears nothing that is said by one who is dead by then.
test_stop_that_the_service_manager_has_not_heard_of_is_told_again() {
	# shellcheck disable=SC2034 # reload: of service_manager_is_slow
	local daemon stop reload
	daemon=$(pid_of cellmgrd)
	drop_in alpha Restart=always RestartSec=4
	done_well systemctl start cell@alpha
	fake shut-down alpha >/dev/null
	unit_becomes 15 cell@alpha activating
	service_manager_is_slow 'until [ -e /run/manager-may-go-on ]; do sleep 0.1; done'
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
	stop=$!
	eventually_check "the order is given" 15 test -e /run/cellmgr/units/alpha.stop
	kill -9 "$daemon"
	wait "$stop"
	touch /run/manager-may-go-on
	service_manager_is_back
	rm /run/manager-may-go-on
	eventually_check "another daemon comes" 25 daemon_is_back "$daemon"
	unit_becomes 15 cell@alpha inactive
	state_is alpha shut-down
	no_drop_ins
}

# Somebody asks anew for what a daemon had had started: what it left does not count for that.
test_start_between_two_daemons_is_one() {
	local start
	alpha_comes_up_slowly
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 30 alpha State failed
	touch /run/cellmgr/units/may-come
	kill -STOP "$(pid_of cellmgrd)"
	systemctl kill -s SEGV cell@alpha
	unit_becomes 15 cell@alpha failed
	systemctl start cell@alpha &
	start=$!
	unit_becomes 15 cell@alpha activating
	kill_daemon_over_a_start
	wait "$start"
	is "status of the start" $? 0
	unit_is cell@alpha active
	state_is alpha running
	rm /run/cellmgr/units/may-come
	no_drop_ins
}
