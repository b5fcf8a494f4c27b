#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What tests/bench/run measures in the deterministic machine: "# measure NAME VALUE UNIT" lines.
# machine: icount
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/turbine-run.sh
. ./turbine-run.sh
# shellcheck source-path=SCRIPTDIR source=../lib/link-cost.sh
. ./link-cost.sh
# shellcheck source-path=SCRIPTDIR source=../lib/lifecycle.sh
. ./lifecycle.sh

measure() { diag "measure $*"; }

check 'this is the deterministic machine' test -e deterministic
while read -r value name; do measure "$name" "$value" instructions; done < <(link_costs 2>/dev/null)
without_daemons
lifecycle steps
lifecycle holds
lifecycle_lives kept
lifecycle_lives linux
with_daemons
begin
measure 'CPUID, no hypervisor' "$(taskset -c 0 ./exit-cost cpuid)" instructions
output=$(turbine_under_load) || { diag "$output"; bail 'the turbine did not finish its run'; }
exits=$(sed -n 2p <<<"$output")
measure 'exits per 1000 turbine cycles' $((exits / 3)) exits
measure 'pool in use, one cell' "$(pool_used)" pages
measure 'CPUID' "$(taskset -c 0 ./exit-cost cpuid)" instructions
measure 'denied hypercall' "$(taskset -c 0 ./exit-cost hypercall)" instructions
check 'the turbine stops' cellctl stop turbine
check 'and goes' cellctl destroy turbine
measure 'pool in use, no cell' "$(pool_used)" pages
end
