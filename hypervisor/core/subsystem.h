/* SPDX-License-Identifier: GPL-2.0-only */
/* Subsystems: one static table each, collected by the linker. Hooks may be NULL. */
#ifndef SUBSYSTEM_H
#define SUBSYSTEM_H

#include <stdbool.h>
#include <stdint.h>

struct blob_memory;
struct cell;
struct cpu;
struct io_builder;

struct subsystem {
	const char *name;
	/* What it serves of what blobs ask for: bits, 1 << enum blob_claim. */
	uint32_t claims;
	/* Once, on the first CPU, before any cell exists. Negative errno aborts the launch. */
	int (*init)(void);
	/* On every CPU that enters. */
	int (*cpu_init)(struct cpu *cpu);
	/* A cell's blob has been checked; it has no memory yet. Also called for the root cell. */
	int (*cell_create)(struct cell *cell);
	/* Undoes cell_create; must cope with a cell whose cell_create failed here. */
	void (*cell_destroy)(struct cell *cell);
	/*
	 * The cell is about to run from its start, or does not run any more; some of its CPUs may
	 * not know yet that it does not. Also in the middle of a CPU's exception.
	 */
	void (*cell_reset)(struct cell *cell, bool runs);
	/*
	 * The cell gets memory: whole pages at region->virt_start, with the rights of its flags, to
	 * the processor and to devices. One that fails leaves nothing of it mapped; what others did
	 * before it is undone by memory_unmap, in reverse.
	 */
	int (*memory_map)(struct cell *cell, const struct blob_memory *region);
	/* It loses what is at these guest addresses. One that fails has changed nothing. */
	int (*memory_unmap)(struct cell *cell, const struct blob_memory *region);
	/*
	 * When this returns 0 nobody reaches any more what the cell has lost, by no cached
	 * translation. Before that none of it is given to anybody else.
	 */
	int (*memory_commit)(struct cell *cell);
	/*
	 * Adds the regions that owner's tables have because of a cell, by io_add(): its own, and
	 * where owner is the root cell also what it has in place of something that went to a cell.
	 */
	void (*io_regions)(struct io_builder *builder, const struct cell *owner,
			   const struct cell *cause);
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
void subsystems_cell_reset(struct cell *cell, bool runs);
void subsystems_cpu_reset(struct cpu *cpu);
int subsystems_memory_map(struct cell *cell, const struct blob_memory *region);
/* Where it fails, the memory is to be mapped again: some may have lost it. */
int subsystems_memory_unmap(struct cell *cell, const struct blob_memory *region);
/* All of them, even if one fails: the first error. */
int subsystems_memory_commit(struct cell *cell);
void subsystems_io_regions(struct io_builder *builder, const struct cell *owner,
			   const struct cell *cause);
/* What is claimed by any of them. */
uint32_t subsystems_claims(void);

#endif /* SUBSYSTEM_H */
