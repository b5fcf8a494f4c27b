# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The life of a cell, step by step and the whole way.

images=/usr/lib/cellmgr/images

test_steps_lead_through_all_states() {
	equal "$(manager_property HypervisorState)" off
	done_well call EnableHypervisor
	equal "$(manager_property HypervisorState)" enabled
	equal "$(manager_property Driver)" "cellvisor fake"
	equal "$(manager_property MemoryTotal)" $((48 << 20))
	equal "$(manager_property MemoryFree)" $((48 << 20))
	state_is alpha defined
	equal "$(property alpha Id)" -1
	done_well cell alpha Create
	state_is alpha created
	equal "$(property alpha Cpus)" "1 3"
	equal "$(property alpha Memory)" $((1 << 20))
	equal "$(manager_property MemoryFree)" $((47 << 20))
	matches "$(property alpha Id)" '^[0-9]+$'
	done_well cell alpha Load 'a(ht)' 0
	state_is alpha loaded
	done_well cell alpha Start
	state_is alpha running
	equal "$(property alpha Health)" ok
	done_well cell alpha Stop
	state_is alpha shut-down
	done_well cell alpha Load 'a(ht)' 0
	state_is alpha loaded
	done_well cell alpha Start
	done_well cell alpha Kill
	state_is alpha failed
	done_well cell alpha Destroy
	state_is alpha defined
	equal "$(property alpha Id)" -1
	equal "$(manager_property MemoryFree)" $((48 << 20))
	done_well call DisableHypervisor b false
	equal "$(manager_property HypervisorState)" off
	equal "$(manager_property MemoryTotal)" 0
	equal "$(fake pool)" 0 "pool that is left"
}

test_what_is_loaded_is_the_file() {
	local began=${EPOCHREALTIME/./}
	done_well call StartCell s alpha
	cmp <(echo 0x0 && cat $images/alpha.bin) /run/fake/loaded-alpha-0 >&3 2>&1 || not "image"
	cmp <(printf '0x1000\ncycles=3 name=alpha\0') /run/fake/loaded-alpha-1 >&3 2>&1 ||
		not "parameters"
	equal "$(property alpha ImageSha256)" "$(sha256sum <$images/alpha.bin | cut -d' ' -f1)"
	[ "$(property alpha StartedAt)" -ge "$began" ] || not "StartedAt is not now"
	[ "$(property alpha StartedAt)" -le "${EPOCHREALTIME/./}" ] || not "StartedAt is not now"
}

test_images_by_descriptor() {
	call EnableHypervisor
	cell alpha Create
	output=$(./bus-peer load alpha $images/beta.bin 0x20 2>&1) || not "load: $output"
	cmp <(echo 0x20 && cat $images/beta.bin) /run/fake/loaded-alpha-0 >&3 2>&1 || not "image"
	equal "$(property alpha ImageSha256)" "$(sha256sum <$images/beta.bin | cut -d' ' -f1)"
	state_is alpha loaded
	matches "$(./bus-peer load alpha $images/large.bin 0 2>&1)" \
		'Error.Invalid: .*larger than the 1048576 bytes'
	matches "$(./bus-peer load alpha $images/beta.bin 0x200000 2>&1)" \
		'Error.Invalid: .*0x200000 is in no loadable memory'
	matches "$(./bus-peer load alpha /dev/null 0 2>&1)" 'Error.Invalid: .*not a regular file'
	# What was loaded before is still there.
	state_is alpha loaded
	done_well cell alpha Start
	state_is alpha running
}

test_whole_way() {
	done_well call StartCell s alpha
	state_is alpha running
	equal "$(manager_property HypervisorState)" enabled
	local starts
	starts=$(fake calls start)
	done_well call StartCell s alpha
	equal "$(fake calls start)" "$starts" "starts of a cell that runs"
	done_well call StopCell s alpha
	state_is alpha shut-down
	done_well call StopCell s alpha
	done_well call StartCell s alpha
	state_is alpha running
	local id started
	id=$(property alpha Id) started=$(property alpha StartedAt)
	done_well call RestartCell s alpha
	state_is alpha running
	equal "$(property alpha Id)" "$id" "id: the cell itself stays"
	[ "$(property alpha StartedAt)" -gt "$started" ] || not "it was not started anew"
	# A count of CPUs: the highest that nobody has or wants.
	done_well call StartCell s beta
	equal "$(property beta Cpus)" "1 2"
	equal "$(property beta Memory)" $((4 << 20))
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
	equal "$(property alpha Memory)" $((2 << 20))
	[ "$(property alpha Id)" != "$id" ] || not "it is still the old cell"
	sed -i 's/"2M"/"1M"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_disable_asks_for_force() {
	call StartCell s alpha
	fails WrongState "alpha is running" manager DisableHypervisor b false
	state_is alpha running
	done_well call DisableHypervisor b true
	state_is alpha defined
	equal "$(manager_property HypervisorState)" off
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
	eventually 5 grep -q '"Exits"' /tmp/monitor
	fake flatline alpha >/dev/null
	eventually 8 is_health alpha failed
	call RestartCell s alpha
	fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
	eventually 3 is_state alpha failed
	cell alpha Destroy
	call DisableHypervisor b true
	stop_monitor
	grep '"member":"PropertiesChanged"' /tmp/monitor >/tmp/changes
	for property in Id State Health Cpus Memory StartedAt Operation LastError ImageSha256 Exits \
		HypervisorState MemoryTotal MemoryFree; do
		grep -q "\"$property\":{" /tmp/changes || not "no change of $property was told"
	done
	for state in created loaded running failed defined; do
		grep -q "\"State\":{\"type\":\"s\",\"data\":\"$state\"}" /tmp/changes ||
			not "state $state was not told"
	done
	for health in ok late failed unknown; do
		grep -q "\"Health\":{\"type\":\"s\",\"data\":\"$health\"}" /tmp/changes ||
			not "health $health was not told"
	done
	grep -q '"member":"Failed".*"data":\["memory-write",""\]' /tmp/monitor || not "no signal Failed"
	grep -q '"member":"Failed".*"data":\["heartbeat",""\]' /tmp/monitor ||
		not "no signal Failed for the heartbeat"
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
	fails Invalid "no description" manager StartCell s new-one
	done_well cell new-one Destroy
	fails NoSuchCell "" manager GetCell s new-one
	stop_monitor
	grep -q '"member":"InterfacesAdded".*new_2done' /tmp/monitor || not "no InterfacesAdded"
	grep -q '"member":"InterfacesRemoved".*new_2done' /tmp/monitor || not "no InterfacesRemoved"
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_console_is_followed() {
	call StartCell s alpha
	fake console alpha "first line" >/dev/null
	./bus-peer console alpha 3000 >/tmp/console 2>&1 &
	local peer=$!
	eventually 3 grep -q "first line" /tmp/console
	fake console alpha "second line" >/dev/null
	eventually 3 grep -q "second line" /tmp/console
	call StopCell s alpha
	cell alpha Destroy
	wait $peer
	equal "$(tail -n 1 /tmp/console)" "[end]" "end of the console"
	matches "$(./bus-peer console alpha 100 2>&1)" 'Error.WrongState'
}

test_original_driver_is_managed_too() {
	# It takes no memory from Linux: some was reserved at boot.
	cp machine/proc/cmdline /tmp/cmdline
	# shellcheck disable=SC2016 # the dollar is memmap's
	echo 'console=ttyS0 memmap=64M$0x20000000' >machine/proc/cmdline
	fake features 0 >/dev/null
	systemctl restart cellmgrd
	matches "$(manager_property Driver)" jailhouse
	equal "$(manager_property Features)" 0
	fake pool-at 0x20000000 0x4000000 >/dev/null
	done_well call StartCell s alpha
	state_is alpha running
	equal "$(property alpha Health)" unknown
	fails Driver "cannot do this" alpha Kill
	fails Driver "no virtual consoles" alpha OpenConsole
	done_well call StopCell s alpha
	state_is alpha shut-down
	done_well call DisableHypervisor b false
	cp /tmp/cmdline machine/proc/cmdline
	fake pool-at 0 0 >/dev/null
	fake features 0x1f >/dev/null
	systemctl restart cellmgrd
}

test_a_restart_that_cannot_start_leaves_the_cell_running() {
	call StartCell s alpha
	mv $images/alpha.bin /tmp/
	fails Invalid "alpha.bin" manager RestartCell s alpha
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
	equal "$(fake calls create)" "$made" "creations"
	rm /etc/cellmgr/cells/aaa.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_a_description_may_go_while_its_cell_is_made() {
	call EnableHypervisor
	mv /etc/cellmgr/cells/broken.json /tmp/
	fake rule create 1 delay=500 >/dev/null
	busctl call org.cellmgr1 "$manager/cell/alpha" org.cellmgr1.Cell Create >/tmp/create 2>&1 &
	eventually 1 operation_is alpha create
	mv /etc/cellmgr/cells/alpha.json /tmp/
	done_well call Reload
	wait $!
	equal "$(cat /tmp/create)" "" "answer"
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
	sed -i 's/"timeout": "1s"/"timeout": "4s"/; s/"force": false/"force": true/' /etc/cellmgr/cells/slow.json
	mv /etc/cellmgr/cells/broken.json /tmp/
	done_well call Reload
	call StartCell s slow
	call StartCell s alpha
	fake answer slow silent >/dev/null
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s slow >/tmp/stop 2>&1 &
	eventually 1 operation_is slow stop
	sleep 1.5
	done_well call Reload
	equal "$(property alpha Health)" ok "health after a reload"
	fake fail alpha 2 0xdead000 4 0x1234 3 >/dev/null
	eventually 1 is_state alpha failed || not "alpha's failure is not told during the stop"
	operation_is slow stop || not "the stop was over already"
	wait $!
	state_is slow failed
	matches "$(property slow LastError)" '^did not answer the shutdown request in time and was killed'
	cell slow Destroy
	rm /etc/cellmgr/cells/slow.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
}

test_cpus_come_and_go() {
	local online=machine/sys/devices/system/cpu/online
	cp $online /tmp/online
	echo 0-2 >$online
	fails Invalid "CPU 3 is offline" manager StartCell s alpha
	cp /tmp/online $online
	done_well call StartCell s alpha
	state_is alpha running
}

test_a_heartbeat_may_be_lost_twice() {
	call StartCell s alpha
	start_monitor
	fake flatline alpha >/dev/null
	eventually 8 is_health alpha failed
	fake beat alpha >/dev/null
	eventually 4 is_health alpha ok
	fake flatline alpha >/dev/null
	eventually 8 is_health alpha failed
	stop_monitor
	equal "$(grep -c '"member":"Failed".*"data":\["heartbeat",""\]' /tmp/monitor)" 2 "signals"
}

test_force_ends_all_though_one_has_locked() {
	call StartCell s alpha
	call StartCell s beta
	fake lock beta >/dev/null
	eventually 3 is_state beta running-locked
	done_well call DisableHypervisor b true
	equal "$(manager_property HypervisorState)" off
	equal "$(fake pool)" 0 "pool"
}
