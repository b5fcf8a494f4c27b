// SPDX-License-Identifier: GPL-2.0-only
/* All contracts with the parts of another architecture: they have these, and nothing of the x86. */
#include "driver_abi.h"
#include "image_abi.h"
#include "planted_faults.h"
#include "sysfs_abi.h"

_Static_assert(EXITS_OTHER == 4 && EXITS_COUNT == 5, "counters");
_Static_assert(sizeof(struct comm_region) == 0x39, "communication region");
_Static_assert(FAILURE_OTHER == 4 && FAILURE_INSTRUCTION == 5, "reasons");
_Static_assert(offsetof(struct failure_record, x) == 64, "failure record");
_Static_assert(sizeof(struct failure_record) == 64 + 31 * 8 + 24 + 128, "failure record");
_Static_assert(IMAGE_BASE == 0x8000000000ull, "image");
