// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an exit to the hypervisor costs, in ticks of the time-stamp counter: instructions, in the
 * deterministic machine. The least of many short series, so that interrupts do not count.
 *
 * usage: exit-cost cpuid|hypercall
 *        exit-cost kernel PORT: of Linux, through the probe's module; a line "TICKS RECORDED NAME"
 * for each kind of exit. The port is a cell's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

#include "cell_abi.h"
#include "tests/lib/exit_costs.h"
#include "tests/vm/probe/probe_abi.h"

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

static int kernel_costs(uint32_t port)
{
	const struct {
		const char *name;
		enum probe_cost kind;
		uint32_t argument;
		unsigned int recorded;
	} exits[] = {
		{"CPUID leaf 0", PROBE_COST_CPUID, 0, COST_CPUID_0},
		{"CPUID leaf 1", PROBE_COST_CPUID, 1, COST_CPUID_1},
		{"GET_INFO", PROBE_COST_HYPERCALL, HC_HYPERVISOR_GET_INFO, COST_GET_INFO},
		{"WRMSR EFER", PROBE_COST_WRMSR, 0xc0000080, COST_WRMSR_EFER},
		{"refused port", PROBE_COST_PORT, port, COST_REFUSED_PORT},
		{"xAPIC EOI", PROBE_COST_APIC_EOI, 0, COST_XAPIC_EOI},
		{"xAPIC ICR to itself", PROBE_COST_APIC_ICR, 0, COST_XAPIC_ICR},
	};
	int device = open(PROBE_DEVICE, O_RDWR | O_CLOEXEC);

	for (unsigned int n = 0; n < sizeof(exits) / sizeof(exits[0]); n++) {
		struct probe_request request = {
			.operation = PROBE_COST,
			.width = 8,
			.address = exits[n].kind,
			.value = exits[n].argument,
		};

		if (ioctl(device, PROBE_ACCESS, &request) < 0) {
			perror(PROBE_DEVICE);
			return 1;
		}
		printf("%llu %u %s\n", request.value, exits[n].recorded, exits[n].name);
	}
	return 0;
}

int main(int argc, char **argv)
{
	void (*operation)(void) = NULL;
	uint64_t empty;

	if (argc == 3 && strcmp(argv[1], "kernel") == 0)
		return kernel_costs(strtoul(argv[2], NULL, 0));
	if (argc == 2 && strcmp(argv[1], "cpuid") == 0)
		operation = do_cpuid;
	else if (argc == 2 && strcmp(argv[1], "hypercall") == 0)
		operation = do_hypercall;
	if (!operation) {
		fprintf(stderr, "usage: exit-cost cpuid|hypercall|kernel PORT\n");
		return 2;
	}
	empty = least(do_nothing);
	printf("%llu\n", (unsigned long long)((least(operation) - empty) / LENGTH));
	return 0;
}
