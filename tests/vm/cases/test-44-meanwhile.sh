#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What one operation takes, be it long, hides nothing of other cells: who watches them is told in 50 ms
# of the machine's time, whoever else reads; nor does an operation that waits keep others.
# timeout: 500
# boot: own
# machine: icount
# options: --memory 7G
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# found PROGRAM ARGUMENT...: each thing that it finds is a result.
found() {
	cases_of --remarks "$1: " timeout 300 ./meanwhile "$@"
	((cases > 6)) || not_ok "$1: it comes to its end"
	./abi disable 2>/dev/null
}

check 'this is the deterministic machine' test -e deterministic
systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
found waits
found failures 4096 4
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
