#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Signals of the real turbine through its real link: what is read and sent over the bus is what the turbine
# calculated, what is written it follows; who may not write does not; the quality says when it is gone.
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

cell=/org/cellmgr1/cell/turbine
written=d40e7b5c9a1f4c3e8b62f07ad9c81e57

# signal NAME: sets value and quality.
signal() {
	read -r _ _ _ _ _ value _ quality < <(busctl call org.cellmgr1 $cell org.cellmgr1.Cell ReadSignals as 1 "$1")
	quality=${quality//\"/}
}

# signal_is NAME VALUE
signal_is() { signal "$1" && [[ $value == "$2" && $quality == good ]]; }
quality_is() { signal shaft-speed && [[ $quality == "$1" ]]; }

# runs_at RPM: within half a percent.
runs_at() {
	signal shaft-speed
	[[ $quality == good ]] && awk -v is="$value" -v want="$1" 'BEGIN { exit !(is > want * 0.995 && is < want * 1.005) }'
}

# set_signal NAME TYPE VALUE [COMMAND...]: the command comes before it.
set_signal() {
	"${@:4}" busctl call org.cellmgr1 $cell org.cellmgr1.Cell WriteSignal sv "$1" "$2" "$3"
}

# gateway_finds NAME WORD...: all that it reads or is sent is right. Emulated CPUs take turns: where the
# turbine's is stopped in the middle of a block nobody can read that, which is said of it.
gateway_finds() {
	local said reads changes bad all
	said=$(timeout 100 ./plant-gateway turbine "${@:2}")
	like "$1" "$said" '^reads=[0-9]* changes=[0-9]* wrong=0 bad=[0-9]* errors=0$'
	read -r reads changes _ bad _ <<<"$said"
	all=$((${reads#*=} + ${changes#*=}))
	between "$1: and there is something" $all 20 100000
	between "$1: most of it while nobody wrote" "${bad#*=}" 0 $((all / 20))
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "10s",/; s/"stale-after": "100ms"/"stale-after": "5s"/'
check 'the hypervisor opens' cellctl enable
signal shaft-speed
is 'without its cell a signal is not connected' "$quality" unconnected
fails 'nor can one be written' set_signal load-setpoint d 70
check 'the turbine starts' cellctl start turbine
check 'its link is there for programs' test -c /dev/cellmgr/turbine-plant
eventually_check 'its speed is read' 30 runs_at 3000
gateway_finds 'what is read is what the turbine calculated' watch 3
gateway_finds 'so is what is sent to who has asked for it' crowd 0 2 3
gateway_finds 'and all of it together' crowd 3 3 3

check 'a load is written' set_signal load-setpoint d 70
eventually_check 'it is in force' 30 signal_is load-in-force 70
check 'a speed is written by the client' cellctl set turbine speed-setpoint=3100
eventually_check 'it is in force, and the load has stayed' 30 signal_is speed-in-force 3100
signal load-in-force
is 'the load has stayed' "$value" 70
eventually_check 'the speed follows' 60 runs_at 3100
like 'the journal says who has set it, and from what' "$(journalctl -b -q -o cat MESSAGE_ID=$written | tail -n 1)" \
	'Cell turbine: signal speed-setpoint was set from 0 to 3100 rpm by user 0 '
fails 'one that is out of range is refused' set_signal speed-setpoint d 3601
like 'in words' "$output" 'speed-setpoint.*3600'
fails 'so is one of telemetry' set_signal shaft-speed d 3000
fails 'so is one by somebody who may not' set_signal speed-setpoint d 3000 setpriv --reuid=65534 --clear-groups
like 'because of that' "$output" '[Aa]ccess denied|[Nn]ot authorized|[Pp]ermission denied|[Aa]uthoriz'
signal_is speed-in-force 3100
is 'nothing of that has come' "$value" 3100
like 'who may not write may read' "$(setpriv --reuid=65534 --clear-groups busctl call org.cellmgr1 $cell \
	org.cellmgr1.Cell ReadSignals as 1 speed-in-force 2>&1)" '3100 .*good'

check 'a trip is written' set_signal trip b true
eventually_check 'the turbine has tripped' 30 signal_is trip-cause 2
check 'it ends' set_signal trip b false
check 'a reset is written' set_signal trip-reset b true
eventually_check 'the turbine is free again' 30 signal_is trip-cause 0
signal check
is 'control: by now much was counted' "$quality" good
turbine_undisturbed 'nothing has interrupted it that it does not know'

check 'the turbine stops when asked' cellctl stop turbine
eventually_check 'its signals are stale' 10 quality_is stale
check 'it goes' cellctl destroy turbine
check 'Linux keeps its end of what is described: they are stale' quality_is stale
check 'it comes again' cellctl start turbine
eventually_check 'at the speed that was commanded before, as the link has stayed' 60 runs_at 3100
check 'it stops' cellctl stop turbine
check 'it is taken away' cellctl destroy turbine
check 'the hypervisor is closed' cellctl disable
check 'they are not connected' quality_is unconnected
check 'and opened' cellctl enable
end
