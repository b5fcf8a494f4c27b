#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# PCI devices between Linux and cells, by descriptions: one in use is refused or taken as the description
# says, its driver comes back and works, however often and in whatever way it goes.
# boot: own
# x2apic: no (devices with messages are refused there: an IOMMU that is root's remaps them)
# options: --qemu -device --qemu edu,addr=0x10 --qemu -netdev --qemu user,id=net --qemu -device --qemu e1000e,addr=0x11,netdev=net,romfile= --qemu -device --qemu pcie-root-port,id=plug0,addr=0x12,chassis=1,slot=1 --qemu -device --qemu virtio-rng-pci,bus=plug0
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/devices.sh
. ./devices.sh

rounds=20

# said REGEX: the kernel's log has it since the test began.
said() { like "the log: $1" "$(kernel_log_since "$mark")" "$1"; }

begin
nic_works 'control: the card'
is 'control: nobody has the other device' "$(driver_of $edu)" ''
state=$(od -An -v -tx1 -N 64 $devices/$edu/config)

# refused NAME DEVICES MORE REGEX: by the check, at the device's place.
refused() {
	local text
	printf '{ "cpus": [2], "memory": "1M",\n  "devices": [%s]%s }\n' "$2" "$3" >/tmp/refused.json
	text=$(cellctl check /tmp/refused.json 2>&1)
	like "refused: $1" "$text" "$4"
	has_line "refused with its place: $1" "$text" '^/tmp/refused\.json:2:[0-9]+: error: devices'
}
refused 'no word about DMA' '"pci:1234:11e8"' '' 'can read and write all of the machine'
refused 'in use' "\"pci:$nic\"" "$unprotected" "in use by Linux' driver e1000e"
refused 'in use by another driver' '{ "pci": "8086:10d3", "take-from": "igb" }' "$unprotected" \
	'driver e1000e, not igb'
refused 'not there' '"pci:0000:00:1c.0"' "$unprotected" 'is not in this machine'
refused 'a bridge' '"pci:0000:00:1f.0"' "$unprotected" 'is a bridge'

cell used "\"pci:$nic\"" "$unprotected"
fails 'a cell with a device in use is not created' cellctl create used
is 'and the driver keeps it' "$(driver_of $nic)" e1000e
rm "$descriptions/used.json"

# Taken, used, given back.
cell card "$take" "$card"
check 'the hypervisor opens' cellctl enable
check 'a cell takes the card' cellctl create card
is 'Linux has a driver that holds it' "$(driver_of $nic)" cellvisor-pci
check 'and no interface' test ! -e $devices/$nic/net
is 'it is shown that nothing holds its DMA' "$(cell_property card Dma)" unprotected
like 'also to people' "$(cellctl status card)" 'DMA: unprotected'
like 'with the device' "$(cellctl status card)" 'Devices: pci:8086:10d3'
fails 'the module does not go' rmmod cellvisor
check 'the daemon reads its descriptions anew' reload
is 'and finds nothing wrong with the cell' "$(cell_property card State)" created
check 'the cell starts' cellctl start card
eventually_check 'and works with the card' 60 card_works || diag "$(cellctl console card | tail -n 5)"
check 'it goes' cellctl destroy card
said 'driver e1000e has it again'
nic_works 'the card'

cell plain '"pci:1234:11e8", "port:0x2f8-0x2ff"' "$unprotected, \"parameters\": \"edu=0x80 others=0\""
check 'a device that nobody has is taken' cellctl start plain
is 'it is held' "$(driver_of $edu)" cellvisor-pci
plain_works() { cellctl console plain | grep -q '^done, 0 failed'; }
eventually_check 'the cell works with it' 60 plain_works || diag "$(cellctl console plain | tail -n 5)"
check 'and goes' cellctl destroy plain
is 'then nobody has it again' "$(driver_of $edu) $(<$devices/$edu/driver_override)" ' (null)'
is 'and it is as it was' "$(od -An -v -tx1 -N 64 $devices/$edu/config)" "$state"

# Refused half way: the second of two is not to be had.
cell both "\"pci:1234:11e8\", $take" "$unprotected"
echo 0000:00:11.0 >/sys/bus/pci/drivers/e1000e/unbind
is 'control: somebody unbinds the card' "$(driver_of $nic)" ''
check 'a cell takes both' cellctl create both
is 'one' "$(driver_of $edu)" cellvisor-pci
is 'and two' "$(driver_of $nic)" cellvisor-pci
check 'gives them back' cellctl destroy both
is 'a driver that had been unbound does not come by itself' "$(driver_of $nic)" ''
echo 0000:00:11.0 >/sys/bus/pci/drivers/e1000e/bind

# Another driver than the first that would have it.
modprobe uio_pci_generic
echo 0000:00:11.0 >/sys/bus/pci/drivers/e1000e/unbind
echo 8086 10d3 >/sys/bus/pci/drivers/uio_pci_generic/new_id
is 'control: somebody gives the card to programs' "$(driver_of $nic)" uio_pci_generic
cell programs '{ "pci": "8086:10d3", "take-from": "uio_pci_generic" }' "$unprotected"
check 'a cell takes it from there' cellctl create programs
is 'it is held' "$(driver_of $nic)" cellvisor-pci
check 'and gives it back' cellctl destroy programs
is 'to the driver that it had' "$(driver_of $nic)" uio_pci_generic
said 'driver uio_pci_generic has it again'
is 'and to no other one for ever' "$(<$devices/$nic/driver_override)" '(null)'
rm "$descriptions/programs.json"
echo 0000:00:11.0 >/sys/bus/pci/drivers/uio_pci_generic/unbind
rmmod uio_pci_generic
echo 0000:00:11.0 >/sys/bus/pci/drivers/e1000e/bind

# However often.
wrong=0
for ((round = 0; round < rounds; round++)); do
	cellctl create card >/dev/null 2>&1 && driver_is $nic cellvisor-pci || wrong=$((wrong + 1))
	cellctl destroy card >/dev/null 2>&1 && driver_is $nic e1000e || wrong=$((wrong + 1))
done
is "it goes to and fro $rounds times" "$wrong" 0
nic_works 'the card after that'

# Pulled out of Linux while a cell has it.
check 'a cell has the card' cellctl create card
echo 1 >$devices/$nic/remove
said 'goes from Linux while cell card has it'
echo 1 >/sys/bus/pci/rescan
isnt 'Linux does not get at it' "$(driver_of $nic)" e1000e
check 'the cell goes' cellctl destroy card
echo 1 >/sys/bus/pci/rescan
nic_works 'the card, found again'

# With the hypervisor.
check 'a cell has the card once more' cellctl create card
check 'the hypervisor closes with it' cellctl disable --force
nic_works 'the card after the hypervisor'
rm -f "$descriptions"/{card,both,plain}.json
reload

# Callers of the driver without a word about drivers.
systemctl mask --runtime --now -q cellmgrd
is 'the hypervisor opens' "$(./devices enable)" 'done'
is 'what a driver has is refused' "$(./devices create one $nic)" EUSERS
said 'not for cell one: driver e1000e has it'
is 'a bridge is' "$(./devices create one 0000:00:1f.0)" EXDEV
said 'not for cell one: it is a bridge'
is 'what nobody has is given' "$(./devices create one $edu)" 'done'
is 'once' "$(./devices create two $edu)" EBUSY
said 'PCI device 0000:00:10.0 belongs to cell one'
is 'and comes back' "$(./devices destroy one)" 'done'

# Pulled out of the machine while a cell has it.
port=$(echo "$devices/0000:00:12.0"/*:*:*.*/)
pulled=$(basename "$port") slot=''
for name in /sys/bus/pci/slots/*; do
	[[ $(<"$name/address") != "${pulled%.*}" ]] || slot=$name
done
check "control: $pulled has a reset that is waited for" grep -q flr "$devices/$pulled/reset_method"
[[ ! -e $devices/$pulled/driver ]] || echo "$pulled" >"$devices/$pulled/driver/unbind"
is 'a cell has it' "$(./devices create one "$pulled")" 'done'
echo 0 >"$slot/power"
check 'it is out of the machine' test ! -e "$devices/$pulled"
before=$SECONDS
is 'the cell goes' "$(./devices destroy one)" 'done'
between 'seconds that this took' $((SECONDS - before)) 0 30
said "$pulled: does not answer"
is 'the hypervisor closes' "$(./devices disable)" 'done'
all_cpus_back
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
systemctl unmask --runtime -q cellmgrd
finish
