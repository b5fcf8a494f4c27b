/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of cellvisor.ko: what its files offer each other. Where nothing else is said the caller
 * holds cellvisor_lock and may sleep, and functions return 0 or a negative errno.
 */
#ifndef CELLVISOR_KMOD_H
#define CELLVISOR_KMOD_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "blob.h"
#include "driver_abi.h"
#include "image_abi.h"
#include "lib/blob/blob_claims.h"
#include "memory.h"

static_assert(IMAGE_MAX_SIZE == CELLVISOR_HYPERVISOR_MEMORY_MAX);
#include "sysfs_abi.h"

#define pr_cell(level, fmt, ...) pr_##level("cellvisor: " fmt, ##__VA_ARGS__)

/*
 * device.c, the door. The lock serializes everything that changes the partition; what is only to
 * be looked at has another one (view.c). Nobody waits with it for memory of a program to be there,
 * or for a cell's memory to be filled.
 *
 * device_disable(): ends all cells and the hypervisor. With force no cell and no driver is asked.
 *	Each step is bounded; after an error the hypervisor is on and can be used.
 */
extern struct mutex cellvisor_lock;

int device_disable(bool force);

/*
 * power.c: the machine goes to sleep, down, or on to another kernel.
 *
 * power_going_down(): nobody may open the hypervisor in that; needs no lock.
 */
int power_init(void);
void power_exit(void);
bool power_going_down(void);

/* The hypervisor's memory and what it was opened with. */
struct partition {
	void *memory; /* hypervisor memory as Linux maps it */
	u64 phys;
	u64 size;
	struct image_header *header;
	const struct public_area *public;
	struct system_desc *system; /* with what was filled in */
	size_t system_size;
	struct cpumask cpus;	 /* that entered */
	struct cpumask brought;	 /* online only for the moment in which all enter */
	struct cpumask left_out; /* that Linux keeps from coming: nobody's while it is on */
	struct iomem_piece iomem;
};

/*
 * launch.c: all CPUs into the hypervisor, and out of it.
 *
 * partition_read(): without the lock: what a configuration says, for partition_open().
 * partition_open(): refuses with a line in the log that says why; what was read is used up.
 * partition_close(): no cell but the root cell is left.
 * partition_check_linux(): before a CPU is taken from Linux or given back, or all leave. All of
 *   Linux' CPUs meet for that, and one that stands still in the hypervisor would be waited for by
 *   all the others, interrupts off, for ever. 0, or -EIO and a line in the log.
 */
extern struct partition *partition; /* NULL while the hypervisor is off */

int partition_read(const void __user *blob, struct partition **ret_partition);
void partition_free(struct partition *p); /* that was read only */
int partition_open(struct partition *p);
int partition_close(void);
int partition_check_linux(void);

/*
 * cpus.c: Linux' CPUs on the way in and out.
 *
 * cpus_listed(): whether a configuration names the CPU.
 * cpus_bring(): all that are there come online, but for second threads of cores that Linux keeps
 *   off, which are told of. 0, or an error and a line that names the one that does not come; those
 *   that came, or are left out, are in brought and left_out either way.
 * cpus_check(): the configuration names all that are there; those that are left out it may name,
 *   and does no more. 0, -ENODEV, -EINVAL, -E2BIG.
 * cpus_choose(): those that go in, p->cpus: after that check all that are there but those left
 *   out. 0, or -EAGAIN and a line where one has come or gone since.
 * cpus_take_away(): these offline again, and forgotten.
 * cpus_close(), cpus_open(): from one to the other no others come online.
 * cpus_may_come(): whether this one may now: 0, or -EBUSY and a line; needs no lock.
 */
bool cpus_listed(const struct cell_desc *desc, unsigned int cpu);
int cpus_bring(struct partition *p);
int cpus_check(struct partition *p);
int cpus_choose(struct partition *p);
void cpus_take_away(struct cpumask *brought);
void cpus_close(const struct cpumask *cpus);
void cpus_open(void);
int cpus_may_come(unsigned int cpu);

/*
 * lockdown.c: whether the kernel is locked down, and whether a configuration names only what it may
 * then: 0, or -EPERM and a line that says what it may not. kind: "cell" or "link".
 */
bool lockdown_is_on(void);
int lockdown_check_system(const struct system_desc *system);
int lockdown_check_cell(const char *kind, const struct cell_desc *desc);

/*
 * arch/x86/firmware.c: whether the firmware has told the kernel of these; firmware_has_ram(): that
 * the page is memory, whatever was made of it since; machine_is_serial(): whether all of these
 * ports are those of one UART of a PC.
 */
bool firmware_has_irqchip(const struct blob_irqchip *irqchip);
bool firmware_has_config_space(const struct system_desc *system);
bool firmware_has_iommu(const struct blob_iommu *unit);
bool firmware_has_timer(const struct blob_platform_x86 *platform);
bool firmware_has_ram(u64 page);
bool machine_is_serial(u64 port, u64 count);

/*
 * image.c: image_load() copies the image and the configuration into the partition's memory, ready
 * to be entered; p->header and p->public are set. -ENOEXEC for an image that is damaged or of
 * another build, -E2BIG.
 */
int image_load(struct partition *p);

/*
 * trace.c: what is left in memory of a hypervisor that the machine was reset with.
 *
 * trace_begin(): from now on this one leaves something. The image is ready to be entered.
 * trace_look(): into the kernel's log with what some left in Linux' memory, once for each; early.
 * trace_tell(): the same of what is about to become hypervisor memory, at a physical address.
 */
void trace_begin(struct partition *p);
void trace_look(void);
void trace_tell(const void *at, u64 phys);

/*
 * arch/x86/machine.c
 *
 * machine_survey(): 0, or the log says why the hypervisor cannot be opened here, and what to do.
 * machine_complete(): fills in what a configuration leaves to the machine. 0 or -EIO.
 * machine_is_reserved(): whether the firmware or the command line reserved the page, which is
 *	memory that nobody works with; only the command line where the kernel is locked down.
 * machine_build_boot_tables(): the page tables that the image starts with; it makes its own soon.
 * machine_write_back(): takes what was written here out of caches: a cell starts without them.
 * machine_cpu_in_use(): whether somebody else virtualizes this CPU by now; interrupts off.
 * machine_enter_cpu(), machine_leave_cpu(): this CPU, interrupts off, all others likewise.
 * cellvisor_hypercall(): into the hypervisor; -ENODEV while it is off.
 * machine_off(): switches the machine off, waiting for no CPU. Returns where that cannot be.
 */
int machine_survey(void);
int machine_complete(struct system_desc *system);
bool machine_is_reserved(u64 page);
u32 machine_apic_id(unsigned int cpu);
void machine_build_boot_tables(struct partition *p);
void machine_write_back(void *memory, size_t size);
bool machine_cpu_in_use(void);
int machine_enter_cpu(const struct partition *p);
int machine_leave_cpu(void);
int cellvisor_hypercall(u32 code, u64 arg1, u64 arg2);
void machine_off(void);

/* arch/x86/svm_trampoline.S: one page, mapped at the same address in both worlds. */
int trampoline_enter(u64 hv_cr3, u64 entry, u32 cpu);
int trampoline_disable(void);
extern char trampoline_start[], trampoline_leave[], trampoline_end[];

/*
 * hotplug.c: as remove_cpu() and add_cpu(), but where the kernel lets no CPU come or go for a
 * moment, that is waited for, 20 s at most: -EBUSY then, with a line in the log. 1: somebody else
 * was faster, and wants it so. May sleep.
 */
int hotplug_remove_cpu(unsigned int cpu);
int hotplug_add_cpu(unsigned int cpu);

/*
 * claims.c: which memory a configuration may claim. Blobs have passed the checker.
 *
 * claims_check_root(): 0, or -EINVAL where the root cell would be without memory that Linux uses.
 * claims_tell_root(): a line for each thing that the root cell asks for and nobody serves. The
 *   hypervisor is on.
 *
 * claims_check_cell(): 0, -EOPNOTSUPP for what nobody serves, -EINVAL for the hypervisor's memory,
 *   -EBUSY for another cell's or a link's that it is not in, for what Linux uses, and for memory
 *   where root has none. The hypervisor is on.
 *
 * claims_check_link(): the same of root's end of a link.
 *
 * claims_root_has_ram(): whether the configuration gives all of it to root, as memory; needs no
 * lock.
 *
 * claims_served(): whether somebody does. The hypervisor is on.
 *
 * claims_scrub(): zeroes the memory that leaves Linux, unless it is known to be clean; without
 *	the lock, while the cell is busy. 0, -ENOMEM, -EINTR, or -ECANCELED where it was abandoned
 *	meanwhile.
 *
 * claims_scrubbed(): what was or was to be the cell's own is full of zeros, and nobody's.
 *
 * claims_user(): the name of who has some of the range [start, end), the hypervisor, a cell or a
 *	link; NULL: nobody. The hypervisor is on.
 *
 * claims_meet(): whether one has memory that the other has or wants.
 */
struct managed_cell;
int claims_check_root(const struct system_desc *system);
void claims_tell_root(void);
int claims_check_cell(const struct cell_desc *desc);
int claims_check_link(const struct cell_desc *desc);
bool claims_root_has_ram(const struct system_desc *system, u64 start, u64 size);
bool claims_served(enum blob_claim claim);
int claims_scrub(const struct managed_cell *cell);
void claims_scrubbed(const struct cell_desc *desc);
const char *claims_user(u64 start, u64 end);
bool claims_meet(const struct cell_desc *a, const struct cell_desc *b);

/* Of events that a cell causes in Linux without the hypervisor: a few in each second. */
struct event_budget {
	unsigned long since; /* jiffies */
	unsigned int told;
};

/*
 * cells.c: the cells as Linux manages them, the root cell first. A cell that is busy is in the list
 * and keeps what it has or is to have, while somebody who works on it has let go of the lock.
 * Others wait for the end of that; when the machine goes down nobody does.
 */
struct managed_cell {
	struct list_head entry;
	struct kobject kobj; /* cells/<id> */
	struct kobject *statistics;
	u32 id;
	u64 serial;	   /* ids are used again, serials are not */
	unsigned int slot; /* 0: root's, or it is not to be looked at: not yet, or no more */
	bool busy;
	bool dying;	/* the hypervisor still scrubs its memory */
	bool abandoned; /* not wanted any more by whoever ends everything */
	struct cell_desc *desc;
	struct cpumask cpus;
	struct cpumask offlined;  /* taken from Linux by us: given back */
	struct list_head devices; /* of devices.c: PCI devices that it has */
	/* What was last told to listeners. */
	u32 seen_state;
	u32 seen_changes;
	struct event_budget budget; /* for what it changes itself */
	u64 console_read;	    /* bytes of its console that console.c has taken */
	struct kobject *cpu_statistics[IMAGE_MAX_CPUS];
};
extern struct list_head managed_cells;

int cells_open(void);	/* after partition_open(): shows the root cell */
void cells_close(void); /* before partition_close(): no cell but the root cell is left */
void cells_exit(void);	/* without the lock: the module goes */
/* cell_create.c and cell_load.c: these two take the lock themselves. */
int cells_create(const void __user *blob, u32 size, u64 take);
int cells_load(const struct jailhouse_cell_id *id, u32 count,
	       const struct jailhouse_preload_image __user *images);
int cells_start(const struct jailhouse_cell_id *id);
int cells_destroy(const struct jailhouse_cell_id *id);
/* Each cell stops where it is; 5 s at most for all of them together, and for one that is slow. */
void cells_kill_all(void);
/* On DISABLE, and with force before another kernel: ends every cell, asking nobody then. */
int cells_destroy_all(bool force);
struct managed_cell *cells_find(const struct jailhouse_cell_id *id); /* NULL: none */

/*
 * For those who work on cells.
 *
 * cells_await_clean(): waits, without the lock, for cells that are being scrubbed and have ports,
 *	pins or devices, or a name or memory that this configuration has; NULL: for all.
 *	-ERESTARTSYS, or -EINVAL where the hypervisor is off now.
 * cells_find_idle(): waits, without the lock, while the cell is busy; the driver's errors, or
 *	-ERESTARTSYS.
 * cell_call(), cell_ask_and_call(): a call of the hypervisor until it is through, which may let go
 *	of the lock meanwhile; the latter asks the cell first. -ENOENT: the cell may be gone.
 * cell_show_in(): it is to be seen in this slot; 0: no more.
 */
int cells_await_clean(const struct cell_desc *desc);
int cells_find_idle(const struct jailhouse_cell_id *id, struct managed_cell **ret_cell);
struct managed_cell *cells_find_serial(u64 serial); /* NULL: it is gone */
void cells_list(struct managed_cell *cell);
void cells_unlist(struct managed_cell *cell);
void cell_set_busy(struct managed_cell *cell, bool busy);
void cell_show_in(struct managed_cell *cell, unsigned int slot);
int cell_call(u32 code, struct managed_cell *cell);
int cell_ask_and_call(u32 code, struct managed_cell *cell);
void cells_tell_locked(const struct managed_cell *changed);

/*
 * blob_pages.c: without the lock, and with it.
 *
 * blob_copy(): out of a program's memory, for kvfree(), or an error pointer.
 * blob_call(): a hypercall about such a copy, which has passed the checker.
 */
void *blob_copy(const void __user *blob, u32 size);
int blob_call(u32 code, const struct cell_desc *desc, u64 arg2);

/*
 * cell_cpus.c: CPUs between Linux and a cell.
 *
 * cells_own_cpu(): whether a cell has it; needs no lock.
 * cells_let_come(): 0, or -EBUSY and a line where it is not Linux'; needs no lock.
 * cell_take_cpus(): all of them, or none and an error.
 * cell_return_cpus(): what was taken, but for what is to be kept. The log tells which does not come
 *   back. lived: the cell has had them, and was not only to. The cell has none then: they may be
 *   another's before this one is freed.
 * cells_keep_cpus(): which are to be kept from now on: the driver's call. The hypervisor need not
 * be on. cells_kept_cpus(): which are; needs no lock. cells_return_missing(): the hypervisor is
 * off: those that are missing once more, and all that were kept.
 */
bool cells_own_cpu(unsigned int cpu);
int cells_let_come(unsigned int cpu);
int cell_take_cpus(struct managed_cell *cell);
void cell_return_cpus(struct managed_cell *cell, bool lived);
int cells_keep_cpus(const struct cellvisor_keep_cpus *keep);
const struct cpumask *cells_kept_cpus(void);
void cells_return_missing(void);

/*
 * devices.c: PCI devices between Linux and a cell.
 *
 * devices_claim(): takes all of its blob from Linux, silent and, where they can be, reset; or none:
 *	the log names the device. take: bit n, device n of the blob may be taken from a driver. The
 *	errors in driver_abi.h, -EBUSY for one that another cell has.
 * devices_release(): gives back to Linux, reset and as it had them, those that it has; to_drivers:
 *	and to the drivers that had them.
 */
int devices_init(void);
void devices_exit(void);
int devices_claim(struct managed_cell *cell, u64 take);
void devices_release(struct managed_cell *cell, bool to_drivers);

/*
 * links.c: root's ends of links, as PCI devices of Linux (ivshmem.h). The hypervisor is on.
 *
 * links_check_system(): before it is: 0, or -EEXIST where one of a system configuration would take
 *	the place of a device, which the log names.
 * links_open(): those of the system configuration; the log tells which could not be shown.
 * links_check_idle(): 0, or -EBUSY where another driver than ours has one, which may take its time.
 * links_close(): all of them, before root leaves the hypervisor; no other cell is left. What is not
 *	idle stays in Linux, as a device that does not answer any more: for the end of the machine.
 * links_closed(): after that: forgets what is left.
 * links_add(), links_remove(): the driver's calls, with the errors in driver_abi.h; the first takes
 *	the lock itself. Also -EPERM for one of the system configuration, -EOPNOTSUPP where the
 *	hypervisor serves none.
 * links_owner(): the name of one that has some of the memory, or NULL.
 */
int links_check_system(const struct system_desc *system);
void links_open(void);
int links_check_idle(void);
void links_close(void);
void links_closed(void);
int links_add(const void __user *blob, u32 size);
int links_remove(u16 domain, u16 bdf);
const char *links_owner(u64 start, u64 end);

/*
 * view.c: what the hypervisor shows root of itself and its cells, which costs no exit.
 *
 * Its lock is taken after cellvisor_lock, for moments: with it nobody waits, and nobody makes a
 * call of the hypervisor that may. What is looked at is partition, the list of cells and their
 * slots: changed with both locks held, looked at with either.
 *
 * view_begin(), view_end(): to look, without cellvisor_lock; true: the hypervisor is on. May sleep.
 * view_change_begin(), view_change_end(): to change it. They wait for a cell that is being killed.
 * view_show(): whether the hypervisor is to be seen.
 *
 * view_is_there(): whether the hypervisor shows something of the cell.
 * view_comm_region(), view_cell(): of cells with a slot. view_state(): enum cell_state, of any.
 * view_status(), view_console(), view_input(), view_kill(): the driver's calls, without a lock.
 * -ENOENT where no such cell is, or the hypervisor shows none.
 */
bool view_begin(void);
void view_end(void);
void view_change_begin(void);
void view_change_end(void);
void view_show(bool on);
bool view_is_there(const struct managed_cell *cell);
const struct comm_region *view_comm_region(const struct managed_cell *cell);
const struct public_cell *view_cell(const struct managed_cell *cell);
u32 view_state(const struct managed_cell *cell);
int view_status(struct cellvisor_cell_status *status);
int view_console(struct cellvisor_cell_console *request);
int view_input(struct cellvisor_cell_input *request);
int view_kill(const struct jailhouse_cell_id *id);

/*
 * console.c: what the hypervisor and the cells put out, in one text that outlives them.
 *
 * console_open(), console_close(): what comes in between is a new hypervisor's.
 * console_drain(): takes what is new from the rings; before a ring goes, and now and then. With
 *	either lock.
 * console_read(): read() of the device, without a lock: waits for text, or gives 0 where it must
 *	not wait. Lost text is told as a line. -EPERM where the configuration keeps it from root.
 * console_pending(): whether that would give some; needs no lock.
 * console_tail(): copies the end of the text, up to size bytes, without a lock. Returns their
 *	number.
 * console_ring_head(): how much the hypervisor that is on has said so far.
 * console_log(): what it said since, or the end of that, goes into the kernel's log, unless kept.
 * console_print(): the same of any ring, at one of the kernel's levels.
 */
#define CONSOLE_LOST_LINE 40

struct console_reader {
	struct mutex lock;
	u64 offset;
	char line[CONSOLE_LOST_LINE]; /* to be given first */
	unsigned int line_at;
	unsigned int line_length;
};
extern struct wait_queue_head console_wait;

void console_open(void);
void console_close(void);
void console_drain(void);
void console_reader_init(struct console_reader *reader); /* needs no lock */
ssize_t console_read(struct console_reader *reader, char __user *buffer, size_t size, bool wait);
bool console_pending(const struct console_reader *reader);
size_t console_tail(char *buffer, size_t size);
u64 console_ring_head(void);
void console_log(const struct public_ring *ring, u64 since);
void console_print(const struct public_ring *ring, u64 since, const char *level);

/*
 * sysfs.c: the tree of sysfs_abi.h.
 *
 * cellvisor_sysfs_prepare(): cellvisor_sysfs_put() frees the cell then, with the last reader.
 * cellvisor_sysfs_add(): on failure the cell is as before.
 * cellvisor_sysfs_remove(): waits for readers, which view_change_begin() would keep.
 */
extern struct device *cellvisor_sysfs_device;

int cellvisor_sysfs_init(void);
void cellvisor_sysfs_exit(void);
void cellvisor_sysfs_prepare(struct managed_cell *cell);
int cellvisor_sysfs_add(struct managed_cell *cell);
void cellvisor_sysfs_remove(struct managed_cell *cell);
void cellvisor_sysfs_put(struct managed_cell *cell);

/*
 * events.c: tells Linux what happens in cells.
 *
 * events_look(): there is a cell to be watched, from now on; or something to be seen once.
 * events_put_off(): the caller is about to change a cell, and is to be answered before udev and all
 * that listen to it are told; once from one look to the next, which come all the same.
 * events_await_text(): somebody waits for text, which comes without a cell, too. Needs no lock.
 * events_last_look(): between view_change_begin() and view_change_end(): the cell goes out of view.
 * events_stop(): until somebody calls one of these.
 * events_raise(): something happened: wakes poll() and sends a uevent about the cell, or NULL.
 * events_count(): of those so far; needs no lock.
 */
extern struct wait_queue_head events_wait;

void events_init(struct device *node);
void events_look(void);
void events_put_off(void);
void events_await_text(void);
void events_last_look(struct managed_cell *cell);
void events_stop(void);
void events_raise(const char *what, const struct managed_cell *cell);
u64 events_count(void);

#endif /* CELLVISOR_KMOD_H */
