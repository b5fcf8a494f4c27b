/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's own configuration: /etc/cellmgr/cellmgrd.conf, JSON, optional. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "bus_abi.h"
#include "cell_abi.h"
#include "model/address_range.h"
#include "model/crash_store.h"
#include "util/cpu_mask.h"
#include "util/problem.h"

#define CONFIG_FILE "/etc/cellmgr/cellmgrd.conf"

#define CONFIG_DEFAULT_POOL_SIZE	 (64ull << 20)
#define CONFIG_DEFAULT_HYPERVISOR_MEMORY (16ull << 20)
#define CONFIG_DEFAULT_CRASH_RECORDS	 64
#define CONFIG_DEFAULT_CRASH_BYTES	 (4ull << 20)

/* "metrics": a file of figures, for those who collect them. */
struct config_metrics {
	char *directory; /* absolute; NULL: none is written */
	uint64_t period_ns;
};

struct config {
	uint64_t pool_size; /* "pool-size": taken from Linux, bytes, multiple of 2 MiB */
	/* "pool-limit": what it may grow to where cells need more; 0: it does not. */
	uint64_t pool_limit;
	/* "reserved-memory": { "phys", "size" }: of what was reserved at boot, instead; size 0:
	 * none */
	struct address_range reserved_memory;
	uint64_t hypervisor_memory; /* "hypervisor-memory": its part; the rest is for cells */
	struct cell_console debug_console; /* "debug-console": { "port": "0x2f8" } */
	uint16_t memory_node;	   /* "memory-node": of NUMA, that Linux' memory is taken from */
	bool has_memory_node;	   /* else it is that of the CPUs that descriptions name */
	struct cpu_mask keep_cpus; /* "keep-cpus": out of Linux, whether a cell has them or not */
	bool keep_cells;	   /* the same with true: those that cells have had */
	bool whole_cores;	   /* "whole-cores": cells get all threads of a core, or none */
	bool require_signature;	   /* "require-signature": no image without one is loaded */
	struct config_metrics metrics;
	/* "deadlines": how long the driver has for a step, in ns, by its verb. */
	uint64_t deadlines_ns[VERB_STEP_COUNT];
	bool auto_enable; /* "auto-enable": StartCell enables the hypervisor; default true */
	struct crash_limits crashes; /* "crash-records", "crash-records-size" */
	bool inhibit_shutdown;	     /* while cells run */
};

/*
 * Reads a file; one that is not there gives the defaults. Unknown keys are errors. Returns 0,
 * -EINVAL with errors in problems, -ENOMEM or the errno of a failed read.
 */
int config_read(const char *file, struct problems *problems, struct config *ret);

/* Whether the file may have a key, however broken it is: one that cannot be read may. */
bool config_mentions(const char *file, const char *key);

/* The same from text. */
int config_parse(const char *text, size_t length, const char *file, struct problems *problems,
		 struct config *ret);

/* Releases what it holds. */
void config_done(struct config *config);

/* Whether both want the same CPUs kept. */
bool config_keeps_same(const struct config *a, const struct config *b);

#endif /* CONFIG_H */
