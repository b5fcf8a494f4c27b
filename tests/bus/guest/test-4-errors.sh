# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# Everything that goes wrong has its name, says what to do, and changes nothing.

test_wrong_states_are_named() {
	call EnableHypervisor
	fails_with WrongState "alpha is defined" alpha Load 'a(ht)'
	fails_with WrongState "alpha is defined" alpha Start
	fails_with WrongState "alpha is defined" alpha Stop
	fails_with WrongState "alpha is defined" alpha Kill
	fails_with WrongState "alpha is defined" alpha Destroy
	cell alpha Create
	fails_with WrongState "alpha is created" alpha Create
	fails_with WrongState "alpha is created" alpha Start
	call StartCell s alpha
	fails_with WrongState "alpha is running" alpha Create
	fails_with WrongState "alpha is running" alpha Load 'a(ht)'
	fails_with WrongState "alpha is running" alpha Start
	fails_with WrongState "alpha is running" alpha Destroy
	state_is alpha running
	# A call that does not fit is no trouble of the cell's.
	property_is alpha LastError ""
}

test_hypervisor_off() {
	fails_with HypervisorOff "EnableHypervisor first" alpha Create
	echo '{ "auto-enable": false }' >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	fails_with HypervisorOff "EnableHypervisor first" manager StartCell s alpha
	rm /etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	state_is alpha defined
	# What there is nothing of needs no hypervisor.
	fails_with WrongState "nothing to kill" alpha Kill
	fails_with WrongState "needs a cell that is created" alpha Load 'a(ht)'
	check "a kill of what does not run" cellctl kill alpha
	check "what holds nothing has been taken back" cellctl destroy alpha
	# Nor is it the cell's trouble, once it is there.
	property_is alpha LastError ""
}

test_no_driver() {
	local property
	systemctl stop cellmgrd fake-driver
	mv fake-driver fake-driver-away
	rm -rf /run/fake
	systemctl start cellmgrd 2>/dev/null
	manager_is HypervisorState unavailable
	manager_is Driver ""
	fails_with HypervisorOff "there is no driver; load the module" manager StartCell s alpha
	fails_with HypervisorOff "there is no driver" manager EnableHypervisor
	fails "cellctl starts nothing" cellctl start alpha
	like "what can be done about it" "$output" "no driver.*hint: 'modprobe cellvisor'"
	start_monitor
	mv fake-driver-away fake-driver
	systemctl start fake-driver
	# Without news of a device it is found by looking.
	eventually_check "the driver is found" 20 is_hypervisor off
	stop_monitor
	for property in HypervisorState Driver Features; do
		has_line "a change of $property was told" \
			"$(grep '"member":"PropertiesChanged"' /tmp/monitor)" "\"$property\":[{]"
	done
}

is_hypervisor() {
	[ "$(manager_property HypervisorState)" = "$1" ]
}

test_descriptions_are_judged() {
	fails_with Invalid "broken.json.*memroy.*unknown key" manager StartCell s broken
	fails_with Invalid "cpu0.json.*cpus" manager StartCell s cpu0
	fails_with Invalid "toobig.json.*memory" manager StartCell s toobig
	fails_with Invalid "noimage.json.*missing.bin" manager StartCell s noimage
	fails_with Invalid "toolarge.json.*large.bin" manager StartCell s toolarge
	# Not even the hypervisor has been touched.
	manager_is HypervisorState off
	property_like noimage LastError missing.bin
}

test_images_of_others_are_refused() {
	chmod 0666 /usr/lib/cellmgr/images/alpha.bin
	fails_with Invalid "alpha.bin can be written by others" manager StartCell s alpha
	chmod 0644 /usr/lib/cellmgr/images/alpha.bin
	chown 65534 /usr/lib/cellmgr/images/alpha.bin
	fails_with Invalid "alpha.bin" manager StartCell s alpha
	chown 0 /usr/lib/cellmgr/images/alpha.bin
	state_is alpha defined
}

test_no_resources() {
	call EnableHypervisor
	done_well cell huge Create
	fails_with NoResources "huge2.json.*memory.*8M" huge2 Create
	state_is huge2 defined
	fails_with NoResources "cpus" alpha Create
	fake rule create 1 ENOMEM >/dev/null
	fails_with NoResources "hypervisor-memory" beta Create
	fake rule create 1 EBUSY >/dev/null
	fails_with NoResources "in use" beta Create
	property_like beta LastError "in use"
	done_well cell beta Create
}

test_pool_that_is_not_to_be_had() {
	fake rule reserve 1 ENOMEM >/dev/null
	fails_with NoResources "64M of contiguous memory.*pool-size" manager EnableHypervisor
	manager_is HypervisorState off
	done_well call EnableHypervisor
}

test_failed_enable_gives_the_pool_back() {
	fake rule enable 1 EIO >/dev/null
	fails_with Driver "cannot enable the hypervisor" manager EnableHypervisor
	is "pool" "$(fake pool)" 0
	fake rule enable 1 lie >/dev/null
	fails_with Driver "said that enable.*the hypervisor is not enabled" manager EnableHypervisor
	is "pool" "$(fake pool)" 0
	manager_is HypervisorState off
}

test_refused_and_silent_cells_run_on() {
	call StartCell s alpha
	fake answer alpha deny >/dev/null
	fails_with Refused "alpha denied" manager StopCell s alpha
	state_is alpha running
	property_like alpha LastError denied
	fake answer alpha silent >/dev/null
	fails_with Timeout "alpha did not answer" alpha Stop
	state_is alpha running
	property_like alpha LastError "still runs"
	fake answer alpha approve >/dev/null
	done_well cell alpha Stop
	state_is alpha shut-down
	property_is alpha LastError ""
}

test_force_kills() {
	sed -i 's/"60s"/"300ms"/' /etc/cellmgr/cells/beta.json
	mv /etc/cellmgr/cells/broken.json /tmp/
	done_well call Reload
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	done_well call StopCell s beta
	state_is beta failed
	property_like beta LastError "did not answer.*killed"
	done_well call StartCell s beta
	property_is beta LastError ""
	fake answer beta deny >/dev/null
	done_well call StopCell s beta
	state_is beta failed
	property_like beta LastError "denied.*killed"
	sed -i 's/"300ms"/"60s"/' /etc/cellmgr/cells/beta.json
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_locked_names_the_cell_that_locks() {
	call StartCell s alpha
	fake lock alpha >/dev/null
	property_becomes 10 alpha State running-locked
	fails_with Locked "cell alpha has locked" beta Create
	state_is beta defined
	fake unlock alpha >/dev/null
	done_well cell beta Create
	fake lock alpha >/dev/null
	fails_with Locked "cell alpha has locked" beta Destroy
	state_is beta created
	fake unlock alpha >/dev/null
}

test_driver_errors_are_handed_on() {
	call EnableHypervisor
	fake rule create 1 EIO >/dev/null
	fails_with Driver "cannot create alpha: Input/output error" alpha Create
	state_is alpha defined
	cell alpha Create
	fake rule load 1 EIO >/dev/null
	fails_with Driver "cannot load alpha" alpha Load 'a(ht)'
	# Half loaded is not loaded.
	state_is alpha created
	cell alpha Load 'a(ht)' 0
	fake rule start 1 EIO >/dev/null
	fails_with Driver "cannot start alpha" alpha Start
	state_is alpha loaded
	fake rule destroy 1 EIO >/dev/null
	fails_with Driver "cannot destroy alpha" alpha Destroy
	state_is alpha loaded
	fake rule create 1 EEXIST >/dev/null
	fails_with WrongState "exists already" beta Create
}

test_the_journal_says_once_what_failed() {
	call StartCell s alpha
	fake rule kill 1 EPERM >/dev/null
	fails_with Refused "^[^ ]*: cannot kill alpha: refused" alpha Kill
	journal _SYSTEMD_UNIT=cellmgrd.service >/tmp/lines
	is "lines about it" "$(grep -i 'cannot kill' /tmp/lines)" "Cannot kill alpha: refused"
}

test_an_unknown_revision_is_told_as_that() {
	call StartCell s alpha
	start_monitor
	fake mismatch alpha >/dev/null
	property_becomes 15 alpha State failed
	stop_monitor
	property_like alpha LastError "revision of the communication region"
	is "signals that say so" "$(grep -c '"member":"Failed".*"comm-abi"' /tmp/monitor)" 1
}

test_what_a_cell_says_of_its_end_is_told() {
	call StartCell s alpha
	start_monitor
	fake fail alpha 17 0x5ff8 0 0x1300 0 16384 >/dev/null
	property_becomes 15 alpha State failed
	stop_monitor
	is "LastError" "$(property alpha LastError)" \
		"had a stack overflow at 0x5ff8, in a stack of 16384 bytes (rip 0x1300)"
	check "signal Failed" grep -q '"member":"Failed".*"data":\["stack-overflow","/[^"]*"\]' /tmp/monitor
}

test_a_driver_that_lies_is_found_out() {
	call EnableHypervisor
	fake rule create 1 lie >/dev/null
	fails_with Driver "said that create alpha.*there is no such cell" alpha Create
	state_is alpha defined
	cell alpha Create
	cell alpha Load 'a(ht)' 0
	fake rule start 1 lie >/dev/null
	fails_with Driver "said that start alpha.*does not run" alpha Start
	state_is alpha loaded
	cell alpha Start
	fake rule shutdown 1 lie >/dev/null
	fails_with Driver "said that stop alpha.*still runs" alpha Stop
	state_is alpha running
	fake rule kill 1 lie >/dev/null
	fails_with Driver "said that kill alpha.*still runs" alpha Kill
	cell alpha Stop
	fake rule destroy 1 lie >/dev/null
	fails_with Driver "said that destroy alpha.*still exists" alpha Destroy
	state_is alpha shut-down
	is "lines about lies" "$(journal MESSAGE_ID=58f2e6c04d7b4a19a8e31c9b7d605f24 | wc -l)" 5
}

test_bus_answers_while_a_stop_hangs() {
	call StartCell s beta
	fake answer beta silent >/dev/null
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/tmp/stop 2>&1 &
	local stop=$! i=0
	property_becomes 30 beta Operation stop
	for ((i = 0; i < 10; i++)); do
		done_well call ListCells
		state_is alpha defined
	done
	# All that while the driver was waiting for the cell.
	property_is beta Operation stop || diag "$(</tmp/stop)"
	cell beta Kill
	wait $stop
	property_is beta Operation ""
}

# Neither does what the driver says matter, nor whether it says anything.
test_driver_that_overruns_is_interrupted() {
	call StartCell s alpha
	fake rule shutdown 0 hang >/dev/null
	fails_with Timeout "alpha did not answer" manager StopCell s alpha
	state_is alpha running
	fake clear >/dev/null
	done_well call StopCell s alpha
}

test_driver_that_never_returns_blocks_nobody() {
	call StartCell s alpha
	fake rule shutdown 0 stuck >/dev/null
	fails_with Timeout "did not come back from stop in time" manager StopCell s alpha
	fails_with Busy "has not come back" manager StartCell s beta
	done_well call ListCells
	like "journal of the call that does not return" \
		"$(journal MESSAGE_ID=a96d0b3e5c2f47818f7e4d1ab23c6905)" "does not come back from stop alpha"
	fake clear >/dev/null
	property_becomes 15 alpha Operation ""
	done_well call StartCell s beta
}

test_kill_cuts_a_stop_short() {
	call StartCell s beta
	fake answer beta silent >/dev/null
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/tmp/stop 2>&1 &
	local stop=$! began=${EPOCHREALTIME/./}
	property_becomes 30 beta Operation stop
	done_well cell beta Kill
	# That would have taken a minute.
	between "the kill did not wait for the stop" $((${EPOCHREALTIME/./} - began)) 0 30000000
	state_is beta failed
	wait $stop
}

test_operations_are_done_in_order() {
	local calls=()
	call EnableHypervisor
	start_monitor
	fake rule create 0 hang >/dev/null
	submit StartCell s alpha
	calls+=("$submitted")
	property_becomes 30 alpha Operation start
	submit StopCell s alpha
	calls+=("$submitted")
	submit StartCell s beta
	calls+=("$submitted")
	state_is alpha defined
	fake clear >/dev/null
	wait "${calls[@]}"
	stop_monitor
	state_is alpha shut-down
	state_is beta running
}

test_reload_takes_what_is_good() {
	local name
	sed -i 's/"1M"/"2M"/' /etc/cellmgr/cells/alpha.json
	cp /etc/cellmgr/cells/alpha.json /etc/cellmgr/cells/late.json
	echo '{ "cpu": [1] }' >/etc/cellmgr/cells/worse.json
	mkdir /etc/cellmgr/cells/dir.json
	cp /etc/cellmgr/cells/beta.json /tmp/beta.json
	echo '{ "memory": "4M" ' >/etc/cellmgr/cells/beta.json
	done_well systemctl reload cellmgrd
	property_is alpha Memory $((2 << 20))
	state_is late defined
	# What was in force stays so, what never was is shown.
	state_is beta defined
	property_is beta Memory $((4 << 20))
	property_like beta LastError 'beta.json:'
	like "what a list says of it" "$(cellctl list)" 'beta +defined .*beta.json:'
	like "its own journal" "$(journal CELL=beta)" 'beta that was in force stays so'
	state_is worse invalid
	property_like worse LastError 'worse.json:1:.*cpu.*unknown key'
	fails_with Invalid "worse.json:1:.*cpu.*" manager StartCell s worse
	fails_with Invalid "worse.json:1:.*cpu.*" worse Create
	call ListCells
	like "list of cells" "$output" '"worse" "invalid" "/org/cellmgr1/cell/worse"'
	# All of them are named.
	journal _SYSTEMD_UNIT=cellmgrd.service >/tmp/lines
	for name in broken worse beta dir; do
		check "the journal names $name.json" grep -q "/etc/cellmgr/cells/$name.json" /tmp/lines
	done
	mv /tmp/beta.json /etc/cellmgr/cells/
	mv /etc/cellmgr/cells/late.json /etc/cellmgr/cells/worse.json
	rmdir /etc/cellmgr/cells/dir.json
	sed -i 's/"2M"/"1M"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	state_is worse defined
	property_is worse LastError ""
	property_is beta LastError ""
	rm /etc/cellmgr/cells/worse.json
	done_well call Reload
	eventually_check "worse goes" 15 has_no_object worse
}

# Neither a description that is broken nor one that is put right makes forgotten how a cell has failed.
test_what_a_cell_failed_of_counts_more_than_its_description() {
	local failure='^wrote 4 bytes'
	done_well call StartCell s alpha
	cp /etc/cellmgr/cells/alpha.json /tmp/alpha.json
	echo '{ "memory": "4M" ' >/etc/cellmgr/cells/alpha.json
	call Reload
	property_like alpha LastError 'alpha.json:'
	fake fail alpha 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 30 alpha State failed
	property_like alpha LastError "$failure"
	call Reload
	# All cells are looked at with that.
	done_well call StartCell s beta
	property_like alpha LastError "$failure"
	mv /tmp/alpha.json /etc/cellmgr/cells/
	call Reload
	property_like alpha LastError "$failure"
}

# It runs on, and everybody sees that nothing describes it any more.
test_a_cell_whose_description_has_gone_is_told() {
	local gone='its description has gone; cellctl apply stops and destroys it'
	done_well call StartCell s alpha
	mv /etc/cellmgr/cells/alpha.json /tmp/
	call Reload
	state_is alpha running
	property_is alpha LastError "$gone"
	like "what a list says of it" "$(cellctl list)" "alpha +running .*$gone"
	unit_becomes 15 cell@alpha active
	kill_daemon
	property_is alpha LastError "$gone"
	mv /tmp/alpha.json /etc/cellmgr/cells/
	call Reload
	property_is alpha LastError ""
	rm /etc/cellmgr/cells/alpha.json
	done_well cellctl apply
	check "it has gone, too" has_no_object alpha
	unit_becomes 15 cell@alpha inactive
}

test_broken_descriptions_are_listed() {
	state_is broken invalid
	property_like broken LastError 'broken.json:3:.*memroy'
	# There is room for what is wrong, rather than for where all descriptions are.
	has_line "what a list says of it" "$(cellctl list)" '^broken +invalid .*  broken.json:3:2: memroy'
	like "nor does it fit" "$(cellctl --json=short map)" '"broken":"/etc/cellmgr/cells/broken.json:3:2: memroy'
	done_well call GetCell s broken
	# It is there, and nothing can be done with it.
	fails_with Invalid "broken.json:3:" broken Kill
}

test_broken_configuration_is_said() {
	echo '{ "pool-size": "63M" }' >/etc/cellmgr/cellmgrd.conf
	fails_with Invalid 'cellmgrd.conf:1:.*pool-size.*63M.*multiple of 2M' manager Reload
	# Also to who asks what is wrong, as the error advises.
	fails "a check" cellctl check
	has_line "a check" "$output" '^/etc/cellmgr/cellmgrd.conf:1:3: error: pool-size: "63M": must be a multiple of 2M'
	has_line "what was checked" "$output" '^10 descriptions checked, 7 errors'
	# Where people look first, also of a daemon that has not read anything better.
	config_error_is_seen
	systemctl restart cellmgrd
	config_error_is_seen
	rm /etc/cellmgr/cellmgrd.conf
	start_monitor
	call Reload
	stop_monitor
	manager_is ConfigError ''
	has_no_line "what status shows" "$(cellctl status)" 'Config'
	check "a change of it was told" grep -q '"ConfigError":{"type":"s","data":""}' /tmp/monitor
}

config_error_is_seen() {
	local error='/etc/cellmgr/cellmgrd.conf:1:3: pool-size: .*63M.*: must be a multiple of 2M'

	manager_like ConfigError "^$error.*; the hypervisor is not enabled until"
	has_line "what status shows" "$(cellctl status)" "^    Config: $error"
}

# Also what only several keys together make wrong.
test_broken_configuration_is_told_with_its_place() {
	local text
	text=$(printf '{\n "pool-limit": "2M",\n "metrics": { "directory": "here" } }' |
		tee /etc/cellmgr/cellmgrd.conf && cellctl check)
	has_line "a size" "$text" '^/etc/cellmgr/cellmgrd.conf:2:2: error: pool-limit: must be larger than'
	has_line "a directory" "$text" \
		'^/etc/cellmgr/cellmgrd.conf:3:15: error: metrics.directory: "here": must be an absolute path'
	text=$(cellctl --json=short check)
	like "the value has a key of its own" "$text" \
		'"key":"metrics.directory","text":"must be an absolute[^"]*","line":3,"column":15,"value":"here"'
}

test_half_a_core_is_told_or_refused() {
	local cpu
	# Of the machine's four CPUs 1 and 3 are a core.
	for cpu in 0 1 2 3; do
		mkdir -p "machine/sys/devices/system/cpu/cpu$cpu/topology"
		echo $((cpu % 2)),$((cpu % 2 + 2)) >"machine/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list"
	done
	systemctl restart cellmgrd
	call CheckAll
	like "check tells of it" "$output" 'alpha[^"]*" "warning" "cpus" "[^"]*CPU 3 shares its core with CPU 1'
	done_well call StartCell s alpha
	done_well call StopCell s alpha
	done_well cell alpha Destroy
	done_well call DisableHypervisor b false
	echo '{ "whole-cores": true }' >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	fails_with Invalid 'CPU 3 shares its core with CPU 1.*whole-cores' manager StartCell s alpha
	rm /etc/cellmgr/cellmgrd.conf
	rm -r machine/sys/devices/system/cpu/cpu[0-3]
	systemctl restart cellmgrd
}
