/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest sees: its registers, its page tables, the instruction it is at. */
#ifndef GUEST_H
#define GUEST_H

#include "arch/x86/vendor.h"

static inline struct guest_gprs *cpu_gprs(struct cpu *cpu)
{
	return (struct guest_gprs *)((uint8_t *)cpu + CPU_BLOCK_SIZE - sizeof(struct guest_gprs));
}

/* A register by its number in instruction encodings (0..15; FAILURE_RAX and so on). */
uint64_t gpr_get(struct cpu *cpu, unsigned int number);
void gpr_set(struct cpu *cpu, unsigned int number, uint64_t value);

#define INSTRUCTION_MAX 15

bool guest_runs_64bit_code(const struct cpu *cpu);

/*
 * Whether a write of the guest to a linear address would pass its own page tables: 0, or the error
 * code of the page fault that the processor would raise. Protection keys and SMAP are left out.
 */
uint32_t guest_write_error(struct cpu *cpu, uint64_t linear);

/*
 * Copies to guest-linear memory that both the guest's own tables map and the cell may write;
 * returns the number of bytes written. Does not look at the rights that the guest's tables give:
 * see guest_write_error().
 */
unsigned int guest_write(struct cpu *cpu, uint64_t linear, const void *buffer, unsigned int size);

/* The instruction bytes at the vCPU's RIP, up to INSTRUCTION_MAX. */
unsigned int guest_fetch(struct cpu *cpu, uint8_t *bytes);

/* The second-level tables have changed, or the guest is another one. */
void guest_forget(struct cpu *cpu);

#endif /* GUEST_H */
