# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The life of a cell, step by step and the whole way.

images=/usr/lib/cellmgr/images

test_steps_lead_through_all_states() {
	manager_is HypervisorState off
	done_well call EnableHypervisor
	manager_is HypervisorState enabled
	manager_is Driver "cellvisor fake"
	manager_is MemoryTotal $((48 << 20))
	manager_is MemoryFree $((48 << 20))
	state_is alpha defined
	property_is alpha Id -1
	done_well cell alpha Create
	state_is alpha created
	property_is alpha Cpus "1 3"
	property_is alpha Memory $((1 << 20))
	manager_is MemoryFree $((47 << 20))
	property_like alpha Id '^[0-9]+$'
	done_well cell alpha Load 'a(ht)' 0
	state_is alpha loaded
	done_well cell alpha Start
	state_is alpha running
	property_is alpha Health ok
	done_well cell alpha Stop
	state_is alpha shut-down
	done_well cell alpha Load 'a(ht)' 0
	state_is alpha loaded
	done_well cell alpha Start
	done_well cell alpha Kill
	state_is alpha failed
	done_well cell alpha Destroy
	state_is alpha defined
	property_is alpha Id -1
	manager_is MemoryFree $((48 << 20))
	done_well call DisableHypervisor b false
	manager_is HypervisorState off
	manager_is MemoryTotal 0
	is "pool that is left" "$(fake pool)" 0
}

test_what_is_loaded_is_the_file() {
	local began=${EPOCHREALTIME/./}
	done_well call StartCell s alpha
	check "the image" cmp <(echo 0x0 && cat $images/alpha.bin) /run/fake/loaded-alpha-0
	check "the parameters" cmp <(printf '0x1000\ncycles=3 name=alpha\0') /run/fake/loaded-alpha-1
	property_is alpha ImageSha256 "$(sha256sum <$images/alpha.bin | cut -d' ' -f1)"
	between "StartedAt is now" "$(property alpha StartedAt)" "$began" "${EPOCHREALTIME/./}"
}

test_images_by_descriptor() {
	call EnableHypervisor
	cell alpha Create
	check "load" ./bus-peer load alpha $images/beta.bin 0x20
	check "the image" cmp <(echo 0x20 && cat $images/beta.bin) /run/fake/loaded-alpha-0
	property_is alpha ImageSha256 "$(sha256sum <$images/beta.bin | cut -d' ' -f1)"
	state_is alpha loaded
	like "load of an image that is too large" \
		"$(./bus-peer load alpha $images/large.bin 0 2>&1)" \
		'Error.Invalid: .*larger than the 1048576 bytes'
	like "load of an image outside" "$(./bus-peer load alpha $images/beta.bin 0x200000 2>&1)" \
		'Error.Invalid: .*alpha.json:4:2: image: address 0x200000 is in no loadable memory'
	like "load of no regular file" "$(./bus-peer load alpha /dev/null 0 2>&1)" \
		'Error.Invalid: .*not a regular file'
	# What was loaded before is still there.
	state_is alpha loaded
	done_well cell alpha Start
	state_is alpha running
}

test_whole_way() {
	done_well call StartCell s alpha
	state_is alpha running
	manager_is HypervisorState enabled
	local starts
	starts=$(fake calls start)
	done_well call StartCell s alpha
	is "starts of a cell that runs" "$(fake calls start)" "$starts"
	done_well call StopCell s alpha
	state_is alpha shut-down
	done_well call StopCell s alpha
	done_well call StartCell s alpha
	state_is alpha running
	local id started
	id=$(property alpha Id) started=$(property alpha StartedAt)
	done_well call RestartCell s alpha
	state_is alpha running
	is "id: the cell itself stays" "$(property alpha Id)" "$id"
	check "it was started anew" [ "$(property alpha StartedAt)" -gt "$started" ]
	# A count of CPUs: the highest that nobody has or wants.
	done_well call StartCell s beta
	property_is beta Cpus "1 2"
	property_is beta Memory $((4 << 20))
}

test_changed_description_is_created_anew() {
	call StartCell s alpha
	local id
	id=$(property alpha Id)
	call StopCell s alpha
	sed -i 's/"1M"/"2M"/' /etc/cellmgr/cells/alpha.json
	mv /etc/cellmgr/cells/broken.json /tmp/
	done_well call Reload
	done_well call StartCell s alpha
	property_is alpha Memory $((2 << 20))
	isnt "it is another cell" "$(property alpha Id)" "$id"
	sed -i 's/"2M"/"1M"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_disable_asks_for_force() {
	call StartCell s alpha
	fails_with WrongState "alpha is running" manager DisableHypervisor b false
	state_is alpha running
	done_well call DisableHypervisor b true
	state_is alpha defined
	manager_is HypervisorState off
}

# What a rate is made of: one reading a second, and when it was; nobody is told of the time.
test_exits_have_a_time() {
	local first second now _
	is "without a reading there is no time" "$(property alpha ExitsAt)" 0
	call StartCell s alpha
	start_monitor
	eventually_check "the counters are read" 25 exits_are_newer alpha 0
	first=$(property alpha ExitsAt)
	second=$first
	# One may come late where the machine has much to do, the next one then does not.
	for _ in 1 2 3; do
		eventually_check "and again" 25 exits_are_newer alpha "$second"
		second=$(property alpha ExitsAt)
	done
	read -r now _ </proc/uptime
	now=$((10#${now/./} * 10000))
	between "time of three readings" $((second - first)) 1900000 30000000
	between "a reading's age" $((now - second)) -20000 5000000
	stop_monitor
	fails "the time is announced to nobody" grep -q '"PropertiesChanged".*"ExitsAt"' /tmp/monitor
	cell alpha Kill
	cell alpha Destroy
	is "of a cell that is not there" "$(property alpha ExitsAt)" 0
}

exits_are_newer() {
	[ "$(property "$1" ExitsAt)" -gt "$2" ]
}

# changing_properties INTERFACE: as the daemon publishes them, so that none is forgotten.
changing_properties() {
	sed -n "/<property/{N;/EmitsChanged/!s/^<property name=\"\([A-Za-z0-9]*\)\".*/\1/p}" <(normalize "org.cellmgr1.$1" <"org.cellmgr1.$1.xml")
}

test_every_change_is_told() {
	local property
	call EnableHypervisor
	start_monitor
	mv /etc/cellmgr/cells/broken.json /tmp/
	cp /etc/cellmgr/cells/alpha.json /tmp/
	sed -i 's/"1M"/"2M"/; s/\[3\]/[2]/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	mv /tmp/alpha.json /tmp/broken.json /etc/cellmgr/cells/
	call Reload
	call StartCell s alpha
	property alpha Exits >/dev/null
	eventually_check "exits are told" 25 grep -q '"Exits":' /tmp/monitor
	sed -i.bak 's/"1M"/"2M"/' /etc/cellmgr/cells/alpha.json
	echo '{ "keep-cpus": [1, 2] }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	mv /etc/cellmgr/cells/alpha.json.bak /etc/cellmgr/cells/alpha.json
	echo '{ "keep-cpus": ' >/etc/cellmgr/cellmgrd.conf
	call Reload
	rm /etc/cellmgr/cellmgrd.conf
	call Reload
	echo 2 >/run/fake/sysfs/cpus_left_out_list
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Health failed
	call RestartCell s alpha
	fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
	property_becomes 15 alpha State failed
	cell alpha Destroy
	call DisableHypervisor b true
	stop_monitor
	rm -f /run/fake/sysfs/cpus_left_out_list
	grep '"member":"PropertiesChanged"' /tmp/monitor >/tmp/changes
	for property in $(changing_properties Manager) $(changing_properties Cell); do
		# Of a driver that comes, and of exits that take a while: both have tests of their own.
		[[ $property != @(Features|Warning) ]] || continue
		check "a change of $property was told" grep -q "\"$property\":{" /tmp/changes
	done
	for state in created loaded running failed defined; do
		check "state $state was told" \
			grep -q "\"State\":{\"type\":\"s\",\"data\":\"$state\"}" /tmp/changes
	done
	for health in ok late failed unknown; do
		check "health $health was told" \
			grep -q "\"Health\":{\"type\":\"s\",\"data\":\"$health\"}" /tmp/changes
	done
	check "signal Failed" grep -q '"member":"Failed".*"data":\["memory-write","/var/lib/cellmgr/crash/alpha\.[0-9]*\.memory-write\.json"\]' /tmp/monitor
	check "signal Failed for the heartbeat" \
		grep -q '"member":"Failed".*"data":\["heartbeat","/var/lib/cellmgr/crash/alpha\.[0-9]*\.heartbeat\.json"\]' /tmp/monitor
}

test_objects_come_and_go_with_descriptions() {
	mv /etc/cellmgr/cells/broken.json /tmp/
	sed 's/\[3\]/[1]/' /etc/cellmgr/cells/alpha.json >/etc/cellmgr/cells/new-one.json
	start_monitor
	done_well call Reload
	state_is new-one defined
	done_well call StartCell s new-one
	rm /etc/cellmgr/cells/new-one.json
	done_well call Reload
	# As long as it exists below it is shown.
	state_is new-one running
	done_well call StopCell s new-one
	fails_with Invalid "no description" manager StartCell s new-one
	done_well cell new-one Destroy
	# With the look that follows.
	eventually_check "the object goes" 15 has_no_object new-one
	fails_with NoSuchCell "" manager GetCell s new-one
	stop_monitor
	check "InterfacesAdded" grep -q '"member":"InterfacesAdded".*new_2done' /tmp/monitor
	check "InterfacesRemoved" grep -q '"member":"InterfacesRemoved".*new_2done' /tmp/monitor
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_console_is_followed() {
	call StartCell s alpha
	fake console alpha "first line" >/dev/null
	./bus-peer console alpha 3000 >/tmp/console 2>&1 &
	local peer=$!
	eventually_check "the first line comes" 15 grep -q "first line" /tmp/console
	fake console alpha "second line" >/dev/null
	eventually_check "the second line comes" 15 grep -q "second line" /tmp/console
	call StopCell s alpha
	cell alpha Destroy
	wait $peer
	is "end of the console" "$(tail -n 1 /tmp/console)" "[end]"
	# Whoever destroys it.
	call StartCell s alpha
	./bus-peer console alpha 30000 >/tmp/console 2>&1 &
	peer=$!
	fake console alpha "a line" >/dev/null
	eventually_check "a line comes" 15 grep -q "a line" /tmp/console
	fake gone alpha >/dev/null
	eventually_check "it has an end" 15 grep -qx '\[end\]' /tmp/console
	wait $peer
	like "console of a cell that is not there" "$(./bus-peer console alpha 100 2>&1)" \
		'Error.WrongState'
}

# A cell that says more than anybody looks for costs the ring that is kept of it, each look, and whoever reads is told.
test_a_console_that_floods_is_cut() {
	local peer daemon n line
	printf -v line '%01000d' 0
	daemon=$(pid_of cellmgrd)
	call StartCell s alpha
	fake console alpha "first line" >/dev/null
	./bus-peer console alpha 60000 >/tmp/console 2>&1 &
	peer=$!
	eventually_check "the first line comes" 15 grep -q "first line" /tmp/console
	kill -STOP "$daemon"
	for ((n = 0; n < 40; n++)); do fake console alpha "$line" >/dev/null; done
	kill -CONT "$daemon"
	eventually_check "it is told what was lost" 15 grep -qxF "[$((40 * 1001 - (16 << 10))) bytes lost]" /tmp/console
	fake console alpha "last line" >/dev/null
	eventually_check "the last line comes" 15 grep -q "last line" /tmp/console
	is "bytes of it" "$(grep -v 'line\|lost' /tmp/console | wc -c)" "$((1 + (16 << 10)))"
	kill "$peer"
}

# name_reserved ADDRESS SIZE: the configuration does, and the daemon knows.
name_reserved() {
	echo "{ \"reserved-memory\": { \"phys\": \"$1\", \"size\": \"$2\" } }" >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
}

test_console_takes_input() {
	call StartCell s alpha
	fails_with WrongState "takes no input" alpha OpenConsoleInput
	fake listen alpha >/dev/null
	is "a line" "$(./bus-peer type alpha $'speed 3000, power 20 MW\n')" written
	eventually_check "it is with the cell" 10 console_has alpha "speed 3000, power 20 MW"
	# Who has typed into a cell that has ended types into nothing.
	./bus-peer type alpha "$(printf '%0100d' 0)" >/tmp/typed &
	sleep 0.5
	fake fail alpha 1 0 0 0 3 >/dev/null
	wait $!
	is "what became of it" "$(</tmp/typed)" closed
	fake features 0x1ff >/dev/null
	systemctl restart cellmgrd
	fails_with Driver "no input" alpha OpenConsoleInput
	fake features 0x3ff >/dev/null
	systemctl restart cellmgrd
}

# What a cell does not take is not kept for ever for somebody who has gone, nor his place.
test_console_input_is_given_up() {
	local n
	call StartCell s alpha
	fake listen alpha >/dev/null
	fake deafen alpha >/dev/null
	for n in {1..16}; do
		is "typed $n" "$(./bus-peer type alpha x)" written
	done
	like "one more" "$(./bus-peer type alpha x 2>&1)" LimitsExceeded
	sleep 6
	is "later" "$(./bus-peer type alpha x)" written
}

console_has() {
	./bus-peer console "$1" 50 | grep -qF "$2"
}

test_reserved_memory_is_used_where_it_is_named() {
	cp machine/proc/cmdline /tmp/cmdline
	# shellcheck disable=SC2016 # the dollar is memmap's
	echo 'console=ttyS0 memmap=128M$0x30000000' >machine/proc/cmdline
	done_well call EnableHypervisor
	manager_is MemorySource linux
	done_well call DisableHypervisor b false
	manager_is MemorySource ""
	name_reserved 0x32000000 32M
	done_well call EnableHypervisor
	manager_is MemorySource boot
	manager_is MemoryTotal $((16 << 20))
	done_well call DisableHypervisor b false
	# What another configuration left is given back.
	name_reserved 0x30000000 64M
	done_well call EnableHypervisor
	manager_is MemoryTotal $((48 << 20))
	done_well call DisableHypervisor b false
	rm /etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	done_well call EnableHypervisor
	manager_is MemorySource linux
	done_well call DisableHypervisor b false
	# What cannot be had, or is named wrongly, keeps nobody from working.
	name_reserved 0x30000000 64M
	fake rule reserve 1 EINVAL >/dev/null
	done_well call EnableHypervisor
	manager_is MemorySource linux
	done_well call DisableHypervisor b false
	name_reserved 0x10000000 64M
	done_well call EnableHypervisor
	manager_is MemorySource linux
	done_well call DisableHypervisor b false
	like "the log says why" "$(journalctl -u cellmgrd -o cat -n 60)" \
		'reserves no such memory .memmap=0x4000000.0x10000000'
	rm /etc/cellmgr/cellmgrd.conf
	cp /tmp/cmdline machine/proc/cmdline
	systemctl restart cellmgrd
}

test_original_driver_is_managed_too() {
	# It takes no memory from Linux: some was reserved at boot, and named.
	cp machine/proc/cmdline /tmp/cmdline
	# shellcheck disable=SC2016 # the dollar is memmap's
	echo 'console=ttyS0 memmap=64M$0x20000000' >machine/proc/cmdline
	fake features 0 >/dev/null
	begin=$EPOCHSECONDS
	systemctl restart cellmgrd
	manager_like Driver jailhouse
	manager_is Features 0
	like "the log says what is missing" "$(journalctl -u cellmgrd -o cat --since "@$begin")" \
		'driver in use, which is the original one, does without: pool status console kill .*console-input'
	fake pool-at 0x20000000 0x4000000 >/dev/null
	fails_with NoResources 'reserve some at boot.*name it as .*reserved-memory' manager EnableHypervisor
	name_reserved 0x20000000 64M
	done_well call StartCell s alpha
	state_is alpha running
	like "the cell's journal says that nobody watches it" "$(journalctl -u cell@alpha.service -o cat --since "@$begin")" \
		'alpha.*heartbeat.*nobody watches'
	property_is alpha Health unknown
	fails_with Driver "cannot kill alpha: the driver in use cannot stop a cell without asking it" alpha Kill
	output=$(cellctl kill alpha 2>&1)
	like "the hint knows that there is no kill" "$output" 'hint: it has to end by itself'
	fails_with Driver "no virtual consoles" alpha OpenConsole
	fails_with Driver "no input for consoles" alpha OpenConsoleInput
	call CheckAll
	like "check tells of a console" "$output" 'alpha[^"]*" "warning" "console" "[^"]*no virtual consoles'
	like "and of a heartbeat" "$output" 'alpha[^"]*" "warning" "heartbeat" "[^"]*nobody watches'
	like "and of force" "$output" 'beta[^"]*" "warning" "stop.force" "[^"]*without effect'
	fake answer alpha deny >/dev/null
	fails_with Refused "still runs, the driver in use cannot kill it" manager DisableHypervisor b true
	fake answer alpha approve >/dev/null
	done_well call StopCell s alpha
	state_is alpha shut-down
	done_well call DisableHypervisor b false
	cp /tmp/cmdline machine/proc/cmdline
	rm /etc/cellmgr/cellmgrd.conf
	fake pool-at 0 0 >/dev/null
	fake features 0x3ff >/dev/null
	systemctl restart cellmgrd
}

test_a_restart_that_cannot_start_leaves_the_cell_running() {
	call StartCell s alpha
	mv $images/alpha.bin /tmp/
	fails_with Invalid "alpha.bin" manager RestartCell s alpha
	state_is alpha running
	mv /tmp/alpha.bin $images/
	done_well call RestartCell s alpha
	state_is alpha running
}

test_neighbours_do_not_move_a_cell() {
	local made
	call StartCell s beta
	made=$(fake calls create)
	# Its name is first in line for memory and CPUs.
	sed 's/\[3\]/1/' /etc/cellmgr/cells/alpha.json >/etc/cellmgr/cells/aaa.json
	mv /etc/cellmgr/cells/broken.json /tmp/
	done_well call Reload
	done_well call RestartCell s beta
	is "creations" "$(fake calls create)" "$made"
	rm /etc/cellmgr/cells/aaa.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_a_description_may_go_while_its_cell_is_made() {
	call EnableHypervisor
	mv /etc/cellmgr/cells/broken.json /tmp/
	start_monitor
	fake rule create 1 hang >/dev/null
	busctl call org.cellmgr1 "$manager/cell/alpha" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	local create=$!
	property_becomes 30 alpha Operation create
	mv /etc/cellmgr/cells/alpha.json /tmp/
	submit Reload
	fake clear >/dev/null
	wait "$submitted"
	is "status of the reload" $? 0
	wait $create
	stop_monitor
	is "answer" "$(cat /tmp/create)" ""
	state_is alpha created
	done_well cell alpha Destroy
	mv /tmp/alpha.json /etc/cellmgr/cells/
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

# While one cell takes its time to stop, the others are watched as ever.
test_others_are_watched_during_a_stop() {
	sed 's/"cpus": *[^,]*\(\[[0-9]*\]\)*,/"cpus": [1],/; s/alpha.bin/beta.bin/' \
		/etc/cellmgr/cells/alpha.json >/etc/cellmgr/cells/slow.json
	sed -i 's/"timeout": "1s"/"timeout": "6s"/; s/"force": false/"force": true/' \
		/etc/cellmgr/cells/slow.json
	mv /etc/cellmgr/cells/broken.json /tmp/
	done_well call Reload
	call StartCell s slow
	call StartCell s alpha
	fake answer slow silent >/dev/null
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s slow >/tmp/stop 2>&1 &
	property_becomes 30 slow Operation stop
	sleep 1.5
	done_well call Reload
	is "health after a reload" "$(property alpha Health)" ok
	fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
	property_becomes 30 alpha State failed
	# So it was told during the stop.
	property_is slow Operation stop
	wait $!
	state_is slow failed
	property_like slow LastError '^did not answer the shutdown request in time and was killed'
	cell slow Destroy
	rm /etc/cellmgr/cells/slow.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_cpus_come_and_go() {
	local online=machine/sys/devices/system/cpu/online
	cp $online /tmp/online
	echo 0-2 >$online
	fails_with Invalid "CPU 3 is offline" manager StartCell s alpha
	cp /tmp/online $online
	done_well call StartCell s alpha
	state_is alpha running
}

test_a_heartbeat_may_be_lost_twice() {
	call StartCell s alpha
	start_monitor
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Health failed
	fake beat alpha >/dev/null
	property_becomes 20 alpha Health ok
	fake flatline alpha >/dev/null
	property_becomes 40 alpha Health failed
	stop_monitor
	is "signals" "$(grep -c '"member":"Failed".*"data":\["heartbeat","/[^"]*"\]' /tmp/monitor)" 2
}

test_force_ends_all_though_one_has_locked() {
	call StartCell s alpha
	call StartCell s beta
	fake lock beta >/dev/null
	property_becomes 15 beta State running-locked
	done_well call DisableHypervisor b true
	manager_is HypervisorState off
	is "pool" "$(fake pool)" 0
}
