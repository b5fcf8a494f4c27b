#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine is switched off while somebody is in the middle of changing cells, and will be for longer than
# is waited for: it goes down with its cells running, and says so. That it is off in the end says who runs
# the tests, after 60 s at most.
# boot: own
# last-words: cells run on until the machine is reset or off
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

begin
check 'the probe loads' insmod ./partition-probe.ko
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "10s",/'
describe mischief mischief 's/"cpus": .*/"cpus": [1],/'
check 'a cell starts' cellctl start turbine
turbine_reports 'it works'
nothing_is_held
# What the driver says reaches the host, too.
dmesg -n 7
check 'control: somebody will take his time' plant 'hold cellvisor:cell_take_cpus 120'
(
	trap '' TERM
	cellctl create mischief >/dev/null 2>&1
) &
check 'somebody is making another one' eventually 10 is_held
is 'control: that is why' "$(planted)" 1
go_down systemctl poweroff -ff
