# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC1090,SC1091 # all are beside this one
# Runs in the container: all tests, in order, each a function that sets the case's result.

cd /usr/lib/cellmgr-test || exit 1
. ./lib.sh
for file in test-*.sh; do
	. "./$file"
done

exec 3>/results/tap 2>&1
mapfile -t selected <selected
if [ -z "${selected[*]}" ]; then
	mapfile -t selected < <(declare -F | sed -n 's/^declare -f test_//p')
fi
number=0
for name in "${selected[@]}"; do
	number=$((number + 1))
	if ! declare -F "test_$name" >/dev/null; then
		echo "not ok $number - there is no test $name" >&3
		continue
	fi
	run_case "$number" "$name"
done
echo "1..$number" >&3
journalctl -b -o short-precise --no-pager >/results/journal 2>&1
sync
