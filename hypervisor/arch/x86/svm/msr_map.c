// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/svm/svm.h"

#include "arch/x86/logic/apic_rights.h"
#include "arch/x86/msr.h"
#include "arch/x86/svm.h"

/* The numbers of AMD's own registers lie behind those of the common ones. */
const struct msr_rule svm_msr_rules[] = {
#include "arch/x86/logic/msr_policy.inc"
#include "arch/x86/svm/msr_policy.inc"
	MSR_RULES_END};
_Static_assert(sizeof(svm_msr_rules) <= MSR_RULES_MAX * sizeof(struct msr_rule), "row numbers");

const struct msr_constant svm_msr_constants[] = {
	{MSR_VM_CR, VM_CR_SVMDIS},
	{MSR_HWCR, HWCR_TSC_FREQ_SEL},
	{0},
};

/* APM vol. 2, 15.11: three ranges one after the other, two bits an MSR, reads and writes. */
static const uint32_t ranges[] = {0, 0xc0000000, 0xc0010000};
#define RANGE_MSRS 0x2000u

static bool passes(bool root, uint32_t msr, bool write)
{
	return msr_policy(root, msr, write) == MSR_PASS || apic_msr_passes(root, msr, write);
}

void svm_msr_map_fill(uint8_t *map, bool root)
{
	unsigned int bit = 0;

	for (unsigned int range = 0; range < sizeof(ranges) / sizeof(ranges[0]); range++) {
		for (uint32_t msr = ranges[range]; msr < ranges[range] + RANGE_MSRS; msr++) {
			if (!passes(root, msr, false))
				map[bit / 8] |= 1u << (bit % 8);
			if (!passes(root, msr, true))
				map[bit / 8] |= 2u << (bit % 8);
			bit += 2;
		}
	}
}
