#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The jitter demo measures; what it measures here is reported, not judged: it is the host's noise.
# timeout: 90
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

begin
describe jitter jitter 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the cell starts' systemctl start cell@jitter
eventually_check 'it reports a window' 30 sh -c 'cellctl console jitter | grep -q "jitter:.*max"'
diag "reported, not judged: $(cellctl console jitter | grep 'jitter:.*max' | tail -n 1)"
check 'it stops when asked' systemctl stop cell@jitter
end
