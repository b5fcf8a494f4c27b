# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash

# test_header FILE KEY DEFAULT: the value of a "# KEY: VALUE" line at the top of a test.
test_header() {
	local value
	value=$(sed -n "1,20s/^# $2: *//p" "$1" | head -n 1)
	printf '%s\n' "${value:-$3}"
}
