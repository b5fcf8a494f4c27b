/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MAIN_H
#define MAIN_H

#include "core/cpu.h"

/* Defined by the linker script as absolute values. */
extern const char image_core_size[], boot_tables_offset[], public_area_offset[];

/* Entry from the trampoline (assembly). */
void arch_entry(void);

/* Once, on the first CPU: own address space, the vendor's extension. Negative errno refuses. */
int arch_init(void);
int arch_cpu_init(struct cpu *cpu);

/* On every CPU, after the switch. Returns when all are inside: 0, or why all of them go back. */
int cpu_enter(struct cpu *cpu, unsigned int id);

#endif /* MAIN_H */
