# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Helpers of the bus tests. A case is a function test_NAME; it fails when any check in it does.
# shellcheck source-path=SCRIPTDIR source=../../lib/tap.sh
. ./tap.sh

manager=/org/cellmgr1
# shellcheck disable=SC2034 # of tap.sh
tap_pause=0.05

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

# done_well COMMAND...: a call succeeds; its answer is in $output.
done_well() {
	if "$@"; then ok "$*"; else not_ok "$*" "$output"; fi
}

# property_is CELL PROPERTY VALUE
property_is() {
	is "$2 of $1" "$(property "$1" "$2")" "$3"
}

# property_like CELL PROPERTY REGEX
property_like() {
	like "$2 of $1" "$(property "$1" "$2")" "$3"
}

property_has() {
	[ "$(property "$1" "$2")" = "$3" ]
}

# property_becomes SECONDS CELL PROPERTY VALUE
property_becomes() {
	eventually_check "$3 of $2 becomes $4" "$1" property_has "$2" "$3" "$4" ||
		diag "it is $(property "$2" "$3")"
}

state_is() {
	property_is "$1" State "$2"
}

# manager_is PROPERTY VALUE
manager_is() {
	is "$1" "$(manager_property "$1")" "$2"
}

# manager_like PROPERTY REGEX
manager_like() {
	like "$1" "$(manager_property "$1")" "$2"
}

# unit_is UNIT STATE
unit_is() {
	is "$1" "$(systemctl is-active "$1")" "$2"
}

# has_no_object CELL
has_no_object() {
	! call GetCell s "$1"
}

unit_has() {
	[ "$(systemctl is-active "$1")" = "$2" ]
}

# unit_becomes SECONDS UNIT STATE
unit_becomes() {
	eventually_check "$2 becomes $3" "$1" unit_has "$2" "$3"
}

# fails_with ERROR TEXT OBJECT METHOD [ARGUMENT...]: the method's error has this name (without
# org.cellmgr1.Error.) and a text that matches. OBJECT is a cell or "manager".
fails_with() {
	local error=$1 text=$2 object=$3 method=$4 path interface output
	shift 4
	if [ "$object" = manager ]; then
		path=$manager interface=org.cellmgr1.Manager
	else
		path=$(cell_path "$object") interface=org.cellmgr1.Cell
	fi
	[[ $error == *.* ]] || error=org.cellmgr1.Error.$error
	fails "$object $method $* fails" ./bus-peer call "$path" "$interface" "$method" "$@"
	is "error of $object $method $*" "${output%%: *}" "$error"
	like "what is said of $object $method $*" "$output" "$text"
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
	eventually_check "the monitor is there" 25 grep -qs Monitoring /tmp/monitor-log
}

stop_monitor() {
	# What is on its way shall arrive.
	sleep 0.2
	kill "$monitor"
	wait "$monitor" 2>/dev/null
}

# submit METHOD [ARGUMENT...]: calls the manager in the background, as $submitted; returns when the
# call is in the daemon's queue. Between start_monitor and stop_monitor.
submit() {
	local before
	before=$(times_called "$1")
	call "$@" &
	# shellcheck disable=SC2034 # for the caller
	submitted=$!
	eventually_check "$1 is on its way" 30 called_more_often "$1" "$before"
	# The daemon asks the bus who calls; the bus answers that before it hands on the second of these.
	call ListCells
	call ListCells
}

times_called() {
	grep -c "\"member\":\"$1\"" /tmp/monitor
}

called_more_often() {
	[ "$(times_called "$1")" -gt "$2" ]
}

# What the daemon's unit is told: nothing runs, nothing is scripted, the hypervisor is off, and the descriptions are
# those of the start: whatever a case before did, and whichever that was.
fresh() {
	fake clear >/dev/null
	fake features 0x3ff >/dev/null
	systemctl stop 'cell@*.service' 2>/dev/null
	systemctl reset-failed 2>/dev/null
	call DisableHypervisor b true || {
		diag "fresh: $output"
		systemctl stop cellmgrd
		systemctl restart fake-driver
		rm -rf /run/cellmgr/state /run/cellmgr/records
	}
	systemctl is-active -q cellmgrd || systemctl start cellmgrd
	diff -rq cells /etc/cellmgr/cells >/dev/null || {
		rm -rf /etc/cellmgr/cells
		cp -a cells /etc/cellmgr/cells
	}
	# One of them is broken, so it answers with an error.
	call Reload
}

run_case() {
	fresh
	case_began=$EPOCHREALTIME
	case_of_many "$1" "test_$1"
}
