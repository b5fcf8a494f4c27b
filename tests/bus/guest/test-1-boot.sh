# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# What a boot and the installed files alone bring.

# Before any case has cleared it away.
boot_state=$(systemctl is-active cell@boot.service)/$(property boot State)

test_enabled_cell_runs_after_boot() {
	equal "$boot_state" active/running "cell@boot and its cell"
	matches "$(systemctl show -p After cell@boot)" cellmgrd.service
	equal "$(systemctl show -p FragmentPath --value cell@boot)" \
		/lib/systemd/system/cell@.service
}

test_units_verify() {
	local output
	output=$(systemd-analyze verify cellmgrd.service cell@alpha.service cells.target 2>&1 |
		grep -E 'cellmgr|cell@|cells\.target' | grep -v 'man cell')
	equal "$output" ""
}

test_watchdog_and_notify() {
	equal "$(systemctl show -p Type --value cellmgrd)" notify
	equal "$(systemctl show -p WatchdogUSec --value cellmgrd)" 30s
	matches "$(systemctl show -p StatusText --value cellmgrd)" "Hypervisor off, 0 of [0-9]+ cells running"
}
