// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit_cost IMAGE TRAPS [x2apic|linked]: what exits cost, in instructions from #VMEXIT to VMRUN. A
 * figure may grow by a twentieth over the one recorded here; one that has shrunk is to be recorded
 * anew. On the way there the image opens and a cell is made and started.
 */
#include <stdlib.h>

#include "blob.h"
#include "sim_guest.h"
#include "tests/lib/exit_costs.h"
#include "tests/lib/tap.h"

enum owner { ROOT, CELL, OTHER }; /* by CPU */

#define EFER	       0xc0000080u
#define PAT	       0x277u
#define ICR	       0x830u
#define WRITE	       1u	    /* EXITINFO1 of an MSR */
#define IN_BYTE	       (0x10u | 1u) /* EXITINFO1 of a port, which is in its upper half */
#define ICR_TO_ITSELF  0x40000u
#define APIC_WRITE     0x100000007ull
#define WARM_UP	       20
#define LINK_VECTOR    0x51
#define DOORBELL_MOST  250
#define MOV_TO(offset) "\x89\x87" offset "\0\0" /* mov %eax, offset(%rdi) */

struct kind {
	const char *name;
	long recorded;
	enum owner owner;
	uint64_t code, info1, info2;
	uint64_t rax, rcx, rdx, rdi;
	long most;  /* whatever is recorded; 0: no such bound */
	bool plain; /* the processor tells neither of the next instruction nor of this one */
	const char *mov;
};

static const struct kind kinds[] = {
	{"CPUID leaf 0, root", 79, ROOT, VMEXIT_CPUID, .rax = 0},
	{"CPUID leaf 0, cell", 79, CELL, VMEXIT_CPUID, .rax = 0},
	{"CPUID leaf 0, cell, no next RIP", 143, CELL, VMEXIT_CPUID, .rax = 0, .plain = true},
	{"CPUID leaf 0, root, no next RIP", COST_CPUID_0, ROOT, VMEXIT_CPUID, .rax = 0,
	 .plain = true},
	{"CPUID leaf 1, root, no next RIP", COST_CPUID_1, ROOT, VMEXIT_CPUID, .rax = 1,
	 .plain = true},
	{"CPUID leaf 1, root", 134, ROOT, VMEXIT_CPUID, .rax = 1},
	{"CPUID leaf 1, cell", 131, CELL, VMEXIT_CPUID, .rax = 1},
	{"unknown hypercall, cell", 80, CELL, VMEXIT_VMMCALL, .rax = 0x7777},
	{"size of the page pool, root", 79, ROOT, VMEXIT_VMMCALL, .rax = HC_HYPERVISOR_GET_INFO,
	 .rdi = HV_INFO_MEM_POOL_SIZE},
	{"size of the page pool, root, no next RIP", COST_GET_INFO, ROOT, VMEXIT_VMMCALL,
	 .rax = HC_HYPERVISOR_GET_INFO, .rdi = HV_INFO_MEM_POOL_SIZE, .plain = true},
	{"number of cells, root", 79, ROOT, VMEXIT_VMMCALL, .rax = HC_HYPERVISOR_GET_INFO,
	 .rdi = HV_INFO_NUM_CELLS},
	{"state of a cell, root", 237, ROOT, VMEXIT_VMMCALL, .rax = HC_CELL_GET_STATE,
	 .rdi = SIM_CELL_ID},
	{"a letter on the console, cell", 202, CELL, VMEXIT_VMMCALL, .rax = HC_CONSOLE_PUTC,
	 .rdi = 'x'},
	{"WRMSR EFER, root", 90, ROOT, VMEXIT_MSR, WRITE, .rcx = EFER, .rax = 0xd01},
	{"WRMSR EFER, root, no next RIP", COST_WRMSR_EFER, ROOT, VMEXIT_MSR, WRITE, .rcx = EFER,
	 .rax = 0xd01, .plain = true},
	{"WRMSR EFER, cell", 88, CELL, VMEXIT_MSR, WRITE, .rcx = EFER, .rax = 0xd00},
	{"WRMSR PAT, cell", 159, CELL, VMEXIT_MSR, WRITE, .rcx = PAT, .rax = 0x70406,
	 .rdx = 0x70406},
	{"refused port, root", COST_REFUSED_PORT, ROOT, VMEXIT_IOIO, 0x60u << 16 | IN_BYTE,
	 SIM_CODE_AT + 1},
	{"xAPIC EOI, root", 236, ROOT, VMEXIT_NPF, APIC_WRITE, SIM_APIC + 0xb0, .rdi = SIM_APIC,
	 .mov = MOV_TO("\xb0\0")},
	{"xAPIC EOI, cell", 236, CELL, VMEXIT_NPF, APIC_WRITE, SIM_APIC + 0xb0, .rdi = SIM_APIC,
	 .mov = MOV_TO("\xb0\0")},
	{"xAPIC EOI, root, no decode assists", COST_XAPIC_EOI, ROOT, VMEXIT_NPF, APIC_WRITE,
	 SIM_APIC + 0xb0, .rdi = SIM_APIC, .plain = true, .mov = MOV_TO("\xb0\0")},
	{"xAPIC EOI, cell, no decode assists", 657, CELL, VMEXIT_NPF, APIC_WRITE, SIM_APIC + 0xb0,
	 .rdi = SIM_APIC, .plain = true, .mov = MOV_TO("\xb0\0")},
	{"xAPIC ICR to itself, root", 352, ROOT, VMEXIT_NPF, APIC_WRITE, SIM_APIC + 0x300,
	 .rax = 0x40040, .rdi = SIM_APIC, .mov = MOV_TO("\0\3")},
	{"xAPIC ICR to itself, root, no decode assists", COST_XAPIC_ICR, ROOT, VMEXIT_NPF,
	 APIC_WRITE, SIM_APIC + 0x300, .rax = 0x40040, .rdi = SIM_APIC, .plain = true,
	 .mov = MOV_TO("\0\3")},
	{"x2APIC id, cell on an xAPIC machine", 117, CELL, VMEXIT_MSR, 0, .rcx = 0x802},
	{"x2APIC TPR, cell on an xAPIC machine", 134, CELL, VMEXIT_MSR, 0, .rcx = 0x808},
	{"x2APIC EOI, cell on an xAPIC machine", 127, CELL, VMEXIT_MSR, WRITE, .rcx = 0x80b},
	{"x2APIC timer count, cell on an xAPIC machine", 127, CELL, VMEXIT_MSR, WRITE,
	 .rcx = 0x838},
	{"x2APIC timer vector, cell on an xAPIC machine", 127, CELL, VMEXIT_MSR, WRITE,
	 .rcx = 0x832, .rax = 0x10020},
	{"x2APIC ICR to itself, cell on an xAPIC machine", 181, CELL, VMEXIT_MSR, WRITE,
	 .rcx = 0x830, .rax = 0x40040},
	{"x2APIC ICR by id, cell on an xAPIC machine", 186, CELL, VMEXIT_MSR, WRITE, .rcx = 0x830,
	 .rax = 0x40, .rdx = 1},
	{"NMI that is the guest's, root", 79, ROOT, VMEXIT_NMI, 0},
};

/* On a machine in x2APIC mode; OTHER is root's, too. */
static const struct kind x2_kinds[] = {
	{"x2APIC ICR by id, root", 178, ROOT, VMEXIT_MSR, WRITE, .rcx = ICR, .rax = 0x40,
	 .rdx = OTHER},
	{"x2APIC ICR to itself, root", 162, ROOT, VMEXIT_MSR, WRITE, .rcx = ICR, .rax = 0x40040},
	{"x2APIC ICR by id, cell", 167, CELL, VMEXIT_MSR, WRITE, .rcx = ICR, .rax = 0x40,
	 .rdx = CELL},
	{"doorbell, cell rings root", 247, CELL, VMEXIT_NPF, APIC_WRITE, SIM_REGISTERS + 0xc,
	 .rdi = SIM_REGISTERS, .most = DOORBELL_MOST, .mov = MOV_TO("\x0c\0")},
	{"doorbell, root rings cell", 247, ROOT, VMEXIT_NPF, APIC_WRITE, SIM_REGISTERS + 0x1000c,
	 .rax = 1 << 16, .rdi = SIM_REGISTERS + 0x10000, .most = DOORBELL_MOST,
	 .mov = MOV_TO("\x0c\0")},
	{"x2APIC ICR is read, root", 122, ROOT, VMEXIT_MSR, 0, .rcx = ICR},
	{"x2APIC timer vector, root", 138, ROOT, VMEXIT_MSR, WRITE, .rcx = 0x832, .rax = 0x10020},
	{"x2APIC timer vector, cell", 138, CELL, VMEXIT_MSR, WRITE, .rcx = 0x832, .rax = 0x10020},
};

/* What links cost on a machine in xAPIC mode, where an interrupt is written to the APIC's page. */
static const struct kind linked_kinds[] = {
	{"doorbell, cell rings root, xAPIC", 284, CELL, VMEXIT_NPF, APIC_WRITE, SIM_REGISTERS + 0xc,
	 .rdi = SIM_REGISTERS, .mov = MOV_TO("\x0c\0")},
	{"doorbell, root rings cell, xAPIC", 284, ROOT, VMEXIT_NPF, APIC_WRITE,
	 SIM_REGISTERS + 0x1000c, .rax = 1 << 16, .rdi = SIM_REGISTERS + 0x10000,
	 .mov = MOV_TO("\x0c\0")},
	{"doorbell of nobody, cell", 195, CELL, VMEXIT_NPF, APIC_WRITE, SIM_REGISTERS + 0xc,
	 .rax = 7 << 16, .rdi = SIM_REGISTERS, .mov = MOV_TO("\x0c\0")},
	{"own state, unchanged, cell", 244, CELL, VMEXIT_NPF, APIC_WRITE, SIM_REGISTERS + 0x10,
	 .rdi = SIM_REGISTERS, .mov = MOV_TO("\x10\0")},
	{"xAPIC EOI, cell with a link", 246, CELL, VMEXIT_NPF, APIC_WRITE, SIM_APIC + 0xb0,
	 .rdi = SIM_APIC, .mov = MOV_TO("\xb0\0")},
};

static void write_instruction(const struct kind *kind)
{
	uint64_t memory = kind->owner == CELL ? SIM_CELL_MEMORY : 0;

	switch (kind->code) {
	case VMEXIT_CPUID:
		return sim_write_code(kind->owner, memory, "\x0f\xa2", 2);
	case VMEXIT_MSR:
		return sim_write_code(kind->owner, memory, kind->info1 ? "\x0f\x30" : "\x0f\x32",
				      2);
	case VMEXIT_VMMCALL:
		return sim_write_code(kind->owner, memory, "\x0f\x01\xd9", 3);
	case VMEXIT_IOIO:
		return sim_write_code(kind->owner, memory, "\xec", 1);
	default:
		return sim_write_code(kind->owner, memory, kind->mov ? kind->mov : MOV_TO("\0\0"),
				      6);
	}
}

static void load_registers(const struct kind *kind)
{
	struct sim_cpu *cpu = &sim.cpu[kind->owner];

	sim_vmcb(kind->owner)->rip = SIM_CODE_AT;
	sim_vmcb(kind->owner)->rax = kind->rax;
	cpu->reg[SIM_RCX] = kind->rcx;
	cpu->reg[SIM_RDX] = kind->rdx;
	cpu->reg[SIM_RDI] = kind->rdi;
}

static long measure(const struct kind *kind)
{
	load_registers(kind);
	sim_assists = !kind->plain;
	write_instruction(kind);
	/* Until the hypervisor has got used to it: it tells of the first refusals. */
	for (unsigned int n = 0; n < WARM_UP; n++) {
		sim_exit(kind->owner, kind->code, kind->info1, kind->info2);
		load_registers(kind);
	}
	return sim_measure(kind->owner, kind->code, kind->info1, kind->info2);
}

static void test_cost(struct tap *tap, const struct kind *kind)
{
	long cost = measure(kind);

	tap_ok(tap,
	       cost > 0 && cost * 20 <= kind->recorded * 21 && (!kind->most || cost <= kind->most),
	       "%s costs no more than recorded", kind->name);
	tap_note(tap, "%5ld instructions: %s (%ld recorded%s)", cost, kind->name, kind->recorded,
		 cost * 20 < kind->recorded * 19 ? ", record it anew" : "");
	if (kind->rcx == ICR && kind->info1 == WRITE && sim_x2apic)
		tap_is_u64(tap, *sim_msr(&sim.cpu[kind->owner], ICR),
			   (kind->rax & ICR_TO_ITSELF ? kind->owner : kind->rdx) << 32 | 0x4040,
			   "%s is sent", kind->name);
}

static void test_costs(struct tap *tap, const struct kind *table, size_t count)
{
	for (size_t n = 0; n < count; n++)
		test_cost(tap, &table[n]);
}

static void give_configuration_space(struct image_header *header, struct system_desc *system)
{
	system->pci_mmconfig_base = SIM_MMCONFIG;
}

/* Rings went where they shall: to the other one. cell, root: who rings in these. */
static void test_rung(struct tap *tap, const struct kind *cell, const struct kind *root)
{
	for (unsigned int cpu = ROOT; cpu <= CELL; cpu++) {
		const struct kind *kind = cpu == CELL ? cell : root;

		sim.last_command = 0;
		load_registers(kind);
		write_instruction(kind);
		sim_exit(cpu, kind->code, kind->info1, kind->info2);
		tap_is_u64(tap, sim.last_command, (uint64_t)!cpu << 32 | 0x4000 | LINK_VECTOR,
			   "%s: it is sent", kind->name);
	}
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	char *console;

	sim_linked = argc > 3;
	sim_x2apic = sim_linked && strcmp(argv[3], "x2apic") == 0;
	if (sim_linked)
		sim_prepare = give_configuration_space;
	sim_open(argv[1], argv[2], sim_x2apic ? 3 : 2);
	sim_long_mode(ROOT, 0);
	tap_ok(&tap, sim_start_cell(CELL) == SIM_CELL_ID, "a cell is created and started");
	tap_ok(&tap, sim.cpu[CELL].kicks > 0 && sim.cpu[CELL].state == SIM_GUEST,
	       "its CPU was told, and runs it");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	if (sim_linked)
		tap_ok(&tap, sim_link_up(CELL, LINK_VECTOR), "the cell and root share memory");
	if (sim_x2apic)
		test_costs(&tap, x2_kinds, sizeof(x2_kinds) / sizeof(*x2_kinds));
	else if (sim_linked)
		test_costs(&tap, linked_kinds, sizeof(linked_kinds) / sizeof(*linked_kinds));
	else
		test_costs(&tap, kinds, sizeof(kinds) / sizeof(*kinds));
	if (sim_x2apic)
		test_rung(&tap, &x2_kinds[3], &x2_kinds[4]);
	else if (sim_linked)
		test_rung(&tap, &linked_kinds[0], &linked_kinds[1]);
	console = sim_console();
	tap_ok(&tap, strstr(console, "exception") == NULL, "the hypervisor had no exception");
	free(console);
	return tap_done(&tap);
}
