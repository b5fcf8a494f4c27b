# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output, submitted: of lib.sh
# What waits is seen, can be withdrawn, and keeps nobody from being answered.

# occupy: the driver is asked to stop beta, which does not answer; as $stopping.
occupy() {
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta \
		>/tmp/stop-beta 2>&1 &
	stopping=$!
	property_becomes 30 beta Operation stop
}

make_free() {
	done_well cell beta Kill
	wait "$stopping"
}

test_what_waits_is_shown() {
	occupy
	call StartCell s boot &
	property_becomes 30 boot Operation "start, waiting"
	property_is beta Operation stop
	make_free
	property_becomes 30 boot State running
	property_becomes 30 boot Operation ""
	wait
}

test_what_waits_goes_with_its_caller() {
	local caller other before
	done_well call StartCell s alpha
	before=$(fake calls shutdown)
	occupy
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
	caller=$!
	property_becomes 30 alpha Operation "stop, waiting"
	kill -KILL $caller
	property_becomes 30 alpha Operation ""
	# What somebody else wants, too, is done.
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StartCell s boot >/dev/null 2>&1 &
	caller=$!
	property_becomes 30 boot Operation "start, waiting"
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s boot >/tmp/other 2>&1 &
	other=$!
	sleep 0.3
	kill -KILL $caller
	make_free
	wait $other
	is "the other one's answer" $? 0
	state_is boot running
	state_is alpha running
	# Of beta alone.
	is "shutdowns" "$(fake calls shutdown)" $((before + 1))
}

# Anybody can say that somebody has gone.
test_that_a_caller_has_gone_is_believed_of_nobody_but_the_bus() {
	local caller name
	done_well call StartCell s alpha
	occupy
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
	caller=$!
	property_becomes 30 alpha Operation "stop, waiting"
	name=$(busctl list --no-legend | awk -v pid="$caller" '$2 == pid { print $1 }')
	like "the caller's connection" "$name" '^:'
	done_well busctl --destination=org.cellmgr1 emit /org/freedesktop/DBus org.freedesktop.DBus NameOwnerChanged \
		sss "$name" "$name" ''
	call ListCells
	property_is alpha Operation "stop, waiting"
	make_free
	wait "$caller"
	is "his answer" $? 0
	state_is alpha shut-down
}

test_callers_that_go_while_polkit_hangs_leave_their_places() {
	local callers=() n
	done_well call StartCell s alpha
	systemctl start polkit
	systemctl kill -s STOP polkit
	for n in 1 2 3 4; do
		setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" \
			org.cellmgr1.Manager StopCell s alpha >/dev/null 2>&1 &
		callers+=($!)
	done
	sleep 1
	kill -KILL "${callers[@]}"
	sleep 0.5
	setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" \
		org.cellmgr1.Manager StopCell s alpha >/tmp/fifth 2>&1 &
	n=$!
	sleep 0.5
	systemctl kill -s CONT polkit
	wait $n
	is "the fifth" "$?: $(cat /tmp/fifth)" "0: "
	state_is alpha shut-down
}

test_cancel_withdraws_what_waits_and_a_stop() {
	local began took
	done_well call StartCell s alpha
	fails_with WrongState "nothing" alpha Cancel
	occupy
	./bus-peer call "$manager" org.cellmgr1.Manager RestartCell s alpha >/tmp/restart 2>&1 &
	property_becomes 30 alpha Operation "restart, waiting"
	done_well cell alpha Cancel
	wait $!
	like "the restart" "$(cat /tmp/restart)" '^org.cellmgr1.Error.WrongState: .*withdrawn on request'
	property_is alpha Operation ""
	# A minute, and a kill then, is what its description has.
	began=${EPOCHREALTIME/./}
	done_well cell beta Cancel
	wait "$stopping"
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	between "milliseconds" "$took" 0 5000
	like "the stop" "$(cat /tmp/stop-beta)" 'withdrawn on request'
	state_is beta running
	property_is beta Operation ""
	# A step that is in the driver's hands is not.
	fake rule create 0 hang >/dev/null
	call EnableHypervisor
	./bus-peer call "$(cell_path boot)" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	property_becomes 30 boot Operation create
	fails_with WrongState "could be withdrawn" boot Cancel
	fake clear >/dev/null
	wait $!
	is "the create" "$?: $(cat /tmp/create)" "0: "
	state_is boot created
}

# What all cells end with is between two wishes that are the same.
test_a_start_behind_a_disable_is_another_one() {
	local n starts=() disable
	occupy
	start_monitor
	submit StartCell s boot
	starts+=("$submitted")
	submit DisableHypervisor b true
	disable=$submitted
	submit StartCell s boot
	starts+=("$submitted")
	stop_monitor
	make_free
	for n in "${starts[@]}" "$disable"; do
		wait "$n" || not_ok "one of them"
	done
	state_is boot running
}

# Who would not end a cell is not heard for who would, nor the other way round.
test_a_wish_by_force_is_another_one() {
	local mild strong
	done_well call StartCell s alpha
	occupy
	start_monitor
	submit DisableHypervisor b false
	mild=$submitted
	submit DisableHypervisor b true
	strong=$submitted
	stop_monitor
	make_free
	wait "$mild" && not_ok "one that would have ended a cell was done"
	wait "$strong"
	is "the one by force" $? 0
	manager_is HypervisorState off
}

# The queue is full of root's; whoever has nothing in it yet finds a place all the same.
test_a_full_queue_leaves_everybody_a_place() {
	local roots=() peers=() n games=(setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" org.cellmgr1.Manager)
	done_well call StartCell s alpha
	occupy
	start_monitor
	for n in 1 2; do
		./bus-peer flood 70 boot >"/tmp/roots-$n" &
		roots+=($!)
	done
	eventually_check "they are there" 30 called_more_often StopCell 69
	for n in 1 2 3 4; do
		"${games[@]}" StopCell s alpha >"/tmp/games-$n" 2>&1 &
		peers+=($!)
	done
	eventually_check "so are those of a user" 30 called_more_often StopCell 73
	call ListCells
	call ListCells
	fails "a fifth is refused" "${games[@]}" StopCell s beta
	like "why" "$output" '^org.cellmgr1.Error.Busy: 128 operations are waiting already'
	stop_monitor
	make_free
	for n in "${peers[@]}"; do
		wait "$n" || not_ok "one of the four" "$(cat /tmp/games-*)"
	done
	wait "${roots[@]}"
	is "root's" "$(cat /tmp/roots-* | sort -u)" 'done'
	state_is alpha shut-down
}

test_a_user_has_so_many_places() {
	systemctl start polkit
	systemctl kill -s STOP polkit
	start_monitor
	setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer flood 20 >/tmp/flood &
	eventually_check "they are there" 20 called_more_often GetConnectionCredentials 19
	call ListCells
	call ListCells
	stop_monitor
	systemctl kill -s CONT polkit
	wait $!
	is "those that were too many" "$(grep -c LimitsExceeded /tmp/flood)" 4
}

# However many there are of whom polkit has to be asked.
test_who_waits_for_polkit_leaves_others_a_place() {
	local peers=() uid busy
	systemctl start polkit
	systemctl kill -s STOP polkit
	start_monitor
	for uid in 1 3 4 6 7 10; do
		setpriv --reuid=$uid --clear-groups ./bus-peer flood 16 >"/tmp/flood-$uid" &
		peers+=($!)
	done
	eventually_check "they are there" 20 called_more_often GetConnectionCredentials 95
	call ListCells
	call ListCells
	stop_monitor
	systemctl kill -s CONT polkit
	wait "${peers[@]}"
	busy=$(cat /tmp/flood-* | grep -c 'Error.Busy')
	# Four users' sixteen, and a few of the others.
	between "those that polkit was not asked about" "$busy" 24 32
	for uid in 1 3 4 6 7 10; do
		between "those of user $uid that it was" "$(grep -c InteractiveAuthorizationRequired "/tmp/flood-$uid")" 4 16
	done
}

test_deadlines_are_the_configuration() {
	local began took
	echo '{ "deadlines": { "create": "1s" } }' >/etc/cellmgr/cellmgrd.conf
	done_well call Reload
	call EnableHypervisor
	fake rule create 0 hang >/dev/null
	began=${EPOCHREALTIME/./}
	fails_with Timeout "" alpha Create
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	between "milliseconds" "$took" 900 8000
	like "it is told" "$(journal CELL=alpha)" 'The time for create alpha is over'
	fake clear >/dev/null
	rm /etc/cellmgr/cellmgrd.conf
	done_well call Reload
}

# The machine that tests has other things to do: half of each one's answers count.
test_a_crowd_is_answered_while_a_cell_is_asked() {
	local n slowest peers=()
	occupy
	for n in 1 2 3 4; do
		./bus-peer pace 100 >"/tmp/pace-$n" 2>&1 &
		peers+=($!)
	done
	wait "${peers[@]}"
	slowest=$(cat /tmp/pace-* | sort -n | tail -1)
	between "microseconds" "$slowest" 1 10000
	property_is beta Operation stop
	make_free
}

# Their calls are there before root's, and nobody knows yet whose they are.
# crowd CALLS: 64 peers at once, each so many calls.
crowd() {
	local n pids=()
	for ((n = 0; n < 64; n++)); do
		./bus-peer pace "$1" >/dev/null &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || not_ok "a peer of the crowd"
	done
}

test_a_crowd_leaves_nothing_behind() {
	local pid before descriptors
	done_well call StartCell s alpha
	# What it keeps for good it has after the first ones.
	crowd 20
	pid=$(pid_of cellmgrd)
	before=$(memory_of_daemon) descriptors=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	crowd 160
	is "the daemon" "$(pid_of cellmgrd)" "$pid"
	between "KiB that it grew by in 10240 calls" $(($(memory_of_daemon) - before)) -100000 512
	eventually_check "descriptors are given back" 10 holds_no_more "$pid" "$descriptors"
	state_is alpha running
}

test_a_flood_leaves_root_a_place() {
	local peers=() n pid
	call EnableHypervisor
	pid=$(pid_of cellmgrd)
	kill -STOP "$pid"
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		setpriv --reuid=65534 --clear-groups ./bus-peer flood 110 >"/tmp/flood-$n" 2>&1 &
		peers+=($!)
	done
	sleep 2
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha >/tmp/root 2>&1 &
	n=$!
	sleep 0.5
	kill -CONT "$pid"
	wait $n
	is "root's call" "$?: $(cat /tmp/root)" "0: "
	wait "${peers[@]}"
	state_is alpha running
}

test_nothing_is_placed_where_an_adopted_cell_may_be() {
	done_well call StartCell s alpha
	systemctl stop cellmgrd
	rm /run/cellmgr/records/alpha
	systemctl start cellmgrd
	property_becomes 15 alpha State foreign
	done_well cell alpha Adopt
	fails_with NoResources "beside cell alpha, which was adopted" boot Create
	done_well call RestartCell s alpha
	done_well cell boot Create
}

# A bus that does not answer keeps the daemon from nothing else: whose a call is it asks without waiting.
test_nobody_waits_for_a_bus_that_hangs() {
	local daemon bus caller method
	daemon=$(pid_of cellmgrd) bus=$(pid_of dbus)
	for method in 'StartCell s boot' 'Plan' 'Apply s any' 'SubscribeSignals ast 0 1000000'; do
		call StartCell s alpha
		start_monitor
		kill -STOP "$daemon"
		# shellcheck disable=SC2086 # a method and its arguments
		if [[ $method == Sub* ]]; then
			set -- "$(cell_path alpha)" org.cellmgr1.Cell
		else
			set -- "$manager" org.cellmgr1.Manager
		fi
		# shellcheck disable=SC2086 # a method and its arguments
		busctl --timeout=60 call org.cellmgr1 "$@" $method >/dev/null 2>&1 &
		caller=$!
		eventually_check "$method is on its way" 30 called_more_often "${method%% *}" 0
		stop_monitor
		kill -STOP "$bus"
		kill -CONT "$daemon"
		fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
		eventually_check "what fails meanwhile is told: ${method%% *}" 8 alpha_has_failed || diag "$method"
		kill -CONT "$bus"
		wait "$caller"
		property_becomes 30 alpha State failed
		cell boot Kill
		case_began=$EPOCHREALTIME
	done
}

# By the journal, which needs no bus.
alpha_has_failed() {
	[ "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=alpha | wc -l)" = 1 ]
}

# As the daemons before had it: one file of all.
test_one_bad_record_of_an_older_state_costs_one_cell() {
	done_well call StartCell s alpha
	done_well call StartCell s boot
	# Before the daemon is away, which the units of cells bring back soon.
	jq -c --slurpfile alpha /run/cellmgr/records/alpha --slurpfile boot /run/cellmgr/records/boot \
		'.cells = {"alpha": $alpha[0], "boot": ($boot[0] | .phase = "odd")}' /run/cellmgr/state >/tmp/state
	systemctl stop cellmgrd
	mv /tmp/state /run/cellmgr/state
	rm /run/cellmgr/records/{alpha,boot}
	systemctl start cellmgrd
	property_becomes 15 alpha State running
	property_is boot State foreign
	isnt "the pool is known" "$(manager_property MemoryTotal)" 0
	check "the evidence is kept" grep -q '"odd"' /run/cellmgr/state.bad
	rm /run/cellmgr/state.bad
	done_well call DisableHypervisor b true
}
