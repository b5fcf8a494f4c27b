#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/quickstart.md from its first line, in a plain Debian with nothing of ours but the packages, whose modules the emulated
# machine compiles. (Test 94 is the sample of it.)
# boot: own
# part: long
# options: --packages --reboots
# timeout: 3600
# shellcheck source-path=SCRIPTDIR source=../lib/quickstart.sh
. ./quickstart.sh
if compgen -G '/root/cellmgr_*.deb' >/dev/null; then
	follow_quickstart ''
else
	skip 'packages' 'there are none: ./package makes them'
	finish
fi
