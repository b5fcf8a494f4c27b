// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one owner of a CPU leaves in its model-specific registers the next one does not find: every
 * register that stays when a CPU changes hands, written down a second time, with the manuals'
 * numbers.
 */
#include "arch/x86/asm.h"

#include "arch/x86/logic/msr_policy.h"
#include "core/subsystem.h"
#include "fake_machine.h"

#include "tests/lib/tap.h"

#define ALL    (~0u)
#define STAIN  0x5a3c5a3c5a3c5a3cull
#define LAUNCH 0x1111222233334444ull

enum expected { ZERO, ONE, FASTEST, AS_AT_LAUNCH };

/* optional: the processor has it only where CPUID says so. */
static const struct {
	uint32_t first, last;
	enum expected expected;
	bool optional;
	const char *name;
} left_behind[] = {
	{0x48, 0x48, ZERO, true, "speculation control"},
	{0x49, 0x49, ONE, true, "the branch predictor's barrier"},
	{0x1d9, 0x1d9, ZERO, false, "DEBUGCTL"},
	{0x6a0, 0x6a0, ZERO, true, "user mode's shadow stack control"},
	{0x6a4, 0x6a7, ZERO, true, "shadow stack pointers"},
	{0xc8f, 0xc8f, ZERO, true, "the class of the shared cache"},
	{0xda0, 0xda0, ZERO, true, "XSS"},
	{0xc0000103, 0xc0000103, ZERO, true, "TSC_AUX"},
	{0xc0000105, 0xc0000105, ZERO, true, "lightweight profiling"},
	{0xc0000108, 0xc0000108, ZERO, true, "prefetch control"},
	{0xc000010e, 0xc000010f, ZERO, true, "branch records"},
	{0xc0000301, 0xc0000301, ZERO, true, "the counters' global control"},
	{0xc0010000, 0xc0010007, ZERO, false, "four performance counters"},
	{0xc0010015, 0xc0010015, AS_AT_LAUNCH, false, "hardware configuration"},
	{0xc0010062, 0xc0010062, ZERO, true, "the performance state"},
	{0xc0010074, 0xc0010074, AS_AT_LAUNCH, false, "the processor's watchdog"},
	{0xc0010200, 0xc001020b, ZERO, true, "six performance counters"},
	{0xc0010296, 0xc0010296, AS_AT_LAUNCH, false, "power state configuration"},
	{0xc00102b3, 0xc00102b3, FASTEST, true, "the performance request"},
	{0xc0011002, 0xc0011005, AS_AT_LAUNCH, false, "what CPUID says"},
	{0xc0011019, 0xc001101b, ZERO, true, "three breakpoints' masks"},
	{0xc0011020, 0xc0011026, AS_AT_LAUNCH, false, "core configuration"},
	{0xc0011027, 0xc0011027, ZERO, true, "the first breakpoint's mask"},
	{0xc0011028, 0xc001102f, AS_AT_LAUNCH, false, "more core configuration"},
	{0xc0011030, 0xc0011030, ZERO, true, "sampling of fetches"},
	{0xc0011033, 0xc0011033, ZERO, true, "sampling of operations"},
	{0xc00110e0, 0xc00110e3, AS_AT_LAUNCH, false, "workarounds' switches"},
};
#define COUNT (sizeof(left_behind) / sizeof(left_behind[0]))

static struct cpu *cpu;
static bool cpuid_ends;

/* The hypervisor comes to a processor whose CPUID says this everywhere. */
static void launch(uint32_t cpuid_bits, bool (*faults)(uint32_t msr))
{
	machine_open(NULL);
	cpu = cpu_by_id(1);
	machine.msr_faults = faults;
	for (size_t n = 0; n < COUNT; n++) {
		for (uint32_t msr = left_behind[n].first; msr <= left_behind[n].last; msr++)
			wrmsr(msr, LAUNCH);
	}
	machine.cpuid_bits = cpuid_bits;
	machine.cpuid_ends = cpuid_ends;
	if (subsystems_init() < 0 || subsystems_cpu_init(cpu) < 0)
		machine_give_up("the subsystems do not open");
}

static void change_owner(void)
{
	for (size_t n = 0; n < COUNT; n++) {
		for (uint32_t msr = left_behind[n].first; msr <= left_behind[n].last; msr++)
			wrmsr(msr, STAIN);
	}
	wrmsr(MSR_CPPC_CAP1, 0xe3102030);
	machine.msr_writes = 0;
	subsystems_cpu_reset(cpu);
}

static uint64_t value_of(enum expected expected)
{
	switch (expected) {
	case ONE:
		return 1;
	case FASTEST:
		return 0xe3e3;
	case AS_AT_LAUNCH:
		return LAUNCH;
	default:
		return 0;
	}
}

static size_t row_of(uint32_t msr)
{
	size_t n = 0;

	while (n < COUNT - 1 && msr > left_behind[n].last)
		n++;
	return n;
}

static bool all_hold(size_t row, uint64_t value)
{
	for (uint32_t msr = left_behind[row].first; msr <= left_behind[row].last; msr++) {
		if (rdmsr(msr) != value)
			return false;
	}
	return true;
}

static bool named(uint32_t msr)
{
	for (size_t n = 0; n < COUNT; n++) {
		if (msr >= left_behind[n].first && msr <= left_behind[n].last)
			return true;
	}
	return false;
}

static void test_everything(struct tap *tap)
{
	unsigned int others = 0;

	launch(ALL, NULL);
	change_owner();
	for (size_t n = 0; n < COUNT; n++)
		tap_ok(tap, all_hold(n, value_of(left_behind[n].expected)), "%s is reset",
		       left_behind[n].name);
	for (unsigned int n = 0; n < machine.num_msrs; n++)
		others += !named(machine.msrs[n].number) && machine.msrs[n].number != MSR_CPPC_CAP1;
	tap_is_u64(tap, others, 0, "no other register is touched");
	machine.msr_writes = 0;
	/* Root takes a feature back from CPUID, which the core can do. */
	machine.cpuid_bits = 0;
	change_owner();
	tap_ok(tap, all_hold(row_of(MSR_SPEC_CTRL), 0) && all_hold(row_of(MSR_PERF_CORE_FIRST), 0),
	       "what the processor had at launch is reset, whatever CPUID says later");
}

static void test_nothing(struct tap *tap, bool ends)
{
	unsigned int wrong = 0;

	cpuid_ends = ends;
	launch(ends ? ALL : 0, NULL);
	change_owner();
	for (size_t n = 0; n < COUNT; n++) {
		uint64_t value =
			left_behind[n].optional ? STAIN : value_of(left_behind[n].expected);

		if (all_hold(n, value))
			continue;
		wrong++;
		tap_note(tap, "  %s", left_behind[n].name);
	}
	tap_is_u64(tap, wrong, 0, "a processor without a register is not asked for it%s",
		   ends ? ", whatever it says behind its last leaf" : "");
	cpuid_ends = false;
}

static bool is_core_configuration(uint32_t msr)
{
	return msr >= 0xc0011020 && msr <= 0xc00110ff;
}

/* Another model: where there is nothing to read at launch, nothing is written. */
static void test_other_model(struct tap *tap)
{
	launch(ALL, is_core_configuration);
	machine.msr_faults = NULL;
	change_owner();
	tap_ok(tap,
	       all_hold(row_of(MSR_LS_CFG), STAIN) && all_hold(row_of(MSR_FP_CFG), STAIN) &&
		       all_hold(row_of(MSR_CHICKEN_FIRST), STAIN),
	       "what could not be read at launch is left alone");
	tap_ok(tap, all_hold(row_of(MSR_HWCR), LAUNCH), "the rest is as it was then");
	launch(ALL, NULL);
	subsystems_cpu_reset(cpu);
	machine.msr_writes = 0;
	wrmsr(0xc0010015, STAIN);
	subsystems_cpu_reset(cpu);
	change_owner();
	tap_ok(tap, all_hold(row_of(MSR_HWCR), LAUNCH), "another owner's are taken back again");
}

/* A register that a cell may write is reset, or its reason stands here. */
static const struct {
	uint32_t first, last;
	const char *why;
} not_reset[] = {
	{0x8b, 0x8b, "the revision's read protocol"},
	{0xfe, 0xfe, "read-only"},
	{0x174, 0x176, "switched"},
	{0x277, 0x277, "switched"},
	{0x6e0, 0x6e0, "disarmed with the timer's local vector"},
	{0xc0000081, 0xc0000084, "switched"},
	{0xc0000100, 0xc0000102, "switched"},
};

static bool accounted(uint32_t msr)
{
	for (size_t n = 0; n < sizeof(not_reset) / sizeof(not_reset[0]); n++) {
		if (msr >= not_reset[n].first && msr <= not_reset[n].last)
			return true;
	}
	return named(msr);
}

static void test_policy(struct tap *tap)
{
	static const uint32_t bases[] = {0, 0xc0000000, 0xc0010000};
	unsigned int forgotten = 0;

	machine_open(NULL);
	for (unsigned int n = 0; n < 3; n++) {
		for (uint32_t msr = bases[n]; msr < bases[n] + 0x2000; msr++) {
			if (msr_policy(false, msr, true) != MSR_PASS || accounted(msr))
				continue;
			forgotten++;
			tap_note(tap, "  0x%x", msr);
		}
	}
	tap_is_u64(tap, forgotten, 0, "all that a cell may write is reset or switched");
}

int main(void)
{
	struct tap tap = {0};

	test_everything(&tap);
	test_nothing(&tap, false);
	test_nothing(&tap, true);
	test_other_model(&tap);
	test_policy(&tap);
	return tap_done(&tap);
}
