/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's tree in sysfs, as the daemon and other tools read it. It is Jailhouse's, but for
 * root_violations, cpus_left_out_list and cpus_kept_list:
 *
 *	/sys/devices/jailhouse/
 *		enabled, console, core, mem_pool_size, …
 *		cells/<id>/		0 is the root cell
 *			name, state, cpus_assigned, …
 *			statistics/	all CPUs of the cell
 *				vmexits_<counter>
 *				cpu<n>/vmexits_<counter>
 */
#ifndef SYSFS_ABI_H
#define SYSFS_ABI_H

#include "cell_abi.h"

#define SYSFS_DEVICE	"jailhouse"
#define JAILHOUSE_SYSFS "/sys/devices/" SYSFS_DEVICE

/* Of the hypervisor. Numbers are decimal; pools are counted in pages. */
#define SYSFS_ENABLED	      "enabled" /* 0 or 1 */
#define SYSFS_CONSOLE	      "console" /* the end of it, for root's eyes */
#define SYSFS_CORE	      "core"
#define SYSFS_MEM_POOL_SIZE   "mem_pool_size"
#define SYSFS_MEM_POOL_USED   "mem_pool_used"
#define SYSFS_REMAP_POOL_SIZE "remap_pool_size"
#define SYSFS_REMAP_POOL_USED "remap_pool_used"
#define SYSFS_ROOT_VIOLATIONS "root_violations" /* refused accesses of Linux since enabling */

/* CPUs, as a list, that Linux kept from coming when the hypervisor was enabled: nobody's while it
 * is. */
#define SYSFS_CPUS_LEFT_OUT "cpus_left_out_list"
/* CPUs that are no cell's and kept out of Linux for the next one, as a list ("2,5-7"). */
#define SYSFS_CPUS_KEPT	    "cpus_kept_list"

/* Of a cell. CPUs stand as a bitmap in hexadecimal, and as a list ("0-1,3"). */
#define SYSFS_CELLS	    "cells"
#define SYSFS_NAME	    "name"
#define SYSFS_STATE	    "state" /* the word of enum cell_state */
#define SYSFS_CPUS_ASSIGNED "cpus_assigned"
#define SYSFS_CPUS_FAILED   "cpus_failed"
#define SYSFS_LIST(cpus)    cpus "_list"

#define SYSFS_STATISTICS	"statistics"
#define SYSFS_CPU_STATISTICS(n) "cpu" n		/* n: a number, or the format of one */
#define SYSFS_COUNTER(word)	"vmexits_" word /* the word of enum exit_counter */

/* {EXIT_COUNTERS(SYSFS_COUNTER_ENTRY)} is the table of the counters' names. */
#define SYSFS_COUNTER_ENTRY(symbol, word) [symbol] = SYSFS_COUNTER(word),

/* Numbers that are none of enum cell_state are told like a failure. */
static inline const char *sysfs_cell_state(uint32_t state)
{
	static const char *const words[] = {CELL_STATES(WORD_ENTRY)};

	return words[state < CELL_STATE_COUNT ? state : CELL_FAILED];
}

#endif /* SYSFS_ABI_H */
