// SPDX-License-Identifier: GPL-2.0-only
/* What of a CPU's registers an owner leaves behind, and what the next one finds. */
#include <errno.h>

#include "arch/x86/asm.h"
#include "arch/x86/vcpu/guest.h"
#include "core/state.h"
#include "core/subsystem.h"

/* Rows that this processor needs; found at launch, as root could change what CPUID says. */
static uint64_t present;

static bool has(const struct msr_reset *row)
{
	struct cpuid said;

	if (!row->bits)
		return true;
	/* Beyond the last leaf of a range other things are said (APM vol. 3, E.2). */
	if (cpuid(row->leaf & 0xc0000000, 0).eax < row->leaf)
		return false;
	said = cpuid(row->leaf, row->subleaf);
	return (&said.eax)[row->reg] & row->bits;
}

static int reset_init(void)
{
	present = 0;
	for (const struct msr_reset *row = vendor->msr_resets; row->last; row++) {
		if (has(row))
			present |= 1ull << (row - vendor->msr_resets);
	}
	return 0;
}

/* Linux' settings of the core, as the hypervisor finds them. */
static int reset_cpu_init(struct cpu *cpu)
{
	unsigned int n = 0;

	for (const struct msr_reset *row = vendor->msr_resets; row->last; row++) {
		for (uint32_t msr = row->first; row->as_at_launch && msr <= row->last; msr++) {
			if (n == ARCH_LAUNCH_MSRS)
				return -ENOSPC;
			if (msr_try_read(msr, &cpu->arch.launch_msrs[n]))
				cpu->arch.launch_msrs_read |= 1u << n;
			n++;
		}
	}
	return 0;
}

/* What a register does not take, or where it is not, is as it was. */
static void restore(const struct cpu *cpu, uint32_t msr, unsigned int n)
{
	uint64_t launched = cpu->arch.launch_msrs[n], value;

	/* Many have bits that are not for software: written only if there is something to undo. */
	if ((cpu->arch.launch_msrs_read >> n & 1) && msr_try_read(msr, &value) && value != launched)
		msr_try_write(msr, launched);
}

static void reset_cpu_reset(struct cpu *cpu)
{
	unsigned int launched = 0;

	for (const struct msr_reset *row = vendor->msr_resets; row->last; row++) {
		bool there = present >> (row - vendor->msr_resets) & 1;
		uint64_t value = there && row->make ? row->make() : row->value;

		for (uint32_t msr = row->first; msr <= row->last; msr++) {
			if (row->as_at_launch)
				restore(cpu, msr, launched++);
			else if (there)
				msr_try_write(msr, value);
		}
	}
}

/* An area of XRSTOR and FXRSTOR that holds nothing: all exceptions masked, no component present. */
static const struct {
	uint8_t legacy[512];
	uint64_t header[8];
} empty_xsave_area __attribute__((aligned(64))) = {
	.legacy = {[0] = 0x7f, [1] = 0x03 /* FCW */, [24] = 0x80, [25] = 0x1f /* MXCSR */},
};

/*
 * XRSTOR gives each component that the area does not hold its initial value, whichever this
 * processor has (APM vol. 4, XRSTOR). Without XSaveErPtr it leaves the x87 pointers as they are
 * where no exception is pending: an instruction before it makes them ours (APM vol. 4, FXRSTOR).
 */
static void clear_vectors(void)
{
	static const uint32_t zero;
	struct cpuid all;

	write_cr0(read_cr0() & ~CR0_TS);
	asm volatile("fnclex; emms; fildl %0" : : "m"(zero));
	if (cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		all = cpuid(CPUID_XSTATE, 0); /* EDX:EAX: all that XCR0 may have */
		xsetbv(0, (uint64_t)all.edx << 32 | all.eax);
		asm volatile("xrstor64 %0" : : "m"(empty_xsave_area), "a"(all.eax), "d"(all.edx));
		xsetbv(0, XCR0_X87);
	}
	asm volatile("fxrstor64 %0" : : "m"(empty_xsave_area));
}

void cpu_clear_unswitched(void)
{
	clear_vectors();
	asm volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3" : : "r"(0ull));
}

SUBSYSTEM(15, reset_subsystem) = {
	.name = "reset",
	.init = reset_init,
	.cpu_init = reset_cpu_init,
	.cpu_reset = reset_cpu_reset,
};
