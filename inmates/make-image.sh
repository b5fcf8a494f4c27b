#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes a flat image of a linked inmate, if it is one that can run without an operating system.
# Usage: make-image.sh ELF IMAGE. The linker has left ELF.map beside it.
set -eu
export LC_ALL=C
elf=$1 map=$1.map image=$2

refuse() {
	echo "$elf: $1" >&2
	exit 1
}

missing=$(nm -u "$elf")
[ -z "$missing" ] || refuse "undefined symbols: $missing"

# From the C library only what calculates. What else gets linked (output, memory, locks) ends in
# system calls.
functions='sin|cos|tan|sincos|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh'
functions="$functions|exp|exp2|exp10|expm1|expo2|log|log2|log10|log1p|pow|sqrt|cbrt|hypot"
functions="$functions|floor|ceil|trunc|l{0,2}round|l{0,2}rint|nearbyint|fenv|fe[gs]etround|fmod|remainder|remquo"
functions="$functions|fabs|fmin|fmax|fdim|fma|copysign|nextafter|nexttoward|nan|frexp|ldexp|modf"
functions="$functions|ilogb|logb|scalb|scalbn|scalbln|erf|tgamma|lgamma|lgamma[fl]?_r|signgam|significand|j0|j1|jn"
functions="$functions|rem_pio2|rem_pio2_large|invtrig|polevl|fpclassify|signbit|finite"
functions="$functions|math_(divzero|invalid|oflow|uflow|xflow)"
strangers=$(sed -n 's/^[^ ].*libc\.a(\([^)]*\)).*/\1/p' "$map" | sort -u |
	grep -Evx "(__)?($functions)(df|f|l)?(_data)?\.lo" || :)
[ -z "$strangers" ] || refuse "linked from the C library, but no mathematical function: $strangers"

if objdump -d "$elf" | grep -Eq '[[:space:]](syscall|sysenter|int[[:space:]]+\$0x80)'; then
	refuse "contains system calls"
fi

# Sections that the layout does not know (thread-local data, constructors, a global offset table)
# would need a C runtime to set them up.
unknown=$(objdump -h "$elf" | awk '/^ *[0-9]+ / { name = $2 } / ALLOC/ { print name }' |
	grep -Evx '\.(boot|command_line|text|rodata|data|bss)' || :)
[ -z "$unknown" ] || refuse "has sections that the layout does not know: $unknown"

[ "$(nm "$elf" | sed -n 's/ [TtW] inmate_entry$//p')" = 0000000000000000 ] ||
	refuse "the entry is not at 0"

objcopy -O binary "$elf" "$image"
