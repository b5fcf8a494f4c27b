# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A Debian in a directory, in which packages are installed; sourced.

# let_fetch ROOT: apt in there reaches what apt of this machine does.
let_fetch() {
	local root=$1 file
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	for file in /etc/apt/apt.conf.d/*; do
		if grep -qiE 'proxy|acquire' "$file"; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi
	done
}

# in_root ROOT COMMAND...: in there, with no daemon of this machine in sight.
in_root() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --pid --fork --kill-child --propagation private sh -eu -c '
		room=$1
		shift
		mount -t proc proc "$room/proc"
		mount --rbind /dev "$room/dev"
		exec env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$room" "$@"
	' in_root "$@" </dev/null
}
