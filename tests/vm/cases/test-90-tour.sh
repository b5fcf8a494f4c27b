#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What ./demo tells and shows is so.
# boot: own
# options: --enable cell@turbine.service --file inmates/turbine/turbine.json:etc/cellmgr/cells/turbine.json
# timeout: 500
exec ./tour.sh
