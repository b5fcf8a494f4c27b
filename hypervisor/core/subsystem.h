/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subsystems register themselves: one static table each, collected by the linker. Hooks that are
 * NULL are skipped.
 */
#ifndef SUBSYSTEM_H
#define SUBSYSTEM_H

struct cell;
struct cpu;

struct subsystem {
	const char *name;
	/* Once, on the first CPU, before any cell exists. Negative errno aborts the launch. */
	int (*init)(void);
	/* On every CPU that enters. */
	int (*cpu_init)(struct cpu *cpu);
	/* A cell's blob has been checked and its tables are being made; also called for the root
	 * cell. */
	int (*cell_create)(struct cell *cell);
	/* Undoes cell_create; must cope with a cell whose cell_create failed here. */
	void (*cell_destroy)(struct cell *cell);
	/* On the CPU itself, when its vCPU is reset: nothing of the last owner may remain. */
	void (*cpu_reset)(struct cpu *cpu);
};

/* Hooks are called in ascending order of the two-digit order, destroy hooks in descending order. */
#define SUBSYSTEM(order, symbol)                                                 \
	static const struct subsystem symbol;                                    \
	static const struct subsystem *const symbol##_entry                      \
		__attribute__((used, section(".subsystems." #order))) = &symbol; \
	static const struct subsystem symbol

/* All subsystems' hooks; those that may fail stop at the first one that does, and tell which. */
int subsystems_init(void);
int subsystems_cpu_init(struct cpu *cpu);
int subsystems_cell_create(struct cell *cell);
void subsystems_cell_destroy(struct cell *cell);
void subsystems_cpu_reset(struct cpu *cpu);

#endif /* SUBSYSTEM_H */
