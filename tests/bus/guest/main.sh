# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC1090,SC1091 # all are beside this one
# Runs in the container: all tests, in order, each a function that sets the case's result.

cd /usr/lib/cellmgr-test || exit 1
. ./lib.sh
for file in test-*.sh; do
	. "./$file"
done

# What commands print is for the journal.
exec 3>/results/tap 2>&1
# shellcheck disable=SC2034 # of tap.sh
tap_fd=3
mapfile -t selected <selected
if [ -z "${selected[*]}" ]; then
	mapfile -t selected < <(declare -F | sed -n 's/^declare -f test_//p')
fi
for name in "${selected[@]}"; do
	if declare -F "test_$name" >/dev/null; then
		run_case "$name"
	else
		not_ok "$name" "there is no such test"
	fi
done
finish
journalctl -b -o short-precise --no-pager >/results/journal 2>&1
sync
