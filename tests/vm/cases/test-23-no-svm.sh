#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On a processor without SVM the hypervisor does not open, and it is said what to do.
# boot: own
# options: --cpus 2 --qemu -cpu --qemu EPYC,-svm
# timeout: 60
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

check 'the machine has no SVM' sh -c '! grep -qw svm /proc/cpuinfo'
check 'the module loads' modprobe cellvisor
mark=$(kernel_log_mark)
fails 'the hypervisor does not open' cellctl enable
like 'the kernel log says what to do' "$(kernel_log_since "$mark")" 'offers no SVM: enable it in the firmware'
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
