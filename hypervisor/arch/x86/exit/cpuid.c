// SPDX-License-Identifier: GPL-2.0-only
/* CPUID: the signature, and less of what the processor has than it says. */
#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "arch/x86/logic/apic_rights.h"
#include "core/subsystem.h"

/* What a guest is told of one leaf: of EAX, EBX, ECX, EDX the bits to keep, and those to set. */
struct cpuid_row {
	uint32_t leaf, last, subleaf;
	uint32_t keep[4], set[4];
	uint32_t own_cr4, own_ecx; /* the bit of ECX is the guest's own bit of CR4 */
};

#define ANY (~0u)
#define KEEP(the_leaf, the_subleaf, ...) \
	.leaf = (the_leaf), .last = (the_leaf), .subleaf = (the_subleaf), .keep = {__VA_ARGS__}
#define NOTHING(from, to) .leaf = (from), .last = (to), .subleaf = ANY
#define SIGNATURE	  CELL_CPUID_FEATURES, CELL_CPUID_EBX, CELL_CPUID_ECX, CELL_CPUID_EDX

/*
 * Root keeps seeing what it saw before: a CPU that comes back from a cell and lacked a feature
 * would make Linux forget that feature for the whole machine, for good.
 */
static const struct cpuid_row root_rows[] = {
	{KEEP(1, ANY, ANY, ANY, (uint32_t)~CPUID_1_ECX_OSXSAVE, ANY),
	 .set = {0, 0, CPUID_1_ECX_HYPERVISOR}, .own_cr4 = CR4_OSXSAVE,
	 .own_ecx = CPUID_1_ECX_OSXSAVE},
	{KEEP(7, 0, ANY, ANY, (uint32_t)~CPUID_7_ECX_OSPKE, ANY), .own_cr4 = CR4_PKE,
	 .own_ecx = CPUID_7_ECX_OSPKE},
	{NOTHING(CELL_CPUID_BASE, CELL_CPUID_BASE), .set = {SIGNATURE}},
	{NOTHING(CELL_CPUID_FEATURES, CELL_CPUID_FEATURES)},
	{0},
};

/*
 * A cell is told of nothing that it has not got: features whose registers its accesses stop at
 * (logic/msr_policy.inc), instructions that are intercepted, neighbours in its package. Features
 * that are not known here are not promised (APM vol. 3, appendix E).
 */
static struct cpuid_row cell_rows[] = {
	/* One CPU in the package; no MONITOR, counters, machine check, thermal monitor. */
	{KEEP(1, ANY, ANY, 0xff00ffff, 0x77fa3203, 0x0f8bbb7f),
	 .set = {0, 1u << 16, CPUID_1_ECX_HYPERVISOR}, .own_cr4 = CR4_OSXSAVE,
	 .own_ecx = CPUID_1_ECX_OSXSAVE},
	/* Caches that are shared with nobody. */
	{KEEP(4, ANY, 0x3fff, ANY, ANY, ANY)},
	/* MONITOR. */
	{NOTHING(5, 5)},
	/* The APIC's timer never stops; no frequency counters. */
	{KEEP(6, ANY, 1u << 2)},
	/* No TSC_ADJUST, resource control, tracing, CET, user interrupts. */
	{KEEP(7, 0, 1, 0xfdbf2ff9, 0x1a415f4f, 0x0fc0411c), .own_cr4 = CR4_PKE,
	 .own_ecx = CPUID_7_ECX_OSPKE},
	{KEEP(7, 1, 0x30)},
	{NOTHING(7, 7)},
	/* Performance counters, topology. */
	{NOTHING(0xa, 0xb)},
	/* XSAVES, without a state that only a supervisor has. */
	{KEEP(CPUID_XSTATE, 1, 0xf, ANY)},
	/* Resource control, enclaves, tracing, branch records, topology. */
	{NOTHING(0xf, 0x10)},
	{NOTHING(0x12, 0x12)},
	{NOTHING(0x14, 0x14)},
	{NOTHING(0x1c, 0x1c)},
	{NOTHING(0x1f, 0x1f)},
	/* No virtualization, sampling, watchdog, counters, topology, breakpoint extension. */
	{KEEP(0x80000001, ANY, ANY, ANY, 0x002109f1, 0xefd3bb7f)},
	/* An invariant counter; no power states, no machine check recovery. */
	{KEEP(0x80000007, ANY, 0, 0, 0, 1u << 8)},
	/* One core; no INVLPGB, which flushes everybody's translations on all CPUs. */
	{KEEP(0x80000008, ANY, ANY, 0x751ff215, 0, ANY)},
	/* Virtualization, sampling, profiling, topology, encryption, resource control. */
	{NOTHING(0x8000000a, 0x8000000a)},
	{NOTHING(0x8000001b, 0x80000020)},
	/* No automatic IBRS, ignored address bits, prefetch control: bits of EFER and registers. */
	{KEEP(0x80000021, ANY, 0xc4f, ANY)},
	/* Performance counters, encryption, topology. */
	{NOTHING(0x80000022, 0x80000023)},
	{NOTHING(0x80000026, 0x80000026)},
	{NOTHING(CELL_CPUID_BASE, CELL_CPUID_BASE), .set = {SIGNATURE}},
	{NOTHING(CELL_CPUID_FEATURES, CELL_CPUID_FEATURES)},
	{0},
};

/*
 * The first row of a leaf, by the leaf's key: its upper two bits below all others, so that the
 * leaves that there are come first. 0 is none, n the row n - 1.
 */
#define KEYS 256u
struct cpuid_policy {
	const struct cpuid_row *rows;
	uint8_t first[KEYS];
};

static uint32_t key_of(uint32_t leaf)
{
	return leaf << 2 | leaf >> 30;
}

static struct cpuid_policy root_policy = {.rows = root_rows}, cell_policy = {.rows = cell_rows};

static void index_rows(struct cpuid_policy *policy)
{
	unsigned int n = 0;

	while (policy->rows[n].leaf)
		n++;
	/* Backwards, as the first row of a leaf shall stay. */
	for (; n > 0; n--) {
		for (uint32_t leaf = policy->rows[n - 1].leaf; leaf <= policy->rows[n - 1].last;
		     leaf++)
			policy->first[key_of(leaf)] = n;
	}
}

static int cpuid_init(void)
{
	/* Cells are told of the mode that the APIC is in; they have MSRs of it in both. */
	if (!apic_x2)
		cell_rows[0].keep[2] &= ~CPUID_1_ECX_X2APIC;
	index_rows(&root_policy);
	index_rows(&cell_policy);
	return 0;
}

static int cpuid_cell_create(struct cell *cell)
{
	cell->arch.cpuid = cell == &root_cell ? &root_policy : &cell_policy;
	return 0;
}

static void answer(struct cpu *cpu, const struct cpuid *said)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);

	gprs->rax = said->eax;
	gprs->rbx = said->ebx;
	gprs->rcx = said->ecx;
	gprs->rdx = said->edx;
}

/* A leaf that has rows. Not inlined, as most have none. */
static void __attribute__((noinline)) answer_less(struct cpu *cpu, const struct cpuid_row *row)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint32_t leaf = gprs->rax, subleaf = gprs->rcx;
	struct cpuid said = cpuid(leaf, subleaf);

	while (row->leaf == leaf && row->subleaf != ANY && row->subleaf != subleaf)
		row++;
	if (leaf - row->leaf <= row->last - row->leaf) {
		said.eax = (said.eax & row->keep[0]) | row->set[0];
		said.ebx = (said.ebx & row->keep[1]) | row->set[1];
		said.ecx = (said.ecx & row->keep[2]) | row->set[2];
		said.edx = (said.edx & row->keep[3]) | row->set[3];
	}
	answer(cpu, &said);
	/* The processor answers for the hypervisor's CR4; the guest asks about its own. */
	if (row->own_cr4 && row->leaf == leaf && (vcpu_get(cpu, VCPU_CR4) & row->own_cr4))
		gprs->rcx |= row->own_ecx;
}

enum verdict exit_cpuid(struct cpu *cpu)
{
	const struct cpuid_policy *policy = cpu->cell->arch.cpuid;
	uint32_t leaf = cpu_gprs(cpu)->rax, key = key_of(leaf);
	struct cpuid said;

	if (key < KEYS && policy->first[key]) {
		answer_less(cpu, &policy->rows[policy->first[key] - 1]);
	} else {
		said = cpuid(leaf, cpu_gprs(cpu)->rcx);
		answer(cpu, &said);
	}
	return VERDICT_NEXT;
}

SUBSYSTEM(25, cpuid_subsystem) = {
	.name = "CPUID",
	.init = cpuid_init,
	.cell_create = cpuid_cell_create,
};
