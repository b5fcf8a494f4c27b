// SPDX-License-Identifier: BSD-2-Clause
/* AVX, for programs that were linked with inmate_avx (APM vol. 2, 11.5.2). */
#include "arch/x86/cpu.h"

/* inmate.lds */
extern const uint8_t inmate_avx[];

static void write_xcr0(uint64_t value)
{
	asm volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

void avx_setup(void)
{
	uint32_t eax, ebx, ecx, edx;

	if (!link_option(inmate_avx))
		return;
	cpuid(1, &eax, &ebx, &ecx, &edx);
	if (!(ecx & CPUID_1_ECX_XSAVE) || !(ecx & CPUID_1_ECX_AVX))
		inmate_fail("this program is linked with inmate_avx, but CPU %u has no AVX",
			    cpu_index());
	write_cr4(read_cr4() | CR4_OSXSAVE);
	write_xcr0(XCR0_X87 | XCR0_SSE | XCR0_AVX);
	/* From now on interrupts store it. */
	__atomic_store_n(&this_cpu()->avx, true, __ATOMIC_SEQ_CST);
}
