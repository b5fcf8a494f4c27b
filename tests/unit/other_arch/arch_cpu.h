/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCH_TEMPORARY_PAGES 4

enum arch_pending { ARCH_PENDING_SIGNALS = 1 << 8 };

struct arch_cpu {
	uint64_t other;
};

struct arch_cell {
	uint64_t other;
};
