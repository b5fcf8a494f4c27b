# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Helpers of the bus tests. A case is a function test_NAME; it fails when any check in it does.
# shellcheck source-path=SCRIPTDIR source=../../lib/tap.sh
. ./tap.sh

manager=/org/cellmgr1
# shellcheck disable=SC2034 # of tap.sh
tap_pause=0.05

# The agent answers what would else take a process each, see agent.c.
start_agent() {
	local ready
	mkfifo /run/agent
	# No child of ours, for which a `wait` would wait.
	(./agent >/run/agent 3>&- &)
	read -r ready </run/agent
	[[ $ready ]] || bail "there is no agent"
	# What never has anything to read.
	mkfifo /run/never
	exec {never}<>/run/never
}

# ask WORD...: the agent, whose answer is in $answer.
ask() {
	local connection request
	printf -v request '%s\x1f' "$@"
	exec {connection}<>/dev/tcp/127.0.0.1/9999
	printf '%s\n' "$request" >&"$connection"
	IFS= read -r -d '' answer <&"$connection"
	exec {connection}>&-
	request=${answer:0:1} answer=${answer:1}
	return "${request:-9}"
}

# Without a process.
sleep() {
	read -r -t "$1" <&"$never" || true
}

fake() {
	ask fake "$@"
	set -- $?
	echo "$answer"
	return "$1"
}

# Method of the manager or of a cell; output in $output, exit status as it was.
call() {
	ask call "$manager" org.cellmgr1.Manager "$@"
	set -- $?
	output=$answer
	return "$1"
}

cell_path() {
	echo "$manager/cell/${1//-/_2d}"
}

cell() {
	ask call "$manager/cell/${1//-/_2d}" org.cellmgr1.Cell "${@:2}"
	set -- $?
	output=$answer
	return "$1"
}

# Value of a property, strings without their quotes, in $answer.
get_property() {
	ask get "$manager/cell/${1//-/_2d}" org.cellmgr1.Cell "$2" || true
}

get_manager_property() {
	ask get "$manager" org.cellmgr1.Manager "$1" || true
}

property() {
	get_property "$@"
	echo "$answer"
}

manager_property() {
	get_manager_property "$1"
	echo "$answer"
}

# get_of_unit UNIT PROPERTY: in $answer; ActiveState, MainPID or StatusText.
get_of_unit() {
	local name=$1
	[[ $name == *.@(service|target|socket) ]] || name+=.service
	ask unit "$name" "$2" || true
}

state_of() {
	get_of_unit "$1" ActiveState
	echo "$answer"
}

status_of() {
	get_of_unit "$1" StatusText
	echo "$answer"
}

pid_of() {
	get_of_unit "$1" MainPID
	echo "$answer"
}

# Whether that daemon has ended, which the service manager may not have seen yet.
has_died() {
	local state=''
	read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || return 0
	[[ $state == [ZX] ]] || [ "$(pid_of cellmgrd)" != "$1" ]
}

# done_well COMMAND...: a call succeeds; its answer is in $output.
done_well() {
	if "$@"; then ok "$*"; else not_ok "$*" "$output"; fi
}

# property_is CELL PROPERTY VALUE
property_is() {
	get_property "$1" "$2"
	is "$2 of $1" "$answer" "$3"
}

# property_like CELL PROPERTY REGEX
property_like() {
	get_property "$1" "$2"
	like "$2 of $1" "$answer" "$3"
}

property_has() {
	get_property "$1" "$2"
	[ "$answer" = "$3" ]
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
	get_manager_property "$1"
	is "$1" "$answer" "$2"
}

# manager_like PROPERTY REGEX
manager_like() {
	get_manager_property "$1"
	like "$1" "$answer" "$2"
}

# unit_is UNIT STATE
unit_is() {
	get_of_unit "$1" ActiveState
	is "$1" "$answer" "$2"
}

# has_no_object CELL
has_no_object() {
	! call GetCell s "$1"
}

unit_has() {
	get_of_unit "$1" ActiveState
	[ "$answer" = "$2" ]
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
	if [[ ${1-} == ?(s|b) ]]; then
		ask try "$path" "$interface" "$method" "$@"
		is "status of $object $method $*, which fails" $? 1
		output=$answer
	else
		fails "$object $method $* fails" ./bus-peer call "$path" "$interface" "$method" "$@"
	fi
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

# What cases leave without asking: units and what is said of them, configuration, what is kept for later.
settings() {
	shopt -s nullglob
	seen=(/etc/cellmgr/* /etc/systemd/system/* /etc/systemd/system/*/* /run/systemd/system/* /run/systemd/system/*/*
		/run/systemd/system-generators/* /etc/polkit-1/rules.d/* /run/cellmgr/units/* /tmp/*.json /tmp/cells
		/tmp/images)
	shopt -u nullglob
}

# Once, before the first case.
remember_settings() {
	settings
	first_settings=("${seen[@]}")
	cp -a /usr/lib/cellmgr/images images
}

# What the start did not have is removed.
restore_settings() {
	local seen path reload=''
	settings
	for path in "${seen[@]}"; do
		[[ " ${first_settings[*]} " != *" $path "* ]] || continue
		rm -rf "$path"
		[[ $path != */systemd/* ]] || reload=needed
	done
	[[ ! $reload ]] || systemctl daemon-reload
}

# files_are FROM TO: what is in the second directory is what is in the first.
files_are() {
	ask same "$1" "$2" || {
		rm -rf "$2"
		cp -a "$1" "$2"
	}
}

# Neither enabled nor with memory of Linux'. Where it is not the daemon has the units of all cells stopped.
is_off() {
	get_manager_property HypervisorState
	[[ $answer == off ]] && ask fake pool && [[ $answer == 0 ]] && ask fake pool-more && [[ $answer == 0 ]]
}

# No cell's unit is up, or about to be or to end.
units_rest() {
	ask up 'cell@*.service' && [[ ! $answer ]]
}

# Nothing runs, nothing is scripted, the hypervisor is off, and descriptions and images are those of the start: whatever
# a case before did, and whichever that was.
fresh() {
	ask fake clear
	ask fake features 0x3ff
	units_rest || systemctl stop 'cell@*.service' 2>/dev/null
	restore_settings
	unit_has cellmgrd active || systemctl start cellmgrd
	is_off || call DisableHypervisor b true || {
		diag "fresh: $output"
		systemctl stop cellmgrd
		systemctl restart fake-driver
		rm -rf /run/cellmgr/state /run/cellmgr/records
		systemctl start cellmgrd
	}
	# Behind the daemon's orders to stop units, of which one would take back a start of the case, or put it off.
	ask manager ResetFailed
	tap_pause=0.01 eventually 20 units_rest
	files_are "$PWD/cells" /etc/cellmgr/cells
	files_are "$PWD/images" /usr/lib/cellmgr/images
	# One of them is broken, so it answers with an error.
	call Reload
}

run_case() {
	fresh
	case_began=$EPOCHREALTIME
	case_of_many "$1" "test_$1"
}
