# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# What stays of a failure.

crashes=/var/lib/cellmgr/crash

# The newest record of a cell, once it is there.
newest() {
	find $crashes -name "$1.*.json" -printf '%f\n' | sort -t. -k2n | tail -n 1
}

record_is_there() {
	newest=$(newest "$1")
	[ -n "$newest" ]
}

# of_record KEY: what the newest record says.
of_record() {
	jq -r ".$1" "$crashes/$newest"
}

test_a_failure_is_on_record() {
	rm -f $crashes/*
	done_well call StartCell s alpha
	fake console alpha 'first words' >/dev/null
	fake console alpha $'\e[31mlast \xff words' >/dev/null
	start_monitor
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	eventually_check "there is a record" 30 record_is_there alpha
	stop_monitor
	is "its name" "$newest" alpha.1.memory-write.json
	check "signal Failed has it" grep -q \
		'"member":"Failed".*"data":\["memory-write","/var/lib/cellmgr/crash/alpha.1.memory-write.json"\]' /tmp/monitor
	is "who may read it" "$(stat -c '%a %U' $crashes $crashes/* | tr '\n' ' ')" "700 root 600 root "
	is "cell" "$(of_record cell)" alpha
	is "id" "$(of_record id)" "$(property alpha Id)"
	is "reason" "$(of_record reason)" memory-write
	is "what it did" "$(of_record text)" "$(property alpha LastError)"
	is "registers" "$(of_record registers.rip)" 0x0000000000001234
	is "where it was" "$(of_record failure.address) $(of_record failure.cpu)" "0xdead000 2"
	is "image" "$(of_record '["image-sha256"]')" "$(property alpha ImageSha256)"
	is "description" "$(of_record '["description-sha256"]')" \
		"$(sha256sum </etc/cellmgr/cells/alpha.json | cut -d' ' -f1)"
	like "boot" "$(of_record '["boot-id"]')" '^[0-9a-f]{32}$'
	is "start" "$(of_record '["started-at"]')" "$(property alpha StartedAt)"
	between "time" $(($(of_record time) / 1000000)) "${case_began%.*}" "$(date +%s)"
	between "monotonic" $(($(of_record monotonic) / 1000000)) 1 "$(cut -d. -f1 /proc/uptime)"
	is "versions" "$(of_record 'versions | "\(.daemon) \(.hypervisor) \(.kernel)"')" \
		"$(manager_property Version) fake $(uname -r)"
	is "its console" "$(of_record console)" $'first words\n\e[31mlast \ufffd words'
	is "all of it" "$(of_record '["console-cut"]')" false
	like "journal" "$(journal CELL=alpha)" 'on record: cellctl crash alpha.1.memory-write.json'
}

test_records_come_over_the_bus() {
	local record nobody=(setpriv --reuid=65534 --clear-groups busctl --json=short)
	rm -f $crashes/*
	call StartCell s alpha
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	eventually_check "there is a record" 30 record_is_there alpha
	# Which failures there were everybody may know.
	output=$("${nobody[@]}" call org.cellmgr1 "$manager" org.cellmgr1.Manager ListCrashRecords s alpha 2>&1)
	matches "$output" '"data":\[\[\["alpha.1.memory-write.json","alpha",[0-9]{16},"memory-write"\]\]\]'
	done_well call ListCrashRecords s beta
	is "those of another" "$output" "a(ssts) 0"
	fails_with NoSuchCell "no name of a cell" manager ListCrashRecords s ../alpha
	call ReadCrashRecord s alpha.1.memory-write.json
	like "the record" "$output" 'cell.*alpha.*registers'
	done_well call ReadCrashRecord s $crashes/alpha.1.memory-write.json
	fails_with NoSuchRecord "no crash record alpha.2.killed.json" manager ReadCrashRecord s alpha.2.killed.json
	for record in '' alpha ../../../etc/passwd alpha.1.memory-write $crashes/../crash/alpha.1.memory-write.json; do
		fails_with NoSuchRecord "no name of a crash record" manager ReadCrashRecord s "$record"
	done
	echo '{ "cell": ' >$crashes/alpha.1.memory-write.json
	fails_with Invalid "alpha.1.memory-write.json: is no crash record any more" \
		manager ReadCrashRecord s alpha.1.memory-write.json
}

test_a_heart_that_stops_is_on_record_once() {
	rm -f $crashes/*
	call StartCell s alpha
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Health failed
	eventually_check "there is a record" 30 record_is_there alpha
	is "its name" "$newest" alpha.1.heartbeat.json
	is "what it shows" "$(of_record state) $(of_record health)" "running failed"
	# That it is killed for that is nothing new.
	done_well cell alpha Kill
	property_becomes 15 alpha State failed
	sleep 0.3
	is "records" "$(find $crashes -type f | wc -l)" 1
	is "no registers of a cell that ran" "$(of_record registers)" null
}

test_a_cell_that_fails_in_a_loop_keeps_others_records() {
	rm -f $crashes/*
	echo '{ "crash-records": 3 }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	call StartCell s beta
	fake fail beta 5 0xcf9 1 0x1234 2 >/dev/null
	eventually_check "a record of beta" 30 record_is_there beta
	for _ in 1 2 3 4; do
		call StartCell s alpha
		fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
		property_becomes 15 alpha State failed
		sleep 0.2
	done
	is "what is left" "$(find $crashes -type f -printf '%f\n' | cut -d. -f1,2 | sort | tr '\n' ' ')" \
		"alpha.4 alpha.5 beta.1 "
	echo '{ "crash-records": 0 }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	start_monitor
	call StartCell s alpha
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	stop_monitor
	check "none where none is wanted" grep -q '"member":"Failed".*"data":\["memory-write",""\]' /tmp/monitor
	rm /etc/cellmgr/cellmgrd.conf
	call Reload
}

# As where /var is full, or not there.
test_a_failure_is_told_without_a_disk() {
	rm -rf $crashes
	call StartCell s alpha
	start_monitor
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	stop_monitor
	check "signal Failed" grep -q '"member":"Failed".*"data":\["memory-write",""\]' /tmp/monitor
	like "journal" "$(journal CELL=alpha)" 'no crash record of cell alpha: cannot write in /var/lib/cellmgr/crash: '
	done_well call ListCrashRecords s ""
	is "no records" "$output" "a(ssts) 0"
	done_well call StartCell s alpha
	state_is alpha running
	mkdir -m 0700 $crashes
}

# A daemon that ends has it told what it has put on record, and the next one knows.
test_a_failure_is_on_record_once_whenever_the_daemon_ends() {
	rm -f $crashes/*
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake rule console 1 hang >/dev/null
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	# That one waits behind it.
	fake fail beta 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 beta State failed
	systemctl restart cellmgrd
	fake clear >/dev/null
	eventually_check "alpha has a record" 30 record_is_there alpha
	eventually_check "beta has one, too" 30 record_is_there beta
	systemctl restart cellmgrd
	sleep 1
	is "records" "$(find $crashes -name "*.json" -printf "%f\n" | sort)" "alpha.1.memory-write.json
beta.2.memory-write.json"
}

# The disk hangs, or the driver over the console: here the latter.
test_a_failure_is_told_while_its_record_hangs() {
	rm -f $crashes/*
	call StartCell s alpha
	fake rule console 1 hang >/dev/null
	start_monitor
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	eventually_check "it is told all the same" 40 grep -q '"member":"Failed".*"data":\["memory-write",""\]' /tmp/monitor
	like "journal" "$(journal CELL=alpha)" 'takes too long to write'
	fake clear >/dev/null
	eventually_check "there is a record in the end" 30 record_is_there alpha
	stop_monitor
	is "signals" "$(grep -c '"member":"Failed"' /tmp/monitor)" 1
}

# Nor is one without a record whose turn had not come when the daemon ends.
test_a_failure_that_was_told_has_a_record_of_the_next_daemon() {
	rm -f $crashes/*
	call StartCell s alpha
	call StartCell s beta
	fake rule console 1 hang >/dev/null
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State failed
	fake fail beta 2 0xdead000 4 0x1234 2 >/dev/null
	eventually_check "it is told" 40 journal_tells 'crash record of cell beta takes too long to write'
	systemctl restart cellmgrd
	fake clear >/dev/null
	eventually_check "there is a record in the end" 30 record_is_there beta
}

test_a_cell_is_destroyed_when_its_record_is_written() {
	rm -f $crashes/*
	mv /etc/cellmgr/cells/broken.json /tmp/
	sed -i 's/"cpus"/"on-failure": "destroy", "cpus"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	call StartCell s alpha
	fake console alpha 'last words' >/dev/null
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 alpha State defined
	eventually_check "there is a record" 1 record_is_there alpha
	is "its console" "$(of_record console)" "last words"
	sed -i 's/"on-failure": "destroy", //' /etc/cellmgr/cells/alpha.json
	mv /tmp/broken.json /etc/cellmgr/cells/
	call Reload
}

test_records_outlive_the_daemon() {
	rm -f $crashes/*
	done_well systemctl start cell@alpha
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	eventually_check "there is a record" 30 record_is_there alpha
	property_becomes 15 alpha State failed
	kill_daemon
	done_well call ListCrashRecords s alpha
	like "list" "$output" '1 "alpha.1.memory-write.json" "alpha"'
	sleep 0.5
	is "records of one failure" "$(find $crashes -type f | wc -l)" 1
}
