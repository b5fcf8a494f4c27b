/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of cellvisor.ko: what its files share. */
#ifndef CELLVISOR_KMOD_H
#define CELLVISOR_KMOD_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "blob.h"
#include "driver_abi.h"
#include "image_abi.h"

static_assert(IMAGE_MAX_SIZE == CELLVISOR_HYPERVISOR_MEMORY_MAX);
#include "sysfs_abi.h"

#define pr_cell(level, fmt, ...) pr_##level("cellvisor: " fmt, ##__VA_ARGS__)

/* Serializes everything that changes the partition. */
extern struct mutex cellvisor_lock;
extern struct device *cellvisor_sysfs_device; /* /sys/devices/jailhouse */

/* arch/x86/trampoline.S: one page, mapped at the same address in both worlds. */
int trampoline_enter(u64 hv_cr3, u64 entry, u32 cpu);
int trampoline_disable(void);
extern char trampoline_start[], trampoline_leave[], trampoline_end[];

/* pool.c: the pool, taken from running Linux or adopted. */
int pool_reserve(struct cellvisor_pool *pool);
int pool_release(void);
void pool_info(struct cellvisor_pool *pool);

/*
 * claims.c: which memory a configuration may claim; the caller holds cellvisor_lock. Blobs have
 * passed the checker.
 *
 * claims_check_root(): 0, or -EINVAL where the root cell would be without memory that Linux uses.
 * claims_check_cell(): 0, -EINVAL for the hypervisor's memory, -EBUSY for another cell's, for what
 *   Linux uses, and for memory where root has none. The hypervisor is on.
 * claims_scrub(): fills the memory that leaves Linux with zeros. 0, -ENOMEM, -EINTR.
 */
int claims_check_root(const struct system_desc *system);
int claims_check_cell(const struct cell_desc *desc);
int claims_scrub(const struct cell_desc *desc);

/* launch.c: into the hypervisor and out of it. The caller holds cellvisor_lock. */
struct partition {
	void *memory; /* hypervisor memory as Linux maps it */
	u64 phys;
	u64 size;
	struct image_header *header;
	const struct public_area *public;
	struct system_desc *system; /* with what was filled in */
	size_t system_size;
	struct cpumask cpus; /* that entered */
};
extern struct partition *partition; /* NULL while the hypervisor is off */

int launch(const void __user *blob);
int land(void);

/*
 * image.c: image_load() copies the image and the configuration into the partition's memory, ready
 * to be entered; p->header and p->public are set. 0, -ENOEXEC for an image that is none or of
 * another release, -E2BIG, or the error of reading the file.
 */
int image_load(struct partition *p);

/*
 * arch/x86/machine.c
 *
 * machine_check(): 0, or the log says why the hypervisor cannot be opened here, and what to do.
 * machine_complete(): fills in what a configuration leaves to the machine. 0 or -EIO.
 * machine_build_boot_tables(): the page tables that the image starts with; it makes its own soon.
 * machine_enter_cpu(), machine_leave_cpu(): this CPU, interrupts off, all others likewise.
 * cellvisor_hypercall(): into the hypervisor; only while it is on.
 */
int machine_check(void);
int machine_complete(struct system_desc *system);
u8 machine_apic_id(unsigned int cpu);
void machine_build_boot_tables(struct partition *p);
int machine_enter_cpu(const struct partition *p);
int machine_leave_cpu(void);
int cellvisor_hypercall(u32 code, u64 arg1, u64 arg2);

/* cells.c */
struct managed_cell {
	struct list_head entry;
	struct kobject kobj; /* cells/<id> */
	struct kobject *statistics;
	u32 id;
	u64 serial; /* ids are used again, serials are not */
	unsigned int slot;
	struct cell_desc *desc;
	struct cpumask cpus;
	struct cpumask offlined; /* taken from Linux by us: given back */
	/* What was last told to listeners. */
	u32 seen_state;
	u32 seen_started;
	struct kobject *cpu_statistics[IMAGE_MAX_CPUS];
};
extern struct list_head managed_cells;

int cells_open(void);	/* after launch: shows the root cell */
void cells_close(void); /* before landing: no cell but the root cell is left */
int cells_create(const void __user *blob, u32 size);
int cells_load(struct jailhouse_cell_id *id, u32 count,
	       const struct jailhouse_preload_image __user *images);
int cells_start(const struct jailhouse_cell_id *id);
int cells_destroy(const struct jailhouse_cell_id *id);
int cells_kill(const struct jailhouse_cell_id *id);
/* For land() on DISABLE and reboot: ends every cell, asking nobody where force is set. */
int cells_destroy_all(bool force);
struct managed_cell *cells_find(const struct jailhouse_cell_id *id);
bool cells_own_cpu(unsigned int cpu);
/* Pages of a cell that the hypervisor shows to root. */
const struct comm_region *cell_comm_region(const struct managed_cell *cell);
const struct public_cell *cell_public(const struct managed_cell *cell);
u32 cell_current_state(const struct managed_cell *cell);

/* sysfs.c */
int sysfs_init(void);
void sysfs_exit(void);
int sysfs_add_cell(struct managed_cell *cell);
void sysfs_remove_cell(struct managed_cell *cell);

/* events.c */
void events_init(struct device *node);
void events_start(void);
void events_stop(void);
/* Something happened: wakes poll() and sends a uevent with these variables. */
void events_raise(const char *what, const struct managed_cell *cell);
u64 events_count(void);
extern struct wait_queue_head events_wait;

/* console.c */
int cell_status(struct cellvisor_cell_status *status);
int cell_console_read(struct cellvisor_cell_console *request);
ssize_t ring_read(const struct public_ring *ring, u64 *offset, u64 *lost, char __user *buffer,
		  size_t size);

#endif /* CELLVISOR_KMOD_H */
