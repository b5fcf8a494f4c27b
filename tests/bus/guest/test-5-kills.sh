# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The daemon is killed at every point of every operation: before its first call of the driver, and after each, before it
# hears of it. Afterwards the picture is the driver's, and all that was to be done can be done.

# picture_is_true [units-aside]: what the daemon shows is what the driver has.
picture_is_true() {
	local name state shown used=0 directory

	for name in alpha beta boot; do
		state=defined
		for directory in /run/fake/sysfs/cells/*/; do
			[ "$(cat "$directory/name" 2>/dev/null)" != "$name" ] || state=$(cat "$directory/state")
		done
		shown=$(property "$name" State)
		case $state/$shown in
		# What was loaded before the program began is the daemon's to know: half an image is none.
		defined/defined | running/running | failed/failed | shut\ down/created | shut\ down/loaded | shut\ down/shut-down) ;;
		*) not_ok "state of $name" "it is shown as $shown, the driver has it $state" ;;
		esac
		[ "$shown" = defined ] || used=$((used + $(property "$name" Memory)))
		property_is "$name" Operation ""
		# What stops the cell at the end of the machine is its unit.
		[ "${1-}" = units-aside ] ||
			eventually_check "unit of $name, which is $state" 15 unit_is_as "$state" "cell@$name"
	done
	if [ "$(manager_property HypervisorState)" = off ]; then
		eventually_check "what is left of a pool is Linux' again" 10 pool_is_gone
	fi
	# A pool that has grown shrinks, and a link that nobody wants goes, by themselves.
	eventually_check "the memory is as it is shown" 10 memory_is_true "$used" ||
		diag "$(manager_property MemoryFree) of $(manager_property MemoryTotal) are free, cells have $used"
}

# memory_is_true USED: with so much of it for cells.
memory_is_true() {
	local total name used=$1
	total=$(fake pool)
	# The hypervisor's own 16 MiB are not for cells.
	((total == 0)) || total=$((total - (16 << 20)))
	for name in "$first" "$second"; do
		[ ! -d "$devices/$name" ] || used=$((used + plant))
	done
	[ "$(manager_property MemoryTotal) $(manager_property MemoryFree)" = "$total $((total - used))" ]
}

# unit_is_as STATE UNIT: it is up with its cell, and down with it.
unit_is_as() {
	if [ "$1" = running ]; then unit_has "$2" active; else unit_is_down "$2"; fi
}

pool_is_gone() {
	[ "$(fake pool)" = 0 ]
}

# Ends as the daemon does, or when the operation has ended.
until_killed() {
	timeout 20 busctl --timeout=15 call org.cellmgr1 "$@" >/tmp/killed-call 2>&1
}

# What the daemon does by itself when the operation has been answered is waited for by this.
afterwards=:

# killed_during PREPARE PATH INTERFACE METHOD [ARGUMENT...]: PREPARE is a function.
killed_during() {
	local prepare=$1 point=0 old action ended
	shift

	while ((point < 60)); do
		fresh
		$prepare
		old=$(pid_of cellmgrd)
		action='kill-after'
		((point)) || action='kill'
		fake rule any $((point ? point : 1)) $action >/dev/null
		until_killed "$@"
		ended=$?
		((ended)) || $afterwards
		fake clear >/dev/null
		((ended)) || has_died "$old" || break
		eventually_check "another daemon comes" 25 daemon_is_back "$old" || break
		picture_is_true || diag "after point $point"
		done_well call StartCell s alpha || diag "after point $point"
		state_is alpha running
		done_well call StopCell s alpha
		call StopCell s beta
		done_well call DisableHypervisor b false || diag "after point $point"
		is "pool after point $point" "$(fake pool)" 0
		point=$((point + 1))
	done
	# The last round went through: every point was met.
	isnt "points" "$point" 0
	isnt "points" "$point" 60
	is "the operation, left alone" "$(grep -v '^$' /tmp/killed-call)" ""
	points=$point
}

nothing() { :; }
enabled() { call EnableHypervisor; }
alpha_created() { enabled && cell alpha Create; }
alpha_loaded() { enabled && cell alpha Create && cell alpha Load 'a(ht)' 0; }
# Their units have come up: one that asks for its cell only when the daemon is back would have it started again.
are_up() {
	local name
	for name; do unit_becomes 15 "cell@$name" active; done
}
both_run() { call StartCell s beta && call StartCell s alpha && are_up alpha beta; }
alpha_ended() { call StartCell s alpha && call StopCell s alpha; }
alpha_changed() {
	call StartCell s alpha
	are_up alpha
	sed -i 's/"memory": "1M"/"memory": "2M"/' /etc/cellmgr/cells/alpha.json
	call Reload
}

alpha_linked() {
	sed -i 's/"cpus"/"shared-memory": [{ "name": "plant", "peers": ["root"], "size": "64K" }], &/' /etc/cellmgr/cells/alpha.json
	call Reload
}
alpha_linked_ended() { alpha_linked && call StartCell s alpha && call StopCell s alpha; }
# For more than there is.
alpha_grown() {
	echo '{ "pool-limit": "128M" }' >/etc/cellmgr/cellmgrd.conf
	sed -i 's/"memory": "1M"/"memory": "60M"/' /etc/cellmgr/cells/alpha.json
	call Reload
	enabled
}
alpha_grown_ended() { alpha_grown && call StartCell s alpha && call StopCell s alpha; }

test_killed_during_enable() { killed_during nothing "$manager" org.cellmgr1.Manager EnableHypervisor; }
test_killed_during_disable() { killed_during alpha_ended "$manager" org.cellmgr1.Manager DisableHypervisor b false; }
test_killed_during_disable_by_force() { killed_during both_run "$manager" org.cellmgr1.Manager DisableHypervisor b true; }
test_killed_during_create() { killed_during enabled "$manager/cell/alpha" org.cellmgr1.Cell Create; }
test_killed_during_load() { killed_during alpha_created "$manager/cell/alpha" org.cellmgr1.Cell Load 'a(ht)' 0; }
test_killed_during_start() { killed_during alpha_loaded "$manager/cell/alpha" org.cellmgr1.Cell Start; }
test_killed_during_stop() { killed_during both_run "$manager/cell/alpha" org.cellmgr1.Cell Stop; }
test_killed_during_kill() { killed_during both_run "$manager/cell/alpha" org.cellmgr1.Cell Kill; }
test_killed_during_destroy() { killed_during alpha_ended "$manager/cell/alpha" org.cellmgr1.Cell Destroy; }

test_killed_on_the_whole_way() {
	killed_during nothing "$manager" org.cellmgr1.Manager StartCell s alpha
	# Pool, enable, create, load, start.
	between "points" "$points" 6 59
}

test_killed_during_restart() { killed_during both_run "$manager" org.cellmgr1.Manager RestartCell s alpha; }
test_killed_during_restart_of_a_changed_cell() {
	killed_during alpha_changed "$manager" org.cellmgr1.Manager RestartCell s alpha
	# Shut down, destroy, create, load, start.
	between "points" "$points" 6 59
}

test_killed_during_apply() {
	killed_during alpha_changed "$manager" org.cellmgr1.Manager Apply s ""
	# Shut down, destroy, create, load, start.
	between "points" "$points" 6 59
}

# What a cell needs beside itself: a link comes before it and goes with the hypervisor; the pool grows for it and
# shrinks when it is gone.
test_killed_as_a_link_comes() {
	killed_during alpha_linked "$manager" org.cellmgr1.Manager StartCell s alpha
	# Pool, enable, link, create, load, start.
	between "points" "$points" 7 59
}
test_killed_as_a_link_goes() {
	killed_during alpha_linked_ended "$manager" org.cellmgr1.Manager DisableHypervisor b false
	# Destroy, link, disable, pool.
	between "points" "$points" 5 59
}
test_killed_as_the_pool_grows() {
	killed_during alpha_grown "$manager" org.cellmgr1.Manager StartCell s alpha
	# Pool, create, load, start.
	between "points" "$points" 5 59
}
# As the daemon knows it, which one that is being killed over it never will.
has_shrunk_or_died() { [ "$(manager_property MemoryTotal)" = $((48 << 20)) ] || has_died "$old"; }
shrinks() { eventually_check "the pool shrinks, or the daemon dies" 10 has_shrunk_or_died; }
test_killed_as_the_pool_shrinks() {
	local afterwards=shrinks
	killed_during alpha_grown_ended "$manager/cell/alpha" org.cellmgr1.Cell Destroy
	# Destroy, pool.
	between "points" "$points" 3 59
}
