#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A library that everything uses is upgraded, and Debian's needrestart restarts all that it should: cells run on, and the daemon
# that comes back has lost nothing of them. With what the package tells needrestart, and not without.
# boot: own
# packages: yes
# part: long
# options: --plain
# timeout: 1500
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

conf=/etc/needrestart/conf.d/cellmgr.conf
if [[ ! -x /usr/sbin/needrestart ]]; then
	skip 'needrestart' 'the plain Debian has it, which is made where ./package has made packages'
	finish
	exit
fi

pid_of() { systemctl show -P MainPID "$1"; }
uses_old() { grep -q 'lib/x86_64-linux-gnu/.* (deleted)$' "/proc/$(pid_of "$1")/maps"; }

# upgrade LIBRARY: as dpkg does it, another file of that name.
upgrade() {
	local file
	file=$(readlink -f "/usr/lib/x86_64-linux-gnu/$1") && cp -a "$file" "$file.dpkg-new" && mv "$file.dpkg-new" "$file"
}

# needrestart_says [ARGUMENT...]: sets restarted and deferred, the units that it restarts, or would, and those that it leaves
# to a person, as needrestart.txt has them.
needrestart_says() {
	timeout 600 needrestart "$@" >/run/results/needrestart.txt 2>&1 </dev/null || not_ok "needrestart $*" "status $?"
	restarted=$(sed '/deferred/,$d' /run/results/needrestart.txt)
	deferred=$(sed -n '/deferred/,$p' /run/results/needrestart.txt)
}

begin
check 'the package has its word for needrestart' sh -c "dpkg-deb --fsys-tarfile cellmgr.deb | tar -xO .$conf >/tmp/cellmgr.conf"
# Of the test itself, which is a unit as well.
# shellcheck disable=SC2016 # Perl's
echo '$nrconf{override_rc}{qr(^vmtest)} = 0;' >/etc/needrestart/conf.d/vmtest.conf
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'a cell starts, as a unit' systemctl start cell@turbine
turbine_reports 'it runs'
id=$(cell_property turbine Id) unit=$(pid_of cell@turbine) daemon=$(pid_of cellmgrd)

check 'the C library is upgraded' upgrade libc.so.6
check "and systemd's" upgrade libsystemd.so.0
check "the cell's unit uses the old ones" uses_old cell@turbine
check 'so does the daemon' uses_old cellmgrd

needrestart_says -r l
like 'control: with nothing said the cell would end' "$restarted" 'systemctl restart .*cell@turbine\.service'
cp /tmp/cellmgr.conf $conf
needrestart_says -r a
like 'the daemon has been restarted' "$restarted" 'systemctl restart .*cellmgrd\.service'
has_no_line 'no cell has' "$restarted" 'cell@'
like 'that is left to a person' "$deferred" 'systemctl restart .*cell@turbine\.service'

check 'a daemon runs' systemctl is-active --quiet cellmgrd
isnt 'another one' "$(pid_of cellmgrd)" "$daemon"
fails 'which uses the new ones' uses_old cellmgrd
eventually_check 'it knows the cell' 20 cell_is turbine State running
is 'which is the same run' "$(cell_property turbine Id)" "$id"
is 'and the same unit' "$(pid_of cell@turbine)" "$unit"
turbine_goes_on 'it has not stopped'
check 'nobody thinks that it has' systemctl is-active --quiet cell@turbine

# When the plant stands still it is time for that.
check 'who wants it restarts the cell' systemctl restart cell@turbine
turbine_reports 'it runs anew'
fails 'with the new ones' uses_old cell@turbine
needrestart_says -r l
has_no_line 'nothing of ours is left to do' "$restarted$deferred" 'cell'
check 'the cell is stopped' systemctl stop cell@turbine
end
