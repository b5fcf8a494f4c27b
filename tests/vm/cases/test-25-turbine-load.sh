#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The turbine's 3 s beside a busy Linux, on an emulated machine whose CPUs share the host's: how many
# cycles it lost is reported, not judged (test-80 does that), but none may be lost uncounted; and the
# run itself must come to its end.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/turbine-run.sh
. ./turbine-run.sh

begin
output=$(turbine_under_load) || { diag "$output"; bail 'the turbine did not finish its run'; }
summary=$(head -n 1 <<<"$output")
exits=$(sed -n 2p <<<"$output")
written=$(sed -n 3p <<<"$output")
diag "reported, not judged: $summary" \
	"$exits exits in all, $((exits / 3000)).$((exits % 3000 * 100 / 3000)) per cycle" \
	"Linux wrote $written MiB to its disk meanwhile"
between 'Linux was busy' "$written" 20 100000
is 'all cycles were run' "$(summary_field cycles "$summary")" 3000
skipped=$(summary_field skipped "$summary")
doubled=$(summary_field doubled "$summary")
elapsed=$(sed -n 's/.* elapsed=\([0-9]*\)\.\([0-9]\{3\}\).*/\1\2/p' <<<"$summary")
# A slot may move by a thousandth of the period with each cycle.
between 'cycles, skipped and doubled make up the milliseconds that went by' \
	$((elapsed - (2999 + skipped - doubled))) -5 5
if [[ -e x2apic ]]; then
	between 'what the cell says makes exits, its cycles do not' "$exits" 1 2999
else
	between 'each cycle has ended its interrupt' "$exits" 3000 10000000
fi
eventually_check 'the cell has ended' 30 cell_is turbine State shut-down
check 'it can be taken away' cellctl destroy turbine
end
