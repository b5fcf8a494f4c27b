#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The daemon is killed at points between its calls of the real driver, in the middle of whatever it does from enabling
# to disabling by force. The stand-in for the driver has all of them (tests/bus), test-86 a tenth, this two.
# timeout: 420
# shellcheck source-path=SCRIPTDIR source=../lib/kills.sh
. ./kills.sh

kill_at_points 2
