# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# Whoever has a cell started or stopped, its unit knows; and cells among each other.

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
	local method
	done_well call EnableHypervisor
	done_well cell alpha Create
	# The service manager has read the unit before.
	eventually_check "the unit is at hand" 30 is_at_hand alpha
	start_monitor
	done_well call StartCell s alpha
	stop_monitor
	# Who goes from the bus, and which jobs end.
	is "ears" "$(called_meanwhile AddMatch)" 2
	for method in GetConnectionCredentials ResetFailedUnit StartUnit; do
		is "$method" "$(called_meanwhile $method)" 1
	done
	for method in Subscribe RefUnit RemoveMatch; do
		is "$method" "$(called_meanwhile $method)" 0
	done
	unit_becomes 15 cell@alpha active
	done_well call StopCell s alpha
	unit_is cell@alpha inactive
	check "it stays at hand" is_at_hand alpha
	done_well cell alpha Destroy
	eventually_check "of a cell that is gone it is not kept" 30 is_not_at_hand alpha
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

# service_manager_is_slow [COMMANDS]: it answers nothing while its generators run. Sets reload, the process that
# waits for that.
service_manager_is_slow() {
	mkdir -p /run/systemd/system-generators
	printf '#!/bin/sh\n%s\n' "${1-sleep 4}" >/run/systemd/system-generators/slow
	chmod +x /run/systemd/system-generators/slow
	systemctl daemon-reload &
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

# The daemon has started a cell, and dies before the service manager knows.
test_unit_is_started_by_the_next_daemon() {
	local file=/run/cellmgr/units/alpha.follow
	systemctl mask -q --runtime cell@alpha.service
	done_well call StartCell s alpha
	systemctl unmask -q --runtime cell@alpha.service
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

test_unit_is_active_when_the_cell_has_shown_a_heartbeat() {
	call EnableHypervisor
	cell alpha Create
	fake mute alpha >/dev/null
	done_well systemctl start --no-block cell@alpha
	property_becomes 15 alpha State running
	eventually_check "it says what it waits for" 5 status_is_like cell@alpha "first heartbeat is awaited"
	unit_is cell@alpha activating
	property_is alpha Up false
	fake speak alpha >/dev/null
	unit_becomes 15 cell@alpha active
	property_is alpha Up true
	# Another daemon finds out by itself.
	systemctl restart cellmgrd
	property_becomes 15 alpha Up true
	unit_is cell@alpha active
	systemctl stop cell@alpha
	property_is alpha Up false
	# One that never shows any has not come up.
	fake mute alpha >/dev/null
	fails "it does not start" systemctl start cell@alpha
	unit_is cell@alpha failed
	like "status of cell@alpha" "$(status_of cell@alpha)" "no heartbeat"
	done_well cell alpha Kill
	# A driver that does not show heartbeats keeps nobody waiting.
	fake features 0x1fd >/dev/null
	systemctl restart cellmgrd
	done_well call StartCell s alpha
	property_becomes 15 alpha Up true
	unit_becomes 15 cell@alpha active
}

# order CELL KEYS: adds them to its description, until as_described.
order() {
	[ -f "/tmp/$1.json" ] || cp "/etc/cellmgr/cells/$1.json" /tmp/
	sed "s/\"cpus\"/$2, &/" "/tmp/$1.json" >"/etc/cellmgr/cells/$1.json"
}

reload_all() {
	[ ! -f /etc/cellmgr/cells/broken.json ] || mv /etc/cellmgr/cells/broken.json /tmp/
	systemctl daemon-reload
	call Reload
}

as_described() {
	local name
	for name in alpha beta boot broken; do
		[ ! -f "/tmp/$name.json" ] || mv "/tmp/$name.json" /etc/cellmgr/cells/
	done
	systemctl daemon-reload
	call Reload
}

when() {
	systemctl show -p "$1EnterTimestampMonotonic" --value "$2"
}

# in_order PROPERTY UNIT UNIT: the first came to it before the second.
in_order() {
	check "$2 is ${1,,} before $3" [ "$(when "$1" "$2")" -lt "$(when "$1" "$3")" ]
}

test_cells_have_an_order() {
	order beta '"requires": ["alpha"]'
	order boot '"after": ["beta", "alpha"]'
	reload_all
	fails_with WrongState "beta requires cell alpha, which is defined: start that first, or cell@beta.service" \
		manager StartCell s beta
	state_is beta defined
	systemctl stop cells.target
	systemctl add-wants -q --runtime cells.target cell@boot.service cell@beta.service
	done_well systemctl start cells.target
	for unit in alpha beta boot; do
		unit_is "cell@$unit" active
		state_is "$unit" running
	done
	in_order Active cell@alpha cell@beta
	in_order Active cell@beta cell@boot
	# The other way round, each when the one before has ended.
	fake answer boot silent >/dev/null
	rm -r /run/systemd/system/cells.target.wants
	systemctl daemon-reload
	systemctl stop cells.target
	unit_becomes 5 cell@boot deactivating
	sleep 0.5
	unit_is cell@beta active
	fake answer boot approve >/dev/null
	unit_becomes 20 cell@alpha inactive
	in_order Inactive cell@boot cell@beta
	in_order Inactive cell@beta cell@alpha
	# What comes after needs not be there; what is required has to.
	done_well systemctl start cell@boot
	unit_is cell@beta inactive
	fake rule start 1 EIO >/dev/null
	fails "beta does not start without alpha" systemctl start cell@beta
	unit_is cell@alpha failed
	unit_is cell@beta inactive
	done_well call StartCell s alpha
	done_well call StartCell s beta
	unit_becomes 15 cell@beta active
	# A stop over the bus is of that cell alone.
	done_well call StopCell s alpha
	state_is alpha shut-down
	state_is beta running
	unit_is cell@beta active
	systemctl stop 'cell@*.service'
	systemctl start cells.target
	as_described
	is "what is left" "$(ls -d /run/systemd/generator/cell@* 2>/dev/null)" ""
}

# Who may start a cell may not start those that it requires; its unit, which is started as root, would.
test_a_start_ends_no_required_cell() {
	local games=(setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call) since
	order alpha '"requires": ["beta"]'
	order beta '"heartbeat": "500ms"'
	reload_all
	done_well call StartCell s beta
	unit_becomes 15 cell@beta active
	since=$(property beta StartedAt)
	fake flatline beta >/dev/null
	property_becomes 40 beta Health failed
	unit_becomes 15 cell@beta failed
	# Its unit would have it killed and started anew, and what it died of with it.
	fails "a start of one that requires it" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	like "why" "$output" "requires cell beta, which is ill"
	state_is alpha defined
	is "run of the ill one" "$(property beta StartedAt)" "$since"
	cell beta Kill
	as_described
}

test_a_start_starts_no_required_cell() {
	local games=(setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call) way='requires, by way of cell boot, cell beta, which is'
	order alpha '"requires": ["boot"]'
	order boot '"requires": ["beta"]'
	reload_all
	call EnableHypervisor
	# It runs without the one that it requires: what counts is what the unit would have started.
	done_well systemctl start cell@boot
	done_well call StopCell s beta
	unit_is cell@beta inactive
	state_is boot running
	fails "the whole way" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	like "why" "$output" "$way.*start that first"
	cell alpha Create
	cell alpha Load 'a(ht)' 0
	fails "the last step" "${games[@]}" "$manager/cell/alpha" org.cellmgr1.Cell Start
	like "why" "$output" "$way.*start that first"
	state_is alpha loaded
	# One that is there already is adopted without them.
	cell alpha Destroy
	fake foreign alpha 3 >/dev/null
	property_becomes 15 alpha State foreign
	check "games may adopt it" "${games[@]}" "$manager/cell/alpha" org.cellmgr1.Cell Adopt
	like "journal" "$(journal CELL=alpha)" "its unit was not started: .*$way"
	sleep 1
	unit_is cell@alpha inactive
	unit_is cell@beta inactive
	state_is beta shut-down
	done_well call StartCell s beta
	check "games may start it now" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	unit_becomes 15 cell@alpha active
	systemctl stop 'cell@*.service'
	# Those that require each other meanwhile are looked at once.
	cell alpha Destroy
	done_well call StartCell s beta
	done_well call StartCell s boot
	order beta '"requires": ["boot"]'
	call Reload
	check "games may start it now" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	systemctl stop 'cell@*.service'
	as_described
}

test_order_that_makes_no_sense_is_left_out() {
	order alpha '"after": ["beta"]'
	order beta '"requires": ["alpha"]'
	order boot '"after": ["alpha", "nobody"]'
	reload_all
	is "what alpha comes after" "$(systemctl show -p After --value cell@alpha | tr ' ' '\n' | grep '^cell@')" ""
	is "what beta requires" "$(systemctl show -p Requires --value cell@beta | tr ' ' '\n' | grep '^cell@')" ""
	like "what boot comes after" "$(systemctl show -p After --value cell@boot)" 'cell@alpha.service'
	fails_with Invalid 'alpha.json:2:.*after.0.*come after itself \(alpha, beta, alpha\)' manager StartCell s alpha
	fails_with Invalid 'beta.json:2:.*requires.0.*\(beta, alpha, beta\)' manager StartCell s beta
	# Whatever there is, systemd starts.
	printf '{ "after": [' >/etc/cellmgr/cells/beta.json
	done_well systemctl daemon-reload
	check "the generator is content" /usr/lib/systemd/system-generators/cellmgr-generator /nowhere /nowhere /nowhere
	like "and says what is wrong" \
		"$(/usr/lib/systemd/system-generators/cellmgr-generator --root= /tmp 2>&1)" \
		'beta.json:1:.*; the cell.s unit has no order'
	rm -rf /tmp/cell@*.service.d
	as_described
}

test_reload_of_the_unit_writes_a_signal() {
	describe_plant
	sed -i 's/"cpus"/"reload": { "signal": "setpoint", "value": 0.5 }, &/' "$cells/turbine.json"
	systemctl daemon-reload
	call Reload
	done_well systemctl start cell@turbine
	signal_is setpoint 'd 0 unconnected'
	done_well systemctl reload cell@turbine
	unit_is cell@turbine active
	signal_is setpoint 'd 0.5 good'
	# It is the daemon's to tell when it changes.
	sed -i 's/"value": 0.5/"value": 1.5/' "$cells/turbine.json"
	is "systemd wants to be told" "$(systemctl show -p NeedDaemonReload --value cell@turbine)" yes
	sed -i 's/"setpoint", "value": 1.5/"run", "value": 1/' "$cells/turbine.json"
	systemctl daemon-reload
	call Reload
	done_well systemctl reload cell@turbine
	signal_is run 'b 1 good'
	# One without has nothing to be told.
	systemctl start cell@alpha
	fails "alpha takes no reload" systemctl reload cell@alpha
	systemctl stop cell@alpha cell@turbine
	clear_links
	systemctl daemon-reload
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
