#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine itself is what the other tests take it for: a stock Debian, nothing on its kernel
# command line for our sake.
# kernels: core
# timeout: 60
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# What a person might have there who never heard of cellmgr: where the console and the root file
# system are, and how much the boot says and mitigates.
unexpected=''
deterministic=0
[[ -e deterministic ]] && deterministic=1
for word in $(</proc/cmdline); do
	case $word in
	console=ttyS0 | root=/dev/vda | rw | quiet | mitigations=off | cryptomgr.notests) ;;
	# Of a slow emulator; as a guest of KVM the kernel sets it for itself.
	no_timer_check) grep -qw x2apic /proc/cpuinfo || unexpected+=" $word" ;;
	nokaslr) ((deterministic)) || unexpected+=" $word" ;;
	*) unexpected+=" $word" ;;
	esac
done
diag "command line: $(</proc/cmdline)"
is 'the kernel command line holds nothing for our sake' "$unexpected" ''

diag "system state: $(cat /run/results/boot-state)"
like 'systemd has booted the machine' "$(cat /run/results/boot-state)" '^(running|degraded)$'
is 'no unit has failed' "$(cat /run/results/failed-units.txt)" ''

# As the kernel's own kaslr_enabled() asks: bit 1 of loadflags (Documentation/x86/boot.rst). Its text may by chance be
# where it would be without.
loadflags=$(od -An -tu1 -j $((16#211)) -N 1 /sys/kernel/boot_params/data)
diag "kernel text at $(awk '$3 == "_text" { print $1 }' /proc/kallsyms), loadflags $loadflags"
if ((deterministic)); then
	skip 'KASLR is on' 'the deterministic machine has it off'
else
	check 'KASLR is on' test $((loadflags & 2)) -ne 0
fi

check 'the CPU offers SVM' grep -qw svm /proc/cpuinfo
check 'the CPU offers nested paging' grep -qw npt /proc/cpuinfo
is 'all CPUs are online' "$(cat /sys/devices/system/cpu/online)" "0-$(($(nproc --all) - 1))"
check 'there are four CPUs or as many as were asked for' test "$(nproc)" -eq "$(cat cpus)"
like 'the kernel is the distribution'"'"'s' "$(</proc/version)" 'debian-kernel@'
is 'the kernel is not tainted' "$(($(</proc/sys/kernel/tainted) & ~(1 << 12 | 1 << 13)))" 0
is 'the kernel booted without a complaint' "$(dmesg | grep -E "$kernel_complaints")" ''
finish
