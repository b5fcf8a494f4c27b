/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A physical CPU inside the hypervisor, and the ways in which CPUs act on each other.
 *
 * A CPU's block is aligned to its size and holds the stack, so any code finds it from the stack
 * pointer. Between the two lies a page that is not mapped.
 */
#ifndef CPU_H
#define CPU_H

#include "failure_record.h"
#include "arch_cpu.h"
#include "core/cpu_set.h"
#include "core/state.h"

/* Which way a branch goes on paths that are counted by the instruction. */
#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#define CPU_BLOCK_SIZE 32768u
#define CPU_GUARD      4096u /* where that page is */

struct cell;

/* What a CPU does. Written by itself only. */
enum cpu_state {
	CPU_RUNNING, /* its guest runs */
	CPU_PARKED,  /* stands still until it is ordered to start */
	CPU_WAITING, /* stands still until a CPU of its own cell starts it */
	CPU_LOST,    /* stands still for ever: an exception in the hypervisor, or cpu_release() */
};

/*
 * What a CPU has to do before it next enters its guest: bits of the one word that it looks at then.
 * Others set them and kick it; it clears what it has done.
 */
enum cpu_pending {
	PENDING_SUSPEND = 1 << 0,   /* stay in the hypervisor until this is taken back */
	PENDING_FLUSH = 1 << 1,	    /* forget second-level translations; gone when that is done */
	PENDING_SUSPENDED = 1 << 2, /* no request, but the answer to the first one */
	PENDING_LOST = 1 << 3,	    /* it did not answer in time; gone when it looks at all */
	/* Orders, of which the last one counts. */
	PENDING_PARK = 1 << 4,	/* become CPU_PARKED */
	PENDING_WAIT = 1 << 5,	/* become CPU_WAITING */
	PENDING_START = 1 << 6, /* reset, run from the cell's reset address */
	PENDING_LEAVE = 1 << 7, /* go back to Linux for good; of one that has entered: CPU_LOST */
	PENDING_ORDERS = PENDING_PARK | PENDING_WAIT | PENDING_START | PENDING_LEAVE,
	/* From here on the architecture's own (arch_cpu.h). */
	PENDING_ARCH = 1 << 8,
};

/* Behind the counters: of exits that one of them gets from the exit's handler. Nobody reads it. */
#define EXITS_BY_HANDLER EXITS_COUNT

struct cpu {
	uint32_t pending;     /* enum cpu_pending; first: used by assembly */
	struct arch_cpu arch; /* its leading members are used by assembly */
	unsigned int id;      /* as Linux counts */
	struct cell *cell;    /* changes only while this CPU is suspended */
	enum cpu_state state;
	bool entered;
	bool failed;			 /* it did what its cell was stopped for */
	uint32_t visits;		 /* odd: it looks at what another cell has */
	uint32_t exits[EXITS_COUNT + 1]; /* enum exit_counter, EXITS_BY_HANDLER */

	/* What a handler found wrong, until the verdict is carried out. */
	struct failure_record failure;
};

/*
 * On every CPU, after the switch (main.c). Returns when all are inside: 0, or why all of them go
 * back.
 */
int cpu_enter(struct cpu *cpu, unsigned int id);

/* This CPU's block. */
struct cpu *this_cpu(void);

/* By logical id; NULL where no such CPU entered. */
struct cpu *cpu_by_id(unsigned int id);

/* One of a cell. */
static inline struct cpu *cpu_of_cell(unsigned int id)
{
	return (struct cpu *)(IMAGE_BASE + image_header.core_size + (uint64_t)id * CPU_BLOCK_SIZE);
}

/* The first CPU of a set that has entered and whose id is from or larger; NULL: no more. */
struct cpu *cpu_next(const struct cpu_set *set, unsigned int from);

#define for_each_cpu(each, set) \
	for (struct cpu *each = cpu_next(set, 0); each; each = cpu_next(set, each->id + 1))

/* It had an exception in the hypervisor: it does nothing any more, and needs to be told nothing. */
static inline bool cpu_stands_still(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->state, __ATOMIC_SEQ_CST) == CPU_LOST;
}

/* That, or it did not answer: what it does is not known. If it ever looks, it is no longer lost. */
bool cpu_is_lost(const struct cpu *cpu);

/*
 * Stops other CPUs inside the hypervisor until cpus_resume(); their cell, orders and vCPU may be
 * changed in between. Those that stand still are told, and whether that is all; the others are
 * lost, from now on or already. Only by the holder of the management lock, never on itself.
 */
bool cpus_suspend(const struct cpu_set *set, struct cpu_set *ret_stopped);
void cpus_resume(const struct cpu_set *set);

/*
 * Makes every CPU in the set forget cached second-level translations; returns when all have: 0.
 * -EIO: some are lost, and may use for as long as they are what they had before.
 */
int cpus_flush(const struct cpu_set *set);

/*
 * What another cell has is looked at, and used, within a visit only. Visits wait for nothing;
 * cpus_end_visits() returns when all that had begun before are over: 0. -EIO: some CPU does not get
 * to the end of its own.
 */
static inline void cpu_visit_begin(struct cpu *self)
{
	__atomic_add_fetch(&self->visits, 1, __ATOMIC_SEQ_CST);
}

static inline void cpu_visit_end(struct cpu *self)
{
	__atomic_store_n(&self->visits, self->visits + 1, __ATOMIC_RELEASE);
}

int cpus_end_visits(void);

/*
 * Another CPU of root's leaves the partition with nothing of its own kept, and waits for its
 * start-up natively. One that has had an exception in the hypervisor can go that way, too. -EIO: it
 * does not answer, or cannot be reset.
 */
int cpu_release(struct cpu *cpu);

/* Clears bits of the CPU's pending word and sets others, at once. Does not kick. */
void cpu_post(struct cpu *cpu, uint32_t clear, uint32_t set);

/*
 * Gives an order, in place of any before. Signals of the CPU's cell that were sent before the order
 * are forgotten, those after it are not. Without a kick: for a suspended CPU, or oneself.
 */
void cpu_set_order(struct cpu *cpu, enum cpu_pending order);

/* Serves flushes and suspension. Called from every loop that waits for another CPU. */
void cpu_serve(struct cpu *cpu);

/* Does everything that is pending. */
void cpu_do_pending(struct cpu *cpu);

/*
 * The last step of every exit. A request that comes after this look comes with a kick, an NMI.
 * Where NMIs stay pending from here to the guest's first instruction (AMD: GIF is clear), it ends
 * the guest's run at once. Where one may be taken in the hypervisor on the way there, its stub has
 * set PENDING_NMI_TAKEN, and the vendor looks at the word once more when no NMI can come any more,
 * or has the stub divert a CPU that is past this look.
 */
static inline void cpu_before_entry(struct cpu *cpu)
{
	if (unlikely(__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST)))
		cpu_do_pending(cpu);
}

#endif /* CPU_H */
