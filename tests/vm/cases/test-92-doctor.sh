#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cellctl doctor tells of this machine what is so: before the module is loaded, without a daemon, for
# everybody; with KVM's hand on the processor in the module's words; and with the hypervisor on. It leaves no
# trace, not in the kernel's tracing either.
# boot: own
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
	before=$(cat $tracing/current_tracer $tracing/tracing_on $tracing/tracing_thresh)
	like 'it looks for pauses' "$(cellctl doctor --smi=2s)" '(ok|warn) *smi .*pause'
	cellctl doctor --smi=1min >/dev/null &
	eventually_check 'a tracer of its own is at work' 20 grep -qsw hwlat $tracing/instances/*/current_tracer
	kill -INT $!
	wait $!
	is 'who interrupts it has an answer' $? 0
	is 'no instance stays' "$(ls $tracing/instances)" ''
	is 'what others trace is as it was' \
		"$(cat $tracing/current_tracer $tracing/tracing_on $tracing/tracing_thresh)" "$before"
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
