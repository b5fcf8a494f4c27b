#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where Linux knows of much memory, the end of it is full of what it knows of its pages: the pool comes
# from below that.
# boot: own
# options: --memory 32G
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

begin
memory=$(meminfo MemTotal)
between 'control: Linux has that much, in KiB' "$memory" $((30 << 20)) $((32 << 20))
echo '{ "pool-size": "1G" }' >/etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
check 'the hypervisor opens with a pool of 1 GiB' cellctl enable
pool=$(hypervisor_memory start)
between 'which is not the end of memory' "$pool" $((4 << 30)) $(((34 << 30) - (1 << 30) - (512 << 20)))
describe turbine turbine 's/"memory": .*/"memory": "512M",/'
check 'a cell has half of it' cellctl start turbine
eventually_check 'it reports' 60 turbine_passes 0
check 'it stops' cellctl stop turbine
check 'the hypervisor closes' cellctl disable
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$memory"
rm /etc/cellmgr/cellmgrd.conf
end
