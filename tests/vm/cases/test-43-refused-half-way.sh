#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An operation that is refused after it has begun leaves everything as it was: the cell, its CPU, what
# is told of it. One that waits for a cell which goes meanwhile ends, too.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# start_deed DEED: the demo cell, about to do it.
start_deed() {
	describe mischief mischief "s/\"parameters\": .*/\"parameters\": \"$1 delay-ms=0\",/; s/\"5s\"/\"60s\"/"
	check "$1: the cell starts" cellctl start mischief
	cell=$(dirname "$(grep -lx mischief $sysfs/cells/*/name)")
	state=$(facts)
}

# facts: all that is told of the cell, and whose CPUs are whose.
facts() {
	cat "$cell"/{name,state,cpus_assigned_list,cpus_failed_list}
	cat /sys/devices/system/cpu/online
	pool_used
	ls $sysfs/cells
}

# refused CALL ERROR NAME
refused() {
	is "$3" "$(./driver-call "$1" mischief)" "$2"
	is "$3: all is as it was" "$(facts)" "$state"
	fails "$3: its CPU is still not Linux'" timeout 60 sh -c 'echo 1 >/sys/devices/system/cpu/cpu2/online'
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'

start_deed refuse-shutdown
sleep 1
refused destroy EPERM 'a cell that says no is not destroyed'
refused load EPERM 'nor loaded'
refused start EPERM 'nor started anew'
like 'it runs' "$state" 'running'
turbine_goes_on 'the turbine goes on'
check 'it can be killed' cellctl kill mischief
check 'and taken away' cellctl destroy mischief

# It does not answer, and who waits for that is ended himself.
start_deed endless-loop
sleep 1
SECONDS=0
is 'who waits for a cell that does not answer can be ended' "$(timeout 3 ./driver-call destroy mischief; echo $?)" 124
between 'he is, at once' $SECONDS 3 20
is 'all is as it was' "$(facts)" "$state"

# Then two wait.
./driver-call destroy mischief >/var/tmp/first &
first=$!
./driver-call destroy mischief >/var/tmp/second &
second=$!
sleep 1
check 'while two wait for its answer the cell is killed' cellctl kill mischief
wait $first $second
is 'one has taken it away, the other finds none' "$(sort /var/tmp/first /var/tmp/second | paste -sd' ')" 'ENOENT done'
is 'the CPU is back once' "$(cat /sys/devices/system/cpu/online)" 0-2
turbine_goes_on 'the turbine still goes on'

check 'the turbine stops when asked' cellctl stop turbine
check 'and is taken away' cellctl destroy turbine
end
