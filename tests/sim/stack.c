// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack IMAGE TRAPS: what the hypervisor may do to its own memory, how much of its stack a CPU
 * uses, and that a page below it is not mapped.
 * There is no interrupt stack for a fault there on processors that leave the guest's TR loaded (APM
 * vol. 2, 15.5.1), so the stack has to suffice.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/x86/svm.h"
#include "cell_abi.h"
#include "image_abi.h"
#include "core/cpu.h"
#include "page.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum { ROOT, CELL, CPUS };

#define ENTRY_PRESENT 1ull
#define ENTRY_WRITE   2ull
#define ENTRY_NX      (1ull << 63)

#define STACK_SIZE (CPU_BLOCK_SIZE - CPU_GUARD - PAGE_BYTES)

static uint64_t block_of(unsigned int cpu)
{
	const struct image_header *header = sim_memory(SIM_HV_START, sizeof(*header));

	return header->core_size + cpu * (uint64_t)CPU_BLOCK_SIZE;
}

/* By the tables that the processor has; they are in hypervisor memory. */
static uint64_t entry_of(uint64_t virt)
{
	uint64_t table = sim.cpu[ROOT].cr[3], entry = 0;

	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		entry = ((uint64_t *)sim_memory(table, PAGE_BYTES))[virt >> shift & 511];
		if (!(entry & 1) || (entry & 0x80))
			break;
		table = entry & 0xffffffffff000;
	}
	return entry;
}

static bool is_mapped(uint64_t virt)
{
	return entry_of(virt) & ENTRY_PRESENT;
}

static bool has_rights(uint64_t virt, uint64_t rights)
{
	return (entry_of(virt) & (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_NX)) ==
	       (ENTRY_PRESENT | rights);
}

static void test_rights(struct tap *tap)
{
	static const char text[] = "no usable virtualization extension";
	const struct image_header *header = sim_memory(SIM_HV_START, sizeof(*header));
	const uint8_t *constant = memmem(header, header->core_size, text, strlen(text));
	unsigned int both = 0;

	for (uint64_t offset = 0; offset < header->size; offset += PAGE_BYTES)
		both += (entry_of(IMAGE_BASE + offset) & (ENTRY_WRITE | ENTRY_NX)) == ENTRY_WRITE;
	tap_is_u64(tap, both, 0, "nothing can be both written and executed");
	tap_ok(tap, has_rights(header->entry, 0), "code is executed, and not written");
	tap_ok(tap,
	       constant && has_rights(IMAGE_BASE + (constant - (const uint8_t *)header), ENTRY_NX),
	       "constants are neither written nor executed");
	tap_ok(tap,
	       has_rights(IMAGE_BASE + header->public_offset, ENTRY_WRITE | ENTRY_NX) &&
		       has_rights(IMAGE_BASE + header->page_pool_offset, ENTRY_WRITE | ENTRY_NX),
	       "data and the pool are not executed");
}

/* Down to the lowest byte that was ever written. */
static unsigned int used(unsigned int cpu)
{
	const uint8_t *stack =
		sim_memory(SIM_HV_START + block_of(cpu) + CPU_GUARD + PAGE_BYTES, STACK_SIZE);
	unsigned int free = 0;

	while (free < STACK_SIZE && !stack[free])
		free++;
	return STACK_SIZE - free;
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	uint64_t guard;

	sim_open(argv[1], argv[2], CPUS);
	sim_long_mode(ROOT, 0);
	test_rights(&tap);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		guard = IMAGE_BASE + block_of(cpu) + CPU_GUARD;
		tap_ok(&tap, !is_mapped(guard), "nothing is below the stack of CPU %u", cpu);
		tap_ok(&tap, is_mapped(guard - 1) && is_mapped(guard + PAGE_BYTES),
		       "what is around that is mapped");
	}
	tap_ok(&tap, sim_start_cell(CELL) == SIM_CELL_ID, "a cell is created and started");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	sim_write_code(ROOT, 0, "\x8b\x07", 2); /* mov (%rdi), %eax */
	sim.cpu[ROOT].reg[SIM_RDI] = SIM_CELL_MEMORY;
	sim_exit(ROOT, VMEXIT_NPF, 4, SIM_CELL_MEMORY);
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	sim_hypercall(ROOT, HC_CELL_DESTROY, SIM_CELL_ID, 0);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		tap_ok(&tap, used(cpu) > 256 && used(cpu) < STACK_SIZE / 4,
		       "CPU %u has needed less than a quarter of its stack", cpu);
		tap_note(&tap, "%u of %u bytes", used(cpu), (unsigned int)STACK_SIZE);
	}
	return tap_done(&tap);
}
