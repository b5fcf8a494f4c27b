#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cellctl apply with real cells: what counts at once is in place, two cells exchange their CPUs, one
# whose description has gone goes. Where the second start is refused, both run again as before.
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# life CELL: its CPU, its state, and which run of it that is.
life() { echo "$(cell_property "$1" Cpus) $(cell_property "$1" State) $(cell_property "$1" StartedAt)"; }

# change CELL SED-EXPRESSION: of its description, which nobody is told of.
change() { sed -i "$2" "$descriptions/$1.json"; }

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "10s",/'
describe quiet mischief '/"parameters"/d; s/"heartbeat": .*/"heartbeat": "10s",/; s/"cpus": .*/"cpus": [2],/'
check 'two cells start' cellctl start turbine quiet
turbine_reports 'the turbine reports'
before=$(life turbine)

change turbine 's/"heartbeat": .*/"heartbeat": "20s",/'
check 'a heartbeat is applied' cellctl apply
is 'the turbine runs on' "$(life turbine)" "$before"

change turbine 's/"cpus": .*/"cpus": [2],/'
change quiet 's/"cpus": .*/"cpus": [3],/'
cellctl apply --dry-run >plan
check 'the plan names what makes the difference' grep -Eq '^turbine +restart +cpus' plan
is 'a dry run changes nothing' "$(life turbine)" "$before"
check 'two cells exchange their CPUs' cellctl apply
is 'the turbine has the CPU of the other one' "$(cell_property turbine Cpus)" '1 2'
is 'and that one the turbine'"'"'s' "$(cell_property quiet Cpus) $(cell_property quiet State)" '1 3 running'
turbine_reports 'the turbine reports anew'

# More than any pool has is no error of the description's.
change quiet 's/"memory": .*/"memory": "40M",/'
change turbine 's/"memory": .*/"memory": "40M",/'
cellctl apply >/dev/null 2>why
is 'what does not fit is not applied' $? 1
check 'and all is as before' grep -q 'all that was changed is as before' why
diag "$(cat why)"
is 'the turbine runs again, with what it had' \
	"$(cell_property turbine Memory) $(cell_property turbine State)" "$((1 << 20)) running"
is 'what was wanted is pending' "$(cell_property turbine Pending)" '1 "memory"'
turbine_reports 'the turbine reports once more'

change turbine 's/"memory": .*/"memory": "1M",/'
rm "$descriptions/quiet.json"
check 'the one whose description goes is removed' cellctl apply
is 'there is one cell' "$(cellctl --no-legend list | wc -l)" 1
check 'the turbine stops' cellctl stop turbine
end
