#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The pool grows and shrinks while the hypervisor is on and a cell runs: by the driver's calls, and by
# the daemon, as far as its configuration allows. What somebody has does not go; what is refused leaves
# all as it was.
# boot: own
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh

linux=1 boot=2 blocks=3
mib=$((1 << 20))

# pieces: of the pool, "START SIZE SOURCE" each, by address.
pieces() { ./driver-call pieces; }

# pool_resources: the lines of /proc/iomem, without what is in them.
pool_resources() { grep -c 'cellvisor pool' /proc/iomem; }

# refused ERROR NAME ARGUMENT...: a call fails with this error, and all is as it was.
refused() {
	local pool memory iomem
	pool=$(pieces) memory=$(meminfo MemTotal) iomem=$(</proc/iomem)
	is "$2" "$(./driver-call "${@:3}")" "$1"
	is "$2: all is as it was" "$(pieces)|$(meminfo MemTotal)|$(</proc/iomem)" "$pool|$memory|$iomem"
}

# has_pieces COUNT
has_pieces() { (($(pieces | wc -l) == $1)); }

blob_gone() { ! grep -q blob_copy /proc/vmallocinfo; }

# linux_has KIB NAME: of what it had at the beginning.
linux_has() { is "$2" "$(meminfo MemTotal)" $((memory - $1)); }

begin
memory=$(meminfo MemTotal)
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
read -r start size source < <(pieces)
is 'the pool is one piece' "$(pieces | wc -l)" 1
is 'of 64 MiB' $((size)) $((64 * mib))
is 'of Linux' "$source" $linux
is 'it begins with the hypervisor' $((start)) "$(hypervisor_memory start)"

read -r second second_size source < <(./driver-call add $linux $((32 * mib)))
is 'a piece comes while the hypervisor is on' $((second_size)) $((32 * mib))
is 'there are two' "$(pieces | wc -l)" 2
is '/proc/iomem has both' "$(pool_resources)" 2
linux_has $((96 << 10)) 'Linux counts neither'
turbine_goes_on 'the turbine goes on'
refused EBUSY 'there is a pool already: a first piece is refused' reserve $linux $((2 * mib))

# Just what the driver gave: the daemon places no cell there yet.
mark=$(kernel_log_mark)
refused EBUSY 'the hypervisor keeps its memory' remove "$start" "$size"
like 'the log says so' "$(kernel_log_since "$mark")" 'the hypervisor has some of it'
mark=$(kernel_log_mark)
cell=$(cell_memory turbine 0)
refused EBUSY 'and a cell its own' remove "$(hex $((cell / (2 * mib) * (2 * mib))))" \
	"$(hex $((start + size - cell / (2 * mib) * (2 * mib))))"
like 'the log names it' "$(kernel_log_since "$mark")" 'turbine has some of it'
is 'a cell that nobody else knows is made in the second piece' "$(./driver-call create foreign 2 "$second" 7000)" 'done'
# Its blob of 56 KiB needs no memory that is contiguous: of pages of their own.
like 'its blob is in single pages' "$(grep blob_copy /proc/vmallocinfo)" ' pages=14 vmalloc'
mark=$(kernel_log_mark)
refused EBUSY 'that keeps its piece, too' remove "$second" "$second_size"
like 'the log names it as well' "$(kernel_log_since "$mark")" 'foreign has some of it'
is 'it goes' "$(./driver-call destroy foreign)" 'done'
eventually_check 'and its blob with it, when its memory is clean' 30 blob_gone
refused ENOENT 'what is none does not go' remove 0x1000000 $((2 * mib))
refused ENOENT 'nor the beginning of a piece' remove "$second" $((2 * mib))
refused ENOENT 'nor more than it' remove "$second" $((34 * mib))
refused ENOENT 'nor nothing' remove "$second" 0
refused EINVAL 'nor a part that is not whole' remove "$(hex $((second + second_size - mib)))" $mib
refused EINVAL 'a range around all addresses is refused' remove "$second" 0xffffffffffe00000
refused ENOMEM 'more than there is does not come' add $linux $((4096 * mib))
refused EINVAL 'nor what is no size' add $linux 4096
for source in $linux $boot $blocks; do
	refused EINVAL "nor more than any machine can have, of source $source" add "$source" 0xffffffffffe00000
done
refused EBUSY 'what Linux has is not adopted' add $boot $((2 * mib)) 0x2000000
refused EINVAL 'nor from a source that there is not' add 9 $((2 * mib))

is 'the end of a piece goes' "$(./driver-call remove "$(hex $((second + 24 * mib)))" $((8 * mib)))" 'done'
linux_has $((88 << 10)) 'Linux has it'
like '/proc/iomem knows' "$(</proc/iomem)" "$(printf '%08x-%08x : cellvisor pool' $((second)) $((second + 24 * mib - 1)))"
is 'the end of the first one, too' "$(./driver-call remove "$(hex $((start + size - 2 * mib)))" $((2 * mib)))" 'done'
linux_has $((86 << 10)) 'Linux has that as well'
is 'and the rest of the second' "$(./driver-call remove "$second" $((24 * mib)))" 'done'
is 'there is one' "$(pieces | wc -l)" 1
is 'in /proc/iomem as well' "$(pool_resources)" 1
turbine_goes_on 'the turbine still goes on'

# Again and again, with a cell in it that fills its memory.
settled=''
for round in 1 2 3 4 5 6; do
	read -r second second_size source < <(./driver-call add $linux $((16 * mib)))
	[[ $(./driver-call remove "$second" $((16 * mib))) == 'done' ]] || settled="round $round"
done
is 'it grows and shrinks again and again' "$settled" ''
linux_has $((62 << 10)) 'nothing is lost on the way'
turbine_goes_on 'the turbine goes on all the time'
check 'the hypervisor closes' cellctl disable --force
linux_has 0 'Linux has all of its memory'
is 'no piece is left' "$(pieces)" ''
fails 'nor in /proc/iomem' grep cellvisor /proc/iomem

# By the daemon, for cells.
echo '{ "pool-limit": "160M" }' >/etc/cellmgr/cellmgrd.conf
systemctl restart cellmgrd
describe wide turbine 's/"cpus": .*/"cpus": [2],/; s/"memory": .*/"memory": "80M",/; s/"heartbeat": .*/"heartbeat": "5s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
is 'the pool is one piece' "$(pieces | wc -l)" 1
check 'a cell starts that has no room in it' cellctl start wide
is 'the pool has grown' "$(pieces | wc -l)" 2
linux_has $((144 << 10)) 'Linux has given up what that cell needs'
like 'the log tells' "$(journalctl -u cellmgrd -o cat)" 'pool has grown: 80M more'
eventually_check 'it reports' 60 console_has wide '^turbine: t='
cell=$(cell_memory wide 0)
read -r first second < <(pieces | grep -v "^$(hex "$(hypervisor_memory start)") ")
between 'it is in the new piece' "$cell" $((first)) $((first + second - 1))
turbine_goes_on 'the turbine goes on'
mark=$(kernel_log_mark)
refused EBUSY 'nobody takes that away from it' remove "$first" "$second"
like 'the log names the cell' "$(kernel_log_since "$mark")" 'wide has some of it'
check 'it stops' cellctl stop wide
check 'and is destroyed' cellctl destroy wide
eventually_check 'the piece goes by itself' 30 has_pieces 1
linux_has $((64 << 10)) 'Linux has it again'
turbine_goes_on 'the turbine still goes on'
# Once more, over the daemon's death, and with the end of all in between.
check 'the cell starts again' cellctl start wide
systemctl kill -s KILL cellmgrd
eventually_check 'another daemon knows it' 30 cell_is wide State running
has_pieces 2 || not_ok 'the pool is still larger' "$(pieces)"
check 'the hypervisor closes over all' cellctl disable --force
linux_has 0 'Linux has all of its memory'
is 'no piece is left' "$(pieces)" ''
rm -f /etc/cellmgr/cellmgrd.conf "$descriptions/wide.json"
systemctl restart cellmgrd

read -r start size source < <(./driver-call add $linux $((4 * mib)))
is 'a piece comes without the hypervisor, too' $((size)) $((4 * mib))
read -r second size source < <(./driver-call add $linux $((2 * mib)))
is 'and another' $((size)) $((2 * mib))
is 'all go at once' "$(./driver-call release)" 'done'
is 'then there is none to go' "$(./driver-call release)" ENOENT
linux_has 0 'Linux has all of it'
end
