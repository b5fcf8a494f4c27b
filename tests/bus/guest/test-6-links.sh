# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# Shared memory: Linux' ends come before the first cell of a link and go when nobody needs them.

cells=/etc/cellmgr/cells
links=/run/cellmgr/links
devices=machine/sys/bus/pci/devices
first=0000:00:1e.0 second=0000:00:1d.0
pool=$((48 << 20)) # for cells
plant=$((4 << 10 | 3 << 16)) # bytes of the link as it is described below

# describe CELL CPU LINK...: a cell with links, in force.
describe() {
	local cell=$1 cpu=$2
	shift 2
	[ ! -f $cells/broken.json ] || mv $cells/broken.json /tmp/
	printf '{ "cpus": [%s], "memory": "1M", "image": "alpha.bin",\n"shared-memory": [%s] }\n' \
		"$cpu" "$(IFS=,; echo "$*")" >"$cells/$cell.json"
	done_well call Reload
}

# link NAME PEERS [MORE]
link() {
	printf '{ "name": "%s", "peers": [%s], "size": "64K"%s }' "$1" "$2" "${3-}"
}

# What a case of these leaves.
clear_links() {
	call DisableHypervisor b true
	rm -f $cells/turbine.json $cells/pump.json
	call Reload
	[ ! -f /tmp/broken.json ] || mv /tmp/broken.json $cells/
}

has_end() {
	check "Linux has an end of it at $1" [ -d "$devices/$1" ]
	is "udev's file" "$(cat "$links/$1" 2>&1)" "CELLMGR_LINK=$2"
}

no_end() {
	[ ! -d "$devices/$1" ] && [ ! -e "$links/$1" ]
}

has_no_end() {
	check "Linux has no end of it at $1" no_end "$1"
}

forget_calls() {
	added=$(fake calls add-link) removed=$(fake calls remove-link)
}

calls_are() {
	is "links added and removed" \
		"$(($(fake calls add-link) - added)) $(($(fake calls remove-link) - removed))" "$1 $2"
}

test_link_comes_before_its_first_cell() {
	describe turbine 2 "$(link plant '"root"' ', "vectors": 2')"
	forget_calls
	done_well call StartCell s turbine
	state_is turbine running
	has_end $first turbine-plant
	calls_are 1 0
	# As the driver was told: name, place behind the cell's memory, peers, vectors; and udev.
	is "the link" "$(cat /run/fake/link-$first)" "plant 0x21100000 2 2 CELLMGR_LINK=turbine-plant"
	manager_is MemoryFree $((pool - (1 << 20) - plant))
	# It is not for one life of the cell.
	call StopCell s turbine
	done_well cell turbine Destroy
	has_end $first turbine-plant
	manager_is MemoryFree $((pool - plant))
	done_well call StartCell s turbine
	calls_are 1 0
	call StopCell s turbine
	done_well call DisableHypervisor b false
	has_no_end $first
	calls_are 1 1
	manager_is HypervisorState off
	clear_links
}

test_create_alone_brings_the_link_too() {
	describe turbine 2 "$(link plant '"root"')" "$(link other '"root"')"
	call EnableHypervisor
	forget_calls
	done_well cell turbine Create
	state_is turbine created
	has_end $first turbine-plant
	has_end $second turbine-other
	calls_are 2 0
	clear_links
	has_no_end $first
	has_no_end $second
}

test_link_goes_with_the_last_who_wants_it() {
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	cell turbine Create
	forget_calls
	# Neither while the cell is there ...
	rm $cells/turbine.json
	done_well call Reload
	sleep 0.5
	has_end $first turbine-plant
	calls_are 0 0
	# ... nor for longer.
	done_well cell turbine Destroy
	eventually_check "the link goes" 15 no_end $first
	calls_are 0 1
	manager_is MemoryFree $pool
	clear_links
}

test_link_of_a_description_that_goes() {
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	cell turbine Create
	cell turbine Destroy
	has_end $first turbine-plant
	rm $cells/turbine.json
	call Reload
	eventually_check "the link goes" 15 no_end $first
	manager_is MemoryFree $pool
	clear_links
}

test_changed_link_is_made_anew() {
	describe turbine 2 "$(link plant '"root"')"
	call StartCell s turbine
	call StopCell s turbine
	forget_calls
	describe turbine 2 "$(link plant '"root"' ', "common": 0')"
	# Of a cell that exists nothing is taken away.
	has_end $first turbine-plant
	calls_are 0 0
	done_well call StartCell s turbine
	state_is turbine running
	has_end $first turbine-plant
	calls_are 1 1
	manager_is MemoryFree $((pool - (1 << 20) - plant + (64 << 10)))
	clear_links
}

test_changed_link_needs_no_second_place() {
	local slots
	slots=$(seq -f %02.0f 10 19 | sed "s,.*,$devices/0000:00:&.0,")
	slots+=" $(echo $devices/0000:00:{0{5..9},{0,1}{a..d}}.0) $devices/0000:00:0e.0 $devices/0000:00:0f.0"
	# shellcheck disable=SC2086 # many
	mkdir $slots
	describe turbine 2 "$(link plant '"root"')"
	call StartCell s turbine
	has_end $first turbine-plant
	call StopCell s turbine
	describe turbine 2 "$(link plant '"root"' ', "vectors": 3')"
	done_well call StartCell s turbine
	has_end $first turbine-plant
	describe pump 1 "$(link plant '"root"')"
	fails_with NoResources 'shared-memory\[0\]: there is no place left on PCI bus 0 for link plant' \
		manager StartCell s pump
	# shellcheck disable=SC2086
	rmdir $slots
	done_well call StartCell s pump
	clear_links
}

test_as_many_links_as_can_be() {
	local n all=() others=()
	for n in 1 2 3 4 5 6 7 8; do
		all+=("$(link "l$n" '"root"')") others+=("$(link "l$n" '"root"' ', "vectors": 2')")
	done
	describe turbine 2 "${all[@]}"
	forget_calls
	done_well call StartCell s turbine
	calls_are 8 0
	has_end $first turbine-l1
	has_end 0000:00:17.0 turbine-l8
	call StopCell s turbine
	describe turbine 2 "${others[@]}"
	done_well call StartCell s turbine
	state_is turbine running
	calls_are 16 8
	clear_links
	calls_are 16 16
}

test_peers_are_at_one_place() {
	describe pump 1 "$(link all '"turbine", "root"')"
	fails_with Invalid 'pump.json:2:46: shared-memory\[0\].peers\[0\]: .*no description of a cell turbine' \
		manager StartCell s pump
	has_no_end $first
	describe turbine 2 "$(link all '"root", "pump"')"
	forget_calls
	done_well call StartCell s turbine
	done_well call StartCell s pump
	has_end $first pump-all
	calls_are 1 0
	is "places of the link" "$(grep -h -A1 '"id": *"all root pump turbine"' /run/cellmgr/state /run/cellmgr/records/* |
		grep -o '"bdf": *[0-9]*' | sort | uniq -c | sed 's/^ *//')" '3 "bdf":240'
	manager_is MemoryFree $((pool - (2 << 20) - (4 << 10 | 4 << 16)))
	# A peer that cannot agree any more.
	call StopCell s turbine
	describe turbine 2 "$(link all '"root", "pump"' ', "vectors": 3')"
	fails_with Invalid 'vectors: is 3 here and 1 in cell pump' manager StartCell s turbine
	describe pump 1 "$(link all '"turbine", "root"' ', "vectors": 3')"
	fails_with Invalid 'link all is there with other sizes or vectors; destroy the cells' \
		manager StartCell s turbine
	state_is pump running
	has_end $first pump-all
	call StopCell s pump
	cell pump Destroy
	cell turbine Destroy
	done_well call StartCell s turbine
	done_well call StartCell s pump
	clear_links
}

test_link_between_cells_is_none_of_linux() {
	describe turbine 2 "$(link pair '"pump"')"
	describe pump 1 "$(link pair '"turbine"')"
	fake features 0x1df >/dev/null
	systemctl restart cellmgrd
	forget_calls
	done_well call StartCell s turbine
	done_well call StartCell s pump
	has_no_end $first
	calls_are 0 0
	manager_is MemoryFree $((pool - (2 << 20) - plant))
	fake features 0x3ff >/dev/null
	systemctl restart cellmgrd
	clear_links
}

test_link_needs_a_driver_that_has_them() {
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	forget_calls
	# While the driver says nothing of it.
	fake features 0x1df >/dev/null
	fails_with Driver 'Linux its end of link turbine-plant: the driver in use can give Linux no end of a link' \
		manager StartCell s turbine
	systemctl restart cellmgrd
	fails_with Invalid 'shared-memory\[0\].peers: .*driver in use cannot give Linux an end' \
		manager StartCell s turbine
	state_is turbine defined
	has_no_end $first
	calls_are 0 0
	fake features 0x3ff >/dev/null
	systemctl restart cellmgrd
	done_well call StartCell s turbine
	clear_links
}

test_errors_of_a_link_that_comes() {
	local answer
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	while read -r rule error text; do
		fake rule add-link 1 "$rule" >/dev/null
		fails_with "$error" "$text" manager StartCell s turbine
		state_is turbine defined
		has_no_end $first
		is "links on record" "$(cat /run/cellmgr/state /run/cellmgr/records/* 2>/dev/null | grep -c '"id": *"')" 0
		manager_is MemoryFree $pool
		property_like turbine LastError "$text"
	done <<-END
		EBUSY NoResources link turbine-plant: its memory is in use
		ENOSPC NoResources link turbine-plant: there is no room for its registers
		EEXIST Driver link turbine-plant: there is another device at its place
		ENOMEM NoResources link turbine-plant: not enough memory in the hypervisor
		EIO Driver link turbine-plant: Input/output error; the kernel log
		ETIMEDOUT Timeout link turbine-plant: no answer in time
		lie Driver add-link of turbine-plant was done, but Linux has no device at $first
	END
	answer=$(journal MESSAGE_ID=58f2e6c04d7b4a19a8e31c9b7d605f24)
	like "journal of the lie" "$answer" 'said that add-link of turbine-plant was done'
	done_well call StartCell s turbine
	has_end $first turbine-plant
	clear_links
}

test_errors_of_a_link_that_goes() {
	describe turbine 2 "$(link plant '"root"')"
	while read -r rule error text; do
		call StartCell s turbine
		call StopCell s turbine
		fake rule remove-link 1 "$rule" >/dev/null
		fails_with "$error" "$text" manager DisableHypervisor b false
		manager_is HypervisorState enabled
		has_end $first turbine-plant
		# Another time it may be so.
		done_well call DisableHypervisor b false
		has_no_end $first
	done <<-END
		EBUSY Busy link turbine-plant: a cell still has an end of it, or a driver its device; the kernel log says which
		EIO Driver link turbine-plant: Input/output error
		ETIMEDOUT Timeout link turbine-plant: no answer in time
		lie Driver remove-link of turbine-plant was done, but Linux has still its device at $first
	END
	# One that is not there is gone.
	call StartCell s turbine
	call StopCell s turbine
	fake rule remove-link 1 ENOENT >/dev/null
	fails_with Driver "Linux has still its device" manager DisableHypervisor b false
	# Who forces it gets it.
	fake rule remove-link 1 EIO >/dev/null
	done_well call DisableHypervisor b true
	manager_is HypervisorState off
	has_no_end $first
	clear_links
}

test_link_that_stays_is_in_nobodys_way() {
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	cell turbine Create
	cell turbine Destroy
	fake rule remove-link 1 EIO >/dev/null
	forget_calls
	rm $cells/turbine.json
	call Reload
	eventually_check "a removal is tried" 15 removal_was_tried
	sleep 1.5
	calls_are 0 1
	like "journal" "$(journal)" 'its end of link turbine-plant: Input/output error.*; it is left there'
	# Its memory is not given away.
	manager_is MemoryFree $((pool - plant))
	describe pump 1 "$(link plant '"root"')"
	eventually_check "and tried again when something has changed" 15 no_end $first
	done_well call StartCell s pump
	calls_are 1 2
	# Nor is one left to the end of the hypervisor that would go by now.
	done_well call StopCell s pump
	fake rule remove-link 0 EIO >/dev/null
	done_well cell pump Destroy
	rm $cells/pump.json
	call Reload
	eventually_check "another removal is tried" 15 removals_are 3
	# The daemon knows by then what came of it.
	eventually_check "and it is left there" 15 are_left_there 2
	done_well call Apply s ""
	eventually_check "and with the next plan" 15 removals_are 4
	fake clear >/dev/null
	done_well call DisableHypervisor b false
	calls_are 1 5
	clear_links
}

# What cannot be put on record does not come, and is nowhere then.
test_link_that_cannot_be_put_on_record() {
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	forget_calls
	mkdir /run/cellmgr/state.new
	fails_with NoResources "/run/cellmgr cannot be written" turbine Create
	manager_is MemoryFree $pool
	rmdir /run/cellmgr/state.new
	call Reload
	has_no_end $first
	done_well cell turbine Create
	calls_are 1 0
	has_end $first turbine-plant
	clear_links
}

removals_are() {
	[ "$(($(fake calls remove-link) - removed))" = "$1" ]
}

are_left_there() {
	[ "$(journal | grep -c 'it is left there')" = "$1" ]
}

removal_was_tried() {
	[ "$(fake calls remove-link)" -gt "$removed" ]
}

test_killed_daemon_knows_its_links() {
	describe turbine 2 "$(link plant '"root"')"
	call StartCell s turbine
	forget_calls
	kill_daemon
	state_is turbine running
	has_end $first turbine-plant
	manager_is MemoryFree $((pool - (1 << 20) - plant))
	call StopCell s turbine
	# Whatever it was about to do.
	local intent
	for intent in add-link remove-link; do
		systemctl stop cellmgrd
		sed -i "/\"vectors\"/{n;s/\"intent\": *\"\"/\"intent\":\"$intent\"/}" /run/cellmgr/state
		like "the intent is there" "$(grep -c "\"$intent\"" /run/cellmgr/state)" 1
		systemctl start cellmgrd
		state_is turbine shut-down
		has_end $first turbine-plant
		manager_is MemoryFree $((pool - (1 << 20) - plant))
	done
	cell turbine Destroy
	done_well call StartCell s turbine
	calls_are 0 0
	# Linux has lost it meanwhile.
	call StopCell s turbine
	cell turbine Destroy
	systemctl stop cellmgrd
	fake links-gone >/dev/null
	systemctl start cellmgrd
	manager_is MemoryFree $pool
	has_no_end $first
	done_well call StartCell s turbine
	calls_are 1 0
	clear_links
}

test_killed_in_the_middle_of_a_link() {
	describe turbine 2 "$(link plant '"root"')"
	call EnableHypervisor
	fake rule add-link 1 hang >/dev/null
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager StartCell s turbine >/dev/null 2>&1 &
	eventually_check "the intent is written" 30 grep -q '"intent": *"add-link"' /run/cellmgr/state
	eventually_check "udev's file is there before" 30 grep -qsx CELLMGR_LINK=turbine-plant $links/$first
	kill_daemon
	fake clear >/dev/null
	state_is turbine defined
	has_no_end $first
	manager_is MemoryFree $pool
	done_well call StartCell s turbine
	fake rule remove-link 1 hang >/dev/null
	call StopCell s turbine
	busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager DisableHypervisor b false >/dev/null 2>&1 &
	eventually_check "the intent is written" 30 grep -q '"intent": *"remove-link"' /run/cellmgr/state
	kill_daemon
	fake clear >/dev/null
	manager_is HypervisorState enabled
	has_end $first turbine-plant
	clear_links
	has_no_end $first
}
