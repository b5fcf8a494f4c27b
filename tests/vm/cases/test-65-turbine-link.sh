#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The turbine as it is described in the example, and an operator in Linux: telemetry comes whole, each
# millisecond; the speed follows a set point; what the turbine may not do it does not, and says so by an
# alarm that rings; it trips by command and by overspeed, and stays so until it is reset.
# timeout: 400
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

link=turbine-plant

# operator WORD...: what it says is in a file.
operator() { timeout 100 ./turbine-operator $link "$@" >/tmp/operator 2>&1; }

# field NAME: of what the operator has said last.
field() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" /tmp/operator; }

# runs_at RPM: within half a percent.
runs_at() {
	operator tell && (($(field speed) >= $1 * 995 / 1000 && $(field speed) <= $1 * 1005 / 1000))
}

# slower_than RPM
slower_than() { operator tell && (($(field speed) < $1)); }

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "10s",/'
check 'the example starts' cellctl start turbine
eventually_check 'its link is known by its name' 30 test -c /dev/cellmgr/$link
turbine_reports 'the turbine reports'

exits=$(grep -l '^turbine$' "$sysfs"/cells/*/name)
exits=${exits%/name}/statistics/vmexits_total
before=$(<"$exits")
check 'Linux reads for some seconds' operator watch 5
exits=$(($(<"$exits") - before))
diag "$(</tmp/operator)" "$exits exits of the cell"
is 'nothing was torn, and nothing went back' "$(field torn) $(field back)" '0 0'
between 'many blocks came' "$(field whole)" 200 6000
between 'the turbine counts as many milliseconds as its clock' \
	"$(($(field milliseconds) - $(field cell-ms)))" -20 20
between 'and as Linux'"'"' does, within a tenth' "$(($(field milliseconds) * 100 / $(field linux-ms)))" 90 110

# Its line once a second is some 200 characters.
[[ ! -e x2apic ]] || between 'no exit belongs to a cycle' "$exits" 0 2500

check 'a set point is written' operator set speed 3100
check 'the turbine tells' operator tell
is 'that it is in force' "$(field speed-in-force)" 3100
eventually_check 'the speed follows' 60 runs_at 3100
check 'a load is written' operator set load 70
eventually_check 'the turbine takes it' 60 runs_at 3100
check 'and tells' operator tell
is 'under which it is, with the same set point' "$(field load) $(field speed-in-force)" '70 3100'

check 'a set point that is too high rings' operator ring speed 3601
is 'it is not in force, and the alarm is its own' "$(field speed-in-force) $(field alarms)" '3100 2'
check 'a good one ends the alarm' operator set speed 3000
operator tell
is 'which stays known' "$(field speed-in-force) $(field alarms) $(field seen)" '3000 0 2'

check 'a trip rings' operator ring trip 1
is 'as an alarm, without a load' "$(field alarms) $(field trip) $(field load)" '1 2 0'
eventually_check 'the valve closes' 30 sh -c "./turbine-operator $link tell | grep -q ' valve=0 '"
check 'the command ends' operator set trip 0
operator tell
is 'the trip does not' "$(field trip)" 2
check 'a reset is written' operator set reset 1
operator tell
is 'which ends it' "$(field trip) $(field alarms)" '0 0'
check 'and is taken back' operator set reset 0
eventually_check 'the turbine is back at its speed' 60 runs_at 3000

check 'with little load' operator set load 10
check 'the test of the protection rings' operator ring speed 3600
is 'overspeed has tripped it' "$(field alarms) $(field trip)" '1 1'
diag "$(</tmp/operator)"
check 'the set point goes back' operator set speed 3000
eventually_check 'the turbine coasts down' 100 slower_than 3290
check 'it is reset' operator set reset 1
eventually_check 'and comes back' 100 runs_at 3000
turbine_goes_on 'all in one life'
turbine_undisturbed 'nothing has interrupted it that it does not know'

check 'the turbine stops when asked' cellctl stop turbine
check 'and goes' cellctl destroy turbine
end
