#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that takes modules only with a signature by a key that it has: what doctor says of the module is what the kernel does
# with it. The keys are the kernel's own, and those that sign are Debian's, for its modules, and one that nobody knows.
# boot: own
# x2apic: no (no cell starts)
# options: --append module.sig_enforce=1
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

modules=/usr/lib/modules/$(uname -r)
ours=$modules/updates/cellvisor.ko
everybody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# finding [AS...]: verdict, what was found and what to do about the module.
finding() {
	"$@" cellctl --json=short doctor | tr '{' '\n' | sed -n 's/.*"check":"module","verdict":"\([a-z]*\)","found":"\([^"]*\)"\(,"do":"\([^"]*\)"\)*.*/\1: \2: \4/p'
}

# does_not_load NAME KERNEL-SAYS
does_not_load() {
	local mark
	mark=$(kernel_log_mark)
	like "$1: modprobe is refused" "$(modprobe cellvisor 2>&1)" 'Key was rejected by service'
	has_line "$1: the kernel says why" "$(kernel_log_since "$mark")" "$2"
}

is 'control: the kernel takes signed modules only' "$(cat /sys/module/module/parameters/sig_enforce)" Y
cp "$ours" /tmp/unsigned.ko

like 'unsigned' "$(finding)" '^fail: the kernel takes signed modules only, and cellvisor is not signed: sign it'
does_not_load unsigned 'Loading of unsigned module is rejected'
fails 'the machine is not fit' cellctl doctor

cp cellvisor-signed.ko "$ours"
like 'by a key that the kernel does not have' "$(finding)" "^fail: the kernel takes modules by keys that it has, and cellvisor is signed by another: boot without module\.sig_enforce"
does_not_load 'by such a key' 'Loading of module with unavailable key is rejected'
fails 'the machine is not fit for that neither' cellctl doctor
like 'who is not root does not see it, and says so' "$(finding "${everybody[@]}")" "^unknown: cellvisor is signed, but not whether the kernel has the key: .*: as root$"
check 'which does not make it unfit' "${everybody[@]}" cellctl doctor

# One of Debian's in its place.
cp "$modules/kernel/drivers/net/dummy.ko" "$ours"
like 'by a key of the kernel' "$(finding)" '^ok: cellvisor is there, is not loaded, and is signed by a key in \.builtin_trusted_keys: $'
check 'control: it takes that' insmod "$ours"
rmmod dummy

# As a boot without the option.
check 'the kernel is locked down' sh -c 'echo integrity >/sys/kernel/security/lockdown'
cp cellvisor-signed.ko "$ours"
like 'under lockdown' "$(finding)" '^fail: the kernel takes modules by keys that it has'
cp /tmp/unsigned.ko "$ours"
finish
