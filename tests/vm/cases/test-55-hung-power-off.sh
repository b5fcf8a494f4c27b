#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine is switched off at once, though a cell's CPU does not answer and an operation on another cell
# hangs. That it is off in the end says who runs the tests, after 60 s at most.
# boot: own
# last-words: the machine goes down: cells are ended
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

silence=0x50540001

plant_faults
begin
describe mischief mischief 's/"cpus": .*/"cpus": [1],/'
describe_program planted planted "fault=$silence argument=0"
check 'the hypervisor opens' cellctl enable
check 'a cell is created' cellctl create mischief
check 'another one starts, whose CPU will not answer any more' cellctl start planted
eventually_check 'its program has run' 20 console_has planted 'planted: in'
sleep 2
timeout 60 cellctl kill planted >/dev/null 2>&1
eventually_check 'its CPU does not answer' 20 cell_is planted State failed
# What the driver says reaches the host, too.
dmesg -n 7
(
	trap '' TERM
	exec ./hang-load mischief 0x1000
) &
check 'control: an operation hangs' eventually 20 is_busy mischief
go_down systemctl poweroff -ff
