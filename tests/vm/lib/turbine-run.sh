# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The turbine's control loop for 3 s beside a busy Linux; sourced by the tests of both machines.
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# mebibytes_written: to the machine's disk since it booted.
mebibytes_written() { awk '$3 == "vda" { print int($10 / 2048) }' /proc/diskstats; }

# turbine_under_load: prints the turbine's summary line, the cell's exits, and how many MiB Linux
# wrote to its disk meanwhile, each on a line. Returns non-zero where there is no summary.
turbine_under_load() {
	local summary written exits=$sysfs/cells
	describe turbine turbine 's/"parameters": .*/"parameters": "cycles=3000",/' || return 1
	cellctl enable || return 1
	background_load 120
	written=$(mebibytes_written)
	cellctl start turbine || return 1
	eventually 100 console_has turbine 'turbine: summary' || { cellctl console turbine; return 1; }
	pkill -f /var/tmp/load- || true
	summary=$(cellctl console turbine | grep 'turbine: summary')
	printf '%s\n' "$summary"
	exits=$(grep -l '^turbine$' "$exits"/*/name)
	cat "${exits%/name}/statistics/vmexits_total"
	echo $(($(mebibytes_written) - written))
}

# summary_field NAME LINE
summary_field() { sed -n "s/.*[ ]$1=\([0-9]*\).*/\1/p" <<<"$2"; }
