#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cellctl -H goes through Debian's own ssh and sshd: what it shows, does and ends with over there is what it does here; where
# there is no way, or no right, it says of which machine, and what to do, and waits for nobody.
# boot: own
# part: long
# options: --plain
# timeout: 1200
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

if [[ ! -x /usr/sbin/sshd ]]; then
	skip 'sshd' 'the plain Debian has it, which is made where ./package has made packages'
	finish
	exit
fi

# try COMMAND...: with nobody at a terminal. Sets out, err and status.
try() {
	timeout 240 "$@" >/tmp/out 2>/tmp/err </dev/null
	status=$?
	out=$(</tmp/out) err=$(</tmp/err)
}

# same NAME ARGUMENT...: two cases: over ssh it prints and ends as it does here.
same() {
	local name=$1 local_out local_status
	shift
	try cellctl "$@"
	local_out=$out local_status=$status
	try cellctl -H root@localhost "$@"
	is "$name" "$out" "$local_out"
	is "$name: status" "$status" "$local_status"
}

# no_way NAME HOST SSH-SAYS: four cases: a list does not come from there.
no_way() {
	try cellctl -H "$2" list
	is "$1: status" "$status" 1
	has_line "$1: ssh has said why" "$err" "$3"
	has_line "$1: cellctl says where" "$err" "^cellctl: list: no connection to $2: "
	has_line "$1: and what to do" "$err" "^cellctl: hint: 'ssh .*root@localhost systemd-stdio-bridge' has to let you in"
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'sshd runs' systemctl start ssh
install -d -m 700 ~/.ssh
check 'control: there is a key' ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519
cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys

no_way 'a machine that nobody knows' root@localhost '^Host key verification failed'

# On a terminal ssh asks, whose answer is the person's.
mkfifo /tmp/typed
timeout --foreground 300 script -qfec 'cellctl -H root@localhost list' /tmp/terminal </tmp/typed >/dev/null &
asked=$!
exec {typed}>/tmp/typed
eventually_check 'on a terminal ssh asks whether it is the right one' 180 grep -q 'continue connecting' /tmp/terminal
echo no >&"$typed"
wait "$asked"
is 'who says no is not connected' $? 1
check 'and told to what' grep -q 'cellctl: list: no connection to root@localhost: ' /tmp/terminal
exec {typed}>&-

ssh-keyscan -t ed25519 localhost >~/.ssh/known_hosts 2>/dev/null
same 'cells' list
same 'cells in JSON' --json=short list
same 'all in JSON' --json=pretty status
same 'the status of a cell that does not run' --json=pretty status turbine
is 'which is told by the exit status' "$status" 3

try cellctl -H root@localhost start turbine
is 'it starts over ssh' "$status$err" 0
turbine_reports 'and runs'
try cellctl -H root@localhost status turbine
is 'its status says so' "$status" 0
has_line 'and shows it' "$out" 'State: running since'
turbine_goes_on 'which has not touched it'
try cellctl -H root@localhost stop turbine
is 'it stops over ssh' "$status$err" 0
is 'for the daemon too' "$(cell_property turbine State)" shut-down

try cellctl stop nobody
here=$err
try cellctl -H root@localhost stop nobody
is 'no such cell: status' "$status" 4
is 'no such cell: the words are those of here' "$err" "$here"

no_way 'a port where nobody listens' root@localhost:23 'port 23: Connection refused'
has_line 'the port is in the hint' "$err" "'ssh -p 23 root@localhost "
try cellctl -H root@localhost:23 --json=short start turbine
has_line 'the error in JSON says where, too' "$err" '"message":"no connection to root@localhost:23: '

useradd -m ada
install -d -m 700 -o ada ~ada/.ssh
install -m 600 -o ada ~/.ssh/id_ed25519.pub ~ada/.ssh/authorized_keys
try cellctl -H ada@localhost list
has_line 'who is nobody there may look' "$out" '^turbine +shut-down'
try runuser -u ada -- cellctl start turbine
here=$(head -n 1 <<<"$err")
try cellctl -H ada@localhost start turbine
is 'and change nothing: status' "$status" 1
is 'polkit says the same as here' "$(head -n 1 <<<"$err")" "$here"
has_line 'by its action' "$err" 'org\.cellmgr1\.manage-cells'
has_line 'with what to do' "$err" '^cellctl: hint: .*be root there \(-H root@'
is 'nothing has started' "$(cell_property turbine State)" shut-down

mv /usr/bin/ssh /tmp/ssh
try cellctl -H root@localhost list
has_line 'without ssh there is no connection either' "$err" '^cellctl: list: no connection to root@localhost: '
mv /tmp/ssh /usr/bin/ssh
systemctl stop ssh
end
