// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiled with AVX and linked with inmate_avx: whether the program and its interrupt handlers have
 * registers of 256 bits each to themselves, on each CPU.
 *
 * Parameters:
 *   cpus=N  how many CPUs to expect (1)
 */
#include "arch/x86/x86.h"
#include "report.h"

#define SECOND	1000000000ull
#define LANES	4
#define FACTORS 12

typedef double vector __attribute__((vector_size(LANES * sizeof(double))));

struct work {
	unsigned int ticks;
	bool same;
};

/* Clears all of them. */
static void disturb(void *argument)
{
	struct work *work = argument;

	__atomic_fetch_add(&work->ticks, 1, __ATOMIC_RELAXED);
	asm volatile("vzeroall"
		     :
		     :
		     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
		       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* Keeps a dozen vectors in registers. */
static vector __attribute__((noipa)) calculate(unsigned int rounds)
{
	vector sums[FACTORS], total = {0};

	for (unsigned int f = 0; f < FACTORS; f++)
		sums[f] = (vector){f, f + 1, f + 2, f + 3};
	for (unsigned int n = 0; n < rounds; n++) {
#pragma GCC unroll 12
		for (unsigned int f = 0; f < FACTORS; f++)
			sums[f] = sums[f] * 1.0000001 + 0.5;
	}
	for (unsigned int f = 0; f < FACTORS; f++)
		total += sums[f];
	return total;
}

static bool is_same(vector a, vector b)
{
	for (unsigned int lane = 0; lane < LANES; lane++) {
		if (a[lane] != b[lane])
			return false;
	}
	return true;
}

static void work_disturbed(void *argument)
{
	struct work *work = argument;
	vector alone = calculate(3000);

	work->same = alone[3] != alone[0];
	timer_start_periodic(5000, disturb, work);
	for (unsigned int n = 0; n < 2000 && __atomic_load_n(&work->ticks, __ATOMIC_RELAXED) < 100;
	     n++)
		work->same &= is_same(calculate(3000), alone);
	timer_stop();
}

void inmate_main(void)
{
	static const char *const names[] = {"cpus", NULL};
	static struct work works[INMATE_MAX_CPUS];
	unsigned int cpus;
	uint64_t begin;

	params_require_known(names);
	cpus = param_int_or_fail("cpus", 1, 1, INMATE_MAX_CPUS);
	check(read_cr4() & CR4_OSXSAVE, "AVX is on");
	interrupts_enable();
	work_disturbed(&works[0]);
	check(works[0].ticks >= 100, "interrupts came during the calculation");
	check(works[0].same, "interrupt handlers leave the program its wide registers");
	is(smp_start(SECOND), cpus, "all CPUs of the cell start");
	for (unsigned int n = 1; n < cpus; n++) {
		smp_run(n, work_disturbed, &works[n]);
		begin = time_ns();
		while (smp_busy(n) && time_ns() - begin < 5 * SECOND)
			cpu_relax();
		check(!smp_busy(n) && works[n].ticks >= 100 && works[n].same,
		      "another CPU has AVX as well");
	}
	interrupts_disable();
	report_end();
}
