/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CELL_H
#define CELL_H

#include "blob.h"
#include "image_abi.h"
#include "core/lock.h"
#include "io/io.h"
#include "logic/page_table.h"

struct cell {
	uint32_t id;
	unsigned int slot;
	const struct cell_desc *desc; /* the hypervisor's own copy */
	uint32_t blob_pages;
	struct cpu_set cpus;
	bool loadable; /* root may write its loadable regions */
	bool dying;    /* destruction has begun: memory is being scrubbed */
	uint64_t scrub_region;
	uint64_t scrub_offset;
	uint32_t starts;
	bool shutdown_asked;
	bool told_of_change;	  /* and has not answered to that, as far as is known */
	bool failure_recorded;	  /* by the first CPU that failed */
	struct comm_region *comm; /* the first of its public pages */
	struct public_cell *public;
	struct page_table stage2;
	struct spinlock console_lock;
	struct io_table *io[IO_SPACES]; /* NULL: nothing is answered there */
	struct ivshmem *ivshmem;	/* its ends of shared memory; NULL: none */
	struct pci_function *functions; /* of the machine, not root's; NULL: none */
	struct arch_cell arch;
};

extern struct cell root_cell;
/* By slot; root's is 0. */
extern struct cell *cells[PUBLIC_MAX_CELLS];

/* Serializes everything that changes cells. */
extern struct spinlock management_lock;

/* Regions without size say nothing (an ivshmem device may have an empty section). */
#define for_each_region_of(region, desc)                                             \
	for (const struct blob_memory *region = cell_desc_memory(desc);              \
	     region < cell_desc_memory(desc) + (desc)->num_memory_regions; region++) \
		if (region->size == 0)                                               \
			continue;                                                    \
		else
#define for_each_region(region, cell) for_each_region_of (region, (cell)->desc)

/* cell.c: the cells that there are. */

/* The cell in the first slot from this one on that has one; NULL: no more. With management_lock. */
struct cell *cell_next(unsigned int slot);

#define for_each_cell(each) \
	for (struct cell *each = cell_next(0); each; each = cell_next(each->slot + 1))

/* NULL where there is none; the root cell has id 0. */
struct cell *cell_by_id(uint32_t id);
/* The answer is of enum cell_state. */
int cell_state(struct cell *cell);
/* CPUs in a descriptor; none where it names some beyond what the hypervisor can have. */
struct cpu_set cell_desc_cpus(const struct cell_desc *desc);
/* Whether a cell asks for what nobody serves, and says what. */
bool cell_lacks(const char *name, uint32_t claims);
/* The root cell from the system configuration, on the first CPU at launch. */
int root_cell_init(void);

/*
 * The management operations behind the hypercalls, on any cell but root's; the caller holds
 * management_lock. Errors as in the ABI, and two that mean "call again": -EAGAIN, the cell has been
 * asked and has not answered yet; -EINPROGRESS, the cell has ended, its CPUs are root's, and its
 * memory is being scrubbed piece by piece. -EIO: a CPU does not answer; whatever it may still use
 * stays as it is.
 */

/* create.c: how a cell comes and goes. */
int cell_create(uint64_t blob_phys);
int cell_destroy(struct cell *cell);
/*
 * Copies a blob out of root's memory, so that it cannot change after it was checked, by check as
 * blob_check_cell() is one. The pages are the caller's to free.
 */
int cell_copy_blob(uint64_t phys,
		   int (*check)(const void *blob, size_t size, struct blob_error *ret_error),
		   struct cell_desc **ret_desc, uint32_t *ret_pages);

/* control.c: what becomes of it in between. */
int cell_start(struct cell *cell);
int cell_set_loadable(struct cell *cell);
int cell_shutdown_request(struct cell *cell);
int cell_kill(struct cell *cell);
/* Stops the CPUs of a cell; they stay the cell's, parked. -EIO as below. */
int cell_park_cpus(struct cell *cell);
/* Suspends all of them. -EIO: some are lost; then none is suspended, and the cell has failed. */
int cell_suspend(struct cell *cell);
/*
 * Stops the whole cell of this CPU for good: keeps the record in cpu->failure, marks the CPU as
 * failed, parks the others. Of the root cell only this CPU stops, until another one starts it anew.
 * Called without the lock.
 */
void cell_fail(struct cpu *cpu);

/* comm.c: the communication region, where alone hypervisor and cell talk without an exit. */

/* Fills the region afresh, with the state given, and forgets any handshake or failure. */
void comm_init(struct cell *cell, enum cell_state state);

/* CELL_*, or whatever the cell says; of one that was ended nothing counts that stands there. */
uint32_t comm_state(const struct cell *cell);

/* The cell has declared that it ended, or was ended: nobody needs to be asked. */
bool comm_stopped(const struct cell *cell);

/*
 * Asks a running cell to shut down and polls for its answer; never waits. 0: it may be stopped.
 * -EAGAIN: asked, no answer yet. -EPERM: it refused (the next call asks anew).
 */
int comm_ask_shutdown(struct cell *cell);

/*
 * Input for the console of a cell: bytes, the first one lowest, of which count (at most 8) count.
 * Returns how many fit, or -EOPNOTSUPP: it does not run, or its program takes none.
 */
int comm_put_input(struct cell *cell, uint64_t bytes, uint32_t count);

/* Tells all others that a cell has come or gone; nobody waits for what they say to it. */
void comm_tell_change(void);

/* memory.c: who has which memory; subsystems with tables of it follow. -ENOMEM, or the checks'
 * errors. */

/*
 * Whether a cell may have the memory that its configuration names: root's, and nobody else's but of
 * links. root: the configuration is root's own, of an end of a link.
 */
int memory_check(const struct cell_desc *desc, bool root);
/* Whether a region is neither the hypervisor's nor a cell's nor a link's. */
int memory_check_unused(const struct blob_memory *region);
/* Gives the cell the pages that its configuration names. */
int memory_map_cell(struct cell *cell);

/* What the cell owns leaves root: some of it on an error. Root gets back what it lacks. */
int memory_take_from_root(const struct cell *cell);
void memory_return_to_root(const struct cell *cell);
/* Gives root back what its configuration says of a range of pages. */
int memory_return(uint64_t phys, uint64_t size);
/* Shows the cell's loadable regions to root, or hides them; half of them on an error. */
int memory_root_loadable(const struct cell *cell, bool show);
/* The same for pages of the hypervisor that root may read. */
int memory_show_public(const void *virt, uint64_t size, bool show);
/*
 * Waits until nobody reaches any more what root has lost, and gives back the pages that were tables
 * of it. To be called after each of the above, before the memory is used.
 */
int memory_commit(void);

/* Root's own, at launch. */
int memory_root_init(void);
/* The first region of root's configuration with this address and these flags; or NULL. */
const struct blob_memory *memory_root_region(uint64_t phys, uint64_t flags);

/* Zeroes the cell's memory piecewise; true when done. */
bool memory_scrub(struct cell *cell);

#endif /* CELL_H */
