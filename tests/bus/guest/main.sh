# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC1090,SC1091 # all are beside this one
# Runs in each container: takes one test after the other from the list that all containers share, each a
# function that sets the case's result.

cd /usr/lib/cellmgr-test || exit 1
. ./lib.sh
# Each start of a unit looks through all mounts, dozens of times: these are in nobody's use.
umount -R /run/host
umount /run/host/os-release /run/host/incoming /run/lock /dev/mqueue
start_agent
remember_settings
for file in test-*.sh; do
	. "./$file"
done

# take_test: the next one of the list, in $name.
take_test() {
	local lock

	exec {lock}>>/shared/lock
	flock "$lock"
	read -r name </shared/queue || name=
	sed -i 1d /shared/queue
	exec {lock}>&-
	[[ $name ]]
}

# What commands print is for the journal; what a case says is told at once when it ends.
exec 3>/results/case 2>&1
# shellcheck disable=SC2034 # of tap.sh
tap_fd=3
while take_test; do
	: >/results/case
	exec 3>>/results/case
	if declare -F "test_$name" >/dev/null; then
		run_case "$name"
	else
		not_ok "$name" "there is no such test"
	fi
	flock /shared/lock dd if=/results/case of=/shared/tap oflag=append conv=notrunc bs=1M status=none
done
journalctl -b -o short-precise --no-pager >/results/journal 2>&1
: >/results/finished
sync
