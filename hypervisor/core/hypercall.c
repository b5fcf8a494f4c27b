// SPDX-License-Identifier: GPL-2.0-only
#include "core/hypercall.h"

#include <errno.h>

#include "cell/cell.h"
#include "core/console.h"
#include "core/state.h"
#include "pci/link.h"

int32_t hv_info[HV_INFOS];
static bool closing; /* a CPU has left, and no other may stay behind */

/*
 * Leaving: every CPU calls this. Only when no cell exists; once one is let go nobody is refused,
 * and nobody waits. A CPU that has left is no longer counted as the root cell's.
 */
static int hc_disable(struct cpu *cpu, uint64_t arg1, uint64_t arg2)
{
	if (hv_info[HV_INFO_NUM_CELLS] > 1)
		return -EBUSY;
	/* What a lost CPU still uses must not become Linux' memory. */
	for_each_cpu (other, closing ? &cpus_none : &root_cell.cpus) {
		if (cpu_is_lost(other))
			return -EIO;
	}
	if (!closing)
		console_printf("closing\n");
	closing = true;
	/* From here on nobody kicks it: an NMI would reach Linux. */
	cpu->entered = false;
	cpu_set_remove(&root_cell.cpus, cpu->id);
	cpu_post(cpu, PENDING_ORDERS, PENDING_LEAVE);
	return 0;
}

static int hc_cpu_release(struct cpu *cpu, uint64_t id, uint64_t arg2)
{
	struct cpu *target = id < IMAGE_MAX_CPUS ? cpu_by_id(id) : NULL;
	int err;

	if (!target)
		return -EINVAL;
	if (target == cpu || hv_info[HV_INFO_NUM_CELLS] > 1)
		return -EBUSY;
	err = cpu_release(target);
	if (!err)
		cpu_set_remove(&root_cell.cpus, id);
	return err;
}

static int hc_cell_create(struct cpu *cpu, uint64_t blob, uint64_t arg2)
{
	return closing ? -EBUSY : cell_create(blob);
}

static int hc_get_info(struct cpu *cpu, uint64_t type, uint64_t arg2)
{
	return type < HV_INFOS ? hv_info[type] : -EINVAL;
}

/* Each exit is counted once: by its kind, or under the total where its kind has no counter. */
static uint32_t total_exits(const struct cpu *cpu)
{
	uint32_t total = 0;

	for (unsigned int n = 0; n < EXITS_COUNT; n++)
		total += cpu->exits[n];
	return total;
}

static int hc_cpu_get_info(struct cpu *cpu, uint64_t id, uint64_t type)
{
	struct cpu *target = id < IMAGE_MAX_CPUS ? cpu_by_id(id) : NULL;

	if (!target)
		return -EINVAL;
	if (cpu->cell != &root_cell && target != cpu)
		return -EPERM;
	if (type == CPU_INFO_STATE)
		return target->failed || cpu_is_lost(target) ? CPU_INFO_FAILED : CPU_INFO_RUNNING;
	if (type == CPU_INFO_STAT_BASE + EXITS_TOTAL)
		return total_exits(target) & 0x7fffffff;
	if (type > CPU_INFO_STAT_BASE && type - CPU_INFO_STAT_BASE < EXITS_COUNT)
		return target->exits[type - CPU_INFO_STAT_BASE] & 0x7fffffff;
	return -EINVAL;
}

static int hc_console_putc(struct cpu *cpu, uint64_t c, uint64_t arg2)
{
	if (!(cpu->cell->desc->flags & (BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE)))
		return -EPERM;
	console_put(cpu->cell, c);
	return 0;
}

static int hc_link_add(struct cpu *cpu, uint64_t blob, uint64_t bar_address)
{
	return closing ? -EBUSY : link_add(blob, bar_address);
}

static int hc_link_remove(struct cpu *cpu, uint64_t place, uint64_t arg2)
{
	return place >> 32 ? -EINVAL : link_remove(place >> 16, place);
}

static int hc_cell_input(struct cpu *cpu, uint64_t id_and_count, uint64_t bytes)
{
	struct cell *cell = cell_by_id((uint32_t)id_and_count);

	if (!cell)
		return -ENOENT;
	return cell == &root_cell ? -EINVAL : comm_put_input(cell, bytes, id_and_count >> 32);
}

struct hypercall_entry {
	bool management; /* root only, one at a time */
	int (*call)(struct cpu *cpu, uint64_t arg1, uint64_t arg2);
	int (*on_cell)(struct cell *cell); /* instead of call: the first argument is its id */
};

/* The ABI's, then our own. */
static const struct hypercall_entry hypercalls[HYPERCALLS + OWN_HYPERCALLS] = {
	[HC_DISABLE] = {true, .call = hc_disable},
	[HC_CELL_CREATE] = {true, .call = hc_cell_create},
	[HC_CELL_START] = {true, .on_cell = cell_start},
	[HC_CELL_SET_LOADABLE] = {true, .on_cell = cell_set_loadable},
	[HC_CELL_DESTROY] = {true, .on_cell = cell_destroy},
	[HC_HYPERVISOR_GET_INFO] = {false, .call = hc_get_info},
	[HC_CELL_GET_STATE] = {true, .on_cell = cell_state},
	[HC_CPU_GET_INFO] = {false, .call = hc_cpu_get_info},
	[HC_CONSOLE_PUTC] = {false, .call = hc_console_putc},
	[HYPERCALLS + HC_CV_CELL_SHUTDOWN - OWN_CODES] = {true, .on_cell = cell_shutdown_request},
	[HYPERCALLS + HC_CV_CELL_KILL - OWN_CODES] = {true, .on_cell = cell_kill},
	[HYPERCALLS + HC_CV_LINK_ADD - OWN_CODES] = {true, .call = hc_link_add},
	[HYPERCALLS + HC_CV_LINK_REMOVE - OWN_CODES] = {true, .call = hc_link_remove},
	[HYPERCALLS + HC_CV_CPU_RELEASE - OWN_CODES] = {true, .call = hc_cpu_release},
	[HYPERCALLS + HC_CV_CELL_INPUT - OWN_CODES] = {true, .call = hc_cell_input},
};

/* What an operation may take that itself waits for CPUs that do not answer. */
#define MANAGEMENT_MS (5 * PATIENCE_MS)

/* While it waits, another CPU may suspend this one and even give it to a cell. */
static bool __attribute__((cold, noinline)) wait_for_management(struct cpu *cpu)
{
	struct patience patience = patience_begin(MANAGEMENT_MS);
	bool locked = false;

	while (!locked && patience_wait(&patience)) {
		cpu_serve(cpu);
		locked = spin_trylock(&management_lock);
	}
	return locked;
}

/* Without it where the hypervisor closes: there is no cell any more, and none comes. */
static inline __attribute__((always_inline)) int lock_management(struct cpu *cpu)
{
	bool locked = spin_trylock(&management_lock) || closing || wait_for_management(cpu), own;

	own = cpu->cell == &root_cell &&
	      !(__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST) & PENDING_ORDERS);
	if (locked && !own)
		spin_unlock(&management_lock);
	return !own ? -ECANCELED : locked ? 0 : -EIO;
}

int management_lock_of(struct cpu *cpu)
{
	return lock_management(cpu);
}

static const struct hypercall_entry *find_entry(uint32_t code)
{
	if (code < HYPERCALLS)
		return &hypercalls[code];
	code -= OWN_CODES;
	return code < OWN_HYPERCALLS ? &hypercalls[HYPERCALLS + code] : NULL;
}

static int call_on_cell(const struct hypercall_entry *entry, uint32_t id)
{
	struct cell *cell = cell_by_id(id);

	if (!cell)
		return -ENOENT;
	return cell == &root_cell ? -EINVAL : entry->on_cell(cell);
}

bool hypercall(struct cpu *cpu, uint32_t code, uint64_t arg1, uint64_t arg2, int32_t *ret_result)
{
	const struct hypercall_entry *entry = find_entry(code);

	if (!entry) {
		*ret_result = planted_hypercall(code, arg1) ? 0 : -ENOSYS;
		return true;
	}
	if (!entry->management) {
		*ret_result = entry->call(cpu, arg1, arg2);
		return true;
	}
	*ret_result = cpu->cell == &root_cell ? lock_management(cpu) : -EPERM;
	if (*ret_result < 0)
		return *ret_result != -ECANCELED;
	*ret_result = entry->on_cell ? call_on_cell(entry, arg1) : entry->call(cpu, arg1, arg2);
	spin_unlock(&management_lock);
	return true;
}
