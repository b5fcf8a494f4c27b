#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How what the life of a cell takes grows with the number of cells, of CPUs, and with memory: the part of
# tests/bench/run for machines of several sizes.
# machine: icount
# timeout: 900
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh
# shellcheck source-path=SCRIPTDIR source=../lib/lifecycle.sh
. ./lifecycle.sh

cpus=$(nproc)
measure() { diag "measure $cpus CPUs: $*"; }

check 'this is the deterministic machine' test -e deterministic
without_daemons
# Three GiB and what is missing to the next are Linux' own: below 4 GiB there is no piece that large.
lifecycle growth $(($(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) / 1048576 - 3))
with_daemons
finish
