# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Which kernels there are, and the modules built for one; sourced after run-lib.sh. Uses source_dir, the tree.
# shellcheck disable=SC2154

# kernel_headers NAME: prints the directory with the headers of Debian's kernel NAME: its version, with -rt or
# -cloud behind it where it is not the plain one: 6.1, 6.1-rt, 6.12 and so on.
kernel_headers() {
	local name=$1 headers version flavour found
	headers=$("$source_dir/tests/kernels/get-headers")
	version=${name%%-*}
	flavour=${name#"$version"}
	version=${version//./\\.}
	found=$(grep -E "^$version\.[^-]*(-[0-9]+)?$flavour-amd64\$" "$headers/kernels" | sort -V | tail -n 1) ||
		die "Debian has no kernel '$name', but: $(tr '\n' ' ' <"$headers/kernels")"
	printf '%s\n' "$headers/$found"
}

# module_sources BUILD MODULE: as the build has them.
module_sources() {
	meson introspect --targets "$1" | python3 -c '
import json, sys
for target in json.load(sys.stdin):
    if target["name"] == sys.argv[1]:
        print("\n".join(file for group in target["target_sources"] for file in group["sources"]))' "$2.ko" |
		grep '\.[cS]$'
}

# build_module BUILD HEADERS MODULE RELEASE DIRECTORY [IMAGE]: DIRECTORY/MODULE.ko, and beside it what it is
# made from. IMAGE: of the hypervisor, where it is not the one that is installed.
build_module() {
	local files
	mapfile -t files < <(module_sources "$1" "$3")
	[[ $3 != cellvisor ]] || files+=("$1/hypervisor/image_build_id.h" "$1/hypervisor/${6:-cellvisor-x86.bin}")
	mkdir -p "$5"
	timeout -k 10 300 "$source_dir/kmod/build-module" "$source_dir" "$5/$3" "$4" "$5/$3.ko" \
		"$2" "${files[@]}"
}

# build_modules BUILD HEADERS: all that the machine of the tests takes. Prints the directory; says more on
# standard error. Only what has changed since the last time is built.
build_modules() {
	local build=$1 headers=$2 dir module version
	dir=$build/kernels/$(basename "$headers")
	mkdir -p "$dir"
	version=$(meson introspect --projectinfo "$build" | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])')
	(
		flock 8
		for module in cellvisor uio_ivshmem; do
			build_module "$build" "$headers" "$module" "$version" "$dir" || exit 1
		done
		build_module "$build" "$headers" cellvisor "$version" "$dir/planted" cellvisor-planted-x86.bin || exit 1
		timeout -k 10 300 "$source_dir/tests/vm/probe/build-probe" "$source_dir/tests/vm/probe" \
			"$dir/probe" "$headers" "$dir/partition-probe.ko" || exit 1
	) 8>"$dir/lock" >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		die "the modules do not build for $headers"
	}
	printf '%s\n' "$dir"
}
