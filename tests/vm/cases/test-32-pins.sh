#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Interrupt pins: a cell has one, to its own CPU and in no other way; Linux can send a cell's CPU nothing
# by an IO-APIC, whatever it writes, and goes on with what it had.
# timeout: 400
# x2apic: no (an IOMMU lets no entry pass there that is not in its table)
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

# Of the first controller, where nobody else is: the second serial port's.
ioapic=0xfec00000 pin=3 uart=0x2f8
low=$((0x10 + 2 * pin)) high=$((0x11 + 2 * pin))

# register INDEX [VALUE]: as a driver does that.
register() {
	./probe write $ioapic 4 "$1" >/dev/null
	if (($# > 1)); then
		./probe write $((ioapic + 0x10)) 4 "$2"
	else
		./probe read $((ioapic + 0x10)) 4
	fi
}

# entry CPU LOW: masked while it changes.
entry() {
	register $low 0x10000 >/dev/null
	register $high $(($1 << 24)) >/dev/null
	register $low "$2" >/dev/null
}

# raise: the port's transmitter is empty, and says so by an interrupt.
raise() {
	./probe out $((uart + 1)) 1 0 >/dev/null
	./probe in $((uart + 2)) 1 >/dev/null
	./probe out $((uart + 1)) 1 2 >/dev/null
	./probe in $((uart + 2)) 1 >/dev/null
	./probe out $((uart + 1)) 1 0 >/dev/null
}

# arrives NAME COUNTER LOW: an interrupt that is sent to CPU 1, as Linux counts it.
arrives() {
	local before
	before=$(interrupt_count "$2")
	entry 1 "$3"
	raise
	register $low 0x10000 >/dev/null
	is "$1" $(($(interrupt_count "$2") - before)) 1
}

begin
check 'the probe comes' insmod ./partition-probe.ko
# Nobody but the probe sends that one, which is meant for KVM.
arrives 'control: without a hypervisor the pin interrupts' PIN 0xf2
pins=$(for n in $(seq 0 47); do register $((0x10 + n)); done)
check 'the hypervisor opens' cellctl enable
is 'Linux sees the entries that it had' "$(for n in $(seq 0 47); do register $((0x10 + n)); done)" "$pins"
arrives 'its pin goes on interrupting' PIN 0xf2
arrives 'also as an NMI' NMI 0x400
is 'nothing was refused' "$(violations)" 0

cpu=3
describe_with_port turbine $cpu turbine 0x83 'setpoint=3000 report-ms=500'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
arrives 'control: an interrupt to a CPU of Linux arrives' PIN 0xf2
arrives 'control: an NMI to it' NMI 0x400
is 'nothing was refused for that' "$(violations)" 0
for sent in '0x41 vector' '0x141 lowest-priority' '0x200 SMI' '0x400 NMI' '0x500 INIT' '0x700 ExtINT' \
	    '0x8041 level'; do
	before=$(violations)
	entry "$cpu" "${sent% *}"
	raise
	is "${sent#* } to the turbine's CPU is refused" $(($(violations) - before)) 1
	is "${sent#* }: Linux reads what it wrote" "$(register $low) $(register $high)" \
		"${sent% *} $(hex $((cpu << 24)))"
done
before=$(violations)
entry 255 0x400
raise
is 'so is NMI to all' $(($(violations) - before)) 1
like 'the hypervisor says so' "$(cat $sysfs/console)" 'IO-APIC 0xfec00000, pin 3: masked'
turbine_goes_on 'the turbine has not noticed'
turbine_undisturbed 'and counted no interrupt'
arrives 'control: a good entry after them is in effect' PIN 0xf2
entry "$cpu" 0xf2
check 'the turbine stops' cellctl stop turbine
check 'it is taken away' cellctl destroy turbine
eventually_check 'its CPU is back' 20 grep -q '^0-3$' /sys/devices/system/cpu/online
before=$(interrupt_count PIN)
raise
is 'what Linux wrote is in effect when the CPU is back' $(($(interrupt_count PIN) - before)) 1
register $low 0x10000 >/dev/null

cat >"$descriptions/pins.json" <<-EOF2
	{ "cpus": [2], "memory": "1M", "image": "$PWD/pins.bin", "console": "virtual",
	  "parameters": "pin=$pin uart=$uart foreign=1",
	  "devices": { "ports": [ { "base": "$uart", "count": 8 } ], "pins": [$pin] },
	  "on-failure": "preserve" }
EOF2
reload
entry 1 0xf2
check 'a cell with a pin is right' cellctl check $descriptions/pins.json
check 'it starts' cellctl start pins
eventually_check 'its program comes to its end' 60 console_has pins '^done, '
is 'all was as it shall be' "$(cellctl console pins | grep -E '^not ok|^done')" 'done, 0 failed'
diag "$(cellctl console pins | grep -c '^ok ') answers"
like 'what it tried was told' "$(cat $sysfs/console)" 'cell pins: IO-APIC 0xfec00000, pin 3: masked'
is 'Linux sees its pin masked' "$(register $low)" 0x100f2
check 'it is taken away' cellctl destroy pins
is 'Linux has its entry again' "$(register $low)" 0xf2
before=$(interrupt_count PIN)
raise
is 'and the pin interrupts it' $(($(interrupt_count PIN) - before)) 1
sed 's/"pins": \[[0-9]*\]/"pins": [9]/' "$descriptions/pins.json" >"$descriptions/used.json"
reload
fails 'a pin that a driver has is refused' cellctl check $descriptions/used.json
like 'with the name of the driver' "$output" 'pin 9 .*acpi'
rm "$descriptions/used.json"
reload

check 'the hypervisor closes' cellctl disable
arrives 'without it the pin interrupts as before' PIN 0xf2
check 'the probe goes' rmmod partition_probe
end
