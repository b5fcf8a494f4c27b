#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Opening and closing, and the lives of cells, lose nothing: no page of the hypervisor's pool, no
# memory of Linux.
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh

hypervisor_rounds=100
cell_rounds=200
sysfs=/sys/devices/jailhouse

# What Linux cannot get back by itself shows in these; in kilobytes.
unreclaimable() { meminfo SUnreclaim; }
# Slack for what Linux itself allocates in the meantime; one lost pool would be 65536.
free_slack=16384
slab_slack=4096

cp /usr/share/doc/cellmgr/examples/mischief.json /etc/cellmgr/cells/quiet.json
sed -i '/"parameters"/d' /etc/cellmgr/cells/quiet.json
check 'the description is right' cellctl check /etc/cellmgr/cells/quiet.json
modprobe cellvisor
systemctl start cellmgrd
systemctl reload cellmgrd
mark=$(kernel_log_mark)

# The first rounds fill caches that stay.
check 'the hypervisor opens and closes' ./cycle hypervisor 3
total_before=$(meminfo MemTotal)
free_before=$(memory_settled)
slab_before=$(unreclaimable)
check "$hypervisor_rounds times more" ./cycle hypervisor "$hypervisor_rounds"
free_after=$(memory_settled)
diag "after $hypervisor_rounds openings: MemFree $free_before kB before, $free_after kB after;" \
	"SUnreclaim $slab_before kB before, $(unreclaimable) kB after"
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$total_before"
between 'no free memory of Linux is lost' $((free_before - free_after)) -1000000 "$free_slack"
between 'no kernel memory is lost' $(($(unreclaimable) - slab_before)) -1000000 "$slab_slack"

check 'the hypervisor opens' cellctl enable
check 'a cell lives and ends' ./cycle cell quiet 3
pool_before=$(cat $sysfs/mem_pool_used)
free_before=$(memory_settled)
slab_before=$(unreclaimable)
check "$cell_rounds times more" ./cycle cell quiet "$cell_rounds"
pool_after=$(cat $sysfs/mem_pool_used)
free_after=$(memory_settled)
diag "after $cell_rounds cells: $pool_before pages of the pool used before, $pool_after after;" \
	"MemFree $free_before kB before, $free_after kB after;" \
	"SUnreclaim $slab_before kB before, $(unreclaimable) kB after"
is 'no page of the pool is lost' "$pool_after" "$pool_before"
between 'no free memory of Linux is lost to cells' $((free_before - free_after)) -1000000 "$free_slack"
between 'no kernel memory is lost to cells' $(($(unreclaimable) - slab_before)) -1000000 "$slab_slack"
is 'all CPUs are back' "$(cat /sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/present)"
check 'the hypervisor closes' cellctl disable
is 'the module can be unloaded: nothing holds it' "$(systemctl stop cellmgrd; rmmod cellvisor && echo yes)" yes
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
