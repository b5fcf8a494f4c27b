/* SPDX-License-Identifier: GPL-2.0-only */
/* Between sim.c (stepping, memory) and sim_instruction.c (what a kernel would execute). */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "sim.h"

/*
 * Executes the instruction at cpu->rip by hand if it is one that this process may not execute, or
 * whose outcome must not depend on the machine. False: it is to be executed as it is.
 */
bool sim_instruction(struct sim_cpu *cpu);

/* The image's bytes from an address on, as they were before sim.c put traps among them. */
void sim_read_code(uint64_t address, uint8_t *bytes, size_t size);

/* Delivers an exception or NMI through the CPU's IDT. */
void sim_deliver(struct sim_cpu *cpu, unsigned int vector, bool has_error, uint64_t error);

/* A register of a CPU's local APIC has been written, whose value was another one before. */
void sim_apic_written(unsigned int cpu, unsigned int offset, uint32_t before);

/* What one APIC sends to another: NMIs arrive. */
void sim_command(uint32_t id, uint32_t command);

/* Takes the highest vector that a CPU's local APIC may deliver into service; 0: none. */
unsigned int sim_take_interrupt(unsigned int cpu);

/* The page behind a virtual address has been changed. */
void sim_flush_page(struct sim_cpu *cpu, uint64_t address);

#endif /* SIM_CPU_H */
