# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# What a boot and the installed files alone bring.

# Before any case has cleared it away.
boot_state=$(state_of "cell@boot.service")/$(property boot State)

test_enabled_cell_runs_after_boot() {
	is "cell@boot and its cell" "$boot_state" active/running
	like "what cell@boot comes after" "$(systemctl show -p After cell@boot)" cells-pre.target
	like "and that" "$(systemctl show -p After cells-pre.target)" cellmgrd.service
	like "what the machine's end does with it" "$(systemctl show -p Conflicts cells-pre.target)" \
		shutdown.target
	is "cells-pre.target" "$(state_of "cells-pre.target")" active
	like "what brings the daemon" "$(systemctl show -p Wants cells-pre.target)" cellmgrd.service
	like "what is there until cells were asked" "$(systemctl show -p After cells-pre.target)" dbus.service
	fails "it is not stopped beside cells" systemctl stop cells-pre.target
	like "what waits for a cell that is not enabled, too" "$(systemctl show -p Before cell@alpha)" cells.target
	like "what the daemon comes after" "$(systemctl show -p After cellmgrd)" modprobe@cellvisor.service
	is "what of a cell's unit is killed at last" "$(systemctl show -p KillMode --value cell@boot)" mixed
	is "where memory blocks are, and records" "$(systemctl show -p ReadWritePaths --value cellmgrd)" \
		"-/sys/devices/system/memory -/var/lib/cellmgr"
	is "directories, and who may look into them" "$(sed -n 's/^d //p' /usr/lib/tmpfiles.d/cellmgr.conf | while read -r path mode _; do
		[ "$(stat -c %a "$path")" = "${mode#0}" ] && echo "$path ${mode#0}"
	done | xargs)" "/run/cellmgr 755 /run/cellmgr/cells 755 /run/cellmgr/links 755 /etc/cellmgr/cells 755 /var/lib/cellmgr 755 \
/var/lib/cellmgr/crash 700"
	is "the unit's file" "$(systemctl show -p FragmentPath --value cell@boot)" \
		/lib/systemd/system/cell@.service
}

test_units_verify() {
	local output
	output=$(systemd-analyze verify cellmgrd.service cell@alpha.service cells.target cells-pre.target 2>&1 |
		grep -E 'cellmgr|cell@|cells\.target|cells-pre' | grep -v 'man cell')
	is "complaints" "$output" ""
}

test_watchdog_and_notify() {
	is "type of the unit" "$(systemctl show -p Type --value cellmgrd)" notify
	is "watchdog of the unit" "$(systemctl show -p WatchdogUSec --value cellmgrd)" 30s
	like "status of cellmgrd" "$(status_of cellmgrd)" \
		"Hypervisor off, 0 of [0-9]+ cells running"
}

# lacks UNIT WORDS: of the means that systemd has.
lacks() {
	is "what $1 does without" "$(systemd-analyze security --no-pager --json=short "$1.service" |
		jq -r '.[] | select(.set == false) | .json_field' | sort | tr '\n' ' ')" "$2 "
}

# writable PID: the mounts whose files it may write.
writable() {
	awk '$6 ~ /(^|,)rw(,|$)/ { print $5 }' "/proc/$1/mountinfo" | sort | paste -sd' '
}

# What a fault in it could do to the machine beside what it is for, as systemd counts it.
test_daemon_is_kept_in() {
	local unit exposure
	for unit in cellmgrd cell@alpha; do
		systemctl start "$unit"
		exposure=$(systemd-analyze security --no-pager "$unit.service" | sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
		between "tenths of the exposure of $unit" "$((10#${exposure:-99}))" 0 20
	done
	# What they lack they need: all else is there.
	lacks cellmgrd "CapabilityBoundingSet_CAP_SYS_ADMIN CapabilityBoundingSet_CAP_SYS_RAWIO DeviceAllow PrivateDevices \
PrivateNetwork PrivateUsers ProcSubset ProtectHome RestrictAddressFamilies_AF_NETLINK RestrictAddressFamilies_AF_UNIX \
RootDirectoryOrRootImage UMask UserOrDynamicUser"
	lacks cell@alpha "DeviceAllow PrivateNetwork PrivateTmp PrivateUsers ProcSubset ProtectControlGroups \
ProtectKernelTunables ProtectProc RestrictAddressFamilies_AF_UNIX RootDirectoryOrRootImage UMask UserOrDynamicUser"
	# A container has two of its own in /proc.
	is "what cell@alpha may write to" "$(writable "$(pid_of cell@alpha)")" "/dev/mqueue /dev/pts /dev/shm \
/proc/sys/kernel/random/boot_id /proc/sys/net /run/cellmgr/units"
	is "how ready Linux is to end a cell's unit" "$(systemctl show -p OOMScoreAdjust --value cell@alpha)" -900
	like "files that the daemon may have open" "$(cat "/proc/$(pid_of cellmgrd)/limits")" 'Max open files +8192 +8192'
	is "network namespace of a cell's unit" \
		"$(readlink "/proc/$(pid_of cell@alpha)/ns/net")" "$(readlink /proc/1/ns/net)"
	is "capabilities of the daemon" "$(systemctl show -p CapabilityBoundingSet --value cellmgrd)" \
		"cap_sys_rawio cap_sys_admin"
}
