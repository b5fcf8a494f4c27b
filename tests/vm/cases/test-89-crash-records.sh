#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the turbine's cell did before it failed is on the disk, whole, also for a daemon that comes later; and it
# is started again as its description allows, with its unit active for so long.
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

crashes=/var/lib/cellmgr/crash

# break_turbine SED-EXPRESSION NAME: it writes where it may not, 500 ms after its start; started by its unit.
break_turbine() {
	describe turbine mischief "s/\"parameters\": .*/\"parameters\": \"wild-write delay-ms=500\",/; $1"
	systemctl reset-failed cell@turbine 2>/dev/null
	systemctl start cell@turbine
	eventually_check "$2" 60 systemctl is-failed -q cell@turbine
}

# member RECORD KEY: of it, in JSON.
member() { cellctl --json=short crash "$1" | grep -o "\"$2\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }

# new_records: names of those that this test has caused, without their numbers. Other tests have left some.
new_records() {
	find $crashes -type f -newer before -printf '%f\n' | sort | sed 's/\.[0-9]*\./.N./' | tr '\n' ' '
}

begin
touch before
break_turbine '' 'a turbine that writes elsewhere fails'
is 'there is one record' "$(new_records)" 'turbine.N.memory-write.json '
record=$(find $crashes -name 'turbine.*' -newer before -printf '%f')
is 'only root may read it' "$(stat -c %a "$crashes/$record")" 600
like 'it is valid for programs, too' "$(cellctl --json=short crash turbine)" '^\{.*\}$'
is 'it has the reason that the journal has' "$(member turbine text)" \
	"$(cell_property turbine LastError | cut -d, -f1)"
rip=$(cell_property turbine LastError | sed -n 's/.*(rip 0x\([0-9a-f]*\).*/\1/p')
is 'the registers are those of the failure' "$(member turbine rip)" "0x$rip"
like 'all registers are there' "$(cellctl crash turbine)" 'registers: rax 0x[0-9a-f]{16}  rcx 0x.*r15 0x.* cr3 0x'
like 'the stack was in its memory' "$(cellctl --json=short crash turbine)" '"rsp":"0x00000000000[0-9a-f]{5}"'
is 'the boot is this one' "$(member turbine boot-id)" "$(tr -d - </proc/sys/kernel/random/boot_id)"
is 'the description is this one' "$(member turbine description-sha256)" \
	"$(sha256sum <"$descriptions/turbine.json" | cut -d' ' -f1)"
is 'the image is this one' "$(member turbine image-sha256)" "$(cell_property turbine ImageSha256)"
like 'the versions are these' "$(cellctl crash turbine)" "versions: daemon [0-9.]+  hypervisor .*  kernel $(uname -r)"
like 'what it said last is there' "$(cellctl crash turbine)" 'end of its console:.*mischief: up, about to wild-write'

check 'the daemon is restarted' systemctl restart cellmgrd
like 'the record outlives it' "$(cellctl crash)" "turbine +memory-write +$record"
like 'and can be shown' "$(cellctl crash turbine)" 'wrote 8 bytes at guest address'
fails 'not everybody may' setpriv --reuid=65534 --clear-groups cellctl crash turbine
like 'but know of it' "$(setpriv --reuid=65534 --clear-groups cellctl crash)" "$record"

here=$EPOCHREALTIME
break_turbine 's/"preserve"/"restart", "restart": { "delay": "200ms", "limit": 2 }/' \
	'one that is started again fails in the end'
is 'it was started three times' "$(new_records)" \
	'turbine.N.memory-write.json turbine.N.memory-write.json turbine.N.memory-write.json turbine.N.memory-write.json '
like 'it says so' "$(cell_property turbine LastError)" 'wrote 8 bytes .*started again 2 times within 10min and stays failed'
is 'its unit was started once and failed once' \
	"$(systemctl show -p NRestarts --value cell@turbine) $(journalctl -q -u cell@turbine --since "@$here" -o cat | grep -c '^Failed to start\|Main process exited')" '0 1'

describe turbine turbine ''
check 'a turbine that is mended runs' cellctl start turbine
turbine_reports 'its governor works'
check 'it can be stopped' cellctl stop turbine
end
