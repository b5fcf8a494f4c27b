#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The jitter demo measures. How large the deviations are is the host's noise and only reported; that
# the figures fit each other and the clock is judged.
# timeout: 120
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# figures KIND: intervals, minimum, average and maximum in nanoseconds of each such line.
figures() {
	cellctl console jitter |
		sed -n "s/^jitter: $1 intervals=\([0-9]*\) min=\(.*\)ns avg=\(.*\)ns max=\(.*\)ns$/\1 \2 \3 \4/p"
}

# windows COUNT: so many have been told.
windows() { (($(figures window | wc -l) >= $1)); }

begin
describe jitter jitter 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the cell starts' systemctl start cell@jitter
eventually_check 'it reports windows' 60 windows 3
told=$(figures window)
diag "reported, not judged:" "$told"
lowest=$(cut -d' ' -f2 <<<"$told" | sort -n | head -n 1)
highest=$(cut -d' ' -f4 <<<"$told" | sort -n | tail -n 1)
read -r intervals minimum average maximum <<<"$(tail -n 1 <<<"$told")"
between 'the average is no less than the minimum' "$average" "$minimum" "$maximum"
# A window of 1000 ms begins and ends with an interrupt, which may be as late as the latest.
between 'the intervals make up the second, in microseconds' $((intervals * (1000000 + average) / 1000)) \
	$((1000000 - 2000 - highest / 1000)) $((1000000 + 2000 + highest / 1000))
check 'it stops when asked' systemctl stop cell@jitter
total=$(figures total)
diag "$total"
read -r intervals minimum average maximum <<<"$total"
between 'the total has an average between its extremes' "$average" "$minimum" "$maximum"
between "no window's minimum is below the total's" "$minimum" -1000000 "$lowest"
between "nor any maximum above the total's" "$maximum" "$highest" 100000000000
is 'the histogram has each interval once' "$(cellctl console jitter |
	sed -n 's/^jitter: histogram from=.*ns early=\([0-9]*\) late=\([0-9]*\)$/\1 \2/p' |
	awk '{ sum += $1 + $2 } END { print sum }')" "$intervals"
end
