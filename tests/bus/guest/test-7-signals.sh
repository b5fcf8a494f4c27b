# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output, cells: of lib.sh and test-6-links.sh
# Signals: read with age and quality, written by whom may.

device=/dev/cellmgr/turbine-plant
common=$device/common
own=$device/outputs@0x10000 # the cell's, behind Linux'
written=d40e7b5c9a1f4c3e8b62f07ad9c81e57

as_games() {
	setpriv --reuid=5 --regid=60 --clear-groups "$@"
}

as_nobody() {
	setpriv --reuid=65534 --clear-groups "$@"
}

describe_plant() {
	[ ! -f "$cells/broken.json" ] || mv "$cells/broken.json" /tmp/
	cat >"$cells/turbine.json" <<-END
		{ "cpus": [2], "memory": "1M", "image": "alpha.bin",
		"shared-memory": [{ "name": "plant", "peers": ["root"], "size": "64K" }],
		"signals": {
			"speed": { "at": "plant:output/0", "type": "f64", "unit": "rpm", "stale-after": "5s" },
			"power": { "at": "plant:output/8", "type": "f64" },
			"temperature": { "at": "plant:output/16", "type": "i16", "scale": 0.5, "unit": "K" },
			"ready": { "at": "plant:output/18", "type": "bool" },
			"far": { "at": "plant:output/256", "type": "u64" },
			${1-}
			"setpoint": { "at": "plant:common/0", "type": "f64", "unit": "rpm", "write": true,
				"min": 0, "max": 3600 },
			"gear": { "at": "plant:common/8", "type": "u8", "write": true },
			"heat": { "at": "plant:common/10", "type": "i16", "scale": 0.5, "write": true },
			"run": { "at": "plant:common/12", "type": "bool", "write": true },
			"hello": { "at": "plant:output@root/0", "type": "u8", "write": true }
		} }
	END
	done_well call Reload
}

# A cell that runs, with signals in all sections.
plant() {
	describe_plant
	done_well call StartCell s turbine
}

put() {
	check "the cell writes $*" ./signal-peer put "$own" "$@"
}

# Values as "TYPE VALUE QUALITY", ages left out.
read_signals() {
	ask signals "$manager/cell/turbine" "$@" || true
	echo "$answer"
}

signal_is() {
	ask signals "$manager/cell/turbine" "$1"
	is "signal $1" "$answer" "$1 $2"
}

# set_signal NAME SIGNATURE VALUE
set_signal() {
	done_well cell turbine WriteSignal sv "$@"
}

test_signals_come_with_type_and_quality() {
	plant
	signal_is speed 'd 0 unconnected'
	put 0 f64 3000.25
	put 8 f64 -1e300
	put 16 i16 65533
	put 18 u8 7
	is "all of them" "$(read_signals)" "speed d 3000.25 good
power d -1e+300 good
temperature d -1.5 good
ready b 1 good
far t 0 bad
setpoint d 0 unconnected
gear y 0 unconnected
heat d 0 unconnected
run b 0 unconnected
hello y 0 unconnected"
	is "two, one of them twice" "$(read_signals power ready power)" "power d -1e+300 good
ready b 1 good"
	# More names than there are signals.
	# shellcheck disable=SC2046 # a word each
	done_well cell turbine ReadSignals as 300 $(yes power | head -n 300)
	like "one of them very often" "$output" '^a.sv. 1 "power" .vts. d -1e.300 [0-9]+ "good"$'
	put 8 f64 nan
	signal_is power 'd none bad'
	clear_links
	is "without a cell" "$(read_signals 2>&1 | tail -1 | grep -c good)" 0
}

test_signals_grow_old() {
	local ages
	plant
	put 0 f64 3000
	check "an age" ./signal-peer age "$own" 4000
	signal_is speed 'd 3000 good'
	check "an age" ./signal-peer age "$own" 5400
	is "both of one block" "$(read_signals speed power)" "speed d 3000 stale
power d 0 good"
	ages=$(busctl call org.cellmgr1 "$(cell_path turbine)" org.cellmgr1.Cell ReadSignals as 1 speed |
		grep -o ' [0-9]* "stale"')
	check "its age, $ages" [ "$(tr -dc 0-9 <<<"$ages")" -gt 5000000 ]
	check "its age, $ages" [ "$(tr -dc 0-9 <<<"$ages")" -lt 7000000 ]
	# Who writes it does not run.
	put 0 f64 3000
	signal_is power 'd 0 good'
	done_well call StopCell s turbine
	signal_is power 'd 0 stale'
	clear_links
}

test_signals_of_one_section_are_of_one_moment() {
	local signals='' n answers=() readings writer
	for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		signals+="\"v$n\": { \"at\": \"plant:output/$((n * 8))\", \"type\": \"f64\" },"
	done
	describe_plant "$signals"
	done_well call StartCell s turbine
	./signal-peer equal "$own" 100000 &
	writer=$!
	sleep 0.3
	for n in {1..60}; do
		ask signals "$manager/cell/turbine" v{0..15}
		answers+=("$answer")
		# For the writer to have its turn.
		sleep 0.02
	done
	kill $writer
	wait $writer 2>/dev/null
	# A line for each: values and qualities, the same ones once.
	readings=$(printf '%s\n\n' "${answers[@]}" | awk -v RS= -F '\n' '{
		split("", seen)
		for (n = 1; n <= NF; n++) {
			split($n, word, " ")
			if (!seen[word[3] word[4]]++) printf "%s %s ", word[3], word[4]
		}
		print ""
	}')
	is "readings with two values" "$(grep -c 'good.*good' <<<"$readings")" 0
	check "good readings, $(grep -c good <<<"$readings")" [ "$(grep -c good <<<"$readings")" -gt 30 ]
	check "that differ" [ "$(sort -u <<<"$readings" | grep -c good)" -gt 20 ]
	clear_links
}

test_bad_writers_do_no_harm() {
	plant
	put 0 f64 3000
	./signal-peer torn "$own"
	signal_is speed 'd 0 bad'
	./signal-peer busy "$own" 1500 &
	sleep 0.3
	like "speed while it changes all the time" "$(read_signals speed)" 'speed d .* (bad|good)'
	wait $!
	# Whatever the section says.
	dd if=/dev/urandom of=$device/outputs bs=64K seek=1 count=1 conv=notrunc status=none
	like "speed out of noise" "$(read_signals speed)" 'speed d .* (bad|unconnected)'
	put 0 f64 2900
	signal_is speed 'd 2900 good'
	clear_links
}

# What the daemon opened before is closed then: after a second, as a timer may be late by a quarter.
until_closed() { sleep 1.5; }

test_link_that_goes_under_the_daemon_does_no_harm() {
	local pid n
	plant
	put 8 f64 3000
	set_signal setpoint d 3100
	pid=$(pid_of cellmgrd)
	for n in 1 2 3; do
		cp -r $device /tmp/kept
		# It is opened now, and for a second.
		until_closed
		signal_is power 'd 3000 good'
		# What is mapped is no more: a touch is SIGBUS.
		truncate -s 0 $device/outputs $device/common
		signal_is power 'd 0 unconnected'
		cat /tmp/kept/outputs >$device/outputs
		cat /tmp/kept/common >$device/common
		rm -r /tmp/kept
		# It is another device now: the one that has gone is not asked again.
		signal_is power 'd 3000 good'
	done
	signal_is setpoint 'd 3100 good'
	is "the daemon" "$(pid_of cellmgrd)" "$pid"
	# While it is written: what is read before is there.
	until_closed
	signal_is power 'd 3000 good'
	truncate -s 0 $device/output
	fails_with WrongState 'signal hello: link plant of cell turbine is not there' turbine \
		WriteSignal sv hello
	truncate -s 64K $device/output
	set_signal hello y 1
	is "the daemon" "$(pid_of cellmgrd)" "$pid"
	# Gone altogether.
	mv $device /tmp/away
	until_closed
	signal_is power 'd 0 unconnected'
	echo >$device
	signal_is power 'd 0 bad'
	signal_is power 'd 0 bad'
	is "the daemon says it once" "$(journal | grep -c 'Cannot use link turbine-plant')" 1
	rm $device
	mv /tmp/away $device
	signal_is power 'd 3000 good'
	clear_links
}

test_nothing_is_kept_open() {
	plant
	put 0 f64 3000
	signal_is speed 'd 3000 good'
	until_closed
	is "maps of the link" "$(grep -c cellmgr/turbine /proc/"$(pid_of cellmgrd)"/maps)" 0
	clear_links
}

# As of a link between others: beside "plant" the cell has one with pump.
test_signals_of_several_links_and_cells() {
	local other=/dev/cellmgr/pump-other
	describe pump 1 '{ "name": "other", "peers": ["root", "turbine"], "size": "64K" }'
	describe_plant
	sed -i -e 's/"size": "64K" }]/"size": "64K" }, { "name": "other", "peers": ["root", "pump"], "size": "64K" }]/' \
		-e 's/"ready":/"own": { "at": "other:output\/0", "type": "f64" }, &/' \
		-e 's/"ready":/"flow": { "at": "other:output@pump\/8", "type": "f64" }, &/' "$cells/turbine.json"
	done_well call Reload
	done_well call StartCell s turbine
	put 0 f64 3000
	check "the cell writes into the other link" ./signal-peer put $other/outputs@0x20000 0 f64 7
	check "pump writes into it" ./signal-peer put $other/outputs@0x10000 8 f64 9
	# Who writes it does not run; who has the description does.
	is "signals of three sections" "$(read_signals speed own flow power)" "speed d 3000 good
own d 7 good
flow d 9 stale
power d 0 good"
	done_well call StartCell s pump
	signal_is flow 'd 9 good'
	done_well call StopCell s turbine
	is "without the other writer" "$(read_signals flow own)" "flow d 9 good
own d 7 stale"
	clear_links
}

test_numbers_of_every_type_are_written() {
	local type
	describe_plant '"trim": { "at": "plant:common/14", "type": "i8", "write": true },'
	done_well call StartCell s turbine
	for type in y n q i u x t d; do
		set_signal gear $type 7
		signal_is gear 'y 7 good'
		set_signal gear y 0
	done
	# Below 0, in both directions.
	for type in n i x; do
		set_signal trim $type -3
		signal_is trim 'n -3 good'
		set_signal trim y 0
	done
	check "what is read is told of" ./signal-peer write turbine heat d -3.3
	like "what the journal has of it" "$(journal MESSAGE_ID=$written | tail -n 1)" 'to -3.5 by user 0'
	clear_links
}

test_written_signals_arrive() {
	plant
	set_signal setpoint d 3100
	is "the cell reads" "$(./signal-peer get $common 0 f64)" 3100
	signal_is setpoint 'd 3100 good'
	# Of any type of number; what was written before stays.
	set_signal setpoint u 3200
	set_signal gear x 5
	set_signal gear d 4
	check "heat" ./signal-peer write turbine heat d -3.3
	set_signal run b true
	set_signal hello y 9
	is "the block" "$(read_signals setpoint gear heat run)" "setpoint d 3200 good
gear y 4 good
heat d -3.5 good
run b 1 good"
	is "Linux' own section" "$(./signal-peer get $device/output 0 u8)" 9
	# run is at 12: a structure with it and a double has 16 bytes.
	check "the block is as long as the structure" ./signal-peer get $common 8 u64
	fails "and no longer" ./signal-peer get $common 16 u8
	# Another program's longer block keeps its length, and one left in the middle becomes whole.
	./signal-peer put $common 8 u8 6
	./signal-peer put $common 248 f64 77
	./signal-peer torn $common
	set_signal setpoint d 3300
	is "behind ours" "$(./signal-peer get $common 248 f64)" 77
	signal_is setpoint 'd 3300 good'
	signal_is gear 'y 6 good'
	clear_links
}

# What was rung last: peer << 16 | vector.
doorbell() { od -An -tx4 -j12 -N4 $device/registers | tr -d ' '; }

# poke FILE BYTE WORD: four bytes of the device.
poke() {
	# shellcheck disable=SC2059 # the bytes, lowest first
	printf "\\x${3:6:2}\\x${3:4:2}\\x${3:2:2}\\x${3:0:2}" |
		dd of="$device/$1" bs=1 seek="$2" conv=notrunc status=none
}

test_written_signals_ring() {
	plant
	poke registers 12 deadbeef
	set_signal setpoint d 3100
	is "a cell that is off" "$(doorbell)" deadbeef
	poke state-table 4 00000002
	signal_is setpoint 'd 3100 good'
	is "reading" "$(doorbell)" deadbeef
	refused Invalid 'setpoint: 3601 rpm is more than max' setpoint d 3601
	is "what was refused" "$(doorbell)" deadbeef
	set_signal setpoint d 3200
	is "a cell that is ready is rung, by the vector of changes" "$(doorbell)" 00010000
	poke registers 12 deadbeef
	set_signal hello y 7
	is "for Linux' own section as well" "$(doorbell)" 00010000
	# The registers are no more: nobody is hurt.
	until_closed
	signal_is setpoint 'd 3200 good'
	truncate -s 0 $device/registers
	fails_with WrongState 'signal setpoint: link plant of cell turbine is not there' turbine \
		WriteSignal sv setpoint d 3000
	clear_links
}

test_writes_are_told_to_the_journal() {
	local answer
	plant
	set_signal setpoint d 3100
	set_signal setpoint d 3200.5
	check "games may" as_games ./signal-peer write turbine setpoint d 3300
	is "length of the block, of which signals use 13 bytes" "$(od -An -tu8 -j16 -N8 "$common" | tr -d ' ')" 16
	answer=$(journal MESSAGE_ID=$written)
	is "journal" "$(sed 's/:1\.[0-9]*/:N/' < <(echo "$answer"))" \
		"Cell turbine: signal setpoint was set from unknown to 3100 rpm by user 0 (:N)
Cell turbine: signal setpoint was set from 3100 to 3200.5 rpm by user 0 (:N)
Cell turbine: signal setpoint was set from 3200.5 to 3300 rpm by user 5 (:N)"
	answer=$(journal MESSAGE_ID=$written OLD_VALUE=3200.5 NEW_VALUE=3300 AUTHOR_UID=5 SIGNAL=setpoint \
		CELL=turbine)
	is "by its fields" "$(wc -l <<<"$answer")" 1
	journalctl --update-catalog
	like "what the catalog says" "$(journalctl -b --no-pager -x MESSAGE_ID=$written)" \
		'The signal setpoint of the cell turbine was 3100 and is 3200.5 now'
	clear_links
}

# refused ERROR TEXT NAME SIGNATURE VALUE
refused() {
	local error=$1 text=$2 output
	shift 2
	fails "write of $*" ./signal-peer write turbine "$@"
	is "error of a write of $*" "${output%%: *}" "org.cellmgr1.Error.$error"
	like "what is said of a write of $*" "$output" "$text"
}

test_wrong_writes_are_refused() {
	local before
	plant
	set_signal setpoint d 3000
	set_signal gear y 3
	before=$(cksum $common)
	refused Invalid 'setpoint: 3600.5 rpm is more than max, 3600' setpoint d 3600.5
	refused Invalid 'setpoint: -1 rpm is less than min, 0' setpoint d -1
	refused Invalid 'setpoint: the value is no number' setpoint d nan
	refused Invalid 'setpoint: takes a number, not true or false' setpoint b 1
	refused Invalid 'setpoint: the value must be a number or a boolean' setpoint s 3000
	refused Invalid 'gear: 256 is more than its type holds, 255' gear d 256
	refused Invalid 'gear: type u8 takes whole numbers' gear d 2.5
	refused Invalid 'heat: 16384 is more than its type holds, 16383.5' heat d 16384
	refused Invalid 'run: takes true or false' run d 1
	refused Invalid 'speed is not to be written' speed d 1
	refused NoSuchSignal 'turbine has no signal speedd; did you mean "speed"\?' speedd d 1
	refused NoSuchSignal 'this is no name of a signal' ../speed d 1
	is "the section" "$(cksum $common)" "$before"
	is "lines in the journal" "$(journal MESSAGE_ID=$written | wc -l)" 2
	fails_with NoSuchSignal 'alpha has no signal speed' alpha WriteSignal sv speed
	clear_links
	describe_plant
	refused WrongState 'link plant of cell turbine is not there; create the cell first' setpoint d 1
	rm "$cells/turbine.json"
	clear_links
}

test_only_who_may_writes() {
	local output
	plant
	set_signal setpoint d 3000
	fails "nobody" as_nobody ./signal-peer write turbine setpoint d 1
	like "what nobody is told" "$output" 'InteractiveAuthorizationRequired|AccessDenied'
	fails "games, another signal" as_games ./signal-peer write turbine gear d 1
	like "what games is told" "$output" 'InteractiveAuthorizationRequired|AccessDenied'
	signal_is setpoint 'd 3000 good'
	like "nobody reads" "$(as_nobody busctl call org.cellmgr1 "$(cell_path turbine)" \
		org.cellmgr1.Cell ReadSignals as 1 setpoint 2>&1)" 'd 3000 [0-9]+ "good"'
	clear_links
}

test_signals_are_described() {
	local text
	start_monitor
	describe_plant
	stop_monitor
	text=$(busctl --json=short get-property org.cellmgr1 "$(cell_path turbine)" org.cellmgr1.Cell Signals)
	matches "$text" '"setpoint":\{"at":\{"type":"s","data":"plant:common/0"\},"type":\{"type":"s","data":"f64"\}'
	matches "$text" '"max":\{"type":"d","data":3600(\.0)?\}'
	matches "$text" '"stale-after":\{"type":"t","data":5000000\}'
	start_monitor
	describe_plant '"extra": { "at": "plant:output/40", "type": "u8" },'
	stop_monitor
	like "what is told of the change" "$(grep PropertiesChanged /tmp/monitor)" '"extra"'
	clear_links
}
