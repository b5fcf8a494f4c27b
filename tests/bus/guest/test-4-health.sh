# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# How closely cells are watched, and what that costs.

# watched HEARTBEAT: alpha runs with it.
watched() {
	cp /etc/cellmgr/cells/alpha.json /tmp/alpha.json
	sed -i "s/\"heartbeat\": \"500ms\"/\"heartbeat\": \"$1\"/" /etc/cellmgr/cells/alpha.json
	call Reload
	done_well call StartCell s alpha
}

unwatched() {
	mv /tmp/alpha.json /etc/cellmgr/cells/alpha.json
	call Reload
}

test_a_short_heartbeat_is_looked_at_often() {
	local before
	watched 100ms
	before=$(fake calls status)
	sleep 2
	# Every 200 ms it would be ten.
	between "looks in 2 s" $(($(fake calls status) - before)) 15 45
	fake flatline alpha >/dev/null
	property_becomes 20 alpha Health failed
	like "when it is told" "$(journal MESSAGE_ID=b8e0a7c94a5f4e0f9d1f3c6a2e7748d5)" 'no heartbeat for [34][0-9]{2} ms'
	unwatched
}

test_a_long_heartbeat_costs_few_looks() {
	local before
	watched 10s
	sleep 0.5
	before=$(fake calls status)
	sleep 3
	between "looks in 3 s" $(($(fake calls status) - before)) 2 4
	# What happens is known at once all the same.
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	sleep 0.5
	state_is alpha failed
	unwatched
}

test_a_cell_that_storms_the_hypervisor_is_told() {
	done_well call StartCell s alpha
	property_is alpha Warning ""
	# Until what it does is known.
	sleep 15
	start_monitor
	fake storm alpha >/dev/null
	property_becomes 20 alpha Warning 'it needs the hypervisor far more often than it used to'
	property_is alpha Health ok
	fake calm alpha >/dev/null
	property_becomes 20 alpha Warning ""
	stop_monitor
	is "what was announced" "$(grep -o '"Warning":{"type":"s","data":"[^"]*"' /tmp/monitor | cut -d'"' -f10 | tr '\n' ';')" \
		'it needs the hypervisor far more often than it used to;;'
	is "lines" "$(journal MESSAGE_ID=41f7c2e9d05b4a6c8e3a97b2f61c0d84 CELL=alpha)" \
		'Cell alpha: it needs the hypervisor far more often than it used to'
}

# Who was asked about a start of a cell that ran well has not been asked about the kill that it takes now.
test_who_is_looked_up_while_a_cell_falls_ill_does_not_kill_it() {
	# shellcheck disable=SC2034 # of asked_while_polkit_hangs
	local asking since
	done_well call StartCell s alpha
	since=$(property alpha StartedAt)
	asked_while_polkit_hangs StartCell s alpha
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Health failed
	polkit_answers
	like "the start" "$(cat /tmp/asking)" 'WrongState: to start alpha takes a step now \(kill\) that it did not when it was allowed; call again'
	state_is alpha running
	is "its run" "$(property alpha StartedAt)" "$since"
	# Asked about that it is done.
	check "games may do it" setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" \
		org.cellmgr1.Manager StartCell s alpha
	state_is alpha running
	check "it is another run" [ "$(property alpha StartedAt)" -gt "$since" ]
}

# A CPU that a fault has stopped, or that does not answer, while the others run on.
test_a_cpu_that_is_lost_is_told() {
	rm -f /var/lib/cellmgr/crash/*
	done_well systemctl start cell@alpha
	start_monitor
	echo 3 | tee /run/fake/sysfs/cells/*/cpus_failed_list >/dev/null
	property_becomes 15 alpha Health failed
	eventually_check "there is a record" 30 record_is_there alpha
	unit_becomes 15 cell@alpha failed
	stop_monitor
	state_is alpha running
	property_is alpha LastError "CPU 3 stopped for a fault, the cell runs on without it"
	is "journal" "$(journal MESSAGE_ID=6f1c9a52d3d04c4b8f6e2b7a90c51e31 CELL=alpha REASON=cpu)" \
		"Cell alpha failed: $(property alpha LastError)"
	check "signal Failed" grep -q '"member":"Failed".*"data":\["cpu","/var/lib/cellmgr/crash/alpha.1.cpu.json"\]' /tmp/monitor
}
