#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No other kernel is booted above a hypervisor that cannot be left, since a cell's CPU does not answer:
# the machine is reset instead, and says why. That it is says who runs the tests.
# boot: own
# options: --next-kernel
# last-words: the machine is reset instead
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

silence=0x50540001

plant_faults
begin
check 'another kernel is loaded' load_kernel load by-kexec
describe_program planted planted "fault=$silence argument=0"
check 'a cell starts whose CPU will not answer any more' cellctl start planted
eventually_check 'its program has run' 20 console_has planted 'planted: in'
sleep 2
timeout 60 cellctl kill planted >/dev/null 2>&1
eventually_check 'its CPU does not answer' 20 cell_is planted State failed
go_down ./next-kernel execute
