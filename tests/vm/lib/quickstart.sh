# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What docs/quickstart.md has a newcomer type and write, and each screen is as the document shows it. Sourced.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. ./lib.sh
# shellcheck source-path=SCRIPTDIR source=document.sh
. ./document.sh

# follow_quickstart [WORD]: the whole test, also in the boot that comes in its middle. What has that word (document.sh) has
# been done already.
follow_quickstart() {
	local from=0 mark
	mark=$(kernel_log_mark)
	if in_next_kernel; then
		from=$(<"$document_place")
		ok 'the machine boots again'
	fi
	follow_document quickstart.md "$from" "${1-}"
	((from)) || bail 'no reader has been sent into a second boot'
	all_cpus_back
	kernel_log_clean 'the kernel has nothing to complain about' "$mark"
	finish
}
