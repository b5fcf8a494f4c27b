#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cellctl doctor tells of this machine what is so: before the module is loaded, without a daemon, for
# everybody; with KVM's hand on the processor in the module's words; and with the hypervisor on. It leaves no
# trace, not in the kernel's tracing either.
# boot: own
# kernels: core
# timeout: 180
# shellcheck source-path=SCRIPTDIR source=../lib/cells.sh
. ./cells.sh

tracing=/sys/kernel/tracing

# finding CHECK [AS...]: verdict and what was found.
finding() {
	local check=$1
	shift
	"$@" cellctl doctor | awk -v check="$check" '
		$2 == check { verdict = $1; sub(/^[a-z]+ +[a-z]+ +/, ""); found = $0; next }
		verdict && $1 == "do:" { sub(/^ *do: /, ""); found = found ": " $0 }
		verdict { exit }
		END { print verdict ": " found }'
}

# What is of everybody: what doctor uses is in an instance of the tracing.
tracing_of_others() { cat $tracing/current_tracer $tracing/tracing_on $tracing/tracing_thresh; }

mark=$(kernel_log_mark)
systemctl stop cellmgrd
modprobe -r uio_ivshmem cellvisor 2>/dev/null
modprobe -r kvm_amd kvm 2>/dev/null
modprobe msr
mount -t tracefs tracefs $tracing 2>/dev/null

cellctl doctor >/run/results/doctor.txt
check 'the machine is fit' cellctl doctor --report=/run/results/doctor.json
fails 'control: the daemon was not asked' systemctl is-active --quiet cellmgrd
like 'processor' "$(finding processor)" '^ok: '
like 'firmware' "$(finding firmware)" '^ok: leaves SVM to Linux'
# udev loads it where it finds the processor able, sooner or later.
like 'KVM' "$(finding kvm)" '^ok: (not loaded|loaded, and has no virtual machine)'
like 'the module' "$(finding module)" '^ok: cellvisor is there, and is not loaded'
[[ -e x2apic ]] && mode=x2APIC || mode=xAPIC
like 'interrupts' "$(finding interrupts)" "^ok: $mode"
like 'CPUs' "$(finding cpus)" "^ok: $(nproc), "
check 'without the name of the machine' bash -c "! grep -q '$(hostname)' /run/results/doctor.json"

everybody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
check 'for everybody it is as fit' "${everybody[@]}" cellctl doctor
like 'but for what nobody else sees' "$(finding firmware "${everybody[@]}")" '^unknown: .*only root sees'
like 'and tracing' "$("${everybody[@]}" cellctl doctor --smi=10ms)" 'unknown *smi'

if grep -qw hwlat $tracing/available_tracers; then
	# The one for real time: of this machine's emulation any look has such pauses.
	echo 1 >$tracing/tracing_thresh
	before=$(tracing_of_others)
	like 'it sees pauses' "$(cellctl doctor --smi=2s)" '(ok +smi .*no pause of 100 us or more; the longest: [1-9]|warn +smi .*pauses of up to [1-9])'
	cellctl doctor --smi=1min >/dev/null &
	eventually_check 'a tracer of its own is at work' 20 grep -qsw hwlat $tracing/instances/cellctl-doctor/current_tracer
	eventually_check 'with the thread that keeps interrupts off' 20 pgrep hwlatd
	kill -INT $!
	wait $!
	is 'who interrupts it has an answer' $? 0
	fails 'the thread is gone' pgrep hwlatd
	is 'no instance stays' "$(ls $tracing/instances)" ''

	cellctl doctor --smi=1min >/dev/null &
	eventually_check 'it is at work again' 20 grep -qsw hwlat $tracing/instances/cellctl-doctor/current_tracer
	kill -KILL $!
	wait $!
	check 'control: who is killed leaves it' grep -qsw hwlat $tracing/instances/cellctl-doctor/current_tracer
	like 'the next one takes it over' "$(cellctl doctor --smi=1s)" '(ok|warn) +smi .*pause'
	is 'and leaves none' "$(ls $tracing/instances)" ''
	is 'what others trace is as it was' "$(tracing_of_others)" "$before"

	# A threshold that somebody has set is the tracer's, too: a hundred seconds are a pause that no machine has.
	echo 100000000 >$tracing/tracing_thresh
	like 'it promises no more than the tracer sees' "$(cellctl doctor --smi=1s)" 'ok +smi .*no pause of 100000000 us or more'
	echo 0 >$tracing/tracing_thresh
else
	like 'without that tracer it says so' "$(cellctl doctor --smi=1s)" 'unknown *smi .*cannot be used'
fi

if modprobe kvm_amd; then
	coproc holder { ./hold-kvm; }
	read -r word <&"${holder[0]}"
	is 'KVM has a machine' "$word" holding
	# shellcheck disable=SC2154 # set by coproc
	pid=$holder_PID input=${holder[1]}
	like 'KVM in use' "$(finding kvm)" '^fail: KVM or another hypervisor is using SVM'
	fails 'is not fit' cellctl doctor
	fails 'for who sees no registers neither' "${everybody[@]}" cellctl doctor
	modprobe cellvisor
	fails 'the hypervisor does not open' cellctl enable
	said=$(finding kvm)
	has_line 'the module says the same' "$(kernel_log_since "$mark")" "${said#fail: }"
	exec {input}>&-
	wait "$pid"
	modprobe -r kvm_amd kvm
fi

mark=$(kernel_log_mark)
modprobe cellvisor
check 'the hypervisor opens' cellctl enable
check 'with it on the machine is fit' cellctl doctor
like 'and it says so' "$(finding guest)" '^ok: .*root cell'
end
