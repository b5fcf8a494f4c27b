/* SPDX-License-Identifier: GPL-2.0-only */
/* The root cell's configuration, derived from the running machine: a system blob (blob.h). */
#ifndef ROOT_CONFIG_H
#define ROOT_CONFIG_H

#include "blob.h"
#include "model/machine.h"
#include "util/problem.h"

struct root_config_options {
	struct address_range hypervisor;   /* its memory: multiples of 4096, not 0 */
	struct cell_console debug_console; /* zeroed: none */
};

/*
 * Builds the system blob. The root cell gets all present CPUs, all of /proc/iomem identity-mapped
 * but for the hypervisor's memory and the local APIC's page, and all ports; it is called "root".
 * Memory that will become the cells' is part of it: the hypervisor takes it away at creation.
 * tsc_khz is 0, which the driver fills in.
 * Returns 0 with malloc()ed memory, -EINVAL with an error in problems, -ENOMEM.
 */
int root_config_build(const struct machine *machine, const struct root_config_options *options,
		      struct problems *problems, void **ret_blob, size_t *ret_size);

#endif /* ROOT_CONFIG_H */
