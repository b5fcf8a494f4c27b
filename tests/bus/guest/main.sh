# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC1090,SC1091 # all are beside this one
# Runs in each container: takes one test after the other from the list that all containers share, each a
# function that sets the case's result.

cd /usr/lib/cellmgr-test || exit 1
. ./lib.sh
# Each start of a unit looks through all mounts, dozens of times: these are in nobody's use.
umount -R /run/host
umount /run/host/os-release /run/host/incoming /run/lock /dev/mqueue /sys/{block,bus,class,dev} /proc/{acpi,bus,fs,irq}
start_agent
remember_settings
for file in test-*.sh; do
	. "./$file"
done

mapfile -t tests </shared/queue

# take_test: what the case before has said is told, and the next one of the list is in $name.
take_test() {
	local lock said taken

	IFS= read -r -d '' said </results/case
	exec {lock}>>/shared/lock
	flock "$lock"
	printf '%s' "$said" >>/shared/tap
	read -r taken </shared/taken
	echo $((taken + 1)) >/shared/taken
	exec {lock}>&-
	name=${tests[taken]-}
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
done
# The daemon ends as it should, whatever the last case was; the container then ends at once.
fresh
systemctl stop cellmgrd
journalctl -b -o short-precise --no-pager >/results/journal 2>&1
: >/results/finished
sync
