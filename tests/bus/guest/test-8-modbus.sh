# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # cells: of test-6-links.sh, device, common, own: of test-7-signals.sh
# The Modbus bridge, as its unit runs it: asked by mbpoll, which is somebody else's, and by frames that
# no good client sends. What it may write says its example of a polkit rule.

modbus_map=/etc/cellmgr/modbus.json
modbus_unit=cellmgr-modbus.service

describe_modbus_plant() {
	[ ! -f "$cells/broken.json" ] || mv "$cells/broken.json" /tmp/
	cat >"$cells/turbine.json" <<-END
		{ "cpus": [2], "memory": "1M", "image": "alpha.bin",
		"shared-memory": [{ "name": "plant", "peers": ["root"], "size": "64K" }],
		"signals": {
			"shaft-speed": { "at": "plant:output/0", "type": "f64", "unit": "rpm", "stale-after": "60s" },
			"power": { "at": "plant:output/8", "type": "f64" },
			"alarms": { "at": "plant:output/16", "type": "u32" },
			"ready": { "at": "plant:output/20", "type": "bool" },
			"cycle": { "at": "plant:output/24", "type": "u64" },
			"speed-setpoint": { "at": "plant:common/0", "type": "f64", "write": true, "min": 0, "max": 3600 },
			"load-setpoint": { "at": "plant:common/8", "type": "f64", "write": true },
			"gear": { "at": "plant:common/16", "type": "u8", "write": true },
			"trip": { "at": "plant:common/17", "type": "bool", "write": true }
		} }
	END
	done_well call Reload
}

# One line: TABLE ADDRESS ENCODING SIGNAL [MORE]
register() {
	printf '{ "table": "%s", "address": %s, "encoding": "%s", "cell": "turbine", "signal": "%s"%s }' \
		"$1" "$2" "$3" "$4" "${5-}"
}

# write_map [KEYS [REGISTERS]]: further keys, and registers, each with a comma behind it.
write_map() {
	local write=', "write": true'
	cat >$modbus_map <<-END
		{ ${1-} "registers": [ ${2-}
		$(register input 0 f32 shaft-speed),
		$(register input 2 f32 shaft-speed ', "word-order": "low-first"'),
		$(register input 4 u32 alarms),
		$(register input 6 u64 cycle),
		$(register input 10 i16 power ', "scale": 0.1'),
		$(register input 11 u16 power),
		$(register input 12 f32 nothing),
		$(register holding 0 f32 speed-setpoint "$write"),
		$(register holding 2 u16 load-setpoint ', "scale": 0.5'"$write"),
		$(register holding 3 u16 gear "$write"),
		$(register holding 4 u16 alarms),
		$(register discrete-input 7 bool ready),
		$(register coil 9 bool trip "$write")
		] }
	END
}

# A plant, its cell at work, and the bridge.
modbus_plant() {
	systemd-sysusers /usr/lib/sysusers.d/cellmgr-modbus.conf
	systemctl stop $modbus_unit
	systemctl reset-failed $modbus_unit 2>/dev/null
	describe_modbus_plant
	done_well call StartCell s turbine
	put 0 f64 3000.25
	put 8 f64 -12.34
	put 16 u64 305419896
	put 20 u8 1
	put 24 u64 72623859790382856
	write_map "${1-}" "${2-}"
	check "the bridge starts" systemctl start $modbus_unit
}

clear_modbus() {
	systemctl stop $modbus_unit
	rm -f $modbus_map
	clear_links
}

# poll TYPE ADDRESS COUNT: what mbpoll reads: values, or why not.
poll() {
	local type=$1 address=$2 count=$3
	# shellcheck disable=SC2086 # none or one
	timeout 10 mbpoll -1 -0 ${modbus_order--B} -o 4 -p "${modbus_port:-502}" -t "$type" -r "$address" -c "$count" \
		"${modbus_host:-127.0.0.1}" 2>&1 | modbus_said
}

# write_modbus TYPE ADDRESS VALUE...: "Written", or why not.
write_modbus() {
	local type=$1 address=$2
	shift 2
	timeout 10 mbpoll -0 -B -o 4 -p "${modbus_port:-502}" -t "$type" -r "$address" \
		"${modbus_host:-127.0.0.1}" -- "$@" 2>&1 | modbus_said
}

modbus_said() {
	sed -n 's/^\[[0-9]*\]:[ \t]*//p; s/^Written [0-9].*/Written/p; s/.* failed: //p' | tr '\n' ' ' | sed 's/ $//'
}

# modbus_is WHAT EXPECTED COMMAND...: what a client is told. A daemon that got no CPU for a second is no
# fault of the bridge's: then it is asked again.
modbus_is() {
	local what=$1 expected=$2 got='' try
	shift 2
	for try in 1 2 3 4 5; do
		got=$("$@")
		if [ "$got" != "$no_target" ] || [ "$expected" = "$no_target" ]; then break; fi
		diag "$what: try $try: $got"
	done
	is "$what" "$got" "$expected"
}

# polled WHAT EXPECTED TYPE ADDRESS COUNT
polled() {
	local what=$1 expected=$2
	shift 2
	modbus_is "$what" "$expected" poll "$@"
}

# written WHAT EXPECTED TYPE ADDRESS VALUE...
written() {
	local what=$1 expected=$2
	shift 2
	modbus_is "$what" "$expected" write_modbus "$@"
}

no_function='Illegal function'
no_address='Illegal data address'
no_value='Illegal data value'
bad_device='Slave device or server failure'
no_path='Gateway path unavailable'
no_target='Target device failed to respond'

# raw BYTES FRAME...: what comes back for frames by hand, in hexadecimal: so many bytes, or more, or the
# connection's end ("closed").
raw() {
	timeout 20 python3 - "$@" <<-'END'
		import socket, sys
		peer = socket.create_connection(("127.0.0.1", 502), 3)
		got, end = b"", ""
		try:
		    peer.sendall(bytes.fromhex("".join(sys.argv[2:])))
		    while True:
		        peer.settimeout(5 if len(got) < int(sys.argv[1]) else 0.2)
		        part = peer.recv(4096)
		        if not part:
		            end = "closed"
		            break
		        got += part
		except (ConnectionResetError, BrokenPipeError):
		    end = "closed"
		except TimeoutError:
		    pass
		print(got.hex() + end)
	END
}

test_modbus_is_off_until_wanted() {
	is "the unit" "$(systemctl is-enabled $modbus_unit; systemctl is-active $modbus_unit)" "disabled
inactive"
	systemd-sysusers /usr/lib/sysusers.d/cellmgr-modbus.conf
	rm -f $modbus_map
	fails "a start without a map" systemctl start $modbus_unit
	like "what is said of it" "$(journal -u $modbus_unit)" "$modbus_map: there is no such file; write it"
	is "its status" "$(systemctl show -P ExecMainStatus $modbus_unit)" 78
	sleep 0.5
	unit_is $modbus_unit failed
	systemctl reset-failed $modbus_unit
	check "the example is a map" /usr/lib/cellmgr/cellmgr-modbus --check \
		/usr/share/doc/cellmgr/examples/modbus.json
}

test_modbus_clients_read() {
	modbus_plant
	polled "f32" 3000.25 3:float 0 1
	modbus_order='' polled "f32 with the low word first" 3000.25 3:float 2 1
	polled "its registers" "0x453B 0x8400 0x8400 0x453B" 3:hex 0 4
	polled "u32" 305419896 3:int 4 1
	polled "u64" "0x0102 0x0304 0x0506 0x0708" 3:hex 6 4
	polled "scaled and rounded" "65413 (-123)" 3 10 1
	polled "many at once" "0x1234 0x5678 0x0102 0x0304 0x0506 0x0708 0xFF85" 3:hex 4 7
	polled "a discrete input" 1 1 7 1
	set_signal trip b true
	polled "a coil" 1 0 9 1
	set_signal speed-setpoint d 3100.5
	polled "a holding register" 3100.5 4:float 0 1
	put 20 u8 0
	polled "a discrete input that has changed" 0 1 7 1
	clear_modbus
}

test_modbus_values_are_of_one_reading() {
	local writer readings
	modbus_plant
	write_map '' "$(register input 100 f64 shaft-speed), $(register input 104 f64 power),"
	check "reload" systemctl reload $modbus_unit
	eventually_check "the new map" 50 modbus_has_100
	# All values of the section are the same number, which is another one all the time.
	./signal-peer equal "$own" 30000 &
	writer=$!
	sleep 0.3
	readings=$(for _ in {1..40}; do poll 3:hex 100 8; echo; done)
	kill $writer
	wait $writer 2>/dev/null
	readings=$(grep 0x <<<"$readings")
	check "good readings, $(wc -l <<<"$readings")" [ "$(wc -l <<<"$readings")" -gt 20 ]
	check "that differ" [ "$(sort -u <<<"$readings" | wc -l)" -gt 10 ]
	is "readings with two values" "$(awk '$1 $2 $3 $4 != $5 $6 $7 $8' <<<"$readings")" ""
	clear_modbus
}

modbus_has_100() {
	[ "$(poll 3:hex 100 8 | grep -c 0x)" = 1 ]
}

test_modbus_writes_reach_the_cell() {
	local uid
	modbus_plant
	uid=$(id -u cellmgr-modbus)
	set_signal speed-setpoint d 3000
	written "f32" Written 4:float 0 3100.5
	is "the cell reads" "$(./signal-peer get "$common" 0 f64)" 3100.5
	polled "and so do clients" 3100.5 4:float 0 1
	written "scaled" Written 4 2 151
	is "the cell reads" "$(./signal-peer get "$common" 8 f64)" 75.5
	written "a coil" Written 0 9 1
	is "the cell reads" "$(./signal-peer get "$common" 17 u8)" 1
	written "a coil" Written 0 9 0
	is "the cell reads" "$(./signal-peer get "$common" 17 u8)" 0
	# 3200.0 is 0x45480000.
	written "two values at once" Written 4 0 17736 0 160
	is "the cell reads" "$(./signal-peer get "$common" 0 f64) $(./signal-peer get "$common" 8 f64)" "3200 80"
	like "the journal" "$(journal MESSAGE_ID="$written")" \
		"signal speed-setpoint was set from 3000 to 3100.5 by user $uid"
	clear_modbus
}

test_modbus_refuses_what_is_wrong() {
	local before
	modbus_plant
	set_signal speed-setpoint d 3000
	set_signal gear y 3
	before=$(cksum "$common")
	written "more than the signal's max" "$no_value" 4:float 0 3600.5
	written "less than its min" "$no_value" 4:float 0 -1
	written "what the bridge's user may not write" "$no_function" 4 3 4
	written "what the map does not let clients write" "$no_address" 4 4 1
	written "an address that is not in the map" "$no_address" 4 5 1
	written "a half of a value" "$no_address" 4 0 1
	written "the other half" "$no_address" 4 1 1
	written "a coil that is not in the map" "$no_address" 0 0 1
	is "the section" "$(cksum "$common")" "$before"
	polled "an address that is not in the map" "$no_address" 3 50 1
	polled "the table that has it not" "$no_address" 4 10 1
	polled "a half of a value" "$no_address" 3 1 1
	polled "a value and the half of another" "$no_address" 3 0 3
	polled "what does not fit its register" "$bad_device" 3 11 1
	polled "a signal that the cell has not" "$no_path" 3:float 12 1
	is "functions that are not served" "$(raw 18 000100000006010800000000 000200000005012b0e0100)" \
		00010000000301880100020000000301ab01
	is "a quantity that is none" "$(raw 9 0001000000060104000007d1)" 000100000003018403
	is "more bytes than registers" "$(raw 9 00010000000901100000000104000100)" 000100000003019003
	is "another protocol" "$(raw 1 000100010006010400000001)" closed
	is "an impossible length" "$(raw 1 0001000000ff0104)" closed
	polled "what the bridge's user may not write can be read" 3 4 3 1
	written "and still not be written" "$no_function" 4 3 4
	is "the log says it once" "$(journal -u $modbus_unit | grep -c \
		'Signal gear of cell turbine, holding 3: clients that write get exception 1: ')" 1
	polled "afterwards all is well" 3000.25 3:float 0 1
	clear_modbus
}

test_modbus_tells_how_far_to_believe() {
	modbus_plant
	polled "nobody has written it" "$no_path" 4 3 1
	check "an age" ./signal-peer age "$own" 70000
	polled "stale" "$no_target" 3:float 0 1
	# Several times, so that the log can be looked at.
	polled "stale" "$no_target" 3:float 0 1
	put 0 f64 3001
	polled "fresh again" 3001 3:float 0 1
	is "the log says it once" "$(journal -u $modbus_unit | grep -c 'shaft-speed.*exception 11: it is stale')" 1
	like "and that it is over" "$(journal -u $modbus_unit)" 'shaft-speed of cell turbine, input 0: clients read it again'
	./signal-peer torn "$own"
	polled "left in the middle of a change" "$bad_device" 3:float 0 1
	put 0 f64 3002
	polled "good again" 3002 3:float 0 1
	done_well call StopCell s turbine
	polled "the cell does not run" "$no_target" 3:float 0 1
	done_well call RestartCell s turbine
	put 0 f64 3003
	polled "it runs again" 3003 3:float 0 1
	call StopCell s turbine
	done_well cell turbine Destroy
	clear_links
	polled "there is no link, since there is no hypervisor" "$no_path" 3:float 0 1
	rm "$cells/turbine.json"
	call Reload
	polled "there is no such cell" "$no_path" 3:float 0 1
	clear_modbus
}

test_modbus_survives_the_daemon() {
	local pid
	modbus_plant
	pid=$(pid_of $modbus_unit)
	polled "before" 3000.25 3:float 0 1
	systemctl restart cellmgrd
	polled "after a restart" 3000.25 3:float 0 1
	systemctl kill -s KILL cellmgrd
	eventually_check "after a crash" 50 modbus_reads 3000.25
	systemctl stop cellmgrd
	for _ in 1 2; do polled "without a daemon" "$no_path" 3:float 0 1; done
	unit_is cellmgrd inactive
	systemctl start cellmgrd
	polled "after a start" 3000.25 3:float 0 1
	like "the log" "$(journal -u $modbus_unit)" 'cellmgrd is away'
	# One that does not answer any more.
	systemctl kill -s STOP cellmgrd
	polled "a daemon that hangs" "$no_target" 3:float 0 1
	systemctl kill -s CONT cellmgrd
	polled "and goes on" 3000.25 3:float 0 1
	is "the bridge" "$(pid_of $modbus_unit)" "$pid"
	clear_modbus
}

modbus_reads() {
	[ "$(poll 3:float 0 1)" = "$1" ]
}

# Clients that hold a connection each: silent, in the middle of a header and of a frame, and one that sends
# requests and takes no answer. Ends with how many the bridge has let go after eight seconds.
hanging_clients() {
	python3 - <<-'END'
		import socket, time
		request = bytes.fromhex("0001000000060104012c0064")
		peers = [socket.create_connection(("127.0.0.1", 502), 3) for _ in range(3)]
		peers[1].sendall(request[:3])
		peers[2].sendall(request[:9])
		greedy = socket.socket()
		greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
		greedy.connect(("127.0.0.1", 502))
		greedy.setblocking(False)
		open("/tmp/hanging", "w").close()
		gone = set()
		end = time.monotonic() + 8
		while time.monotonic() < end:
		    try:
		        greedy.send(request * 10)
		    except BlockingIOError:
		        pass
		    except (ConnectionResetError, BrokenPipeError):
		        gone.add("greedy")
		    time.sleep(0.01)
		for name, peer in zip(["silent", "in a header", "in a frame"], peers):
		    peer.settimeout(0.1)
		    try:
		        if peer.recv(1) == b"":
		            gone.add(name)
		    except ConnectionResetError:
		        gone.add(name)
		    except TimeoutError:
		        pass
		print(*sorted(gone), sep=", ")
	END
}

test_modbus_clients_do_not_wait_for_each_other() {
	local hanging first second n many=''
	for ((n = 300; n < 400; n += 4)); do many+="$(register input $n u64 cycle),"; done
	modbus_plant '"max-clients": 6,' "$many"
	rm -f /tmp/hanging
	hanging_clients >/tmp/hanging-gone &
	hanging=$!
	eventually_check "four clients hang" 50 [ -e /tmp/hanging ]
	# Two at once, for a while, each with a request after the other.
	timeout 10 mbpoll -0 -B -o 1 -l 20 -t 3:int -r 4 127.0.0.1 >/tmp/first 2>&1 &
	first=$!
	timeout 10 mbpoll -0 -B -o 1 -l 20 -t 3:int -r 4 127.0.0.1 >/tmp/second 2>&1 &
	second=$!
	sleep 1
	is "one more than there may be" "$(raw 1 000100000006010400000002)" closed
	kill -INT $first $second
	wait $first $second 2>/dev/null
	check "values of the first, $(grep -c 305419896 /tmp/first)" [ "$(grep -c 305419896 /tmp/first)" -gt 10 ]
	check "of the second, $(grep -c 305419896 /tmp/second)" [ "$(grep -c 305419896 /tmp/second)" -gt 10 ]
	is "failures" "$(grep -c failed /tmp/first /tmp/second)" "/tmp/first:0
/tmp/second:0"
	check "it was while they hung" kill -0 $hanging
	wait $hanging
	is "who had to go" "$(cat /tmp/hanging-gone)" "greedy, in a frame, in a header"
	like "the log" "$(journal -u $modbus_unit)" 'There are 6 clients already'
	polled "afterwards" 305419896 3:int 4 1
	clear_modbus
}

test_modbus_lets_silent_clients_go() {
	modbus_plant '"idle-timeout": "1s", "max-clients": 1,'
	exec 9<>/dev/tcp/127.0.0.1/502
	eventually_check "its place is another's after a second" 50 modbus_reads 3000.25
	exec 9>&-
	# Frames that come in pieces, and several in one piece.
	is "requests in one piece" "$(raw 26 000100000006010400000002 000200000006010400040002)" \
		000100000007010404453b840000020000000701040412345678
	clear_modbus
}

# Who listens at port 502 (0x1f6), as addresses in hexadecimal.
listening() {
	cat /proc/net/tcp /proc/net/tcp6 | sed -n "s/^ *[0-9]*: \([0-9A-F]*\):$1 [0-9A-F:]* 0A .*/\1/p"
}

test_modbus_listens_where_it_is_told() {
	modbus_plant
	is "by itself on loopback" "$(listening 01F6)" 0100007F
	is "another address" "$(modbus_host=127.0.0.2 poll 3:float 0 1 | grep -c 3000)" 0
	write_map '"listen": "0.0.0.0",'
	check "reload" systemctl reload $modbus_unit
	eventually_check "everywhere where told so" 50 listens_at 01F6 00000000
	modbus_host=127.0.0.2 polled "another address" 3000.25 3:float 0 1
	write_map '"listen": "::1", "port": 1502,'
	check "reload" systemctl reload $modbus_unit
	eventually_check "IPv6, another port" 50 listens_at 05DE 00000000000000000000000001000000
	is "the port before" "$(listening 01F6)" ""
	clear_modbus
}

listens_at() {
	[ "$(listening "$1")" = "$2" ]
}

capabilities() {
	sed -n 's/^CapEff:\t*//p' "/proc/$(pid_of $modbus_unit)/status"
}

test_modbus_has_no_rights_but_its_port() {
	modbus_plant
	is "its user" "$(stat -c %U "/proc/$(pid_of $modbus_unit)")" cellmgr-modbus
	is "its capabilities" "$(capabilities)" 0000000000000400
	clear_modbus
	modbus_plant '"port": 1502,'
	is "its capabilities with another port" "$(capabilities)" 0000000000000000
	modbus_port=1502 polled "at that port" 3000.25 3:float 0 1
	write_map
	systemctl reload $modbus_unit
	eventually_check "a port for which it has no right any more" 50 journal_has \
		'port: 502 is for who has CAP_NET_BIND_SERVICE'
	modbus_port=1502 polled "at the old port" 3000.25 3:float 0 1
	clear_modbus
}

journal_has() {
	journal -u $modbus_unit | grep -q -- "$1"
}

test_modbus_reloads() {
	local pid
	modbus_plant
	pid=$(pid_of $modbus_unit)
	exec 9<>/dev/tcp/127.0.0.1/502
	write_map '' "$(register input 1 f32 power),"
	systemctl reload $modbus_unit
	eventually_check "a wrong map is refused" 50 journal_has 'modbus.json:2:21: registers.1..address: "0": signal shaft-speed .*choose another'
	check "and said to be" journal_has 'The map stays as it was'
	polled "the one before is in force" 3000.25 3:float 0 1
	polled "and nothing of the new one" "$no_address" 3:float 1 1
	write_map '' "$(register input 200 u32 alarms),"
	systemctl reload $modbus_unit
	eventually_check "a good one comes into force" 50 modbus_has_200
	# 0x12345678 for a client that was there before.
	is "for all clients" "$(printf '\0\1\0\0\0\6\1\4\0\310\0\2' >&9 && timeout 5 head -c 13 <&9 | od -An -tx1 | tr -d ' \n')" \
		00010000000701040412345678
	exec 9>&-
	is "the bridge" "$(pid_of $modbus_unit)" "$pid"
	clear_modbus
}

modbus_has_200() {
	[ "$(poll 3:int 200 1)" = 305419896 ]
}
