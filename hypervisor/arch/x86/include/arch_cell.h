/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ARCH_CELL_H
#define ARCH_CELL_H

#include <stdint.h>

#define IO_BITMAP_PAGES 3

struct arch_cell {
	uint8_t *io_bitmap; /* bit set: port is intercepted */
	uint8_t *msr_map;   /* of the vendor's layout */
	const struct cpuid_policy *cpuid;
};

#endif /* ARCH_CELL_H */
