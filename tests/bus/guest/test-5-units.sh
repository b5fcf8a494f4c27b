# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # output: of lib.sh
# A cell and its unit are never parted: not by a cell that will not stop, nor by whatever of daemon, bus
# and process goes away between them.

drop_ins=/run/systemd/system/cell@alpha.service.d

# stop_time SECONDS: of cell@alpha.
stop_time() {
	mkdir -p "$drop_ins"
	printf '[Service]\nTimeoutStopSec=%s\n' "$1" >"$drop_ins/time.conf"
	systemctl daemon-reload
}

as_installed() {
	rm -rf "$drop_ins"
	systemctl daemon-reload
}

seconds_since() {
	echo $(((${EPOCHREALTIME/./} - ${1/./}) / 1000000))
}

test_stop_goes_on_with_another_daemon() {
	local old stop
	systemctl start cell@alpha
	fake answer alpha silent >/dev/null
	systemctl stop cell@alpha &
	stop=$!
	property_becomes 15 alpha Operation stop
	old=$(pid_of cellmgrd)
	kill -9 "$old"
	eventually_check "another daemon comes, though the unit stops" 15 daemon_is_back "$old"
	unit_is cell@alpha deactivating
	fake answer alpha approve >/dev/null
	eventually_check "the stop comes to its end" 15 has_ended "$stop"
	unit_is cell@alpha inactive
	state_is alpha shut-down
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# away COMMAND...: a unit that stops and one that starts give up where there is no daemon.
units_give_up() {
	local began=$EPOCHREALTIME
	systemctl start cell@boot 2>/dev/null &
	timeout 60 systemctl stop cell@alpha 2>/dev/null
	between "$1: the stop took" "$(seconds_since "$began")" 8 25
	unit_is cell@alpha failed
	like "$1: status of cell@alpha" "$(status_of cell@alpha)" "no cellmgrd .*was not asked to stop"
	unit_becomes 15 cell@boot failed
	like "$1: status of cell@boot" "$(status_of cell@boot)" "no cellmgrd .*was not started"
	wait $!
	is "$1: the cell below" "$(cat /run/fake/sysfs/cells/*/state)" running
}

test_units_end_without_a_daemon() {
	systemctl start cell@alpha
	systemctl mask -q --runtime cellmgrd
	systemctl stop cellmgrd
	unit_is cell@alpha active
	units_give_up "masked"
	systemctl unmask -q --runtime cellmgrd
	# The cell was to stop: that it runs is not what a start is asked for.
	fails "it is not started over the old run" systemctl restart cell@alpha
	like "status of cell@alpha" "$(status_of cell@alpha)" "was to stop and did not"
	state_is alpha running
	done_well call RestartCell s alpha
	done_well systemctl start cell@alpha

	mkdir -p /run/systemd/system/cellmgrd.service.d
	printf '[Service]\nExecStart=\nExecStart=/bin/false\n' >/run/systemd/system/cellmgrd.service.d/z.conf
	systemctl daemon-reload
	systemctl kill -s KILL cellmgrd
	units_give_up "crashing"
	rm -r /run/systemd/system/cellmgrd.service.d
	systemctl daemon-reload
	systemctl restart cellmgrd
	state_is alpha running
	done_well call StopCell s alpha
	done_well systemctl start cell@alpha
}

# What that start has to know is on record, though nothing can be written any more when the unit is to stop.
test_a_full_disk_makes_no_old_run_a_new_one() {
	local before
	mkdir -p /run/cellmgr/units
	mount -t tmpfs -o size=8k,mode=0755 tmpfs /run/cellmgr/units
	done_well systemctl start cell@alpha
	before=$(property alpha StartedAt)
	cat /dev/zero >/run/cellmgr/units/fill 2>/dev/null
	is "room" $(($(df --output=avail /run/cellmgr/units | tail -n 1))) 0
	systemctl mask -q --runtime cellmgrd
	systemctl stop cellmgrd
	timeout 60 systemctl stop cell@alpha
	unit_is cell@alpha failed
	systemctl unmask -q --runtime cellmgrd
	systemctl start cellmgrd
	fails "it is not started over the old run" systemctl start cell@alpha
	like "status of cell@alpha" "$(status_of cell@alpha)" "was to stop and did not"
	state_is alpha running
	is "its run" "$(property alpha StartedAt)" "$before"
	umount /run/cellmgr/units
}

# It starts up in vain all the time: were that limited, it would stay away after what was wrong has gone.
test_crashing_daemon_comes_back() {
	is "limit of starts" "$(systemctl show -p StartLimitIntervalUSec --value cellmgrd)" 0
	is "whatever it ends of" "$(systemctl show -p Restart --value cellmgrd)" always
	is "time of it to stop" "$(systemctl show -p TimeoutStopUSec --value cellmgrd)" 10s
}

test_unwilling_cell_is_killed_in_the_end() {
	local began before
	stop_time 4s
	systemctl start cell@alpha
	fake answer alpha deny >/dev/null
	systemctl stop cell@alpha 2>/dev/null &
	unit_becomes 15 cell@alpha deactivating
	eventually_check "it says why it waits" 15 status_is_like cell@alpha "denied.*asked again"
	state_is alpha running
	unit_is cell@alpha deactivating
	wait $!
	unit_is cell@alpha failed
	state_is alpha failed
	property_like alpha LastError "killed on request"
	like "journal of the unit" "$(journal -u cell@alpha)" "The cell was killed, as the unit was"

	# What runs after a restart is never what ran before.
	systemctl start cell@alpha
	before=$(property alpha StartedAt)
	fake answer alpha silent >/dev/null
	began=$EPOCHREALTIME
	done_well systemctl restart cell@alpha
	between "seconds of the restart" "$(seconds_since "$began")" 3 15
	check "it is another run" [ "$(property alpha StartedAt)" -gt "$before" ]
	unit_is cell@alpha active
	state_is alpha running
	as_installed
}

# As it would when the unit is killed for it.
test_unit_that_does_not_stop_its_cell_is_not_forgiven() {
	stop_time 30s
	systemctl start cell@alpha
	fake answer alpha deny >/dev/null
	start_monitor
	systemctl stop cell@alpha 2>/dev/null &
	eventually_check "it is asked more than once" 15 asked_to_stop 3
	is "times that it is said" "$(journal -u cell@alpha | grep -c 'does not stop: .*denied')" 1
	is "times that it was forgiven" "$(in_monitor ResetFailedUnit)" 0
	fake answer alpha approve >/dev/null
	wait $!
	stop_monitor
	is "when it has stopped" "$(in_monitor ResetFailedUnit)" 1
	unit_is cell@alpha inactive
	as_installed
}

# How it goes is not forgotten while it goes: a cell may fail at once.
test_nobody_resets_a_unit_that_starts_its_cell() {
	start_monitor
	done_well systemctl start cell@alpha
	eventually_check "the unit is kept" 30 grep -q '"member":"RefUnit"' /tmp/monitor
	stop_monitor
	is "times that it was reset" "$(in_monitor ResetFailedUnit)" 0
}

# Nor that of a cell that had to be killed over it: its description says "force".
test_unit_whose_cell_is_stopped_with_force_is_not_forgiven() {
	systemctl start cell@beta
	fake answer beta deny >/dev/null
	start_monitor
	systemctl stop cell@beta
	eventually_check "its cell has failed" 15 state_is_failed beta
	unit_becomes 15 cell@beta failed
	stop_monitor
	is "times that it was asked for its result, to be forgiven" \
		"$(grep -c '"method_call".*org.freedesktop.systemd1.Service.*"Result"' /tmp/monitor)" 0
	is "and was" "$(in_monitor ResetFailedUnit)" 0
}

state_is_failed() {
	[ "$(property "$1" State)" = failed ]
}

asked_to_stop() {
	(($(in_monitor StopCell) >= $1))
}

in_monitor() {
	grep '"type":"method_call"' /tmp/monitor | grep -c "\"member\":\"$1\""
}

status_is_like() {
	get_of_unit "$1" StatusText
	[[ $answer =~ $2 ]]
}

# Nor one that is stopped since it did not come up in time: that it failed is what OnFailure= and Restart= go by.
test_unit_that_does_not_come_up_in_time_is_not_forgiven() {
	sed -i 's/"500ms"/"60s"/' /etc/cellmgr/cells/alpha.json
	call Reload
	call EnableHypervisor
	cell alpha Create
	fake mute alpha >/dev/null
	drop_in alpha TimeoutStartSec=4
	fails "it does not start" systemctl start cell@alpha
	unit_becomes 15 cell@alpha failed
	is "its result" "$(systemctl show -p Result --value cell@alpha)" timeout
	state_is alpha shut-down
	no_drop_ins
}

test_cell_that_stops_later_is_not_killed() {
	stop_time 30s
	systemctl start cell@alpha
	fake answer alpha deny >/dev/null
	systemctl stop cell@alpha &
	eventually_check "it says why it waits" 15 status_is_like cell@alpha "denied.*asked again"
	fake answer alpha approve >/dev/null
	wait $!
	unit_is cell@alpha inactive
	state_is alpha shut-down
	# Nor is it by itself a reason not to start it.
	done_well systemctl restart cell@alpha
	as_installed
}

# The description's choice, which is longer than the unit's.
test_time_to_stop_is_put_off_while_the_cell_is_asked() {
	local began
	systemctl stop cellmgrd
	sed -i.bak 's/"timeout": "1s"/"timeout": "60s"/' /etc/cellmgr/cells/alpha.json
	systemctl start cellmgrd
	stop_time 4s
	printf '[Service]\nExecStart=\nExecStart=/usr/lib/cellmgr/cell-unit --extend-after=2 %%i\n' \
		>"$drop_ins/start.conf"
	systemctl daemon-reload
	systemctl start cell@alpha
	fake answer alpha silent >/dev/null
	began=$EPOCHREALTIME
	systemctl stop cell@alpha &
	sleep 6.5
	unit_is cell@alpha deactivating
	property_is alpha Operation stop
	# Another way out.
	done_well cell alpha Kill
	wait $!
	between "seconds of the stop" "$(seconds_since "$began")" 6 15
	state_is alpha failed
	mv /etc/cellmgr/cells/alpha.json.bak /etc/cellmgr/cells/alpha.json
	as_installed
	systemctl restart cellmgrd
}

test_time_to_stop_is_finite() {
	is "time of cell@alpha to stop" "$(systemctl show -p TimeoutStopUSec --value cell@alpha)" "1min 30s"
	is "and to start" "$(systemctl show -p TimeoutStartUSec --value cell@alpha)" 5min
}

test_killed_unit_kills_its_cell() {
	local name
	systemctl start cell@alpha
	systemctl kill -s KILL cell@alpha
	unit_becomes 15 cell@alpha failed
	state_is alpha failed
	is "how loud that is told" "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=alpha PRIORITY=4)" \
		"Cell alpha failed: was killed on request"
	done_well systemctl start cell@alpha
	# A fault of the process is none of the cell.
	kill -SEGV "$(pid_of cell@alpha)"
	unit_becomes 15 cell@alpha failed
	state_is alpha running
	like "journal of the unit" "$(journal -u cell@alpha)" "ended by signal SEGV.*runs on"
	done_well systemctl start cell@alpha
	unit_is cell@alpha active
	# Nor is it when Linux is short of memory.
	like "what comes after that" "$(EXIT_CODE=killed EXIT_STATUS=KILL SERVICE_RESULT=oom-kill \
		/usr/lib/cellmgr/cell-unit --after alpha 2>&1)" "ended by signal KILL.*runs on"
	state_is alpha running
	done_well env EXIT_CODE=killed EXIT_STATUS=KILL SERVICE_RESULT=signal /usr/lib/cellmgr/cell-unit --after alpha
	state_is alpha failed
	# What does not run is dead.
	for name in alpha beta nosuch; do
		done_well env EXIT_CODE=killed EXIT_STATUS=KILL /usr/lib/cellmgr/cell-unit --after "$name"
	done
	# One that was asked to end before it could listen has its cell asked.
	for name in INT TERM; do
		done_well call StartCell s alpha
		done_well env EXIT_CODE=killed "EXIT_STATUS=$name" /usr/lib/cellmgr/cell-unit --after alpha
		state_is alpha shut-down
	done
	done_well call DisableHypervisor b true
	done_well env EXIT_CODE=killed EXIT_STATUS=KILL /usr/lib/cellmgr/cell-unit --after alpha
}

test_signals_of_habit_change_nothing() {
	local signal pid daemon
	systemctl start cell@alpha
	pid=$(pid_of cell@alpha)
	daemon=$(pid_of cellmgrd)
	for signal in TTIN TTOU TSTP PROF IO PWR URG VTALRM XCPU XFSZ RTMAX; do
		kill -s "$signal" "$pid"
	done
	for signal in HUP USR1 USR2 QUIT ALRM PIPE WINCH RTMIN; do
		kill -s "$signal" "$pid"
		[ "$signal" = QUIT ] || kill -s "$signal" "$daemon"
	done
	sleep 0.3
	unit_is cell@alpha active
	is "process of the unit" "$(pid_of cell@alpha)" "$pid"
	is "process of the daemon" "$(pid_of cellmgrd)" "$daemon"
	state_is alpha running
	done_well systemctl stop cell@alpha
	state_is alpha shut-down
}

test_hangup_reloads_the_daemon() {
	local daemon
	daemon=$(pid_of cellmgrd)
	mv /etc/cellmgr/cells/broken.json /tmp/
	sed 's/"cpus": 1/"cpus": [2]/' /etc/cellmgr/cells/beta.json >/etc/cellmgr/cells/another.json
	has_no_object another || not_ok "another is not known yet"
	kill -HUP "$daemon"
	property_becomes 15 another State defined
	rm /etc/cellmgr/cells/another.json
	done_well systemctl reload cellmgrd
	has_no_object another || not_ok "systemctl reload does"
	mv /tmp/broken.json /etc/cellmgr/cells/
	kill -HUP "$daemon"
	eventually_check "what is wrong is in the journal" 15 journal_tells 'broken.json:3:.*memroy'
	is "process of the daemon" "$(pid_of cellmgrd)" "$daemon"
	systemctl restart cellmgrd
}

journal_tells() {
	journal | grep -Eq "$1"
}

test_restart_of_the_bus_is_survived() {
	local pid
	systemctl start cell@alpha
	pid=$(pid_of cell@alpha)
	systemctl restart dbus
	eventually_check "it is known" 15 journal_tells 'The cell runs, the system bus is away'
	eventually_check "and when it is back" 15 status_is_like cell@alpha '^The cell runs$'
	unit_is cell@alpha active
	is "process of the unit" "$(pid_of cell@alpha)" "$pid"
	state_is alpha running
	# It hears of what happens again.
	done_well call StopCell s alpha
	unit_becomes 15 cell@alpha inactive
	# Nor does a stop need the bus that was there when it began.
	systemctl start cell@alpha
	systemctl kill -s KILL dbus
	systemctl stop cell@alpha
	unit_is cell@alpha inactive
	eventually_check "the bus is back" 15 call ListCells
	state_is alpha shut-down
	# Nor does a kill.
	done_well call StartCell s alpha
	systemctl stop dbus.socket dbus
	EXIT_CODE=killed EXIT_STATUS=KILL /usr/lib/cellmgr/cell-unit --after alpha 2>/dev/null &
	sleep 1
	systemctl start dbus.socket dbus
	wait $!
	is "status of the kill" $? 0
	eventually_check "the bus is back" 15 call ListCells
	state_is alpha failed
}

test_unit_asks_nothing_while_nothing_happens() {
	systemctl start cell@alpha
	start_monitor
	# Somebody else is told for a while.
	property alpha Exits >/dev/null
	sleep 2.5
	stop_monitor
	between "news of exits" "$(grep -c '"Exits":' /tmp/monitor)" 1 100
	is "questions" "$(times_called GetAll)" 0
}

test_unit_believes_nobody_but_the_daemon() {
	local unit
	systemctl start cell@alpha
	unit=$(busctl list --no-legend | awk -v pid="$(pid_of cell@alpha)" '$2 == pid { print $1 }')
	like "the unit's connection" "$unit" '^:'
	busctl --destination="$unit" emit /org/cellmgr1/cell/alpha org.freedesktop.DBus.Properties \
		PropertiesChanged 'sa{sv}as' org.cellmgr1.Cell 1 State s failed 0
	busctl --destination="$unit" emit /org/freedesktop/DBus org.freedesktop.DBus NameOwnerChanged \
		sss org.cellmgr1 :1.1 ''
	sleep 0.3
	unit_is cell@alpha active
	is "status of cell@alpha" "$(status_of cell@alpha)" "The cell runs"
}

test_cell_that_vanishes_has_failed() {
	systemctl start cell@alpha
	start_monitor
	fake gone alpha >/dev/null
	unit_becomes 15 cell@alpha failed
	stop_monitor
	state_is alpha defined
	property_like alpha LastError "it is gone: it was destroyed by somebody else"
	like "status of cell@alpha" "$(status_of cell@alpha)" "it is gone"
	like "signals" "$(grep '"member":"Failed"' /tmp/monitor)" '\["gone","/[^"]*"\]'
	is "what comes first" "$(grep -o -e '"LastError":{"type":"s","data":"it is gone' -e '"member":"Failed"' /tmp/monitor |
		cut -d '"' -f 2 | xargs)" "LastError member"
	like "journal of the loss" \
		"$(journal MESSAGE_ID=ca841521ce3742408e51f3a01969346c CELL=alpha REASON=gone)" \
		'^Cell alpha failed: it is gone'
	# Its next start is a start, and what was is over.
	done_well systemctl start cell@alpha
	property_is alpha LastError ""
	# While nobody looks.
	systemctl stop cellmgrd
	fake gone alpha >/dev/null
	systemctl start cellmgrd
	unit_becomes 15 cell@alpha failed
	property_like alpha LastError "it is gone"
	# What was stopped has not failed when it goes.
	done_well systemctl start cell@alpha
	done_well systemctl stop cell@alpha
	systemctl stop cellmgrd
	fake gone alpha >/dev/null
	systemctl start cellmgrd
	state_is alpha defined
	property_is alpha LastError ""
}

test_end_of_its_own_is_told() {
	systemctl start cell@alpha
	fake shut-down alpha >/dev/null
	unit_becomes 15 cell@alpha inactive
	is "journal of the end" "$(journal MESSAGE_ID=8a6a5c8dd8f74e069eb812538f8492f6 CELL=alpha)" "Cell alpha has shut down by itself"
	systemctl restart cellmgrd
	state_is alpha shut-down
	is "lines of it" "$(journal MESSAGE_ID=8a6a5c8dd8f74e069eb812538f8492f6 | wc -l)" 1
	done_well systemctl start cell@alpha
	done_well systemctl stop cell@alpha
	is "lines after a stop" "$(journal MESSAGE_ID=8a6a5c8dd8f74e069eb812538f8492f6 | wc -l)" 1
}

test_lines_of_the_daemon_are_in_the_journal_of_the_unit() {
	systemctl start cell@alpha
	fake answer alpha deny >/dev/null
	fails "it does not stop" call StopCell s alpha
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	unit_becomes 15 cell@alpha failed
	like "journal of cell@alpha" "$(journal -u cell@alpha _COMM=cellmgrd | tr '\n' ';')" \
		'Cell alpha started;Cannot stop alpha: .*denied.*;Cell alpha failed: wrote 4 bytes'
	is "journal of cell@beta" "$(journal -u cell@beta _COMM=cellmgrd)" ""
}

test_daemon_runs_on_with_a_broken_configuration() {
	local config=/etc/cellmgr/cellmgrd.conf
	mv /etc/cellmgr/cells/broken.json /tmp/
	systemctl start cell@alpha
	echo '{ "pool-size": "1 fathom" }' >"$config"
	systemctl restart cellmgrd
	unit_is cellmgrd active
	state_is alpha running
	unit_is cell@alpha active
	done_well systemctl restart cell@alpha
	done_well call StartCell s boot
	done_well call DisableHypervisor b true
	fails_with Invalid "$config.*pool-size.*mended" manager EnableHypervisor
	fails_with Invalid "$config.*pool-size" manager StartCell s alpha
	is "pool" "$(fake pool)" 0
	fails_with Invalid "$config.*pool-size" manager Reload
	echo '{ "pool-size": "48M" }' >"$config"
	done_well call Reload
	done_well call EnableHypervisor
	is "pool" "$(fake pool)" $((48 << 20))
	# What was good last holds.
	echo '{ "pool-size": "1 fathom" }' >"$config"
	fails_with Invalid "$config.*pool-size" manager Reload
	manager_is MemoryTotal $((32 << 20))
	done_well call StartCell s alpha
	done_well call DisableHypervisor b true
	rm "$config"
	mv /tmp/broken.json /etc/cellmgr/cells/
	systemctl restart cellmgrd
}

# A daemon that is at work is not one that is away, however long it takes.
test_start_that_takes_long_is_waited_for() {
	systemctl restart cellmgrd
	fake rule create 1 delay=11500 >/dev/null
	done_well systemctl start cell@alpha
	unit_is cell@alpha active
	fails "one that there is not does not start" systemctl start cell@unknown
	like "status of cell@unknown" "$(status_of cell@unknown)" "no cell unknown"
}

# The unit of alpha ends when /run/unit-may-end is there.
end_at_word() {
	rm -f /run/unit-may-end
	drop_in alpha 'ExecStopPost=/bin/sh -c "until [ -e /run/unit-may-end ]; do sleep 0.1; done"'
}

stop_job_of_alpha() {
	job=$(systemctl list-jobs --no-legend | awk '$2 == "cell@alpha.service" && $3 == "stop" { print $1 }')
	[[ $job ]]
}

# removed JOB: what the service manager says of its end, by somebody else.
removed() {
	setpriv --reuid=5 --regid=60 --clear-groups busctl --destination=org.cellmgr1 emit /org/freedesktop/systemd1 \
		org.freedesktop.systemd1.Manager JobRemoved uoss "$1" "/org/freedesktop/systemd1/job/$1" cell@alpha.service "done"
}

test_the_end_of_a_unit_is_believed_of_nobody_but_the_service_manager() {
	local stop job
	end_at_word
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/tmp/stop 2>&1 &
	stop=$!
	eventually_check "the unit is being stopped" 30 stop_job_of_alpha
	while ! has_ended "$stop"; do
		done_well removed "$job"
		sleep 0.05
	done
	wait "$stop"
	is "the stop" "$(cat /tmp/stop)" ""
	like "journal" "$(journal CELL=alpha)" "not stopped cell@alpha.service in time"
	unit_is cell@alpha deactivating
	touch /run/unit-may-end
	unit_becomes 15 cell@alpha inactive
	no_drop_ins
}

# What the service manager has begun goes on where it begins itself anew, by another name on the bus.
test_the_end_of_a_unit_is_seen_over_a_new_service_manager() {
	local stop job
	end_at_word
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/tmp/stop 2>&1 &
	stop=$!
	eventually_check "the unit is being stopped" 30 stop_job_of_alpha
	done_well systemctl daemon-reexec
	check "it is yet" stop_job_of_alpha
	touch /run/unit-may-end
	unit_becomes 15 cell@alpha inactive
	wait "$stop"
	is "the stop" "$(cat /tmp/stop)" ""
	# Nothing is thought of that stop any more.
	done_well systemctl start cell@alpha
	state_is alpha running
	no_drop_ins
}

# What it was told just before it has not read.
test_a_start_that_the_service_manager_forgets_is_told_again() {
	# shellcheck disable=SC2034 # of service_manager_is_slow
	local start reload
	done_well call EnableHypervisor
	done_well cell alpha Create
	eventually_check "the unit is at hand" 30 is_at_hand alpha
	service_manager_is_slow 'until [ -e /run/manager-may-go-on ]; do sleep 0.1; done' daemon-reexec
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha >/tmp/start 2>&1 &
	start=$!
	property_becomes 15 alpha State running
	eventually_check "who starts the cell is answered" 15 has_ended "$start"
	is "the start" "$(cat /tmp/start)" ""
	touch /run/manager-may-go-on
	service_manager_is_back
	rm /run/manager-may-go-on
	unit_becomes 15 cell@alpha active
}

# The cell of a unit that is being stopped is started: $stop and $start are on their way.
start_over_a_stop() {
	end_at_word
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	systemctl stop cell@alpha &
	stop=$!
	property_becomes 15 alpha State shut-down
	eventually_check "the unit is being stopped" 15 stop_job_of_alpha
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha >/tmp/start 2>&1 &
	start=$!
}

# The start of a unit that is being stopped is tried again, but not for ever.
test_start_over_a_unit_that_does_not_end_is_given_up() {
	local start stop job
	start_over_a_stop
	eventually_check "who starts the cell is answered" 15 has_ended "$start"
	is "the start" "$(cat /tmp/start)" ""
	like "journal" "$(journal CELL=alpha)" "not started cell@alpha.service in time"
	unit_is cell@alpha deactivating
	state_is alpha running
	touch /run/unit-may-end
	wait "$stop" "$start"
	unit_is cell@alpha inactive
	no_drop_ins
}

test_start_over_a_unit_that_ends_soon_is_tried_again() {
	local start stop job
	start_over_a_stop
	property_becomes 15 alpha State running
	# It has been refused by then.
	sleep 0.2
	touch /run/unit-may-end
	wait "$stop" "$start"
	is "the start" "$(cat /tmp/start)" ""
	unit_becomes 15 cell@alpha active
	state_is alpha running
	no_drop_ins
}

# However many others come while he does.
test_who_waits_for_a_unit_does_not_for_ever() {
	local stop others=()
	end_at_word
	done_well call StartCell s alpha
	unit_becomes 15 cell@alpha active
	./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/tmp/stop 2>&1 &
	stop=$!
	while ! has_ended "$stop" && ((${#others[@]} < 40)); do
		./bus-peer call "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
		others+=($!)
		sleep 0.5
	done
	check "he is answered" has_ended "$stop"
	is "the stop" "$(cat /tmp/stop)" ""
	unit_is cell@alpha deactivating
	touch /run/unit-may-end
	unit_becomes 15 cell@alpha inactive
	wait "$stop" "${others[@]}"
	no_drop_ins
}
