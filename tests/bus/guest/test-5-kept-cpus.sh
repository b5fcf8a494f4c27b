# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# CPUs that stay out of Linux between cells, as the configuration has them.

keep_cpus() {
	echo "{ \"keep-cpus\": $1 }" >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
}

kept_are() {
	eventually_check "CPUs that are kept: $1" 10 kept_is "$1"
}

kept_is() {
	[ "$(manager_property CpusKept)" = "$1" ]
}

keep_calls_are() {
	[ "$(fake calls keep)" = "$1" ]
}

# The driver is told when the hypervisor is enabled, and by every daemon that finds it enabled.
test_kept_cpus_are_those_of_the_configuration() {
	keep_cpus '[1, 2]'
	manager_is CpusKept 0
	done_well call EnableHypervisor
	manager_is CpusKept "2 1 2"
	done_well systemctl start cell@alpha
	kept_are "2 1 2"
	done_well call StopCell s alpha
	done_well cell alpha Destroy
	kept_are "2 1 2"
	local calls
	calls=$(fake calls keep)
	kill_daemon
	kept_are "2 1 2"
	# They are kept while it has told nothing yet.
	eventually_check "another daemon tells it" 10 keep_calls_are $((calls + 1))
	sleep 1
	is "once" "$(fake calls keep)" $((calls + 1))
	keep_cpus true
	kept_are 0
	done_well call StartCell s alpha
	done_well call StopCell s alpha
	done_well cell alpha Destroy
	kept_are "1 3"
	rm /etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	kept_are 0
	done_well call DisableHypervisor b false
}

test_kept_cpus_follow_a_reload() {
	done_well call EnableHypervisor
	kept_are 0
	echo '{ "keep-cpus": [1, 2] }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	kept_are "2 1 2"
	# With one that is broken all stays as it is, under another daemon, too.
	echo '{ "keep-cpus": [1, ' >/etc/cellmgr/cellmgrd.conf
	call Reload
	kill_daemon
	eventually_check "another daemon has looked" 10 kept_is "2 1 2"
	local calls
	calls=$(fake calls keep)
	sleep 2
	is "it tells nothing" "$(fake calls keep)" "$calls"
	manager_is CpusKept "2 1 2"
	echo '{ "keep-cpus": [2] }' >/etc/cellmgr/cellmgrd.conf
	call Reload
	kept_are "1 2"
	rm /etc/cellmgr/cellmgrd.conf
	call Reload
	kept_are 0
	done_well call DisableHypervisor b false
}

# Cells do without, and so does whoever enables the hypervisor.
test_cpus_that_cannot_be_kept_keep_nobody() {
	keep_cpus '[2]'
	fake rule keep 1 EBUSY >/dev/null
	done_well call EnableHypervisor
	manager_is CpusKept 0
	like "the log says why" "$(journalctl -q -u cellmgrd -o cat -n 20)" \
		'"keep-cpus" in /etc/cellmgr/cellmgrd.conf: the CPUs that it names are not kept out of Linux: Device or resource busy'
	done_well call DisableHypervisor b false
	done_well call EnableHypervisor
	manager_is CpusKept "1 2"
	done_well call DisableHypervisor b false
	fake features 0x17f >/dev/null
	done_well call EnableHypervisor
	like "the log names the driver" "$(journalctl -q -u cellmgrd -o cat -n 20)" 'the driver in use cannot keep CPUs'
	done_well call DisableHypervisor b false
	fake features 0x3ff >/dev/null
	keep_cpus '[0]'
	like "a wrong one is named" "$(journalctl -q -u cellmgrd -o cat -n 20)" 'cellmgrd.conf:1:.*keep-cpus'
	rm /etc/cellmgr/cellmgrd.conf
	systemctl reset-failed cellmgrd
	done_well systemctl restart cellmgrd
}
