// SPDX-License-Identifier: GPL-2.0-only
/*
 * msr IMAGE TRAPS: model-specific registers as the image has them, with the way back from a #GP:
 * what root reads outside the permission map, what a refusal is told as, what the owner of a CPU
 * before has left in registers.
 */
#include <stdlib.h>

#include "arch/x86/apic.h"
#include "core/cpu.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum owner { ROOT, CELL }; /* by CPU */

#define CR0_TS		8
#define BREAKPOINT	0x402 /* DR7 */
#define EVENT_INTERRUPT 0x80000030ull
#define EVENT_GP	0x80000b0dull
#define EVENT_DF	0x80000b08ull

/* A processor of family 17h with one machine check bank and little core configuration. */
static bool is_missing(uint32_t msr)
{
	return (msr >= 0xc0002010 && msr < 0xc0003000) || msr == 0xc0011021 || msr == 0xc00110e1;
}

/* RDMSR or WRMSR by a guest: whether it goes on behind it; else it gets a #GP. */
static bool access(enum owner owner, bool write, uint32_t msr, uint64_t value)
{
	struct vmcb *vmcb = sim_vmcb(owner);

	sim_write_code(owner, owner == CELL ? SIM_CELL_MEMORY : 0, write ? "\x0f\x30" : "\x0f\x32",
		       2);
	sim.cpu[owner].reg[SIM_RCX] = msr;
	sim.cpu[owner].reg[SIM_RDX] = value >> 32;
	vmcb->rax = (uint32_t)value;
	return sim_exit(owner, VMEXIT_MSR, write, 0) && vmcb->rip == SIM_CODE_AT + 2 &&
	       vmcb->event_injection == 0;
}

static bool reads(enum owner owner, uint32_t msr, uint64_t value)
{
	return access(owner, false, msr, 0) && sim_vmcb(owner)->rax == (uint32_t)value &&
	       (uint32_t)sim.cpu[owner].reg[SIM_RDX] == value >> 32;
}

static bool raises(enum owner owner, bool write, uint32_t msr)
{
	return !access(owner, write, msr, 0) && sim_vmcb(owner)->rip == SIM_CODE_AT &&
	       (uint32_t)sim_vmcb(owner)->event_injection == EVENT_GP;
}

static void test_machine_checks(struct tap *tap)
{
	*sim_msr(&sim.cpu[ROOT], 0xc0002001) = 0xdc00000000000011;
	tap_ok(tap, reads(ROOT, 0xc0002001, 0xdc00000000000011),
	       "root reads the status of a machine check bank");
	tap_ok(tap, access(ROOT, true, 0xc0002001, 0) && *sim_msr(&sim.cpu[ROOT], 0xc0002001) == 0,
	       "and clears it");
	tap_ok(tap, raises(ROOT, false, 0xc0002011) && raises(ROOT, true, 0xc0002011),
	       "a bank that is not there raises #GP in root, not in the hypervisor");
	tap_ok(tap, raises(CELL, false, 0xc0002001) && raises(CELL, true, 0xc0002001),
	       "cells have none");
}

struct stain {
	uint32_t msr;
	uint64_t launch, expected;
};

static const struct stain stains[] = {
	{0x1d9, 0, 0},
	{0xc0010000, 0, 0},
	{0xc0010007, 0, 0},
	{0xc0010015, 0x41000010, 0x41000010},
	{0xc0011020, 0x400, 0x400},
	{0xc0011029, 0x202, 0x202},
};
#define NUM_STAINS (sizeof(stains) / sizeof(*stains))

/* The local APIC's registers, each with what the next owner finds; a stained one has software
 * disabled it, and an interrupt in service. */
static const struct {
	unsigned int offset;
	uint32_t in_cell, in_root;
} apic_stains[] = {
	{APIC_TPR, 0, 0},
	{APIC_LDR, 0, 0},
	{APIC_DFR, 0xffffffff, 0xffffffff},
	{APIC_SVR, 0xff, 0xff},
	{APIC_ISR + 0x70, 0, 0},
	{APIC_ESR, 0, 0},
	{APIC_LVT_CMCI, LVT_MASKED, LVT_MASKED},
	{APIC_ICR_HIGH, 0, 0},
	{APIC_LVT_TIMER, LVT_MASKED, LVT_MASKED},
	{APIC_LVT_THERMAL, LVT_MASKED, LVT_MASKED},
	{APIC_LVT_PERF, LVT_MASKED, LVT_MASKED},
	{APIC_LVT_LINT0, LVT_MASKED, LVT_MASKED},
	{APIC_LVT_LINT1, LVT_MASKED, LVT_MASKED},
	{APIC_LVT_ERROR, LVT_MASKED, LVT_MASKED},
	{APIC_TIMER_INITIAL, 0, 0},
	{APIC_TIMER_DIVIDE, TIMER_DIVIDE_16, 0},
	{APIC_EXTENDED_LVT, LVT_MASKED, LVT_MASKED},
	{APIC_EXTENDED_LVT + 0x10, LVT_MASKED, LVT_MASKED},
	{APIC_EXTENDED_LVT + 0x20, LVT_MASKED, LVT_MASKED},
	{APIC_EXTENDED_LVT + 0x30, LVT_MASKED, LVT_MASKED},
};
#define NUM_APIC_STAINS (sizeof(apic_stains) / sizeof(*apic_stains))

#define STAIN	   0x5a
#define WIDE_STAIN 0x5a5a5a5a5a5a5a5aull
#define GUEST_PART offsetof(struct vmcb, es)

/* All that a guest on that CPU could have written. */
static void stain(void)
{
	struct sim_cpu *cpu = &sim.cpu[CELL];

	for (size_t n = 0; n < NUM_STAINS; n++)
		*sim_msr(cpu, stains[n].msr) = WIDE_STAIN;
	/* RAX and RSP are in the control block. */
	for (unsigned int n = SIM_RCX; n < SIM_REGS; n++)
		cpu->reg[n] = n == SIM_RSP ? cpu->reg[n] : WIDE_STAIN;
	for (unsigned int n = 0; n < 4; n++)
		cpu->dr[n] = WIDE_STAIN;
	for (size_t n = 0; n < NUM_APIC_STAINS; n++)
		*sim_apic(CELL, apic_stains[n].offset) = (uint32_t)WIDE_STAIN;
	memset((uint8_t *)sim_vmcb(CELL) + GUEST_PART, STAIN, sizeof(struct vmcb) - GUEST_PART);
	sim_vmcb(CELL)->interrupt_shadow = 3;
	cpu->opened = cpu->loaded = 0;
	cpu->x87_pointer = WIDE_STAIN;
	cpu->x87_control = 0;
	cpu->mxcsr = 0;
	cpu->cr[0] |= CR0_TS;
}

/* How many registers of the local APIC are not as the next owner, root or a cell, finds them. */
static unsigned int found_in_apic(struct tap *tap, enum owner owner)
{
	unsigned int count = 0;

	for (size_t n = 0; n < NUM_APIC_STAINS; n++) {
		uint32_t expected = owner == CELL ? apic_stains[n].in_cell : apic_stains[n].in_root;
		uint32_t value = *sim_apic(CELL, apic_stains[n].offset);

		if (value == expected)
			continue;
		tap_note(tap, "APIC register 0x%x: 0x%x, expected 0x%x", apic_stains[n].offset,
			 value, expected);
		count++;
	}
	return count;
}

/* How much of the rest is still there. */
static unsigned int found(void)
{
	const uint8_t *vmcb = (const uint8_t *)sim_vmcb(CELL);
	struct sim_cpu *cpu = &sim.cpu[CELL];
	unsigned int count = sim_vmcb(CELL)->interrupt_shadow;

	for (size_t n = 0; n < NUM_STAINS; n++)
		count += *sim_msr(cpu, stains[n].msr) != stains[n].expected;
	for (unsigned int n = SIM_RCX; n < SIM_REGS; n++)
		count += cpu->reg[n] == WIDE_STAIN;
	for (unsigned int n = 0; n < 4; n++)
		count += cpu->dr[n] != 0;
	count += cpu->xcr0 != 1 || cpu->opened != SIM_STATES || (cpu->cr[0] & CR0_TS);
	count += cpu->loaded != cpu->vmcb_phys;
	/* FNINIT's, and MXCSR's after a reset. */
	count += cpu->x87_pointer == WIDE_STAIN;
	count += cpu->x87_control != 0x37f || cpu->mxcsr != 0x1f80;
	for (size_t n = GUEST_PART; n < sizeof(struct vmcb); n++)
		count += vmcb[n] == STAIN;
	return count;
}

static void test_owners(struct tap *tap)
{
	stain();
	tap_ok(tap, sim_start_cell(CELL) == SIM_CELL_ID, "a cell is created and started");
	tap_is_u64(tap, found(), 0, "it finds nothing of root's in its CPU's registers");
	tap_is_u64(tap, found_in_apic(tap, CELL), 0, "nor in its local APIC");
	tap_is_u64(tap, sim.cpu[CELL].reg[SIM_RDX], 0x800f12, "but which processor it is");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	stain();
	tap_is_u64(tap, sim_hypercall(ROOT, HC_CELL_START, SIM_CELL_ID, 0), 0,
		   "the cell is started again");
	tap_is_u64(tap, found(), 0, "nothing of its own first run");
	tap_is_u64(tap, found_in_apic(tap, CELL), 0, "nor in the local APIC");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
}

/* The guest was being given an interrupt when it was ended. */
static void test_event(struct tap *tap)
{
	const struct image_header *header = (const struct image_header *)IMAGE_BASE;
	struct cpu *cpu = (struct cpu *)(IMAGE_BASE + header->core_size + CELL * CPU_BLOCK_SIZE);

	cpu->pending |= PENDING_START;
	sim_event = EVENT_INTERRUPT;
	sim_exit(CELL, VMEXIT_NMI, 0, 0);
	tap_ok(tap, sim_vmcb(CELL)->rip == 0 && !sim_vmcb(CELL)->event_injection,
	       "what was on its way to the guest before does not reach it");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
}

static void test_breakpoints(struct tap *tap)
{
	tap_ok(tap, sim.cpu[ROOT].dr[7] == 0x400 && sim_vmcb(ROOT)->dr7 == BREAKPOINT,
	       "breakpoints of Linux' are its own, and none of the hypervisor's");
}

/* The delivery of what the hypervisor has injected raises an exception itself. */
static void fault_on_delivery(unsigned int vector)
{
	sim_event = sim_vmcb(CELL)->event_injection;
	sim_exit(CELL, VMEXIT_EXCP_BASE + vector, 0, 0);
}

/* An exception that was handled, and an end somewhere else. */
static void test_other_end(struct tap *tap)
{
	sim_exit(CELL, VMEXIT_EXCP_BASE + 6, 0, 0);
	sim_vmcb(CELL)->rip += 0x100;
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	tap_is_u64(tap, sim_record() ? sim_record()->failure.vector : 0, 14,
		   "an exception of before is not the end's, elsewhere");
	sim_hypercall(ROOT, HC_CELL_START, SIM_CELL_ID, 0);
	sim_long_mode(CELL, SIM_CELL_MEMORY);
}

/* A #GP for a register that it has not, which it handles, and another one elsewhere. */
static void test_handled(struct tap *tap)
{
	raises(CELL, false, 0x17a);
	sim_vmcb(CELL)->rip += 0x100;
	sim_exit(CELL, VMEXIT_EXCP_BASE + 13, 0, 0);
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	tap_ok(tap,
	       sim_record() && sim_record()->failure.reason == FAILURE_TRIPLE_FAULT &&
		       sim_record()->failure.vector == 13,
	       "a read of before is not the end's, elsewhere");
	sim_hypercall(ROOT, HC_CELL_START, SIM_CELL_ID, 0);
	sim_long_mode(CELL, SIM_CELL_MEMORY);
}

static void test_triple_fault(struct tap *tap)
{
	const struct public_cell *cell;

	tap_ok(tap, raises(CELL, false, 0x17a), "a cell reads a register that it has not: #GP");
	fault_on_delivery(13);
	tap_is_u64(tap, (uint32_t)sim_vmcb(CELL)->event_injection, EVENT_DF,
		   "it has no handler: a double fault");
	fault_on_delivery(13);
	cell = sim_record();
	tap_ok(tap,
	       cell && cell->failed && cell->failure.reason == FAILURE_MSR_READ &&
		       cell->failure.address == 0x17a && cell->failure.rip == SIM_CODE_AT,
	       "its end is told as that read, with the register's number");
	stain();
	tap_is_u64(tap, sim_destroy_cell(), 0, "the cell is taken away");
	tap_is_u64(tap, found(), 0, "root finds nothing of it in the CPU's registers");
	tap_is_u64(tap, found_in_apic(tap, ROOT), 0, "nor in the local APIC");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	char *console;

	sim_msr_missing = is_missing;
	for (size_t n = 0; n < NUM_STAINS; n++)
		*sim_msr(&sim.cpu[CELL], stains[n].msr) = stains[n].launch;
	sim.cpu[ROOT].dr[7] = BREAKPOINT;
	sim_open(argv[1], argv[2], 2);
	test_breakpoints(&tap);
	sim_long_mode(ROOT, 0);
	test_owners(&tap);
	test_event(&tap);
	test_machine_checks(&tap);
	test_other_end(&tap);
	test_handled(&tap);
	test_triple_fault(&tap);
	console = sim_console();
	tap_ok(&tap, strstr(console, "exception") == NULL, "the hypervisor had no exception");
	free(console);
	return tap_done(&tap);
}
