#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test-82 over 120 s of plant time, with a minute of clients and subscribers.
# part: long
# machine: icount
# timeout: 10000
# shellcheck source-path=SCRIPTDIR source=../lib/plant.sh
. ./plant.sh

check 'this is the deterministic machine' test -e deterministic
begin
plant_run 120 10 60 70 40 70
end
