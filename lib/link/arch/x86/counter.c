// SPDX-License-Identifier: BSD-2-Clause
#include <x86intrin.h>

#include "lib/link/parts.h"

uint64_t link_counter(void)
{
	/* Not before what was read or written before it (APM vol. 3, RDTSC). */
	_mm_lfence();
	return __rdtsc();
}
