# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The pieces of run-vm that make the machine: boot files, accelerator, QEMU's arguments. They use
# and set run-vm's variables.
# shellcheck disable=SC2154,SC2034,SC2054

source_dir=$(readlink -f "$here/../..")
cache=$source_dir/.cache/vm

# stage_product ROOT: what `meson install` puts onto a machine. Debian has its /lib, /bin and /sbin
# merged into /usr, so the directories are merged here too.
stage_product() {
	local root=$1 dir
	DESTDIR=$root meson install -C "$build" --no-rebuild --quiet >"$work/install.log" 2>&1 ||
		{ cat "$work/install.log" >&2; die "meson install from $build failed"; }
	for dir in lib bin sbin; do
		[[ -d $root/$dir ]] || continue
		mkdir -p "$root/usr/$dir"
		cp -a "$root/$dir/." "$root/usr/$dir/"
		rm -rf "${root:?}/$dir"
	done
	# The build's own modules are for another kernel then.
	[[ $modules ]] || return 0
	rm -rf "$root/usr/lib/modules"
	install -D -m 644 -t "$root/usr/lib/modules/$release/updates" "$modules/cellvisor.ko" "$modules/uio_ivshmem.ko"
}

# index_modules ROOT: the module index as depmod on that machine would make it; here it takes a
# second, under emulation half a minute. Kept for the next boot with the same modules.
index_modules() {
	local root=$1 modules=usr/lib/modules/$release index
	if [[ ! -d $root/$modules ]]; then
		say "Note: the build in $build has no module for kernel $release"
		return 0
	fi
	index=$build/module-index/$(basename "$image")-$(find "$root/$modules" -type f -printf '%P\0' | LC_ALL=C sort -z |
		(cd "$root/$modules" && xargs -0 sha256sum) | sha256sum | cut -c 1-16)
	[[ -d $index ]] || make_index "$root/$modules" "$index"
	touch "$index"
	cp "$index"/modules.* "$root/$modules/"
}

# make_index MODULES DIRECTORY: for those and the image's.
make_index() {
	local tree=$work/depmod/usr/lib/modules new
	mkdir -p "$tree" "$(dirname "$2")"
	find "$(dirname "$2")" -mindepth 1 -maxdepth 1 -mtime +2 -exec rm -rf {} +
	ln -s usr/lib "$work/depmod/lib"
	cp -al "$image/modules/lib/modules/$release" "$tree/"
	cp -a "$1/." "$tree/$release/"
	depmod -b "$work/depmod" "$release"
	new=$(mktemp -d "$2.XXXXXX")
	find "$tree/$release" -maxdepth 1 -name 'modules.*' -newer "$work/install.log" -exec cp -t "$new" {} +
	rm -rf "$work/depmod"
	# Somebody else's is the same.
	mv -T "$new" "$2" 2>/dev/null || rm -rf "$new"
}

# make_disk: sets disk, and packages to 0 where there are none.
make_disk() {
	disk=$image/root.ext4
	compgen -G "$source_dir/build-packages/cellmgr_*.deb" >/dev/null || packages=0 plain=0
	((packages || plain)) || return 0
	disk=$work/root.ext4
	"$here/mkdisk" "$image" "$source_dir/build-packages" "$disk"
}

# stage_tests ROOT: the runner, the tests and what they need to know of the host's side.
stage_tests() {
	local root=$1 dir=$1/usr/local/lib/vmtest module file test
	install -d "$dir" "$root/etc/systemd/system/multi-user.target.wants"
	install -m 755 "$here/guest/runner" "$here"/cases/*.sh "$here"/lib/*.sh "$here/../lib/tap.sh" "$dir/"
	install -m 644 "$here/guest/units/vmtest.service" "$root/etc/systemd/system/"
	ln -s ../vmtest.service "$root/etc/systemd/system/multi-user.target.wants/"
	install -m 644 "$work/plan" "$dir/plan"
	printf '%s\n' "$cpus" >"$dir/cpus"
	((icount == 0)) || touch "$dir/deterministic"
	((x2apic == 0)) || touch "$dir/x2apic"
	[[ ${accelerator[1]} != kvm ]] || touch "$dir/kvm"
	((shell == 0)) || printf '%s %s\n' "$(stty size)" "${TERM:-linux}" >"$dir/terminal"
	for file in "${files[@]}"; do
		install -D -m 644 "${file%%:*}" "$root/${file#*:}"
	done
	install -m 644 "$source_dir/docs/quickstart.md" "$dir/"
	((!packages)) || return 0
	find "$build/tests/vm" -maxdepth 1 -type f -executable -exec install -m 755 -t "$dir" {} + \
		2>/dev/null || true
	[[ ! $modules ]] || install -m 755 "$modules/partition-probe.ko" "$dir/"
	install -m 644 "$build"/tests/vm/inmates/*.bin "$build/tests/guide/guide-controller.tar" "$dir/"
	install -m 644 "${modules:-$build/tests}/planted/cellvisor.ko" "$dir/cellvisor-planted.ko"
	for module in "$root/usr/lib/modules/$release/updates"/*.ko; do
		[[ -e $module ]] || continue
		nm -u "$module" | awk '{ print $2 }' >"$dir/undefined-symbols.$(basename "$module" .ko)"
		install -m 644 "$headers/Module.symvers" "$dir/"
	done
	# Where ./package has made them; for others than these tests it may be at it.
	for test in "${tests[@]}"; do
		[[ $(test_header "$here/cases/$test" packages no) == yes ]] || continue
		for file in "$source_dir"/build-packages/cellmgr_*.deb; do
			[[ ! -e $file ]] || install -m 644 "$file" "$dir/cellmgr.deb"
		done
	done
}

# secure_boot_arguments WORDS: adds to qemu what boots by firmware, shim and grub, with WORDS for the kernel. The firmware knows
# Microsoft's keys, by which Debian's shim is signed; shim knows Debian's and the one that it was given. Only firmware writes to
# its variables, in system management mode.
secure_boot_arguments() {
	local loaders firmware=/usr/share/OVMF esp=$work/esp
	loaders=$("$here/get-shim")
	"$here/enroll-key" "$firmware/OVMF_VARS_4M.ms.fd" "$build/tests/vm/cellvisor-signed.der" "$work/variables.fd"
	mkdir -p "$esp/EFI/BOOT" "$esp/EFI/debian"
	cp "$loaders/shimx64.efi" "$esp/EFI/BOOT/BOOTX64.EFI"
	cp "$loaders/grubx64.efi" "$esp/EFI/BOOT/grubx64.efi"
	mv "$work/initrd.cpio" "$esp/"
	cp "$image/vmlinuz" "$esp/"
	printf 'linux /vmlinuz %s\ninitrd /initrd.cpio\nboot\n' "$1" >"$esp/EFI/debian/grub.cfg"
	qemu+=(-machine smm=on -global driver=cfi.pflash01,property=secure,value=on
		-drive "if=pflash,unit=0,format=raw,readonly=on,file=$firmware/OVMF_CODE_4M.secboot.fd"
		-drive "if=pflash,unit=1,format=raw,file=$work/variables.fd"
		-drive "file=fat:$esp,if=none,id=esp,format=raw,readonly=on" -device virtio-blk-pci,drive=esp,bootindex=0)
}

# make_boot_files: the initrd with product and tests behind it.
make_boot_files() {
	local root=$work/initrd/overlay
	mkdir -p "$root" "$work/initrd/config"
	if ((!packages)); then
		stage_product "$root"
		index_modules "$root"
	fi
	stage_tests "$root"
	((${#enable[@]} == 0)) || printf '%s\n' "${enable[@]}" >"$work/initrd/config/enable"
	(cd "$work/initrd" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$work/product.cpio"
	cat "$image/initrd.cpio" "$work/product.cpio" >"$work/initrd.cpio"
	rm -rf "$work/initrd" "$work/product.cpio"
}

# What the module asks of a machine: a Linux that does not rely on KVM's services, xAPIC, four levels.
kvm_cpu='host,kvm=off,-x2apic,-la57'

# kvm_works: whether a guest under KVM is offered SVM, tried with the very kernel of the machine.
kvm_works() {
	local nested
	[[ -r /dev/kvm && -w /dev/kvm ]] || return 1
	nested=$(cat /sys/module/kvm_amd/parameters/nested 2>/dev/null || echo 0)
	[[ $nested == 1 || $nested == Y ]] || return 1
	mkdir -p "$work/probe/config"
	touch "$work/probe/config/probe"
	(cd "$work/probe" && find . | cpio -o -H newc -R 0:0 --quiet) >"$work/probe.cpio"
	cat "$image/initrd.cpio" "$work/probe.cpio" >"$work/probe-initrd.cpio"
	timeout -k 2 15 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-accel kvm -machine q35 -cpu "$kvm_cpu" -smp 2 -m 512M -kernel "$image/vmlinuz" \
		-initrd "$work/probe-initrd.cpio" -append 'console=ttyS0 quiet panic=-1' \
		-serial "file:$work/probe.log" >/dev/null 2>&1 </dev/null || return 1
	grep -qa 'probe: svm' "$work/probe.log"
}

# QEMU tells of threads only where the processor has AMD's way of telling, which TCG has, but does not
# admit: it is forced, and what TCG lacks of the rest of that processor is left out by hand.
threads_cpu=',+topoext,x-force-features=on,-rdseed,-sha-ni,-xsavec,-3dnowprefetch,-misalignsse,-osvw,-fxsr-opt,-nrip-save'

# choose_accelerator: sets accelerator (QEMU's arguments) and accelerator_text. The environment's
# CELLMGR_ACCEL=tcg or kvm decides where it is set.
#
# TCG runs all CPUs in one thread, because in every version up to 10 each FXRSTOR and XRSTOR of any
# CPU rewrites a word of the first CPU's state, not atomically (cpu_clear_ignne() in target/i386), and
# the bits for "global interrupts", "in a guest" and "nested paging" are in that word. With a thread
# for each CPU, the first one falls out of its guest, or into it, once in some million exits. Where
# CPUs have to interrupt each other at any instruction, there are threads, but all on one CPU of the
# host: there the rewriting is a single instruction that nothing comes between.
#
# x2APIC mode: QEMU 7.2's TCG has none, and Linux switches to it only where an IOMMU remaps interrupts
# and knows ids of 32 bits. The IOMMU is Intel's, which Linux drives beside any processor. With QEMU's
# amd-iommu (intremap=on,xtsup=on) Linux switches too, but interrupts of the IO-APIC do not arrive:
# its check of the timer panics, with no_timer_check it boots without them.
choose_accelerator() {
	local cpu='EPYC,+svm,+npt,+pku' tcg_threads=single
	((threads == 0)) || cpu+=$threads_cpu
	qemu_program="qemu-system-x86_64"
	host_cpu=''
	if ((icount || x2apic)); then
		qemu_program=$("$here/get-qemu10")
		accelerator_text='QEMU 10, TCG'
	elif [[ ${CELLMGR_ACCEL:-} == kvm ]] || { [[ ! ${CELLMGR_ACCEL:-} ]] && kvm_works; }; then
		accelerator=(-accel kvm -cpu "$kvm_cpu")
		accelerator_text='KVM with nested virtualization'
		return
	else
		accelerator_text='TCG (emulated; no KVM with nested SVM here)'
	fi
	if ((parallel)); then
		tcg_threads=multi
		host_cpu=$(taskset -cp $$ | sed 's/.*[^0-9]//')
		accelerator_text+=', a thread for each CPU'
	fi
	accelerator=(-accel "tcg,thread=$tcg_threads")
	if ((icount)); then
		accelerator+=(-icount 'shift=0,sleep=off' -seed 1 -rtc 'base=2024-01-01,clock=vm')
		accelerator_text+=', deterministic (one instruction = one nanosecond)'
	fi
	if ((x2apic)); then
		cpu+=,+x2apic
		accelerator+=(-device 'intel-iommu,intremap=on,eim=on')
		accelerator_text+=', APICs in x2APIC mode'
	fi
	accelerator+=(-cpu "$cpu")
}

# memory_arguments: adds them to qemu. The machine may have more memory than the host, as long as it does not
# use it.
memory_arguments() {
	local node per_node per_node_cpus=$((cpus / nodes))
	if ((nodes == 1)); then
		qemu+=(-machine memory-backend=ram0
			-object "memory-backend-ram,id=ram0,size=${memory%%,*},reserve=off")
		return
	fi
	per_node=$(($(numfmt --from=iec "${memory%%,*}") / nodes))
	for ((node = 0; node < nodes; node++)); do
		qemu+=(-object "memory-backend-ram,id=ram$node,size=$per_node,reserve=off"
			-numa "node,nodeid=$node,memdev=ram$node,cpus=$((per_node_cpus * node))-$((per_node_cpus * (node + 1) - 1))")
	done
}

# machine_arguments: sets qemu, the whole command.
machine_arguments() {
	local smp=$cpus append='console=ttyS0 root=/dev/vda quiet mitigations=off cryptomgr.notests'
	((icount == 0)) || append+=' nokaslr'
	# Its check counts ticks for a moment, and panics in this mode where the host is too busy for them.
	((x2apic == 0)) || append+=' no_timer_check'
	# Its CPUs share one of the host, where each may wait longer for a turn than Linux lets one stand still (21 s).
	((parallel == 0)) || append+=' rcupdate.rcu_cpu_stall_timeout=60'
	((threads == 0)) || smp+=",sockets=1,cores=$((cpus / 2)),threads=2"
	append+=${append_words[*]:+ ${append_words[*]}}
	qemu=("$qemu_program" -nodefaults -no-user-config -display none
		"${accelerator[@]}" -machine q35 -smp "$smp" -m "$memory"
		-drive "file=$disk,if=none,id=root,format=raw,snapshot=on,cache=unsafe"
		-device virtio-blk-pci,drive=root
		-virtfs "local,path=$results,mount_tag=results,security_model=none"
		-device virtio-rng-pci
		-serial "file:$results/console.log"
		-chardev "file,id=debug,path=$results/hypervisor.log"
		-device isa-serial,chardev=debug,iobase=0x2f8,irq=3)
	memory_arguments
	if ((secure_boot)); then
		secure_boot_arguments "$append"
	else
		qemu+=(-kernel "$image/vmlinuz" -initrd "$work/initrd.cpio" -append "$append")
	fi
	((reboots)) || qemu+=(-no-reboot)
	if ((shell)); then
		qemu+=(-device virtio-serial-pci -chardev 'stdio,id=terminal,mux=on,signal=off'
			-device virtconsole,chardev=terminal)
	fi
	if ((monitor)); then
		mkfifo "$work/monitor.in" "$work/monitor.out"
		qemu+=(-chardev "pipe,id=monitor,path=$work/monitor" -mon chardev=monitor,mode=readline)
	fi
	qemu+=("${qemu_args[@]}")
	[[ ! $host_cpu ]] || qemu=(taskset -c "$host_cpu" "${qemu[@]}")
}
