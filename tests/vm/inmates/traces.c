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

#include "../../lib/msr_documented.h"
#include "trace_places.h"

#define XCR0_ALL (XCR0_X87 | XCR0_SSE | XCR0_AVX)

/* ---- Before the runtime library -------------------------------------------------------------- */

/* Registers that the library sets, as they were before it: each is there in every cell. */
struct early {
	uint32_t msr, low, high;
};

struct early early[] = {
	{.msr = MSR_EFER},
	{.msr = MSR_MTRR_DEF_TYPE},
	{.msr = MSR_FS_BASE},
	{.msr = MSR_GS_BASE},
	{.msr = MSR_X2APIC(APIC_TPR)},
	{.msr = MSR_X2APIC(APIC_SVR)},
	{.msr = MSR_X2APIC(APIC_ICR_LOW)},
	{.msr = MSR_X2APIC(APIC_LVT_TIMER)},
	{.msr = MSR_X2APIC(APIC_LVT_LINT0)},
	{.msr = MSR_X2APIC(APIC_LVT_LINT1)},
	{.msr = MSR_X2APIC(APIC_LVT_ERROR)},
	{.msr = 0},
};
uint16_t early_fcw = 1;
uint32_t early_mxcsr = 1;

/* At address 0, in real mode. What comes first of this section is the first file's: this one's. */
asm(".section .boot, \"awx\"\n"
    ".globl inmate_entry\n"
    ".code16\n"
    "inmate_entry:\n"
    "	cli\n"
    "	movl %cr4, %eax\n"
    "	orl $0x200, %eax\n" /* OSFXSR */
    "	movl %eax, %cr4\n"
    "	fnstcw early_fcw\n"
    "	stmxcsr early_mxcsr\n"
    "	movw $early, %si\n"
    "1:	movl (%si), %ecx\n"
    "	jecxz 2f\n"
    "	rdmsr\n"
    "	movl %eax, 4(%si)\n"
    "	movl %edx, 8(%si)\n"
    "	addw $12, %si\n"
    "	jmp 1b\n"
    "2:	jmp runtime_entry\n"
    ".code64\n"
    ".previous\n");

/* ---- Registers ------------------------------------------------------------------------------- */

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

static uint16_t fcw_read(void)
{
	uint16_t value;

	asm volatile("fnstcw %0" : "=m"(value));
	return value;
}

static void fcw_write(uint16_t value)
{
	asm volatile("fldcw %0" : : "m"(value));
}

static uint32_t mxcsr_read(void)
{
	uint32_t value;

	asm volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static void mxcsr_write(uint32_t value)
{
	asm volatile("ldmxcsr %0" : : "m"(value));
}

static uint32_t pkru_read(void)
{
	uint32_t low, high;

	write_cr4(read_cr4() | CR4_PKE);
	asm volatile("rdpkru" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static void pkru_write(uint32_t value)
{
	write_cr4(read_cr4() | CR4_PKE);
	asm volatile("wrpkru" : : "a"(value), "d"(0), "c"(0));
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
	case PLACE_FCW:
		return fcw_read();
	case PLACE_MXCSR:
		return mxcsr_read();
	case PLACE_PKRU:
		return pkru_read();
	case PLACE_PENDING:
		return pending_interrupts();
	}
	return 0;
}

/* As it was when the program began: the library has been here since. */
static uint64_t place_read_first(const struct place *place)
{
	uint32_t msr = place->kind == PLACE_APIC ? MSR_X2APIC(place->number) : place->number;

	if (place->kind == PLACE_FCW)
		return early_fcw;
	if (place->kind == PLACE_MXCSR)
		return early_mxcsr;
	for (const struct early *reg = early; reg->msr; reg++) {
		if (reg->msr == msr && (place->kind == PLACE_MSR || place->kind == PLACE_APIC))
			return place->kind == PLACE_APIC ? reg->low
							 : reg->low | (uint64_t)reg->high << 32;
	}
	return place_read(place);
}

static void place_write(const struct place *place)
{
	if (place->stain == KEEP)
		return;
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
	case PLACE_FCW:
		fcw_write(place->stain);
		break;
	case PLACE_MXCSR:
		mxcsr_write(place->stain);
		break;
	case PLACE_PKRU:
		pkru_write(place->stain);
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

static bool has(const struct place *place)
{
	uint32_t regs[4];

	for (unsigned int n = 0; n < sizeof(optional) / sizeof(optional[0]); n++) {
		if (optional[n].kind != place->kind || optional[n].number != place->number)
			continue;
		asm volatile("cpuid"
			     : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
			     : "a"(optional[n].leaf), "c"(optional[n].subleaf));
		return regs[optional[n].reg] >> optional[n].bit & 1;
	}
	return true;
}

static bool is_listed(uint32_t msr)
{
	for (unsigned int n = 0; n < sizeof(not_places) / sizeof(not_places[0]); n++) {
		if (not_places[n] == msr)
			return true;
	}
	for (unsigned int n = 0; n < NUM_PLACES; n++) {
		if (places[n].kind == PLACE_MSR && places[n].number == msr)
			return true;
	}
	return false;
}

/* Each register that a cell may write by the documented policy is looked at, or it is said why not.
 */
static unsigned int unlisted(void)
{
	unsigned int count = 0;

	for (unsigned int n = 0; n < MSR_DOCUMENTED; n++) {
		const struct msr_documented *row = &msr_documented[n];

		for (uint32_t msr = row->first; msr <= row->last; msr++) {
			if ((row->rights[1] != 'p' && row->rights[1] != 'c') || is_listed(msr))
				continue;
			console_printf("trace: nobody looks at MSR 0x%x\n", msr);
			count++;
		}
	}
	return count;
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
	unsigned int stained = vectors_find(WIDE_STAIN), found = unlisted();

	found += report("XCR0", xcr0, XCR0_X87);
	found += report("stained FPU and vector registers", stained, 0);
	for (unsigned int n = 0; n < NUM_PLACES; n++) {
		if (has(&places[n]))
			found += report(places[n].name, place_read_first(&places[n]),
					places[n].initial);
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
		if (place_read(&places[n]) != places[n].initial)
			found++;
		else
			console_printf("no stain: %s\n", places[n].name);
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
