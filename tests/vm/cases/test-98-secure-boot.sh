#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Secure Boot as a Debian has it: by Microsoft's key the firmware starts shim, by Debian's shim starts grub and Linux, which locks
# itself down there. The module has to be signed by a key that is known like those: doctor knows before whether it is, and what to
# do; with one that was enrolled the hypervisor opens and a cell runs.
# boot: own
# part: long
# options: --secure-boot
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

ours=/usr/lib/modules/$(uname -r)/updates/cellvisor.ko

# finding CHECK: verdict, what was found and what to do about it.
finding() {
	cellctl --json=short doctor | tr '{' '\n' |
		sed -n 's/.*"check":"'"$1"'","verdict":"\([a-z]*\)","found":"\([^"]*\)"\(,"do":"\([^"]*\)"\)*.*/\1: \2: \4/p'
}

does_not_load() { like "$1: it does not load" "$(modprobe cellvisor 2>&1)" 'Key was rejected by service'; }

# other_key: a file with another name of who has signed, which nobody knows.
other_key() { LC_ALL=C sed 's/DKMS module signing key/DKMS Module signing key/g' "$1"; }

has_line 'control: Secure Boot is on' "$(dmesg)" 'Secure boot enabled'
has_line 'control: the key was enrolled' "$(dmesg)" "Loaded X.509 cert 'DKMS module signing key"
like 'control: the kernel has locked itself down' "$(cat /sys/kernel/security/lockdown)" '\[integrity\]'
like 'doctor says so' "$(finding lockdown)" '^warn: the kernel is locked down'

like 'unsigned' "$(finding module)" '^fail: the kernel takes signed modules only, and cellvisor is not signed'
does_not_load unsigned

other_key cellvisor-signed.ko >"$ours"
like 'by a key that nobody knows' "$(finding module)" '^fail: the kernel takes modules by keys that it has, and cellvisor is signed by another: .*mokutil --import CERTIFICATE'
does_not_load 'by a key that nobody knows'
mkdir -p /var/lib/dkms
other_key cellvisor-signed.der >/var/lib/dkms/mok.pub
like "by dkms' key" "$(finding module)" '^fail: .* signed by another: mokutil --import /var/lib/dkms/mok\.pub, boot'

cp cellvisor-signed.ko "$ours"
like 'by a key that was enrolled' "$(finding module)" '^ok: cellvisor is there, is not loaded, and is signed by a key in \.(secondary_trusted_keys|platform): $'
begin
check 'the hypervisor opens' cellctl enable
describe turbine turbine ''
check 'a cell runs' cellctl start turbine
turbine_reports 'and works'
check 'it is stopped' cellctl stop turbine
check 'and destroyed' cellctl destroy turbine
end
