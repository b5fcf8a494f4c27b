# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The turbine and a gateway that reads and commands it over the bus, both with Linux under load, in the
# deterministic machine; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/turbine-run.sh
. ./turbine-run.sh

# gateway WORD...: what it says is in a file.
gateway() { timeout 5000 ./plant-gateway turbine "$@" >/tmp/gateway 2>&1; }

# told NAME: a figure of what the gateway has said.
told() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" /tmp/gateway; }

# all_right NAME AT-LEAST: so many readings came, and all were what the turbine calculated.
all_right() {
	diag "$(</tmp/gateway)"
	is "$1: all of it is what the turbine calculated, and good" \
		"$(told wrong) wrong, $(told bad) bad, $(told errors) errors" '0 wrong, 0 bad, 0 errors'
	between "$1: it was read all the time" "$(told reads)" "$2" 1000000
}

# load_step PERCENT SECONDS: by the bus; the speed comes back.
load_step() {
	check "load $1 %: it is written" gateway step "$1" "$2"
	all_right "load $1 %" $(($2 * 20))
	between "load $1 %: cycles until the speed is back for good" "$(told out)" 1 3000
}

# crowd NAME SECONDS EACH: ten clients and ten subscribers, of 50 Hz each; so many of each kind's have come
# each second.
crowd() {
	check "ten clients read, ten have subscribed, 50 times a second: $1" gateway crowd 10 10 "$2"
	all_right "all clients: $1" $(($2 * $3))
	between "the subscribers were told all the time: $1" "$(told changes)" $(($2 * $3)) 1000000
}

# plant_run SECONDS STEP-SECONDS CROWD-SECONDS LOAD...: so long in all, by the plant's time; each load is a
# step of 30 %.
plant_run() {
	local summary before load cycles=$(($1 * 1000))
	describe turbine turbine "s/\"parameters\": .*/\"parameters\": \"cycles=$cycles load=0:40 load-period=0\",/
		s/\"stale-after\": \"100ms\"/\"stale-after\": \"1s\"/"
	check 'the hypervisor opens' cellctl enable
	background_load 10000
	check 'the turbine starts' cellctl start turbine
	eventually_check 'the gateway has its telemetry' 60 gateway watch 1
	for load in "${@:4}"; do load_step "$load" "$2"; done
	# What waits for slow clients is bounded, and was needed once before it is measured.
	gateway crowd 10 10 1
	before=$(daemon_kb)
	# The CPUs of this machine share 1e9 instructions a second, of which the load takes what it gets.
	crowd 'beside the load' "$3" 100
	gateway watch 1
	all_right 'afterwards' 20
	diag "the daemon had $before kB before it, and has $(daemon_kb)"
	between 'the daemon has what it had' $(($(daemon_kb) - before)) -10000 128
	pkill -f /var/tmp/load- || true
	crowd 'alone' 2 300
	eventually_check 'the turbine comes to its end' 5000 console_has turbine 'turbine: summary'
	summary=$(cellctl console turbine | grep 'turbine: summary')
	diag "$summary"
	is 'all cycles were run' "$(summary_field cycles "$summary")" "$cycles"
	is 'none was skipped, none doubled' \
		"$(summary_field skipped "$summary") $(summary_field doubled "$summary")" '0 0'
	eventually_check 'the cell has shut itself down' 60 cell_is turbine State shut-down
}
