# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What tests with cells share; sourced after lib.sh.

examples=/usr/share/doc/cellmgr/examples
descriptions=/etc/cellmgr/cells

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

# turbine_passes CYCLE
turbine_passes() { (($(turbine_cycle) > $1)); }

# turbine_goes_on NAME: it reports a further cycle.
turbine_goes_on() { eventually_check "$1" 30 turbine_passes "$(turbine_cycle)"; }
