# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of the partition's walls share; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

state_file=/run/cellmgr/state
records=/run/cellmgr/records

# hex NUMBER
hex() { printf '0x%x\n' "$1"; }

# cell_memory CELL INDEX: the physical address of a region, as the daemon has placed it.
cell_memory() {
	tr -d ' \n' <"$records/$1" | grep -o '"memory":\[[^]]*\]' | grep -o '"start":[0-9]*' |
		sed -n "$(($2 + 1))s/.*://p"
}

# hypervisor_memory start|size
hypervisor_memory() {
	tr -d ' \n' <"$state_file" | grep -o '"hypervisor":{[^}]*}' | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

violations() { cat $sysfs/root_violations; }

# describe_with_port CELL CPU IMAGE PORT PARAMETERS: writes a description with a port of the cell's
# own and a second region that the program leaves alone, and makes it known.
describe_with_port() {
	cat >"$descriptions/$1.json" <<-EOF
		{
		    "cpus": [$2],
		    "memory": [ { "size": "1M" }, { "size": "64K", "address": "0x400000" } ],
		    "image": "$3.bin",
		    "parameters": "$5",
		    "console": "virtual",
		    "devices": { "ports": [ { "base": "$4", "count": 1 } ] },
		    "heartbeat": "5s",
		    "on-failure": "preserve",
		    "stop": { "timeout": "20s", "force": true }
		}
	EOF
	reload
}

# failed CELL: it has, as the bus has it; sets why.
failed() {
	local life
	mapfile -t life < <(busctl get-property org.cellmgr1 "/org/cellmgr1/cell/$1" org.cellmgr1.Cell \
		State LastError)
	why=${life[1]-}
	[[ ${life[0]-} == 's "failed"' && $why == 's "'?* ]] || return 1
	why=${why#s \"}
	why=${why%\"}
}

# deed PARAMETERS REGEX: the mischief program does that and is stopped for it; the reason that the
# daemon gives has to match.
deed() {
	describe_with_port mischief 2 mischief 0x83 "$1 delay-ms=100"
	cellctl start mischief >/dev/null 2>&1
	if eventually 60 failed mischief; then
		like "stopped: $1" "$why" "$2"
	else
		not_ok "stopped: $1" "state $(cell_property mischief State)" "$(cellctl console mischief)"
	fi
	cellctl destroy mischief >/dev/null
}

# interrupt_count NAME: of all CPUs of Linux, from /proc/interrupts.
interrupt_count() {
	awk -v name="$1:" '$1 == name { for (n = 2; $n ~ /^[0-9]+$/; n++) sum += $n } END { print sum + 0 }' \
		/proc/interrupts
}
