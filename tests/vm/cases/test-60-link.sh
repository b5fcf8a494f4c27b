#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Root's ends of links: Linux finds a device of shared memory at run time and loses it cleanly, whoever
# has it open or mapped; programs reach what they may and no more; rings arrive, each counted.
# timeout: 600
# shellcheck source-path=SCRIPTDIR source=../lib/lib.sh
. ./lib.sh

place=0000:00:1e.0 bdf=0xf0
other=0000:00:1d.0 other_bdf=0xe8
node=/dev/cellmgr/test-link

# uio_of PLACE: the devices of its vectors, the first one first.
uio_of() {
	local uio
	for uio in "/sys/bus/pci/devices/$1"/uio/*; do
		[[ -e $uio ]] && echo "$(<"$uio/name") ${uio##*/}"
	done | sort -V | cut -d' ' -f2
}

# appear NAME BDF PEERS VECTORS: root's end comes, and its driver has it.
appear() {
	local said
	said=$(./root-links add "$2" "$3" "$4")
	udevadm settle -t 30
	if [[ $said == 0 && -c $node ]]; then
		ok "$1"
	else
		not_ok "$1" "links add: $said" "$(lspci)" "$(dmesg | tail -n 8)"
	fi
}

# listed FILE REGEX: what /proc/iomem and the like have, without blanks.
listed() { sed -n "s/^ *\(.*$2.*\)/\1/p" "$1"; }

systemctl mask --runtime --now -q cellmgrd
modprobe cellvisor
mark=$(kernel_log_mark)
mkdir -p /run/cellmgr/links
echo CELLMGR_LINK=test-link >/run/cellmgr/links/$place
is 'without the hypervisor there are no links' "$(./root-links add $bdf 1 1)" EINVAL
is 'the hypervisor opens' "$(./root-links enable)" 0
# addresses: who has which, but for the hypervisor.
addresses() { grep -v cellvisor /proc/iomem; }

devices=$(lspci -nnvx 2>&1) windows=$(addresses)

cases_of 'refused: ' timeout 60 ./root-links refusals
is 'Linux sees nothing of them' "$(lspci -nnvx 2>&1)" "$devices"
is 'no address is taken' "$(addresses)" "$windows"

appear 'a link appears without a reboot, under its name' $bdf 1 3 || bail 'no device'
like 'at its place on the bus, by its ids' "$(lspci -nn -s ${place#*:})" 'ff00.*\[110a:4106\]'
like 'its driver came by itself' "$(lspci -k -s ${place#*:})" 'driver in use: uio_ivshmem'
like 'its registers have a place of their own' "$(listed /proc/iomem 'test link')" \
	'^[0-9a-f]*000-[0-9a-f]*fff : test link$'
is 'and no other device moved' "$(lspci -nnvx 2>&1 | awk -v RS= -v place="${place#*:}" \
	'index($0, place) != 1' | cksum)" "$(awk -v RS= 1 <<<"$devices" | cksum)"
mapfile -t uio < <(uio_of $place)
is 'each vector has a device' "${#uio[@]}" 3
is 'the name is the first one'"'"'s' "$(readlink -f $node)" "/dev/${uio[0]}"
is 'the others are named after it' "$(readlink -f $node.vector2)" "/dev/${uio[2]}"
is 'who looks into /proc/interrupts sees whose they are' \
	"$(grep -c "uio_ivshmem-$place-[012]$" /proc/interrupts)" 3

is 'the maps are as large as the sections' "$(./link-device $node maps | tr '\n' ' ')" \
	'registers 4096 state-table 4096 common 16384 outputs 8192 output 8192 '
rights=$(./link-device $node rights)
for map in state-table outputs; do
	is "$map: nobody gets the right to write" "$(grep "^$map:" <<<"$rights")" \
		"$map: read ok, mprotect to write EACCES, to execute EACCES, write EACCES, execute EACCES, private EINVAL"
done
for map in registers common output; do
	is "control: $map may be written" "$(grep "^$map:" <<<"$rights")" \
		"$map: read ok, mprotect to write ok, to execute EACCES, write ok, execute EACCES, private EINVAL"
done
is 'the memory is clear at first' "$(./link-device $node read 0)" ''
check 'what is written into the output section' ./link-device $node write output 'hello there'
is 'is there for all to read' "$(./link-device $node read 0)" 'hello there'
is 'a state is in the table' "$(./link-device $node state 7 0)" 7
is 'and gone with the program' "$(./link-device $node states)" 0

is 'each ring is an event' "$(timeout 60 ./link-device $node call 0 0 200)" 200
is 'of its own vector: the second' "$(timeout 60 ./link-device $node call 0 1 50)" 50
is 'and the third' "$(timeout 60 ./link-device $node call 0 2 50)" 50
timeout 60 ./link-device $node.vector1 wait 4 >/tmp/waiter &
waiter=$!
eventually 20 grep -q ready /tmp/waiter
./link-device $node call 0 0 5 >/dev/null
./link-device $node ring 0 3 1
./link-device $node ring 1 1 1
wait $waiter
is 'who waits for another one is not woken, nor by a vector or a peer that there is not' "$(</tmp/waiter)" $'ready\nno event within 4 s'

# hold: a program opens, maps and waits, in the background.
hold() {
	: >/tmp/held
	timeout 60 ./link-device $node hold 50 >/tmp/held &
	holder=$!
	eventually 30 grep -q ready /tmp/held || echo 'the holder is not ready'
}

# held: what became of it.
held() {
	wait "$holder"
	grep -v ready /tmp/held
}

# turn: the device goes while it is open, mapped and waited for. Prints what is not as it should be.
turn() {
	local output line
	hold
	line=$(./root-links remove $bdf)
	[[ $line == 0 ]] || echo "remove: $line"
	held >/tmp/output
	output=$(</tmp/output)
	[[ $output == "$gone" ]] || echo "$output"
	[[ ! -e /sys/bus/pci/devices/$place ]] || echo 'the device is still there'
	line=$(./root-links add $bdf 1 3)
	[[ $line == 0 ]] || echo "add: $line"
	udevadm settle -t 30
	[[ -c $node ]] || echo 'no device'
}
maps=(registers state-table common outputs output)
gone=$(echo 'read: EIO'; printf '%s: SIGBUS\n' "${maps[@]}"; echo 'mmap: EINVAL'; printf "child's %s: SIGBUS\n" "${maps[@]}")
wrong=''
for ((n = 1; n <= 50 && !${#wrong}; n++)); do wrong=$(turn); done
is '50 times it goes while it is open, mapped and waited for: SIGBUS, EIO, and it comes back' "$wrong" ''

echo 1 >/sys/bus/pci/devices/$place/remove
like 'somebody takes the device out of Linux: the place of its registers stays taken' \
	"$(listed /proc/iomem 'test link')" 'test link$'
is 'and the link can go all the same' "$(./root-links remove $bdf)" 0
is 'no address is taken any more' "$(addresses)" "$windows"
appear 'it comes back' $bdf 1 3
is 'two at once' "$(./root-links add $other_bdf 2 1)" 0
udevadm settle -t 30
is 'the second one has no name' "$(ls /dev/cellmgr)" "$(printf '%s\n' test-link{,.vector1,.vector2})"
is 'but a device' "$(uio_of $other | wc -l)" 1
check 'and is gone with its driver' rmmod uio_ivshmem
check 'which can come again' modprobe uio_ivshmem
udevadm settle -t 30
is 'and find both' "$(uio_of $place | wc -l) $(uio_of $other | wc -l)" '3 1'

# A device of another kind: what it says is not believed.
rng=$(lspci -D -n -d 1af4:1005 | cut -d' ' -f1)
echo "$rng" >"/sys/bus/pci/devices/$rng/driver/unbind"
echo uio_ivshmem >"/sys/bus/pci/devices/$rng/driver_override"
fails 'a device of another kind is refused' sh -c "echo $rng >/sys/bus/pci/drivers/uio_ivshmem/bind"
like 'with what is wrong about it' "$(kernel_log_since "$mark")" \
	"uio_ivshmem $rng: refused, its registers' address cannot be right"
echo >"/sys/bus/pci/devices/$rng/driver_override"
check 'it goes back to its own driver' sh -c "echo $rng >/sys/bus/pci/drivers_probe"
like 'which has it' "$(lspci -k -s "$rng")" 'driver in use: virtio-pci'

# As vfio-pci, which waits for its users as long as they like.
check 'a driver of somebody else comes' modprobe pci-stub
echo pci-stub >/sys/bus/pci/devices/$place/driver_override
echo $place >/sys/bus/pci/devices/$place/driver/unbind
echo $place >/sys/bus/pci/drivers_probe
like 'and has a link' "$(lspci -k -s ${place#*:})" 'driver in use: pci-stub'
is 'the link does not go from under it' "$(./root-links remove $bdf)" EBUSY
like 'the log says who has it' "$(kernel_log_since "$mark")" "$place: stays: driver pci-stub has it"
is 'nor does the hypervisor' "$(./root-links disable)" EBUSY
echo $place >/sys/bus/pci/drivers/pci-stub/unbind
is 'when that driver has let go of it the link goes' "$(./root-links remove $bdf)" 0
check 'so does the driver' rmmod pci-stub
appear 'and the link comes back' $bdf 1 3

hold
fails 'a driver with open files stays' rmmod uio_ivshmem
is 'nothing that root did was refused' "$(<$sysfs/root_violations)" 0
is 'the hypervisor closes with links in use' "$(./root-links disable)" 0
held >/tmp/output
is 'who used one learns so' "$(</tmp/output)" "$gone"
is 'no device is left' "$(lspci -nnvx 2>&1)" "$devices"
is 'nor an address' "$(addresses)" "$windows"
check 'the driver can go' rmmod uio_ivshmem
check 'so can the module' rmmod cellvisor
kernel_log_clean 'the kernel has nothing to complain about' "$mark"
rm -r /run/cellmgr/links/$place
systemctl unmask --runtime -q cellmgrd
modprobe cellvisor
finish
