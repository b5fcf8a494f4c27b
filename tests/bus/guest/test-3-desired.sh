# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output, submitted: of lib.sh
# Cells become what their descriptions say: what is pending, the plan, and its way back.

cells=/etc/cellmgr/cells

save_cells() {
	rm -rf /tmp/cells /tmp/images
	cp -a "$cells" /tmp/cells
	cp -a /usr/lib/cellmgr/images /tmp/images
}

restore_cells() {
	rm -rf "$cells"
	cp -a /tmp/cells "$cells"
	cp -a /tmp/images/. /usr/lib/cellmgr/images/
	done_well call Reload
}

# planned CELL [PLAN]: what Plan says of it, now or in that file: action, keys, why.
planned() {
	if [ $# -gt 1 ]; then cat "$2"; else busctl --json=short call org.cellmgr1 "$manager" org.cellmgr1.Manager Plan; fi |
		jq -r --arg cell "$1" '.data[1][] | select(.[0] == $cell) | "\(.[1]) \(.[2] | join(",")) \(.[3])"'
}

plan_id() {
	busctl --json=short call org.cellmgr1 "$manager" org.cellmgr1.Manager Plan | jq -r '.data[0]'
}

change() {
	sed -i "$2" "$cells/$1.json"
}

test_what_counts_later_is_pending() {
	local started
	save_cells
	done_well call StartCell s alpha
	started=$(property alpha StartedAt)
	property_is alpha Pending "0"
	start_monitor
	# The same, and what counts at once.
	change alpha 's/"1M"/"1024K"/; s/"500ms"/"5s"/; s/"timeout": "1s"/"timeout": "2s"/'
	is "planned" "$(planned alpha)" "update heartbeat,stop in place"
	done_well call Reload
	property_is alpha Pending "0"
	# Another way to say what it has.
	change alpha 's/\[3\]/1/'
	done_well call Reload
	property_is alpha Pending "0"
	is "who may read what it was made of" "$(stat -c '%a %U' /run/cellmgr/records/alpha.json)" "600 root"
	change alpha 's/"cpus": 1/"cpus": [2]/; s/cycles=3/cycles=4/'
	done_well call Reload
	property_is alpha Pending '2 "cpus" "parameters"'
	is "planned" "$(planned alpha)" "restart cpus,parameters "
	like "cellctl list has it" "$(cellctl list | grep ^alpha)" '^alpha +running +ok +3 +1M +[0-9]+[a-z]+ +pending: cpus, parameters$'
	fake answer alpha deny >/dev/null
	fails "a stop that is denied" call StopCell s alpha
	like "where something went wrong it has that" "$(cellctl list | grep ^alpha)" ' 1M +[0-9]+[a-z]+ +.*denied'
	fake answer alpha approve >/dev/null
	stop_monitor
	check "it is told" grep -q '"Pending":{"type":"as","data":\["cpus","parameters"\]}' /tmp/monitor
	like "in the journal" "$(journal CELL=alpha)" 'Pending: restart alpha: cpus, parameters'
	systemctl restart cellmgrd
	property_becomes 30 alpha Pending '2 "cpus" "parameters"'
	property_is alpha StartedAt "$started"
	done_well call RestartCell s alpha
	property_is alpha Pending "0"
	property_is alpha Cpus "1 2"
	done_well call StopCell s alpha
	done_well cell alpha Destroy
	fails "what it was made of is not kept" test -e /run/cellmgr/records/alpha.json
	restore_cells
}

# Into a cell that is only created the program comes later anyway.
test_what_is_not_loaded_yet_is_not_pending() {
	save_cells
	done_well call EnableHypervisor
	done_well cell alpha Create
	change alpha 's/"alpha.bin"/"beta.bin"/; s/cycles=3/cycles=4/'
	call Reload
	property_is alpha Pending "0"
	change alpha 's/\[3\]/[2]/'
	call Reload
	property_is alpha Pending '1 "cpus"'
	restore_cells
}

# Its images are those that the description had when they were chosen, whatever it has when they are loaded.
test_what_changes_while_images_are_loaded_is_pending() {
	local start
	save_cells
	call EnableHypervisor
	cell alpha Create
	fake rule load 0 hang >/dev/null
	./bus-peer call "$manager" org.cellmgr1.Manager StartCell s alpha &
	start=$!
	property_becomes 30 alpha State created
	property_becomes 30 alpha Operation start
	eventually_check "it is being loaded" 30 record_tells alpha '"intent": *"load"'
	change alpha 's/cycles=3/cycles=4/'
	call Reload
	fake clear >/dev/null
	wait "$start"
	state_is alpha running
	property_is alpha Pending '1 "parameters"'
	is "planned" "$(planned alpha)" "restart parameters "
	systemctl restart cellmgrd
	property_becomes 30 alpha Pending '1 "parameters"'
	done_well call RestartCell s alpha
	property_is alpha Pending 0
	restore_cells
}

# record_tells CELL REGEX: what a daemon after this one would know.
record_tells() {
	grep -Eq "$2" "/run/cellmgr/records/$1"
}

test_plan_names_every_cell() {
	save_cells
	done_well call StartCell s alpha
	done_well cell beta Create
	cp "$cells/boot.json" "$cells/gamma.json"
	rm "$cells/beta.json"
	change boot 's/"1M"/"2M"/'
	is "kept" "$(planned alpha)" "keep  "
	is "new" "$(planned gamma)" "define  it is new, and can be started"
	is "gone" "$(planned beta)" "remove  its description has gone"
	is "not there" "$(planned boot)" "update memory for its next start"
	is "with errors" "$(planned broken)" "invalid  it has errors, see cellctl check"
	state_is beta created
	fails "nobody has heard of gamma" call GetCell s gamma
	done_well call Apply s ""
	check "beta has gone" has_no_object beta
	state_is gamma defined
	state_is alpha running
	restore_cells
}

test_apply_restarts_what_has_to_be_and_no_other() {
	local id started beta
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s boot
	done_well call StartCell s beta
	id=$(property alpha Id) started=$(property alpha StartedAt) beta=$(property beta StartedAt)
	change alpha 's/"500ms"/"6s"/'
	done_well call Apply s "$(plan_id)"
	is "heartbeat is in place" "$(property alpha Id) $(property alpha StartedAt)" "$id $started"
	# Each wants what the other one has.
	change alpha 's/\[3\]/[1]/'
	change boot 's/\[1\]/[3]/'
	done_well call Apply s "$(plan_id)"
	property_is alpha Cpus "1 1"
	property_is boot Cpus "1 3"
	state_is alpha running
	state_is boot running
	property_is alpha Operation ""
	property_is beta StartedAt "$beta"
	# The image alone.
	id=$(property alpha Id)
	cp /usr/lib/cellmgr/images/alpha.bin /usr/lib/cellmgr/images/other.bin
	change alpha 's/alpha\.bin/other.bin/'
	done_well call Apply s ""
	like "in the journal, before it is done" "$(journal CELL=alpha | tail -n 6 | tr '\n' ';')" \
		'Plan: restart alpha: image;.*Cell alpha shut down;.*Cell alpha started;'
	property_is alpha Id "$id"
	isnt "alpha is another run" "$(property alpha StartedAt)" "$started"
	# The same file, with the same bytes and with others.
	cp /usr/lib/cellmgr/images/alpha.bin /usr/lib/cellmgr/images/other.bin
	is "planned" "$(planned alpha)" "keep  "
	head -c 5000 /dev/urandom >/usr/lib/cellmgr/images/other.bin
	is "planned" "$(planned alpha)" "restart image "
	done_well call Apply s ""
	is "what runs" "$(property alpha ImageSha256)" \
		"$(sha256sum /usr/lib/cellmgr/images/other.bin | cut -d' ' -f1)"
	is "planned" "$(planned alpha)" "keep  "
	restore_cells
}

test_failed_apply_brings_back_what_ran() {
	local image
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s boot
	image=$(property alpha ImageSha256)
	change alpha 's/"1M"/"2M"/; s/"500ms"/"7s"/'
	change boot 's/"1M"/"2M"/'
	fake rule create 2 EIO >/dev/null
	fails_with Driver 'create boot.*; all that was changed is as before$' manager Apply s ""
	state_is alpha running
	state_is boot running
	property_is alpha Memory $((1 << 20))
	property_is boot Memory $((1 << 20))
	property_is alpha ImageSha256 "$image"
	property_is alpha Pending '2 "memory" "heartbeat"'
	property_is alpha Operation ""
	# What it was is what it would be again.
	done_well call RestartCell s alpha
	property_is alpha Memory $((1 << 20))
	done_well call Apply s ""
	property_is alpha Memory $((2 << 20))
	property_is alpha Pending "0"
	restore_cells
}

test_what_cannot_be_brought_back_is_said() {
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s boot
	change alpha 's/"1M"/"2M"/'
	change boot 's/"1M"/"2M"/'
	head -c 5000 /dev/urandom >/usr/lib/cellmgr/images/alpha.bin
	fake rule create 2 EIO >/dev/null
	fails_with Driver 'but for this; alpha runs with its image as it is now' manager Apply s ""
	state_is alpha running
	change alpha 's/"2M"/"3M"/'
	done_well call Reload
	fake rule create 0 EIO >/dev/null
	fails_with Driver 'but for this; alpha is not brought back: .*create' manager Apply s ""
	fake clear >/dev/null
	state_is alpha defined
	property_is alpha Operation ""
	restore_cells
}

# killed_over_an_apply RULE...: the daemon, when it comes to that call of the driver; another one is there afterwards.
killed_over_an_apply() {
	local old
	old=$(pid_of cellmgrd)
	fake rule "$@" kill >/dev/null
	fails "the apply, over which the daemon dies" timeout 20 ./bus-peer call "$manager" org.cellmgr1.Manager Apply s ""
	eventually_check "another daemon comes" 25 daemon_is_back "$old"
	fake clear >/dev/null
}

# left CELL: what the next daemon says of it in the journal.
left() {
	journal MESSAGE_ID=3c9e61f7b0a84d25915d7e2f48ca06b3 CELL="$1"
}

test_the_next_daemon_says_what_is_left_of_an_apply() {
	local before
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s boot
	done_well call StartCell s beta
	unit_becomes 15 cell@boot active
	change alpha 's/"1M"/"2M"/'
	change boot 's/"1M"/"2M"/'
	rm "$cells/beta.json"
	# Nothing has been done yet.
	before="$(property alpha StartedAt) $(property boot StartedAt)"
	killed_over_an_apply shutdown 1
	is "the runs" "$(property alpha StartedAt) $(property boot StartedAt)" "$before"
	like "told of alpha" "$(left alpha)" "cell alpha runs as it did before; 'cellctl apply' makes"
	like "told of beta" "$(left beta)" "cell beta is not destroyed yet; 'cellctl apply' does"
	property_is alpha LastError ""
	# All are down, and alpha is up again.
	killed_over_an_apply create 2
	state_is alpha running
	like "told of alpha" "$(left alpha)" "cell alpha runs as its description says"
	like "told of beta" "$(left beta)" "cell beta is destroyed, as it should"
	like "told of boot" "$(left boot)" "cell boot was stopped for that, and is not started again by itself; 'cellctl start'"
	property_like boot LastError "^the daemon ended while descriptions were applied: it was stopped"
	property_is boot Operation ""
	isnt "boot" "$(property boot State)" running
	eventually_check "its unit does not wait for it" 15 unit_is_down cell@boot
	is "planned" "$(planned alpha)" "keep  "
	done_well call StartCell s boot
	property_is boot Memory $((2 << 20))
	property_is boot LastError ""
	# It is told once, and of one that came to its end nothing is.
	change alpha 's/"2M"/"1M"/'
	done_well call Apply s ""
	before=$(left alpha)
	kill_daemon
	is "told of alpha" "$(left alpha)" "$before"
	restore_cells
}

unit_is_down() {
	unit_has "$1" inactive || unit_has "$1" failed
}

test_a_description_that_cannot_be_is_refused_before_anything_stops() {
	local started
	save_cells
	done_well call StartCell s alpha
	started=$(property alpha StartedAt)
	change alpha 's/"1M"/"2M"/; s/alpha\.bin/nowhere.bin/'
	fails_with Invalid 'nowhere.bin' manager Apply s ""
	property_is alpha StartedAt "$started"
	property_is alpha Pending '2 "memory" "image"'
	restore_cells
}

test_another_plan_is_not_done() {
	local id
	save_cells
	done_well call StartCell s alpha
	change alpha 's/"1M"/"2M"/'
	id=$(plan_id)
	change alpha 's/"2M"/"3M"/'
	fails_with WrongState 'another one now' manager Apply s "$id"
	property_is alpha Memory $((1 << 20))
	restore_cells
}

test_apply_does_not_start_what_is_killed() {
	save_cells
	done_well call StartCell s beta
	fake answer beta silent >/dev/null
	change beta 's/"4M"/"2M"/'
	./bus-peer call "$manager" org.cellmgr1.Manager Apply s "" >/tmp/apply 2>&1 &
	property_becomes 30 beta Operation stop
	fails_with Busy 'being applied' manager Reload
	fails_with Busy 'being applied' manager Apply s ""
	done_well cell beta Kill
	wait $!
	like "its answer" "$(cat /tmp/apply)" 'beta was killed meanwhile'
	state_is beta failed
	property_is beta Operation ""
	restore_cells
}

test_cancel_withdraws_the_way_on_and_not_the_way_back() {
	local apply
	save_cells
	change alpha 's/"timeout": "1s"/"timeout": "60s"/'
	call Reload
	done_well call StartCell s alpha
	done_well call StartCell s beta
	change alpha 's/"1M"/"2M"/'
	fake answer alpha silent >/dev/null
	fake answer beta silent >/dev/null
	./bus-peer call "$manager" org.cellmgr1.Manager Apply s "" >/tmp/apply 2>&1 &
	apply=$!
	property_becomes 30 alpha Operation stop
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/dev/null 2>&1 &
	property_becomes 30 beta Operation "stop, waiting"
	fake answer alpha approve >/dev/null
	property_becomes 30 beta Operation stop
	# Its destruction waits now.
	state_is alpha shut-down
	done_well cell alpha Cancel
	done_well cell beta Kill
	wait $apply
	like "its answer" "$(cat /tmp/apply)" 'withdrawn on request; all that was changed is as before$'
	state_is alpha running
	property_is alpha Memory $((1 << 20))
	property_is alpha Operation ""
	wait
	restore_cells
}

# Who stops a cell has not killed it.
test_apply_says_what_became_of_a_cell_meanwhile() {
	local apply meanwhile deed path=$manager interface=org.cellmgr1.Manager
	local -A arguments=([StopCell]='s beta' [DisableHypervisor]='b true' [Destroy]='')
	local -A told=([StopCell]='stopped' [DisableHypervisor]='ended with the hypervisor' [Destroy]='destroyed')
	save_cells
	for deed in StopCell DisableHypervisor Destroy; do
		[ $deed != Destroy ] || path=$(cell_path beta) interface=org.cellmgr1.Cell
		done_well call StartCell s beta
		fake answer beta silent >/dev/null
		change beta 's/"4M"/"2M"/'
		./bus-peer call "$manager" org.cellmgr1.Manager Apply s "" >/tmp/apply 2>&1 &
		apply=$!
		property_becomes 15 beta Operation stop
		start_monitor
		# shellcheck disable=SC2086 # arguments are words
		./bus-peer call "$path" "$interface" "$deed" ${arguments[$deed]} >/tmp/meanwhile 2>&1 &
		meanwhile=$!
		eventually_check "$deed is on its way" 30 called_more_often "$deed" 0
		call ListCells
		call ListCells
		stop_monitor
		fake answer beta approve >/dev/null
		wait $apply
		like "its answer" "$(cat /tmp/apply)" "cell beta was ${told[$deed]} meanwhile"
		wait $meanwhile
		is "answer to $deed" "$?: $(cat /tmp/meanwhile)" "0: "
		isnt "beta" "$(property beta State)" running
		restore_cells
	done
}

# Large files of images are read when somebody asks for a plan, and keep nobody waiting who asks for something else.
test_a_plan_that_reads_images_keeps_nobody_waiting() {
	local file=/usr/lib/cellmgr/images/many.bin last=/usr/lib/cellmgr/images/last.bin n images="" peers=()
	save_cells
	cp /usr/lib/cellmgr/images/alpha.bin "$file"
	cp "$file" "$last"
	for n in 0 1 2 3; do
		images+="{ \"file\": \"many.bin\", \"address\": \"0x${n}0000\" }, "
	done
	change alpha "s|\"alpha.bin\"|[ $images { \"file\": \"last.bin\", \"address\": \"0xf0000\" } ]|"
	call Reload
	done_well call StartCell s alpha
	is "planned" "$(planned alpha)" "keep  "
	# Without that they have bytes on the disk.
	truncate -s 16M "$file.new"
	mv "$file.new" "$file"
	truncate -s 64M "$last.new"
	mv "$last.new" "$last"
	start_monitor
	for n in Plan Plan Plan; do
		setpriv --reuid=65534 --clear-groups ./bus-peer call "$manager" org.cellmgr1.Manager $n >/dev/null &
		peers+=($!)
	done
	eventually_check "a plan is asked for" 30 called_more_often Plan 0
	done_well call ListCells
	wait "${peers[@]}"
	stop_monitor
	is "the first answer" "$(first_answered Plan ListCells)" ListCells
	is "planned" "$(planned alpha)" "restart image "
	rm "$file" "$last"
	restore_cells
}

# slow_image_of_alpha: alpha runs with $file, which is another one now and read for minutes, until $held is shortened.
slow_image_of_alpha() {
	file=/usr/lib/cellmgr/images/last.bin held=/usr/lib/cellmgr/images/held.bin
	save_cells
	cp /usr/lib/cellmgr/images/alpha.bin "$file"
	change alpha 's|"alpha.bin"|"last.bin"|'
	call Reload
	done_well call StartCell s alpha
	truncate -s 100G "$held"
	ln -f "$held" "$file"
}

is_read() {
	find "/proc/$(pid_of cellmgrd)/fd" -lname "$1" | grep -q .
}

# What is asked for while images are read is about those that there are then.
test_a_plan_that_comes_late_is_of_the_images_that_there_are_then() {
	local file held first second
	slow_image_of_alpha
	busctl --timeout=100 --json=short call org.cellmgr1 "$manager" org.cellmgr1.Manager Plan >/tmp/plan-1 &
	first=$!
	eventually_check "it is being read" 30 is_read "$file"
	# It is again what runs.
	cp /usr/lib/cellmgr/images/alpha.bin "$file.new"
	mv "$file.new" "$file"
	start_monitor
	busctl --timeout=100 --json=short call org.cellmgr1 "$manager" org.cellmgr1.Manager Plan >/tmp/plan-2 &
	second=$!
	eventually_check "the second plan is asked for" 30 called_more_often Plan 0
	call ListCells
	stop_monitor
	truncate -s 0 "$held"
	wait "$first" "$second"
	is "what was read was not there any more" "$(planned alpha /tmp/plan-1)" "restart image "
	is "the second" "$(planned alpha /tmp/plan-2)" "keep  "
	rm "$file" "$held"
	restore_cells
}

# Nor does one go on whose images were read while all cells were stopped.
test_an_apply_that_reads_images_starts_nothing_after_all_were_stopped() {
	local file held apply
	slow_image_of_alpha
	change beta 's|"cpus"|"on-failure": "stop-all", "cpus"|'
	call Reload
	done_well call StartCell s beta
	./bus-peer call "$manager" org.cellmgr1.Manager Apply s "" >/tmp/apply 2>&1 &
	apply=$!
	eventually_check "it is being read" 30 is_read "$file"
	fake fail beta 2 0xdead000 4 0x1234 2 >/dev/null
	eventually_check "all are stopped" 30 journal_tells 'Cell alpha is stopped, since cell beta has failed'
	truncate -s 0 "$held"
	wait "$apply"
	like "its answer" "$(cat /tmp/apply)" 'WrongState: the plan is not started: all cells are stopped'
	property_becomes 30 alpha State shut-down
	rm "$file" "$held"
	restore_cells
}

# Whatever its times say: a file that is written to in place may be given those that it had.
test_an_image_that_was_written_to_in_place_is_another_one() {
	local file=/usr/lib/cellmgr/images/place.bin
	save_cells
	cp /usr/lib/cellmgr/images/alpha.bin "$file"
	change alpha 's|"alpha.bin"|"place.bin"|'
	call Reload
	done_well call StartCell s alpha
	touch "$file"
	is "planned" "$(planned alpha)" "keep  "
	touch -r "$file" /tmp/times
	printf X | dd of="$file" conv=notrunc status=none
	touch -r /tmp/times "$file"
	is "planned" "$(planned alpha)" "restart image "
	# One that comes with the time at which it was made, as from a package.
	cp /usr/lib/cellmgr/images/beta.bin "$file.new"
	touch -d 2001-01-01 "$file.new"
	mv "$file.new" "$file"
	is "planned" "$(planned alpha)" "restart image "
	rm "$file" /tmp/times
	restore_cells
}

test_plans_that_wait_are_shared_out_and_end_with_the_daemon() {
	local file=/usr/lib/cellmgr/images/last.bin peers=() peer=(setpriv --reuid=65534 --clear-groups ./bus-peer call) n other
	save_cells
	cp /usr/lib/cellmgr/images/alpha.bin "$file"
	change alpha 's|"alpha.bin"|"last.bin"|'
	call Reload
	done_well call StartCell s alpha
	# To be read for minutes.
	truncate -s 100G "$file.new"
	mv "$file.new" "$file"
	start_monitor
	for n in 1 2 3 4; do
		"${peer[@]}" "$manager" org.cellmgr1.Manager Plan >/dev/null 2>&1 &
		peers+=($!)
		eventually_check "plans are asked for" 30 called_more_often Plan $((n - 1))
	done
	fails "one more of that user" timeout 20 "${peer[@]}" "$manager" org.cellmgr1.Manager Plan
	like "why" "$output" "LimitsExceeded.*4 plans of user 65534 wait"
	timeout 3 setpriv --reuid=5 --clear-groups ./bus-peer call "$manager" org.cellmgr1.Manager Plan >/tmp/other 2>&1 &
	other=$!
	for n in 1 2 3 4; do
		./bus-peer call "$manager" org.cellmgr1.Manager Plan >/dev/null 2>&1 &
		peers+=($!)
		eventually_check "root's are asked for" 30 called_more_often Plan $((n + 5))
	done
	is "root's waits" "$(timeout 3 busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager Plan 2>&1; echo $?)" 124
	wait "$other"
	is "another one's waits, too" "$? $(cat /tmp/other)" "124 "
	done_well call Reload
	systemctl stop cellmgrd
	is "status of the daemon that ended meanwhile" "$(systemctl show -P ExecMainStatus cellmgrd)" 0
	wait "${peers[@]}"
	stop_monitor
	rm "$file"
	systemctl start cellmgrd
	restore_cells
}

# first_answered METHOD...: which of them, by what went over the bus.
first_answered() {
	python3 - "$@" <<'PYTHON'
import json, sys
calls = {}
for line in open("/tmp/monitor"):
    message = json.loads(line)
    if message["type"] == "method_call" and message.get("member") in sys.argv[1:]:
        calls[message["sender"], message["cookie"]] = message["member"]
    answered = calls.get((message.get("destination"), message.get("reply_cookie")))
    if answered:
        print(answered)
        break
PYTHON
}

# stop_takes CELL: milliseconds until a stop of it comes back, into $took.
stop_takes() {
	local began=${EPOCHREALTIME/./}
	call StopCell s "$1"
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
}

test_a_stop_has_the_time_that_its_description_gives_it_now() {
	local took id
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s beta
	fake answer alpha silent >/dev/null
	fake answer beta silent >/dev/null
	change alpha 's/"timeout": "1s"/"timeout": "3s"/'
	change beta 's/"timeout": "60s"/"timeout": "1s"/'
	done_well call Apply s ""
	stop_takes alpha
	like "more" "$output" 'did not answer'
	between "milliseconds" "$took" 2900 30000
	stop_takes beta
	between "less: milliseconds" "$took" 900 30000
	state_is beta failed
	# It makes no other cell of it.
	fake answer alpha approve >/dev/null
	id=$(property alpha Id)
	done_well call RestartCell s alpha
	property_is alpha Id "$id"
	restore_cells
}

is_down() {
	[[ $(property "$1" State) =~ ^(shut-down|defined)$ ]]
}

# Nor one that has come to be another while polkit was asked about it.
test_a_plan_that_takes_more_than_was_allowed_is_not_done() {
	local apply id
	save_cells
	cat >/etc/polkit-1/rules.d/20-apply.rules <<-'END'
		polkit.addRule(function(action, subject) {
			if (action.id == "org.cellmgr1.manage-cells" && subject.user == "games" &&
			    action.lookup("verb") == "apply" && !/\bdestroy\b/.test(action.lookup("steps")))
				return polkit.Result.YES;
		});
	END
	systemctl restart polkit
	done_well call StartCell s alpha
	id=$(property alpha Id)
	change alpha 's/cycles=3/cycles=4/'
	systemctl kill -s STOP polkit
	start_monitor
	setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" org.cellmgr1.Manager Apply s "" \
		>/tmp/apply 2>&1 &
	apply=$!
	eventually_check "polkit is asked" 20 called_more_often CheckAuthorization 0
	stop_monitor
	change alpha 's/"1M"/"2M"/'
	systemctl kill -s CONT polkit
	wait "$apply" && not_ok "more was done than was allowed"
	like "why it is not done" "$(cat /tmp/apply)" \
		'^org.cellmgr1.Error.WrongState: .*the plan is another one now than it was when it was shown or allowed'
	property_is alpha Id "$id"
	change alpha 's/"2M"/"1M"/'
	check "what was allowed is done" setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" \
		org.cellmgr1.Manager Apply s ""
	restore_cells
}

# Whoever stops a cell meanwhile has it stopped.
test_apply_undoes_no_stop_of_others() {
	local apply
	save_cells
	done_well call StartCell s alpha
	done_well call StartCell s beta
	change alpha 's/"1M"/"2M"/'
	change beta 's/"4M"/"5M"/'
	fake answer beta silent >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager Apply s "" >/tmp/apply 2>&1 &
	apply=$!
	# Its destruction may wait for beta, or not.
	eventually_check "alpha is down" 30 is_down alpha
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s alpha >/tmp/stop 2>&1 &
	sleep 0.5
	fake clear >/dev/null
	wait $apply
	property_becomes 10 beta State running
	sleep 1
	isnt "alpha" "$(property alpha State)" running
	restore_cells
}
