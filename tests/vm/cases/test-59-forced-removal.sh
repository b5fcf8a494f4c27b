#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module is removed by force while the hypervisor is on: it waits for who has the device open, then
# ends the cells and leaves the hypervisor.
# boot: own
# options: --cpus 4
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

# hibernate: asks for it, as far as the tasks' freezing: from further on there is no way back without a disk for it.
hibernate() {
	echo freezer >/sys/power/pm_test
	timeout 100 bash -c 'echo disk >/sys/power/state'
}

begin
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
fails 'without force the module is not removed' rmmod cellvisor
like 'as it is in use' "$output" 'in use'

fails 'the machine does not hibernate' hibernate
like 'because it is busy' "$output" 'Device or resource busy'
like 'the log says with what' "$(kernel_log_since "$mark")" 'no suspend while the hypervisor is on'

exec 3</dev/jailhouse
# The end of the hypervisor is an event of the device, which brings the daemon, which loads the module.
systemctl mask --runtime --now -q cellmgrd.service
log=$(kernel_log_mark)
rmmod -f cellvisor 3<&- &
removal=$!
eventually_check 'by force it waits for who has the device open' 20 \
	sh -c "dmesg | grep -q 'removed by force, but the device is open'"
check 'as long as that is so' kill -0 $removal
exec 3<&-
eventually_check 'and no longer' 60 sh -c "! grep -q '^cellvisor ' /proc/modules"
check 'it has been removed' wait $removal
like 'the hypervisor was left' "$(kernel_log_since "$log")" 'hypervisor off'
all_cpus_back
sleep 2
# That the kernel is tainted is said once, as a warning without any of these words.
kernel_log_clean 'the kernel has nothing to complain about' "$mark"

check 'the module loads again' modprobe cellvisor
systemctl unmask --runtime -q cellmgrd.service
check 'the daemon starts' systemctl start cellmgrd
check 'control: while the hypervisor is off the machine hibernates' hibernate
check 'a cell starts again' cellctl start turbine
turbine_reports 'it reports'
check 'it is killed' cellctl kill turbine
check 'and destroyed' cellctl destroy turbine
end
