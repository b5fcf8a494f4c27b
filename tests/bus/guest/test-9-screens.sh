# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What cellctl shows on a real terminal, compared with what docs/screens/ keeps, and what its
# pictures are made of.
# shellcheck source=lib.sh

# A plant with a turbine that runs, a pump that failed, a logger that would fit and a model that
# would not.
whole_plant() {
	rm -f /var/lib/cellmgr/crash/*
	rm /etc/cellmgr/cells/*.json
	cat >/etc/cellmgr/cells/turbine.json <<-'JSON'
		{ "cpus": [3], "memory": "8M", "image": "alpha.bin", "heartbeat": "1min",
		  "devices": { "ports": [{ "base": "0x2f8", "count": 8 }] },
		  "shared-memory": [{ "name": "plant", "peers": ["root"], "size": "64K" }],
		  "signals": {
			"speed": { "at": "plant:output/0", "type": "f64", "unit": "rpm" },
			"power": { "at": "plant:output/8", "type": "f64", "unit": "MW" },
			"setpoint": { "at": "plant:common/0", "type": "f64", "unit": "rpm", "write": true }
		  } }
	JSON
	echo '{ "cpus": [2], "memory": "4M", "image": "alpha.bin" }' >/etc/cellmgr/cells/pump.json
	echo '{ "cpus": [1], "memory": "1M", "image": "beta.bin" }' >/etc/cellmgr/cells/logger.json
	echo '{ "cpus": [1], "memory": "40M", "image": "beta.bin" }' >/etc/cellmgr/cells/model.json
	done_well call Reload
	done_well call StartCell s turbine
	done_well call StartCell s pump
	fake fail pump 2 0xdead000 4 0x1234 2 >/dev/null
	property_becomes 15 pump State failed
	put 0 f64 3000.25
	put 8 f64 12.5
}

terminals=0

# What changes from run to run, in as many columns; blanks at the ends of lines.
masked() {
	perl -Mutf8 -CSD -0777 -pe '
		s/(Features: ).*?\n\n/$1WORD ...\n\n/s;
		s/(\bid: )\d+/$1N/i;
		s/^(>.*?ok +)([\d.]+)(?= )/$1 . " " x (length($2) - 3) . "NNN"/me;
		s/^(>.*?\d +)[a-z-]+ [\d.]+.*$/$1REASON NNN, .../m;
		s/^(SIGNAL|speed|power|setpoint)( .*?)(UNIT|rpm|MW) +(\S+) +/
			sprintf("%s%s%-4s  %3s  ", $1, $2, $3, $4 eq "-" ? "-" : "AGE")/gme;
		s/[▁-█]+/▁▂▃▄/g;
		s/; \S+ ago/; A WHILE ago/;
		s/( *)\b(\d+ms|\d+s)\b/" " x (length("$1$2") - 3) . "NNs"/ge;
		s/\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+/DAY YYYY-MM-DD HH:MM:SS ZZZ/g;
		s/\d{4}-\d\d-\d\d/YYYY-MM-DD/g;
		s/(sha256 )[0-9a-f]+/$1HHHHHHHHHHHH/;
		s/sha256:\s+[0-9a-f]+$/sha256: HHHH/mg;
		s/(monotonic|boot-id|heartbeat|versions): .*(\n {20}.*)*/$1: .../g;
		s/\d\d:\d\d:\d\d(\.\d+)?/HH:MM:SS/g;
		s/(Daemon: )\S+/$1N.N.N/;
		s/(Exits: )\d+/$1NNNN/;
		s/ +$//mg;
	'
}

# tmux of our own, another for each terminal: one that ends may still be on its way.
mux() { tmux -L "screens-$terminals" -f /dev/null "$@"; }

# With a terminal of so many columns that runs the command until it is told to end.
terminal() {
	local columns=$1
	shift
	((++terminals))
	mux new-session -d -x "$columns" -y 50 -s it \
		"LC_ALL=C.UTF-8 $*; sleep 60"
}

screen() {
	mux capture-pane -p -t it | masked | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# Something is there that matches $ready, and nothing more is coming.
stands() {
	local now
	now=$(screen)
	[[ $now =~ $ready ]] && [ "$now" = "$before" ] && return
	before=$now
	false
}

# shows NAME COLUMNS COMMAND...: its screen is the one that is kept.
shows() {
	local name=$1 columns=$2 ready=.
	shift 2
	[ "$name" != top ] || ready=REASON
	terminal "$columns" "$*"
	before=
	eventually_check "the screen of $name" 20 stands
	screen >"/tmp/$name-$columns.txt"
	# A line that the terminal had to break is one for -J.
	is "$name-$columns: lines that the terminal broke, within a word maybe" \
		"$(($(mux capture-pane -p -t it | wc -l) - $(mux capture-pane -p -J -t it | wc -l)))" 0
	mux kill-server
	keep "$name-$columns"
}

# What was seen is left with the results, so that it can become what is kept.
keep() {
	mkdir -p /results/screens
	cp "/tmp/$1.txt" /results/screens/
	check "the screen is as in docs/screens/$1.txt" diff -u "screens/$1.txt" "/tmp/$1.txt"
	is "lines that are too long" "$(perl -CSD -ne "chomp; print if length > ${1##*-}" "/tmp/$1.txt")" ""
}

# below FILE TEXT: a file of the machine that is made of files; %b of it.
below() {
	mkdir -p "$(dirname "/tmp/machine$1")"
	printf '%b' "$2" >"/tmp/machine$1"
}

# A machine made of files, below /tmp/machine, with a cellctl in it: with no IOMMU, locked down and
# with too little memory, and otherwise fit.
machine_of_files() {
	local kernel=6.1.0-28-amd64 file cpu
	rm -rf /tmp/machine
	for file in $(command -v cellctl) $(ldd "$(command -v cellctl)" | grep -o '/[^ ]*'); do
		install -D "$file" "/tmp/machine$file"
	done
	below /proc/cpuinfo 'processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 3251\nflags\t\t: fpu msr lm cpuid nx svm npt\n'
	below /proc/cmdline 'root=/dev/vda1 quiet\n'
	below /proc/meminfo 'MemTotal: 40000 kB\nMemAvailable: 36668 kB\n'
	below /proc/sys/kernel/osrelease "$kernel\n"
	below /boot/config-$kernel '#\nCONFIG_MODULES=y\nCONFIG_HOTPLUG_CPU=y\nCONFIG_CONTIG_ALLOC=y\nCONFIG_MEMORY_HOTREMOVE=y\nCONFIG_ACPI=y\nCONFIG_PCI=y\nCONFIG_UIO=m\n'
	below /lib/modules/$kernel/modules.dep 'updates/cellvisor.ko: kernel/drivers/uio/uio.ko\n'
	below /lib/modules/$kernel/updates/cellvisor.ko 'bytes of a module without a signature at the end\n'
	below /sys/devices/system/clocksource/clocksource0/current_clocksource 'tsc\n'
	below /sys/kernel/security/lockdown 'none [integrity] confidentiality\n'
	below /sys/devices/system/cpu/present '0-3\n'
	below /sys/devices/system/cpu/isolated '2-3\n'
	below /sys/devices/system/cpu/smt/control 'on\n'
	# Registers stand at their numbers: EFER says that SVM is off, all others are 0.
	for cpu in 0 1; do
		below /dev/cpu/$cpu/msr ''
		truncate -s 4G /tmp/machine/dev/cpu/$cpu/msr
		printf '\x01\x0d' | dd of=/tmp/machine/dev/cpu/$cpu/msr bs=1 seek=$((0xc0000080)) conv=notrunc status=none
	done
}

test_screens() {
	local columns before
	whole_plant
	machine_of_files
	eventually_check "exits are counted" 25 exits_are_newer turbine 0
	for columns in 80 120; do
		shows status $columns cellctl --no-pager
		shows status-cell $columns cellctl --no-pager status turbine
		shows map $columns cellctl --no-pager map
		shows top $columns cellctl top turbine
		shows crash $columns cellctl --no-pager crash
		shows crash-cell $columns cellctl --no-pager crash pump
		shows doctor $columns chroot /tmp/machine "$(command -v cellctl)" doctor
	done
	shows status 40 cellctl --no-pager
	shows map 40 cellctl --no-pager map
}

# row_is NUMBER TEXT
row_is() { screen | sed -n "$1p" | grep -q "$2"; }

shown() { screen | grep -Eq -- "$1"; }

press() { mux send-keys -t it "$@"; }

# The terminal that top ran on is what it was: its settings, and what stood there before.
given_back() {
	eventually_check "$1: the program ends" 15 test -s /tmp/after
	is "$1: settings of the terminal" "$(cat /tmp/after)" "$(cat /tmp/before)"
	eventually_check "$1: what was there before is there again" 15 shown '^what stood here$'
	fails "$1: no picture stays" shown 'hypervisor enabled'
	is "$1: the cursor is to be seen" "$(mux display -p -t it '#{cursor_flag}')" 1
}

# on_terminal SIZE COMMAND
on_terminal() {
	rm -f /tmp/after
	terminal "$1" "stty -g >/tmp/before; echo what stood here; $2; stty -g >/tmp/after"
	eventually_check "there is a picture" 25 shown '^> +turbine'
}

top_pid() { pgrep -x cellctl; }

test_top_obeys_keys_and_gives_the_terminal_back() {
	local signal
	whole_plant
	on_terminal 80 'cellctl top --interval=200ms turbine'
	check "signals of the selected cell" shown '^speed +3000\.25 +rpm +AGE  good +▁'
	press Up
	eventually_check "an arrow selects" 15 shown '^> +pump'
	fails "another cell's signals are not shown" shown '^speed'
	press Down
	eventually_check "and back" 15 shown '^> +turbine'
	# As some terminals have it.
	mux send-keys -t it -l $'\eOA'
	eventually_check "another arrow selects" 15 shown '^> +pump'
	press Down
	eventually_check "and back" 15 shown '^> +turbine'
	press s
	eventually_check "s sorts by exits" 15 shown '^by exits'
	eventually_check "what makes most exits is first" 15 row_is 4 turbine
	press s
	eventually_check "s sorts by memory" 15 shown '^by memory'
	eventually_check "what has most memory is first" 15 row_is 4 model
	mux resize-window -t it -x 40 -y 9
	eventually_check "a smaller window gets a smaller picture" 15 shown '^   CELL +STATE +HEALTH +EXITS/S$'
	check "of which the selected cell is part" shown '^> +turbine'
	check "nothing is wrapped" [ "$(screen | wc -l)" -le 9 ]
	press q
	given_back "q"
	mux kill-server
	for signal in INT TERM HUP QUIT; do
		on_terminal 120 'cellctl top turbine'
		kill -s "$signal" "$(top_pid)"
		given_back "SIG$signal"
		mux kill-server
	done
	on_terminal 80 'cellctl top --interval=200ms turbine'
	systemctl kill -s STOP cellmgrd
	sleep 1
	kill -s INT "$(top_pid)"
	eventually_check "who waits for a daemon that hangs can leave" 6 test -s /tmp/after
	systemctl kill -s CONT cellmgrd
	given_back "SIGINT meanwhile"
	mux kill-server
	on_terminal 80 'cellctl top turbine'
	kill -s TSTP "$(top_pid)"
	eventually_check "stopped: the terminal is as before" 15 shown '^what stood here$'
	kill -s CONT "$(top_pid)"
	eventually_check "continued: the picture is back" 15 shown '^> +turbine'
	systemctl stop dbus.socket dbus
	given_back "an error"
	check "an error is said" shown '^cellctl: top turbine: '
	systemctl start dbus.socket dbus
	mux kill-server
}

test_map_tells_whose_all_is() {
	local map
	whole_plant
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
	fails_with NoResources "rival.json:1:3: cpus: CPU 2 belongs to cell pump" manager CheckRoom s rival
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

# instructions COMMAND...: that it takes, from its first on.
instructions() {
	valgrind --tool=none -q true 2>/dev/null || return 1
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
		sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

test_status_costs_no_more_than_machinectl() {
	local ours theirs
	whole_plant
	ours=$(instructions cellctl --no-pager status) || {
		diag "not measured: valgrind is missing"
		return
	}
	systemctl unmask -q systemd-machined 2>/dev/null
	theirs=$(instructions machinectl --no-pager list)
	diag "instructions: $ours of cellctl status with 4 cells, $theirs of machinectl list with none"
	between "instructions of cellctl status" "$ours" 1000000 "$theirs"
	start_monitor
	cellctl --no-pager status >/dev/null
	stop_monitor
	is "questions to the daemon" \
		"$(grep -c '"type":"method_call".*"destination":"org.cellmgr1"' /tmp/monitor)" 2
}
