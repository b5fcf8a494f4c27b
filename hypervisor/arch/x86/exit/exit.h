/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of a guest's exit: handlers decide, verdicts are carried out, faults recorded. */
#ifndef EXIT_H
#define EXIT_H

#include "arch/x86/vcpu/guest.h"
#include "core/state.h"

/* What an exit handler decides. */
enum verdict {
	VERDICT_NEXT,	 /* the instruction is done: the guest goes on with the next one */
	VERDICT_HANDLED, /* the guest goes on; RIP is where it shall be */
	VERDICT_UD,	 /* hardware without this feature would raise an invalid-opcode exception */
	VERDICT_GP,	 /* ... a general-protection exception with error code 0 */
	VERDICT_FAULT, /* not allowed: cpu->failure says what; stops a cell, is refused and counted
			  for root */
};

/* Fills cpu->failure with what every record has. Returns VERDICT_FAULT. */
enum verdict exit_fault(struct cpu *cpu, enum failure_reason reason, uint64_t address,
			uint64_t value, unsigned int size);

/* One line on the console of what cpu->failure says, and what was done about it. */
void record_tell(const struct cpu *cpu, const char *what);

/*
 * What a cell would be stopped for is refused to root like by hardware where nothing is: a stray
 * access must not take Linux down. Counts a refusal; true: it is to be told. Fewer and fewer are,
 * as the console is not root's to flood.
 */
static inline bool refuse_count(void)
{
	uint64_t n = __atomic_add_fetch(&public_area.root_violations, 1, __ATOMIC_SEQ_CST);

	return unlikely((n & (n - 1)) == 0 || n <= 16);
}

static inline void refuse_tell(struct cpu *cpu, enum failure_reason reason, uint64_t address,
			       uint64_t value, unsigned int size)
{
	exit_fault(cpu, reason, address, value, size);
	record_tell(cpu, "refused");
}

/* Carries out what is no vendor's affair: all but VERDICT_NEXT (exit.c). */
void exit_verdict(struct cpu *cpu, enum verdict verdict);

/* Exit handlers common to all vendors. */
/* kernel: the call came from privilege level 0, and not from virtual-8086 mode. */
enum verdict exit_hypercall(struct cpu *cpu, bool kernel);
enum verdict exit_cpuid(struct cpu *cpu);
enum verdict exit_msr(struct cpu *cpu, bool write);
enum verdict exit_port(struct cpu *cpu, uint16_t port, unsigned int size, bool in, bool string,
		       unsigned int instruction_length);
/*
 * no_operand: not the instruction at RIP touched the memory, but a walk of its page tables, or the
 * delivery of an event.
 */
enum verdict exit_memory(struct cpu *cpu, uint64_t guest_phys, bool write, bool execute,
			 bool no_operand);
enum verdict exit_triple_fault(struct cpu *cpu);
enum verdict exit_machine_check(struct cpu *cpu);
/* The processor gave up: for a triple fault, or for an error of the machine. */
enum verdict exit_shutdown(struct cpu *cpu);
enum verdict exit_nmi(struct cpu *cpu);
/* An exception that was intercepted only to be remembered for a triple fault. */
void exit_exception_seen(struct cpu *cpu, unsigned int vector);

#endif /* EXIT_H */
