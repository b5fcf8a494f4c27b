# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The pool grows for a cell that finds no room, as far as the configuration allows, and shrinks when
# nobody needs that any more.

mib=$((1 << 20))
blocks=machine/sys/devices/system/memory

# limit SIZE: how far the pool may grow.
limit() {
	echo "{ \"pool-limit\": \"$1\" }" >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	call EnableHypervisor
}

# wide NAME CPU SIZE: a cell with that much memory.
wide() {
	echo "{ \"cpus\": [$2], \"memory\": \"$3\", \"image\": \"alpha.bin\" }" >"/etc/cellmgr/cells/$1.json"
	# Not by a reload, which wants all of them to be right.
	systemctl restart cellmgrd
}

# pool_is MIB COUNT: so large, and so many pieces beside the first; soon, as it shrinks by itself.
pool_is() {
	eventually_check "the pool has $1 MiB" 20 is_pool $(($1 * mib)) "$2" ||
		diag "it has $(fake pool), in $(fake pool-more) more pieces"
	eventually_check "MemoryTotal is without the hypervisor's part" 20 total_is $((($1 - 16) * mib)) ||
		diag "it is $(manager_property MemoryTotal)"
}
is_pool() { [ "$(fake pool) $(fake pool-more)" = "$1 $2" ]; }
total_is() { [ "$(manager_property MemoryTotal)" = "$1" ]; }

# away: what a case leaves.
away() {
	call DisableHypervisor b true
	is "nothing is left of the pool" "$(fake pool)" 0
	rm -rf /etc/cellmgr/cellmgrd.conf /etc/cellmgr/cells/{wide,other}.json $blocks
	systemctl restart cellmgrd
}

test_the_pool_grows_and_shrinks() {
	limit 128M
	wide wide 2 60M
	pool_is 64 0
	done_well call CheckAll
	done_well call StartCell s wide
	state_is wide running
	pool_is 124 1
	manager_is MemoryFree $((48 * mib))
	like "the log tells" "$(journal)" 'pool has grown: 60M more'
	# In what is left of the first piece.
	done_well call StartCell s alpha
	pool_is 124 1
	call StopCell s wide
	pool_is 124 1
	done_well cell wide Destroy
	pool_is 64 0
	manager_is MemoryFree $((47 * mib))
	state_is alpha running
	like "the log tells that, too" "$(journal)" 'pool has shrunk: Linux has 60M'
	# By Create alone it works as well, and again.
	done_well cell wide Create
	pool_is 124 1
	away
}

test_the_pool_grows_for_more_memory() {
	limit 192M
	wide wide 2 40M
	done_well call StartCell s wide
	pool_is 64 0
	call StopCell s wide
	# It is another cell now.
	wide wide 2 100M
	done_well call StartCell s wide
	pool_is 164 1
	away
}

test_the_pool_keeps_its_limit() {
	local asked
	# Without a limit it does not grow.
	wide wide 2 60M
	call EnableHypervisor
	fails_with Invalid 'wants 60M, but the whole pool has 48M' manager StartCell s wide
	call DisableHypervisor b false
	limit 100M
	asked=$(fake calls grow)
	fails_with NoResources 'wants 60M, but the pool has 48M free' manager StartCell s wide
	pool_is 64 0
	is "the driver is not even asked" "$(fake calls grow)" "$asked"
	wide wide 2 90M
	fails_with Invalid 'wants 90M, but the whole pool has 84M' manager StartCell s wide
	# A driver that has one piece has no more than that.
	fake features 0xff >/dev/null
	systemctl restart cellmgrd
	wide wide 2 60M
	fails_with Invalid 'wants 60M, but the whole pool has 48M' manager StartCell s wide
	fake features 0x3ff >/dev/null
	away
}

test_linux_has_no_more() {
	limit 256M
	wide wide 2 60M
	fake rule grow 1 ENOMEM >/dev/null
	fails_with NoResources 'Linux could not give up 60M more' wide Create
	state_is wide defined
	pool_is 64 0
	fake rule grow 1 EIO >/dev/null
	fails_with Driver 'cannot grow by 60M: Input/output error' wide Create
	state_is wide defined
	fake rule grow 1 lie >/dev/null
	fails_with Driver 'grow-pool .*was done, but the pool is what it was' wide Create
	state_is wide defined
	pool_is 64 0
	done_well cell wide Create
	pool_is 124 1
	away
}

test_whole_blocks_where_there_is_no_piece() {
	mkdir -p $blocks/memory{520,521}
	echo 8000000 >$blocks/block_size_bytes
	echo offline >$blocks/memory520/state
	limit 128M
	wide wide 2 60M
	# Blocks are larger than what may come.
	fake rule grow 1 ENOMEM >/dev/null
	fails_with NoResources 'Linux could not give up 60M more' wide Create
	call DisableHypervisor b false
	limit 192M
	fake rule grow 1 ENOMEM >/dev/null
	done_well cell wide Create
	pool_is 192 1
	done_well cell wide Destroy
	pool_is 64 0
	away
}

test_blocks_of_a_daemon_that_died_go_back() {
	mkdir -p $blocks
	echo 8000000 >$blocks/block_size_bytes
	systemctl restart cellmgrd
	fake rule reserve 1 ENOMEM >/dev/null
	done_well call EnableHypervisor
	pool_is 128 0
	systemctl stop cellmgrd
	# The driver was done, the daemon had not written it down.
	sed -i 's/"intent": *""/"intent":"enable"/; s/"size": *[0-9]*/"size":0/' /run/cellmgr/state
	systemctl start cellmgrd
	pool_is 128 0
	away
}

test_what_does_not_go_stays() {
	limit 128M
	wide wide 2 60M
	done_well cell wide Create
	fake rule shrink 1 EBUSY >/dev/null
	done_well cell wide Destroy
	eventually_check "the log tells" 20 journal_has '60M of the pool at 0x.* are needed no more and stay'
	pool_is 124 1
	# Not again and again, but with the next chance.
	is "the driver is asked once" "$(fake calls shrink)" "$(sleep 1; fake calls shrink)"
	done_well cell alpha Create
	pool_is 124 1
	done_well cell alpha Destroy
	pool_is 64 0
	away
}

journal_has() { journal | grep -q "$1"; }

test_a_restarted_daemon_knows_the_pieces() {
	limit 128M
	wide wide 2 60M
	done_well call StartCell s wide
	systemctl restart cellmgrd
	state_is wide running
	pool_is 124 1
	manager_is MemoryFree $((48 * mib))
	call StopCell s wide
	systemctl stop cellmgrd
	systemctl start cellmgrd
	done_well cell wide Destroy
	pool_is 64 0
	# One that died with the memory in its hands and nothing written down of it.
	systemctl stop cellmgrd
	fake pool-bring $((16 * mib)) >/dev/null
	sed -i '0,/"intent": *""/s//"intent":"grow-pool"/' /run/cellmgr/state
	like "the intent is there" "$(grep -c grow-pool /run/cellmgr/state)" 1
	systemctl start cellmgrd
	pool_is 64 0
	away
}

test_pieces_of_others_are_used_and_theirs() {
	limit 64M
	fake pool-bring $((64 * mib)) >/dev/null
	pool_is 128 1
	wide wide 2 60M
	done_well call StartCell s wide
	manager_is MemoryFree $((52 * mib))
	call StopCell s wide
	done_well cell wide Destroy
	pool_is 128 1
	systemctl restart cellmgrd
	pool_is 128 1
	away
}
