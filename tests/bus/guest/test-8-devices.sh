# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# PCI devices of the machine in cells: who has them, and what is said where they are not to be had.

cells=/etc/cellmgr/cells
pci=machine/sys/bus/pci/devices
card=0000:00:08.0

# put_card [DRIVER]: a network card of the machine; what has its registers is no file of a kernel's.
put_card() {
	local dir=$pci/$card
	mkdir -p $dir
	echo 0x8086 >$dir/vendor
	echo 0x15b7 >$dir/device
	echo '0x00000000c0000000 0x00000000c001ffff 0x0000000000040200' >$dir/resource
	for _ in 1 2 3 4 5; do
		echo '0x0000000000000000 0x0000000000000000 0x0000000000000000' >>$dir/resource
	done
	{
		printf '\x86\x80\xb7\x15\x07\x00\x00\x00\x00\x00\x00\x02'
		head -c 244 /dev/zero
	} >$dir/config
	[ ! "${1-}" ] || ln -s "../../drivers/$1" $dir/driver
}

card_driver() {
	local link
	link=$(readlink $pci/$card/driver)
	echo "${link##*/}"
}

# cell_with DEVICES [MORE]: in force.
cell_with() {
	[ ! -f $cells/broken.json ] || mv $cells/broken.json /tmp/
	printf '{ "cpus": [2], "memory": "1M", "image": "alpha.bin",\n"devices": [%s]%s }\n' \
		"$1" "${2-, \"dma\": \"unprotected\"}" >$cells/drive.json
	call Reload
}

clear_card() {
	call DisableHypervisor b true
	rm -rf $cells/drive.json ${pci:?}/$card
	call Reload
	[ ! -f /tmp/broken.json ] || mv /tmp/broken.json $cells/
}

test_device_is_taken_as_the_description_says() {
	local id
	put_card e1000e
	done_well cell_with '{ "pci": "8086:15b7", "take-from": "e1000e" }, "port:0x2f8-0x2ff"'
	property_is drive Dma unprotected
	property_is drive Devices '2 "pci:8086:15b7" "port:0x2f8-0x2ff"'
	property_is alpha Dma none
	property_is alpha Devices 0
	done_well call StartCell s drive
	is 'the driver that holds it' "$(card_driver)" cellvisor-pci
	sed 's/\[2\]/[1]/' $cells/drive.json >$cells/rival.json
	done_well call Reload
	fails_with Invalid 'rival.json:[0-9]+:[0-9]+: devices.*: PCI device 8086:15b7 belongs to cell drive' rival Create
	rm $cells/rival.json
	# What the device has cannot be read any more: that makes no other cell of it.
	printf '\xff%.0s' {1..256} >$pci/$card/config
	id=$(property drive Id)
	systemctl restart cellmgrd
	state_is drive running
	done_well cell drive Stop
	done_well call StartCell s drive
	is "it was not made anew" "$(property drive Id)" "$id"
	done_well cell drive Stop
	done_well cell drive Destroy
	is 'its driver has it again' "$(card_driver)" e1000e
	clear_card
}

test_pins_are_among_the_devices() {
	[ ! -f $cells/broken.json ] || mv $cells/broken.json /tmp/
	echo '{ "cpus": [2], "memory": "1M", "devices": { "pins": [20, 22], "ports": [{ "base": 9, "count": 1 }] } }' >$cells/drive.json
	done_well call Reload
	property_is drive Devices '3 "port:0x9-0x9" "pin:20" "pin:22"'
	clear_card
}

test_device_in_use_is_refused_with_its_driver() {
	put_card e1000e
	done_well call EnableHypervisor
	done_well cell_with "\"pci:$card\""
	call CheckAll
	like 'what the check says' "$output" 'drive.json" "error" "devices.0." "line 2, column 13: PCI device 0000:00:08.0 is in use by Linux..? driver e1000e'
	fails_with Invalid "in use by Linux' driver e1000e" drive Create
	is 'the driver keeps it' "$(card_driver)" e1000e
	done_well cell_with '{ "pci": "8086:15b7", "take-from": "igb" }'
	fails_with Invalid 'driver e1000e, not igb' drive Create
	rm $pci/$card/driver
	done_well cell_with "\"pci:$card\""
	# It comes between the check and the call.
	fake rule create 1 EUSERS >/dev/null
	fails_with NoResources 'in use by a driver of Linux; the kernel log names both' drive Create
	fake rule create 1 ENODEV >/dev/null
	fails_with NoResources 'a PCI device of it is not there' drive Create
	fake rule create 1 EXDEV >/dev/null
	fails_with NoResources 'no cell can have one of its PCI devices' drive Create
	rm -r ${pci:?}/$card
	fails_with Invalid 'is not in this machine' drive Create
	clear_card
}

test_device_without_a_word_about_dma_is_refused() {
	put_card
	[ ! -f $cells/broken.json ] || mv $cells/broken.json /tmp/
	printf '{ "cpus": [2], "memory": "1M",\n"devices": ["pci:%s"] }\n' $card >$cells/drive.json
	done_well call Reload
	state_is drive invalid
	fails_with Invalid 'drive.json:2:13: devices\[0\]: .*can read and write all .*"dma": "unprotected"' \
		manager StartCell s drive
	clear_card
}
