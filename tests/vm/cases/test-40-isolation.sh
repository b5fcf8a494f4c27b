#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The walls of the partition, from the side of Linux: it cannot reach the memory of a running cell
# or of the hypervisor, nor the registers, ports and CPUs that are not its own; and it lives on. Each
# probe is first shown to work where it is allowed.
# timeout: 300
# shellcheck source-path=SCRIPTDIR source=../lib/walls.sh
. ./walls.sh

cell_port=0x82 # a latch of the DMA controller that nothing uses
hsave=0xc0010117
apic_base=0x1b
start_at=0x10000 # below 1 MiB, where Linux has nothing

# started: the CPU that was to start there has.
started() { [[ $(./probe read $((start_at + 0x80)) 1) == 0x5a ]]; }

check 'the probe loads' insmod ./partition-probe.ko
begin
systemctl stop cellmgrd

# Before the hypervisor is on, all of this works.
hsave_before=$(./probe rdmsr $hsave)
like 'control: without a hypervisor its save area register is read' "$hsave_before" '^0x'
is 'control: and written' "$(./probe wrmsr $hsave "$hsave_before")" 'done'
apic_base_before=$(taskset -c 0 ./probe rdmsr $apic_base)
like 'control: so is where the APIC is' "$apic_base_before" '^0xfee00[89cd]00$'
./probe out $cell_port 1 0x3c >/dev/null
is 'control: the port keeps what is written' "$(./probe in $cell_port 1)" 0x3c
is 'control: by a string, too' "$(./probe outs $cell_port 4 0x3d; ./probe ins $cell_port 4)" \
	'0x3d differ=0 left=0'$'\n''0x3d differ=0 left=0'
./probe out $cell_port 1 0x3c >/dev/null

systemctl start cellmgrd
describe_with_port turbine 3 turbine $cell_port 'setpoint=3000 report-ms=500'
check 'the descriptions are right' cellctl check
check 'the hypervisor opens' cellctl enable
check 'the cell is made' cellctl create turbine
check 'and loaded' cellctl load turbine
cell=$(cell_memory turbine 0)
spare=$(cell_memory turbine 1)
hypervisor=$(hypervisor_memory start)
hypervisor_end=$((hypervisor + $(hypervisor_memory size)))
[[ $cell && $spare && $hypervisor ]] || bail "no places in the daemon's state: $(cat $state_file $records/*)"
diag "turbine at $(hex "$cell") and $(hex "$spare")," \
	"hypervisor at $(hex "$hypervisor") to $(hex $hypervisor_end)"
is 'Linux, too, sees the signature of the cell ABI' "$(./probe cpuid 0x40000000)" \
	'0x40000001 0x6c69614a 0x73756f68 0x65'
is 'and no features behind it' "$(./probe cpuid 0x40000001)" '0x0 0x0 0x0 0x0'
features=$(./probe cpuid 1)
is 'and that there is a hypervisor' $(($(cut -d' ' -f3 <<<"$features") >> 31)) 1
reaches 'memory of a loadable cell' "$(hex "$spare")"
is 'nothing was refused so far' "$(violations)" 0
image=$(./probe read "$(hex "$cell")" 8)

check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
# Only the first refusals are all reported.
refused "a running cell's first instruction" 1 0xffffffffffffffff ./probe read "$(hex "$cell")" 8
refused "writing over it" 1 'done' ./probe write "$(hex "$cell")" 8 0
refused "reading a cell's port" 1 0xff ./probe in $cell_port 1
refused "writing to a cell's port" 1 'done' ./probe out $cell_port 1 0x55
refused "moving the APIC" 1 fault ./probe wrmsr $apic_base 0xfee01900
report=$(cat $sysfs/console)
for line in "memory-read, address $(hex "$cell")" "memory-write, address $(hex "$cell")" \
	    "port-read, address $cell_port" "port-write, address $cell_port" \
	    "msr-write, address $apic_base value 0xfee01900"; do
	like "the hypervisor reports: $line" "$report" "refused: $line"
done
turbine_goes_on 'the turbine has not noticed'

kernel_log_clean 'up to here the kernel has nothing to complain about' "$mark"
mark=$(kernel_log_mark)
walled 'memory of a running cell' "$(hex "$spare")"
walled "the cell's program" "$(hex $((cell + 0x2000)))"
walled "the hypervisor's first page" "$(hex "$hypervisor")"
# An exception that Linux survives, but does not expect where it copies for a program.
# Which it does where a string instruction failed, and once.
wonders=1
[[ $copied != ones=512* ]] || wonders=0
is 'of all this Linux wonders at the copy alone' \
	"$(kernel_log_since "$mark" | grep 'WARNING: ' | grep -vc fixup_exception)" 0
is 'and says so once' "$(kernel_log_since "$mark" | grep -c WARNING:)" $wonders
mark=$(kernel_log_mark)
refused "the hypervisor's last word" 1 0xffffffffffffffff ./probe read "$(hex $((hypervisor_end - 8)))" 8
refused "the hypervisor's last word, written" 1 'done' ./probe write "$(hex $((hypervisor_end - 8)))" 8 0
refused "a cell's port, 4 bytes across it" 1 0xffffffff ./probe in $((cell_port - 2)) 4
refused "a cell's port, read by a string" 1 fault ./probe ins $cell_port 4
refused "a cell's port, written by a string" 1 fault ./probe outs $cell_port 4 0x55
turbine_goes_on 'the turbine goes on behind its walls'

refused 'where the processor keeps the hypervisor is not told' 1 fault ./probe rdmsr $hsave
is 'nor changed: what Linux writes there when it crashes does nothing' "$(./probe wrmsr $hsave 0)" 'done'
refused 'the SVM lock is not touched' 1 fault ./probe wrmsr 0xc0010114 0x10
refused 'nor system management memory' 1 fault ./probe wrmsr 0xc0010111 0
refused 'nor what is memory and what is not' 1 fault ./probe wrmsr 0xc001001a 0x10000000
refused 'nor which ranges are redirected' 1 fault ./probe wrmsr 0xc0010016 0
refused 'nor where the configuration space is' 1 fault ./probe wrmsr 0xc0010058 0
refused 'nor how fast counters of guests run' 1 fault ./probe wrmsr 0xc0000104 0
refused 'nor what a performance state is' 1 fault ./probe wrmsr 0xc0010064 0
refused 'nor is system management mode entered' 1 fault ./probe wrmsr 0xc0010116 1
syscfg=$(./probe rdmsr 0xc0010010)
is 'what MTRRs mean is not changed either' \
	"$(./probe wrmsr 0xc0010010 0x800000; ./probe rdmsr 0xc0010010)" "done"$'\n'"$syscfg"
if [[ -e x2apic ]]; then
	is 'a command with reserved bits is refused' "$(./probe wrmsr 0x830 0x100040fd)" fault
	is 'so is a register of the APIC that cannot be written' "$(./probe wrmsr 0x802 0)" fault
	like 'control: it can be read' "$(./probe rdmsr 0x802)" '^0x[0-3]$'
else
	is 'x2APIC registers are absent' "$(./probe wrmsr 0x830 0x4500)" fault
fi
is 'unknown bits of EFER are refused' "$(./probe wrmsr 0xc0000080 0xd0d)$(./probe wrmsr 0xc0000080 0x100000d01)" \
	faultfault
is 'control: other registers are read' "$(taskset -c 0 ./probe rdmsr $apic_base)" "$apic_base_before"
is 'control: and written' "$(./probe wrmsr 0xc0000081 "$(./probe rdmsr 0xc0000081)")" 'done'

# From user mode no hypercall does anything, not even an allowed one.
id=$(basename "$(dirname "$(grep -l '^turbine$' $sysfs/cells/*/name)")")
is 'no program of Linux ends a cell' "$(./probe vmmcall 4 "$id" 0)" -1
is 'no program of Linux closes the hypervisor' "$(./probe vmmcall 0 0 0)" -1
is 'no program of Linux makes a cell' "$(./probe vmmcall 1 "$spare" 0)" -1

# Interrupts between processors: the controls go to CPUs of Linux, the others to the cell's. Nobody but
# the probe sends that one, which is meant for KVM; Linux counts it all the same.
before=$(interrupt_count PIN)
for _ in 1 2 3; do taskset -c 0 ./probe ipi 1 0x40f2 >/dev/null; done
is 'control: interrupts to a CPU of Linux arrive' $(($(interrupt_count PIN) - before)) 3
before=$(interrupt_count NMI)
taskset -c 0 ./probe ipi 1 0x4400 >/dev/null
is 'control: an NMI to it does' $(($(interrupt_count NMI) - before)) 1
# One that Linux does not use: movb $0x5a, %cs:0x80; 1: hlt; jmp 1b. An INIT takes it from Linux' idle
# loop, a start-up leads it there.
check 'a CPU of Linux is offline' sh -c 'echo 0 >/sys/devices/system/cpu/cpu2/online'
./probe write $start_at 8 0xebf45a008006c62e >/dev/null
./probe write $((start_at + 8)) 1 0xfd >/dev/null
./probe write $((start_at + 0x80)) 1 0 >/dev/null
taskset -c 0 ./probe ipi 2 0x4610 >/dev/null
sleep 0.5
is 'control: a start-up alone does nothing to it' "$(./probe read $((start_at + 0x80)) 1)" 0x0
taskset -c 0 ./probe ipi 2 0x4500 >/dev/null
taskset -c 0 ./probe ipi 2 0x4610 >/dev/null
eventually_check 'control: behind an INIT it starts it' 10 started
check 'it comes back to Linux' sh -c 'echo 1 >/sys/devices/system/cpu/cpu2/online'
for command in 0x4500 0x4610 0x4041 0x4400; do
	is "command $command to the cell's CPU" "$(taskset -c 0 ./probe ipi 3 $command)" 'done'
done
fails "a cell's CPU cannot be brought up" timeout 60 bash -c 'echo 1 >/sys/devices/system/cpu/cpu3/online'
like 'because it is busy' "$output" 'Device or resource busy'
is 'and it is not' "$(cat /sys/devices/system/cpu/online)" 0-2
turbine_goes_on 'INIT, start-up, fixed interrupt and NMI have not reached the turbine'
turbine_undisturbed 'and it has counted none of them'

check 'the turbine stops when asked' cellctl stop turbine
is 'it has its program as it was' "$(./probe read "$(hex "$cell")" 8)" "$image"
is 'and its memory: every write was lost' "$(./probe copy-from "$(hex "$spare")" 8 64)" \
	"$pattern differ=0 left=0"
before=$(violations)
check 'the turbine is taken away' cellctl destroy turbine
pool_used >/dev/null
is 'control: the port is back, with what it had' "$(./probe in $cell_port 1)" 0x3c
is 'its memory was scrubbed' "$(./probe copy-from "$(hex "$spare")" 8 64)" '0x0 differ=0 left=0'
is 'nothing was refused after the end' "$(violations)" "$before"
diag "$before accesses refused in all"
check 'the hypervisor closes' cellctl disable
is 'the save area register is back' "$(./probe rdmsr $hsave)" "$hsave_before"
check 'the probe goes' rmmod partition_probe
end
