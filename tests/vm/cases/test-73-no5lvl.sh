#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On a processor with five levels of page tables that Linux was told not to use the hypervisor opens, and a
# cell runs.
# boot: own
# options: --qemu -cpu --qemu EPYC,+svm,+npt,+pku,+la57 --append no5lvl
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

begin
like 'control: the processor has five levels' "$(./probe cpuid 7)" \
	'^0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]*[13579bdf][0-9a-f]{4} '
fails 'control: Linux does not use them' grep -qw la57 /proc/cpuinfo
check 'the hypervisor opens' cellctl enable
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'a cell starts' cellctl start turbine
turbine_reports 'it runs'
check 'it stops' cellctl stop turbine
check 'and is destroyed' cellctl destroy turbine
end
