#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A newcomer's hour goes as docs/quickstart.md tells it, from behind the installation: that is done by tests/package/run, and
# by test 95 in one with the rest.
# boot: own
# x2apic: no
# options: --reboots
# timeout: 900
# shellcheck source-path=SCRIPTDIR source=../lib/quickstart.sh
. ./quickstart.sh
follow_quickstart install
