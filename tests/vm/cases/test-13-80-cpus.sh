#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The same with as many CPUs as a server has.
# boot: own
# part: long
# options: --cpus 80 --memory 3G
# timeout: 900
exec ./test-12-many-cpus.sh
