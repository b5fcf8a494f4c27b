#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test-49's card a hundred times: a cell takes it from Linux' driver, has interrupts of it and moves data with
# it, and goes, or the whole hypervisor with it; the driver comes back, and packets.
# part: long
# boot: own
# options: --qemu -netdev --qemu user,id=net --qemu -device --qemu e1000e,addr=0x11,netdev=net,romfile=
# timeout: 3600
# shellcheck source-path=SCRIPTDIR source=../lib/devices.sh
. ./devices.sh

rounds=100

# network_works: as nic_works, without a case for each part of it.
network_works() {
	eventually 20 driver_is $nic e1000e || return 1
	nic_up
	eventually 40 receives
}

# go_by WAY CELL
go_by() {
	case $1 in
	end) cellctl destroy "$2" ;;
	kill) cellctl kill "$2" && cellctl destroy "$2" ;;
	remove)
		echo 1 >$devices/$nic/remove
		cellctl destroy "$2" && echo 1 >/sys/bus/pci/rescan
		;;
	close) cellctl disable --force && cellctl enable ;;
	esac
}

# round NUMBER: prints what did not go right, "" if all did.
round() {
	local ways=(end kill remove close) cells=(card stays card stays)
	local way=${ways[$1 % 4]} cell=${cells[$1 % 4]}
	cellctl start "$cell" || echo "round $1: it does not start"
	driver_is $nic cellvisor-pci || echo "round $1: it is not held"
	eventually 60 card_works "$cell" ||
		echo "round $1: it does not work: $(cellctl console "$cell" | tail -n 2)"
	go_by "$way" "$cell" || echo "round $1: it does not go by $way"
	network_works || echo "round $1: Linux does not work with it after $way"
}

begin
nic_works 'control: the card'
cell card "$take" "$card"
cell stays "$take" "$stays"
check 'the hypervisor opens' cellctl enable
for ((n = 0; n < rounds; n++)); do
	# What is needed once was needed by then.
	((n != rounds / 5)) || memory=$(daemon_kb)
	wrong=$(round "$n" 2>&1)
	[[ ! $wrong ]] || break
	diag "round $n"
done
is "it goes to and fro $rounds times, and works on both sides" "$n rounds, $wrong" "$rounds rounds, "
between 'the daemon has the memory that it had' $(($(daemon_kb) - ${memory:-0})) -10000 256
end
