#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# quickstart.sh [WORD]: what docs/quickstart.md has a newcomer type and write, and each screen is as the document shows it.
# It goes on in the next boot. What has that word (lib/document.sh) has been done already.
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh
# shellcheck source-path=SCRIPTDIR source=../lib/document.sh
. ./document.sh

from=0
mark=$(kernel_log_mark)
if in_next_kernel; then
	from=$(</run/results/document-block)
	ok 'the machine boots again'
fi
follow_document quickstart.md "$from" "${1-}"
((from)) || bail 'no reader has been sent into a second boot'
all_cpus_back
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
finish
