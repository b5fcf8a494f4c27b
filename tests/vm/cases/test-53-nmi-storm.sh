#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two CPUs of Linux send NMIs to a third as fast as they can, while cells come and go and the hypervisor
# interrupts all CPUs for that, by NMIs as well: each comes, none before the IRET of the one before, Linux
# lives, and no cell gets any. First the probe takes the place of Linux' entry, which would hide those
# that come too early; then Linux' own takes them.
# boot: own
# options: --cpus 6
# timeout: 240
# shellcheck source-path=SCRIPTDIR source=../lib/apic.sh
. ./apic.sh
# shellcheck source-path=SCRIPTDIR source=../lib/isolation.sh
. ./isolation.sh
target=1
senders='4 5'
nmis=100000
nmis_of_linux=5000
pauses=3
most_rounds=12

# lives: a cell comes and goes until the storm is over; a line for each.
lives() {
	while [[ -e running ]]; do
		./cycle cell quiet 1 || return 1
		echo 'a cell came and went'
		sleep 4
	done
}

# value NAME: of the storms' reports together.
value() { grep -o "\b$1=[0-9]*" <<<"$storm" | awk -F= '{ sum += $2 } END { print sum }'; }

# storm NAME COUNT LINUX-HANDLES CELLS: storms of so many NMIs, until so many cells came and went within them,
# however fast the machine is; sets storm, what came of them, and rounds, how many there were.
storm() {
	local began=$SECONDS cells
	touch running
	lives >lives.out 2>&1 &
	cells=$!
	storm='' rounds=0
	while ((rounds == 0 || ($(wc -l <lives.out) < $4 && rounds < most_rounds))); do
		# shellcheck disable=SC2086 # two numbers
		storm+=$(./probe storm $target $senders "$2" $pauses "$3" 2>&1)$'\n'
		rounds=$((rounds + 1))
	done
	rm running
	wait $cells
	is "$1: cells come and go" $? 0
	diag "$storm" "$((SECONDS - began)) s" "$(<lives.out)"
	between "$1: several of them" "$(wc -l <lives.out)" "$4" 1000
	is "$1: all are sent" "$(value sent)" $(($2 * rounds))
	is "$1: none is lost" "$(value lost)" 0
	# Several that wait are one.
	between "$1: many are taken" "$(value taken)" $(($2 * rounds / 50)) "$(value sent)"
	check "$1: the CPU runs programs" timeout 20 taskset -c $target true
}

begin
check 'the probe loads' insmod partition-probe.ko
describe turbine turbine 's/"heartbeat": .*/"heartbeat": "10s",/'
describe quiet mischief '/"parameters"/d; s/"heartbeat": .*/"heartbeat": "10s",/'
check 'the turbine starts' cellctl start turbine
turbine_reports 'it reports'
check 'a cell lives and ends' ./cycle cell quiet 1
called_away=$(exits turbine management)
taken_by_linux=$(interrupt_count NMI)

storm 'counted' $nmis 0 4
is 'none comes before the IRET of the one before' "$(value early)" 0
is 'control: nor does one alone count as such' "$(value control-alone)" 0
is 'control: but one that comes within one does' "$(value control-within)" $rounds
is 'Linux has had none of them' "$(interrupt_count NMI)" "$taken_by_linux"
storm 'taken by Linux' $nmis_of_linux 1 1
is 'those are what Linux has counted' "$(interrupt_count NMI)" $((taken_by_linux + $(value taken)))
is 'and it knew them all' "$(kernel_log_since "$mark" | grep -cE 'NMI received|[Dd]azed')" 0

turbine_goes_on 'the turbine goes on'
turbine_undisturbed 'it has counted no interrupt that it does not know'
is 'nor has it been called away' "$(exits turbine management)" "$called_away"
check 'the turbine stops when asked' cellctl stop turbine
check 'the probe goes' rmmod partition_probe
end
