#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The modules fit a stock kernel: they load, and use nothing but what the kernel exports.
# kernels: core
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

release=$(uname -r)

# The lists of undefined symbols were read from the modules on the host (no binutils here).
fits() {
	local module=$1 file unexported depends=()
	file=$(modinfo -F filename "$module" 2>/dev/null)
	[[ $file ]] || bail "no module $module for $release"
	diag "$file"
	is "$module is made for this kernel" "$(modinfo -F vermagic "$module" | cut -d' ' -f1)" "$release"
	like "$module says its licence" "$(modinfo -F license "$module")" '^GPL'
	check "$module: the list of the symbols used is there" test -s "undefined-symbols.$module"
	mapfile -t depends < <(modinfo -F depends "$module" | tr ',' '\n' | xargs -r modinfo -F filename)
	unexported=$(sort "undefined-symbols.$module" |
		comm -23 - <(awk '{ print $2 }' Module.symvers | sort) | tr '\n' ' ')
	is "$module: every symbol used is exported by the stock kernel" "$unexported" ''
	check "$module: the kernel's own tool finds no unknown symbol" test -z \
		"$(depmod -n -e -E Module.symvers "$release" "$file" "${depends[@]}" 2>&1 >/dev/null)"
	is "$module: no symbol is looked up behind the kernel's back" \
		"$(grep -E 'kallsyms|kprobe|ftrace|livepatch' "undefined-symbols.$module" | tr '\n' ' ')" ''
}

fits uio_ivshmem
fits cellvisor
file=$(modinfo -F filename cellvisor)

mark=$(kernel_log_mark)
# The device's appearance would start the daemon, which opens it just when the module is to go.
systemctl mask --runtime --now -q cellmgrd
lsmod | grep -q '^cellvisor ' && check 'a module that boot has loaded can go' rmmod cellvisor
check 'the module loads' modprobe cellvisor
eventually_check 'the device appears' 10 test -c /dev/jailhouse
# Whoever the module would give it to, and whatever became of it.
chown nobody /dev/jailhouse
chmod 0666 /dev/jailhouse
udevadm trigger --settle --action=add /dev/jailhouse
is "udev's rule has the device root's alone" "$(stat -c '%a %U:%G' /dev/jailhouse)" '600 root:root'
check 'the sysfs tree appears' test -e /sys/devices/jailhouse/enabled
is 'the hypervisor is off at first' "$(cat /sys/devices/jailhouse/enabled)" 0

# Another driver with the original's names: ours, under another name of its own.
sed 's/cellvisor\x00/cellvizor\x00/g; s/name=cellvisor/name=cellvizor/' "$file" >/var/tmp/cellvizor.ko
check 'control: that is a module of its own' test "$(modinfo -F name /var/tmp/cellvizor.ko)" = cellvizor
second=$(kernel_log_mark)
fails 'a second driver of these names is refused' insmod /var/tmp/cellvizor.ko
is 'with one line' "$(kernel_log_since "$second" | sed 's/^\[[^]]*\] //' | grep -v 'tainting kernel')" \
	'cellvisor: another driver has /dev/jailhouse and /sys/devices/jailhouse: it stays with that'
check 'the module unloads' rmmod cellvisor
check 'control: without the first it loads' insmod /var/tmp/cellvizor.ko
second=$(kernel_log_mark)
systemctl unmask --runtime -q cellmgrd
check 'the daemon starts with it' systemctl start cellmgrd
is 'and the kernel has nothing to say' "$(kernel_log_since "$second")" ''
check 'ours was not asked for' sh -c '! lsmod | grep -q "^cellvisor "'
systemctl mask --runtime --now -q cellmgrd
check 'it unloads' rmmod cellvizor
check 'the device is gone' test ! -e /dev/jailhouse
load_and_unload() {
	local turn
	for turn in 1 2 3 4 5; do
		if ! modprobe cellvisor || ! rmmod cellvisor; then
			echo "turn $turn"
			return 1
		fi
	done
}
check 'loading and unloading again and again works' load_and_unload
check 'the driver of shared memory loads without a device' modprobe uio_ivshmem
check 'for every ivshmem device, with what it needs' sh -c \
	'modinfo -F alias uio_ivshmem | grep -q "^pci:v0000110Ad00004106" && lsmod | grep -q "^uio .*uio_ivshmem"'
check 'and unloads' rmmod uio_ivshmem
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
modprobe cellvisor
finish
