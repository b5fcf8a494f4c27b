#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cells that are enabled go down with the machine in the reverse of their order and come up in it with the
# next boot; and what systemd does at the end of a unit it does at a cell's.
# boot: own
# options: --next-kernel
# timeout: 500
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

units=/etc/systemd/system
# On the disk, which the next kernel has as well.
ended=/var/cells-that-ended

since_boot() { systemctl show -P "${2-Active}EnterTimestampMonotonic" "$1"; }
comes_before() { is "$1 comes before $2" $(($(since_boot "$1") < $(since_boot "$2"))) 1; }
unit_has() { [[ $(systemctl show -P "$2" "$1") == "$3" ]]; }
was_restarted() { (($(systemctl show -P NRestarts cell@mischief) > 0)); }

# drop_in UNIT LINE...: below [Service], or what one of the lines begins.
drop_in() {
	mkdir -p "$units/$1.d"
	printf '%s\n' '[Service]' "${@:2}" >"$units/$1.d/test.conf"
	systemctl daemon-reload
}

# describe_mischief PARAMETERS
describe_mischief() {
	cat >"$descriptions/mischief.json" <<-END
		{ "cpus": [1], "memory": "1M", "image": "mischief.bin", "parameters": "$1", "heartbeat": "5s",
		  "after": ["grid"], "stop": { "timeout": "2s" } }
	END
	reload
	systemctl daemon-reload
}

if in_next_kernel; then
	like 'control: it came by kexec' "$(</proc/cmdline)" ' by-kexec$'
	is 'the cells ended in the reverse order' "$(paste -sd' ' "$ended")" 'grid turbine'
	like 'and the hypervisor closed' "$(grep -a cellvisor: /run/results/console.log)" 'hypervisor off'
	for unit in cell@turbine.service cell@grid.service cells.target; do
		is "$unit is active after the boot" "$(systemctl is-active $unit)" active
	done
	comes_before cell@turbine.service cell@grid.service
	comes_before cell@grid.service cells.target
	is 'no unit failed in the boot' "$(systemctl --failed --no-legend --plain)" ''
	turbine_reports 'the turbine reports'
	begin

	describe_mischief 'refuse-shutdown delay-ms=0'
	drop_in cell@mischief.service TimeoutStopSec=6s
	check 'a cell that refuses starts' cellctl start mischief
	check 'and its unit with it' eventually 30 unit_has cell@mischief ActiveState active
	eventually_check 'it refuses from now on' 30 console_has mischief 'denying shutdown'
	from=$SECONDS
	systemctl stop cell@mischief
	between 'the stop is over when its time is' $((SECONDS - from)) 4 40
	is 'its unit failed' "$(systemctl is-active cell@mischief)" failed
	is 'since the cell was killed' "$(cell_property mischief State)" failed
	like 'as its journal says' "$(journalctl -b -u cell@mischief -o cat)" 'does not stop: .*denied'

	describe_mischief 'wild-write delay-ms=1500'
	cat >"$units/told.service" <<-'END'
		[Service]
		Type=oneshot
		ExecStart=/bin/touch /run/told
	END
	drop_in cell@mischief.service '[Unit]' OnFailure=told.service
	check 'a cell that fails starts' systemctl start cell@mischief
	eventually_check 'OnFailure= is told' 60 test -e /run/told
	is 'of a unit that failed' "$(systemctl is-active cell@mischief)" failed
	drop_in cell@mischief.service Restart=on-failure RestartSec=500ms
	check 'it starts again' systemctl start cell@mischief
	eventually_check 'Restart= starts it anew' 60 was_restarted
	check 'what is stopped over the bus' cellctl stop mischief
	sleep 2
	like 'is not started by it' "$(systemctl is-active cell@mischief)" '^(inactive|failed)$'
	turbine_goes_on 'the turbine did not notice'
	check 'all cells together are stopped' systemctl stop cells.target
	check 'the last one in the end' eventually 60 unit_has cell@turbine ActiveState inactive
	is 'the one that comes after' "$(systemctl is-active cell@grid)" inactive
	is 'before the other' $(($(since_boot cell@grid Inactive) < $(since_boot cell@turbine Inactive))) 1
	rm -rf "$units"/cell@*.d "$units/told.service" "$ended"
	systemctl disable -q cell@turbine cell@grid
	end
	exit
fi

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
cat >"$descriptions/grid.json" <<-END
	{ "cpus": [2], "memory": "1M", "image": "$PWD/ticks.bin", "parameters": "hz=20", "heartbeat": "5s",
	  "requires": ["turbine"] }
END
reload
drop_in cell@.service "ExecStopPost=+/bin/sh -c 'echo %i >>$ended'"
check 'the cells are enabled' systemctl enable -q cell@turbine cell@grid
fails 'one that requires another does not start before it' cellctl start grid
check 'but with it as a unit' systemctl start cell@grid
is 'both run' "$(cell_property turbine State) $(cell_property grid State)" 'running running'
comes_before cell@turbine.service cell@grid.service
check 'both are up' cell_is grid Up true
rm -f "$ended"
like 'somebody who does not know of them is warned' "$(systemd-inhibit --list --no-legend 2>&1)" 'cellmgrd.*shutdown.*block'
check 'the next kernel is loaded' load_kernel load by-kexec
leave_kernel
dmesg -n 7
systemctl kexec
sleep 100
not_ok 'the next kernel comes' "$(systemctl list-jobs --no-legend)"
finish
