# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # output: of lib.sh; own: of test-7-signals.sh
# Signals that are told to who asked.

test_subscribers_are_told_of_changes() {
	local listener
	plant
	put 0 f64 3000
	as_nobody ./signal-peer listen turbine 50000 2500 speed power >/tmp/heard &
	listener=$!
	start_monitor
	eventually_check "the first values" 20 grep -q 'power' /tmp/heard
	put 0 f64 3001
	eventually_check "the change" 20 grep -q 'speed 3001 good' /tmp/heard
	./signal-peer age "$own" 6000
	wait $listener
	stop_monitor
	is "what was heard" "$(cat /tmp/heard)" "speed 3000 good
power 0 good
.
speed 3001 good
.
speed 3001 stale
."
	check "messages came" grep -q '"member":"SignalsChanged"' /tmp/monitor
	is "of them to all" "$(grep '"member":"SignalsChanged"' /tmp/monitor | grep -vc '"destination":":1\.')" 0
	clear_links
}

# Subscriptions that are in force, by what the bus carries in a second.
signals_sent() {
	start_monitor >/dev/null
	sleep 1
	stop_monitor
	grep -c '"member":"SignalsChanged"' /tmp/monitor
}

test_subscriptions_end() {
	local listener writer sent
	plant
	./signal-peer steady "$own" 12000 &
	writer=$!
	setpriv --reuid=65534 --clear-groups ./signal-peer listen turbine 20000 20000 speed >/tmp/heard &
	listener=$!
	eventually_check "the first values" 20 grep -q speed /tmp/heard
	sent=$(signals_sent)
	check "about 50 a second, $sent" [ "$sent" -gt 20 ]
	check "no more than 50 a second, $sent" [ "$sent" -lt 90 ]
	# Whoever has left.
	kill -KILL $listener
	wait $listener 2>/dev/null
	is "messages for nobody" "$(signals_sent)" 0
	# Another one takes the place of the first, and 0 ends it.
	check "one, then another and none" ./signal-peer changes turbine
	wait $writer
	clear_links
}

test_subscriptions_are_bounded() {
	local output
	plant
	fails_with Invalid 'period_usec: is 19999, must be 20000 to 3600000000, or 0' turbine \
		SubscribeSignals ast 19999
	fails_with Invalid 'period_usec: is 3600000001' turbine SubscribeSignals ast 3600000001
	fails_with NoSuchSignal 'turbine has no signal spee; did you mean "speed"\?' turbine SubscribeSignals ast+ spee
	fails "more than one user may have" as_nobody ./signal-peer many turbine 1000000 34
	is "what is said" "$(sort <<<"$output" | uniq -c | sed 's/^ *//')" \
		"2 org.freedesktop.DBus.Error.LimitsExceeded: 32 subscriptions to signals are yours already"
	# They ended with who made them, and others have theirs.
	check "as many as he may" as_nobody ./signal-peer many turbine 1000000 32
	check "another user" as_games ./signal-peer many turbine 1000000 32
	check "root is not kept out" ./signal-peer many turbine 20000 60
	clear_links
}

# hold COUNT: nobody has so many, until $holder is killed.
hold() {
	setpriv --reuid=65534 --clear-groups ./signal-peer many turbine 1000000 "$1" 20000 >/tmp/held &
	holder=$!
	eventually_check "nobody has $1" 20 grep -q all /tmp/held
}

let_go() {
	kill "$holder"
	wait "$holder" 2>/dev/null
}

test_subscriptions_of_one_user_are_nobody_elses() {
	local holder writer
	plant
	hold 32
	check "another user, at the same time" as_games ./signal-peer many turbine 1000000 32
	fails "one more of the same" as_nobody ./signal-peer many turbine 1000000 1
	let_go
	# Who has one changes it, however many he has.
	hold 31
	./signal-peer steady "$own" 60000 &
	writer=$!
	check "the last one is changed" as_nobody ./signal-peer changes turbine
	kill $writer
	wait $writer
	let_go
	clear_links
}

test_subscriptions_of_all_users_are_bounded() {
	local user holders=() output
	plant
	# Of daemon, bin, sys and so on: the bus turns away whom nobody knows.
	for user in {1..8}; do
		setpriv --reuid="$user" --clear-groups \
			./signal-peer many turbine 1000000 32 40000 >"/tmp/held-$user" &
		holders+=($!)
		eventually_check "user $user has 32" 20 grep -q all "/tmp/held-$user"
	done
	fails "one more than all may have" as_nobody ./signal-peer many turbine 1000000 1
	like "what is said" "$output" 'Busy: there are 256 subscriptions to signals already'
	check "root is not kept out" ./signal-peer many turbine 1000000 2
	kill "${holders[0]}"
	wait "${holders[0]}" 2>/dev/null
	eventually_check "another one has the place of who left" 20 \
		as_nobody ./signal-peer many turbine 1000000 1
	kill "${holders[@]:1}"
	wait "${holders[@]:1}" 2>/dev/null
	clear_links
}

test_values_of_subscriptions_are_bounded() {
	local output n more=''
	for n in {1..16}; do
		more+="\"v$n\": { \"at\": \"plant:output/$((n * 8 + 256))\", \"type\": \"u64\" },"
	done
	describe_plant "$more"
	done_well call StartCell s turbine
	# 26 signals fifty times a second.
	check "as many as one user may have" as_nobody ./signal-peer many turbine 20000 15
	fails "and one more" as_nobody ./signal-peer many turbine 20000 16
	like "what is said" "$output" \
		'LimitsExceeded: .* would take 20800 values a second, and may take 20000'
	check "but more seldom" as_nobody ./signal-peer many turbine 21000 16
	clear_links
}

test_a_crowd_of_readers() {
	local n pids=() memory before
	plant
	put 0 f64 3000
	read_often
	before=$(memory_of_daemon)
	for n in {1..10}; do
		./signal-peer listen turbine 20000 6000 >/dev/null &
		pids+=($!)
	done
	./signal-peer steady "$own" 5000 &
	pids+=($!)
	read_often
	wait "${pids[@]}"
	memory=$(memory_of_daemon)
	check "memory in KiB: $before before, $memory after" [ $((memory - before)) -lt 2048 ]
	clear_links
}

# Each time by another one.
read_often() {
	local n
	for n in {1..200}; do
		cell turbine ReadSignals as 1 speed || not_ok "reading $n" "$output"
	done
}

memory_of_daemon() {
	sed -n 's/^VmRSS: *\([0-9]*\) kB/\1/p' /proc/"$(pid_of cellmgrd)"/status
}
