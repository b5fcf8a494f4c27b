#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Opening and closing, and the lives of cells, lose nothing: no page of the hypervisor's pool, no page
# and no object of Linux, not one for each time.
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

hypervisor_rounds=100
cell_rounds=200

# How much of each kind Linux itself takes and gives in the meantime: kilobytes, objects of kmalloc's
# sizes. A page lost with each opening is 400 kB of what is nobody's, with each cell 800; an object is
# 200 with each cell (what is lost with each opening only may hide). Kernel memory as a whole, in which
# slabs and stacks come and go, is for what is larger.
declare -A slack=([kernel]=1000 [unaccounted]=250 [cellmgrd]=400 [kmalloc-128]=150 [kmalloc-192]=150
	[kmalloc-256]=150 [kmalloc-512]=150 [kmalloc-1k]=150 [kmalloc-2k]=150 [kmalloc-4k]=150 [kmalloc-8k]=150)
caches=/sys/kernel/slab

# measure: sets now, of each kind.
measure() {
	local kind cache all nobodys
	for cache in "$caches"/kmalloc-*; do echo 1 >"$cache/shrink"; done
	memory_settle
	declare -gA now
	read -r all nobodys <<<"$(memory_of_the_kernel)"
	now[kernel]=$all now[unaccounted]=$nobodys
	now[cellmgrd]=$(awk '$1 == "RssAnon:" { print $2 }' "/proc/$(systemctl show -P MainPID cellmgrd)/status")
	for kind in "${!slack[@]}"; do
		[[ $kind != kmalloc-* ]] || now[$kind]=$(cut -d' ' -f1 "$caches/$kind/objects")
	done
}

# nothing_lost WHAT: since before was measured.
nothing_lost() {
	local kind
	measure
	for kind in "${!slack[@]}"; do
		diag "$kind: ${before[$kind]} before, ${now[$kind]} after"
		between "$1: nothing is lost of $kind" $((${now[$kind]:?} - ${before[$kind]:?})) \
			-"${slack[$kind]}" "${slack[$kind]}"
	done
	is "$1: the module has mapped what it had mapped" "$(grep -c cellvisor /proc/vmallocinfo)" "$mapped"
}

# keep: makes what is there now the one to compare with.
keep() {
	local kind
	measure
	declare -gA before
	for kind in "${!now[@]}"; do before[$kind]=${now[$kind]}; done
	mapped=$(grep -c cellvisor /proc/vmallocinfo)
}

begin
describe quiet mischief '/"parameters"/d'
check 'the description is right' cellctl check $descriptions/quiet.json

# The first rounds fill caches that stay.
check 'the hypervisor opens and closes' ./cycle hypervisor 10
total_before=$(meminfo MemTotal)
keep
check "$hypervisor_rounds times more" ./cycle hypervisor "$hypervisor_rounds"
nothing_lost "$hypervisor_rounds openings"
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$total_before"

check 'the hypervisor opens' cellctl enable
check 'a cell lives and ends' ./cycle cell quiet 10
pool_before=$(cat $sysfs/mem_pool_used)
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
