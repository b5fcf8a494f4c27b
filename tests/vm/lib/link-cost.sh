# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a link of two cells costs in the deterministic machine; sourced, without the daemon.
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

# link_costs: lines "VALUE NAME" of what was measured, or what the cell said where it has not come to its
# end; the hypervisor is closed afterwards.
link_costs() {
	local cell
	systemctl mask --runtime --now -q cellmgrd
	modprobe cellvisor
	{
		./links enable
		for cell in one two; do ./links create $cell; done
		for cell in two one; do ./links start $cell link-bench.bin ''; done
	} >&2
	eventually 200 link_bench_done
	./links console one | sed -n 's/^measure \(.*\) \([0-9]*\) instructions$/\2 \1/p'
	link_bench_done || ./links console one
	{
		for cell in one two; do ./links destroy $cell; done
		./links disable
	} >&2
	systemctl unmask --runtime -q cellmgrd
}
link_bench_done() { ./links console one | grep -q 'link-bench: done'; }
