#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Opening and closing, and the lives of cells, lose nothing: no page of the hypervisor's pool, no page
# and no object of Linux, not one for each time.
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

hypervisor_rounds=100
cell_rounds=100

# What each quarter of the rounds may add of a kind: kilobytes, objects of kmalloc's sizes. Linux takes
# and gives in the meantime, by the hundred at times, but seldom four times in a row; what is lost with
# each round is lost in every quarter. So the least growth counts: a page with each opening would be
# 100 kB of what is nobody's, an object 25. Kernel memory as a whole, in which slabs and stacks come and
# go, is for what is larger.
declare -A slack=([kernel]=300 [unaccounted]=65 [cellmgrd]=100 [kmalloc-128]=20 [kmalloc-192]=20
	[kmalloc-256]=20 [kmalloc-512]=20 [kmalloc-1k]=20 [kmalloc-2k]=20 [kmalloc-4k]=20 [kmalloc-8k]=20)
caches=/sys/kernel/slab

declare -A last now least seen

# measure ARRAY: what there is now, of each kind.
# shellcheck disable=SC2034,SC2178,SC2004 # the name of an associative array
measure() {
	local -n kinds=$1
	local kind cache
	for cache in "$caches"/kmalloc-*; do echo 1 >"$cache/shrink"; done
	memory_settle
	read -r "kinds[kernel]" "kinds[unaccounted]" <<<"$(memory_of_the_kernel)"
	kinds["cellmgrd"]=$(daemon_kb)
	for kind in "${!slack[@]}"; do
		[[ $kind != kmalloc-* ]] || kinds[$kind]=$(cut -d' ' -f1 "$caches/$kind/objects")
	done
}

# nothing_lost WHAT COUNT CYCLE...: by so many rounds of it.
nothing_lost() {
	local what=$1 count=$2 kind quarter growth
	shift 2
	measure last
	for kind in "${!slack[@]}"; do
		least[$kind]=1000000
		seen[$kind]=${last[$kind]}
	done
	mapped=$(grep -c cellvisor /proc/vmallocinfo)
	for quarter in 1 2 3 4; do
		check "$what: quarter $quarter" ./cycle "$@" $((count / 4))
		measure now
		for kind in "${!slack[@]}"; do
			growth=$((${now[$kind]:?} - ${last[$kind]:?}))
			((growth >= least[$kind])) || least[$kind]=$growth
			last[$kind]=${now[$kind]}
			seen[$kind]+=", ${now[$kind]}"
		done
	done
	for kind in "${!slack[@]}"; do
		diag "$kind: ${seen[$kind]}"
		between "$what: nothing is lost of $kind" "${least[$kind]}" -1000000 "${slack[$kind]}"
	done
	is "$what: the module has mapped what it had mapped" "$(grep -c cellvisor /proc/vmallocinfo)" "$mapped"
}

begin
describe quiet mischief '/"parameters"/d'
check 'the description is right' cellctl check $descriptions/quiet.json

# The first rounds fill caches that stay.
check 'the hypervisor opens and closes' ./cycle hypervisor 10
total_before=$(meminfo MemTotal)
nothing_lost "$hypervisor_rounds openings" "$hypervisor_rounds" hypervisor
is 'Linux has all of its memory' "$(meminfo MemTotal)" "$total_before"

check 'the hypervisor opens' cellctl enable
check 'a cell lives and ends' ./cycle cell quiet 10
pool_before=$(pool_used)
nothing_lost "$cell_rounds cells" "$cell_rounds" cell quiet
diag "$pool_before pages of the pool used before, $(pool_used) after"
is 'no page of the pool is lost' "$(pool_used)" "$pool_before"
all_cpus_back
check 'the hypervisor closes' cellctl disable
is 'the module can be unloaded: nothing holds it' "$(systemctl stop cellmgrd; rmmod cellvisor && echo yes)" yes
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
is 'and nothing to warn of' "$(kernel_warnings_since "$mark")" ''
finish
