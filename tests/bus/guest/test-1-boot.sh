# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# What a boot and the installed files alone bring.

# Before any case has cleared it away.
boot_state=$(systemctl is-active cell@boot.service)/$(property boot State)

test_enabled_cell_runs_after_boot() {
	is "cell@boot and its cell" "$boot_state" active/running
	like "what cell@boot comes after" "$(systemctl show -p After cell@boot)" cellmgrd.service
	is "the unit's file" "$(systemctl show -p FragmentPath --value cell@boot)" \
		/lib/systemd/system/cell@.service
}

test_units_verify() {
	local output
	output=$(systemd-analyze verify cellmgrd.service cell@alpha.service cells.target 2>&1 |
		grep -E 'cellmgr|cell@|cells\.target' | grep -v 'man cell')
	is "complaints" "$output" ""
}

test_watchdog_and_notify() {
	is "type of the unit" "$(systemctl show -p Type --value cellmgrd)" notify
	is "watchdog of the unit" "$(systemctl show -p WatchdogUSec --value cellmgrd)" 30s
	like "status of cellmgrd" "$(systemctl show -p StatusText --value cellmgrd)" \
		"Hypervisor off, 0 of [0-9]+ cells running"
}
