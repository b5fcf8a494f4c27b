# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # output, case_began: of lib.sh
# Which bytes run in a cell: the digest and the signature that are asked for.

image_dir=/usr/lib/cellmgr/images
trusted_dir=/etc/cellmgr/trusted.d

digest() { sha256sum <"$1" | cut -d' ' -f1; }

# describe_with_digest DIGEST: cell pinned, of alpha's image.
describe_with_digest() {
	printf '{ "cpus": 1, "memory": "1M", "image": [ { "file": "alpha.bin", "sha256": "%s" } ] }\n' \
		"$1" >/etc/cellmgr/cells/pinned.json
	done_well call Reload
}

forget_pinned() {
	call StopCell s pinned
	cell pinned Destroy
	rm /etc/cellmgr/cells/pinned.json
	done_well call Reload
}

test_image_is_the_one_that_is_meant() {
	local right loads wrong=${EPOCHSECONDS}000000000000000000000000000000000000000000000000000000
	right=$(digest $image_dir/alpha.bin) loads=$(fake calls load)
	describe_with_digest "$wrong"
	fails_with Invalid "pinned.json:1:30: image: alpha.bin has SHA-256 $right, and \"sha256\" says $wrong" \
		manager StartCell s pinned
	is "loads" "$(fake calls load)" "$loads"
	is "the hypervisor was not enabled for it" "$(manager_property HypervisorState)" off
	describe_with_digest "$right"
	done_well call StartCell s pinned
	property_is pinned ImageSha256 "$right"
	is "the digest is with the start in the cell's journal" \
		"$(journal -u cell@pinned MESSAGE_ID=2d7f60be1c9b4d5ea3c0f18b5d94e6a7 -o json |
			grep -o '"CELL_IMAGE_SHA256":"[0-9a-f]*"' | sort -u)" "\"CELL_IMAGE_SHA256\":\"$right\""
	like "and with the load" "$(journal MESSAGE_ID=9b5f0c7e41d84f2ea6c93d1870be524f)" \
		"Cell pinned loaded: image sha256 $right"
	forget_pinned
}

test_own_images_are_those_that_are_meant() {
	describe_with_digest "$(digest $image_dir/alpha.bin)"
	local loads
	loads=$(fake calls load)
	call EnableHypervisor
	cell pinned Create
	like "another one" "$(./bus-peer load pinned $image_dir/beta.bin 0 2>&1)" \
		"Error.Invalid: .*pinned.json:1:30: image: .*SHA-256 $(digest $image_dir/beta.bin), and \"sha256\" says"
	like "the one, but elsewhere" "$(./bus-peer load pinned $image_dir/alpha.bin 0x1000 2>&1)" \
		'Error.Invalid: .*pinned.json:1:30: image: .*only what has it is loaded, and none is for guest address 0x1000'
	like "another one beside it" \
		"$(./bus-peer load pinned $image_dir/alpha.bin 0 $image_dir/beta.bin 0x1000 2>&1)" \
		'Error.Invalid: .*none is for guest address 0x1000'
	is "loads" "$(fake calls load)" "$loads"
	state_is pinned created
	check "the one" ./bus-peer load pinned $image_dir/alpha.bin 0
	state_is pinned loaded
	forget_pinned
}

# Bytes that somebody hands over are not those that another one means.
test_loads_that_wait_are_not_one() {
	local load stop
	done_well call StartCell s beta
	done_well cell alpha Create
	fake answer beta silent >/dev/null
	busctl --timeout=100 call org.cellmgr1 "$manager" org.cellmgr1.Manager StopCell s beta >/dev/null 2>&1 &
	stop=$!
	property_becomes 30 beta Operation stop
	cell alpha Load 'a(ht)' 0 &
	property_becomes 30 alpha Operation "load, waiting"
	start_monitor
	./bus-peer load alpha $image_dir/beta.bin 0 >/tmp/load 2>&1 &
	load=$!
	eventually_check "another one is on its way" 30 called_more_often Load 0
	call ListCells
	call ListCells
	stop_monitor
	done_well cell beta Kill
	wait "$stop"
	wait "$load"
	is "the other one's answer" "$?: $(cat /tmp/load)" "0: "
	wait
	property_is alpha ImageSha256 "$(digest $image_dir/beta.bin)"
}

# What a restart would run is not known to be good before the old one has been stopped, so it is
# looked at first.
test_restart_with_another_image_leaves_the_cell_alone() {
	cp $image_dir/alpha.bin /tmp/alpha.bin
	describe_with_digest "$(digest $image_dir/alpha.bin)"
	done_well call StartCell s pinned
	echo another >>$image_dir/alpha.bin
	local stops
	stops=$(fake calls stop)
	fails_with Invalid "has SHA-256" manager RestartCell s pinned
	state_is pinned running
	is "stops" "$(fake calls stop)" "$stops"
	cp /tmp/alpha.bin $image_dir/alpha.bin
	done_well call RestartCell s pinned
	forget_pinned
}

test_check_looks_into_images() {
	local wrong
	wrong=$(digest $image_dir/beta.bin)
	describe_with_digest "$wrong"
	like "CheckAll" "$(call CheckAll; echo "$output")" \
		"pinned.json\" \"error\" \"image\" .*has SHA-256 $(digest $image_dir/alpha.bin), and .*$wrong"
	like "Check" "$(./bus-peer check /etc/cellmgr/cells/pinned.json pinned 2>&1)" "and \"sha256\" says $wrong"
	# What only root may read stays with root.
	sed -i 's|"alpha.bin"|"/etc/shadow"|' /etc/cellmgr/cells/pinned.json
	chmod 0600 /etc/shadow
	fails "Check of a file that the caller may not read" grep -q "$(digest /etc/shadow)" \
		<(./bus-peer check /etc/cellmgr/cells/pinned.json pinned 2>&1)
	describe_with_digest "$(digest $image_dir/alpha.bin)"
	rm /etc/cellmgr/cells/pinned.json
	done_well call Reload
}

# make_signer NAME [OPTION...]: NAME.key and NAME.pem in /tmp/signer.
make_signer() {
	local name=$1
	shift
	mkdir -p /tmp/signer
	check "certificate of $name" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "/tmp/signer/$name.key" -out "/tmp/signer/$name.pem" -days 2 -subj "/CN=$name" "$@"
}

# sign NAME FILE
sign() {
	check "$1 signs $2" openssl cms -sign -binary -in "$2" -signer "/tmp/signer/$1.pem" \
		-inkey "/tmp/signer/$1.key" -outform DER -out "$2.p7s"
}

require_signatures() {
	echo '{ "require-signature": true }' >/etc/cellmgr/cellmgrd.conf
	done_well call Reload
}

forget_signatures() {
	rm -rf $image_dir/*.p7s $trusted_dir /tmp/signer /etc/cellmgr/cellmgrd.conf
	done_well call Reload
}

has_libcrypto() {
	grep -q libcrypto "/proc/$(pid_of cellmgrd)/maps"
}

test_images_are_signed() {
	make_signer release
	make_signer stranger
	mkdir -p $trusted_dir
	cp /tmp/signer/release.pem $trusted_dir/
	systemctl restart cellmgrd
	done_well call StartCell s alpha
	call StopCell s alpha
	fails "a daemon that needs no signatures is without libcrypto" has_libcrypto
	require_signatures
	fails_with Invalid 'image: "alpha.bin": has no signature: .*alpha.bin.p7s is not there' \
		manager StartCell s alpha
	like "CheckAll" "$(call CheckAll; echo "$output")" \
		'alpha.json" "error" "image" .*has no signature'
	sign stranger $image_dir/alpha.bin
	fails_with Invalid 'alpha.bin is signed by "CN = stranger", for whom no certificate' \
		manager StartCell s alpha
	like "CheckAll" "$(call CheckAll; echo "$output")" 'alpha.json" "error" "image" .*CN = stranger'
	sign release $image_dir/alpha.bin
	local loads
	loads=$(fake calls load)
	done_well call StartCell s alpha
	is "loads" "$(fake calls load)" $((loads + 1))
	check "libcrypto is there now" has_libcrypto
	like "the journal" "$(journal MESSAGE_ID=9b5f0c7e41d84f2ea6c93d1870be524f -o json)" \
		'"CELL_IMAGE_SIGNER":"CN = release"'
	call StopCell s alpha
	cp $image_dir/alpha.bin /tmp/alpha.bin
	echo altered >>$image_dir/alpha.bin
	fails_with Invalid 'alpha.bin does not fit its signature' manager StartCell s alpha
	cp /tmp/alpha.bin $image_dir/alpha.bin
	like "an image that is handed over" "$(./bus-peer load alpha $image_dir/alpha.bin 0 2>&1)" \
		'Error.Invalid: an image that is handed over has no signature'
	forget_signatures
}

# Who asks for signatures does not lose them with a mistake beside it.
test_broken_configuration_still_asks_for_signatures() {
	call EnableHypervisor
	cell alpha Create
	echo '{ "require-signature": true, "pool-size": 1 }' >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	fails_with Invalid "has no signature" alpha Load "a(ht)" 0
	echo '{ "pool-size": 1 }' >/etc/cellmgr/cellmgrd.conf
	systemctl restart cellmgrd
	done_well cell alpha Load "a(ht)" 0
	forget_signatures
}

# What somebody has looked into keeps nobody else's from being looked into, however many connections he has.
test_checks_are_shared_out_among_users() {
	local image=$image_dir/huge.bin n peers=() nobody=(setpriv --reuid=65534 --clear-groups busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager CheckAll)
	truncate -s 512M "$image"
	printf '{ "cpus": 1, "memory": "512M", "image": [ { "file": "huge.bin", "sha256": "%064d" } ] }\n' 0 >/etc/cellmgr/cells/pinned.json
	start_monitor
	for n in 1 2 3 4 5; do
		"${nobody[@]}" >"/tmp/check-$n" 2>&1 &
		peers+=($!)
		eventually_check "it is asked for" 30 called_more_often CheckAll $((n - 1))
		call ListCells
		call ListCells
	done
	stop_monitor
	setpriv --reuid=5 --clear-groups busctl call org.cellmgr1 "$manager" org.cellmgr1.Manager CheckAll >/tmp/check-6 2>&1 &
	peers+=($!)
	wait "${peers[4]}"
	# It has been long enough.
	truncate -s 0 "$image"
	wait "${peers[@]}"
	is "those whose images were not looked into" "$(grep -l 'images were not looked into' /tmp/check-*)" /tmp/check-5
	rm "$image" /etc/cellmgr/cells/pinned.json /tmp/check-*
	done_well call Reload
}

test_private_tmp_is_told() {
	cp $image_dir/alpha.bin /tmp/alpha.bin
	printf '{ "cpus": 1, "memory": "1M", "image": "/tmp/alpha.bin" }\n' >/etc/cellmgr/cells/pinned.json
	done_well call Reload
	fails_with Invalid "cellmgrd has a /tmp and a /var/tmp of its own .*: put it into $image_dir" \
		manager StartCell s pinned
	rm /etc/cellmgr/cells/pinned.json
	done_well call Reload
}
