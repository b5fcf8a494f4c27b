#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux that knows no other way to reset the machine than a triple fault resets it so, with the hypervisor
# on. That it is reset says who runs the tests.
# boot: own
# options: --append reboot=t
# last-words: the machine goes down: cells are ended
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
dmesg -n 7
go_down systemctl reboot -ff
