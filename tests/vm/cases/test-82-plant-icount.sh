#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The turbine, Linux under load, and a gateway on the bus: after a step of 30 % of load by the link the speed
# is back within 3 s; what is read is what was calculated; ten clients and ten subscribers change no cycle.
# A sample; test-83 takes 120 s of plant time.
# part: long
# machine: icount
# timeout: 900
# shellcheck source-path=SCRIPTDIR source=../lib/plant.sh
. ./plant.sh

check 'this is the deterministic machine' test -e deterministic
begin
plant_run 14 4 2 70
end
