# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The daemon is killed between its calls of the real driver; sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

at=/run/die-at-call
dropin=/run/systemd/system/cellmgrd.service.d

daemon_pid() { systemctl show -P MainPID cellmgrd; }

answers() { busctl --timeout=5 get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager HypervisorState; }

# do_all: everything that a cell goes through. Each step has its own deadline; none of them has to succeed, since
# the daemon dies in the middle of one.
do_all() {
	local step
	for step in enable 'start turbine' 'restart turbine' 'stop turbine' 'start turbine' 'kill turbine' \
		'destroy turbine' 'start turbine' 'disable --force'; do
		# shellcheck disable=SC2086 # a verb and what it is for
		timeout 60 cellctl $step >>/var/tmp/kills 2>&1 || echo "$step: $?" >>/var/tmp/kills
	done
}

# fresh: a daemon that has counted nothing yet, and nothing is on.
fresh() {
	rm -f $at
	systemctl restart cellmgrd
	timeout 60 cellctl disable --force >/dev/null 2>&1
	is "$1: before, the hypervisor is off" "$(<$sysfs/enabled)" 0
	systemctl restart cellmgrd
}

# picture_is_true NAME: what the daemon shows is what the driver has.
picture_is_true() {
	local name state=none shown on
	for name in "$sysfs"/cells/*/name; do
		[[ ! -e $name || $(<"$name") != turbine ]] || state=$(<"${name%name}state")
	done
	shown=$(cell_property turbine State)
	case $state/$shown in
	none/defined | running/running | failed/failed | 'shut down'/created | 'shut down'/loaded | 'shut down'/shut-down)
		ok "$1: the cell is what it is shown as" ;;
	*) not_ok "$1: the cell is what it is shown as" "shown: $shown; the driver: $state" ;;
	esac
	on=off
	(($(<$sysfs/enabled) == 0)) || on=enabled
	is "$1: so is the hypervisor" "$(answers)" "s \"$on\""
	is "$1: nothing is at work any more" "$(cell_property turbine Operation)" ''
}

# killed NUMBER WHEN
killed() {
	local name="killed $2 call $1" old
	fresh "$name"
	: >/var/tmp/kills
	old=$(daemon_pid)
	echo "$1 $2" >$at
	# What it calls while it only looks varies: one round may not come so far.
	(for _ in 1 2 3; do [[ $(daemon_pid) != "$old" ]] || do_all; done) &
	eventually_check "$name: it dies" 200 sh -c "[ \"\$(systemctl show -P MainPID cellmgrd)\" != $old ]"
	rm -f $at
	wait $!
	diag "$(journalctl -q -o cat _PID="$old" | grep '^call ' | tail -n 1); $(grep -v '^$' /var/tmp/kills | tr '\n' ';' | cut -c1-300)"
	eventually_check "$name: another one comes" 60 answers
	picture_is_true "$name"
	check "$name: the cell can be started" timeout 60 cellctl start turbine
	eventually_check "$name: it works" 60 turbine_passes 0
	check "$name: it can be stopped" timeout 60 cellctl stop turbine
	check "$name: the hypervisor can be closed" timeout 60 cellctl disable
}

# kill_at_points COUNT [PARTS]: at so many, or at one of so many parts of all that there are.
kill_at_points() {
	local from seed points=$1 i when
	mkdir -p $dropin
	cat >$dropin/die-at-call.conf <<-EOF
		[Service]
		Environment=LD_PRELOAD=$PWD/libdie-at-call.so
		StandardError=journal
	EOF
	systemctl daemon-reload
	begin
	describe turbine turbine ''
	fresh 'left alone'
	echo '0 never' >$at
	from=$EPOCHREALTIME
	do_all
	is 'left alone all is done' "$(grep ': [0-9]*$' /var/tmp/kills)" ''
	rm -f $at
	calls=$(journalctl -q -o cat -u cellmgrd --since "@$from" | grep -c '^call ')
	diag "$calls calls of the driver"
	between 'so many calls are counted' "$calls" 30 1000
	((points)) || points=$((calls * 2 / $2))
	seed=$RANDOM
	diag "seed $seed"
	RANDOM=$seed
	for ((i = 0; i < points; i++)); do
		when=before
		((RANDOM % 2)) || when=after
		killed $((RANDOM % calls + 1)) $when
	done
	rm -rf $dropin
	systemctl daemon-reload
	systemctl restart cellmgrd
	end
}
