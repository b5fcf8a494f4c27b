# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # output: of lib.sh
# The end of a machine: nobody brings it about by mistake, and nothing of ours holds it up, whatever the
# daemon dies of.

# With logind, which no other test needs.
with_logind() {
	rm -f /etc/systemd/system/systemd-logind.service
	systemctl daemon-reload
	eventually_check "logind is there" 30 systemctl restart systemd-logind
}

without_logind() {
	systemctl stop systemd-logind
	ln -sf /dev/null /etc/systemd/system/systemd-logind.service
	systemctl daemon-reload
}

locks() {
	busctl --json=short call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager \
		ListInhibitors | grep -c '"shutdown","cellmgrd","cells run[^"]*","block",0'
}

locks_are() {
	eventually_check "$2: $1 locks" 30 locks_are_now "$1"
}

locks_are_now() {
	[ "$(locks)" = "$1" ]
}

test_no_shutdown_by_mistake_while_cells_run() {
	with_logind
	call EnableHypervisor
	locks_are 0 "no cell runs"
	done_well call StartCell s alpha
	locks_are 1 "one runs"
	done_well call StartCell s boot
	locks_are 1 "two run"
	fails "a reboot is refused" systemctl reboot --check-inhibitors=yes
	like "what is said of it" "$output" 'cellmgrd.*cells run that it would end'
	# They run without the daemon, and the next one sees that.
	systemctl restart cellmgrd
	locks_are 1 "another daemon"
	echo '{ "inhibit-shutdown": false }' >/etc/cellmgr/cellmgrd.conf
	mv /etc/cellmgr/cells/broken.json /tmp/
	done_well call Reload
	locks_are 0 "it is not wanted"
	rm /etc/cellmgr/cellmgrd.conf
	kill -HUP "$(pid_of cellmgrd)"
	locks_are 1 "it is wanted again"
	mv /tmp/broken.json /etc/cellmgr/cells/
	done_well call StopCell s boot
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	locks_are 0 "none runs"
	without_logind
	# Cells need no logind.
	done_well call StartCell s boot
	state_is boot running
}

test_a_lock_that_logind_died_over_is_asked_for_again() {
	with_logind
	done_well call EnableHypervisor
	systemctl kill -s STOP systemd-logind
	start_monitor
	done_well call StartCell s alpha
	eventually_check "it is asked for a lock" 30 called_more_often Inhibit 0
	done_well call StartCell s boot
	stop_monitor
	is "questions that wait" "$(times_called Inhibit)" 1
	systemctl kill -s KILL systemd-logind
	locks_are 1 "another logind"
	# What one holds the next one does, too.
	systemctl restart systemd-logind
	locks_are 1 "a third one"
	without_logind
}

# not_held_back COUNT: it was told so often.
not_held_back() {
	[ "$(journal _COMM=cellmgrd | grep -c 'Shutdowns are not held back while cells run: ')" = "$1" ]
}

# Who relies on it learns it, once.
test_shutdowns_that_cannot_be_held_back_are_told() {
	mkdir -p /etc/systemd/logind.conf.d
	printf '[Login]\nInhibitorsMax=0\n' >/etc/systemd/logind.conf.d/none.conf
	with_logind
	done_well call StartCell s alpha
	eventually_check "it is told" 10 not_held_back 1
	done_well call StartCell s boot
	done_well call StopCell s boot
	check "it is told once" not_held_back 1
	# Once more when it had worked in between.
	rm -r /etc/systemd/logind.conf.d
	systemctl restart systemd-logind
	done_well call StartCell s boot
	locks_are 1 "logind takes some"
	done_well call StopCell s boot
	done_well call StopCell s alpha
	locks_are 0 "none runs"
	mkdir -p /etc/systemd/logind.conf.d
	printf '[Login]\nInhibitorsMax=0\n' >/etc/systemd/logind.conf.d/none.conf
	systemctl restart systemd-logind
	done_well call StartCell s alpha
	eventually_check "it is told again" 10 not_held_back 2
	rm -r /etc/systemd/logind.conf.d
	without_logind
}

# At every call of the driver that is made meanwhile, when it is done and before: those that change something, and looks.
# die_at NUMBER CALL ACTION: the daemon will; it is $daemon.
die_at() {
	daemon=$(pid_of cellmgrd)
	fake rule "$2" "$1" "$3" >/dev/null
}

test_daemon_that_dies_in_a_stop_holds_nothing_up() {
	local n call action began points=0
	for call in any status; do
		for action in kill kill-after; do
			for ((n = 1; n < 8; n++)); do
				fake clear >/dev/null
				systemctl start cell@alpha
				unit_has cell@alpha active || not_ok "start before $call $n" "$(status_of cell@alpha)"
				die_at "$n" "$call" "$action"
				began=$EPOCHREALTIME
				timeout 60 systemctl stop cell@alpha
				has_died "$daemon" || break
				points=$((points + 1))
				[ "$(seconds_since "$began")" -le 15 ] ||
					not_ok "$action at $call $n: the stop is bounded" "$(seconds_since "$began") s"
				[ "$(state_of "cell@alpha")" = inactive ] ||
					not_ok "$action at $call $n: the unit" "$(status_of cell@alpha)"
				property_becomes 15 alpha State shut-down >/dev/null ||
					not_ok "$action at $call $n: the cell" "$(property alpha State)"
			done
			isnt "$action at $call: the last point was met before" "$n" 8
		done
	done
	between "points" "$points" 4 28
}

# As shutdown.target does, but for the machine itself: what it conflicts with is stopped, none of it may be
# started any more, and all of it is waited for.
machine_end=/run/systemd/system/machine-end.target

# machine_ends NAME: within its time, and nothing of it is left.
machine_ends() {
	local began=$EPOCHREALTIME
	timeout 100 systemctl start --job-mode=replace-irreversibly machine-end.target
	between "$1: seconds of the shutdown" "$(seconds_since "$began")" 0 20
	is "$1: what is left of it" "$(systemctl list-jobs --no-legend | grep -E 'cell|machine-end')" ""
}

# The machine's end is undone: alpha and boot run, as units.
machine_goes_on() {
	fake clear >/dev/null
	systemctl stop machine-end.target
	systemctl reset-failed
	systemctl start cellmgrd cells-pre.target cells.target
	# What was left running was to stop: no unit starts over it.
	picture_is_true units-aside
	call StopCell s alpha
	call StopCell s boot
	systemctl start cell@alpha cell@boot
	is "units of cells" "$(state_of cell@alpha) $(state_of cell@boot)" 'active active'
}

# Whether a daemon has been killed since the machine went on, and however another one ended.
a_daemon_has_died() {
	[ "$(systemctl show -p Result -p NRestarts --value cellmgrd | sort | xargs)" != '0 success' ]
}

# ends_at_points CALL LAST: the daemon dies before the first such call of the driver, and after each until LAST, or
# until there are no more; how many of these there were is in $points.
ends_at_points() {
	local action=kill ours='cell@alpha.service cell@boot.service cells.target cells-pre.target cellmgrd.service'
	printf '[Unit]\nConflicts=%s\nAfter=%s\n' "$ours" "$ours" >$machine_end
	systemctl daemon-reload
	for ((points = 0; points <= $2; points++)); do
		machine_goes_on
		die_at $((points ? points : 1)) "$1" $action
		machine_ends "after $points calls of $1"
		a_daemon_has_died || break
		action='kill-after'
	done
	points=$((points - 1))
	machine_goes_on
	machine_ends "undisturbed"
	is "the cells below" "$(sort -u /run/fake/sysfs/cells/*/state)" "shut down"
	systemctl stop machine-end.target
	rm $machine_end
	systemctl daemon-reload
	systemctl reset-failed
	systemctl start cellmgrd cells-pre.target cells.target
}

test_daemon_that_dies_in_a_shutdown_holds_nothing_up() {
	local points
	ends_at_points any 9
	# Two cells are asked to stop. Systemd starts no daemon any more, and the cells' units wait a while for one.
	is "calls" "$points" 2
}

# Looks change nothing, and there are as many as find time: some will do.
test_daemon_that_dies_over_a_look_in_a_shutdown_holds_nothing_up() {
	local points
	ends_at_points status 1
	is "calls" "$points" 1
}
