#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tour of ./demo, in the machine: every command is shown with what it really prints, and what is
# told of it is checked; it ends at the first thing that is not so.
# timeout: 500
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh
export LC_ALL=C.UTF-8 SYSTEMD_PAGER='' SYSTEMD_COLORS=0
mark=$(kernel_log_mark)

tell() {
	echo
	printf '%s\n' "$@"
}

# show COMMAND: prints and runs it; its output stays in $output, its status in $status.
show() {
	echo
	echo "    \$ $1"
	output=$(bash -o pipefail -c "$1" 2>&1)
	status=$?
	[[ ! $output ]] || printf '%s\n' "$output" | sed 's/^/    /'
}

# so NAME COMMAND...: what has been told is so, or the tour ends here.
so() {
	local name=$1
	shift
	"$@" || bail "not as told: $name (the last command's status was $status)"
	ok "$name"
}

# varied FIELD...: the telemetry has had more than one value of each.
varied() {
	local field
	for field; do
		(($(cellctl console turbine | grep -o " $field=[-0-9.]*" | sort -u | wc -l) > 1)) || return 1
	done
}

succeeded() { ((status == 0)); }
refused() { ((status != 0)) && printed "$1"; }
printed() { [[ $output =~ $1 ]]; }
not_printed() { ! printed "$1"; }

# curved COUNT: its points are in more columns than that.
curved() { (($(awk '/[*]/ { print index($0, "*") }' <<<"$output" | sort -u | wc -l) > $1)); }

# speed_is RPM: as a gateway reads it, within half a percent.
speed_is() {
	local speed
	speed=$(eval "$read_speed" | sed -n 's/.*(vts) d \([0-9.]*\) [0-9]* "good".*/\1/p')
	[[ $speed ]] && awk -v speed="$speed" -v wanted="$1" \
		'BEGIN { exit !(speed > wanted * 0.995 && speed < wanted * 1.005) }'
}

tell '== 1. An ordinary Debian, and a hypervisor under it' \
	'Nothing on the kernel command line speaks of it: the module took memory from the running' \
	'system, and the hypervisor was started under it, because cell@turbine is enabled.'
show 'uname -srv; cat /proc/cmdline'
so 'the kernel is the distribution'"'"'s' succeeded
show 'journalctl -k -o cat --grep "cellvisor: hyp|now offline"'
so 'the hypervisor is on' printed 'hypervisor on, [0-9]+ CPUs'
show 'cat /sys/devices/system/cpu/online'
so 'Linux has given one of its CPUs away' printed '^0-2$'

tell '== 2. A turbine controller, started at boot like any other service'
show 'systemctl is-enabled cell@turbine'
so 'the cell is enabled' printed '^enabled$'
show 'systemctl status cell@turbine'
so 'systemd has it running' printed 'Active: active \(running\)'

tell '== 3. What cellctl says, and what the bus says'
show 'cellctl status'
so 'cellctl shows the turbine running' printed 'turbine +running'
show 'busctl get-property org.cellmgr1 /org/cellmgr1/cell/turbine org.cellmgr1.Cell State'
so 'the bus says "running"' printed '^s "running"$'

tell '== 4. Telemetry: speed, valve and power of the machine that it governs, 1000 cycles a second'
[[ -e kvm ]] ||
	tell 'Here one processor of the host emulates all of this machine: cycles that it had no time for' \
		'are counted as skipped. In the deterministic machine of ./check none is.'
eventually 30 turbine_passes 0 || status=1
show 'cellctl console turbine | tail -n 2'
so 'the turbine reports speed, valve and power' printed 'speed=[0-9.]+rpm valve=[0-9.]+% .*power=[0-9.]+MW'
first=$(turbine_cycle)
eventually 30 turbine_passes "$first"
show 'cellctl console turbine | tail -n 2'
so "the readings move: beyond cycle $first" turbine_passes "$first"
so 'the load has changed, and with it speed and valve' varied speed valve

tell '== 5. A gateway of the control room: the same values over D-Bus, and commands' \
	'A signal is a place in memory that the cell shares with Linux, with a name and a unit. It comes with its' \
	'age in microseconds and how far to believe it. Who may set what is said by polkit, in which range by the' \
	'description; the journal keeps who did.'
object='org.cellmgr1 /org/cellmgr1/cell/turbine org.cellmgr1.Cell'
read_speed="busctl call $object ReadSignals as 1 shaft-speed"
eventually 60 speed_is 3000 || status=1
show "$read_speed"
so 'the shaft turns at 3000 rpm' eventually 60 speed_is 3000
show "busctl call $object WriteSignal sv speed-setpoint d 3060"
so 'another speed is asked for' succeeded
eventually 90 speed_is 3060
show "$read_speed"
so 'the turbine follows' eventually 60 speed_is 3060
show "busctl call $object WriteSignal sv speed-setpoint d 4000"
so 'what is out of range is refused' refused 'speed-setpoint: 4000 rpm is more than max, 3600'
show "runuser -u nobody -- busctl call $object WriteSignal sv trip b true"
so 'so is a trip by somebody who may not' refused '[Dd]enied'
show "journalctl -u cellmgrd -o cat --grep 'signal (speed|trip)'"
so 'the journal has the one that was done' printed 'speed-setpoint was set from .* to 3060 rpm by user 0'
so 'and no other' not_printed '4000|trip'
show 'cellctl set turbine speed-setpoint=3000; cellctl signals turbine shaft-speed speed-in-force valve load'
so 'people have cellctl for it' printed 'speed-in-force +3000'
eventually 90 speed_is 3000

tell '== 6. A sine, calculated in a cell a thousand times a second, drawn by a program in Linux'
cp /usr/share/doc/cellmgr/examples/sine.json /etc/cellmgr/cells/
show 'cellctl check && systemctl reload cellmgrd && systemctl start cell@sine'
so 'the sine starts' succeeded
eventually 30 test -c /dev/cellmgr/sine-plant || status=1
show '/usr/lib/cellmgr/sine-plot -n 24 sine-plant'
so 'it arrives' succeeded
so 'each point whole' printed '[^0-9]0 torn'
so 'as a curve' curved 5
show 'systemctl stop cell@sine && cellctl destroy sine'
so 'and ends' succeeded
rm /etc/cellmgr/cells/sine.json

tell '== 7. A neighbour that writes where it must not'
sed 's/"parameters": "[^"]*"/"parameters": "wild-write delay-ms=6000"/' \
	/usr/share/doc/cellmgr/examples/mischief.json >/etc/cellmgr/cells/mischief.json
show 'cat /etc/cellmgr/cells/mischief.json'
so 'the neighbour has a description' printed 'wild-write'
show 'cellctl check && systemctl reload cellmgrd'
so 'the descriptions are free of errors' succeeded
before=$(turbine_cycle)
show 'systemctl start cell@mischief'
so 'the neighbour starts' succeeded
eventually 60 systemctl is-failed -q cell@mischief
show 'cellctl console mischief'
so 'it says what it is about to do' printed 'mischief: writing'
show 'systemctl is-failed cell@mischief'
so 'systemd has its unit as failed' printed '^failed$'
show 'cellctl status'
so 'the cell has failed' printed 'mischief +failed'
so 'the turbine runs on' printed 'turbine +running'
show 'journalctl -u cellmgrd -o cat --grep "mischief failed"'
so 'the journal says why: what it did, where, and by which instruction' \
	printed 'Cell mischief failed: .*0x200000.*rip 0x'
eventually 30 turbine_passes "$before"
show 'cellctl console turbine | tail -n 1'
so "the turbine's counter has gone on: beyond cycle $before" turbine_passes "$before"

tell '== 8. Everything closes again'
show 'systemctl stop cell@turbine'
so 'the turbine shuts down when asked to' succeeded
show 'cellctl console turbine | tail -n 2; cellctl status'
so 'it ended by itself' printed 'turbine +shut-down'
show 'cellctl disable'
so 'the hypervisor goes' succeeded
show 'cellctl status; cat /sys/devices/jailhouse/enabled'
so 'it is off' printed '(^|'$'\n'')0$'
show 'cat /sys/devices/system/cpu/online'
so 'Linux has its CPUs back' printed '^0-3$'
show 'journalctl -k -o cat --grep "cellvisor: hyp"'
so 'the kernel says so too' printed 'hypervisor off'
kernel_log_clean 'the kernel had nothing to complain about' "$mark" || exit 1

tell 'That was the tour.'
finish
