#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Opening and closing, and the lives of cells, lose nothing: no page of the hypervisor's pool, no
# memory of Linux.
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

hypervisor_rounds=100
cell_rounds=200

# Slack for what Linux itself takes and gives in the meantime, in kilobytes; one lost page for each cell
# would be 800, one pool 65536.
declare -A slack=([MemFree]=16384 [SUnreclaim]=512 [VmallocUsed]=256 [unaccounted]=512 [cellmgrd]=512)

# measure: sets now, kilobytes of each kind.
measure() {
	declare -gA now
	now[MemFree]=$(memory_settled)
	now[SUnreclaim]=$(meminfo SUnreclaim)
	now[VmallocUsed]=$(meminfo VmallocUsed)
	now[unaccounted]=$(memory_unaccounted)
	now[cellmgrd]=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(systemctl show -P MainPID cellmgrd)/status")
}

# nothing_lost WHAT: since before was measured.
nothing_lost() {
	local kind lost
	measure
	for kind in MemFree SUnreclaim VmallocUsed unaccounted cellmgrd; do
		lost=$((${now[$kind]:?} - ${before[$kind]:?}))
		[[ $kind != MemFree ]] || lost=$((-lost))
		diag "$kind: ${before[$kind]} kB before, ${now[$kind]} kB after"
		between "$1: no memory is lost, by $kind" "$lost" -1000000 "${slack[$kind]}"
	done
}

# keep: makes what was measured last the one to compare with.
keep() {
	local kind
	declare -gA before
	for kind in "${!now[@]}"; do before[$kind]=${now[$kind]}; done
}

begin
describe quiet mischief '/"parameters"/d'
check 'the description is right' cellctl check $descriptions/quiet.json

# The first rounds fill caches that stay.
check 'the hypervisor opens and closes' ./cycle hypervisor 10
total_before=$(meminfo MemTotal)
measure
keep
check "$hypervisor_rounds times more" ./cycle hypervisor "$hypervisor_rounds"
nothing_lost "$hypervisor_rounds openings"
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$total_before"

check 'the hypervisor opens' cellctl enable
check 'a cell lives and ends' ./cycle cell quiet 10
pool_before=$(cat $sysfs/mem_pool_used)
measure
keep
check "$cell_rounds times more" ./cycle cell quiet "$cell_rounds"
nothing_lost "$cell_rounds cells"
diag "$pool_before pages of the pool used before, $(cat $sysfs/mem_pool_used) after"
is 'no page of the pool is lost' "$(cat $sysfs/mem_pool_used)" "$pool_before"
all_cpus_back
check 'the hypervisor closes' cellctl disable
is 'the module can be unloaded: nothing holds it' "$(systemctl stop cellmgrd; rmmod cellvisor && echo yes)" yes
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
is 'and nothing to warn of' "$(kernel_warnings_since "$mark")" ''
finish
