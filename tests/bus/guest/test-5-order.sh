# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# Units of cells among each other: when one is up, what comes after what, what a reload is.

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

# Nor where that one ends when it has been looked at already, but the service manager has not come to it.
test_a_start_starts_no_cell_that_ends_meanwhile() {
	beta_ends_while_alpha_is_started
}

# Nor where the daemon dies, too, before it hears of that.
test_a_start_starts_no_cell_that_ends_before_another_daemon() {
	beta_ends_while_alpha_is_started "$(pid_of cellmgrd)"
}

# beta_ends_while_alpha_is_started [DAEMON]: which the service manager sees both at once. The daemon is the one that dies.
beta_ends_while_alpha_is_started() {
	# shellcheck disable=SC2034 # of service_manager_is_slow
	local start reload process
	order alpha '"requires": ["beta"]'
	reload_all
	done_well call StartCell s beta
	unit_becomes 15 cell@beta active
	process=$(pid_of cell@beta)
	service_manager_is_slow 'until [ -e /run/manager-may-go-on ]; do sleep 0.1; done'
	# By root: about others polkit would wait for the service manager, too.
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha >/tmp/start 2>&1 &
	start=$!
	property_becomes 30 alpha State running
	# Behind the order.
	eventually_check "who starts it is answered" 15 has_ended "$start"
	is "the start" "$(cat /tmp/start)" ""
	fake shut-down beta >/dev/null
	eventually_check "its unit's process has ended" 15 is_no_process "$process"
	[ $# = 0 ] || kill -STOP "$1"
	touch /run/manager-may-go-on
	service_manager_is_back
	rm /run/manager-may-go-on
	if [ $# != 0 ]; then
		unit_becomes 15 cell@beta activating
		kill_daemon
	fi
	unit_becomes 15 cell@beta failed
	like "status of cell@beta" "$(status_of cell@beta)" "ended while cell alpha, which requires it, was started"
	state_is beta shut-down
	unit_becomes 15 cell@alpha inactive
	state_is alpha running
	# It is nothing that stays: who may have it started has.
	done_well systemctl start cell@beta
	done_well systemctl start cell@alpha
	state_is beta running
	as_described
}

# Or nothing of it is left but its status.
is_no_process() {
	local state=Z
	read -r _ _ state _ 2>/dev/null <"/proc/$1/stat"
	[[ $state == [ZX] ]]
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
	rm /etc/cellmgr/cells/broken.json
	sed -i 's/"timeout": "1s"/"timeout": "0s"/' /etc/cellmgr/cells/alpha.json
	like "what is odd" "$(cellctl check /etc/cellmgr/cells/alpha.json)" 'alpha.json:[0-9:]+ warning: stop.timeout'
	is "what it says of what is only odd" "$(/usr/lib/systemd/system-generators/cellmgr-generator --root= /tmp 2>&1)" ""
}

# encoded NAME: as an element of an object's path, as sd_bus_path_encode() has it.
encoded() {
	case $1 in
	2-x9) echo _32_2dx9 ;;
	x-2) echo x_2d2 ;;
	0) echo _30 ;;
	*) echo "$1" ;;
	esac
}

test_reload_of_the_unit_writes_a_signal() {
	local name
	mkdir -p /tmp/reloads/etc/cellmgr/cells
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
	# Whatever the cell's name, it is the name of its object; and the value has all of its digits.
	for name in turbine 2-x9 x-2 0; do
		sed 's/"run", "value": 1/"setpoint", "value": 1234.5678901234/' "$cells/turbine.json" >"/tmp/reloads/etc/cellmgr/cells/$name.json"
	done
	mkdir /tmp/reloads/cell@0.service.d
	is "what is said where another generator has been" \
		"$(/usr/lib/systemd/system-generators/cellmgr-generator --root=/tmp/reloads /tmp/reloads 2>&1)" ""
	for name in turbine 2-x9 x-2 0; do
		like "what a reload of $name calls" "$(cat "/tmp/reloads/cell@$name.service.d"/*)" \
			"/cell/$(encoded "$name") org.cellmgr1.Cell WriteSignal sv setpoint d 1234.5678901234"
	done
	rm -r /tmp/reloads
	# One without has nothing to be told.
	systemctl start cell@alpha
	fails "alpha takes no reload" systemctl reload cell@alpha
	systemctl stop cell@alpha cell@turbine
	clear_links
	systemctl daemon-reload
}
