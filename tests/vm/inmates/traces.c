// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks for what an earlier owner of this CPU has left in its registers, then puts a stain into
 * each of them, shows that it finds the stains, and leaves them there: for whoever is next.
 *
 * Console: a line "trace: NAME VALUE" for each register that is not as after a reset, then
 * "traces: N at the start"; after that "stains: N of M found". Then it waits to be stopped.
 */
#include "inmate.h"
#include "arch/x86/apic.h"
#include "arch/x86/x86.h"

#define STAIN	   0x5a3c5a3cu
#define WIDE_STAIN 0x5a3c5a3c5a3c5a3cull

#define STAIN_VECTOR 0x5a

#define XCR0_ALL (XCR0_X87 | XCR0_SSE | XCR0_AVX)

enum place_kind { PLACE_MSR, PLACE_APIC, PLACE_DEBUG, PLACE_CR2, PLACE_PENDING };

struct place {
	const char *name;
	enum place_kind kind;
	uint32_t number;
	uint64_t initial, stain;
};

/* Values after a reset: APM vol. 2, 14.1.3 and 16.3.2. */
static const struct place places[] = {
	{"SYSENTER_CS", PLACE_MSR, MSR_SYSENTER_CS, 0, 0x5a3c},
	{"SYSENTER_ESP", PLACE_MSR, MSR_SYSENTER_ESP, 0, STAIN},
	{"SYSENTER_EIP", PLACE_MSR, MSR_SYSENTER_EIP, 0, STAIN},
	{"PAT", PLACE_MSR, MSR_PAT, 0x0007040600070406, 0x0606060606060606},
	{"STAR", PLACE_MSR, MSR_STAR, 0, WIDE_STAIN},
	{"LSTAR", PLACE_MSR, MSR_LSTAR, 0, STAIN},
	{"CSTAR", PLACE_MSR, MSR_CSTAR, 0, STAIN},
	{"SFMASK", PLACE_MSR, MSR_SFMASK, 0, STAIN},
	{"KERNEL_GS_BASE", PLACE_MSR, MSR_KERNEL_GS_BASE, 0, STAIN},
	{"TSC_AUX", PLACE_MSR, MSR_TSC_AUX, 0, STAIN},
	{"SPEC_CTRL", PLACE_MSR, MSR_SPEC_CTRL, 0, 2},
	{"DR0", PLACE_DEBUG, 0, 0, STAIN},
	{"DR1", PLACE_DEBUG, 1, 0, STAIN},
	{"DR2", PLACE_DEBUG, 2, 0, STAIN},
	{"DR3", PLACE_DEBUG, 3, 0, STAIN},
	{"DR6", PLACE_DEBUG, 6, 0xffff0ff0, 0xffff0fff},
	{"DR7", PLACE_DEBUG, 7, 0x400, 0x455},
	{"CR2", PLACE_CR2, 0, 0, STAIN},
	{"APIC LVT of the performance counters", PLACE_APIC, APIC_LVT_PERF, LVT_MASKED,
	 LVT_MASKED | STAIN_VECTOR},
	{"APIC timer divider", PLACE_APIC, APIC_TIMER_DIVIDE, TIMER_DIVIDE_16, 0xb},
	{"APIC timer", PLACE_APIC, APIC_TIMER_INITIAL, 0, STAIN},
	{"APIC ICR, upper half", PLACE_APIC, APIC_ICR_HIGH, 0, 0x5a000000},
	/* Last: sending it needs the ICR. */
	{"pending interrupts", PLACE_PENDING, 0, 0, 1},
};

#define NUM_PLACES (sizeof(places) / sizeof(places[0]))

static uint32_t apic_read(uint32_t offset)
{
	return *(volatile uint32_t *)(APIC_PHYS + offset);
}

static void apic_write(uint32_t offset, uint32_t value)
{
	asm volatile("movl %0, (%1)" : : "r"(value), "r"(APIC_PHYS + offset) : "memory");
}

static unsigned int pending_interrupts(void)
{
	unsigned int count = 0; /* of registers that are not empty */

	for (unsigned int n = 0; n < 8; n++)
		count += apic_read(APIC_IRR + n * 0x10) != 0;
	return count;
}

static uint64_t debug_read(unsigned int number)
{
	uint64_t value = 0;

	switch (number) {
	case 0:
		asm volatile("mov %%dr0, %0" : "=r"(value));
		break;
	case 1:
		asm volatile("mov %%dr1, %0" : "=r"(value));
		break;
	case 2:
		asm volatile("mov %%dr2, %0" : "=r"(value));
		break;
	case 3:
		asm volatile("mov %%dr3, %0" : "=r"(value));
		break;
	case 6:
		asm volatile("mov %%dr6, %0" : "=r"(value));
		break;
	case 7:
		asm volatile("mov %%dr7, %0" : "=r"(value));
		break;
	}
	return value;
}

static void debug_write(unsigned int number, uint64_t value)
{
	switch (number) {
	case 0:
		asm volatile("mov %0, %%dr0" : : "r"(value));
		break;
	case 1:
		asm volatile("mov %0, %%dr1" : : "r"(value));
		break;
	case 2:
		asm volatile("mov %0, %%dr2" : : "r"(value));
		break;
	case 3:
		asm volatile("mov %0, %%dr3" : : "r"(value));
		break;
	case 6:
		asm volatile("mov %0, %%dr6" : : "r"(value));
		break;
	case 7:
		asm volatile("mov %0, %%dr7" : : "r"(value));
		break;
	}
}

static uint64_t place_read(const struct place *place)
{
	switch (place->kind) {
	case PLACE_MSR:
		return rdmsr(place->number);
	case PLACE_APIC:
		return apic_read(place->number);
	case PLACE_DEBUG:
		return debug_read(place->number);
	case PLACE_CR2:
		return read_cr2();
	case PLACE_PENDING:
		return pending_interrupts();
	}
	return 0;
}

static void place_write(const struct place *place)
{
	switch (place->kind) {
	case PLACE_MSR:
		wrmsr(place->number, place->stain);
		break;
	case PLACE_APIC:
		apic_write(place->number, place->stain);
		break;
	case PLACE_DEBUG:
		debug_write(place->number, place->stain);
		break;
	case PLACE_CR2:
		write_cr2(place->stain);
		break;
	case PLACE_PENDING:
		apic_send(apic_id(), ICR_ASSERT | STAIN_VECTOR);
		break;
	}
}

/* ---- x87, SSE and, where the processor has it, AVX ------------------------------------------- */

/* An area of FXSAVE and XSAVE: from 32 on x87 registers and from 160 on XMM registers, 16 bytes
 * each (APM vol. 2, 11.4.4). */
static uint8_t area[4096] __attribute__((aligned(64)));
#define AREA_X87      32
#define AREA_XMM      160
#define AREA_HEADER   512
#define X87_REGISTERS 8
#define XMM_REGISTERS 16

static uint32_t avx_offset; /* of the upper halves of the YMM registers; 0: there are none */

static uint64_t xcr0_read(void)
{
	uint32_t low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (uint64_t)high << 32;
}

/* Returns what XCR0 was, or its initial value where there is no XSAVE. */
static uint64_t vectors_setup(void)
{
	uint32_t eax, ebx, ecx, edx;
	uint64_t initial;

	cpuid(1, &eax, &ebx, &ecx, &edx);
	if (!(ecx & CPUID_1_ECX_XSAVE))
		return XCR0_X87;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	initial = xcr0_read();
	cpuid(CPUID_XSTATE, &eax, &ebx, &ecx, &edx);
	if ((eax & XCR0_ALL) != XCR0_ALL)
		return initial;
	asm volatile("xsetbv" : : "a"(XCR0_ALL), "d"(0), "c"(0));
	eax = CPUID_XSTATE;
	ecx = 2;
	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	avx_offset = ebx;
	return initial;
}

static unsigned int vector_places(void)
{
	return X87_REGISTERS + 2 * XMM_REGISTERS + (avx_offset ? 2 * XMM_REGISTERS : 0);
}

/* The place of the n-th 64-bit piece of a register in the area. */
static uint64_t *vector_place(unsigned int n)
{
	if (n < X87_REGISTERS)
		return (uint64_t *)(area + AREA_X87 + n * 16);
	n -= X87_REGISTERS;
	if (n < 2 * XMM_REGISTERS)
		return (uint64_t *)(area + AREA_XMM + n * 8);
	return (uint64_t *)(area + avx_offset + (n - 2 * XMM_REGISTERS) * 8);
}

static void vectors_save(void)
{
	memset(area, 0, sizeof(area));
	if (avx_offset)
		asm volatile("xsave64 %0" : "=m"(area) : "a"(XCR0_ALL), "d"(0));
	else
		asm volatile("fxsave64 %0" : "=m"(area));
}

/* How many pieces hold this value. */
static unsigned int vectors_find(uint64_t stain)
{
	unsigned int found = 0;

	vectors_save();
	for (unsigned int n = 0; n < vector_places(); n++)
		found += *vector_place(n) == stain;
	return found;
}

static void vectors_stain(void)
{
	vectors_save();
	for (unsigned int n = 0; n < vector_places(); n++)
		*vector_place(n) = WIDE_STAIN;
	if (avx_offset) {
		*(uint64_t *)(area + AREA_HEADER) = XCR0_ALL;
		asm volatile("xrstor64 %0" : : "m"(area), "a"(XCR0_ALL), "d"(0));
	} else {
		asm volatile("fxrstor64 %0" : : "m"(area));
	}
}

/* ---- The program ----------------------------------------------------------------------------- */

/* Whether this processor has it (APM vol. 3, 8000_0001 EDX[27], 8000_0008 EBX[15]). */
static bool has(const struct place *place)
{
	uint32_t eax, ebx, ecx, edx;

	if (place->kind != PLACE_MSR)
		return true;
	if (place->number == MSR_TSC_AUX) {
		cpuid(0x80000001, &eax, &ebx, &ecx, &edx);
		return edx & CPUID_8000_0001_EDX_RDTSCP;
	}
	cpuid(0x80000008, &eax, &ebx, &ecx, &edx);
	return place->number != MSR_SPEC_CTRL || (ebx & 1u << 15);
}

static unsigned int report(const char *name, uint64_t value, uint64_t initial)
{
	if (value == initial)
		return 0;
	console_printf("trace: %s 0x%lx\n", name, value);
	return 1;
}

static void look(void)
{
	/* Before anything is printed: that could use vector registers. */
	uint64_t xcr0 = vectors_setup();
	unsigned int found = 0, stained = vectors_find(WIDE_STAIN);

	found += report("XCR0", xcr0, XCR0_X87);
	found += report("stained FPU and vector registers", stained, 0);
	for (unsigned int n = 0; n < NUM_PLACES; n++) {
		if (has(&places[n]))
			found += report(places[n].name, place_read(&places[n]), places[n].initial);
	}
	console_printf("traces: %u at the start\n", found);
}

static void leave(void)
{
	for (unsigned int n = 0; n < NUM_PLACES; n++) {
		if (has(&places[n]))
			place_write(&places[n]);
	}
	vectors_stain();
}

static void find_again(void)
{
	unsigned int found = vectors_find(WIDE_STAIN), all = vector_places();

	for (unsigned int n = 0; n < NUM_PLACES; n++) {
		if (!has(&places[n]))
			continue;
		all++;
		found += place_read(&places[n]) != places[n].initial;
	}
	console_printf("stains: %u of %u found, %u in vector registers\n", found, all,
		       vector_places());
}

void inmate_main(void)
{
	look();
	leave();
	find_again();
	leave();
	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST)
		cpu_relax();
	inmate_shut_down();
}
