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
	reload
}

# describe_program NAME IMAGE PARAMETERS: one of the tests' programs on CPU 2, which stays as it is when
# it fails.
describe_program() {
	cat >"$descriptions/$1.json" <<-EOF
		{ "cpus": [2], "memory": "1M", "image": "$PWD/$2.bin", "console": "virtual",
		  "parameters": "$3", "on-failure": "preserve" }
	EOF
	reload
}

# reload: what `systemctl reload cellmgrd` does, without a process of systemd's for it.
reload() { busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager Reload; }

# Each process takes a tenth of a second and more under emulation: what one reading of the console tells
# is found by the shell.

# turbine_look: sets turbine_cycle, the last one that the governor has reported ("" if none), and
# turbine_restarts, how often its count of cycles has gone back.
turbine_look() {
	local line
	turbine_cycle='' turbine_restarts=0
	while IFS= read -r line; do
		[[ $line =~ ^turbine:\ t=.*\ cycle=([0-9]+)\  ]] || continue
		((BASH_REMATCH[1] >= ${turbine_cycle:-0})) || turbine_restarts=$((turbine_restarts + 1))
		turbine_cycle=${BASH_REMATCH[1]}
	done < <(cellctl console turbine)
}

# turbine_cycle: prints it.
turbine_cycle() {
	turbine_look
	echo "$turbine_cycle"
}

# turbine_passes CYCLE: whether the governor has come further than that.
turbine_passes() {
	turbine_look
	[[ $turbine_cycle ]] && ((turbine_cycle > $1))
}

# turbine_life: its state and since when, in one line.
turbine_life() {
	busctl get-property org.cellmgr1 /org/cellmgr1/cell/turbine org.cellmgr1.Cell State StartedAt |
		tr '\n' ' '
}

# turbine_reports NAME: the turbine that was just started does; turbine_goes_on will know it again.
turbine_reports() {
	eventually_check "$1" 60 turbine_passes 0
	turbine_started=$(cell_property turbine StartedAt)
	turbine_began="s \"running\" t $turbine_started "
	turbine_came_to=$turbine_cycle
}

# turbine_goes_on NAME: its counter moves on from where it was, it was not started anew by anybody,
# nobody stopped it.
turbine_goes_on() {
	local before life
	turbine_look
	before=$turbine_cycle
	if [[ $before ]] && ((before >= ${turbine_came_to:-0})) && eventually 60 turbine_passes "$before" &&
	   life=$(turbine_life) && [[ $life == "$turbine_began" ]] && ((!turbine_restarts)); then
		ok "$1"
	else
		not_ok "$1" "cycle $turbine_came_to, then $before, then $turbine_cycle;" \
			"$turbine_restarts restarts; it was: $turbine_began, is: $(turbine_life)"
	fi
	turbine_came_to=$before
}

# plant_faults: before begin: the hypervisor is one that has faults when a test orders them (tests/planted).
plant_faults() {
	rmmod cellvisor
	insmod ./cellvisor-planted.ko
}

# plant FAULT: in the module that runs (probe/faults.c). The probe's module is loaded. planted: how many faults
# there were since, or what the call gave. happened COUNT: so many there were.
plant() { echo "$1" >/sys/module/partition_probe/parameters/fault; }
planted() { cat /sys/module/partition_probe/parameters/fault; }
happened() { [[ $(planted) == "$1" ]]; }

# destroyed_half_way COMMAND...: which creates a cell named half by the driver's call. That fails in the end
# and is taken back, for which the hypervisor wants some more time: another call has its turn then.
destroyed_half_way() {
	# The hypercall by its number (include/cell_abi.h), and what the hypervisor says where it asks again.
	local destroy=4 eagain=-11
	check 'control: a cell will not be shown' plant 'fail cellvisor:cellvisor_sysfs_add -12'
	check 'control: the hypervisor will not destroy it at once' \
		plant "and fail cellvisor:cellvisor_hypercall $eagain 0 $destroy"
	check 'control: that will be waited for' plant 'and hold usleep_range_state 60 0 1000'
	"$@" >/var/tmp/half &
	eventually_check 'control: all of that happens' 20 happened 3
	is 'somebody destroys the cell meanwhile' "$(./driver-call destroy half)" 'done'
	plant none
	wait $!
	is 'who has created it is told' "$(</var/tmp/half)" ESTALE
	is 'only root'"'"'s cell is there' "$(ls $sysfs/cells)" 0
}

# console_has CELL REGEX
console_has() { cellctl console "$1" | grep -qE "$2"; }

# turbine_undisturbed NAME: no interrupt has reached the governor that it does not know, as of its
# last report.
turbine_undisturbed() {
	is "$1" "$(cellctl console turbine | sed -n 's/^turbine: t=.* unexpected=\([0-9]*\).*/\1/p' | tail -n 1)" 0
}

# daemon_kb: what it has in memory of its own.
daemon_kb() { awk '$1 == "RssAnon:" { print $2 }' "/proc/$(systemctl show -P MainPID cellmgrd)/status"; }

# is_busy CELL: nobody else's operation on it comes to its turn.
is_busy() {
	timeout 2 ./driver-call start "$1"
	(($? == 124))
}

# is_held: nobody else's operation comes to its turn, of whatever cell.
is_held() {
	timeout 2 ./driver-call start nobody
	(($? == 124))
}

# nothing_is_held: two cases: operations come to their turn.
nothing_is_held() {
	is 'control: an operation comes to its turn, and there is no such cell' "$(./driver-call start nobody)" ENOENT
	fails 'control: that is at once' is_held
}
