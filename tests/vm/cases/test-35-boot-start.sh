#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cell that is enabled runs after the boot, and nobody had to ask for it.
# boot: own
# options: --enable cell@turbine.service --file inmates/turbine/turbine.json:etc/cellmgr/cells/turbine.json
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

unit_property() { systemctl show -P "$2" "$1"; }

mark=$(kernel_log_mark)
is 'the cell is enabled' "$(systemctl is-enabled cell@turbine)" enabled
is 'its unit is active' "$(systemctl is-active cell@turbine)" active
is 'and so are the cells together' "$(systemctl is-active cells.target)" active
is 'they are part of the boot' "$(systemctl is-active multi-user.target)" active
like 'the target wants the cell' " $(unit_property cells.target Wants) " ' cell@turbine\.service '
is 'the bus says that the cell runs' "$(cell_property turbine State)" running
is 'the driver says so, too' \
	"$(cat "/sys/devices/jailhouse/cells/$(cell_property turbine Id)/state")" running
booted=$(awk '/^btime/ { print $2 }' /proc/stat)
between 'it was started in this boot' "$(($(cell_property turbine StartedAt) / 1000000))" \
	$((booted - 5)) "$(date +%s)"
is 'its CPU is no longer of Linux' "$(cat /sys/devices/system/cpu/online)" 0-2
like 'nothing on the kernel command line is for our sake' "$(cat /proc/cmdline)" \
	'^console=ttyS0 root=/dev/vda quiet mitigations=off cryptomgr\.notests( no_timer_check)?$'
turbine_reports 'it reports'
turbine_goes_on 'and goes on'
is 'no unit failed in the boot' "$(systemctl --failed --no-legend --plain)" ''
check 'it stops when asked' systemctl stop cell@turbine
end
