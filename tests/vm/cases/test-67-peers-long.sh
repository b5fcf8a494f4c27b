#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A million records from each peer of a link to each other one, of three peers and of eight, Linux one of
# them: none is lost, doubled or torn, no ring is missed.
# part: long
# boot: own
# options: --cpus 9
# timeout: 7200
# shellcheck source-path=SCRIPTDIR source=../lib/peers.sh
. ./peers.sh

peers_open
for peers in 3 8; do
	peers_meet $peers
	exchange "$peers peers, a million each way" $peers 1000000 0 5000
	exchange "$peers peers, one-shot interrupts" $peers 100000 1 1000
	peers_part $peers
done
peers_close
