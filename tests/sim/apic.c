// SPDX-License-Identifier: GPL-2.0-only
/*
 * apic IMAGE TRAPS: what the next owner of a CPU finds in its APIC of the one before: registers,
 * and interrupts that nobody has served.
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/x86/apic.h"
#include "core/cpu.h"
#include "image_abi.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum owner { ROOT, CELL }; /* by CPU */

#define STAIN 0x5a5a5a5au

static const struct {
	uint32_t offset, of_cell, of_root;
	const char *name;
} registers[] = {
	{APIC_TPR, 0, 0, "priority"},
	{APIC_LDR, 0, 0, "logical id"},
	{APIC_DFR, 0xffffffff, 0xffffffff, "logical id's format"},
	{APIC_SVR, 0xff, 0xff, "software switch"},
	{APIC_ICR_HIGH, 0, 0, "last destination"},
	{APIC_LVT_TIMER, LVT_MASKED, LVT_MASKED, "timer's vector"},
	{APIC_LVT_THERMAL, LVT_MASKED, LVT_MASKED, "thermal monitor's vector"},
	{APIC_LVT_PERF, LVT_MASKED, LVT_MASKED, "counters' vector"},
	{APIC_LVT_LINT0, LVT_MASKED, LVT_MASKED, "vector of LINT0"},
	{APIC_LVT_LINT1, LVT_MASKED, LVT_MASKED, "vector of LINT1"},
	{APIC_LVT_ERROR, LVT_MASKED, LVT_MASKED, "errors' vector"},
	{APIC_EXTENDED_LVT, LVT_MASKED, LVT_MASKED, "first extended vector"},
	{APIC_EXTENDED_LVT + 0x30, LVT_MASKED, LVT_MASKED, "last extended vector"},
	{APIC_ESR, 0, 0, "errors"},
	{APIC_TIMER_INITIAL, 0, 0, "timer"},
	{APIC_TIMER_DIVIDE, TIMER_DIVIDE_16, 0, "timer's divisor"},
	/* An APIC of this version has none, and takes no writes there. */
	{APIC_LVT_CMCI, STAIN, STAIN, "vector that it has not got"},
	{APIC_EXTENDED_LVT + 0x40, STAIN, STAIN, "extended vector behind the last"},
};
#define REGISTERS (sizeof(registers) / sizeof(*registers))

static void stain(void)
{
	for (size_t n = 0; n < REGISTERS; n++)
		*sim_apic(CELL, registers[n].offset) = STAIN;
	sim.cpu[CELL].apic_errors = STAIN;
}

static void request(unsigned int vector)
{
	*sim_apic(CELL, APIC_IRR + vector / 32 * 16) |= 1u << vector % 32;
}

static void serve(unsigned int vector)
{
	*sim_apic(CELL, APIC_ISR + vector / 32 * 16) |= 1u << vector % 32;
}

static bool idle(void)
{
	uint32_t waits = 0;

	for (unsigned int n = 0; n < 8; n++)
		waits |= *sim_apic(CELL, APIC_IRR + n * 16) | *sim_apic(CELL, APIC_ISR + n * 16);
	return !waits && sim.cpu[CELL].state == SIM_GUEST;
}

static void check(struct tap *tap, bool of_root, const char *who)
{
	for (size_t n = 0; n < REGISTERS; n++)
		tap_is_u64(tap, *sim_apic(CELL, registers[n].offset),
			   of_root ? registers[n].of_root : registers[n].of_cell, "%s finds the %s",
			   who, registers[n].name);
}

static bool restart(void)
{
	return sim_hypercall(ROOT, HC_CELL_START, SIM_CELL_ID, 0) == 0 &&
	       sim.cpu[CELL].state == SIM_GUEST;
}

static void test_interrupts(struct tap *tap)
{
	unsigned int stuck = 0;

	for (unsigned int vector = 16; vector < 256; vector++) {
		request(vector);
		stuck += !restart() || !idle();
	}
	tap_is_u64(tap, stuck, 0, "whichever vector waits at a start is dropped");
	for (unsigned int vector = 16; vector < 256; vector++) {
		serve(vector);
		stuck += !restart() || !idle();
	}
	tap_is_u64(tap, stuck, 0, "whichever is in service is ended");
	for (unsigned int vector = 16; vector < 256; vector += 3)
		request(vector);
	for (unsigned int vector = 18; vector < 256; vector += 48)
		serve(vector);
	tap_ok(tap, restart() && idle(), "so are many at once");
}

static struct cpu *cell_cpu(void)
{
	const struct image_header *header = (const struct image_header *)IMAGE_BASE;

	return (struct cpu *)(IMAGE_BASE + header->core_size + CELL * CPU_BLOCK_SIZE);
}

/* What a CPU of the cell sent to another one that was already told to stop. */
static void test_parked(struct tap *tap)
{
	struct cpu *cpu = cell_cpu();

	cpu->pending |= PENDING_INIT | PENDING_SIPI;
	sim_exit(CELL, VMEXIT_NMI, 0, 0);
	tap_ok(tap, cpu->state == CPU_PARKED && !cpu->pending,
	       "no CPU of a cell that was stopped is started by another one of it");
}

static uint64_t by_msr(bool write, uint32_t msr, uint64_t value)
{
	struct vmcb *vmcb = sim_vmcb(CELL);

	sim_write_code(CELL, SIM_CELL_MEMORY, write ? "\x0f\x30" : "\x0f\x32", 2);
	sim.cpu[CELL].reg[SIM_RCX] = msr;
	sim.cpu[CELL].reg[SIM_RDX] = value >> 32;
	vmcb->rax = (uint32_t)value;
	sim_exit(CELL, VMEXIT_MSR, write, 0);
	return vmcb->rax | sim.cpu[CELL].reg[SIM_RDX] << 32;
}

/* What is not in the APIC's page: the logical id that a cell believes in, its last command. */
static void test_own(struct tap *tap)
{
	struct cpu *cpu = cell_cpu();
	const uint64_t command = 0x100000041; /* to its own id */

	sim_long_mode(CELL, SIM_CELL_MEMORY);
	by_msr(true, MSR_X2APIC(APIC_ICR_LOW), command);
	tap_is_u64(tap, by_msr(false, MSR_X2APIC(APIC_ICR_LOW), 0), command,
		   "a cell reads the command that it gave");
	cpu->arch.apic_ldr = cpu->arch.apic_dfr = STAIN;
	sim.cpu[CELL].apic_errors = STAIN;
	restart();
	tap_is_u64(tap, *sim_apic(CELL, APIC_ESR), 0, "nor sees its errors");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	tap_is_u64(tap, by_msr(false, MSR_X2APIC(APIC_ICR_LOW), 0), 0,
		   "but not one of whoever had the CPU before");
	tap_ok(tap, cpu->arch.apic_ldr == 0 && cpu->arch.apic_dfr == ~0u,
	       "and has no logical id of theirs");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	char *console;

	sim_open(argv[1], argv[2], 2);
	sim_long_mode(ROOT, 0);
	*sim_apic(CELL, APIC_VERSION) = VERSION_EXTENDED | 0x50010;
	stain();
	tap_ok(&tap, sim_start_cell(CELL) == SIM_CELL_ID, "a cell is created and started");
	check(&tap, false, "a cell");
	test_interrupts(&tap);
	test_own(&tap);
	stain();
	request(0x31);
	sim_hypercall(ROOT, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	test_parked(&tap);
	stain();
	while (sim_hypercall(ROOT, HC_CELL_DESTROY, SIM_CELL_ID, 0) == -EINPROGRESS)
		;
	check(&tap, true, "root");
	tap_ok(&tap, idle(), "and no interrupt of the cell's");
	console = sim_console();
	tap_ok(&tap, strstr(console, "exception") == NULL, "the hypervisor had no exception");
	free(console);
	return tap_done(&tap);
}
