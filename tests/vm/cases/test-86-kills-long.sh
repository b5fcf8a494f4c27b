#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The same as in test-78, at a random tenth of all points.
# part: long
# boot: own
# timeout: 5400
# shellcheck source-path=SCRIPTDIR source=../lib/kills.sh
. ./kills.sh

kill_at_points 0 10
