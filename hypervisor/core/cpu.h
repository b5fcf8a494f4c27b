/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A physical CPU inside the hypervisor, and the ways in which CPUs act on each other.
 *
 * A CPU's block is aligned to its size and holds the stack, so any code finds it from the stack
 * pointer.
 */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "cell_abi.h"
#include "failure_record.h"
#include "arch_cpu.h"

#define CPU_BLOCK_SIZE 32768u

struct cell;

/* What a CPU is to become before it next enters its guest; set by others, carried out by itself. */
enum cpu_action {
	CPU_ACTION_NONE,
	CPU_ACTION_PARK,  /* stop until an action comes */
	CPU_ACTION_WAIT,  /* park, and wait until a CPU of the own cell starts it */
	CPU_ACTION_START, /* reset, run from the cell's reset address */
};

struct cpu {
	struct arch_cpu arch; /* first: its leading members are used by assembly */
	unsigned int id;      /* as Linux counts */
	struct cell *cell;    /* changes only while this CPU is suspended */
	bool entered;
	bool failed;
	uint32_t exits[EXITS_COUNT];

	/* Written by other CPUs, followed by a kick. */
	int suspend_request;
	int suspended;
	int flush_request;
	enum cpu_action action;

	/* A kick was taken on the way to the guest: it will not end the guest's run any more. */
	bool look_again;

	/* What a handler found wrong, until the verdict is carried out. */
	struct failure_record failure;
};

/* This CPU's block. */
struct cpu *this_cpu(void);

/* By logical id; NULL where no such CPU entered. */
struct cpu *cpu_by_id(unsigned int id);

/* The first CPU of a bitmap whose id is from or larger; NULL: no more. */
struct cpu *cpu_next(uint64_t bitmap, unsigned int from);

#define for_each_cpu(each, bitmap) \
	for (struct cpu *each = cpu_next(bitmap, 0); each; each = cpu_next(bitmap, each->id + 1))

/*
 * Stops another CPU inside the hypervisor until cpu_resume(); its cell, action and vCPU may be
 * changed in between. Only by the holder of the management lock, never on itself.
 */
void cpu_suspend(struct cpu *cpu);
void cpu_resume(struct cpu *cpu);

/* Makes every CPU in the bitmap forget cached second-level translations; returns when all have. */
void cpus_flush(uint64_t bitmap);

/* Orders an action and kicks the CPU. */
void cpu_order(struct cpu *cpu, enum cpu_action action);

/*
 * Serves requests of other CPUs that must not wait: flushes and suspension. Called from every loop
 * that waits for another CPU, and before each entry to the guest.
 */
void cpu_serve(struct cpu *cpu);

/* The last step of every exit: serves, and carries out ordered actions. */
void cpu_before_entry(struct cpu *cpu);

#endif /* CPU_H */
