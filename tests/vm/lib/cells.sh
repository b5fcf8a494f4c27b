# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What tests with cells share; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# cell_property CELL NAME: as the bus gives it, without the type and quotes.
cell_property() {
	busctl get-property org.cellmgr1 "/org/cellmgr1/cell/$1" org.cellmgr1.Cell "$2" |
		sed 's/^[a-z{}]* //; s/^"\(.*\)"$/\1/'
}

# cell_is CELL PROPERTY VALUE
cell_is() { [[ $(cell_property "$1" "$2") == "$3" ]]; }

# describe CELL EXAMPLE SED-EXPRESSION: a description made from an example, and made known.
describe() {
	sed "$3" "$examples/$2.json" >"$descriptions/$1.json"
	systemctl reload cellmgrd
}

# turbine_cycle: the last one that the governor has reported.
turbine_cycle() {
	cellctl console turbine | sed -n 's/^turbine: t=.* cycle=\([0-9]*\) .*/\1/p' | tail -n 1
}

# turbine_passes CYCLE: whether the governor has come further than that.
turbine_passes() {
	local now
	now=$(turbine_cycle)
	[[ $now ]] && ((now > $1))
}

# turbine_reports NAME: the turbine that was just started does; turbine_goes_on will know it again.
turbine_reports() {
	eventually_check "$1" 60 turbine_passes 0
	turbine_started=$(cell_property turbine StartedAt)
	turbine_came_to=$(turbine_cycle)
}

# turbine_goes_on NAME: its counter moves on from where it was, it was not started anew by anybody,
# nobody stopped it.
turbine_goes_on() {
	local before started
	before=$(turbine_cycle)
	if [[ $before ]] && ((before >= ${turbine_came_to:-0})) && eventually 60 turbine_passes "$before" &&
	   cell_is turbine State running && cell_is turbine StartedAt "$turbine_started" &&
	   (($(cellctl console turbine | grep -c '^turbine: t=0') <= 1)); then
		ok "$1"
	else
		started=$(cell_property turbine StartedAt)
		not_ok "$1" "cycle $turbine_came_to, then $before, then $(turbine_cycle);" \
			"state $(cell_property turbine State), started $turbine_started, now $started"
	fi
	turbine_came_to=$before
}

# console_has CELL REGEX
console_has() { cellctl console "$1" | grep -qE "$2"; }

# turbine_undisturbed NAME: no interrupt has reached the governor that it does not know, as of its
# last report.
turbine_undisturbed() {
	is "$1" "$(cellctl console turbine | sed -n 's/^turbine: t=.* unexpected=//p' | tail -n 1)" 0
}
