#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# More CPUs than a word has bits: the hypervisor takes all, cells get some of the last ones and of both
# sides of the word's end, and Linux has all of them back.
# part: long
# boot: own
# options: --cpus 66 --memory 2G
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

last=$(($(<cpus) - 1))
online() { cat /sys/devices/system/cpu/online; }

begin
is 'control: Linux has them' "$(online)" "0-$last"
check 'the hypervisor opens' timeout 120 cellctl enable
is 'it has all of them' "$(cat $sysfs/cells/0/cpus_assigned_list)" "0-$last"
describe turbine turbine "s/\"cpus\": .*/\"cpus\": [$last],/; s/\"heartbeat\": .*/\"heartbeat\": \"20s\",/"
describe mischief mischief 's/"cpus": .*/"cpus": [63, 64],/; s/"parameters": .*/"parameters": "delay-ms=600000",/'
check 'a cell gets the last one' timeout 120 cellctl start turbine
turbine_reports 'and runs on it'
check 'one gets two, on both sides of the end of a word' timeout 120 cellctl start mischief
is 'the kernel has the others' "$(online)" "$( ((last == 65)) && echo 0-62 || echo "0-62,65-$((last - 1))")"
eventually_check 'it runs' 30 cell_is mischief State running
check 'it is killed' timeout 60 cellctl kill mischief
eventually_check 'it has failed' 20 cell_is mischief State failed
check 'it is destroyed' timeout 120 cellctl destroy mischief
turbine_goes_on 'the other one goes on'
check 'it is killed' timeout 60 cellctl kill turbine
check 'and destroyed' timeout 120 cellctl destroy turbine
is 'Linux has all of them back' "$(online)" "0-$last"
end
