#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What would end badly is refused, with a line that says what to do; Linux keeps its CPUs, its KVM
# and its sleep as far as the partition allows.
# kernels: core
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

module=$(modinfo -n cellvisor)
cpus=/sys/devices/system/cpu
at_load=/sys/module/kvm/parameters/enable_virt_at_load

# refused NAME REGEX: the hypervisor does not open, and client or kernel log say why.
refused() {
	local mark output
	mark=$(kernel_log_mark)
	if output=$(cellctl enable 2>&1); then
		cellctl disable
		not_ok "$1" 'the hypervisor opened'
		return
	fi
	output+=$'\n'$(kernel_log_since "$mark" | grep cellvisor)
	like "$1" "$output" "$2"
}

# suspend: asks for it, as far as the tasks' freezing: from further on nobody would wake the machine.
suspend() {
	echo freezer >/sys/power/pm_test
	timeout 100 bash -c 'echo mem >/sys/power/state'
}

# bring_up CPU: brings it online.
bring_up() { timeout 60 bash -c "echo 1 >$cpus/cpu$1/online"; }

# with_image AT: the module is another, with something else there in its image.
with_image() {
	local start
	# It begins a page; the code knows the word as well.
	start=$(grep -obUaF CELLVISR "$module" | awk -F : '$1 % 4096 == 0 { print $1 }')
	systemctl stop cellmgrd
	rmmod cellvisor
	cp "$module" /var/tmp/cellvisor.ko
	printf '9.9' | dd of=/var/tmp/cellvisor.ko bs=1 seek=$((start + $1)) conv=notrunc status=none
	insmod /var/tmp/cellvisor.ko
	systemctl start cellmgrd
}

# meanwhile NAME COMMAND...: done though for two seconds Linux lets no CPU come or go, as it does while it
# probes a PCI device.
meanwhile() {
	./probe hotplug-hold 1 >/dev/null
	fails "control: $1" sh -c "echo 0 >$cpus/cpu2/online"
	(sleep 2; ./probe hotplug-hold 0 >/dev/null) &
	check "$@"
	wait
}

# kvm_both_ways: the hypervisor does not open beside KVM's machines, nor KVM beside the hypervisor.
kvm_both_ways() {
	modprobe kvm_amd
	coproc holder { ./hold-kvm; }
	# shellcheck disable=SC2154 # set by coproc
	pid=$holder_PID input=${holder[1]}
	read -r answer <&"${holder[0]}"
	is 'a KVM machine runs' "$answer" holding
	refused 'KVM in use is refused' 'KVM or another hypervisor'
	exec {input}>&-
	wait "$pid"
	if [[ -e $at_load ]]; then
		is 'this KVM takes SVM with its first machine only' "$(<$at_load)" N
		modprobe -r kvm_amd kvm
		modprobe kvm enable_virt_at_load=1
		modprobe kvm_amd
		refused 'KVM that has it without a machine is refused, with what to do' 'modprobe -r kvm_amd kvm'
		check 'that can be done' modprobe -r kvm_amd kvm
		modprobe kvm_amd
	fi
	systemctl stop cellmgrd
	is 'a KVM machine that comes between the look and the switch is seen' "$(./enable-late)" $'EBUSY\ndone'
	systemctl start cellmgrd
	check 'without it the hypervisor opens' cellctl enable
	./hold-kvm </dev/null >/dev/null 2>&1
	is 'KVM declines while the hypervisor is on' $? 3
	check 'the hypervisor closes' cellctl disable
	check 'KVM works again' ./hold-kvm </dev/null
}

begin
# The image is a part of the module: what is looked at before it is entered (kmod/image_check.c).
for case in '0 none of this hypervisor' '8 cut off' '5000 damaged'; do
	check "a module loads with another image: ${case#* }" with_image "${case%% *}"
	refused "it is refused: ${case#* }" "image in this module is ${case#* }"
done
systemctl stop cellmgrd
rmmod cellvisor
modprobe cellvisor
systemctl start cellmgrd

check 'control: the machine suspends while the hypervisor is off' suspend
check 'the probe loads' insmod ./partition-probe.ko
check 'control: it will take its time to do so' plant 'hold cellvisor:power_event 60'
suspend &
suspension=$!
eventually_check 'control: it is about to' 20 happened 1
refused 'it is no more opened then' 'the machine is going down or to sleep'
plant none
wait $suspension
is 'it does suspend' $? 0
check 'the probe unloads' rmmod partition_probe
check 'now the hypervisor opens' cellctl enable
check 'and closes' cellctl disable

if [[ $(uname -r) == *-rt-* ]] && ! grep -qw constant_tsc /proc/cpuinfo; then
	fails 'control: KVM does not load here' modprobe kvm_amd
	skip 'KVM and the hypervisor' 'KVM of Linux for real time wants a constant TSC, which emulators do not offer'
else
	kvm_both_ways
fi

# More memory than there is.
echo '{ "pool-size": "4G" }' >/etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
refused 'memory that is not to be had is refused' 'contiguous memory|[Nn]o .*memory'
rm /etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd

# CPUs.
log=$(kernel_log_mark)
check 'the hypervisor opens' cellctl enable
if dmesg | grep -q 'Marking TSC unstable'; then
	like 'a TSC that Linux does not count by is told' "$(kernel_log_since "$log")" \
		'cellvisor: Linux does not count time by the TSC'
fi
check 'Linux can take a CPU of its own offline' sh -c "echo 0 >$cpus/cpu1/online"
check 'and online again' sh -c "echo 1 >$cpus/cpu1/online"
check 'and offline once more' sh -c "echo 0 >$cpus/cpu1/online"
check 'the probe loads' insmod ./partition-probe.ko
meanwhile 'the hypervisor closes with that CPU offline' cellctl disable
is 'the CPU is still offline' "$(cat $cpus/cpu1/online)" 0
check 'it comes back without the hypervisor' sh -c "echo 1 >$cpus/cpu1/online"

check 'the hypervisor opens again' cellctl enable
describe turbine turbine ''
meanwhile 'a cell runs' cellctl start turbine
fails 'its CPU cannot be brought online' bring_up 3
like 'because it is busy' "$output" 'Device or resource busy'
is 'and it is not' "$(cat $cpus/cpu3/online)" 0
fails 'the machine does not suspend' suspend
like 'because it is busy' "$output" 'Device or resource busy'
like 'the kernel log says with what' "$(kernel_log_since "$mark" | grep cellvisor)" \
	'no suspend while the hypervisor is on'
fails 'the module does not unload' rmmod cellvisor
check 'the cell still runs' sh -c 'cellctl --json=short status turbine | grep -q running'
check 'the cell stops' cellctl stop turbine
meanwhile 'and is taken away' cellctl destroy turbine
check 'the probe unloads' rmmod partition_probe
trace=/sys/kernel/tracing
mount -t tracefs tracefs $trace 2>/dev/null
check 'control: a probe of the kernel can be set in the module' sh -c \
	"echo p:here cellvisor:cellvisor_hypercall >$trace/kprobe_events && echo >$trace/kprobe_events"
fails 'but not where the CPU is between the worlds' sh -c \
	"echo p:here cellvisor:trampoline_enter+8 >$trace/kprobe_events"
check 'control: now its CPU can go' sh -c "echo 0 >$cpus/cpu3/online"
check 'control: and be brought online' bring_up 3
fails 'the machine does not suspend with no cell either' suspend
check 'the hypervisor closes' cellctl disable
check 'control: now it suspends' suspend
end
