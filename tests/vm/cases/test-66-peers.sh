#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Three and eight peers of a link, Linux one of them: each sends records to each other one and rings, none
# is lost, doubled or torn, no ring is missed; all see that a peer goes, dies in the middle of a message
# and is there again. test-67 has more records.
# boot: own
# options: --cpus 9
# timeout: 900
# shellcheck source-path=SCRIPTDIR source=../lib/peers.sh
. ./peers.sh

peers_open
for peers in 3 8; do
	peers_meet $peers
	exchange "$peers peers" $peers $((120000 / (peers * (peers - 1)))) 0 100
	exchange "$peers peers, one-shot interrupts" $peers $((40000 / (peers * (peers - 1)))) 1 100
	dies $peers 1
	exchange "$peers peers, after that" $peers 500 0 100
	leaves "$peers peers, $((peers - 1)) is taken away" $peers $((peers - 1)) \
		./root-links destroy peer$((peers - 1))
	is "$peers peers: that went well" "$(</tmp/left)" 0
	peer_comes $((peers - 1)) $peers
	exchange "$peers peers, after that as well" $peers 500 0 100
	peers_part $peers
done
peers_close
