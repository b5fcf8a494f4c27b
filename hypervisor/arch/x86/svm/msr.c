// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD's MSRs: who may use them, and those that root may write (svm/msr_policy.inc) and that stay
 * when a CPU changes hands: APM vol. 2, appendix A; processor programming references of families
 * 17h and 19h.
 */
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/logic/apic_rights.h"
#include "arch/x86/svm.h"
#include "arch/x86/svm/svm.h"

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
#define RANGES	   (sizeof(ranges) / sizeof(ranges[0]))
#define RANGE_MSRS 0x2000u

static bool traps(bool root, uint32_t msr, bool write)
{
	return msr_policy(root, msr, write) != MSR_PASS && !apic_msr_passes(root, msr, write);
}

static void fill_one(uint8_t *map, bool root, uint32_t msr)
{
	for (unsigned int range = 0; range < RANGES; range++) {
		unsigned int n = msr - ranges[range], bit = n % 4 * 2;
		uint8_t *at = map + range * RANGE_MSRS / 4;

		if (n < RANGE_MSRS)
			at[n / 4] = (at[n / 4] & ~(3u << bit)) | traps(root, msr, false) << bit |
				    traps(root, msr, true) << (bit + 1);
	}
}

void svm_msr_map_fill(uint8_t *map, bool root)
{
	/* What no row names; it is most, and nobody shall wait for each of them. */
	memset(map, root ? 0 : 0xff, RANGES * RANGE_MSRS / 4);
	for (const struct msr_rule *rule = svm_msr_rules; rule->first != ~0u; rule++) {
		for (uint32_t msr = rule->first; msr <= rule->last; msr++)
			fill_one(map, root, msr);
	}
}

/* As fast as it can be, without a choice (PPR, CPPC Request): a cell cannot ask for more later. */
static uint64_t full_speed(void)
{
	uint64_t highest = 0xff, capabilities;

	if (msr_try_read(MSR_CPPC_CAP1, &capabilities))
		highest = capabilities >> 24 & 0xff;
	return highest << 8 | highest;
}

#define AT_LAUNCH .as_at_launch = true

/* Values that are not named are 0. */
const struct msr_reset svm_msr_resets[] = {
#include "arch/x86/vcpu/msr_reset.inc"
	/* What CPUID says, how the core works: Linux sets it once, by the processor's model. */
	{MSRS(MSR_CPUID_FIRST, MSR_CPUID_LAST), AT_LAUNCH},
	{MSRS(MSR_HWCR, MSR_HWCR), AT_LAUNCH},
	{MSRS(MSR_WATCHDOG_CFG, MSR_WATCHDOG_CFG), AT_LAUNCH},
	{MSRS(MSR_CSTATE_CFG, MSR_CSTATE_CFG), AT_LAUNCH},
	{MSRS(MSR_LS_CFG, MSR_DR0_MASK - 1), AT_LAUNCH},
	{MSRS(MSR_FP_CFG, MSR_CORE_CFG_LAST), AT_LAUNCH},
	{MSRS(MSR_CHICKEN_FIRST, MSR_CHICKEN_LAST), AT_LAUNCH},
	/* Counters and samples: of a cell's work they are nobody's to take. */
	{MSRS(MSR_PERF_LEGACY_FIRST, MSR_PERF_LEGACY_LAST)},
	{MSRS(MSR_PERF_CORE_FIRST, MSR_PERF_CORE_LAST), WHERE(0x80000001, ECX, 1u << 23)},
	{MSRS(MSR_PERF_GLOBAL_CTL, MSR_PERF_GLOBAL_CTL), WHERE(0x80000022, EAX, 1u << 0)},
	{MSRS(MSR_LBR_SELECT, MSR_DBG_EXTN_CFG), WHERE(0x80000022, EAX, 1u << 1)},
	{MSRS(MSR_IBS_FETCH_CTL, MSR_IBS_FETCH_CTL), WHERE(0x80000001, ECX, 1u << 10)},
	{MSRS(MSR_IBS_OP_CTL, MSR_IBS_OP_CTL), WHERE(0x80000001, ECX, 1u << 10)},
	{MSRS(MSR_LWP_CFG, MSR_LWP_CFG), WHERE(0x80000001, ECX, 1u << 15)},
	/* Breakpoints of the next owner are as wide as it says. */
	{MSRS(MSR_DR1_MASK, MSR_DR3_MASK), WHERE(0x80000001, ECX, 1u << 26)},
	{MSRS(MSR_DR0_MASK, MSR_DR0_MASK), WHERE(0x80000001, ECX, 1u << 26)},
	/* Power: the highest performance state. */
	{MSRS(MSR_PSTATE_CTL, MSR_PSTATE_CTL), WHERE(0x80000007, EDX, 1u << 7)},
	{MSRS(MSR_CPPC_REQUEST, MSR_CPPC_REQUEST), .make = full_speed,
	 WHERE(0x80000008, EBX, 1u << 27)},
	{MSRS(MSR_PREFETCH_CONTROL, MSR_PREFETCH_CONTROL), WHERE(0x80000021, EAX, 1u << 13)},
	{MSRS(MSR_SPEC_CTRL, MSR_SPEC_CTRL),
	 WHERE(0x80000008, EBX, 1u << 14 | 1u << 15 | 1u << 24)},
	/* Last: what branches the owner before has taken predicts nobody else's. */
	{MSRS(MSR_PRED_CMD, MSR_PRED_CMD), .value = PRED_CMD_IBPB,
	 WHERE(0x80000008, EBX, 1u << 12)},
	{0},
};
