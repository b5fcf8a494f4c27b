#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Under a Linux with five levels of page tables the hypervisor does not open, and it is said what to do. That
# it helps shows test-73-no5lvl.sh.
# boot: own
# options: --cpus 2 --qemu -cpu --qemu EPYC,+svm,+npt,+pku,+la57
# timeout: 60
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

check 'control: Linux has five levels' grep -qw la57 /proc/cpuinfo
has_line 'doctor tells before' "$(cellctl doctor)" '^fail +paging +five-level page tables are in use'
check 'the module loads' modprobe cellvisor
mark=$(kernel_log_mark)
fails 'the hypervisor does not open' cellctl enable
like 'the kernel log says what to do' "$(kernel_log_since "$mark")" 'five-level page tables are in use: boot with no5lvl'
is 'all CPUs are Linux'"'" "$(cat /sys/devices/system/cpu/online)" 0-1
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
