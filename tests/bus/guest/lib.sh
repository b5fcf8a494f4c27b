# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Helpers of the bus tests. A case is a function test_NAME; it fails when any check in it does.

manager=/org/cellmgr1
failed=

# Tells what went wrong, in the TAP stream, and marks the case.
not() {
	echo "#   $*" >&3
	failed=1
}

say() {
	echo "# $*" >&3
}

fake() {
	./fake-driver "$@"
}

# Method of the manager or of a cell; output in $output, exit status as it was.
call() {
	output=$(busctl --timeout=60 --allow-interactive-authorization=no call org.cellmgr1 \
		"$manager" org.cellmgr1.Manager "$@" 2>&1)
}

cell_path() {
	echo "$manager/cell/${1//-/_2d}"
}

cell() {
	local name=$1
	shift
	output=$(busctl --timeout=60 --allow-interactive-authorization=no call org.cellmgr1 \
		"$(cell_path "$name")" org.cellmgr1.Cell "$@" 2>&1)
}

# Value of a property, strings without their quotes.
property() {
	busctl get-property org.cellmgr1 "$(cell_path "$1")" org.cellmgr1.Cell "$2" 2>&1 |
		sed 's/^[a-z{}]* //; s/^"\(.*\)"$/\1/'
}

manager_property() {
	busctl get-property org.cellmgr1 "$manager" org.cellmgr1.Manager "$1" 2>&1 |
		sed 's/^[a-z{}]* //; s/^"\(.*\)"$/\1/'
}

# Checks, which say what was wrong.
done_well() {
	"$@" || not "$*: $output"
}

equal() {
	[ "$1" = "$2" ] || not "${3:-value}: \"$1\", not \"$2\""
}

matches() {
	[[ $1 =~ $2 ]] || not "${3:-text}: \"$1\" does not match \"$2\""
}

state_is() {
	equal "$(property "$1" State)" "$2" "state of $1"
}


# A method fails with a name (without org.cellmgr1.Error.) and a text that matches:
# fails NAME TEXT OBJECT METHOD [ARGUMENT...]; OBJECT is a cell or "manager".
fails() {
	local name=$1 text=$2 object=$3 method=$4 path interface got
	shift 4
	if [ "$object" = manager ]; then
		path=$manager interface=org.cellmgr1.Manager
	else
		path=$(cell_path "$object") interface=org.cellmgr1.Cell
	fi
	got=$(./bus-peer call "$path" "$interface" "$method" "$@" 2>&1) && {
		not "$object $method $*: succeeded, not $name"
		return
	}
	[[ $name == *.* ]] || name=org.cellmgr1.Error.$name
	[[ $got == "$name: "* ]] || not "$object $method $*: $got, not $name"
	[[ $got =~ $text ]] || not "$object $method $*: \"$got\" does not match \"$text\""
}

# eventually SECONDS COMMAND...: repeats until it succeeds. Five times as long on a machine that has
# other things to do.
eventually() {
	local end=$((${EPOCHREALTIME/./} + $1 * 5000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || {
			not "not in time: $*"
			return 1
		}
		sleep 0.05
	done
}

is_state() {
	[ "$(property "$1" State)" = "$2" ]
}

is_health() {
	[ "$(property "$1" Health)" = "$2" ]
}

unit_is() {
	[ "$(systemctl is-active "$1")" = "$2" ]
}

# Lines of the daemon in the journal since the case began, all or those with the given matches.
journal() {
	journalctl --sync >/dev/null 2>&1
	journalctl -b --no-pager -o cat --since "@$case_began" "$@"
}

# Everything that goes over the bus, into /tmp/monitor.
start_monitor() {
	rm -f /tmp/monitor /tmp/monitor-log
	busctl --json=short monitor org.cellmgr1 >/tmp/monitor 2>/tmp/monitor-log &
	monitor=$!
	eventually 5 grep -qs Monitoring /tmp/monitor-log
}

stop_monitor() {
	# What is on its way shall arrive.
	sleep 0.2
	kill "$monitor"
	wait "$monitor" 2>/dev/null
}

# What the daemon's unit is told: nothing runs, nothing is scripted, the hypervisor is off.
fresh() {
	fake clear >/dev/null
	fake features 0x1f >/dev/null
	systemctl stop 'cell@*.service' 2>/dev/null
	systemctl reset-failed 2>/dev/null
	call DisableHypervisor b true || {
		say "fresh: $output"
		systemctl stop cellmgrd
		systemctl restart fake-driver
		rm -f /run/cellmgr/state
	}
	systemctl is-active -q cellmgrd || systemctl start cellmgrd
}

run_case() {
	local began=${EPOCHREALTIME/./}
	failed=
	case_began=$EPOCHREALTIME
	fresh
	"test_$2"
	local ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	echo "${failed:+not }ok $1 - $2 (${ms} ms)" >&3
}
