/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's own configuration: /etc/cellmgr/cellmgrd.conf, JSON, optional. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "cell_abi.h"
#include "util/problem.h"

#define CONFIG_FILE "/etc/cellmgr/cellmgrd.conf"

#define CONFIG_DEFAULT_POOL_SIZE	 (64ull << 20)
#define CONFIG_DEFAULT_HYPERVISOR_MEMORY (16ull << 20)

struct config {
	uint64_t pool_size;	    /* "pool-size": taken from Linux, bytes, multiple of 2 MiB */
	uint64_t hypervisor_memory; /* "hypervisor-memory": its part; the rest is for cells */
	struct cell_console debug_console; /* "debug-console": { "port": "0x2f8" } */
	bool auto_enable; /* "auto-enable": StartCell enables the hypervisor; default true */
};

/*
 * Reads a file; one that is not there gives the defaults. Unknown keys are errors. Returns 0,
 * -EINVAL with errors in problems, -ENOMEM or the errno of a failed read.
 */
int config_read(const char *file, struct problems *problems, struct config *ret);

/* The same from text. */
int config_parse(const char *text, size_t length, const char *file, struct problems *problems,
		 struct config *ret);

#endif /* CONFIG_H */
