# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The devices that the machine has for cells, and a cell that uses the card; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

edu=0000:00:10.0 nic=0000:00:11.0
devices=/sys/bus/pci/devices

# driver_of PLACE: its name, "" for none.
driver_of() {
	local link
	link=$(readlink "$devices/$1/driver")
	echo "${link##*/}"
}
driver_is() { [[ $(driver_of "$1") == "$2" ]]; }

# statistic NAME: of the interface, 0 where there is none.
statistic() { cat "$devices/$nic"/net/*/"statistics/$1" 2>/dev/null || echo 0; }
receives() { (($(statistic rx_packets) > 0)); }

# nic_up: its interface begins.
nic_up() {
	udevadm settle -t 20
	echo 0x1003 >"$(echo $devices/$nic/net/*/flags)"
}

# nic_works NAME: Linux' driver has it, the link is up, and something comes: the network answers to the
# search for routers with which an interface begins.
nic_works() {
	eventually_check "$1: its driver has it" 20 driver_is $nic e1000e
	nic_up
	eventually_check "$1: the link is up" 30 grep -qsx 1 $devices/$nic/net/*/carrier
	eventually_check "$1: packets come" 40 receives
}

# cell NAME DEVICES [MORE]
cell() {
	printf '{ "cpus": [2], "memory": "1M", "image": "%s",\n  "devices": [%s]%s }\n' \
		"$PWD/pci-device.bin" "$2" "${3-}" >"$descriptions/$1.json"
	reload
}

unprotected=', "dma": "unprotected"'
take="{ \"pci\": \"8086:10d3\", \"take-from\": \"e1000e\" }"
card="$unprotected, \"parameters\": \"nic=0x88 others=0\""
stays="$unprotected, \"parameters\": \"nic=0x88 others=0 stay\""
# card_works [CELL]
card_works() { cellctl console "${1:-card}" | grep -qE '^(done|it stays), 0 failed'; }
