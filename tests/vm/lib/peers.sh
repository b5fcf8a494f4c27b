# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Links with more than two peers: Linux is the first one, cells from CPU 2 on are the others. Sourced.
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

peers_place=0000:00:1e.0 peers_bdf=0xf0 peers_link=plant-turbine

# all_said PEERS REGEX [BUT]: each cell has written such a line. From each its own console: in what
# /dev/jailhouse gives, lines of cells that write at the same time are mixed.
all_said() {
	local peer
	for ((peer = 1; peer < $1; peer++)); do
		((peer == ${3:-0})) || ./links console "peer$peer" | grep -E "$2" || return 1
	done
}

# told_by_all NAME PEERS REGEX [BUT]
told_by_all() { eventually_check "$1" 30 all_said "${@:2}" || diag "$(all_said "$2" .)"; }

# peer_comes NUMBER PEERS: a cell is that peer, on a CPU of its own.
peer_comes() {
	is "peer $1 of $2 comes" "$(./root-links cell "peer$1" $(($1 + 1)) $peers_bdf "$1" "$2" 2 queue-peer.bin)" 0
	is "peer $1 of $2 starts" "$(./root-links start "peer$1")" 0
}

peers_open() {
	systemctl mask --runtime --now -q cellmgrd
	modprobe cellvisor || bail 'the module does not load'
	mark=$(kernel_log_mark)
	mkdir -p /run/cellmgr/links
	echo CELLMGR_LINK=$peers_link >/run/cellmgr/links/$peers_place
	is 'the hypervisor opens' "$(./root-links enable)" 0
	peers_run=0
}

# peers_meet PEERS: a link of so many.
peers_meet() {
	local peer
	is "$1 peers: root has an end" "$(./root-links add $peers_bdf "$1" 2)" 0
	udevadm settle -t 30
	for ((peer = 1; peer < $1; peer++)); do peer_comes "$peer" "$1"; done
}

peers_part() {
	local peer
	for ((peer = 1; peer < $1; peer++)); do
		is "$1 peers: peer $peer goes" "$(./root-links destroy "peer$peer")" 0
	done
	is "$1 peers: root's end goes" "$(./root-links remove $peers_bdf)" 0
}

# exchange NAME PEERS RECORDS ONE-SHOT SECONDS: each sends so many records to each other one.
exchange() {
	local output status before=$SECONDS
	((peers_run++))
	output=$(timeout "$5" ./link-queue $peers_link "$peers_run" "$3" "$4")
	status=$?
	is "$1: all came, each once and in order" "$status $(head -n 1 <<<"$output")" "0 records $3, 0 wrong"
	diag "$output, $((SECONDS - before)) s"
	told_by_all "$1: in all cells as well, no ring was missed" "$2" \
		"queue-peer: run $peers_run, $3 records, 0 wrong, 0 missed"
}

# leaves NAME PEERS PEER COMMAND...: that peer is no more while all send to all; the others go on.
leaves() {
	local name=$1 peers=$2 peer=$3 leaver=''
	shift 3
	((peers_run++))
	if (($#)); then
		{ sleep 3; "$@" >/tmp/left; } &
		leaver=$!
		timeout 100 ./link-queue $peers_link "$peers_run" 1000000000 0 >/tmp/exchange
	else
		timeout 100 ./link-queue $peers_link "$peers_run" 1000000000 0 "$peer" >/tmp/exchange
	fi
	is "$name: Linux is told, all that came was right" "$? $(head -n 1 /tmp/exchange)" \
		"3 peer $peer is gone, 0 wrong"
	[[ ! $leaver ]] || wait "$leaver"
	told_by_all "$name: so is every cell, and none missed a ring" "$peers" \
		"queue-peer: run $peers_run, peer $peer is gone, 0 wrong, 0 missed" "$peer"
}

# dies PEERS PEER: it stops in the middle of an update and of a record to each other one, is stopped by the
# hypervisor for a write into Linux' section, and comes again.
dies() {
	leaves "$1 peers, $2 dies" "$1" "$2"
	is "$1 peers, $2 dies: its block is unfinished, those of the others are whole" \
		"$(grep -c 'block of .*: whole' /tmp/exchange) $(grep 'unfinished' /tmp/exchange)" \
		"$(($1 - 2)) block of $2: unfinished"
	like "$1 peers, $2 dies: it was stopped for a write to a section of another one" "$(tail -n 20 $sysfs/console)" \
		"cell peer$2, CPU $(($2 + 1)): stopped: memory-write"
	is "$1 peers, $2 dies: what is left of it goes" "$(./root-links destroy "peer$2")" 0
	peer_comes "$2" "$1"
}

peers_close() {
	is 'nothing that root did was refused' "$(<$sysfs/root_violations)" 0
	is 'all of it ends' "$(./root-links disable)" 0
	kernel_log_clean 'the kernel has nothing to complain about' "$mark"
	rm -r /run/cellmgr/links/$peers_place
	systemctl unmask --runtime -q cellmgrd
	finish
}
