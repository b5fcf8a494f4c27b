# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # manager, output: of lib.sh
# The interface itself: published as documented, guarded, quick.

# An interface of an introspection, without what is prose or formatting, one element a line.
normalize() {
	tr '\n' ' ' | sed 's/<!--\([^-]\|-[^-]\)*-->//g; s/>[[:space:]]*</>\n</g' |
		sed -n "/<interface name=\"$1\"/,/<\/interface>/p" |
		sed 's/[[:space:]]\+/ /g; s/ \?\/>/\/>/; s/^ //; s/ $//' |
		sed 's/^<\(method\|property\) \(.*\)\/>$/<\1 \2>\n<\/\1>/'
}

introspect() {
	busctl --xml-interface introspect org.cellmgr1 "$1"
}

test_interfaces_are_as_documented() {
	check "the manager's interface" diff <(introspect "$manager" | normalize org.cellmgr1.Manager) \
		<(normalize org.cellmgr1.Manager <org.cellmgr1.Manager.xml)
	check "the cell's interface" \
		diff <(introspect "$manager"/cell/alpha | normalize org.cellmgr1.Cell) \
		<(normalize org.cellmgr1.Cell <org.cellmgr1.Cell.xml)
	like "what was compared" "$(introspect "$manager" | normalize org.cellmgr1.Manager)" \
		'"StartCell"'
}

test_object_manager_lists_cells() {
	local objects
	objects=$(busctl --json=short call org.cellmgr1 "$manager" org.freedesktop.DBus.ObjectManager \
		GetManagedObjects)
	like "path among all objects" "$objects" '"/org/cellmgr1/cell/alpha"'
	like "state among all objects" "$objects" '"State":\{"type":"s","data":"defined"\}'
	call ListCells
	like "list of cells" "$output" '"alpha" "defined" "/org/cellmgr1/cell/alpha"'
	call SummarizeCells
	like "columns of all cells" "$output" 'asasasasatatas [0-9]+ "alpha" "beta" .*"defined" "defined" .*"unknown" "unknown" '
	call GetCell s alpha
	is "answer of GetCell" "$output" 'o "/org/cellmgr1/cell/alpha"'
}

test_log_level_can_be_set() {
	local target
	done_well systemctl service-log-level cellmgrd debug
	is "log level" "$(systemctl service-log-level cellmgrd)" debug
	done_well systemctl service-log-level cellmgrd info
	fails "nobody may not set the log level" setpriv --reuid=65534 --clear-groups \
		busctl set-property org.cellmgr1 /org/freedesktop/LogControl1 org.freedesktop.LogControl1 LogLevel s debug
	is "log level" "$(systemctl service-log-level cellmgrd)" info
	fails "a level that there is not" busctl set-property org.cellmgr1 /org/freedesktop/LogControl1 \
		org.freedesktop.LogControl1 LogLevel s loud
	for target in null:0 console:1 null:0 journal:1 null:0 auto:1; do
		done_well systemctl service-log-target cellmgrd "${target%:*}"
		[[ $target == auto:* ]] || is "log target" "$(systemctl service-log-target cellmgrd)" "${target%:*}"
		case_began=$EPOCHREALTIME
		call EnableHypervisor
		call DisableHypervisor b false
		is "lines to ${target%:*}" "$(journal _COMM=cellmgrd | grep -c 'The hypervisor is disabled')" "${target#*:}"
	done
	is "where it goes by itself" "$(systemctl service-log-target cellmgrd)" journal
	fails "a target that there is not" systemctl service-log-target cellmgrd syslog
}

# Every method of an interface, with the arguments that get it past the parser.
methods() {
	sed -n 's/.*<method name="\([^"]*\)".*/\1/p' "$1"
}

arguments() {
	case $1 in
	DisableHypervisor) echo b true ;;
	StartCell | StopCell | RestartCell) echo s alpha ;;
	Load) echo 'a(ht)' x ;;
	Check) echo hs alpha ;;
	GetCell) echo s alpha ;;
	ReadCrashRecord) echo s alpha.1.killed.json ;;
	WriteSignal) echo sv speed ;;
	Apply) echo s any ;;
	esac
}

# shellcheck disable=SC2046,SC2086 # arguments are words
# The list is the daemon's own, so that a new method cannot be forgotten: what does not change
# anything is named here.
each_changing_method() {
	local interface path method
	for interface in Manager Cell; do
		path="$manager"
		[ $interface = Manager ] || path="$manager"/cell/alpha
		introspect $path | normalize org.cellmgr1.$interface >/tmp/interface
		for method in $(methods /tmp/interface); do
			case $method in
			Check | CheckAll | CheckRoom | GetCell | GetMap | ListCells | ListCrashRecords | Plan | ReadSignals | SubscribeSignals | SummarizeCells) continue ;;
			esac
			"$@" $path org.cellmgr1.$interface "$method" $(arguments "$method")
		done
	done
}

# question METHOD: what polkit is to be asked about it: action, verb and cell.
question() {
	case $1 in
	EnableHypervisor | DisableHypervisor)
		set -- manage-hypervisor "${1%Hypervisor}" ""
		;;
	Reload | Apply) set -- manage-cells "$1" "" ;;
	WriteSignal) set -- write-signals write-signal "alpha speed" ;;
	OpenConsole) set -- debug-cells open-console alpha ;;
	OpenConsoleInput) set -- manage-cells open-input alpha ;;
	ReadCrashRecord) set -- debug-cells read-crash alpha ;;
	*) set -- manage-cells "${1%Cell}" alpha ;;
	esac
	echo "org.cellmgr1.$1 ${2,,}${3:+ $3}"
}

# expect_denied PATH INTERFACE METHOD [ARGUMENT...]
expect_denied() {
	local output nobody=(setpriv --reuid=65534 --clear-groups)
	calls=$((calls + 1))
	questions+=$(question "$3")$'\n'
	fails "nobody may call $3" env BUS_PEER_INTERACTIVE=1 "${nobody[@]}" ./bus-peer call "$@"
	like "$3" "$output" '^org\.freedesktop\.DBus\.Error\.AccessDenied: '
	fails "nobody may call $3" "${nobody[@]}" ./bus-peer call "$@"
	like "$3" "$output" '^org\.freedesktop\.DBus\.Error\.InteractiveAuthorizationRequired: '
}

# Each was asked about twice, or more often.
questions_asked() {
	journal SYSLOG_IDENTIFIER=asked | uniq
}

test_everybody_is_denied_every_change() {
	local before calls=0 questions=''
	before=$(fake calls create)/$(fake calls enable)/$(fake calls start)
	each_changing_method expect_denied
	is "number of methods tried" "$calls" 19
	is "driver calls" "$(fake calls create)/$(fake calls enable)/$(fake calls start)" "$before"
	is "what polkit was asked" "$(questions_asked)" "${questions%$'\n'}"
}

test_everybody_may_read() {
	is "a state, read by nobody" "$(setpriv --reuid=65534 --clear-groups busctl get-property \
		org.cellmgr1 "$manager"/cell/alpha org.cellmgr1.Cell State 2>&1)" 's "defined"'
	like "a check by nobody" "$(setpriv --reuid=65534 --clear-groups ./bus-peer check \
		/etc/cellmgr/cells/broken.json alpha 2>&1)" '^error	memroy	line 3, column 2: "[^"]+": unknown key'
}

test_all_descriptions_are_checked_together() {
	sed 's/"memory": .*/"memory": "2M",/' /etc/cellmgr/cells/alpha.json >/etc/cellmgr/cells/late.json
	output=$(setpriv --reuid=65534 --clear-groups busctl --json=short call org.cellmgr1 \
		"$manager" org.cellmgr1.Manager CheckAll 2>&1)
	rm /etc/cellmgr/cells/late.json
	matches "$output" '"/etc/cellmgr/cells/broken.json","error","memroy","line 3, column 2: ..1M..: unknown key'
	matches "$output" '"/etc/cellmgr/cells/cpu0.json","error","cpus","line 2, column 2: CPU 0 stays with Linux'
	# Not in force, and checked all the same; told at one of the two.
	matches "$output" '"/etc/cellmgr/cells/late.json","warning","cpus","line 2, column 2: CPU [0-9]+ is named by cell alpha'
	matches "$output" '"","warning","cpus","all cells together want [0-9]+ CPUs'
	matches "$output" '"/etc/cellmgr/cells/alpha.json","","",""'
}

test_rules_see_cell_and_verb() {
	local games=(setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call)
	# What it takes is asked about, too.
	fails "not where that enables the hypervisor" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	like "why" "$output" 'not allowed to enable the hypervisor: .*org.cellmgr1.manage-hypervisor'
	fails "games may not read its console" "${games[@]}" "$manager/cell/alpha" org.cellmgr1.Cell OpenConsole
	like "why, in a person's words" "$output" 'not allowed to open the console of alpha: .*org.cellmgr1.debug-cells'
	manager_is HypervisorState off
	call EnableHypervisor
	check "games may start alpha" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	state_is alpha running
	fails "not beta" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s beta
	check "games may stop alpha" "${games[@]}" "$manager"/cell/alpha org.cellmgr1.Cell Stop
	fails "not destroy" "${games[@]}" "$manager"/cell/alpha org.cellmgr1.Cell Destroy
	fails "not the hypervisor" "${games[@]}" "$manager" org.cellmgr1.Manager DisableHypervisor b true
	like "why" "$output" 'not allowed to disable: .*org.cellmgr1.manage-hypervisor'
	fails "nor bytes of his own" setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer load alpha \
		/usr/lib/cellmgr/images/beta.bin 0
	state_is alpha shut-down
	# A start that destroys is a destroy.
	local id
	id=$(property alpha Id)
	mv /etc/cellmgr/cells/broken.json /tmp/
	sed -i 's/"1M"/"2M"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	fails "not a start that destroys it" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
	property_is alpha Id "$id"
	sed -i 's/"2M"/"1M"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
	check "as it was he may" "${games[@]}" "$manager" org.cellmgr1.Manager StartCell s alpha
}

# Each by what it would do at the worst: the description of the cell says whether a stop is a kill.
test_rules_see_the_kill_that_a_stop_may_end_in() {
	local news=(setpriv --reuid=9 --regid=9 --clear-groups ./bus-peer call) verb
	call EnableHypervisor
	call StartCell s alpha
	check "news may restart it" "${news[@]}" "$manager" org.cellmgr1.Manager RestartCell s alpha
	mv /etc/cellmgr/cells/broken.json /tmp/
	sed -i 's/"force": false/"force": true/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	for verb in StopCell RestartCell; do
		fails "not $verb by force" "${news[@]}" "$manager" org.cellmgr1.Manager "$verb" s alpha
		like "why" "$output" 'org.cellmgr1.manage-cells'
	done
	fails "nor the single step" "${news[@]}" "$manager"/cell/alpha org.cellmgr1.Cell Stop
	state_is alpha running
	sed -i 's/"force": true/"force": false/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	mv /tmp/broken.json /etc/cellmgr/cells/
	check "as it was he may" "${news[@]}" "$manager" org.cellmgr1.Manager StopCell s alpha
	state_is alpha shut-down
}

# What polkit allowed is what was asked about, whatever it has become meanwhile.
test_what_takes_more_than_was_allowed_is_not_done() {
	local id start
	done_well call StartCell s alpha
	done_well call StopCell s alpha
	id=$(property alpha Id)
	mv /etc/cellmgr/cells/broken.json /tmp/
	systemctl start polkit
	systemctl kill -s STOP polkit
	start_monitor
	setpriv --reuid=5 --regid=60 --clear-groups ./bus-peer call "$manager" org.cellmgr1.Manager \
		StartCell s alpha >/tmp/start 2>&1 &
	start=$!
	eventually_check "polkit is asked" 20 called_more_often CheckAuthorization 0
	stop_monitor
	sed -i 's/"1M"/"2M"/' /etc/cellmgr/cells/alpha.json
	done_well call Reload
	systemctl kill -s CONT polkit
	wait "$start" && not_ok "more was done than was allowed"
	like "why it is not done" "$(cat /tmp/start)" \
		'^org.cellmgr1.Error.WrongState: .*takes a step now \(destroy\) that it did not when it was allowed'
	property_is alpha Id "$id"
	mv /tmp/broken.json /etc/cellmgr/cells/
}

# asks WORDS METHOD [ARGUMENT...]: so polkit is told what a call of the manager would do.
asks() {
	fails "bin may not call $2" setpriv --reuid=2 --regid=2 --clear-groups ./bus-peer call "$manager" \
		org.cellmgr1.Manager "${@:2}"
	is "steps of $2" "$(journal SYSLOG_IDENTIFIER=steps | tail -1)" "$1"
}

test_polkit_is_told_all_that_would_be_done() {
	local plan
	asks "start: enable create load start" StartCell s alpha
	limit 192M
	wide wide 2 100M
	call EnableHypervisor
	asks "start: create load start grow-pool" StartCell s wide
	describe turbine 1 "$(link plant '"root"')"
	asks "start: create load start add-link" StartCell s turbine
	done_well call StartCell s turbine
	done_well call StartCell s alpha
	asks "stop: stop" StopCell s alpha
	asks "disable: disable destroy remove-link, force=false" DisableHypervisor b false
	asks "disable: disable stop kill destroy remove-link, force=true" DisableHypervisor b true
	# By the description that comes as by the one that goes.
	sed -i 's/"1M"/"2M"/; s/"force": false/"force": true/' /etc/cellmgr/cells/alpha.json
	call Reload
	asks "restart: create load start stop kill destroy" RestartCell s alpha
	plan=$(busctl --json=short call org.cellmgr1 "$manager" org.cellmgr1.Manager Plan | grep -o '"[0-9a-f]\{32,\}"' | head -1)
	asks "apply: create load start stop kill destroy" Apply s "${plan//\"/}"
	clear_links
	away
}

# The user mail may open and close the hypervisor, and nothing with cells.
test_who_may_close_the_hypervisor_may_not_end_cells() {
	local mail=(setpriv --reuid=8 --regid=8 --clear-groups ./bus-peer call) calls
	check "he may open it" "${mail[@]}" "$manager" org.cellmgr1.Manager EnableHypervisor
	check "and close it" "${mail[@]}" "$manager" org.cellmgr1.Manager DisableHypervisor b true
	call StartCell s alpha
	calls=$(fake calls destroy)
	fails "not over a cell" "${mail[@]}" "$manager" org.cellmgr1.Manager DisableHypervisor b true
	like "why" "$output" 'not allowed to disable all cells: .*org.cellmgr1.manage-cells'
	fails "nor without force" "${mail[@]}" "$manager" org.cellmgr1.Manager DisableHypervisor b false
	state_is alpha running
	is "destroyed" "$(fake calls destroy)" "$calls"
	fails "cellctl may not either" setpriv --reuid=8 --regid=8 --clear-groups cellctl disable --force
	like "what it says" "$output" 'manage-cells'
	is "and nothing of what he has" "$(grep -c manage-hypervisor <<<"$output")" 0
	call StopCell s alpha
	cell alpha Destroy
	check "where there is none he may" "${mail[@]}" "$manager" org.cellmgr1.Manager DisableHypervisor b true
	manager_is HypervisorState off
}

test_without_polkit_only_root_may() {
	systemctl mask -q --runtime --now polkit.service
	like "a start without polkit" "$(setpriv --reuid=5 --clear-groups ./bus-peer call "$manager" \
		org.cellmgr1.Manager StartCell s alpha 2>&1)" \
		'^org\.freedesktop\.DBus\.Error\.AccessDenied: .*polkit'
	done_well call StartCell s alpha
	systemctl unmask -q --runtime polkit.service
}

test_arguments_are_checked() {
	fails_with NoSuchCell "no cell gamma.*gamma.json" manager StartCell s gamma
	fails_with NoSuchCell "no name of a cell" manager StartCell s ../../etc/passwd
	fails_with NoSuchCell "no name of a cell" manager GetCell s ""
	fails_with NoSuchCell "no name of a cell" manager GetCell s "$(printf 'a%.0s' {1..5000})"
	fails_with org.freedesktop.DBus.Error.InvalidArgs "" manager StartCell b true
	fails_with Invalid "name: " manager Check hs "a/b"
	like "check of a pipe" "$(./bus-peer check-fd pipe 2>&1)" \
		'^org.cellmgr1.Error.Invalid: .*memfd'
	like "check of a directory" "$(./bus-peer check-fd directory 2>&1)" \
		'^org.cellmgr1.Error.Invalid: .*memfd'
	like "check of a file" "$(./bus-peer check-fd file 2>&1)" \
		'^org.cellmgr1.Error.Invalid: .*memfd'
	like "check of a good description" \
		"$(./bus-peer check /etc/cellmgr/cells/alpha.json alpha && echo checked)" checked
	like "check of a bad description" "$(./bus-peer check /etc/cellmgr/cells/cpu0.json gamma)" \
		'^error	cpus	line 2, column 2: CPU 0 stays with Linux'
	# Nobody learns that way what there is in directories that he may not search.
	for there in /etc/hostname /etc/nosuch; do
		sed "s|\"alpha.bin\"|\"$there\"|" /etc/cellmgr/cells/alpha.json >/tmp/there.json
		like "check of an image that may be anywhere" "$(./bus-peer check /tmp/there.json alpha)" \
			'warning	image	line [0-9]+, column [0-9]+: "/etc/[a-z]+": was not looked for, since'
	done
	rm /tmp/there.json
	state_is alpha defined
}

# check_with_cpus PRESENT ONLINE CELL KEPT: of the directory /tmp/set, without the daemon, on a machine that has these; in
# $output.
check_with_cpus() {
	rm -rf /tmp/devices
	mkdir -p /tmp/devices/system /tmp/devices/jailhouse/cells/{0,7}
	echo "$1" >/tmp/devices/present
	echo "$2" >/tmp/devices/online
	echo "$2" >/tmp/devices/jailhouse/cells/0/cpus_assigned_list
	echo "$3" >/tmp/devices/jailhouse/cells/7/cpus_assigned_list
	echo "$4" >/tmp/devices/jailhouse/cpus_kept_list
	# shellcheck disable=SC2016 # for the other shell
	output=$(unshare -m bash -ec '
		mount --rbind /sys/devices/system /tmp/devices/system
		mount --bind /tmp/devices/present /tmp/devices/system/cpu/present
		mount --bind /tmp/devices/online /tmp/devices/system/cpu/online
		mount --rbind /tmp/devices /sys/devices
		exec cellctl check /tmp/set' 2>&1)
}

# What CPUs there are it looks up itself: those that Linux has, those that cells have or will have, and no others.
test_check_of_a_directory_knows_the_cpus_of_the_machine() {
	local cpu
	mkdir -p /tmp/set
	for cpu in 1 2 3 4 9; do
		printf '{ "cpus": [%s], "memory": "1M", "image": "/usr/lib/cellmgr/images/alpha.bin" }' "$cpu" >"/tmp/set/cpu$cpu.json"
	done
	printf '{ "cpus": 5, "memory": "1M", "image": "/usr/lib/cellmgr/images/alpha.bin" }' >/tmp/set/many.json
	systemctl stop cellmgrd
	check_with_cpus 0-4 0-1 2 3
	is "findings of CPUs" "$(grep -o '^/tmp/set/.*: cpus.*' <<<"$output" | sort)" "$(sort <<-'END'
		/tmp/set/cpu4.json:1:3: error: cpus: CPU 4 is offline; bring it online or name another one
		/tmp/set/cpu9.json:1:3: error: cpus: CPU 9 is not in this machine, the last one is 4
		/tmp/set/many.json:1:3: error: cpus: wants 5 of the machine's 5 CPUs; at least one stays with Linux
	END
	)"
	# Without cells it is Linux that has them offline.
	check_with_cpus 0-4 0-1 '' ''
	is "CPUs that are offline" "$(grep -c 'is offline; bring it online' <<<"$output")" 3
	rm -r /tmp/set /tmp/devices
	systemctl start cellmgrd
	unit_is cellmgrd active
}

# checks NAME CONFIGURATION MEMORY PATTERN: what a check without a daemon says of a cell that wants so much.
checks() {
	printf '%s' "$2" >/etc/cellmgr/cellmgrd.conf
	printf '{ "cpus": [1], "memory": "%s", "image": "/usr/lib/cellmgr/images/alpha.bin" }' "$3" >/tmp/one.json
	like "$1" "$(cellctl check /tmp/one.json 2>&1; echo "status $?")" "$4"
}

# By the daemon's configuration, or where that makes no sense by none; without the bus of the daemon.
test_check_of_a_file_knows_the_configuration() {
	systemctl stop cellmgrd
	checks "what just fits, beside the hypervisor" '{ "pool-size": "64M" }' 48M '0 errors.*status 0$'
	checks "what does not" '{ "pool-size": "64M" }' 49156K 'memory: wants 48.*status 1$'
	checks "what a pool that may grow has" '{ "pool-size": "64M", "pool-limit": "128M" }' 100M '0 errors.*status 0$'
	checks "what one that is reserved has not" \
		'{ "reserved-memory": { "phys": "0x10000000", "size": "64M" }, "pool-limit": "128M" }' 100M 'memory: wants 100M.*status 1$'
	checks "a configuration that makes no sense" '{ "pool-sise": "64M" }' 1M 'cellmgrd.conf.*warning.*0 errors.*status 0$'
	checks "it is as if there were none" '{ "pool-sise": "64M" }' 49156K 'memory: wants 48.*status 1$'
	checks "signatures" '{ "require-signature": true }' 1M 'alpha.bin.*status 1$'
	rm /etc/cellmgr/cellmgrd.conf /tmp/one.json
	systemctl start cellmgrd
}

# Nor does it start one, or wait for one that hangs.
test_who_looks_starts_no_daemon_and_waits_for_none() {
	local began=$EPOCHREALTIME
	systemctl kill -s STOP cellmgrd
	fails "a list of a daemon that hangs" timeout 30 cellctl list
	between "ms until it is given up" $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) 9000 20000
	like "what to look at" "$output" "hint: 'systemctl status cellmgrd'"
	systemctl kill -s CONT cellmgrd
	systemctl stop cellmgrd
	like "the version of none" "$(cellctl version)" 'cellmgrd not running'
	like "a monitor of none" "$(timeout 2 cellctl monitor 2>&1)" 'cellmgrd is not running; waiting for it'
	unit_is cellmgrd inactive
	systemctl start cellmgrd
}

test_a_user_cannot_fill_the_queue() {
	local answers peers=() n
	fake rule enable 1 delay=1000 >/dev/null
	# However many connections he has.
	for n in 1 2 3; do
		setpriv --reuid=65534 --clear-groups ./bus-peer flood 40 >"/tmp/flood-$n" &
		peers+=($!)
	done
	is "root's calls" "$(./bus-peer flood 40 | sort -u)" 'done'
	wait "${peers[@]}"
	answers=$(sort -u /tmp/flood-*)
	like "answers: too many" "$answers" 'org.freedesktop.DBus.Error.LimitsExceeded'
	like "answers: not allowed" "$answers" 'AccessDenied|InteractiveAuthorizationRequired'
	done_well call ListCells
}
