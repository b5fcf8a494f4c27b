#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bad descriptions get an error that names file, key and value, and change nothing.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

pool() {
	busctl get-property org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager MemoryFree
	pool_used
	cat /sys/devices/system/cpu/online
	ls /sys/devices/jailhouse/cells
}

# error_of CELL: the bus name of the error that StartCell gives, without org.cellmgr1.Error.
error_of() {
	dbus-send --system --print-reply --reply-timeout=30000 --dest=org.cellmgr1 /org/cellmgr1 \
		org.cellmgr1.Manager.StartCell "string:$1" 2>&1 |
		sed -n 's/^Error org\.cellmgr1\.Error\.\([A-Za-z]*\): .*/\1/p'
}

# refused WHAT SED-EXPRESSION REGEX: check and start both say why; nothing has changed.
refused() {
	local before output
	before=$(pool)
	describe bad mischief "$2"
	output=$(cellctl check 2>&1)
	is "$1: the check fails" $? 1
	like "$1: the check names file, key and value" "$output" "$3"
	fails "$1: the cell does not start" cellctl start bad
	is "$1: the error has its name" "$(error_of bad)" Invalid
	is "$1: nothing has changed" "$(pool)" "$before"
	rm $descriptions/bad.json
	systemctl reload cellmgrd
}

begin
check 'the hypervisor opens' cellctl enable

refused 'an unknown key' 's/"cpus"/"cpu"/' 'bad\.json.*cpu'
refused 'CPU 0' 's/"cpus": .*/"cpus": [0],/' 'bad\.json.*cpus.*0'
refused 'all CPUs' 's/"cpus": .*/"cpus": [0, 1, 2, 3],/' 'bad\.json.*cpus'
refused 'a CPU that is not there' 's/"cpus": .*/"cpus": [9],/' 'bad\.json.*cpus.*9'
refused 'more memory than the pool has' 's/"memory": .*/"memory": "512M",/' 'bad\.json.*memory.*512M'
refused 'an image that is missing' 's/mischief.bin/nowhere.bin/' 'bad\.json.*image.*nowhere\.bin'
refused 'a wrong type' 's/"memory": .*/"memory": true,/' 'bad\.json.*memory'
refused 'a key given twice' 's/"memory": .*/"memory": "1M", "memory": "2M",/' 'bad\.json.*memory'
head -c 2M /dev/zero >/usr/lib/cellmgr/images/large.bin
refused 'an image larger than its region' 's/mischief.bin/large.bin/' 'bad\.json.*image.*large\.bin'
rm /usr/lib/cellmgr/images/large.bin

before=$(pool)
fails 'a name with / is refused' \
	busctl call org.cellmgr1 /org/cellmgr1 org.cellmgr1.Manager StartCell s '../etc/passwd'
is 'and the error has its name' "$(error_of ../etc/passwd)" NoSuchCell
like 'and it is said what a name is' "$output" 'names are 1 to 31 of a-z'
like 'the client names it' "$(cellctl start ../etc/passwd 2>&1)" '\.\./etc/passwd'
output=$(cellctl start nobody 2>&1)
is 'a cell that is not there has its own exit status' $? 4
is 'and error' "$(error_of nobody)" NoSuchCell
is 'nothing has changed' "$(pool)" "$before"
end
