// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random instructions that touch random addresses, ports and registers, of a cell and of root
 * beside it: what is not theirs does not change, and each exit ends in one of the ways that there
 * are.
 */
#include "arch/x86/exit/exit.h"
#include "cell/cell.h"
#include "window_cell.h"
#include "mutate.h"
#include "tests/lib/tap.h"
#include "tests/lib/mmio_encodings.h"

#define TRIES 30000
#define LOOKS 1000 /* tries between two looks at all of memory */

static uint8_t ram_before[RAM_SIZE], device_before[DEVICE_SIZE];
static unsigned int broken, verdicts[8];

static void wrong(struct tap *tap, unsigned int n, const char *what)
{
	if (broken++ < 10)
		tap_note(tap, "exit %u: %s", n, what);
}

/* The windows of the cell; of their page root has the rest, and all other pages without exits. */
static bool may_write(bool root, uint64_t offset)
{
	bool listed = offset < 0x10 || (offset >= 0x20 && offset < 0x40);

	if (root)
		return offset < PAGE_SIZE && !listed;
	return listed && !(offset >= 0x30 && offset < 0x38);
}

static void look_at_device(struct tap *tap, unsigned int n, bool root, bool done)
{
	if (memcmp(machine.device, device_before, DEVICE_SIZE) == 0)
		return;
	for (uint64_t offset = 0; offset < DEVICE_SIZE; offset++) {
		if (machine.device[offset] == device_before[offset])
			continue;
		if (!done || !may_write(root, offset))
			wrong(tap, n, "a register changed that is not this guest's");
		device_before[offset] = machine.device[offset];
	}
}

static void look_at_memory(struct tap *tap, unsigned int n)
{
	if (memcmp(machine.ram, ram_before, HV_START) != 0 ||
	    memcmp(machine.ram + HV_START + HV_SIZE, ram_before + HV_START + HV_SIZE,
		   RAM_SIZE - HV_START - HV_SIZE) != 0)
		wrong(tap, n, "memory changed");
	memcpy(ram_before, machine.ram, RAM_SIZE);
}

static void make_code(struct mutator *mutator, uint8_t *code, unsigned int encodings)
{
	const struct encoding *e = &mmio_encodings[mutator_next(mutator) % encodings];

	mutator_fill(mutator, code, INSTRUCTION_MAX);
	memcpy(code, e->start, (size_t)(e->end - e->start));
	if (mutator_next(mutator) % 4 == 0)
		mutator_damage(mutator, code, INSTRUCTION_MAX, INSTRUCTION_MAX);
}

/* Registers that point at or near the address, or anywhere. */
static void make_registers(struct mutator *mutator, struct cpu *cpu, uint64_t address)
{
	static const uint16_t code_segments[] = {0x0a9b, 0x0c9b, 0x009b};
	uint64_t *regs = fake_cpu_of(cpu)->regs;

	for (unsigned int n = 0; n < 16; n++)
		gpr_set(cpu, n,
			mutator_next(mutator) % 2 ? address - mutator_next(mutator) % 16
						  : mutator_next(mutator));
	regs[VCPU_CS_ATTRIBUTES] = code_segments[mutator_next(mutator) % 3];
	regs[VCPU_DS_BASE] = mutator_next(mutator) % 2 ? 0 : mutator_next(mutator) & 0xffff0;
	regs[VCPU_SS_BASE] = regs[VCPU_DS_BASE];
	regs[VCPU_RFLAGS] = 2;
	regs[VCPU_RIP] = regs[VCPU_NEXT_RIP] = 0;
}

static uint64_t make_address(struct mutator *mutator, bool root)
{
	const uint64_t pages[] = {root ? DEVICE : WINDOW, APIC_PAGE,
				  root ? HV_START : COMM + PAGE_SIZE, root ? CELL_RAM : CELL_SIZE,
				  mutator_next(mutator) & 0xfffffffff000};
	uint64_t page = pages[mutator_next(mutator) % 5];

	/* Mostly where the windows are. */
	return page + mutator_next(mutator) % (mutator_next(mutator) % 4 ? 0x44 : PAGE_SIZE);
}

static enum verdict one_exit(struct mutator *mutator, struct cpu *cpu, unsigned int encodings)
{
	static const uint32_t msrs[] = {0x800, 0x10, 0x277, 0xc0000080};
	uint64_t choice = mutator_next(mutator);
	uint64_t address = make_address(mutator, cpu->cell == &root_cell);

	make_code(mutator, fake_cpu_of(cpu)->code, encodings);
	make_registers(mutator, cpu, address);
	switch (choice % 8) {
	case 0:
		return exit_port(cpu, (uint16_t)(choice >> 8), 1u << (choice >> 24) % 3,
				 choice >> 32 & 1, choice >> 33 & 1, 1 + (choice >> 40) % 15);
	case 1:
		gpr_set(cpu, 1, msrs[(choice >> 16) % 4] + (choice >> 32) % 64);
		return exit_msr(cpu, choice >> 8 & 1);
	case 2:
		return exit_cpuid(cpu);
	default:
		return exit_memory(cpu, address, choice >> 8 & 1, (choice >> 9) % 16 == 0,
				   (choice >> 16) % 16 == 0);
	}
}

static void look_at_end(struct tap *tap, unsigned int n, struct cpu *cpu, enum verdict verdict)
{
	const uint64_t *regs = fake_cpu_of(cpu)->regs;
	bool root = cpu->cell == &root_cell, stepped = regs[VCPU_NEXT_RIP];
	uint64_t rip = stepped ? regs[VCPU_NEXT_RIP] : regs[VCPU_RIP];
	bool done = verdict == VERDICT_HANDLED || (verdict == VERDICT_NEXT && stepped);

	if ((unsigned int)verdict >= sizeof(verdicts) / sizeof(verdicts[0])) {
		wrong(tap, n, "an exit ends in no known way");
		return;
	}
	verdicts[verdict]++;
	if (done ? rip == 0 || rip > INSTRUCTION_MAX : rip != 0)
		wrong(tap, n, "the next instruction is elsewhere");
	look_at_device(tap, n, root, done);
}

int main(void)
{
	struct mutator mutator = {0x082efa98ec4e6c89};
	struct cpu *cpus[2];
	unsigned int encodings = 0;
	struct tap tap = {0};

	while (mmio_encodings[encodings].start)
		encodings++;
	machine_open(NULL);
	if (!tap_is_u64(&tap, machine_create(&plan), 0, "a cell is created"))
		return tap_done(&tap);
	cpus[0] = cpu_by_id(0);
	cpus[1] = cpu_by_id(CPU);
	cpus[1]->state = CPU_RUNNING;
	memcpy(ram_before, machine.ram, RAM_SIZE);
	for (unsigned int n = 0; n < TRIES; n++) {
		struct cpu *cpu = cpus[n % 2];

		look_at_end(&tap, n, cpu, one_exit(&mutator, cpu, encodings));
		if (n % LOOKS == 0)
			look_at_memory(&tap, n);
	}
	look_at_memory(&tap, TRIES);
	tap_is_u64(&tap, broken, 0, "%u random exits touch nothing that is not their guest's",
		   TRIES);
	tap_ok(&tap,
	       verdicts[VERDICT_HANDLED] > TRIES / 20 && verdicts[VERDICT_FAULT] > TRIES / 20 &&
		       verdicts[VERDICT_GP] > 100 && verdicts[VERDICT_NEXT] > 100,
	       "every answer came: %u handled, %u next, %u faults, %u #GP, %u #UD",
	       verdicts[VERDICT_HANDLED], verdicts[VERDICT_NEXT], verdicts[VERDICT_FAULT],
	       verdicts[VERDICT_GP], verdicts[VERDICT_UD]);
	return tap_done(&tap);
}
