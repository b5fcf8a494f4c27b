# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The turbine's control loop for 3 s beside a busy Linux; sourced by the tests of both machines.

# console_has CELL REGEX
console_has() { cellctl console "$1" | grep -qE "$2"; }

# turbine_under_load: prints the turbine's summary line, and on a second line the cell's exits.
# Returns non-zero where there is none.
turbine_under_load() {
	local summary exits=/sys/devices/jailhouse/cells
	sed 's/"parameters": .*/"parameters": "cycles=3000",/' \
		/usr/share/doc/cellmgr/examples/turbine.json >/etc/cellmgr/cells/turbine.json
	modprobe cellvisor
	systemctl start cellmgrd && systemctl reload cellmgrd || return 1
	cellctl enable || return 1
	background_load 120
	# The load's CPUs are counted before the turbine takes one.
	cellctl start turbine || return 1
	eventually 100 console_has turbine 'turbine: summary' || { cellctl console turbine; return 1; }
	pkill -f /var/tmp/load- || true
	summary=$(cellctl console turbine | grep 'turbine: summary')
	printf '%s\n' "$summary"
	exits=$(grep -l '^turbine$' "$exits"/*/name)
	cat "${exits%/name}/statistics/vmexits_total"
}

# summary_field NAME LINE
summary_field() { sed -n "s/.*[ ]$1=\([0-9]*\).*/\1/p" <<<"$2"; }
