// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stacks, and the pages below them that nobody has. From low to high for each CPU: a page that is
 * not mapped and the program's stack; such a page and the one of interrupt handlers; such a page
 * and three for exceptions, double faults and NMIs: each of these must find a good stack whatever
 * the others did, so that an overflow of one of the first two is a page fault that can be told.
 */
#include "arch/x86/cpu.h"

#define FAULT_STACK_SIZE PAGE_BYTES
#define FAULT_STACKS	 3

/* inmate.lds */
extern uint8_t inmate_stacks[];
extern const uint8_t inmate_cpu_stacks_size[], inmate_program_stack_size[],
	inmate_interrupt_stack_size[], inmate_fault_stacks_size[];

size_t stack_size(enum stack stack)
{
	switch (stack) {
	case STACK_PROGRAM:
		return link_option(inmate_program_stack_size);
	case STACK_INTERRUPT:
		return link_option(inmate_interrupt_stack_size);
	default:
		return link_option(inmate_fault_stacks_size);
	}
}

static uintptr_t guard_of(unsigned int cpu, enum stack stack)
{
	uintptr_t guard = (uintptr_t)inmate_stacks + cpu * link_option(inmate_cpu_stacks_size);

	for (enum stack below = STACK_PROGRAM; below < stack; below++)
		guard += PAGE_BYTES + stack_size(below);
	return guard;
}

uintptr_t stack_top(unsigned int cpu, enum stack stack, unsigned int part)
{
	uintptr_t bottom = guard_of(cpu, stack) + PAGE_BYTES;

	return stack == STACK_FAULT ? bottom + (part + 1) * FAULT_STACK_SIZE
				    : bottom + stack_size(stack);
}

void stacks_setup(void)
{
	for (unsigned int cpu = 0; cpu < INMATE_MAX_CPUS; cpu++) {
		for (enum stack stack = STACK_PROGRAM; stack <= STACK_FAULT; stack++)
			memory_guard(guard_of(cpu, stack));
	}
	/* Old translations go. */
	write_cr3(read_cr3());
}

bool stack_overflown(uintptr_t address, unsigned int *ret_cpu, enum stack *ret_stack)
{
	for (unsigned int cpu = 0; cpu < INMATE_MAX_CPUS; cpu++) {
		for (enum stack stack = STACK_PROGRAM; stack <= STACK_FAULT; stack++) {
			if (address - guard_of(cpu, stack) >= PAGE_BYTES)
				continue;
			*ret_cpu = cpu;
			*ret_stack = stack;
			return true;
		}
	}
	return false;
}
