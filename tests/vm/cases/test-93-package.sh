#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The package on a machine with cells: an upgrade changes the daemon and no cell notices; it cannot be removed
# while a cell runs, and is gone for good when none does. (What it needs of other packages tests/package/run
# sees; this machine has no libmodbus.)
# boot: own
# packages: yes
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

if [[ ! -e cellmgr.deb ]]; then
	skip 'packages' 'there are none: ./package makes them'
	finish
	exit
fi
install_package() { dpkg --force-depends --force-confold -i "$1"; }
pid_of_daemon() { systemctl show -P MainPID cellmgrd; }

# next_package: the same as a later version, and with a daemon that is told from the other.
next_package() {
	dpkg-deb -R cellmgr.deb /tmp/next && sed -i 's/^Version: .*/&+next/' /tmp/next/DEBIAN/control &&
		dpkg-deb --root-owner-group -Znone -b /tmp/next /tmp/next.deb
}

mark=$(kernel_log_mark)
systemctl stop cellmgrd
check 'the package installs' install_package cellmgr.deb
check 'the daemon has been started' systemctl is-active --quiet cellmgrd
modprobe cellvisor
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'a cell starts, as a unit' systemctl start cell@turbine
turbine_reports 'it runs'
started=$(cell_property turbine StartedAt) id=$(cell_property turbine Id) daemon=$(pid_of_daemon)
unit=$(systemctl show -P MainPID cell@turbine)

check 'control: a later version' next_package
check 'the upgrade goes through' install_package /tmp/next.deb
like 'it is the later one' "$(dpkg-query -W -f '${Version}' cellmgr)" '\+next$'
check 'a daemon runs' systemctl is-active --quiet cellmgrd
check 'another one' [ "$(pid_of_daemon)" != "$daemon" ]
eventually_check 'it knows the cell' 20 cell_is turbine State running
is 'which is the same run' "$(cell_property turbine StartedAt) $(cell_property turbine Id)" "$started $id"
is 'and the same unit' "$(systemctl show -P MainPID cell@turbine)" "$unit"
turbine_reports 'it has not stopped'

fails 'while it runs the package cannot be removed' dpkg -r cellmgr
has_line 'it is said why' "$(dpkg -r cellmgr 2>&1)" '^cellmgr: cell turbine runs'
is 'the package is whole' "$(dpkg-query -W -f '${db:Status-Status}' cellmgr)" installed
check 'the daemon runs on' systemctl is-active --quiet cellmgrd
turbine_reports 'so does the cell'

check 'the cell is stopped' systemctl stop cell@turbine
rm -f "$descriptions"/*.json
check 'now it can be removed' dpkg -r cellmgr
is 'the hypervisor is off' "$(cat $sysfs/enabled)" 0
all_cpus_back
fails 'no daemon runs' systemctl is-active --quiet cellmgrd
fails 'cellctl is gone' test -e /usr/bin/cellctl
is 'no unit is left' "$(find /usr/lib/systemd/system -name 'cell*')" ''
fails 'nor is state' test -e /run/cellmgr
check 'it can be purged' dpkg -P cellmgr
fails 'nothing is left in /etc' test -e /etc/cellmgr
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
