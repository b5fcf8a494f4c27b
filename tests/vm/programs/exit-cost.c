// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an exit to the hypervisor costs, in ticks of the time-stamp counter: instructions, in the
 * deterministic machine. The least of many short series, so that interrupts do not count.
 *
 * usage: exit-cost cpuid|hypercall
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

#define SERIES 2000
#define LENGTH 16

static void do_cpuid(void)
{
	uint32_t eax = 0, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx) : : "memory");
}

/* Denied to programs, whichever it is: an exit and the shortest way back. */
static void do_hypercall(void)
{
	long result = 0;

	asm volatile("vmmcall" : "+a"(result) : "D"(0), "S"(0) : "memory");
}

static void do_nothing(void)
{
	asm volatile("" : : : "memory");
}

static uint64_t least(void (*operation)(void))
{
	uint64_t best = UINT64_MAX, start, ticks;

	for (unsigned int series = 0; series < SERIES; series++) {
		start = __rdtsc();
		for (unsigned int n = 0; n < LENGTH; n++)
			operation();
		ticks = __rdtsc() - start;
		if (ticks < best)
			best = ticks;
	}
	return best;
}

int main(int argc, char **argv)
{
	void (*operation)(void) = NULL;
	uint64_t empty;

	if (argc == 2 && strcmp(argv[1], "cpuid") == 0)
		operation = do_cpuid;
	else if (argc == 2 && strcmp(argv[1], "hypercall") == 0)
		operation = do_hypercall;
	if (!operation) {
		fprintf(stderr, "usage: exit-cost cpuid|hypercall\n");
		return 2;
	}
	empty = least(do_nothing);
	printf("%llu\n", (unsigned long long)((least(operation) - empty) / LENGTH));
	return 0;
}
