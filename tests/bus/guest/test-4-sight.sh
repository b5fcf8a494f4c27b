# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# What is shown of cells is so, or is said not to be known.

test_cells_are_watched_while_another_is_created() {
	done_well call StartCell s alpha
	fake rule create 0 hang >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$(cell_path beta)" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	property_becomes 30 beta Operation create
	fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
	property_becomes 5 alpha State failed
	# So it was seen while the driver was busy.
	property_is beta Operation create
	fake clear >/dev/null
	wait $!
	state_is beta created
}

sight_lines() {
	journal MESSAGE_ID=1f0d86b3a7e24c5b9d3e60c4f8a2b715
}

test_a_driver_that_does_not_tell_leaves_health_unknown() {
	done_well call StartCell s alpha
	done_well call StartCell s beta
	property_is alpha Health ok
	fake rule status 0 stuck >/dev/null
	property_becomes 5 alpha Health unknown
	property_becomes 5 beta Health unknown
	state_is alpha running
	sleep 2
	like "what is said of it" "$(sight_lines)" '^The driver has not told for [0-9]+ ms what becomes of cells; '
	is "lines" "$(sight_lines | wc -l)" 1
	fake clear >/dev/null
	property_becomes 5 alpha Health ok
	property_becomes 5 beta Health ok
	is "lines about its end" "$(journal MESSAGE_ID=7be2c41d908f4a36a5f19d0e63b8c472 | wc -l)" 1
}

# Three looks are what nobody waits for longer: of a cell with a deadline two are in that, and that somebody reads a
# console, for which there are more, changes nothing.
test_sight_is_lost_after_three_looks() {
	local heartbeat console
	done_well call StartCell s alpha
	for heartbeat in 500 100; do
		sed -i "s/\"heartbeat\": \"[0-9]*ms\"/\"heartbeat\": \"${heartbeat}ms\"/" /etc/cellmgr/cells/alpha.json
		call Reload
		done_well call RestartCell s alpha
		property_becomes 5 alpha Health ok
		./bus-peer console alpha 60000 >/tmp/console 2>&1 &
		console=$!
		fake rule status 0 stuck >/dev/null
		property_becomes 5 alpha Health unknown
		like "what is said of it" "$(sight_lines | tail -n 1)" "^The driver has not told for $((heartbeat * 3 / 2)) ms "
		fake clear >/dev/null
		property_becomes 5 alpha Health ok
		kill "$console"
	done
}

test_a_cell_that_cannot_be_read_costs_that_cell_only() {
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake garble beta >/dev/null
	property_becomes 5 beta Health unknown
	state_is beta running
	property_is alpha Health ok
	fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
	property_becomes 5 alpha State failed
	sleep 1.5
	is "lines about it" "$(journal MESSAGE_ID=c8503fa96e1b4d27b04a7f5d2e91c63b CELL=beta | wc -l)" 1
	is "other complaints" "$(journal _SYSTEMD_UNIT=cellmgrd.service | grep -c 'Cannot read')" 0
	# What is done with it is not said to be done.
	fails_with Driver "stop beta was done; the cell cannot be read" beta Stop
	fake ungarble beta >/dev/null
	property_becomes 5 beta State shut-down
	fake garble beta >/dev/null
	fails_with Driver "load beta was done; the cell cannot be read" beta Load 'a(ht)' 0
	fake ungarble beta >/dev/null
	done_well call StartCell s beta
	property_becomes 5 beta Health ok
}

test_a_late_driver_leaves_no_error_behind() {
	call EnableHypervisor
	cell beta Create
	cell beta Load 'a(ht)' 0
	cell beta Start
	fake rule shutdown 0 stuck >/dev/null
	fake answer beta approve >/dev/null
	sed -i 's/"60s"/"1s"/' /etc/cellmgr/cells/beta.json
	done_well call Reload
	fails_with Timeout "did not come back from stop in time" manager StopCell s beta
	fake clear >/dev/null
	property_becomes 15 beta State shut-down
	property_becomes 15 beta LastError ""
	# What somebody has put right is over.
	fake rule destroy 1 EIO >/dev/null
	fails_with Driver "cannot destroy beta" beta Destroy
	property_like beta LastError "cannot destroy"
	done_well cell beta Destroy
	property_is beta LastError ""
	sed -i 's/"1s"/"60s"/' /etc/cellmgr/cells/beta.json
	done_well call Reload
}

test_nobody_is_told_of_cells_before_the_first_look() {
	local method
	call StartCell s alpha
	systemctl stop cellmgrd
	fake rule status 0 stuck >/dev/null
	systemctl start cellmgrd
	fails_with org.freedesktop.DBus.Error.Timeout "not told yet" manager ListCells
	# Nor is anything done by what may not be so: that a cell is stopped, say, which runs.
	for method in StartCell StopCell RestartCell; do
		fails_with Busy "not told yet" manager "$method" s alpha
	done
	for method in Create Start Stop Kill Destroy; do
		fails_with Busy "not told yet" alpha "$method"
	done
	fails_with Busy "not told yet" manager EnableHypervisor
	fails_with Busy "not told yet" manager DisableHypervisor b true
	fake clear >/dev/null
	eventually_check "it is told" 15 call ListCells
	state_is alpha running
	# A look that takes its time is waited for.
	systemctl stop cellmgrd
	fake rule status 1 delay=1000 >/dev/null
	case_began=$EPOCHREALTIME
	systemctl start cellmgrd
	done_well call ListCells
	is "lines about that" "$(sight_lines)" ""
}

test_consoles_are_shared_out_among_users() {
	local n peers=()
	cat >/etc/polkit-1/rules.d/20-console.rules <<-'END'
		polkit.addRule(function(action, subject) {
			if (action.id == "org.cellmgr1.debug-cells" && subject.user == "games")
				return polkit.Result.YES;
		});
	END
	call StartCell s alpha
	sleep 1
	for n in 1 2 3 4 5 6; do
		setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer console alpha 4000 >"/tmp/console-$n" 2>&1 &
		peers+=($!)
	done
	eventually_check "two are refused, however many connections there are" 10 is_refused_consoles 2
	for n in 7 8 9 10 11 12; do
		./bus-peer console alpha 2000 >"/tmp/console-$n" 2>&1 &
		peers+=($!)
	done
	for n in "${peers[@]}"; do
		wait "$n"
	done
	is "refused" "$(cat /tmp/console-* | grep -c 'LimitsExceeded')" 2
	rm /etc/polkit-1/rules.d/20-console.rules
}

is_refused_consoles() {
	[ "$(cat /tmp/console-* | grep -c 'LimitsExceeded')" = "$1" ]
}

# switches: how often the daemon's threads have gone to sleep.
# Switches of the daemon's threads of that name (a pattern), as the main one's: cellmgrd.
switches() {
	local task
	for task in /proc/"$(pid_of cellmgrd)"/task/*; do
		grep -qxE "$1" "$task/comm" && cat "$task/status"
	done | awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum + 0 }'
}

# Of all threads, in microseconds.
cpu_time() {
	cat /proc/"$(pid_of cellmgrd)"/task/*/schedstat | awk '{ sum += $1 } END { print int(sum / 1000) }'
}

# Each look at the cells is several calls of the driver, and its stand-in makes each of them one sleep
# or two more: they say little of how often the thread wakes up by itself.
# wake_ups CELLS: of the loop, of looks, each of which asks for the status of all cells, and for the heartbeats of
# two of them in between, in ten seconds; in $count.
wake_ups() {
	local loop looks asked beats
	loop=$(switches cellmgrd) looks=$(fake calls events) asked=$(fake calls status)
	sleep 10
	loop=$(($(switches cellmgrd) - loop)) looks=$(($(fake calls events) - looks))
	asked=$(($(fake calls status) - asked))
	beats=$(((asked - looks * $1) / 2))
	diag "$1 cells: in ten seconds $loop switches of the loop, $looks looks, $beats times heartbeats"
	count=$((loop + looks + beats))
}

has_object() {
	call GetCell s "$1"
}

test_many_cells_wake_up_no_more_than_two() {
	local count sixty n
	done_well call StartCell s alpha
	done_well call StartCell s beta
	for ((n = 0; n < 58; n++)); do
		fake foreign "many$n" 3 >/dev/null
	done
	eventually_check "all are seen" 15 has_object many57
	sleep 8
	wake_ups 60
	sixty=$count
	for ((n = 0; n < 58; n++)); do
		fake gone "many$n" >/dev/null
	done
	sleep 8
	wake_ups 2
	# Four a second, and what a window has more at its ends.
	between "wake-ups of two in ten seconds" "$count" 2 44
	between "wake-ups of sixty" "$sixty" 2 $((count + 8))
	state_is alpha running
}

test_idle_costs_next_to_nothing() {
	local loop looks others cpu memory idle='operations|kills|crash records'
	done_well call StartCell s alpha
	done_well call StartCell s beta
	# What has been asked for last has to be over.
	sleep 8
	loop=$(switches cellmgrd) looks=$(switches observer) others=$(switches "$idle") cpu=$(cpu_time)
	sleep 10
	cpu=$(($(cpu_time) - cpu))
	others=$(($(switches "$idle") - others))
	loop=$(($(switches cellmgrd) - loop)) looks=$(($(switches observer) - looks))
	diag "$loop switches of the loop, $looks of looks in ten seconds, $cpu us of CPU"
	between "switches of the loop in ten seconds" "$loop" 1 25
	between "switches of looks in ten seconds" "$looks" 1 160
	is "switches of threads that have nothing to do" "$others" 0
	between "microseconds of CPU in ten seconds" "$cpu" 100 20000
	# All that is resident, what it shares with others as well: 6 MiB; and of its own hardly anything.
	memory=$(cat /proc/"$(pid_of cellmgrd)"/smaps_rollup)
	diag "$(grep -E '^(Rss|Pss|Private_Dirty|Anonymous):' <<<"$memory" | tr -s ' \n' ' ')"
	between "KiB that are resident" "$(awk '/^Rss:/ { print $2 }' <<<"$memory")" 1000 6144
	between "KiB of heaps and stacks" "$(awk '/^Anonymous:/ { print $2 }' <<<"$memory")" 100 1536
	state_is alpha running
	property_is alpha Health ok
}

test_exits_are_told_while_somebody_asks() {
	done_well call StartCell s alpha
	sleep 6
	start_monitor
	sleep 3
	is "told while nobody asks" "$(grep -c '"Exits":' /tmp/monitor)" 0
	property alpha Exits >/dev/null
	eventually_check "exits are told" 5 grep -q '"Exits":' /tmp/monitor
	stop_monitor
	isnt "what is known" "$(property alpha Exits)" 0
}

test_a_heart_that_beats_again_is_seen() {
	done_well call StartCell s alpha
	sleep 2
	property_is alpha Health ok
	fake flatline alpha >/dev/null
	property_becomes 10 alpha Health late
	fake beat alpha >/dev/null
	property_becomes 10 alpha Health ok
}
