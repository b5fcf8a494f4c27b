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
	fake ungarble beta >/dev/null
	property_becomes 5 beta Health ok
	done_well call StopCell s beta
}
