# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What cellctl shows on a real terminal, compared with what docs/screens/ keeps, and what its
# pictures are made of.
# shellcheck source=lib.sh

# A plant with a turbine that runs, a pump that failed, a logger that would fit and a model that
# would not.
plant() {
	rm /etc/cellmgr/cells/*.json
	cat >/etc/cellmgr/cells/turbine.json <<-'JSON'
		{ "cpus": [3], "memory": "8M", "image": "alpha.bin", "heartbeat": "1min",
		  "devices": { "ports": [{ "base": "0x2f8", "count": 8 }] } }
	JSON
	echo '{ "cpus": [2], "memory": "4M", "image": "alpha.bin" }' >/etc/cellmgr/cells/pump.json
	echo '{ "cpus": [1], "memory": "1M", "image": "beta.bin" }' >/etc/cellmgr/cells/logger.json
	echo '{ "cpus": [1], "memory": "40M", "image": "beta.bin" }' >/etc/cellmgr/cells/model.json
	done_well call Reload
	done_well call StartCell s turbine
	done_well call StartCell s pump
	fake fail pump 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 pump State failed
}

# What changes from run to run, in as many columns; blanks at the ends of lines.
masked() {
	perl -CSD -0777 -pe '
		s/(Features: ).*?\n\n/$1WORD ...\n\n/s;
		s/(Id: )\d+/$1N/;
		s/; \S+ ago/; A WHILE ago/;
		s/( *)\b(\d+ms|\d+s)\b/" " x (length("$1$2") - 3) . "NNs"/ge;
		s/\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+/DAY YYYY-MM-DD HH:MM:SS ZZZ/g;
		s/(sha256 )[0-9a-f]+/$1HHHHHHHHHHHH/;
		s/\d\d:\d\d:\d\d/HH:MM:SS/;
		s/(Daemon: )\S+/$1N.N.N/;
		s/(Exits: )\d+/$1NNNN/;
		s/ +$//mg;
	'
}

# tmux of our own, with a terminal of so many columns that runs the command until it is told to end.
terminal() {
	local columns=$1
	shift
	tmux -L screens -f /dev/null new-session -d -x "$columns" -y 30 -s it \
		"LC_ALL=C.UTF-8 $*; sleep 60"
}

screen() {
	tmux -L screens capture-pane -p -t it | masked | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# Something is there, and nothing more is coming.
stands() {
	local now
	now=$(screen)
	[ "$now" ] && [ "$now" = "$before" ] && return
	before=$now
	false
}

# shows NAME COLUMNS COMMAND...: its screen is the one that is kept.
shows() {
	local name=$1 columns=$2
	shift 2
	terminal "$columns" "$*"
	before=
	eventually_check "the screen of $name" 20 stands
	screen >"/tmp/$name-$columns.txt"
	tmux -L screens kill-server
	keep "$name-$columns"
}

# What was seen is left with the results, so that it can become what is kept.
keep() {
	mkdir -p /results/screens
	cp "/tmp/$1.txt" /results/screens/
	check "the screen is as in docs/screens/$1.txt" diff -u "screens/$1.txt" "/tmp/$1.txt"
	is "lines that are too long" "$(perl -CSD -ne "chomp; print if length > ${1##*-}" "/tmp/$1.txt")" ""
}

test_screens() {
	local columns before
	plant
	eventually_check "exits are counted" 25 exits_are_newer turbine 0
	for columns in 80 120; do
		shows status $columns cellctl --no-pager
		shows status-cell $columns cellctl --no-pager status turbine
		shows map $columns cellctl --no-pager map
	done
	shows status 40 cellctl --no-pager
	shows map 40 cellctl --no-pager map
}

test_map_tells_whose_all_is() {
	local map
	plant
	map=$(cellctl --json=short map)
	like "Linux has the rest" "$map" '\{"cpu":0,"owner":"linux","name":""\},\{"cpu":1,"owner":"linux","name":""\}'
	like "cells have theirs" "$map" '\{"cpu":2,"owner":"cell","name":"pump"\},\{"cpu":3,"owner":"cell","name":"turbine"\}'
	like "the hypervisor has the pool's first part" "$map" '"memory":\[\{"start":[0-9]+,"size":[0-9]+,"owner":"hypervisor","name":""\},'
	like "a cell has what it was given" "$map" '"size":8388608,"owner":"cell","name":"turbine"'
	is "what is free in the map is what the manager says" \
		"$(bytes_of "$map" none)" "$(manager_property MemoryFree)"
	is "all of it is what the manager says" "$(bytes_of "$map" ! hypervisor)" \
		"$(manager_property MemoryTotal)"
	like "what would fit has no problem" "$map" '"not-created":\{"logger":null,'
	like "what would not has a reason" "$map" '"model":"[^"]*memory: wants 40M'
	fails_with WrongState "is running" manager CheckRoom s turbine
	fails_with NoSuchCell "nosuch" manager CheckRoom s nosuch
	echo '{ "cpus": [2], "memory": "1M", "image": "beta.bin" }' >/etc/cellmgr/cells/rival.json
	done_well call Reload
	fails_with NoResources "CPU 2 belongs to another cell" manager CheckRoom s rival
	call DisableHypervisor b true
	map=$(cellctl --json=short map)
	like "without a hypervisor there is no memory" "$map" '"memory":\[\]'
	like "and Linux has all CPUs" "$map" '\{"cpu":3,"owner":"linux","name":""\}'
}

# bytes_of MAP OWNER: what it has of the memory in the map; ! OWNER: what all others have.
bytes_of() {
	python3 -c '
import json, sys
print(sum(part["size"] for part in json.loads(sys.argv[1])["memory"]
          if (part["owner"] == sys.argv[-1]) == (sys.argv[2] != "!")))' "$@"
}
