/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PAGE_H
#define PAGE_H

#include "u64.h"

/* The unit in which memory is given, mapped and protected, everywhere. */
#define PAGE_BYTES U64(4096)

#endif /* PAGE_H */
